"""Which way is forwards on a thigh that swings both ways."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorhub.motion.heading import main_lean

TICK_S = 0.04
FORWARDS, LONG_AXIS = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])


def stride(phase: np.ndarray, forwards_share: float) -> np.ndarray:
    """-1 .. 1 .. -1 over one turn of the phase, this share of it on the way forwards."""
    part = phase % 1.0
    forth = part < forwards_share
    way = np.where(forth, part / forwards_share, (part - forwards_share) / (1.0 - forwards_share))
    return np.where(forth, -1.0, 1.0) * np.cos(math.pi * way)


def found_forwards(angle_deg: np.ndarray) -> bool:
    angle = np.radians(angle_deg)
    up = np.stack([np.sin(angle), np.cos(angle), np.zeros_like(angle)], axis=1)
    lean = main_lean(up, long_axis=LONG_AXIS)
    assert lean is not None
    return float(lean.lean_axis @ FORWARDS) > 0.99


@settings(max_examples=60, deadline=None)
@given(
    phase=st.floats(0.0, 1.0),
    strides=st.floats(1.0, 9.0),
    backwards_deg=st.floats(12.0, 20.0),
    wrong_deg=st.floats(-5.0, 5.0),
    forwards_share=st.floats(0.40, 0.46),
)
def test_a_walking_thigh_swings_further_and_faster_to_the_front(
    phase: float, strides: float, backwards_deg: float, wrong_deg: float, forwards_share: float
) -> None:
    # Inclination is a few degrees wrong in a recording that begins in mid stride: only together
    # are the two signs sure.
    time_s = np.arange(0.0, 1.1 * strides, TICK_S)
    swing = stride(phase + time_s / 1.1, forwards_share)
    angle = (30.0 - backwards_deg) / 2.0 + (30.0 + backwards_deg) / 2.0 * swing + wrong_deg
    assert found_forwards(angle)


@pytest.mark.parametrize("phase", [0.0, 0.25, 0.5, 0.75])
def test_with_equal_speeds_the_further_side_is_the_front(phase: float) -> None:
    time_s = np.arange(0.0, 2.2, TICK_S)
    swing = stride(phase + time_s / 1.1, 0.5)
    assert found_forwards(3.0 + 22.0 * swing)
    assert not found_forwards(-3.0 + 22.0 * swing)


@pytest.mark.parametrize("forwards_share", [0.3, 0.7])
def test_a_lift_is_flexion_however_fast_it_is_let_down(forwards_share: float) -> None:
    time_s = np.arange(0.0, 6.0, TICK_S)
    assert found_forwards(40.0 + 41.0 * stride(time_s / 2.0, forwards_share))
