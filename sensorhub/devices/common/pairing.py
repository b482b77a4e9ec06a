"""Acceleration and angular rate that come apart, brought together on the acceleration's clock.

The rate is taken on the straight line between its two neighbours in time, which are one period
apart; nothing is ever bridged over more. An acceleration for which that is not possible is left
out, and shows as a gap.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from sensorhub.model.events import FloatArray

_WIDEST_PERIODS = 1.6
_LONGEST_WAIT_S = 3.0
_MOST_WAITING = 8192


@dataclass(frozen=True, slots=True)
class Paired:
    """Consecutive samples of both; ``last_s`` is the device time of the last."""

    last_s: float
    acc_mps2: FloatArray
    gyr_radps: FloatArray


class Pairing:
    """Two tracks in, pairs out: causal, bounded, in order."""

    def __init__(self) -> None:
        self._acc: deque[tuple[float, FloatArray]] = deque(maxlen=_MOST_WAITING)
        self._gyr: deque[tuple[float, FloatArray]] = deque(maxlen=_MOST_WAITING)
        self._period_s = 0.0

    def clear(self) -> None:
        """Forget what waits."""
        self._acc.clear()
        self._gyr.clear()

    def add_acc(self, times_s: FloatArray, values: FloatArray, period_s: float) -> list[Paired]:
        """Take accelerations, times ascending."""
        self._period_s = period_s
        self._acc.extend(zip(times_s.tolist(), values, strict=True))
        return self._pairs()

    def add_gyr(self, times_s: FloatArray, values: FloatArray) -> list[Paired]:
        """Take angular rates, times ascending."""
        for time_s, value in zip(times_s.tolist(), values, strict=True):
            if self._gyr and time_s <= self._gyr[-1][0]:
                self._gyr.clear()  # its clock began anew
            self._gyr.append((time_s, value))
        return self._pairs()

    def _pairs(self) -> list[Paired]:
        pairs: list[Paired] = []
        run: list[tuple[float, FloatArray, FloatArray]] = []
        while self._acc:
            time_s, acc = self._acc[0]
            if not self._settle(time_s):
                break
            self._acc.popleft()
            gyr = self._between(time_s)
            if gyr is None or (run and time_s - run[-1][0] > _WIDEST_PERIODS * self._period_s):
                _close(run, pairs)
                run = []
            if gyr is not None:
                run.append((time_s, acc, gyr))
        _close(run, pairs)
        return pairs

    def _settle(self, time_s: float) -> bool:
        """True once the rate's neighbours of this instant are known, or will never be."""
        while len(self._gyr) > 1 and self._gyr[1][0] < time_s:
            self._gyr.popleft()
        if self._gyr and self._gyr[-1][0] >= time_s:
            return True
        return self._acc[-1][0] - time_s > _LONGEST_WAIT_S or self._acc[-1][0] < time_s

    def _between(self, time_s: float) -> FloatArray | None:
        if not self._gyr:
            return None
        before_s, before = self._gyr[0]
        if before_s == time_s:
            return before
        if before_s > time_s or len(self._gyr) < 2:
            return None
        after_s, after = self._gyr[1]
        if after_s < time_s or after_s - before_s > _WIDEST_PERIODS * self._period_s:
            return None
        share = (time_s - before_s) / (after_s - before_s)
        paired: FloatArray = before + share * (after - before)
        return paired


def _close(run: list[tuple[float, FloatArray, FloatArray]], pairs: list[Paired]) -> None:
    if run:
        acc = np.array([one[1] for one in run])
        pairs.append(Paired(run[-1][0], acc, np.array([one[2] for one in run])))
