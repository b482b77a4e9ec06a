"""The clock model on exchanges and arrivals whose truth is known."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorhub.model.events import ClockObserved
from sensorhub.motion.clock import ClockModel


class Device:
    """A clock that is wrong in a known way: device = (hub - boot) / (1 + skew)."""

    def __init__(self, boot_s: float, ppm: float) -> None:
        self.boot_s = boot_s
        self.skew = ppm * 1e-6

    def device_s(self, hub_s: float) -> float:
        return (hub_s - self.boot_s) / (1.0 + self.skew)

    def hub_s(self, device_s: float) -> float:
        return device_s * (1.0 + self.skew) + self.boot_s

    def exchange(self, asked_s: float, there_s: float, back_s: float) -> ClockObserved:
        at_s = asked_s + there_s
        answered_s = at_s + back_s
        return ClockObserved(
            round(answered_s * 1e9),
            self.device_s(at_s),
            (asked_s + answered_s) / 2,
            (there_s + back_s) / 2,
        )


def radio(rng: random.Random) -> float:
    return rng.uniform(0.0075, 0.060)


def synchronised(device: Device, rng: random.Random, until_s: float) -> list[ClockObserved]:
    """As the OMP controller asks: sixteen at once, eight a second apart, then one in five."""
    seen = []
    now_s = 100.0
    for _ in range(16):
        there_s, back_s = radio(rng), radio(rng)
        seen.append(device.exchange(now_s, there_s, back_s))
        now_s += there_s + back_s
    while now_s < 100.0 + until_s:
        now_s += 1.0 if len(seen) < 24 else 5.0
        seen.append(device.exchange(now_s, radio(rng), radio(rng)))
    return seen


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("ppm", [-100.0, 0.0, 100.0])
def test_two_sensors_agree_within_ten_milliseconds(seed: int, ppm: float) -> None:
    rng = random.Random(seed)
    devices = (Device(-3000.0, ppm), Device(-20.0, 100.0))
    models = (ClockModel(), ClockModel())
    plans = [synchronised(device, rng, 150.0) for device in devices]
    worst_s = worst_apart_s = 0.0
    now_s = 102.5
    while now_s < 250.0:
        placed = []
        for device, model, plan in zip(devices, models, plans, strict=True):
            while plan and plan[0].host_time_ns <= now_s * 1e9:
                model.observe(plan.pop(0))
            device_s = device.device_s(now_s)
            arrived_s = now_s + radio(rng)
            model.observe(ClockObserved(0, device_s, arrived_s, 0.01, one_way=True))
            found_s = model.hub_time_s(device_s)
            assert found_s is not None
            placed.append(found_s - now_s)
        if now_s >= 110.0:
            worst_s = max(worst_s, *(abs(error) for error in placed))
            worst_apart_s = max(worst_apart_s, abs(placed[0] - placed[1]))
        now_s += 0.04
    assert worst_apart_s < 0.010
    assert worst_s < 0.010


def test_an_exchange_without_delay_is_exact() -> None:
    device = Device(12.5, 0.0)
    model = ClockModel()
    model.observe(device.exchange(20.0, 0.0, 0.0))
    assert model.hub_time_s(device.device_s(30.0)) == pytest.approx(30.0, abs=1e-9)


def test_skew_is_learned_in_ten_minutes() -> None:
    device = Device(0.0, 80.0)
    model = ClockModel()
    rng = random.Random(4)
    for seen in synchronised(device, rng, 600.0):
        model.observe(seen)
    assert model.estimate is not None
    assert model.estimate.skew_ratio == pytest.approx(80e-6, abs=15e-6)
    assert model.estimate.uncertainty_s < 0.02


def test_slow_exchanges_do_no_harm() -> None:
    device = Device(5.0, 20.0)
    model = ClockModel()
    for at_s in range(10, 20):
        model.observe(device.exchange(float(at_s), 0.004, 0.004))
    for at_s in range(20, 60):
        model.observe(device.exchange(float(at_s), 0.004, 1.5))  # a burst of congestion
    assert model.estimate is not None
    assert model.estimate.hub_time_s(device.device_s(60.0)) == pytest.approx(60.0, abs=0.003)


def test_one_false_observation_is_left_out() -> None:
    device = Device(5.0, 0.0)
    model = ClockModel()
    for at_s in range(10, 20):
        model.observe(device.exchange(float(at_s), 0.004, 0.004))
    model.observe(ClockObserved(0, device.device_s(20.0), 27.0, 0.004))
    assert model.estimate is not None
    assert model.estimate.hub_time_s(device.device_s(21.0)) == pytest.approx(21.0, abs=0.003)


def test_a_false_first_observation_is_outvoted() -> None:
    device = Device(5.0, 0.0)
    model = ClockModel()
    model.observe(ClockObserved(0, device.device_s(9.0), 1009.0, 0.004))
    for at_s in range(10, 14):
        model.observe(device.exchange(float(at_s), 0.004, 0.004))
    assert model.estimate is not None
    assert model.estimate.hub_time_s(device.device_s(21.0)) == pytest.approx(21.0, abs=0.003)


@pytest.mark.parametrize("jump_s", [-3.0, -0.4, 0.4, 3.0])
def test_a_clock_that_jumps_is_followed_and_never_runs_back(jump_s: float) -> None:
    device = Device(5.0, 0.0)
    model = ClockModel()
    last_s = -math.inf
    for step in range(4000):
        now_s = 10.0 + step * 0.04
        if step == 1000:
            device = Device(5.0 + jump_s, 0.0)
        if step % 25 == 0:
            model.observe(device.exchange(now_s, 0.004, 0.004))
        if step == 1000 and jump_s > 0:
            continue  # this device's clock stepped back: the stamp would be one of the past
        found_s = model.hub_time_s(device.device_s(now_s))
        assert found_s is not None
        if jump_s < 0 or not 1000 <= step < 1100:
            assert found_s > last_s
        last_s = found_s
    assert last_s == pytest.approx(now_s, abs=0.005)


def test_a_device_without_clock_is_followed_by_its_arrivals() -> None:
    """100 Hz promised, 99.26 Hz real, packets of four in bursts of 0.5 to 239 ms."""
    rng = random.Random(1)
    model = ClockModel()
    model.counted = True
    real_period_s = 1 / 99.26
    arrived_s = 0.0
    worst_s = 0.0
    for packet in range(3000):
        index = packet * 4
        taken_s = 50.0 + (index + 3) * real_period_s
        delay_s = rng.choice([0.004, 0.008, 0.02, 0.03, 0.235 if packet % 50 == 0 else 0.01])
        arrived_s = max(arrived_s + 0.0005, taken_s + delay_s)
        counted_s = (index + 3) * 0.01
        model.observe(ClockObserved(0, counted_s, arrived_s, 0.01, one_way=True))
        found_s = model.hub_time_s(counted_s)
        assert found_s is not None
        if packet > 250:
            worst_s = max(worst_s, abs(found_s - 0.006 - taken_s))
    assert worst_s < 0.012
    assert model.estimate is not None
    assert 1 + model.estimate.skew_ratio == pytest.approx(100 / 99.26, abs=5e-4)


def test_two_way_knowledge_displaces_arrivals() -> None:
    device = Device(5.0, 0.0)
    model = ClockModel()
    model.observe(ClockObserved(0, device.device_s(10.0), 10.2, 0.01, one_way=True))
    assert model.hub_time_s(device.device_s(10.0)) == pytest.approx(10.2)
    model.observe(device.exchange(10.5, 0.004, 0.004))
    model.observe(ClockObserved(0, device.device_s(11.0), 11.1, 0.01, one_way=True))
    assert model.estimate is not None
    assert model.estimate.hub_time_s(device.device_s(12.0)) == pytest.approx(12.0, abs=1e-6)


def test_a_restarted_device_clock_starts_the_model_anew() -> None:
    model = ClockModel()
    for at_s in range(100, 110):
        model.observe(Device(0.0, 0.0).exchange(float(at_s), 0.004, 0.004))
    rebooted = Device(110.0, 0.0)
    model.observe(rebooted.exchange(112.0, 0.004, 0.004))
    assert model.hub_time_s(rebooted.device_s(113.0)) == pytest.approx(113.0, abs=1e-6)


def test_nothing_is_known_before_the_first_observation() -> None:
    assert ClockModel().estimate is None
    assert ClockModel().hub_time_s(1.0) is None


observations = st.lists(
    st.tuples(
        st.floats(allow_nan=True, allow_infinity=True),
        st.floats(allow_nan=True, allow_infinity=True),
        st.floats(min_value=0.0, max_value=1e3),
        st.booleans(),
    ),
    max_size=80,
)


@settings(max_examples=60, deadline=None)
@given(observations, st.integers(0, 2**16))
def test_nonsense_is_survived_and_the_same_twice(
    seen: list[tuple[float, float, float, bool]], seed: int
) -> None:
    def run() -> list[float]:
        rng = random.Random(seed)
        model = ClockModel()
        out = []
        device_s = 0.0
        for device, hub, uncertainty, one_way in seen:
            model.observe(ClockObserved(0, device, hub, uncertainty, one_way=one_way))
            device_s += rng.uniform(0.0, 2.0)
            found = model.hub_time_s(device_s)
            if found is not None:
                out.append(found)
        return out

    once = run()
    assert once == run()
    assert all(math.isfinite(found) for found in once)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.0, 2.0), st.floats(-5.0, 5.0), st.floats(0.0, 0.5)), max_size=80)
)
def test_believable_observations_give_ascending_times(
    seen: list[tuple[float, float, float]],
) -> None:
    model = ClockModel()
    now_s, last_s = 0.0, -math.inf
    for passed_s, offset_s, uncertainty_s in seen:
        now_s += passed_s
        model.observe(ClockObserved(0, now_s, now_s + 1000.0 + offset_s, uncertainty_s))
        for _ in range(3):
            now_s += 0.04
            found_s = model.hub_time_s(now_s)
            assert found_s is not None
            assert found_s > last_s
            last_s = found_s
