"""Turning points of a signal: the one idea all counting here rests on.

A valley is a valley once the signal has risen above it by the height, a peak a peak once the
signal has fallen below it by as much. There is no baseline that could drift away.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sensorhub.model.events import FloatArray
from sensorhub.model.often import made_often


@made_often
@dataclass(frozen=True, slots=True)
class TurningPoint:
    """A confirmed extreme: ``index`` of the sample, its ``value``, and whether it is a peak."""

    index: int
    value: float
    is_peak: bool


class ZigZag:
    """Causal search for turning points, one value at a time.

    Args:
        height: how far the signal must come back before an extreme counts as one; may be changed
            between values.
    """

    def __init__(self, height: float) -> None:
        self.height = height
        self._index = -1
        self._low = self._high = 0.0
        self._low_at = self._high_at = 0
        self._rising: bool | None = None

    def push(self, value: float) -> TurningPoint | None:
        """The turning point this value confirms, if it does."""
        self._index += 1
        index = self._index
        if index == 0:
            self._low = self._high = value
            return None
        if value > self._high:
            self._high, self._high_at = value, index
        elif value < self._low:
            self._low, self._low_at = value, index
        if self._rising is not True and value - self._low >= self.height:
            found = TurningPoint(self._low_at, self._low, is_peak=False)
            self._rising = True
            self._high, self._high_at = value, index
            return found
        if self._rising is not False and self._high - value >= self.height:
            found = TurningPoint(self._high_at, self._high, is_peak=True)
            self._rising = False
            self._low, self._low_at = value, index
            return found
        return None

    def pending(self) -> TurningPoint | None:
        """The extreme since the last turning point, not confirmed; None before the first."""
        if self._rising is None:
            return None
        if self._rising:
            return TurningPoint(self._high_at, self._high, is_peak=True)
        return TurningPoint(self._low_at, self._low, is_peak=False)


def turning_points(signal: FloatArray, height: float) -> list[TurningPoint]:
    """All turning points of a whole signal, the same that :class:`ZigZag` confirms one by one.

    The last extreme, which nothing after it can confirm, is added: where the signal was when it
    ended matters to a repetition that ended with it.
    """
    if len(signal) < 2:
        return []
    rises = signal[1:] > signal[:-1]
    corners = np.flatnonzero(rises[1:] != rises[:-1]) + 1
    at = [0, *corners.tolist(), len(signal) - 1]
    return _search(at, signal[at].tolist(), height)


def turning_points_of_each(
    signals: FloatArray, heights: FloatArray
) -> Iterator[list[TurningPoint]]:
    """The same for many signals of one length, shape (m, n), each with its height, shape (m,)."""
    if signals.shape[1] < 2:
        yield from ([] for _ in signals)
        return
    rises = signals[:, 1:] > signals[:, :-1]
    corner = np.ones(signals.shape, bool)  # the first and the last value always are one
    np.not_equal(rises[:, 1:], rises[:, :-1], out=corner[:, 1:-1])
    at, values = np.nonzero(corner)[1].tolist(), signals[corner].tolist()
    stops = np.cumsum(corner.sum(axis=1)).tolist()
    for first, stop, height in zip([0, *stops], stops, heights.tolist(), strict=False):
        yield _search(at[first:stop], values[first:stop], height)


def higher_turning_points(points: Sequence[TurningPoint], height: float) -> list[TurningPoint]:
    """The turning points of the same signal at a greater height, from those at a smaller one."""
    return _search([p.index for p in points], [p.value for p in points], height)


def _search(index: list[int], values: list[float], height: float) -> list[TurningPoint]:
    """What :class:`ZigZag` finds, its state in local variables: five times as fast."""
    if not values:
        return []
    found: list[TurningPoint] = []
    rising: bool | None = None
    low = high = values[0]
    low_at = high_at = index[0]
    for at, value in zip(index, values, strict=True):
        if value > high:
            high, high_at = value, at
        elif value < low:
            low, low_at = value, at
        if rising is not True and value - low >= height:
            found.append(TurningPoint(low_at, low, is_peak=False))
            rising, high, high_at = True, value, at
        elif rising is not False and high - value >= height:
            found.append(TurningPoint(high_at, high, is_peak=True))
            rising, low, low_at = False, value, at
    if rising is not None:
        at, value = (high_at, high) if rising else (low_at, low)
        found.append(TurningPoint(at, value, is_peak=rising))
    return found
