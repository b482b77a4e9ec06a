"""Out-and-back cycles along one movement: turning points, mended where they are mere bounces."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensorhub.exercises.trace.path import Path
from sensorhub.exercises.trace.zigzag import TurningPoint, higher_turning_points
from sensorhub.model.events import FloatArray
from sensorhub.model.often import made_often

BOUNCE_SHARE = 0.4
"""A valley that stays this share of the usual size above the ground is a bounce at the top."""

HEIGHT_SHARE = 0.3
"""Turning points lower than this share of the usual size belong to the movement around them."""


FLAT_SHARE = 0.35
"""A valley that is flat for this share of the time between its peaks is a rest; a sine's: 0.25."""

FOOT_SHARE = 0.9
"""An excursion is followed down from its peak through this share of its size, to its feet."""


@made_often
@dataclass(frozen=True, slots=True)
class Cycle:
    """One excursion.

    Attributes:
        start: tick of its foot before the peak: where it last was (nearly) down.
        peak: tick of its greatest angle.
        end: tick of its foot after the peak.
        rise_rad: from the valley before up to the peak.
        fall_rad: from the peak down to the valley after (0 where the data ended at the peak).
        size_rad: its height: the mean of rise and fall, or the smaller if the other led elsewhere.
        before: tick of the valley before.
        after: tick of the valley after (the peak's where the data ended there).
    """

    start: int
    peak: int
    end: int
    rise_rad: float
    fall_rad: float
    size_rad: float
    before: int
    after: int

    @property
    def finished(self) -> bool:
        """False where the data ended before the way back."""
        return self.fall_rad > 0.0


def cycles_of(
    angle_rad: FloatArray,
    points: Sequence[TurningPoint],
    *,
    size_rad: float,
    least_height_rad: float,
    largest_rad: float | None = None,
) -> list[Cycle]:
    """The cycles of a movement.

    Args:
        angle_rad: along the movement at every tick.
        points: fine turning points of that angle.
        size_rad: usual size of a cycle; bounces are told from repetitions by it.
        least_height_rad: what is smaller is noise, whatever the size.
        largest_rad: size of the larger ones where cycles of two sizes take turns; None: one size.
    """
    height = max(HEIGHT_SHARE * size_rad, least_height_rad)
    corners = _without_bounces(
        angle_rad,
        higher_turning_points(points, height),
        size_rad,
        size_rad if largest_rad is None else largest_rad,
    )
    first = 2 if corners and corners[0].is_peak else 1  # a peak with a valley before it
    peaks = [c.index for c in corners[first::2]]
    if not peaks:
        return []
    feet: list[float] = []
    measured: list[tuple[float, float, float, int, int]] = []
    for k in range(first, len(corners), 2):
        peak, rise = corners[k].value, corners[k].value - corners[k - 1].value
        after = corners[k + 1] if k + 1 < len(corners) else corners[k]
        fall = peak - after.value
        small, large = (min(rise, fall), max(rise, fall)) if fall > 0.0 else (rise, rise)
        feet.append(peak - FOOT_SHARE * small)
        size = 0.5 * (small + large) if large < 2.0 * small else small
        measured.append((rise, fall, size, corners[k - 1].index, after.index))
    starts, ends = _feet_of(angle_rad, corners[first - 1 :], peaks, feet)
    return [
        Cycle(start, peak, end, *sizes)
        for start, peak, end, sizes in zip(starts, peaks, ends, measured, strict=True)
    ]


def _feet_of(
    angle: FloatArray, corners: Sequence[TurningPoint], peaks: list[int], feet: list[float]
) -> tuple[list[int], list[int]]:
    """For each peak the nearest ticks, either way, at or below its foot; all peaks at once.

    Of an unfinished cycle at the end, the peak itself is the second.

    Args:
        corners: valley, peak, valley ...; each excursion has the ticks between its two valleys.
    """
    valleys = [c.index for c in corners[::2]]
    if len(valleys) == len(peaks):
        valleys.append(peaks[-1] + 1)
    begin = valleys[0]
    foot = np.repeat(feet, np.diff(valleys))
    low = np.flatnonzero(angle[begin : valleys[-1]] <= foot) + begin
    # The valley between two excursions is a foot of both.
    place = np.searchsorted(low, peaks)
    starts = low[place - 1].tolist()
    ends = np.append(low, valleys[-1])[place].tolist()
    if len(corners) % 2 == 0:
        ends[-1] = peaks[-1]
    return starts, ends


def share_of_way(
    path: Path, cycles: Sequence[Cycle], *, besides: NDArray[np.bool_] | None = None
) -> float:
    """The cycles' part of the way that "up" has gone in all; 0 where it went nowhere.

    Args:
        besides: the ticks whose way is all that counts; None: of all.
    """
    total_rad = path.way_rad(besides)
    own_rad = sum(c.rise_rad + c.fall_rad for c in cycles)
    return own_rad / total_rad if total_rad > 0.0 else 0.0


def mirrored(points: Sequence[TurningPoint]) -> list[TurningPoint]:
    """The turning points of the same signal upside down."""
    return [TurningPoint(p.index, -p.value, is_peak=not p.is_peak) for p in points]


def _without_bounces(
    angle: FloatArray, points: list[TurningPoint], size_rad: float, largest_rad: float
) -> list[TurningPoint]:
    """Valleys that stay high are bounces at the top: the higher of their two peaks remains.

    High means above the ground on both sides: the lower of the two valleys before, and of the two
    after (with a bounce in every repetition, every other valley is ground). Where the ground
    itself is not the same on both sides, or further down than a whole repetition, the person has
    changed position.
    """
    kept = list(points)
    while True:
        valleys = [(k, p.value) for k, p in enumerate(kept) if not p.is_peak]
        worst, excess = 0, BOUNCE_SHARE * size_rad
        heights = [value for _, value in valleys]
        if not heights or max(heights) - min(heights) <= excess:
            return kept  # none of them is that high, whatever is ground
        for j, (k, value) in enumerate(valleys):
            before, after = valleys[max(0, j - 2) : j], valleys[j + 1 : j + 3]
            if not before or not after:
                continue
            left, right = min(v for _, v in before), min(v for _, v in after)
            ground = max(left, right)
            level = abs(left - right) < 0.5 * size_rad
            inside = value - ground < largest_rad
            if (
                value - ground > excess
                and level
                and inside
                and not _rests(angle, kept[k - 1 : k + 2])
            ):
                worst, excess = k, value - ground
        if not worst:
            return kept
        kept[worst - 1 : worst + 2] = [max(kept[worst - 1], kept[worst + 1], key=_value)]


def _rests(angle: FloatArray, corners: list[TurningPoint]) -> bool:
    """Whether a valley between two peaks is flat: a rest, from which a new repetition starts."""
    first, valley, second = corners
    between = angle[first.index : second.index + 1]
    depth = min(first.value, second.value) - valley.value
    return float(np.mean(between < valley.value + 0.15 * depth)) > FLAT_SHARE


def _value(point: TurningPoint) -> float:
    return point.value
