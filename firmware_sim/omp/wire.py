"""Packets: parameters in, responses and data packets out."""

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_sim.omp.tables import LAYOUT, Status, Tlv

RESPONSE: Final = 0xF0
_MORE: Final = 0x01
RESPONSE_HEADER_BYTES: Final = 5
SAMPLES_HEADER_BYTES: Final = 8

FLAG_BACKFILL: Final = 1 << 3
FLAG_LOST: Final = 1 << 4
FLAG_CLIPPED: Final = 1 << 5
FLAG_TIME_JUMP: Final = 1 << 6

BIT_STREAMING: Final = 1 << 0
BIT_CHARGING: Final = 1 << 1
BIT_OVERRUN: Final = 1 << 2
BIT_SENSOR_FAULT: Final = 1 << 3

_SAMPLES = struct.Struct("<BBHI")
_EVENT = struct.Struct("<BBBBIQ")
_TIME = struct.Struct("<BBQH")
_STATUS = struct.Struct("<BBQIHBB")


def tlv(kind: Tlv, *values: float | bytes) -> bytes:
    """One parameter, type and length in front; values as its layout in ``tables`` says."""
    if kind in LAYOUT:
        value = LAYOUT[kind].pack(*values)
    else:
        (free,) = values
        assert isinstance(free, bytes)
        value = free
    return bytes((kind, len(value))) + value


def split_tlvs(body: bytes) -> list[tuple[int, bytes]] | None:
    """Type and value of each parameter in order, or None if one is cut off."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(body):
        if at + 2 > len(body) or at + 2 + body[at + 1] > len(body):
            return None
        end = at + 2 + body[at + 1]
        found.append((body[at], body[at + 2 : end]))
        at = end
    return found


@dataclass(frozen=True, slots=True)
class Reply:
    """A response before it is cut into packets; ``tlvs`` are whole encoded parameters."""

    status: Status = Status.OK
    tlvs: tuple[bytes, ...] = ()


def response_packets(op: int, tid: int, reply: Reply, *, max_packet: int) -> list[bytes]:
    """The packets of one response, in order; a parameter is never split.

    Raises:
        ValueError: one parameter alone does not fit ``max_packet`` bytes.
    """
    room = max_packet - RESPONSE_HEADER_BYTES
    bodies: list[bytes] = [b""]
    for encoded in reply.tlvs:
        if len(encoded) > room:
            raise ValueError(f"parameter of {len(encoded)} bytes does not fit {max_packet}")
        if len(bodies[-1]) + len(encoded) > room:
            bodies.append(b"")
        bodies[-1] += encoded
    last = len(bodies) - 1
    return [
        bytes((RESPONSE, op, tid, reply.status, 0 if number == last else _MORE)) + body
        for number, body in enumerate(bodies)
    ]


def samples_packet(
    kind: int, values: NDArray[np.int16], *, first_index: int, t0_us: int, flags: int
) -> bytes:
    """Consecutive samples: ``values`` is int16 (n, columns of the format)."""
    header = _SAMPLES.pack(kind, flags, first_index & 0xFFFF, t0_us & 0xFFFFFFFF)
    return header + values.astype("<i2", copy=False).tobytes()


def event_packet(code: int, arg: int, *, latest_index: int, t_us: int) -> bytes:
    return _EVENT.pack(0x21, 0, code, arg, latest_index, t_us)


def time_packet(tid: int, *, t2_us: int, work_us: int) -> bytes:
    return _TIME.pack(0x31, tid, t2_us, min(work_us, 0xFFFF))


def status_packet(
    *, t_us: int, latest_index: int, battery_mv: int, battery_percent: int, bits: int
) -> bytes:
    return _STATUS.pack(0x32, 0, t_us, latest_index, battery_mv, battery_percent, bits)


def fits(kind_bytes: int, max_packet: int) -> int:
    """How many samples of ``kind_bytes`` one packet of at most ``max_packet`` bytes holds."""
    return max(0, (max_packet - SAMPLES_HEADER_BYTES) // kind_bytes)
