"""Type-length-value settings of the control point, as one table.

A :class:`TlvType` is a row: its number, its name, and how its value looks.
``RATE_MHZ.item(100_000)`` makes an item to send, ``tlvs.get(RATE_MHZ)`` reads it back, typed.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from sensorhub.protocol.malformed import MalformedPacketError

T = TypeVar("T")
Item = tuple[int, bytes]

FIRST_CRITICAL = 0x80
"""Types from here on may not be ignored by who does not know them."""


@dataclass(frozen=True, slots=True)
class TlvType(Generic[T]):
    """One row of the table. ``unpack`` raises :class:`MalformedPacketError` on a wrong length."""

    number: int
    name: str
    unpack: Callable[[bytes], T]
    pack: Callable[[T], bytes]

    def item(self, value: T) -> Item:
        """Return type and encoded value, ready for :class:`Tlvs`."""
        return self.number, self.pack(value)


@dataclass(frozen=True, slots=True)
class Tlvs:
    """The settings of one request or response, in the order they travelled."""

    items: tuple[Item, ...] = ()

    @classmethod
    def decode(cls, data: bytes) -> "Tlvs":
        """Read all items.

        Raises:
            MalformedPacketError: an item is cut off, a known one has a wrong length or comes twice.
        """
        items: list[Item] = []
        seen: set[int] = set()
        at = 0
        while at < len(data):
            if at + 2 > len(data) or at + 2 + data[at + 1] > len(data):
                raise MalformedPacketError("setting cut off")
            number, end = data[at], at + 2 + data[at + 1]
            value = data[at + 2 : end]
            known = TLV_TYPES.get(number)
            if known is not None:
                if number in seen:
                    raise MalformedPacketError(f"setting {known.name} twice")
                seen.add(number)
                known.unpack(value)
            items.append((number, value))
            at = end
        return cls(tuple(items))

    def encode(self) -> bytes:
        """Return the bytes of all items."""
        return b"".join(bytes((number, len(value))) + value for number, value in self.items)

    def get(self, kind: TlvType[T]) -> T | None:
        """Return the value of the first item of this kind, None where there is none."""
        for number, value in self.items:
            if number == kind.number:
                return kind.unpack(value)
        return None

    def need(self, kind: TlvType[T]) -> T:
        """Return the value of an item that must be there; MalformedPacketError where it is not."""
        value = self.get(kind)
        if value is None:
            raise MalformedPacketError(f"setting {kind.name} missing")
        return value

    @property
    def unknown_critical(self) -> int | None:
        """The number of an item that must be understood and is not."""
        for number, _ in self.items:
            if number >= FIRST_CRITICAL and number not in TLV_TYPES:
                return number
        return None


NO_TLVS = Tlvs()


class Version(NamedTuple):
    """Protocol version; another major one cannot be talked to."""

    major: int
    minor: int


class IndexSpan(NamedTuple):
    """``length`` samples from index ``first``: what a back-fill request asks for."""

    first: int
    length: int


class IndexRange(NamedTuple):
    """Samples ``first`` to ``last``, both included: what a device grants."""

    first: int
    last: int


class CuePattern(NamedTuple):
    """Colour and vibration (percent) for ``on_ms``, then nothing for ``off_ms``, so many times."""

    red: int
    green: int
    blue: int
    haptic: int
    on_ms: int
    off_ms: int
    repeats: int


def _scalar(number: int, name: str, layout: str) -> TlvType[int]:
    form = struct.Struct("<" + layout)

    def unpack(value: bytes) -> int:
        return int(_sized(form, name, value)[0])

    return TlvType(number, name, unpack, form.pack)


def _float(number: int, name: str) -> TlvType[float]:
    form = struct.Struct("<f")

    def unpack(value: bytes) -> float:
        return float(_sized(form, name, value)[0])

    return TlvType(number, name, unpack, form.pack)


def _tuple(number: int, name: str, layout: str, make: Callable[..., T]) -> TlvType[T]:
    form = struct.Struct("<" + layout)

    def unpack(value: bytes) -> T:
        return make(*_sized(form, name, value))

    def pack(value: T) -> bytes:
        return form.pack(*value)  # type: ignore[misc]  # every ``make`` here is a NamedTuple

    return TlvType(number, name, unpack, pack)


def _bytes(number: int, name: str, *, least: int, most: int) -> TlvType[bytes]:
    def check(value: bytes) -> bytes:
        if not least <= len(value) <= most:
            raise MalformedPacketError(f"setting {name} has a wrong length")
        return value

    return TlvType(number, name, check, check)


def _first_byte(number: int, name: str) -> TlvType[int]:
    """A byte today, perhaps longer one day: readers use the first."""

    def unpack(value: bytes) -> int:
        if not value:
            raise MalformedPacketError(f"setting {name} has a wrong length")
        return value[0]

    return TlvType(number, name, unpack, struct.Struct("<B").pack)


def _sized(form: struct.Struct, name: str, value: bytes) -> tuple[Any, ...]:
    if len(value) != form.size:
        raise MalformedPacketError(f"setting {name} has a wrong length")
    return form.unpack(value)


VERSION = _tuple(0x01, "version", "BB", Version)
DEVICE_ID = _bytes(0x02, "device id", least=8, most=8)
BOOT = _scalar(0x03, "boot id", "I")
ATT_MTU = _scalar(0x04, "ATT MTU", "H")
RUNNING_SESSION = _scalar(0x05, "running session", "I")
CAPS_HASH = _scalar(0x06, "capabilities hash", "I")
CAPS_OFFSET = _scalar(0x07, "capabilities offset", "H")
CAPS_BYTES = _bytes(0x08, "capabilities bytes", least=0, most=255)
CAPS_TOTAL = _scalar(0x09, "capabilities length", "H")
STREAM = _scalar(0x10, "stream", "B")
RATE_MHZ = _scalar(0x11, "rate", "I")  # millihertz
ACC_RANGE_G = _scalar(0x12, "accelerometer range", "H")
GYR_RANGE_DPS = _scalar(0x13, "gyroscope range", "H")
BATCH_MAX = _scalar(0x14, "most samples a packet", "B")
MAX_LATENCY_MS = _scalar(0x15, "greatest latency", "H")
FORMAT = _first_byte(0x16, "format")
PERIOD_NS = _scalar(0x20, "period", "I")
ACC_SCALE_G = _float(0x21, "accelerometer scale")
GYR_SCALE_DPS = _float(0x22, "gyroscope scale")
FIRST_INDEX = _scalar(0x23, "first index", "I")
SESSION = _scalar(0x24, "session", "I")
FIRST_US = _scalar(0x25, "time of the first sample", "Q")
MAG_SCALE_UT = _float(0x26, "magnetometer scale")
SPAN = _tuple(0x30, "span", "II", IndexSpan)
LATEST_INDEX = _scalar(0x31, "latest index", "I")
GRANTED = _tuple(0x32, "granted range", "II", IndexRange)
CUE = _tuple(0x40, "cue", "BBBBHHB", CuePattern)
CUE_AT_US = _scalar(0x41, "cue time", "Q")
CUE_START_US = _scalar(0x42, "cue start", "Q")
UTC_US = _scalar(0x50, "UTC", "Q")
UTC_MINUS_DEVICE_US = _scalar(0x51, "UTC minus device clock", "q")
NAME = _bytes(0x52, "name", least=0, most=13)
LABEL = _scalar(0x53, "label", "H")
MARK_INDEX = _scalar(0x54, "index of the mark", "I")
MARK_US = _scalar(0x55, "time of the mark", "Q")

TLV_TYPES: dict[int, TlvType[Any]] = {
    kind.number: kind for kind in tuple(globals().values()) if isinstance(kind, TlvType)
}
"""Every type of version 1.0 by its number."""
