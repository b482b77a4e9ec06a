"""What arrivals alone tell of a clock: a line below them all, and how far above it they scatter.

Packets can be late, never early, and radio hands them over in bursts. So neither an average nor the
newest arrival says when something was sampled: the earliest ones do. All of this looks at what came
at one instant as one arrival, and so does not depend on how bytes that came together were split.
"""

from collections import deque
from collections.abc import Sequence

from sensorhub.model.events import ClockObserved
from sensorhub.model.units import NS_PER_S

BIN_S = 1.0
LEAST_UNCERTAINTY_S = 0.01
"""The earliest arrival was late, too: a connection interval or a driver's timer, never seen."""

_LATENESSES = 64


class Arrivals:
    """Observations of a device clock from one-way arrivals: one a second, the earliest."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=_LATENESSES)
        self._group: tuple[int, float] | None = None  # host time and device time of the newest
        self._bin_ns = 0
        self._earliest: tuple[int, float] | None = None

    def forget(self) -> None:
        """Another timeline begins."""
        self._recent.clear()
        self._group = self._earliest = None

    def add(self, device_time_s: float, host_time_ns: int) -> ClockObserved | None:
        """Note that the sample taken at ``device_time_s`` has arrived.

        Returns:
            the observation of the second that is over now, if one is: to be told before the
            samples that have just arrived.
        """
        said: ClockObserved | None = None
        if self._group is not None and self._group[0] != host_time_ns:
            self._close_group(self._group)
            if host_time_ns - self._bin_ns >= BIN_S * NS_PER_S:
                said = self._close_bin(self._group[1], host_time_ns)
        if self._group is None:
            self._bin_ns = host_time_ns
        self._group = (host_time_ns, device_time_s)
        return said

    def _close_group(self, group: tuple[int, float]) -> None:
        self._recent.append(_lateness_s(group))
        if self._earliest is None or _lateness_s(group) < _lateness_s(self._earliest):
            self._earliest = group

    def _close_bin(self, device_time_s: float, now_ns: int) -> ClockObserved | None:
        """Say it of the newest sample before: an older one would look like a clock set back."""
        earliest, self._earliest, self._bin_ns = self._earliest, None, now_ns
        if earliest is None:
            return None
        spread_s = sorted(self._recent)[len(self._recent) // 2] - min(self._recent)
        hub_time_s = device_time_s + _lateness_s(earliest)
        uncertainty_s = max(spread_s, LEAST_UNCERTAINTY_S)
        return ClockObserved(now_ns, device_time_s, hub_time_s, uncertainty_s, one_way=True)


def _lateness_s(arrival: tuple[int, float]) -> float:
    """How late, up to a constant that is the same for all."""
    return arrival[0] / NS_PER_S - arrival[1]


def slope_below(points: Sequence[tuple[float, float]]) -> float | None:
    """Return the slope of the line below all points that lies nearest to them on average.

    That is the edge of their lower convex hull above the middle of the abscissa: the solution of
    the linear programme "least mean distance, no point below" (the classic skew estimate from one-
    way delays; Moon, Skelly and Towsley, INFOCOM 1999, where we take the hull's edge itself).

    Args:
        points: (x, y), x ascending; of points with the same x the lowest y counts.

    Returns:
        None where they do not span any x.
    """
    hull: list[tuple[float, float]] = []
    for point in points:
        if hull and hull[-1][0] == point[0]:
            if hull[-1][1] <= point[1]:
                continue
            hull.pop()
        while len(hull) >= 2 and _turns_right(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    if len(hull) < 2:
        return None
    middle = sum(x for x, _ in points) / len(points)
    right = next((k for k in range(1, len(hull)) if hull[k][0] >= middle), len(hull) - 1)
    (x0, y0), (x1, y1) = hull[right - 1], hull[right]
    return (y1 - y0) / (x1 - x0)


def _turns_right(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) <= (b[1] - a[1]) * (c[0] - a[0])
