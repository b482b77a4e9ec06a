"""The sense of a circle, by geometry alone: what docs/csv.md says of ``cw`` and ``ccw``."""

import math

import numpy as np
import pytest

from sensorhub.exercises.detectors.circles import turns_of
from sensorhub.exercises.trace.path import Path

TICK_S, TURN_S, LEAN_RAD = 0.02, 4.0, math.radians(8.0)


def marble(clock_hands_sense: float) -> Path:
    """Somebody on the back whose lowest point goes round the clock on the belly, five times.

    The sensor's axes are the pelvis's (ISB): x out of the belly, y to the head, z to the right.
    Who looks at the belly, head up, has the person's left on the right: 3 o'clock is -z.
    """
    time_s = TICK_S * np.arange(round(5.2 * TURN_S / TICK_S))
    hour = clock_hands_sense * 2.0 * np.pi * time_s / TURN_S
    lowest_y, lowest_z = np.cos(hour), -np.sin(hour)
    # Where the belly is lowest, "up" leans away from.
    up = np.column_stack(
        [
            np.full(len(hour), math.cos(LEAN_RAD)),
            -math.sin(LEAN_RAD) * lowest_y,
            -math.sin(LEAN_RAD) * lowest_z,
        ]
    )
    still = np.zeros(len(up))
    return Path(time_s, up, still, still, TICK_S, (slice(0, len(up)),))


@pytest.mark.parametrize(("sense", "counterclockwise"), [(1.0, False), (-1.0, True)])
def test_the_sense_is_that_of_a_clock_on_the_belly(sense: float, *, counterclockwise: bool) -> None:
    turns = turns_of(marble(sense), least_rad=math.radians(3.0))
    assert len(turns) == 5
    assert {turn.counterclockwise for turn in turns} == {counterclockwise}
