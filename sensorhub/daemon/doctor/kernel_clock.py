"""What the kernel says of its own clock: the same for every program that may keep it."""

import ctypes
import struct

_TIMEX = struct.Struct("@Illlli")
"""The beginning of ``struct timex``: modes, offset, freq, maxerror, esterror, status."""

_LARGEST_TIMEX = 512
_UNSYNCHRONISED = 0x40  # STA_UNSYNC


def clock_synchronised() -> bool | None:
    """Whether somebody keeps the wall clock (adjtimex(2), reading only); None: not told."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return None
    timex = ctypes.create_string_buffer(_LARGEST_TIMEX)  # modes 0: nothing is changed
    if adjtimex(timex) < 0:
        return None
    return not _TIMEX.unpack_from(timex)[-1] & _UNSYNCHRONISED
