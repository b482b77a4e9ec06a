"""The figures of a link, from what arrived over it; and which of them are good enough."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sensorhub.devices.base import LinkCounters
from sensorhub.model.events import (
    ClockObserved,
    DeviceEvent,
    FloatArray,
    SamplesArrived,
    StreamStarted,
)
from sensorhub.model.units import NS_PER_S

MS_PER_S = 1000.0


@dataclass(frozen=True, slots=True)
class Connect:
    """One attempt to get a sensor: how long it took until linked, and with how many tries.

    ``took_s`` None: it did not come.
    """

    took_s: float | None
    tries: int


@dataclass(frozen=True, slots=True)
class Bar:
    """What is good, and what is still usable; beyond that, the figure has failed.

    ``at_least``: larger is better.
    """

    figure: str
    good: float
    usable: float
    at_least: bool = False

    def verdict(self, value: float | None) -> str:
        """ok, warn, fail; unknown where there is no value."""
        if value is None:
            return "unknown"
        sign = -1.0 if self.at_least else 1.0
        if sign * value <= sign * self.good:
            return "ok"
        return "warn" if sign * value <= sign * self.usable else "fail"


BARS = (
    # Connecting: Home Assistant asks the same of an adapter.
    Bar("connect_median_s", 1.0, 3.0),
    Bar("within_two_tries_percent", 95.0, 80.0, at_least=True),
    # Counting stands one percent of loss (tests/laws); ten cost repetitions.
    Bar("lost_percent", 1.0, 5.0),
    # "Signal lost" is said after 500 ms without samples.
    Bar("interval_p95_ms", 150.0, 400.0),
    # What is seen and said must not limp behind the movement.
    Bar("latency_p95_ms", 100.0, 250.0),
    Bar("jitter_p95_ms", 100.0, 250.0),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one link; None: it could not be.

    Attributes:
        first_try_percent, within_two_tries_percent: of the attempts to connect.
        lost_percent: of the samples that the sensor says it took.
        interval_median_ms, interval_p95_ms: between arrivals of samples.
        latency_median_ms, latency_p95_ms: from a packet's last sample to its arrival, for sensors
            whose clock the hub can ask; the radio's way is taken to be as long there as back.
        jitter_p95_ms: how much later than the promptest packet they arrive.
    """

    connects: int = 0
    connect_median_s: float | None = None
    connect_worst_s: float | None = None
    first_try_percent: float | None = None
    within_two_tries_percent: float | None = None
    samples: int = 0
    lost_percent: float | None = None
    interval_median_ms: float | None = None
    interval_p95_ms: float | None = None
    latency_median_ms: float | None = None
    latency_p95_ms: float | None = None
    jitter_p95_ms: float | None = None


@dataclass(slots=True)
class LinkListener:
    """Keeps of a stream what the figures need."""

    _arrivals_s: list[float] = field(default_factory=list)
    _sampled_s: list[float] = field(default_factory=list)
    _by_device_clock: bool = True
    _offsets_s: list[float] = field(default_factory=list)
    _stream: int | None = None

    def on_event(self, event: DeviceEvent) -> None:
        """Take in what the device said."""
        match event:
            case StreamStarted() if event.stream != self._stream:
                self._stream = event.stream
                self._arrivals_s.clear()
                self._sampled_s.clear()
            case ClockObserved(one_way=False):
                self._offsets_s.append(event.hub_time_s - event.device_time_s)
            case SamplesArrived(backfilled=False):
                self._samples(event)

    def _samples(self, event: SamplesArrived) -> None:
        last = len(event.acc_mps2) - 1
        if event.device_time_s is None:
            self._by_device_clock = False
            sampled_s = (event.first_index + last) * event.period_s
        else:
            sampled_s = event.device_time_s + last * event.period_s
        self._arrivals_s.append(event.host_time_ns / NS_PER_S)
        self._sampled_s.append(sampled_s)

    def figures(self, connects: Sequence[Connect], counters: LinkCounters) -> Figures:
        """What came of it."""
        arrivals_s, sampled_s = np.array(self._arrivals_s), np.array(self._sampled_s)
        steps_ms = np.diff(np.unique(arrivals_s)) * MS_PER_S
        latency_ms = self._latency_ms(arrivals_s, sampled_s)
        promised = counters.received + counters.lost
        took_s = [one.took_s for one in connects if one.took_s is not None]
        return Figures(
            connects=len(connects),
            connect_median_s=_quantile(took_s, 0.5),
            connect_worst_s=_quantile(took_s, 1.0),
            first_try_percent=_share(connects, tries=1),
            within_two_tries_percent=_share(connects, tries=2),
            samples=counters.received,
            lost_percent=100.0 * counters.lost / promised if promised else None,
            interval_median_ms=_quantile(steps_ms, 0.5),
            interval_p95_ms=_quantile(steps_ms, 0.95),
            latency_median_ms=_quantile(latency_ms, 0.5),
            latency_p95_ms=_quantile(latency_ms, 0.95),
            jitter_p95_ms=_quantile(_jitter_ms(arrivals_s, sampled_s), 0.95),
        )

    def _latency_ms(self, arrivals_s: FloatArray, sampled_s: FloatArray) -> FloatArray:
        if not self._offsets_s or not self._by_device_clock:
            return np.empty(0)
        offset_s = float(np.median(self._offsets_s))
        return (arrivals_s - sampled_s - offset_s) * MS_PER_S


def _jitter_ms(arrivals_s: FloatArray, sampled_s: FloatArray) -> FloatArray:
    """How much later than the promptest packet each came, the clocks' different pace taken out."""
    if len(arrivals_s) < 3:
        return np.empty(0)
    since_s = sampled_s - sampled_s[0]
    late_s = arrivals_s - arrivals_s[0] - since_s
    slope, _ = np.polyfit(since_s, late_s, 1) if np.ptp(since_s) > 0 else (0.0, 0.0)
    late_s = late_s - slope * since_s
    jitter_ms: FloatArray = (late_s - late_s.min()) * MS_PER_S
    return jitter_ms


def _share(connects: Sequence[Connect], *, tries: int) -> float | None:
    if not connects:
        return None
    good = sum(one.took_s is not None and one.tries <= tries for one in connects)
    return 100.0 * good / len(connects)


def _quantile(values: "Sequence[float] | FloatArray", share: float) -> float | None:
    return float(np.quantile(values, share)) if len(values) else None
