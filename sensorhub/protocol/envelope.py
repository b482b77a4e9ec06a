"""How a packet travels on a serial line: ``COBS(channel | packet | CRC-32) 00``.

Bytes in, values out, and no I/O: any split of the bytes gives the same values.
"""

import enum
import zlib
from dataclasses import dataclass

from cobs import cobs

from sensorhub.protocol.malformed import RejectedBytes

MAX_PACKET = 512
MAX_ENVELOPE = 520  # bytes before the delimiter: 1 + 512 + 4, and one COBS code byte per 254
DELIMITER = b"\x00"
_CRC_BYTES = 4


class Channel(enum.IntEnum):
    """The first byte of every envelope."""

    CONTROL = 1
    DATA = 2
    BULK = 3
    LOG = 4
    SMP = 5


@dataclass(frozen=True, slots=True)
class Enveloped:
    """One packet and the channel it came on."""

    channel: Channel
    packet: bytes


def wrap(channel: Channel, packet: bytes) -> bytes:
    """Return the envelope of ``packet`` with its delimiter.

    Raises:
        ValueError: the packet is not 1 to 512 bytes long.
    """
    if not 1 <= len(packet) <= MAX_PACKET:
        raise ValueError(f"a packet is 1 to {MAX_PACKET} bytes long, this one is {len(packet)}")
    body = bytes((channel,)) + packet
    body += zlib.crc32(body).to_bytes(_CRC_BYTES, "little")
    return bytes(cobs.encode(body)) + DELIMITER


class EnvelopeReader:
    """Cuts a byte stream into packets. Holds at most 520 bytes, whatever it is fed."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._overlong = 0  # bytes already thrown away of a run that does not end

    def push(self, data: bytes) -> list[Enveloped | RejectedBytes]:
        """Take the next bytes, in pieces of any size; return what they completed, in order."""
        *complete, rest = data.split(DELIMITER)
        found: list[Enveloped | RejectedBytes] = []
        for piece in complete:
            if self._overlong or self._buffer or len(piece) > MAX_ENVELOPE:
                self._keep(piece)
                found.append(self._close())
            elif piece:
                found.append(_open(piece))
        if rest:
            self._keep(rest)
        return found

    def reset(self) -> int:
        """Forget an unfinished envelope (the link is gone); return how many bytes that drops."""
        dropped = self._overlong or len(self._buffer)
        self._buffer.clear()
        self._overlong = 0
        return dropped

    def _keep(self, piece: bytes) -> None:
        if self._overlong:
            self._overlong += len(piece)
        elif len(self._buffer) + len(piece) > MAX_ENVELOPE:
            self._overlong = len(self._buffer) + len(piece)
            self._buffer.clear()
        else:
            self._buffer += piece

    def _close(self) -> Enveloped | RejectedBytes:
        if self._overlong:
            return RejectedBytes(self.reset(), "no end within 520 bytes")
        raw = bytes(self._buffer)
        self._buffer.clear()
        return _open(raw)


_CHANNELS = {int(channel): channel for channel in Channel}


def _open(raw: bytes) -> Enveloped | RejectedBytes:
    try:
        body = bytes(cobs.decode(raw))
    except cobs.DecodeError:
        return RejectedBytes(len(raw), "bad COBS")
    if not 1 + 1 + _CRC_BYTES <= len(body) <= 1 + MAX_PACKET + _CRC_BYTES:
        return RejectedBytes(len(raw), "bad length")
    if zlib.crc32(body[:-_CRC_BYTES]) != int.from_bytes(body[-_CRC_BYTES:], "little"):
        return RejectedBytes(len(raw), "bad CRC")
    channel = _CHANNELS.get(body[0])
    if channel is None:
        return RejectedBytes(len(raw), "unknown channel")
    return Enveloped(channel, body[1:-_CRC_BYTES])
