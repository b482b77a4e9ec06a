"""Who walks rises twice a stride; what is lifted or lowered is accelerated once a repetition."""

import math

import numpy as np
import pytest

from sensorhub.exercises.locomotion.footfalls import rises_twice
from sensorhub.exercises.trace.zigzag import turning_points

TICK_S = 0.04
STRIDE_S = 2.0


def acceleration(*, once_mps2: float, twice_mps2: float) -> np.ndarray:
    """Of a sensor turned anyhow, that is pushed along gravity once and twice a stride."""
    phase = 2.0 * math.pi * np.arange(150) * TICK_S / STRIDE_S
    length = 9.81 + once_mps2 * np.sin(phase) + twice_mps2 * np.sin(2.0 * phase + 1.0)
    return length[:, None] * np.array([0.6, -0.48, 0.64])


def turns():
    angle = np.sin(2.0 * math.pi * np.arange(150) * TICK_S / STRIDE_S)
    return turning_points(angle, 0.5)


@pytest.mark.parametrize(
    ("once_mps2", "twice_mps2", "walks"),
    [(0.0, 0.5, True), (0.4, 0.5, True), (1.0, 0.0, False), (0.8, 0.4, False), (0.0, 0.1, False)],
)
def test_told_by_what_comes_twice_a_stride(once_mps2: float, twice_mps2: float, walks: bool):
    assert rises_twice(acceleration(once_mps2=once_mps2, twice_mps2=twice_mps2), turns()) is walks
