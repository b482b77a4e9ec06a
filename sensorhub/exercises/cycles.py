"""Out-and-back cycles along one movement: turning points, mended where they are mere bounces."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from sensorhub.exercises.zigzag import TurningPoint, higher_turning_points

RETURN_SHARE = 0.45
"""A repetition comes at least this far down again; less is a bounce at the top."""

HEIGHT_SHARE = 0.3
"""Turning points lower than this share of the usual size belong to the movement around them."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """One excursion: ticks of the valley before, the peak and the valley after it.

    Attributes:
        rise_rad: from the valley before up to the peak.
        fall_rad: from the peak down to the valley after (0 where the data ended at the peak).
    """

    start: int
    peak: int
    end: int
    rise_rad: float
    fall_rad: float

    @property
    def returned(self) -> bool:
        """False where the data ended, or the pose changed for good, before the way back."""
        return self.fall_rad >= RETURN_SHARE * self.rise_rad


def cycles_of(
    points: Sequence[TurningPoint], *, size_rad: float, least_height_rad: float
) -> list[Cycle]:
    """The cycles among fine turning points.

    Args:
        points: turning points of the movement's angle, of any smaller height.
        size_rad: usual size of a cycle; bounces are told from repetitions by it.
        least_height_rad: what is smaller is noise, whatever the size.
    """
    height = max(HEIGHT_SHARE * size_rad, least_height_rad)
    corners = _without_bounces(higher_turning_points(points, height), size_rad)
    cycles = []
    for k, peak in enumerate(corners):
        if not peak.is_peak or k == 0:
            continue
        before = corners[k - 1]
        after = corners[k + 1] if k + 1 < len(corners) else peak
        rise, fall = peak.value - before.value, peak.value - after.value
        cycles.append(Cycle(before.index, peak.index, after.index, rise, fall))
    return cycles


def mirrored(points: Sequence[TurningPoint]) -> list[TurningPoint]:
    """The turning points of the same signal upside down."""
    return [TurningPoint(p.index, -p.value, is_peak=not p.is_peak) for p in points]


def _without_bounces(points: list[TurningPoint], size_rad: float) -> list[TurningPoint]:
    """Valleys that stay high are bounces at the top: the higher of their two peaks remains."""
    kept = list(points)
    while True:
        valleys = [(k, p.value) for k, p in enumerate(kept) if not p.is_peak]
        worst, excess = 0, (1.0 - RETURN_SHARE) * size_rad
        for j, (k, value) in enumerate(valleys):
            near = [
                v
                for i, (_, v) in enumerate(valleys[max(0, j - 2) : j + 3], max(0, j - 2))
                if i != j
            ]
            if not 0 < k < len(kept) - 1 or not near:
                continue
            if value - median(near) > excess:
                worst, excess = k, value - median(near)
        if not worst:
            return kept
        before, after = kept[worst - 1], kept[worst + 1]
        kept[worst - 1 : worst + 2] = [before if before.value >= after.value else after]
