"""Stillness: from any mounting, with and without gyroscope, whatever the blocks."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.coach.stillness import Stillness
from sensorhub.model.events import FloatArray
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement

TICK_S = 0.04


def a_block(
    tilt_rad: FloatArray,
    *,
    start_s: float = 0.0,
    rate_radps: float | None = 0.0,
    settled: bool = True,
) -> MotionBlock:
    n = len(tilt_rad)
    up = np.stack([np.cos(tilt_rad), np.zeros(n), np.sin(tilt_rad)], axis=1)
    rate = None if rate_radps is None else np.tile([0.0, 0.0, rate_radps], (n, 1))
    quat = None if rate_radps is None else np.tile([1.0, 0.0, 0.0, 0.0], (n, 1))
    times_s = start_s + TICK_S * np.arange(n)
    return MotionBlock(
        Placement.THIGH_RIGHT, times_s, up, rate, 9.81 * up, quat, np.full(n, settled)
    )


def after(*blocks: MotionBlock) -> float:
    stillness = Stillness()
    for block in blocks:
        stillness.push(block)
    return stillness.still_s


def sway(n: int) -> FloatArray:
    return math.radians(1.0) * np.sin(2 * math.pi * 0.3 * TICK_S * np.arange(n))


@pytest.mark.parametrize("rate_radps", [0.0, None])
def test_standing_with_sway_is_still(rate_radps: float | None) -> None:
    assert after(a_block(sway(125), rate_radps=rate_radps)) == pytest.approx(124 * TICK_S)


@pytest.mark.parametrize("rate_radps", [0.0, None])
def test_a_slow_leg_raise_is_not(rate_radps: float | None) -> None:
    """60 degrees in 6 s: slower than anybody exercises."""
    ramp = math.radians(10.0) * TICK_S * np.arange(150)
    assert after(a_block(ramp, rate_radps=rate_radps)) < 0.5


def test_turning_about_the_vertical_is_seen_by_the_gyroscope() -> None:
    assert after(a_block(np.zeros(100), rate_radps=0.5)) == 0.0


def test_an_unsettled_orientation_is_not_stillness() -> None:
    assert after(a_block(np.zeros(100), settled=False)) == 0.0


def test_a_hole_in_the_data_is_not_stillness() -> None:
    late = a_block(np.zeros(25), start_s=10.0)
    assert after(a_block(np.zeros(100)), late) == pytest.approx(24 * TICK_S)


def test_nothing_seen_is_not_stillness() -> None:
    assert after() == 0.0
    assert after(a_block(np.zeros(0))) == 0.0


@given(st.lists(st.floats(-0.2, 0.2), min_size=1, max_size=80), st.integers(1, 79))
def test_it_does_not_matter_how_the_ticks_are_split(steps: list[float], cut: int) -> None:
    tilt = np.cumsum(np.array(steps))
    whole = after(a_block(tilt))
    parts = [tilt[:cut], tilt[cut:]]
    split = after(*(a_block(p, start_s=TICK_S * s) for p, s in zip(parts, (0, cut), strict=True)))
    assert split == pytest.approx(whole, abs=1e-9)
