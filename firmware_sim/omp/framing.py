"""Serial framing: ``COBS(channel | packet | crc32) 00``, bounded and indifferent to garbage."""

import zlib
from dataclasses import dataclass
from typing import Final

MAX_PACKET_BYTES: Final = 512
MAX_FRAME_BYTES: Final = 520  # before the delimiter
_CRC_BYTES: Final = 4
_MIN_BODY_BYTES: Final = 1 + 1 + _CRC_BYTES
_MAX_BODY_BYTES: Final = 1 + MAX_PACKET_BYTES + _CRC_BYTES


@dataclass(frozen=True, slots=True)
class Frame:
    channel: int
    packet: bytes


def cobs_encode(data: bytes) -> bytes:
    """``data`` without zero bytes; nothing is added after a final full block of 254 bytes."""
    out = bytearray()
    groups = data.split(b"\0")
    for position, group in enumerate(groups):
        full, rest = divmod(len(group), 254)
        for block in range(full):
            out.append(0xFF)
            out += group[254 * block : 254 * block + 254]
        # A group that ends on a full block needs a code of its own only to stand for its zero.
        if rest or full == 0 or position < len(groups) - 1:
            out.append(rest + 1)
            out += group[254 * full :]
    return bytes(out)


def cobs_decode(data: bytes) -> bytes | None:
    """The inverse, or None if ``data`` is not COBS. A final 01 after a full block is accepted."""
    out = bytearray()
    at = 0
    while at < len(data):
        code = data[at]
        block = data[at + 1 : at + code]
        if code == 0 or len(block) != code - 1 or 0 in block:
            return None
        out += block
        at += code
        if code != 0xFF and at < len(data):
            out.append(0)
    return bytes(out)


def encode_frame(channel: int, packet: bytes) -> bytes:
    """One frame with its delimiter.

    Raises:
        ValueError: ``packet`` is empty or over 512 bytes, or ``channel`` is not 1..5.
    """
    if not 1 <= len(packet) <= MAX_PACKET_BYTES or not 1 <= channel <= 5:
        raise ValueError(f"no frame for {len(packet)} bytes on channel {channel}")
    body = bytes((channel,)) + packet
    return cobs_encode(body + zlib.crc32(body).to_bytes(_CRC_BYTES, "little")) + b"\0"


class FrameReader:
    """Splits a byte stream into frames; holds at most one frame's worth of bytes."""

    def __init__(self, channels: frozenset[int]) -> None:
        self._channels = channels
        self._partial = bytearray()
        self._skipping = False
        self.dropped = 0  # frames with bad COBS, CRC, length or channel, and overlong runs

    def push(self, data: bytes) -> list[Frame]:
        frames: list[Frame] = []
        pieces = data.split(b"\0")
        for piece in pieces[:-1]:
            self._extend(piece)
            if not self._skipping and self._partial:
                frame = self._decode(bytes(self._partial))
                if frame is None:
                    self.dropped += 1
                else:
                    frames.append(frame)
            self._partial.clear()
            self._skipping = False
        self._extend(pieces[-1])
        return frames

    def _extend(self, piece: bytes) -> None:
        if self._skipping:
            return
        if len(self._partial) + len(piece) > MAX_FRAME_BYTES:
            self._partial.clear()
            self._skipping = True
            self.dropped += 1
        else:
            self._partial += piece

    def _decode(self, encoded: bytes) -> Frame | None:
        body = cobs_decode(encoded)
        if body is None or not _MIN_BODY_BYTES <= len(body) <= _MAX_BODY_BYTES:
            return None
        content, crc = body[:-_CRC_BYTES], int.from_bytes(body[-_CRC_BYTES:], "little")
        if zlib.crc32(content) != crc or content[0] not in self._channels:
            return None
        return Frame(content[0], content[1:])
