"""Samples of a device whose packets carry a time but no number: indices and gaps from that time.

The period is learnt from packets that follow each other: a packet is taken to follow the one
before when its time is within half a sample, or a twentieth of its own length, of when it is due.
More than that is a gap, counted in whole samples. Time that stands still or runs back a little is
a packet seen twice; time that jumps is another stream.
"""

import itertools
import math
from collections.abc import Iterator

import numpy as np

from sensorhub.devices.base import LinkCounters
from sensorhub.devices.common.arrivals import Arrivals
from sensorhub.model.events import (
    DeviceEvent,
    FloatArray,
    SamplesArrived,
    SamplesLost,
    StreamStarted,
)
from sensorhub.model.units import NS_PER_S

_GAP_SAMPLES, _GAP_SHARE = 0.5, 0.05
_LEARN, _NOMINAL_WORTH = 0.05, 3
"""The learnt period is the mean of its packets until there are twenty, then follows them slowly;
the nominal one counts as much as so many packets."""

_RATE_OFF, _TRUSTED_AFTER_S = 0.02, 5.0
_BACK_S = 1.0
_JUMP_S = 5.0


class TimedStream:
    """One device's samples over all its links.

    Args:
        period_s: nominal.
        absolute: the device's clock is observed in other ways, too, and its times are told as they
            are; else a clock that has jumped is told from nought again.
        streams: numbers for its streams, where others draw from the same.
    """

    def __init__(
        self,
        period_s: float,
        *,
        has_gyroscope: bool = True,
        absolute: bool = False,
        streams: Iterator[int] | None = None,
    ) -> None:
        self._nominal_s = period_s
        self._has_gyroscope = has_gyroscope
        self._absolute = absolute
        self._streams = streams if streams is not None else itertools.count()
        self._stream = -1
        self._period_s = period_s  # of the stream, as told
        self._learnt_s = period_s
        self._last_s: float | None = None  # device time of the newest sample
        self._last_ns = 0
        self._learnt_from = 0  # packets that followed each other
        self._base_s = 0.0  # where the device time that is told begins
        self._began_s = 0.0
        self._next_index = 0
        self._arrivals = Arrivals()
        self._received = self._lost = self._duplicate = 0

    @property
    def counters(self) -> LinkCounters:
        """Received, lost and duplicate samples."""
        return LinkCounters(self._received, self._lost, self._duplicate)

    @property
    def running(self) -> bool:
        """Samples have come since the last restart."""
        return self._last_s is not None

    @property
    def period_s(self) -> float:
        """The period as it is known by now."""
        return self._learnt_s

    def stop(self) -> None:
        """What comes next is another stream."""
        self._last_s = None

    def restart(self, period_s: float) -> None:
        """The device begins anew, with this nominal period."""
        self._nominal_s = self._learnt_s = period_s
        self._learnt_from = 0
        self._last_s = None

    def push(
        self,
        last_s: float,
        acc_mps2: FloatArray,
        gyr_radps: FloatArray | None,
        now_ns: int,
        *,
        clipped: bool = False,
    ) -> list[DeviceEvent]:
        """Take the samples of one packet, shape (n, 3) each.

        Args:
            last_s: device clock at the last of them, unwrapped.
        """
        out: list[DeviceEvent] = []
        count = len(acc_mps2)
        if not count or not math.isfinite(last_s):
            return out
        inside_s = self._place(last_s, count, now_ns, out)
        if inside_s is None:
            return out
        first_s = last_s - (count - 1) * inside_s - self._base_s
        if self._next_index == 0:
            self._announce(first_s, now_ns, out)
        seen = self._arrivals.add(last_s - self._base_s, now_ns)
        if seen is not None:
            out.append(seen)
        out.append(
            SamplesArrived(
                now_ns,
                self._stream,
                self._next_index,
                first_s,
                self._period_s,
                np.ascontiguousarray(acc_mps2),
                None if gyr_radps is None else np.ascontiguousarray(gyr_radps),
                clipped=clipped,
            )
        )
        self._next_index += count
        self._received += count
        self._last_s, self._last_ns = last_s, now_ns
        return out

    def _place(
        self, last_s: float, count: int, now_ns: int, out: list[DeviceEvent]
    ) -> float | None:
        """Count what is missing; the period within the packet, None for one seen before."""
        if self._last_s is None:
            self._begin(self._nominal_s)
            return self._learnt_s
        passed_s = last_s - self._last_s
        if passed_s <= 0.0 and passed_s > -_BACK_S:
            self._duplicate += count
            return None
        silent_s = (now_ns - self._last_ns) / NS_PER_S
        if passed_s <= 0.0 or passed_s > silent_s + count * self._learnt_s + _JUMP_S:
            # Told from nought again: a clock that runs back is one that begins anew.
            if not self._absolute:
                self._base_s = last_s - (count - 1) * self._learnt_s
            self._begin(self._learnt_s)
            return self._learnt_s
        missing = passed_s / self._learnt_s - count
        if missing > max(_GAP_SAMPLES, _GAP_SHARE * count):
            lost = max(1, round(missing))
            out.append(SamplesLost(now_ns, self._stream, self._next_index, lost))
            self._next_index += lost
            self._lost += lost
            return self._learnt_s
        self._learnt_from += 1
        gain = max(_LEARN, 1.0 / (_NOMINAL_WORTH + self._learnt_from))
        self._learnt_s += gain * (passed_s / count - self._learnt_s)
        off = abs(self._learnt_s / self._period_s - 1.0)
        if off > _RATE_OFF and last_s - self._base_s - self._began_s > _TRUSTED_AFTER_S:
            self._begin(self._learnt_s)
        return passed_s / count

    def _begin(self, period_s: float) -> None:
        self._stream = next(self._streams)
        self._period_s = period_s
        self._next_index = 0
        self._arrivals.forget()

    def _announce(self, first_s: float, now_ns: int, out: list[DeviceEvent]) -> None:
        self._began_s = first_s
        out.append(
            StreamStarted(
                now_ns,
                self._stream,
                self._period_s,
                first_device_time_s=first_s,
                has_gyroscope=self._has_gyroscope,
                period_is_nominal=self._period_s == self._nominal_s,
            )
        )
