"""Samples of a device that tells neither time nor number: counted, and timed by their arrival.

What is known of such a device is how many samples came and when. From that follow:

* the **rate**: the line below (count, arrival). A nominal rate is believed until ten seconds of
  arrivals contradict it; without one nothing is passed on until the rate has been measured.
* **losses**, where they are long enough to be seen: after a silence the samples are held back for a
  moment. A backlog that comes faster than it was sampled shows that nothing was lost; if none
  comes, what is missing against the clock was lost. A loss shorter than half a second cannot be
  told from a late radio, and is not: that is what ``loss_detection`` says of these families.
"""

import itertools
import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sensorhub.devices.base import LinkCounters
from sensorhub.devices.common.arrivals import Arrivals, slope_below
from sensorhub.model.events import DeviceEvent, FloatArray, SamplesArrived, SamplesLost
from sensorhub.model.events import StreamStarted as Started
from sensorhub.model.units import NS_PER_S

LEARN_S = 1.5
SILENCE_S = 0.5
HOLD_S = 0.3
ANOTHER_STREAM_AFTER_S = 5.0
"""A longer silence makes another stream: counting on would rest on the rate's error."""

_WINDOW_BINS, _BIN_S = 30, 1.0
_TRUSTED_AFTER_S = 10.0
_RATE_OFF = 0.02
_SNAP = 0.1
_LEAST_LOSS_S = 0.1
_MOST_HELD = 16384
_SHORTEST_PERIOD_S = 2e-4


@dataclass(frozen=True, slots=True)
class _Held:
    acc_mps2: FloatArray
    gyr_radps: FloatArray | None
    host_time_ns: int
    clipped: bool


class CountedStream:
    """One device's samples over all its links.

    Args:
        usual_hz: rates the family is known for: a measured one near to one of them is that one.
        numbered: the device does tell which samples are missing (:meth:`lost`), only no time.
        streams: numbers for its streams, where others draw from the same.
    """

    def __init__(
        self,
        *,
        usual_hz: Sequence[float] = (),
        has_gyroscope: bool = True,
        numbered: bool = False,
        streams: Iterator[int] | None = None,
    ) -> None:
        self._usual_hz = tuple(usual_hz)
        self._has_gyroscope = has_gyroscope
        self._numbered = numbered
        self._streams = streams if streams is not None else itertools.count()
        self._stream = -1
        self._period_s: float | None = None
        self._next_index = 0
        self._arrivals = Arrivals()
        self._bins: deque[tuple[float, float]] = deque(maxlen=_WINDOW_BINS)  # (index, seconds)
        self._best: tuple[float, float] | None = None
        self._bin_ns = 0
        self._group_ns: int | None = None
        self._held: list[_Held] | None = []  # None: nothing is held back
        self._points: list[tuple[float, float]] = []  # (count held, seconds) while holding
        self._held_count = 0
        self._hold_from_ns = 0
        self._received = self._lost = self._duplicate = 0

    @property
    def counters(self) -> LinkCounters:
        """Received, lost and duplicate samples."""
        return LinkCounters(self._received, self._lost, self._duplicate)

    @property
    def period_s(self) -> float | None:
        """The period samples are given with; None: not known yet."""
        return self._period_s

    def restart(self) -> None:
        """What comes from now on is sampled at another rate, still to be found."""
        self._period_s = None
        self._group_ns = None
        self._bins.clear()
        self._best = None
        self._hold()

    def nominal(self, rate_hz: float, now_ns: int) -> list[DeviceEvent]:
        """The device says its rate. Ignored where it has been measured already."""
        out: list[DeviceEvent] = []
        if self._period_s is None and math.isfinite(rate_hz) and rate_hz > 0:
            self._begin(1.0 / rate_hz, now_ns, out, nominal=True)
            self._release(out)
        return out

    def push(
        self,
        acc_mps2: FloatArray,
        gyr_radps: FloatArray | None,
        now_ns: int,
        *,
        clipped: bool = False,
    ) -> list[DeviceEvent]:
        """Take samples that arrived together, shape (n, 3) each."""
        out: list[DeviceEvent] = []
        if not len(acc_mps2):
            return out
        if now_ns != self._group_ns:
            self._next_group(now_ns, out)
        piece = _Held(acc_mps2, gyr_radps, now_ns, clipped)
        if self._held is None:
            self._emit(piece, out)
        else:
            self._held.append(piece)
            self._held_count += len(acc_mps2)
            if self._held_count >= _MOST_HELD:  # no sensor is so fast
                self._hold()
        return out

    def lost(self, count: int, now_ns: int) -> list[DeviceEvent]:
        """Samples are known not to have come, by other means than time."""
        if self._held is not None or not count:
            return []  # what is held back is placed by its time, and these with it
        event = SamplesLost(now_ns, self._stream, self._next_index, count)
        self._next_index += count
        self._lost += count
        return [event]

    def seen_before(self, count: int) -> None:
        """The device's own number says that these came twice."""
        self._duplicate += count

    def link_down(self, now_ns: int) -> list[DeviceEvent]:
        """The link is gone: what was held back is passed on, as well as it can be placed."""
        out: list[DeviceEvent] = []
        if self._held:
            self._close_group()
            self._decide(now_ns, out)
        return out

    # -- groups: what arrived at one instant -------------------------------------------------------

    def _next_group(self, now_ns: int, out: list[DeviceEvent]) -> None:
        last_ns = self._group_ns
        if last_ns is not None:
            self._close_group()
            silent_s = (now_ns - last_ns) / NS_PER_S
            if self._holding:
                if now_ns - self._hold_from_ns >= self._hold_s() * NS_PER_S:
                    self._decide(now_ns, out)
            else:
                self._mind_rate(now_ns, out)
            if silent_s > SILENCE_S and not self._holding:
                self._interrupted(silent_s, now_ns, out)
        if self._holding and not self._held_count:
            self._hold_from_ns = now_ns
        self._group_ns = now_ns

    def _close_group(self) -> None:
        if self._group_ns is None:
            return
        at_s = self._group_ns / NS_PER_S
        if self._held is not None:
            self._points.append((float(self._held_count), at_s))
        elif self._period_s is not None:
            point = (float(self._next_index), at_s)
            best = self._best
            if best is None or at_s - best[1] < (point[0] - best[0]) * self._period_s:
                self._best = point

    def _hold_s(self) -> float:
        return LEARN_S if self._period_s is None else HOLD_S

    @property
    def _holding(self) -> bool:
        return self._held is not None

    def _hold(self) -> None:
        self._held, self._points, self._held_count = [], [], 0

    def _interrupted(self, silent_s: float, now_ns: int, out: list[DeviceEvent]) -> None:
        assert self._period_s is not None  # it was running
        if self._numbered and silent_s <= ANOTHER_STREAM_AFTER_S:
            return
        if silent_s > ANOTHER_STREAM_AFTER_S:
            self._begin(self._refined_s(), now_ns, out, nominal=False)
        else:
            self._hold()

    def _decide(self, now_ns: int, out: list[DeviceEvent]) -> None:
        """The time of holding back is over."""
        if self._period_s is None:
            period_s = self._measured_s()
            if period_s is not None:
                self._begin(period_s, now_ns, out, nominal=False)
            else:
                self._hold()
                return
        else:
            self._declare_lost(now_ns, out)
        self._release(out)

    def _release(self, out: list[DeviceEvent]) -> None:
        held, self._held = self._held, None
        for piece in held or ():
            self._emit(piece, out)
        self._points = []
        self._held_count = 0

    def _emit(self, piece: _Held, out: list[DeviceEvent]) -> None:
        assert self._period_s is not None  # nothing is passed on before
        first, count = self._next_index, len(piece.acc_mps2)
        self._next_index += count
        self._received += count
        seen = self._arrivals.add((self._next_index - 1) * self._period_s, piece.host_time_ns)
        if seen is not None:
            out.append(seen)
        out.append(
            SamplesArrived(
                piece.host_time_ns,
                self._stream,
                first,
                None,
                self._period_s,
                np.ascontiguousarray(piece.acc_mps2),
                None if piece.gyr_radps is None else np.ascontiguousarray(piece.gyr_radps),
                clipped=piece.clipped,
            )
        )

    # -- rate and losses ---------------------------------------------------------------------------

    def _begin(
        self, period_s: float, now_ns: int, out: list[DeviceEvent], *, nominal: bool
    ) -> None:
        self._stream = next(self._streams)
        self._period_s = max(period_s, _SHORTEST_PERIOD_S)
        self._next_index = 0
        self._arrivals.forget()
        self._bins.clear()
        self._best = None
        self._bin_ns = now_ns
        out.append(
            Started(
                now_ns,
                self._stream,
                self._period_s,
                has_gyroscope=self._has_gyroscope,
                period_is_nominal=nominal,
            )
        )

    def _mind_rate(self, now_ns: int, out: list[DeviceEvent]) -> None:
        """Once a second: does the rate still hold?"""
        if now_ns - self._bin_ns < _BIN_S * NS_PER_S or self._best is None:
            return
        self._bins.append(self._best)
        self._best = None
        self._bin_ns = now_ns
        period_s = self._refined_s()
        assert self._period_s is not None  # it is running
        if abs(period_s / self._period_s - 1.0) > _RATE_OFF:
            self._begin(period_s, now_ns, out, nominal=False)

    def _refined_s(self) -> float:
        """The period that many seconds of arrivals tell; until then what is assumed."""
        assert self._period_s is not None  # it is running
        if not self._bins or self._bins[-1][1] - self._bins[0][1] < _TRUSTED_AFTER_S:
            return self._period_s
        return slope_below(self._bins) or self._period_s

    def _measured_s(self) -> float | None:
        """The period of what is held back; None where that is too little to tell."""
        points = self._points
        if len(points) < 3 or points[-1][1] - points[0][1] < LEARN_S / 5:
            return None
        slope_s = slope_below(points)
        if slope_s is None or slope_s < _SHORTEST_PERIOD_S:
            return None
        near_hz = min(self._usual_hz, key=lambda hz: abs(hz * slope_s - 1.0), default=None)
        if near_hz is not None and abs(near_hz * slope_s - 1.0) < _SNAP:
            return 1.0 / near_hz
        return slope_s

    def _declare_lost(self, now_ns: int, out: list[DeviceEvent]) -> None:
        """How far even the earliest arrival since the silence lies behind the line before it."""
        assert self._period_s is not None  # else its rate would have been measured
        known = [*self._bins, *(() if self._best is None else (self._best,))]
        if not known or not self._points:
            return
        period_s = self._refined_s()
        level_s = min(at_s - index * period_s for index, at_s in known)
        late_s = min(
            at_s - (self._next_index + count) * period_s - level_s for count, at_s in self._points
        )
        if late_s < max(_LEAST_LOSS_S, period_s / 2):
            return
        missing = round(late_s / period_s)
        out.append(SamplesLost(now_ns, self._stream, self._next_index, missing))
        self._next_index += missing
        self._lost += missing
