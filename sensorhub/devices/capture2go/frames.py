"""Capture2Go's framing: ``02 | CRC-32 u32 | length u8 | header u16 | payload``."""

import struct
import zlib
from typing import Final

START_BYTE: Final = 0x02
MOST_PAYLOAD: Final = 236
_FRAME: Final = struct.Struct("<BIBH")
FRAME_HEAD: Final = _FRAME.size
"""Bytes of a frame before its payload."""

_CHECKED_FROM: Final = 6  # the checksum is over header and payload


def frame(header: int, payload: bytes = b"") -> bytes:
    """Return one framed package."""
    checked = struct.pack("<H", header) + payload
    return struct.pack("<BIB", START_BYTE, zlib.crc32(checked), len(payload)) + checked


class FrameCutter:
    """A byte stream to packages. What is none is dropped byte by byte, and counted."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def reset(self) -> int:
        """Forget what is half received; returns how many bytes that were."""
        cut = len(self._buffer)
        self._buffer.clear()
        return cut

    def push(self, data: bytes) -> list[tuple[int, bytes] | int]:
        """Return packages (header, payload) and runs of rejected bytes (their number), in order."""
        self._buffer += data
        found: list[tuple[int, bytes] | int] = []
        at = rejected = 0
        while len(self._buffer) - at >= FRAME_HEAD:
            start, checksum, length, header = _FRAME.unpack_from(self._buffer, at)
            end = at + FRAME_HEAD + length
            plausible = start == START_BYTE and length <= MOST_PAYLOAD
            if plausible and end > len(self._buffer):
                break
            if not plausible or zlib.crc32(self._buffer[at + _CHECKED_FROM : end]) != checksum:
                at += 1
                rejected += 1
                continue
            if rejected:
                found.append(rejected)
                rejected = 0
            found.append((header, bytes(self._buffer[at + FRAME_HEAD : end])))
            at = end
        if rejected:
            found.append(rejected)
        del self._buffer[:at]
        return found


def whole_frame(data: bytes, at: int) -> tuple[int, bytes] | None:
    """Return header and payload of the frame at ``at``, None where there is no whole one."""
    if len(data) < at + FRAME_HEAD:
        return None
    start, checksum, length, header = _FRAME.unpack_from(data, at)
    end = at + FRAME_HEAD + length
    whole = start == START_BYTE and length <= MOST_PAYLOAD and end <= len(data)
    if not whole or zlib.crc32(data[at + _CHECKED_FROM : end]) != checksum:
        return None
    return header, data[at + FRAME_HEAD : end]
