"""The newest samples of the latest session, by index."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive samples out of the ring."""

    first_index: int
    t0_us: int  # device time of the first
    values: NDArray[np.int16]  # (n, columns)
    clipped: bool  # any of them

    @property
    def count(self) -> int:
        return len(self.values)


class SampleRing:
    """Holds the newest ``capacity`` indices; indices that were never put in are holes."""

    def __init__(self, capacity: int, *, columns: int) -> None:
        self._capacity = capacity
        self._index = np.full(capacity, -1, np.int64)
        self._values = np.zeros((capacity, columns), np.int16)
        self._time_us = np.zeros(capacity, np.int64)
        self._clipped = np.zeros(capacity, np.bool_)
        self._sent = np.zeros(capacity, np.bool_)
        self._newest = -1

    def put(
        self,
        first_index: int,
        values: NDArray[np.int16],
        clipped: NDArray[np.bool_],
        time_us: NDArray[np.int64],
    ) -> bool:
        """Add samples after all earlier ones; True if unsent samples fell out for that."""
        overrun = False
        while len(values):
            # No more than a whole ring at once, so that no slot is written twice unseen.
            n = min(len(values), self._capacity)
            indices = np.arange(first_index, first_index + n)
            overrun |= self._evict(first_index + n - 1)
            slots = indices % self._capacity
            self._index[slots] = indices
            self._values[slots] = values[:n, : self._values.shape[1]]
            self._time_us[slots] = time_us[:n]
            self._clipped[slots] = clipped[:n]
            self._sent[slots] = False
            first_index, values = first_index + n, values[n:]
            clipped, time_us = clipped[n:], time_us[n:]
        return overrun

    def skip(self, newest_index: int) -> bool:
        """Advance over samples that the device lost; True if unsent samples fell out for that."""
        return self._evict(newest_index)

    def _evict(self, newest_index: int) -> bool:
        span = min(newest_index - self._newest, self._capacity)
        slots = np.arange(newest_index - span + 1, newest_index + 1) % self._capacity
        unsent = bool(np.any((self._index[slots] >= 0) & ~self._sent[slots]))
        self._index[slots] = -1
        self._newest = newest_index
        return unsent

    def first_held(self, first: int, last: int) -> int | None:
        """The lowest held index in ``first..last``, both inclusive."""
        held = self._held(first, last)
        return int(held[0]) if len(held) else None

    def last_held(self, first: int, last: int) -> int | None:
        held = self._held(first, last)
        return int(held[-1]) if len(held) else None

    def _held(self, first: int, last: int) -> NDArray[np.int64]:
        first = max(first, self._newest - self._capacity + 1, 0)
        indices = np.arange(first, min(last, self._newest) + 1)
        held: NDArray[np.int64] = indices[self._index[indices % self._capacity] == indices]
        return held

    def run(self, first: int, *, at_most: int) -> Run:
        """The held samples from ``first`` on without a hole; none if ``first`` is not held."""
        indices = np.arange(first, min(first + at_most, self._newest + 1))
        slots = indices % self._capacity
        missing = np.flatnonzero(self._index[slots] != indices)
        if len(missing):
            slots = slots[: missing[0]]
        return Run(
            first_index=first,
            t0_us=int(self._time_us[slots[0]]) if len(slots) else 0,
            values=self._values[slots],
            clipped=bool(np.any(self._clipped[slots])),
        )

    def mark_sent(self, first: int, count: int) -> None:
        indices = np.arange(first, first + count)
        slots = indices % self._capacity
        self._sent[slots[self._index[slots] == indices]] = True
