"""The control point: what the host asks, what the device answers."""

import enum
from dataclasses import dataclass
from typing import Any

from sensorhub.protocol import tlv
from sensorhub.protocol.malformed import MalformedPacketError, RejectedBytes
from sensorhub.protocol.tlv import NO_TLVS, Tlvs, TlvType, Version

VERSION_SPOKEN = Version(1, 0)
RESPONSE_MARK = 0xF0
_RESPONSE_HEADER = 5
_FLAG_MORE = 0x01


class Op(enum.IntEnum):
    """What can be asked."""

    HELLO = 0x01
    GET_CAPS = 0x02
    GET_CONFIG = 0x03
    SET_CONFIG = 0x04
    START = 0x05
    STOP = 0x06
    STATUS = 0x07
    TIME_SYNC = 0x08
    SET_WALLCLOCK = 0x09
    BACKFILL = 0x0A
    BACKFILL_CANCEL = 0x0B
    CUE = 0x0C
    IDENTIFY = 0x0D
    NAME = 0x0E
    SLEEP = 0x0F
    RESET = 0x10
    MARK = 0x11
    CAL = 0x12
    VENDOR = 0x7F


class Status(enum.IntEnum):
    """How an answer turned out. Other than OK: nothing was changed or started."""

    OK = 0
    UNKNOWN_OP = 1
    BAD_LENGTH = 2
    BAD_PARAMETER = 3
    UNSUPPORTED = 4
    WRONG_STATE = 5
    ALREADY = 6
    BUSY = 7
    NO_MEMORY = 8
    RANGE = 9
    RATE = 10
    MTU_TOO_SMALL = 11
    EVICTED = 12
    LOW_BATTERY = 13
    SENSOR_FAULT = 14
    VERSION = 15
    INTERNAL = 255

    @classmethod
    def _missing_(cls, value: object) -> "Status | None":
        # Reserved codes are read as "internal": a newer device may know more reasons than we do.
        return cls.INTERNAL if isinstance(value, int) and 0 <= value <= 255 else None


GRANTED_TLVS: dict[Op, tuple[TlvType[Any], ...]] = {
    Op.HELLO: (tlv.VERSION, tlv.DEVICE_ID, tlv.BOOT),
    Op.GET_CAPS: (tlv.CAPS_TOTAL, tlv.CAPS_BYTES),
    Op.START: (tlv.PERIOD_NS, tlv.FIRST_INDEX, tlv.SESSION),
    Op.STOP: (tlv.LATEST_INDEX,),
    Op.BACKFILL: (tlv.GRANTED,),
}
"""What an answer with status OK must carry for the host to use it."""


@dataclass(frozen=True, slots=True)
class Request:
    """``op u8 | tid u8 | settings``. Never longer than one packet."""

    op: int
    tid: int
    tlvs: Tlvs = NO_TLVS

    @classmethod
    def decode(cls, data: bytes) -> "Request":
        """Raises MalformedPacketError on fewer than two bytes or broken settings."""
        if len(data) < 2:
            raise MalformedPacketError("request too short")
        return cls(data[0], data[1], Tlvs.decode(data[2:]))

    def encode(self) -> bytes:
        """Return the packet."""
        return bytes((self.op, self.tid)) + self.tlvs.encode()


@dataclass(frozen=True, slots=True)
class Response:
    """``F0 | op | tid | status u8 | flags u8 | settings``; ``more``: another part follows."""

    op: int
    tid: int
    status: Status
    tlvs: Tlvs = NO_TLVS
    more: bool = False

    @classmethod
    def decode(cls, data: bytes) -> "Response":
        """Raises MalformedPacketError on what is no response."""
        if len(data) < _RESPONSE_HEADER or data[0] != RESPONSE_MARK:
            raise MalformedPacketError("no response")
        _, op, tid, status, flags = data[:_RESPONSE_HEADER]
        tlvs = Tlvs.decode(data[_RESPONSE_HEADER:])
        return cls(op, tid, Status(status), tlvs, bool(flags & _FLAG_MORE))

    def encode(self) -> bytes:
        """Return the packet (whole: cutting it to the link's size is the sender's business)."""
        flags = _FLAG_MORE if self.more else 0
        return bytes((RESPONSE_MARK, self.op, self.tid, self.status, flags)) + self.tlvs.encode()


def check_complete(response: Response) -> None:
    """Raise MalformedPacketError where an answer lacks what the table says, or says too much.

    Too much: a setting that must be understood and is not; such an answer counts as failed.
    """
    if response.tlvs.unknown_critical is not None:
        raise MalformedPacketError("critical setting not understood")
    if response.status is Status.OK and response.op in GRANTED_TLVS:
        for kind in GRANTED_TLVS[Op(response.op)]:
            response.tlvs.need(kind)


class ResponseJoiner:
    """Puts an answer that came in several packets together again; holds at most 4 KiB."""

    MAX_BYTES = 4096

    def __init__(self) -> None:
        self._parts: list[Response] = []
        self._bytes = 0

    def push(self, part: Response) -> list[Response | RejectedBytes]:
        """Take the next packet; return the whole answer when it was the last, and what was dropped.

        Parts of an answer that another answer interrupts, that never ends, or in which a setting
        comes twice, are dropped and counted.
        """
        done: list[Response | RejectedBytes] = []
        if self._parts and not _same_answer(self._parts[0], part):
            done.append(RejectedBytes(self.reset(), "response interrupted"))
        self._parts.append(part)
        self._bytes += len(part.encode())
        if self._bytes > self.MAX_BYTES:
            done.append(RejectedBytes(self.reset(), "response does not end"))
        elif not part.more:
            done.append(self._join())
        return done

    def reset(self) -> int:
        """Drop what is held (the link is gone); return how many bytes that were."""
        dropped = self._bytes
        self._parts = []
        self._bytes = 0
        return dropped

    def _join(self) -> Response | RejectedBytes:
        parts = self._parts
        dropped = self.reset()
        last = parts[-1]
        if len(parts) == 1:
            return last
        items = b"".join(one.tlvs.encode() for one in parts)
        try:
            return Response(last.op, last.tid, last.status, Tlvs.decode(items))
        except MalformedPacketError as error:
            return RejectedBytes(dropped, str(error))


def _same_answer(one: Response, other: Response) -> bool:
    return (one.op, one.tid, one.status) == (other.op, other.tid, other.status)
