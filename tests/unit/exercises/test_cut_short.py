"""A set that is stopped at any moment keeps the repetitions that were finished by then."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy.play import blocks_of
from benchmarks.squats import squats
from firmware_sim.render import render
from firmware_sim.scenario.loader import load_scenario
from sensorhub.devices.registry import family
from sensorhub.exercises.definition import find_exercise
from sensorhub.model.placement import Placement
from sensorhub.motion.assembler import assemble_all
from sensorhub.sessions.stages.analysis import Span, analyze_blocks

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


@pytest.mark.parametrize("seed", [1, 4])
def test_what_is_cut_off_on_its_way_back_spoils_nothing(seed: int, tmp_path: Path) -> None:
    """A squat of 80 degrees, one of 98, and a third that ends somewhere on the way up."""
    scenario = tmp_path / "squats.toml"
    scenario.write_text(
        'title = "Squats"\n[[step]]\nrest_s = 3\n[[step]]\nmovement = "squat"\nreps = 4\n'
    )
    rendering = render(load_scenario(str(scenario)), (str(THIGH),), seed=seed)
    blocks = blocks_of(THIGH, rendering.sensors[str(THIGH)])
    third = rendering.truth.sets[0].repetitions[2]
    assert third.end_s is not None
    for stopped_s in np.arange(third.end_s - 1.2, third.end_s, 0.04):
        span = Span(end_s=float(stopped_s))
        found = analyze_blocks({THIGH: blocks}, find_exercise("squat"), span=span).outcome
        assert 2 <= len(found.repetitions) <= 3, stopped_s
