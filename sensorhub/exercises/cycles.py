"""Out-and-back cycles along one movement: turning points, mended where they are mere bounces."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sensorhub.exercises.zigzag import TurningPoint, higher_turning_points
from sensorhub.model.events import FloatArray

BOUNCE_SHARE = 0.4
"""A valley that stays this share of the usual size above the ground is a bounce at the top."""

HEIGHT_SHARE = 0.3
"""Turning points lower than this share of the usual size belong to the movement around them."""


FLAT_SHARE = 0.35
"""A valley that is flat for this share of the time between its peaks is a rest; a sine's: 0.25."""

FOOT_SHARE = 0.9
"""An excursion is followed down from its peak through this share of its size, to its feet."""


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
) -> list[Cycle]:
    """The cycles of a movement.

    Args:
        angle_rad: along the movement at every tick.
        points: fine turning points of that angle.
        size_rad: usual size of a cycle; bounces are told from repetitions by it.
        least_height_rad: what is smaller is noise, whatever the size.
    """
    height = max(HEIGHT_SHARE * size_rad, least_height_rad)
    corners = _without_bounces(angle_rad, higher_turning_points(points, height), size_rad)
    return [
        _cycle(angle_rad, corners[k - 1], peak, corners[k + 1] if k + 1 < len(corners) else peak)
        for k, peak in enumerate(corners)
        if peak.is_peak and k > 0
    ]


def _cycle(
    angle: FloatArray, before: TurningPoint, peak: TurningPoint, after: TurningPoint
) -> Cycle:
    rise, fall = peak.value - before.value, peak.value - after.value
    small, large = min(rise, fall), max(rise, fall)
    if fall <= 0.0:
        small = large = rise
    foot = peak.value - FOOT_SHARE * small
    size = 0.5 * (small + large) if large < 2.0 * small else small
    # The first tick at or below the foot, going either way; of an unfinished cycle the peak itself.
    back = (angle[before.index : peak.index + 1][::-1] <= foot).argmax()
    forth = (angle[peak.index : after.index + 1] <= foot).argmax()
    return Cycle(
        peak.index - int(back),
        peak.index,
        peak.index + int(forth),
        rise,
        fall,
        size,
        before.index,
        after.index,
    )


def mirrored(points: Sequence[TurningPoint]) -> list[TurningPoint]:
    """The turning points of the same signal upside down."""
    return [TurningPoint(p.index, -p.value, is_peak=not p.is_peak) for p in points]


def _without_bounces(
    angle: FloatArray, points: list[TurningPoint], size_rad: float
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
            inside = value - ground < size_rad
            if value - ground > excess and level and inside and not _rests(angle, kept[k - 1 : k + 2]):
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
