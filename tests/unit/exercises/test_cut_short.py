"""A set that is stopped at any moment keeps the repetitions that were finished by then."""

import numpy as np

from benchmarks.squats import squats
from sensorhub.devices.registry import family
from sensorhub.exercises.definition import find_exercise
from sensorhub.model.placement import Placement
from sensorhub.motion.assembler import assemble_all
from sensorhub.sessions.analysis import Span, analyze_blocks

THIGH = Placement.THIGH_RIGHT
MOST_OVER = 1
"""The one under way, where it had reached its top."""


def test_squats_stopped_at_any_moment() -> None:
    decoder = family("omp").new_decoder()
    blocks = assemble_all((e for r in squats().records for e in decoder.feed(r)), THIGH)
    squat = find_exercise("squat")
    ends_s = [r.end_s for r in analyze_blocks({THIGH: blocks}, squat).outcome.repetitions]
    for stopped_s in np.arange(ends_s[0] + 0.25, ends_s[5], 0.25):
        span = Span(end_s=float(stopped_s))
        found = len(analyze_blocks({THIGH: blocks}, squat, span=span).outcome.repetitions)
        done = sum(end_s <= stopped_s for end_s in ends_s)
        assert done <= found <= done + MOST_OVER, stopped_s
