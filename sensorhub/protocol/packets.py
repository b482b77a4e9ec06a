"""What a device sends unasked: samples, events, clock readings, status."""

import enum
import struct
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sensorhub.model.often import made_often
from sensorhub.protocol.malformed import MalformedPacketError

NO_INDEX = 0xFFFFFFFF
"""Stands for "no sample yet" wherever a latest index is told."""

EVENT_MARK, TIME_MARK, STATUS_MARK = 0x21, 0x31, 0x32
SAMPLES_CLASS = 0x1

SAMPLES_HEADER = struct.Struct("<BBHI")
"""What a sample packet begins with: format, flags, sequence number, time; then the samples."""
_SAMPLES_SIZE = SAMPLES_HEADER.size
_EVENT = struct.Struct("<BBBBIQ")
_TIME = struct.Struct("<BBQH")
_STATUS = struct.Struct("<BBQIHBB")
RAW_VALUE = np.dtype("<i2")
"""How every value of a sample is sent."""


@dataclass(frozen=True, slots=True)
class SampleLayout:
    """One sample format: how many 16-bit values a sample has, and which of them are what."""

    name: str
    columns: int
    acc: bool = True
    gyr: bool = True


SAMPLE_LAYOUTS: dict[int, SampleLayout] = {
    0x11: SampleLayout("imu6", 6),
    0x12: SampleLayout("acc3", 3, gyr=False),
    0x13: SampleLayout("imu9", 9),
    0x14: SampleLayout("quaternion", 4, acc=False, gyr=False),
    0x15: SampleLayout("imu6+quaternion", 10),
}
"""By first byte. Acceleration comes first, then the rate, then what we do not use."""

IMU6 = 0x11


class SampleFlag(enum.IntFlag):
    """Second byte of a sample packet; the lowest three bits are the stream (always 0)."""

    STREAM = 0x07
    BACKFILL = 0x08
    LOST_BEFORE = 0x10  # samples before this packet are lost for good
    CLIPPED = 0x20
    TIME_STEPPED = 0x40  # t0 is over one period off what the last packet promised


@made_often
@dataclass(frozen=True, slots=True)
class SamplesPacket:
    """Class 1: ``format u8 | flags u8 | seq u16 | t0 u32 | n samples``.

    Attributes:
        kind: first byte, a key of SAMPLE_LAYOUTS.
        flags: see SampleFlag; plain int because there are hundreds a second.
        seq: low 16 bits of the index of the first sample.
        t0_us: low 32 bits of the device clock at the first sample.
        payload: the values as they came.
    """

    kind: int
    flags: int
    seq: int
    t0_us: int
    payload: bytes

    @classmethod
    def decode(cls, data: bytes) -> "SamplesPacket":
        """Raises MalformedPacketError on an unknown format or a length that does not fit."""
        layout = SAMPLE_LAYOUTS.get(data[0]) if data else None
        if layout is None:
            raise MalformedPacketError("unknown sample format")
        size = 2 * layout.columns
        values = len(data) - _SAMPLES_SIZE
        if values < size or values % size:
            raise MalformedPacketError("sample packet of wrong length")
        kind, flags, seq, t0_us = SAMPLES_HEADER.unpack_from(data)
        return cls(kind, flags, seq, t0_us, data[_SAMPLES_SIZE:])

    def encode(self) -> bytes:
        """Return the packet."""
        return SAMPLES_HEADER.pack(self.kind, self.flags, self.seq, self.t0_us) + self.payload

    @property
    def count(self) -> int:
        """Number of samples."""
        return len(self.payload) // (2 * SAMPLE_LAYOUTS[self.kind].columns)

    def values(self) -> NDArray[np.int16]:
        """Return the raw values, shape (count, columns), a view of the payload."""
        flat: NDArray[np.int16] = np.frombuffer(self.payload, RAW_VALUE)
        return flat.reshape(-1, SAMPLE_LAYOUTS[self.kind].columns)

    def by_sensor(self, sensors: int) -> NDArray[np.int16]:
        """Return raw acceleration and, with two ``sensors``, rate: (sensors, count, 3), a view.

        The strides do all of it: three values of a sensor, then those of the next, then the next
        sample.
        """
        size = 2 * SAMPLE_LAYOUTS[self.kind].columns
        count = len(self.payload) // size
        return np.ndarray((sensors, count, 3), RAW_VALUE, self.payload, 0, (6, size, 2))


class EventCode(enum.IntEnum):
    """What an event packet tells."""

    BUTTON = 1
    CLIP = 2
    RING_OVERRUN = 3
    CHARGER = 4
    LOW_BATTERY = 5
    SENSOR_FAULT = 6
    MARK = 7
    CUE_PLAYED = 8
    BACKFILL_ENDED = 10


@dataclass(frozen=True, slots=True)
class EventPacket:
    """Class 2: ``21 | flags | code u8 | arg u8 | latest index u32 | t u64``.

    ``code`` stays a plain number: a newer device may send codes we do not know.
    """

    code: int
    arg: int
    index: int
    t_us: int
    SIZE: ClassVar[int] = _EVENT.size

    @classmethod
    def decode(cls, data: bytes) -> "EventPacket":
        """Raises MalformedPacketError on another first byte or length."""
        _check(data, EVENT_MARK, _EVENT, "event")
        _, _, code, arg, index, t_us = _EVENT.unpack(data)
        return cls(code, arg, index, t_us)

    def encode(self) -> bytes:
        """Return the packet."""
        return _EVENT.pack(EVENT_MARK, 0, self.code, self.arg, self.index, self.t_us)


@dataclass(frozen=True, slots=True)
class TimePacket:
    """``31 | tid | t2 u64 | (t3 - t2) u16``: when a time request came, how long its answer took."""

    tid: int
    t2_us: int
    held_us: int
    SATURATED_US: ClassVar[int] = 0xFFFF

    @classmethod
    def decode(cls, data: bytes) -> "TimePacket":
        """Raises MalformedPacketError on another first byte or length."""
        _check(data, TIME_MARK, _TIME, "time")
        _, tid, t2_us, held_us = _TIME.unpack(data)
        return cls(tid, t2_us, held_us)

    def encode(self) -> bytes:
        """Return the packet."""
        return _TIME.pack(TIME_MARK, self.tid, self.t2_us, self.held_us)


class StatusBit(enum.IntFlag):
    """Last byte of a status packet."""

    STREAMING = 0x01
    CHARGING = 0x02
    RING_OVERRUN = 0x04
    SENSOR_FAULT = 0x08


@dataclass(frozen=True, slots=True)
class StatusPacket:
    """``32 | flags | t u64 | latest index u32 | battery mV u16 | percent u8 | bits u8``.

    ``battery_mv`` 0 and ``percent`` 255 mean "not known"; ``index`` NO_INDEX means "none yet".
    """

    t_us: int
    index: int
    battery_mv: int
    percent: int
    bits: int

    @classmethod
    def decode(cls, data: bytes) -> "StatusPacket":
        """Raises MalformedPacketError on another first byte or length."""
        _check(data, STATUS_MARK, _STATUS, "status")
        _, _, t_us, index, battery_mv, percent, bits = _STATUS.unpack(data)
        return cls(t_us, index, battery_mv, percent, bits)

    def encode(self) -> bytes:
        """Return the packet."""
        return _STATUS.pack(
            STATUS_MARK, 0, self.t_us, self.index, self.battery_mv, self.percent, self.bits
        )


def _check(data: bytes, mark: int, layout: struct.Struct, name: str) -> None:
    if len(data) != layout.size or data[0] != mark:
        raise MalformedPacketError(f"{name} packet of wrong length")
