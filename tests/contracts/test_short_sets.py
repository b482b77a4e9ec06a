"""Every exercise survives a set of hardly any motion: stopped at once, or its sensor just lost."""

import numpy as np
import pytest

from sensorhub.exercises.definition import Exercise, load_library
from sensorhub.exercises.engine import SetAnalyzer
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement

TICK_S = 0.04


def motion(placement: Placement, count: int, *, gyroscope: bool) -> MotionBlock:
    """A segment that leans a little further every tick."""
    time_s = 5.0 + TICK_S * np.arange(count)
    lean_rad = 0.02 * np.arange(count)
    up = np.stack([np.sin(lean_rad), np.cos(lean_rad), np.zeros(count)], axis=1)
    half = 0.5 * lean_rad
    zeros = np.zeros(count)
    turned = np.stack([np.cos(half), zeros, zeros, np.sin(half)], axis=1)
    rate = np.tile([0.0, 0.0, 0.02 / TICK_S], (count, 1))
    return MotionBlock(
        placement,
        time_s,
        up,
        rate if gyroscope else None,
        9.81 * up,
        turned if gyroscope else None,
        np.ones(count, dtype=bool),
    )


@pytest.mark.parametrize("exercise", load_library().values(), ids=lambda e: e.id)
@pytest.mark.parametrize("gyroscope", [True, False])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 30])
def test_a_set_of_hardly_any_motion_gives_an_empty_outcome(
    exercise: Exercise, gyroscope: bool, count: int
) -> None:
    analyzer = SetAnalyzer(exercise, side=exercise.sides[0], placements=exercise.placements)
    for placement in analyzer.placements:
        if count:
            analyzer.push(motion(placement, count, gyroscope=gyroscope))
    analyzer.state()
    outcome = analyzer.finish()
    assert not outcome.repetitions
    assert not outcome.breaths
    assert not outcome.steps
    assert outcome == analyzer.finish()
