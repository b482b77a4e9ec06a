"""A hub that was held up gets whole batches late: that is no evidence of anything but lateness."""

import random
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorhub.model.events import ClockObserved, FloatArray
from sensorhub.motion.clock import ClockModel

SECONDS, PACKET_S = 60.0, 0.2
HUB_S, DEVICE_S = 1000.0, 5.0
SHORTEST_S, LONGEST_S = 0.0075, 0.060

Stalls = list[tuple[float, float]]


@dataclass(frozen=True)
class Line:
    """One device with a crystal of its own, and a hub that stands still now and then."""

    ppm: float
    stalls: Stalls
    two_way: bool
    seed: int
    counted: bool = False

    def device_s(self, hub_s: float) -> float:
        return (hub_s - HUB_S) * (1.0 + 1e-6 * self.ppm) + DEVICE_S

    def stalled(self, hub_s: float) -> float:
        """When something that comes at this time is seen."""
        for start_s, length_s in sorted(self.stalls):
            if HUB_S + start_s <= hub_s < HUB_S + start_s + length_s:
                hub_s = HUB_S + start_s + length_s
        return hub_s

    def errors_s(self) -> FloatArray:
        """The error of each packet's time stamp, in order."""
        rng = random.Random(self.seed)
        coming: list[tuple[float, float, float | None]] = []  # due, hub time of it, when asked
        for k in range(int(SECONDS / PACKET_S)):
            taken_s = HUB_S + k * PACKET_S
            coming.append((taken_s + rng.uniform(SHORTEST_S, LONGEST_S), taken_s, None))
        asked_s = HUB_S + 0.3
        while self.two_way and asked_s < HUB_S + SECONDS:
            if self.stalled(asked_s) == asked_s:  # a hub that stands still asks nothing
                there_s = asked_s + rng.uniform(SHORTEST_S, LONGEST_S)
                back_s = there_s + rng.uniform(SHORTEST_S, LONGEST_S)
                coming.append((back_s, there_s, asked_s))
            asked_s += 2.0
        model = ClockModel()
        model.counted = self.counted
        found = []
        seen_s = HUB_S
        for due_s, hub_s, asked in sorted(coming, key=lambda one: one[0]):
            seen_s = max(seen_s, self.stalled(due_s))
            device_s = self.device_s(hub_s)
            if asked is not None:
                middle_s, half_s = (asked + seen_s) / 2, (seen_s - asked) / 2
                model.observe(ClockObserved(round(seen_s * 1e9), device_s, middle_s, half_s))
                continue
            model.arrived(device_s, seen_s)
            stamp_s = model.hub_time_s(device_s)
            assert stamp_s is not None
            found.append(stamp_s - hub_s)
        return np.array(found)


STALLS = st.lists(
    st.tuples(st.floats(1.0, 40.0), st.sampled_from((0.3, 1.0, 2.0, 5.0, 10.0))), max_size=4
)


@settings(max_examples=60, deadline=None)
@given(ppm=st.floats(-100.0, 100.0), stalls=STALLS, two_way=st.booleans(), seed=st.integers(0, 999))
def test_a_late_batch_is_a_late_batch(ppm: float, stalls: Stalls, two_way: bool, seed: int) -> None:
    """Stamps go on evenly, and never wander further than an unknown rate might have taken them."""
    errors_s = Line(ppm, stalls, two_way, seed).errors_s()
    steps_s = np.abs(np.diff(errors_s))
    assert steps_s.max() <= 0.05 * PACKET_S + 0.002
    blind_s = sum(length_s for _, length_s in stalls)
    assert np.abs(errors_s).max() <= LONGEST_S + 0.004 * blind_s
    assert np.abs(errors_s[-10:]).max() <= LONGEST_S + 0.002  # and it is all over in the end


@settings(max_examples=30, deadline=None)
@given(ppm=st.floats(-5000.0, 5000.0), stalls=STALLS, seed=st.integers(0, 999))
def test_a_late_batch_of_counted_samples(ppm: float, stalls: Stalls, seed: int) -> None:
    """Their rate is known to a percent: while nothing comes in time they may wander by that."""
    errors_s = Line(ppm, stalls, two_way=False, seed=seed, counted=True).errors_s()
    assert np.diff(errors_s).max() <= 0.05 * PACKET_S + 0.02 * PACKET_S
    blind_s = sum(length_s for _, length_s in stalls)
    assert np.abs(errors_s).max() <= LONGEST_S + 0.025 * blind_s + 0.03
    assert np.abs(errors_s[-10:]).max() <= LONGEST_S + 0.03


@pytest.mark.parametrize("two_way", [False, True])
def test_held_up_from_the_second_second_on(two_way: bool) -> None:
    """One packet in time, then nearly twenty seconds of late ones: it once put them 17 s ahead."""
    line = Line(100.0, [(1.2, 10.0), (10.2, 10.0)], two_way, 3)
    errors_s = line.errors_s()
    assert np.abs(np.diff(errors_s)).max() < 0.011
    assert np.abs(errors_s).max() < 0.15


def test_a_first_answer_that_waited_says_little() -> None:
    """The only exchange so far took two seconds: arrivals know better than its middle."""
    errors_s = Line(100.0, [(0.35, 2.0)], two_way=True, seed=8).errors_s()
    assert np.abs(errors_s).max() < 0.08


@pytest.mark.parametrize("jump_s", [0.4, 1.5, -0.4])
def test_a_clock_that_did_jump_is_still_followed(jump_s: float) -> None:
    """Several exchanges say so, and go on saying so."""
    model = ClockModel()
    for k in range(200):
        hub_s = HUB_S + 0.2 * k
        device_s = hub_s - HUB_S + (jump_s if k >= 100 else 0.0)
        if k % 5 == 0:
            model.observe(ClockObserved(round(hub_s * 1e9), device_s, hub_s, 0.02))
        model.arrived(device_s, hub_s + 0.01)
        stamp_s = model.hub_time_s(device_s)
    assert stamp_s == pytest.approx(hub_s, abs=0.03)
