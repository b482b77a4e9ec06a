"""Figures of a link from made-up arrivals whose truth is known."""

import numpy as np
import pytest

from sensorhub.daemon.doctor.link_figures import BARS, Bar, Connect, LinkListener
from sensorhub.devices.base import LinkCounters
from sensorhub.model.events import ClockObserved, SamplesArrived, StreamStarted
from sensorhub.model.units import NS_PER_S

PERIOD_S = 0.01
PACKET = 5
HUB_AHEAD_S = 1000.0


def stream(
    late_ms: list[float], *, skew: float = 0.0, clock: bool = True, asked: bool = True
) -> LinkListener:
    """Packets of five samples; packet k arrives ``late_ms[k]`` after its last sample."""
    listener = LinkListener()
    listener.on_event(StreamStarted(0, 1, PERIOD_S))
    if asked:
        listener.on_event(ClockObserved(0, 5.0, 5.0 + HUB_AHEAD_S, 0.001))
        listener.on_event(ClockObserved(0, 5.0, 9999.0, 0.001, one_way=True))
    for k, late in enumerate(late_ms):
        first_s = k * PACKET * PERIOD_S
        taken_s = (first_s + (PACKET - 1) * PERIOD_S) * (1.0 + skew)
        arrives_ns = round((taken_s + HUB_AHEAD_S + late / 1000.0) * NS_PER_S)
        acc = np.zeros((PACKET, 3))
        event = SamplesArrived(
            arrives_ns, 1, k * PACKET, first_s if clock else None, PERIOD_S, acc, None
        )
        listener.on_event(event)
    return listener


def test_latency_is_told_where_the_sensors_clock_was_asked() -> None:
    late_ms = [20.0] * 90 + [60.0] * 10
    figures = stream(late_ms).figures([], LinkCounters(500, 5))
    assert figures.latency_median_ms == pytest.approx(20.0, abs=0.01)
    assert figures.latency_p95_ms == pytest.approx(60.0, abs=0.01)
    assert figures.lost_percent == pytest.approx(100 * 5 / 505)
    assert figures.samples == 500
    assert figures.interval_median_ms == pytest.approx(50.0, abs=0.01)
    assert stream(late_ms, asked=False).figures([], LinkCounters()).latency_p95_ms is None


@pytest.mark.parametrize("clock", [True, False])
@pytest.mark.parametrize("skew", [0.0, 1e-4, -1e-3])
def test_jitter_is_lateness_behind_the_promptest_whatever_the_clocks_pace(
    clock: bool, skew: float
) -> None:
    late_ms = [10.0, 10.0, 10.0, 40.0, 10.0] * 40  # every fifth
    figures = stream(late_ms, skew=skew, clock=clock, asked=False).figures([], LinkCounters())
    assert figures.jitter_p95_ms == pytest.approx(30.0, abs=1.0)
    assert figures.interval_p95_ms == pytest.approx(80.0, abs=1.0)


def test_a_stream_that_begins_anew_is_not_measured_across() -> None:
    listener = stream([10.0] * 10)
    listener.on_event(StreamStarted(0, 1, PERIOD_S))  # said again: the same stream
    assert listener.figures([], LinkCounters()).interval_median_ms is not None
    listener.on_event(StreamStarted(0, 2, PERIOD_S))
    figures = listener.figures([], LinkCounters())
    assert figures.interval_median_ms is None
    assert figures.jitter_p95_ms is None


def test_connections() -> None:
    tries = [Connect(0.5, 1), Connect(1.5, 2), Connect(2.5, 3), Connect(None, 1)]
    figures = LinkListener().figures(tries, LinkCounters())
    assert (figures.connects, figures.connect_median_s, figures.connect_worst_s) == (4, 1.5, 2.5)
    assert (figures.first_try_percent, figures.within_two_tries_percent) == (25.0, 50.0)
    empty = LinkListener().figures([], LinkCounters())
    assert empty.first_try_percent is None
    assert empty.lost_percent is None


def test_bars() -> None:
    low, high = Bar("x", 1.0, 3.0), Bar("x", 95.0, 80.0, at_least=True)
    assert [low.verdict(v) for v in (0.5, 1.0, 2.0, 3.1, None)] == [
        "ok",
        "ok",
        "warn",
        "fail",
        "unknown",
    ]
    assert [high.verdict(v) for v in (100.0, 95.0, 80.0, 79.0)] == ["ok", "ok", "warn", "fail"]
    known = LinkListener().figures([], LinkCounters())
    assert all(hasattr(known, bar.figure) for bar in BARS)
