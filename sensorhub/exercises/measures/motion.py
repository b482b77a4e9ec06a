"""One segment's motion in a set, as measures need it: direction, turning, and where a time lies."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensorhub.exercises.trace.path import Path, path_of
from sensorhub.exercises.trace.track import Track
from sensorhub.model.events import FloatArray


@dataclass(frozen=True, slots=True)
class SegmentMotion:
    """One placement's ticks over a set.

    Attributes:
        path: smoothed, in pieces without long gaps.
        up: shape (n, 3), not smoothed: unit vectors against gravity, sensor frame.
        rate_radps: shape (n, 3), sensor frame. Without gyroscope that of "up", which does not show
            turning about the vertical.
        turning_radps: shape (n,), its length.
        has_gyroscope: whether ``rate_radps`` is the gyroscope's.
        averaged: of how many of its samples each is the mean.
    """

    path: Path
    up: FloatArray
    rate_radps: FloatArray
    turning_radps: FloatArray
    has_gyroscope: bool
    averaged: int = 1

    @classmethod
    def of(cls, track: Track, path: Path | None = None) -> "SegmentMotion":
        """A whole track's, whose path may be known already."""
        path = path_of(track) if path is None else path
        rate, has_gyroscope = track.rate_radps, True
        if rate is None or len(rate) != len(track):
            rate, has_gyroscope = _turning_of_up(path), False
        turning = np.sqrt(np.einsum("ij,ij->i", rate, rate))
        return cls(path, track.up, rate, turning, has_gyroscope, track.averaged)

    @property
    def tick_s(self) -> float:
        """Time between ticks."""
        return self.path.tick_s

    def part(self, start_s: float, end_s: float) -> slice:
        """The ticks from ``start_s`` up to and including ``end_s``."""
        search = self.path.time_s.searchsorted
        return slice(int(search(start_s - 1e-9)), int(search(end_s + 1e-9)))

    def parts(self, starts_s: Sequence[float], ends_s: Sequence[float]) -> list[slice]:
        """The same from many starts up to and including their ends."""
        search = self.path.time_s.searchsorted
        firsts, stops = search(np.array(starts_s) - 1e-9), search(np.array(ends_s) + 1e-9)
        return list(map(slice, firsts.tolist(), stops.tolist()))

    def at_each(self, times_s: FloatArray) -> NDArray[np.intp]:
        """The ticks nearest to many times, shape (m,)."""
        times = self.path.time_s
        after = np.minimum(times.searchsorted(times_s), len(times) - 1)
        before = np.maximum(after - 1, 0)
        return np.where(times_s - times[before] < times[after] - times_s, before, after)

    def is_whole(self, part: slice) -> bool:
        """Whether no long gap lies within."""
        if part.stop <= part.start:
            return False
        return bool(self.path.piece_of(part.start).stop >= part.stop)

    def moments(self, parts: Sequence[slice]) -> FloatArray:
        """Sums of the angular rate's squares and products over each part, shape (m, 3, 3)."""
        rates = [self.rate_radps[part] for part in parts]
        return np.array([rate.T @ rate for rate in rates]).reshape(-1, 3, 3)

    def at(self, time_s: float) -> int:
        """The tick nearest to a time."""
        times = self.path.time_s
        k = int(times.searchsorted(time_s))
        if k == 0:
            return 0
        if k == len(times) or time_s - times[k - 1] < times[k] - time_s:
            return k - 1
        return k


def angle_rad(one_axis: FloatArray, other_axis: FloatArray) -> float:
    """The angle between two vectors, exact near 0 and 180 degrees alike."""
    # Plain floats: of two single vectors numpy's cross product takes twenty times as long.
    (a, b, c), (x, y, z) = one_axis.tolist(), other_axis.tolist()
    across = math.hypot(b * z - c * y, c * x - a * z, a * y - b * x)
    return math.atan2(across, a * x + b * y + c * z)


def turning_rate_radps(angle_rad: FloatArray, stops: NDArray[np.intp], tick_s: float) -> FloatArray:
    """Central differences of angles, one-sided at the ends of each stretch, shape (n,).

    Args:
        angle_rad: of stretches of at least two ticks each, one after the other.
        stops: where each stretch ends.
    """
    step = (angle_rad[1:] - angle_rad[:-1]) / tick_s
    rate = np.empty_like(angle_rad)
    rate[1:-1] = 0.5 * (step[1:] + step[:-1])
    rate[stops - 1] = step[stops - 2]
    starts = stops[:-1]
    rate[0], rate[starts] = step[0], step[starts]
    return rate


def _turning_of_up(path: Path) -> FloatArray:
    rate = np.zeros((len(path), 3))
    for piece in path.pieces:
        up = path.up[piece]
        if len(up) > 1:
            # up turns in the sensor frame against the segment's own turning: up' = up x rate.
            rate[piece] = np.cross(np.gradient(up, axis=0) / path.tick_s, up)
    return rate
