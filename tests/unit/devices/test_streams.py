"""Samples without a number, or without a time: rates, losses and times that can be trusted."""

import random
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorhub.devices.common.arrivals import LEAST_UNCERTAINTY_S, Arrivals, slope_below
from sensorhub.devices.common.counted_stream import CountedStream
from sensorhub.devices.common.timed_stream import TimedStream
from sensorhub.model.events import (
    ClockObserved,
    DeviceEvent,
    FloatArray,
    SamplesArrived,
    SamplesLost,
    StreamStarted,
)
from sensorhub.model.placement import Placement
from sensorhub.motion.assembler import BlockAssembler

FIRST_S = 5000.0
USUAL_HZ = (10.0, 20.0, 50.0, 100.0, 200.0)


def numbered(first: int, count: int) -> FloatArray:
    """Samples that say which they are."""
    values = np.zeros((count, 3))
    values[:, 0] = np.arange(first, first + count)
    return values


def bursts(
    rate_hz: float, seconds: float, seed: int, *, batch: int = 4, worst_s: float = 0.239
) -> Iterator[tuple[int, int, int]]:
    """First index, count and host time of what arrives: in order, late by up to ``worst_s``."""
    draw = random.Random(seed)
    free_s = 0.0
    for first in range(0, int(seconds * rate_hz), batch):
        ready_s = FIRST_S + (first + batch - 1) / rate_hz
        late_s = worst_s if draw.random() < 0.02 else 0.005 + 0.03 * draw.random() ** 2
        free_s = max(free_s + 0.0005, ready_s + late_s)
        yield first, batch, round(free_s * 1e9)


def starts(events: list[DeviceEvent]) -> list[StreamStarted]:
    return [event for event in events if isinstance(event, StreamStarted)]


def said(events: list[DeviceEvent]) -> list[float]:
    return [
        value
        for event in events
        if isinstance(event, SamplesArrived)
        for value in event.acc_mps2[:, 0].tolist()
    ]


@pytest.mark.parametrize("rate_hz", [49.45, 99.26, 198.43])
@pytest.mark.parametrize("seed", range(5))
def test_an_unknown_rate_is_found_in_bursts(rate_hz: float, seed: int) -> None:
    """The usual rate near to it at once, and nothing is lost while it is not known."""
    stream = CountedStream(usual_hz=USUAL_HZ)
    events: list[DeviceEvent] = []
    sent = 0
    for first, count, at_ns in bursts(rate_hz, 4.0, seed):
        events += stream.push(numbered(first, count), None, at_ns)
        sent += count
    (begun,) = starts(events)
    assert 1.0 / begun.period_s == pytest.approx(round(rate_hz, -1), rel=0.001)
    assert said(events) == list(range(sent))
    assert stream.counters.received == sent


@pytest.mark.parametrize("seed", range(4))
def test_counted_samples_lie_where_they_were_taken(seed: int) -> None:
    """Five minutes at 99.26 Hz that is called 100: after ten seconds times hold within 40 ms.

    They can only be late, by what the fastest packets take: here 5 ms, which nobody can see.
    """
    stream = CountedStream()
    assembler = BlockAssembler(Placement.THIGH_RIGHT)
    events = stream.nominal(100.0, round(FIRST_S * 1e9))
    for first, count, at_ns in bursts(99.26, 300.0, seed):
        events += stream.push(numbered(first, count), None, at_ns)
    worst_s = 0.0
    for event in events:
        for block in assembler.push(event):
            true_s = FIRST_S + block.acc_mps2[0, 0] / 99.26
            if true_s > FIRST_S + 10.0:
                worst_s = max(worst_s, abs(block.start_s - true_s))
    assert worst_s < 0.04


@pytest.mark.parametrize("lost_s", [0.8, 1.3, 3.0, 4.5])
def test_a_silence_without_a_backlog_is_a_loss(lost_s: float) -> None:
    stream = CountedStream()
    events = stream.nominal(100.0, round(FIRST_S * 1e9))
    for first, count, at_ns in bursts(99.26, 60.0, seed=3, worst_s=0.1):
        if not 30.0 <= at_ns / 1e9 - FIRST_S < 30.0 + lost_s:
            events += stream.push(numbered(first, count), None, at_ns)
    (lost,) = [event for event in events if isinstance(event, SamplesLost)]
    assert lost.count == pytest.approx(lost_s * 99.26, abs=0.05 * 99.26)
    after = next(e for e in events if isinstance(e, SamplesArrived) and e.acc_mps2[0, 0] > 3000)
    assert after.first_index == pytest.approx(after.acc_mps2[0, 0], abs=5)


@pytest.mark.parametrize("stalled_s", [0.6, 1.0, 2.0])
def test_a_silence_with_a_backlog_is_none(stalled_s: float) -> None:
    """A radio that was busy hands everything over at once: nothing was lost, nothing is said."""
    stream = CountedStream()
    events = stream.nominal(100.0, round(FIRST_S * 1e9))
    for first, count, at_ns in bursts(99.26, 60.0, seed=3, worst_s=0.1):
        since_s = at_ns / 1e9 - FIRST_S
        if 30.0 <= since_s < 30.0 + stalled_s:
            at_ns = round((FIRST_S + 30.0 + stalled_s) * 1e9)
        events += stream.push(numbered(first, count), None, at_ns)
    assert not [event for event in events if isinstance(event, SamplesLost)]
    assert len(starts(events)) == 1
    assert said(events) == list(range(len(said(events))))


def test_a_long_silence_is_another_stream_at_the_rate_that_was_learnt() -> None:
    stream = CountedStream()
    events = stream.nominal(100.0, round(FIRST_S * 1e9))
    for first, count, at_ns in bursts(99.26, 120.0, seed=4):
        if not 60.0 <= at_ns / 1e9 - FIRST_S < 90.0:
            events += stream.push(numbered(first, count), None, at_ns)
    first_run, second_run = starts(events)
    assert 1.0 / first_run.period_s == 100.0
    assert 1.0 / second_run.period_s == pytest.approx(99.26, rel=0.003)


def test_uncertainty_grows_with_the_bursts() -> None:
    def told(spread_s: float) -> float:
        arrivals, draw = Arrivals(), random.Random(5)
        seen: list[ClockObserved] = []
        for k in range(3000):
            late_s = spread_s * draw.random()
            event = arrivals.add(0.01 * k, round((FIRST_S + 0.01 * k + late_s) * 1e9))
            seen += [] if event is None else [event]
        assert len(seen) == pytest.approx(29, abs=1)
        assert all(one.one_way for one in seen)
        return max(one.uncertainty_s for one in seen)

    assert told(0.0) == LEAST_UNCERTAINTY_S
    assert told(0.2) > 0.08


@given(st.floats(1e-3, 1.0), st.lists(st.floats(0.0, 0.3), min_size=30, max_size=80))
def test_slope_below_is_below(slope: float, lateness: list[float]) -> None:
    points = [(float(k), 7.0 + slope * k + late) for k, late in enumerate(lateness)]
    found = slope_below(points)
    assert found is not None
    level = min(y - found * x for x, y in points)
    touched = [x for x, y in points if y - found * x < level + 1e-6]
    assert len(touched) >= 2
    assert touched[0] <= len(points) / 2 <= touched[-1] + 1


def test_slope_of_exact_points() -> None:
    assert slope_below([(k, 3.0 + 0.5 * k) for k in range(10)]) == pytest.approx(0.5)
    assert slope_below([(1.0, 2.0)]) is None
    assert slope_below([]) is None


@settings(max_examples=40)
@given(
    st.lists(st.integers(1, 40), min_size=5, max_size=60),
    st.sets(st.integers(1, 58)),
    st.floats(0.96, 1.04),
)
def test_timed_packets_of_any_length(lengths: list[int], lost: set[int], rate: float) -> None:
    """Frame lengths vary, the rate is a few percent off, packets are lost: indices stay true."""
    period_s = rate / 52.0
    stream = TimedStream(1.0 / 52.0)
    events: list[DeviceEvent] = []
    first, gone, expected = 0, 0, []
    for number, count in enumerate(lengths):
        last_s = 100.0 + (first + count - 1) * period_s
        if number not in lost:
            expected += list(range(first, first + count))
            events += stream.push(last_s, numbered(first, count), None, round(last_s * 1e9))
        elif number < len(lengths):
            gone += count
        first += count
    assert said(events) == expected
    trailing = first - 1 - expected[-1]
    off = abs(stream.counters.lost - (gone - trailing))
    # each gap is as exact as the rate is known: to the sample only where it is short
    assert off <= 0.05 * (gone - trailing) + len(lost)
    assert bool(stream.counters.lost) <= bool(lost)


def test_a_clock_that_runs_back_is_another_stream() -> None:
    stream = TimedStream(0.01)
    events: list[DeviceEvent] = []
    for start_s in (1e6, 3.0):
        for k in range(50):
            at_ns = round((FIRST_S + start_s * 1e-5 + 0.01 * k) * 1e9)
            events += stream.push(start_s + 0.01 * k, numbered(k, 1), None, at_ns)
    assert len(starts(events)) == 2
    assert stream.counters.received == 100
    assert stream.counters.lost == 0
