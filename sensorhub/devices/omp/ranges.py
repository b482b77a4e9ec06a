"""Sets of sample indices as sorted half-open ranges: what is still missing of a stream."""

from bisect import bisect_right
from collections.abc import Iterator


class IndexRanges:
    """Disjoint ranges ``[start, stop)`` in ascending order; the oldest give way when too many."""

    MAX_RANGES = 4096

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._stops: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._starts)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(list(zip(self._starts, self._stops, strict=True)))

    @property
    def total(self) -> int:
        """Number of indices in the set."""
        return sum(self._stops) - sum(self._starts)

    def add(self, start: int, stop: int) -> None:
        """Put ``[start, stop)`` into the set; what is in it already stays."""
        if start >= stop:
            return
        first = self._first_touching(start)
        last = bisect_right(self._starts, stop)
        if first < last:
            start = min(start, self._starts[first])
            stop = max(stop, self._stops[last - 1])
        self._starts[first:last] = [start]
        self._stops[first:last] = [stop]
        if len(self._starts) > self.MAX_RANGES:
            del self._starts[0], self._stops[0]

    def take(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Remove what the set has of ``[start, stop)`` and return it, in ascending order."""
        taken = self.within(start, stop)
        if not taken:
            return taken
        first = self._first_touching(start)
        last = bisect_right(self._starts, stop)
        rest: list[tuple[int, int]] = []
        for old_start, old_stop in zip(
            self._starts[first:last], self._stops[first:last], strict=True
        ):
            if old_start < start:
                rest.append((old_start, min(old_stop, start)))
            if old_stop > stop:
                rest.append((max(old_start, stop), old_stop))
        self._starts[first:last] = [one for one, _ in rest]
        self._stops[first:last] = [other for _, other in rest]
        return taken

    def within(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Return what the set has of ``[start, stop)``, in ascending order."""
        found: list[tuple[int, int]] = []
        for at in range(self._first_touching(start), len(self._starts)):
            if self._starts[at] >= stop:
                break
            one = (max(start, self._starts[at]), min(stop, self._stops[at]))
            if one[0] < one[1]:
                found.append(one)
        return found

    def clear(self) -> None:
        """Empty the set."""
        self._starts.clear()
        self._stops.clear()

    def _first_touching(self, start: int) -> int:
        """Position of the first range that ends at ``start`` or later."""
        at = bisect_right(self._starts, start)
        return at - 1 if at and self._stops[at - 1] >= start else at
