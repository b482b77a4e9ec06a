"""Which way is up without a gyroscope: the accelerometer, averaged around each instant.

A limb that moves accelerates, and an accelerometer cannot tell that from gravity. What helps is
that accelerations average out over a movement while gravity stays: a raised-cosine average centred
on each tick, which delays nothing (the ticks are given out later instead, by half its width).
"""

import math

import numpy as np

from sensorhub.model.events import FloatArray
from sensorhub.motion.orientation import unit

HALF_WIDTH_S = 0.2
"""Passes movements slower than about 1.5 a second, removes heel strikes and tremor."""


class CentredInclination:
    """Streaming centred average of tick accelerations; shorter, still centred, at both ends.

    Args:
        half_width: ticks on either side that take part.
    """

    def __init__(self, *, half_width: int) -> None:
        self._half = half_width
        steps = range(half_width + 1)
        self._weights = [0.5 + 0.5 * math.cos(math.pi * k / (half_width + 1)) for k in steps]
        self._time_s = np.zeros(0)
        self._acc = np.zeros((0, 3))
        self._given = 0

    @classmethod
    def for_tick(cls, tick_s: float) -> "CentredInclination":
        """The average that suits a tick period."""
        return cls(half_width=max(1, round(HALF_WIDTH_S / tick_s)))

    def push(
        self, time_s: FloatArray, acc_mps2: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Times, accelerations (mps2) and up vectors of the ticks that can be given out now."""
        self._time_s = np.concatenate([self._time_s, time_s])
        self._acc = np.concatenate([self._acc, acc_mps2])
        return self._give(len(self._acc) - self._half)

    def flush(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The remaining ones."""
        return self._give(len(self._acc))

    def _give(self, stop: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        start, stop = self._given, max(stop, self._given)
        total, n = np.zeros((stop - start, 3)), len(self._acc)
        index = np.arange(start, stop)
        reach = np.minimum(np.minimum(index, n - 1 - index), self._half)
        for k, weight in enumerate(self._weights):
            inside = reach >= k
            at = index[inside]
            side = self._acc[at] if k == 0 else self._acc[at - k] + self._acc[at + k]
            total[inside] += weight * side
        out = self._time_s[start:stop], self._acc[start:stop], unit(total)
        self._given = stop
        self._forget()
        return out

    def _forget(self) -> None:
        """Drop ticks no later average needs; the first ones stay while the window still grows."""
        spare = self._given - 2 * self._half
        if spare > 0:
            self._time_s, self._acc = self._time_s[spare:], self._acc[spare:]
            self._given -= spare
