"""Polar's measurement data: frames, settings and answers, from bytes to values.

From Polar's public SDK (``online_measurement.pdf`` and the client's own description). A frame
carries the time of its *last* sample. Compressed frames begin with a reference sample; blocks of
signed differences follow, packed bit by bit, lowest bit first.
"""

import enum
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from sensorhub.model.events import FloatArray
from sensorhub.protocol.malformed import MalformedPacketError

_HEAD: Final = struct.Struct("<BQB")
_AXES = 3
_DEEPEST_BITS = 32
_MOST_SAMPLES = 4096


class Kind(enum.IntEnum):
    """What is measured."""

    ACC = 2
    GYRO = 5
    SDK_MODE = 9


class Op(enum.IntEnum):
    """What can be asked at the control point."""

    GET_SETTINGS = 1
    START = 2
    STOP = 3


class Setting(enum.IntEnum):
    """What a stream can be set to."""

    RATE_HZ = 0
    RESOLUTION_BITS = 1
    RANGE = 2
    RANGE_MILLI = 3
    CHANNELS = 4
    FACTOR = 5
    SECURITY = 6


_SETTING_BYTES: Final[Mapping[Setting, int]] = {
    Setting.RATE_HZ: 2,
    Setting.RESOLUTION_BITS: 2,
    Setting.RANGE: 2,
    Setting.RANGE_MILLI: 4,
    Setting.CHANNELS: 1,
    Setting.FACTOR: 4,
    Setting.SECURITY: 16,
}

Settings = Mapping[Setting, tuple[int, ...]]
"""Choices by setting; a factor's value is the bits of its 32-bit float."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One data notification.

    Attributes:
        kind: the measurement's number, see :class:`Kind`.
        last_ns: device clock at the last sample, nanoseconds since 2000-01-01.
        values: shape (n, 3): thousandths of g, or degrees per second. May hold what is no number.
    """

    kind: int
    last_ns: int
    values: FloatArray


@dataclass(frozen=True, slots=True)
class Answer:
    """The control point's answer. ``more``: the parameters do not end here."""

    op: int
    kind: int
    status: int
    more: bool = False
    parameters: bytes = b""


def kind_of(data: bytes) -> int:
    """Return which measurement a data notification is of, in its lower six bits."""
    return data[0] & 0x3F if data else 0


def read_frame(data: bytes, *, factor: float = 1.0) -> Frame:
    """Decode a data notification.

    Args:
        factor: what the answer to the start request said, for compressed frames.

    Raises:
        MalformedPacketError: it is none, or one of a measurement that is not motion.
    """
    if len(data) < _HEAD.size:
        raise MalformedPacketError("too short for a frame")
    _, last_ns, layout = _HEAD.unpack_from(data)
    kind, content = kind_of(data), data[_HEAD.size :]
    match kind, layout:
        case Kind.ACC, 0x00:
            values = _raw(content, 1)
        case Kind.ACC, 0x01:
            values = _raw(content, 2)
        case Kind.ACC, 0x02:
            values = _raw(content, 3)
        case Kind.ACC, 0x80:  # in g
            values = np.array(_deltas(content, 2), dtype=float) * (1000.0 * factor)
        case Kind.ACC, 0x81:
            values = np.array(_deltas(content, 2), dtype=float) * factor
        case Kind.GYRO, 0x80:
            values = np.array(_deltas(content, 2), dtype=float) * factor
        case Kind.GYRO, 0x81:
            values = _floats(_deltas(content, 4)) * factor
        case _:
            raise MalformedPacketError("a frame of a kind that is not motion")
    return Frame(kind, last_ns, values)


def read_answer(data: bytes) -> Answer:
    """Decode what the control point indicates. Raises MalformedPacketError."""
    if len(data) < 4 or data[0] != 0xF0:
        raise MalformedPacketError("no answer")
    more = len(data) > 4 and data[4] != 0
    return Answer(data[1], data[2], data[3], more, data[5:])


def read_settings(data: bytes) -> Settings:
    """Decode the choices a sensor has, or its word at the start.

    A lone byte is kept for other uses: an H10 ends its answer to the start so. Newer settings, with
    higher numbers and lengths of their own, come after those of motion and are left out.

    Raises:
        MalformedPacketError: a setting is cut off.
    """
    settings: dict[Setting, tuple[int, ...]] = {}
    at = 0
    while len(data) > 1 and at < len(data) and data[at] in tuple(Setting):
        if len(data) - at < 2:
            raise MalformedPacketError("a setting cut off")
        setting, count = Setting(data[at]), data[at + 1]
        size = _SETTING_BYTES[setting]
        at += 2
        if len(data) - at < size * count:
            raise MalformedPacketError("a setting cut off")
        pieces = (data[at + k * size : at + (k + 1) * size] for k in range(count))
        settings[setting] = tuple(int.from_bytes(piece, "little") for piece in pieces)
        at += size * count
    return settings


def write_settings(chosen: Mapping[Setting, int]) -> bytes:
    """Encode one choice for each setting."""
    return b"".join(
        bytes((setting, 1)) + value.to_bytes(_SETTING_BYTES[setting], "little")
        for setting, value in chosen.items()
    )


def factor_of(settings: Settings) -> float:
    """Return the factor that a start answer tells; 1 where it tells none that can be."""
    bits = settings.get(Setting.FACTOR, ())
    value = struct.unpack("<f", bits[0].to_bytes(4, "little"))[0] if bits else 1.0
    return value if math.isfinite(value) and value > 0.0 else 1.0


def _raw(content: bytes, size: int) -> FloatArray:
    if not content or len(content) % (_AXES * size):
        raise MalformedPacketError("samples cut off")
    cuts = range(0, len(content), size)
    values = [int.from_bytes(content[k : k + size], "little", signed=True) for k in cuts]
    return np.array(values, dtype=float).reshape(-1, _AXES)


def _deltas(content: bytes, size: int) -> list[tuple[int, ...]]:
    """Samples of a compressed frame, ``size`` bytes a value in the reference."""
    head = _AXES * size
    if len(content) < head:
        raise MalformedPacketError("no reference sample")
    sample = tuple(
        int.from_bytes(content[k : k + size], "little", signed=True) for k in range(0, head, size)
    )
    samples = [sample]
    at = head
    while at < len(content):
        if len(content) - at < 2:
            raise MalformedPacketError("a block cut off")
        bits, count = content[at], content[at + 1]
        length = -(-bits * count * _AXES // 8)
        block = content[at + 2 : at + 2 + length]
        if bits > _DEEPEST_BITS or len(block) < length or len(samples) > _MOST_SAMPLES:
            raise MalformedPacketError("a block cut off")
        at += 2 + length
        differences = _signed(block, bits, count * _AXES)
        for _ in range(count):
            sample = tuple(value + next(differences) for value in sample)
            samples.append(sample)
    return samples


def _signed(block: bytes, bits: int, count: int) -> Iterator[int]:
    packed = int.from_bytes(block, "little")
    for k in range(count):
        value = (packed >> (k * bits)) & ((1 << bits) - 1)
        yield value - (1 << bits) if bits and value >> (bits - 1) else value


def _floats(samples: list[tuple[int, ...]]) -> FloatArray:
    """The values are the bits of 32-bit floats; so were the differences."""
    bits = np.array([[value & 0xFFFFFFFF for value in one] for one in samples], dtype=np.uint32)
    with np.errstate(invalid="ignore"):  # any bits may come, signalling nan among them
        return bits.view(np.float32).astype(float)
