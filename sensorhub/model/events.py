"""What a device says, decoded: the typed events every driver turns its bytes into.

A family may define events of its own (answers to its requests) by subclassing :class:`DeviceEvent`;
stages that do not know them pass them by.
"""

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensorhub.model.often import made_often

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """Base of all device events.

    Attributes:
        host_time_ns: hub monotonic clock at arrival of the chunk that completed the event.
    """

    host_time_ns: int


@dataclass(frozen=True, slots=True)
class DeviceIdentified(DeviceEvent):
    """Who is on the other end. ``boot`` changes at every restart of the device (None: not told)."""

    device_id: str
    model: str = ""
    firmware: str = ""
    boot: int | None = None


@dataclass(frozen=True, slots=True)
class StreamStarted(DeviceEvent):
    """A device began a stream; sample indices count from ``first_index`` within ``stream``.

    Attributes:
        stream: identity of this run of samples: the same (device, boot, stream) continues across
            links, another one is another timeline.
        period_s: sample period the device promises, or the best estimate (``period_is_nominal``).
        first_index: index of the first sample.
        first_device_time_s: device clock at the first sample, None where the device has no clock.
        has_gyroscope: False for accelerometer-only devices.
    """

    stream: int
    period_s: float
    first_index: int = 0
    first_device_time_s: float | None = None
    has_gyroscope: bool = True
    period_is_nominal: bool = False


@made_often
@dataclass(frozen=True, slots=True)
class SamplesArrived(DeviceEvent):
    """Consecutive samples of one IMU in SI units, sensor frame, raw (no calibration applied).

    Attributes:
        stream: as in :class:`StreamStarted`.
        first_index: index of the first sample; +1 per sample period, lost samples included.
        device_time_s: device clock at the first sample (seconds since boot, unwrapped), or None.
        period_s: time between samples on the device clock.
        acc_mps2: shape (n, 3), specific force.
        gyr_radps: shape (n, 3), or None.
        backfilled: these came late, from the device's memory: never cue from them.
        clipped: at least one value sits at the end of the sensor's range.
    """

    stream: int
    first_index: int
    device_time_s: float | None
    period_s: float
    acc_mps2: FloatArray
    gyr_radps: FloatArray | None
    backfilled: bool = False
    clipped: bool = False


@dataclass(frozen=True, slots=True)
class SamplesLost(DeviceEvent):
    """Samples ``[first_index, first_index + count)`` did not arrive (yet: they may come late).

    ``for_good`` is True when the device itself says that it no longer has them.
    """

    stream: int
    first_index: int
    count: int
    for_good: bool = False


@dataclass(frozen=True, slots=True)
class ClockObserved(DeviceEvent):
    """One observation of the device clock against the hub's.

    Attributes:
        device_time_s: device clock.
        hub_time_s: hub monotonic clock at the same instant, as well as this exchange tells.
        uncertainty_s: half-width of that statement (half the round trip, or the arrival jitter).
        one_way: ``hub_time_s`` is a mere arrival: the instant was earlier, by an unknown delay.
    """

    device_time_s: float
    hub_time_s: float
    uncertainty_s: float
    one_way: bool = False


@dataclass(frozen=True, slots=True)
class BatteryReported(DeviceEvent):
    """Battery state; None where the device does not say."""

    percent: int | None
    millivolts: int | None = None


class DeviceNoticeKind(enum.StrEnum):
    """Things a device tells that are neither samples nor answers."""

    BUTTON = "button"
    CLIPPING = "clipping"
    RING_OVERRUN = "ring_overrun"
    CHARGER_ON = "charger_on"
    CHARGER_OFF = "charger_off"
    LOW_BATTERY = "low_battery"
    SENSOR_FAULT = "sensor_fault"
    MARK = "mark"
    CUE_PLAYED = "cue_played"
    STREAM_STOPPED = "stream_stopped"


@dataclass(frozen=True, slots=True)
class DeviceNotice(DeviceEvent):
    """A button press, a low battery, a sensor fault ..."""

    kind: DeviceNoticeKind
    argument: int = 0


@dataclass(frozen=True, slots=True)
class BytesRejected(DeviceEvent):
    """Bytes that were no packet of this family: dropped and counted, never guessed at."""

    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class LinkChanged(DeviceEvent):
    """The link came up or went down."""

    up: bool
    reason: str = ""
