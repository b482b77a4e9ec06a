"""The hub's clock: real time is boot time, accelerated time runs evenly, nothing runs back."""

import asyncio
import math
import time

import pytest

from sensorhub.model.errors import InputError
from sensorhub.transports.hubclock import HubClock


def test_real_time_is_boot_time():
    before = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    now = HubClock().now_ns()
    assert before <= now <= time.clock_gettime_ns(time.CLOCK_BOOTTIME)


@pytest.mark.parametrize("speed", [0.5, 1.0, 20.0, 1000.0])
def test_runs_at_its_speed(speed):
    clock = HubClock(speed=speed)
    # Two clocks are not read at one instant: the wall is, before and after each reading of ours.
    outer_ns, before_ns, inner_ns = time.monotonic_ns(), clock.now_ns(), time.monotonic_ns()
    asyncio.run(clock.sleep(0.05 * speed))
    least_ns = time.monotonic_ns() - inner_ns
    passed_ns = clock.now_ns() - before_ns
    most_ns = time.monotonic_ns() - outer_ns
    assert least_ns >= 0.049e9
    assert 0.999 * least_ns * speed <= passed_ns <= 1.001 * most_ns * speed


def test_never_runs_back():
    clock = HubClock(speed=3.7)
    stamps = [clock.now_ns() for _ in range(2000)]
    assert stamps == sorted(stamps)
    assert clock.now_s() == pytest.approx(clock.now_ns() / 1e9, abs=0.5)


@pytest.mark.parametrize("speed", [0.0, -1.0, math.nan, math.inf])
def test_an_impossible_speed_is_refused(speed):
    with pytest.raises(InputError):
        HubClock(speed=speed)


def test_no_wait_is_negative():
    assert HubClock(speed=2.0).wall_s(-3.0) == 0.0
    assert HubClock(speed=2.0).wall_s(3.0) == 1.5
