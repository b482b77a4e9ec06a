"""Turning points of a signal: the one idea all counting here rests on.

A valley is a valley once the signal has risen above it by the height, a peak a peak once the
signal has fallen below it by as much. There is no baseline that could drift away.
"""

from dataclasses import dataclass


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
        if self._index == 0:
            self._low = self._high = value
            return None
        if value > self._high:
            self._high, self._high_at = value, self._index
        if value < self._low:
            self._low, self._low_at = value, self._index
        if self._rising is not True and value - self._low >= self.height:
            found = TurningPoint(self._low_at, self._low, is_peak=False)
            self._rising = True
            self._high, self._high_at = value, self._index
            return found
        if self._rising is not False and self._high - value >= self.height:
            found = TurningPoint(self._high_at, self._high, is_peak=True)
            self._rising = False
            self._low, self._low_at = value, self._index
            return found
        return None
