"""The byte stream of WitMotion's Bluetooth sensors, cut into frames of 20 bytes without checksum.

A frame counts when another one begins where it ends: what a lost notification cut in two does not.
Once that fails, headers are looked for 20 bytes apart, at all twenty phases at once, and the stream
is taken up again at a phase that has three of them in a row while no other has two. A value that
happens to look like a header can stay the same for seconds while nobody moves; so where two phases
fit, more is waited for, and where forty frames do not part them, the one is taken in which the
sensor weighs about what it weighs.
"""

import math
import struct

FRAME_BYTES = 20
IMU, REGISTERS = 0x61, 0x71
_MOST_AMBIGUOUS = 40
_RUN = 3
_G_PER_LSB = 16.0 / 32768.0


class FrameCutter:
    """Bytes in, frames out; what is neither is counted in ``rejected``."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._in_step = True
        self._rejected = 0
        self._seen = 0  # up to here headers were looked for
        self._runs = [0] * FRAME_BYTES  # by place modulo 20: headers in a row

    def push(self, data: bytes) -> list[bytes]:
        """Return the frames that are certain now."""
        self._rest += data
        frames: list[bytes] = []
        while self._in_step or self._find_step():
            if len(self._rest) < FRAME_BYTES + 2:
                break
            if _header(self._rest, 0) and _header(self._rest, FRAME_BYTES):
                frames.append(bytes(self._rest[:FRAME_BYTES]))
                del self._rest[:FRAME_BYTES]
            else:
                self._search()
        return frames

    def end(self) -> list[bytes]:
        """The stream ends: return what frames there are left."""
        frames: list[bytes] = []
        if not self._in_step and max(self._runs) > 1:
            self._take_step([k for k in range(FRAME_BYTES) if self._runs[k] == max(self._runs)])
        while self._in_step and len(self._rest) >= FRAME_BYTES and _header(self._rest, 0):
            frames.append(bytes(self._rest[:FRAME_BYTES]))
            del self._rest[:FRAME_BYTES]
        self._rejected += len(self._rest)
        self._rest.clear()
        self._in_step = True
        return frames

    def take_rejected(self) -> int:
        """Return how many bytes were dropped since this was asked last."""
        rejected, self._rejected = self._rejected, 0
        return rejected

    def _search(self) -> None:
        self._in_step = False
        self._seen = 0
        self._runs = [0] * FRAME_BYTES

    def _find_step(self) -> bool:
        """Look for headers in what is new; True when the next frame is found."""
        while self._seen < len(self._rest) - 1:
            here = self._seen % FRAME_BYTES
            found = _header(self._rest, self._seen)
            self._runs[here] = self._runs[here] + 1 if found else 0
            self._seen += 1
            run = self._runs[here]
            if run < _RUN:
                continue
            fitting = [k for k in range(FRAME_BYTES) if self._runs[k] >= run - 1]
            if len(fitting) == 1 or run >= _MOST_AMBIGUOUS:
                self._take_step(fitting)
                return True
        self._forget()
        return False

    def _forget(self) -> None:
        """Drop what cannot become part of a frame any more, in whole rounds of the phases."""
        starts = [self._start(k) for k in range(FRAME_BYTES) if self._runs[k]]
        drop = min(starts, default=self._seen) // FRAME_BYTES * FRAME_BYTES
        self._drop(drop)
        self._seen -= drop

    def _take_step(self, phases: list[int]) -> None:
        self._drop(self._start(min(phases, key=self._oddness)))
        self._in_step = True

    def _drop(self, count: int) -> None:
        del self._rest[:count]
        self._rejected += count

    def _start(self, phase: int) -> int:
        """Where the run of headers at this phase begins."""
        newest = self._seen - 1 - (self._seen - 1 - phase) % FRAME_BYTES
        return newest - (self._runs[phase] - 1) * FRAME_BYTES

    def _oddness(self, phase: int) -> float:
        """How far the typical acceleration of the frames at this phase is from one g."""
        weights = sorted(
            math.hypot(*struct.unpack_from("<3h", self._rest, at + 2)) * _G_PER_LSB
            for at in range(self._start(phase), self._seen - FRAME_BYTES, FRAME_BYTES)
        )
        return abs(weights[len(weights) // 2] - 1.0) if weights else math.inf


def _header(data: bytearray, at: int) -> bool:
    return len(data) > at + 1 and data[at] == 0x55 and data[at + 1] in (IMU, REGISTERS)
