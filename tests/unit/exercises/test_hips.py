"""Standing up carries the hip, a leg lift does not; tremor, and haste, are no travel."""

import math

import numpy as np
import pytest

from sensorhub.exercises.sets.hips import hip_carried
from sensorhub.exercises.trace.edges import Edges
from sensorhub.exercises.trace.track import Track
from sensorhub.model.placement import Placement
from sensorhub.model.units import STANDARD_GRAVITY_MPS2

TICK_S = 0.04
LEVER_M = 0.25
COUNT = 6


def moved(*, travel_m: float, lasts_s: float = 3.0, tremor_mps2: float = 0.0) -> Track:
    """A thigh turned to and fro by 25 degrees about a hip that rises and falls a little earlier."""
    time_s = np.arange(0.0, COUNT * lasts_s, TICK_S)
    phase = 2.0 * math.pi * time_s / lasts_s
    angle = math.radians(25.0) * (1.0 - np.cos(phase)) / 2.0
    rate = np.gradient(angle) / TICK_S
    nothing = np.zeros_like(angle)
    up = np.stack([np.sin(angle), np.cos(angle), nothing], axis=1)
    heave = travel_m / 2.0 * (2.0 * math.pi / lasts_s) ** 2 * np.sin(phase)
    acc = (STANDARD_GRAVITY_MPS2 + heave)[:, None] * up
    acc[:, 0] += LEVER_M * np.gradient(rate) / TICK_S
    acc[:, 1] -= LEVER_M * rate * rate
    acc[:, 2] += tremor_mps2 * np.sin(2.0 * math.pi * 6.0 * time_s) + 0.4  # and a bias
    spin = np.stack([nothing, nothing, rate], axis=1)
    settled = np.ones(len(time_s), bool)
    return Track(Placement.THIGH_RIGHT, time_s, up, spin, acc, None, settled, (), False)


def edges(lasts_s: float = 3.0) -> list[Edges]:
    return [
        Edges(k * lasts_s, (k + 0.5) * lasts_s, (k + 1) * lasts_s - TICK_S, 0.0, 0.5 * lasts_s)
        for k in range(COUNT)
    ]


def test_a_leg_lift_leaves_the_hip_where_it_is() -> None:
    assert not hip_carried(moved(travel_m=0.0), edges())


def test_who_stands_up_carries_the_hip() -> None:
    assert hip_carried(moved(travel_m=0.9), edges())


@pytest.mark.parametrize("tremor_mps2", [1.0, 3.0])
def test_tremor_is_no_travel(tremor_mps2: float) -> None:
    assert not hip_carried(moved(travel_m=0.0, tremor_mps2=tremor_mps2), edges())


def test_a_hasty_lift_rocks_the_hip_a_little() -> None:
    assert not hip_carried(moved(travel_m=0.15, lasts_s=1.2), edges(1.2))


def test_without_a_gyroscope_nobody_knows() -> None:
    seen = moved(travel_m=0.9)
    blind = Track(
        seen.placement, seen.time_s, seen.up, None, seen.acc_mps2, None, seen.settled, (), False
    )
    assert not hip_carried(blind, edges())
