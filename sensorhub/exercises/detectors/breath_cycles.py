"""From turning points to breaths: which way is in, where each begins, which ones are whole.

A breath is an inhalation and the exhalation after it. At the edges of a set a person counts a
breath whose inhalation was seen and whose exhalation got at least half way back, and does not count
one that was already under way.
"""

import enum
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sensorhub.exercises.detectors.breathing import (
    BIN_S,
    IntArray,
    TurningPoints,
    inhale_sign,
)
from sensorhub.model.events import FloatArray

BEGUN_SHARE = 0.1
"""A swing is under way (or over) at this share of its height: rest is a plateau that creeps."""

_LATER_SHARE = 0.25
_FOOT = 1.6
"""How much further a raised cosine's foot is before the first share than the second after it."""

_ROUNDED = 0.7
"""... and smoothing brings the foot forwards by this many of its standard deviations."""

BACK_SHARE = 0.5
"""The last exhalation counts when it got this far back."""

REGULAR_SHARE = 0.06
"""Standard deviation of the periods, of the usual one, of somebody who breathes to a beat."""

CUT_SHARE = 0.065
CUT_SPREADS = 2.5
SHORTEST_MARGIN_SHARE = 0.03
_RHYTHM_BREATHS = 8

DEEPEST_SHARE = 3.5
"""A swing this many times the usual depth is the person moving."""

DEEPEST_RAD = math.radians(20.0)
"""The deepest breaths on record turn a sensor by 12 degrees; more is the trunk."""


LIFT_ERRORS = 4.0
"""So many standard errors from zero, and the belly was seen to rise."""

LIFT_RANGE_M_PER_RAD = (0.01, 1.0)
"""A lever arm: a chest rises by 4 to 6 cm for each radian that it tilts a sensor lying on it."""

QUICKER_SHARE = 0.1
"""A smaller difference in speed between the two ways is how people happen to breathe."""

CLEARLY_QUICKER_SHARE = 0.25


class InhaleEvidence(enum.StrEnum):
    """How it is known which way is breathing in."""

    LIFT = "lift"  # the belly was seen to rise
    SPEED = "speed"  # taken to be the quicker way
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cycle:
    """One breath on the clock of its stretch.

    Attributes:
        start_s: the inhalation begins.
        turn_s: the exhalation begins (a pause in between belongs to the inhalation).
        end_s: the next inhalation begins, or the exhalation is over where none follows.
        rise_s: the middle of the inhalation, the sharpest instant of a breath.
        depth_rad: height of the inhalation.
        whole: False where the stretch ended before the exhalation did.
        followed: another inhalation follows in the same stretch.
    """

    start_s: float
    turn_s: float
    end_s: float
    rise_s: float
    depth_rad: float
    whole: bool
    followed: bool


def cycles(found: TurningPoints, *, sign: float, shortest_s: float) -> list[Cycle]:
    """The breaths of one stretch if inhaling makes ``sign * tilt`` grow."""
    tilt = sign * found.tilt_rad
    points = found.points
    swings = [(int(a), int(b)) for a, b in itertools.pairwise(points)]
    depths = np.array([abs(float(tilt[b] - tilt[a])) for a, b in swings])
    usual = float(np.median(depths)) if len(depths) else 0.0
    breaths: list[Cycle] = []
    for i, (valley, peak) in enumerate(swings[:-1]):
        depth = float(tilt[peak] - tilt[valley])
        if not found.least_rad <= depth <= min(DEEPEST_SHARE * usual, DEEPEST_RAD):
            continue
        low = swings[i + 1][1]
        back = float(tilt[peak] - tilt[low])
        follows = i + 2 < len(swings)
        if back < (found.least_rad if follows else BACK_SHARE * depth):
            continue
        start_s = _onset(found.time_s, tilt, valley, peak, found.smoothing_s)
        turn_s = max(_onset(found.time_s, -tilt, peak, low, found.smoothing_s), start_s)
        if follows:
            end_s = _onset(found.time_s, tilt, low, swings[i + 2][1], found.smoothing_s)
        else:
            end_s = _crossing(found.time_s, -tilt, peak, low, 1.0 - BEGUN_SHARE)
        if end_s - start_s < shortest_s * (1.0 if follows else 0.6):
            continue  # the last breath ends without the rest that others have before the next
        rise_s = _crossing(found.time_s, tilt, valley, peak, 0.5)
        whole = follows or back >= (1.0 - 2.0 * BEGUN_SHARE) * depth
        if whole and not follows:
            end_s = _settled(found.time_s, tilt, peak, low, found.smoothing_s)
        breaths.append(Cycle(start_s, turn_s, end_s, rise_s, depth, whole, follows))
    return breaths


def first_is_cut(breaths: list[Cycle]) -> bool:
    """Is the first breath so short that its beginning was probably not seen?

    Only a regular rhythm tells: a first breath clearly shorter than all others. To be believed
    where a hand was still on the sensor.
    """
    if len(breaths) < _RHYTHM_BREATHS:
        return False
    periods = np.diff([b.rise_s for b in breaths])
    usual = float(np.median(periods[1:]))
    spread = 1.4826 * float(np.median(np.abs(periods[1:] - usual)))
    if float(np.std(periods[1:])) > REGULAR_SHARE * usual:
        return False
    shortest = float(periods[1:].min()) - SHORTEST_MARGIN_SHARE * usual
    return float(periods[0]) < min(shortest, usual - max(CUT_SHARE * usual, CUT_SPREADS * spread))


def inhale_direction(
    stretches: Sequence[TurningPoints], norms_mps2: Sequence[FloatArray], *, shortest_s: float
) -> tuple[float, InhaleEvidence]:
    """The sign of the tilt when breathing in, and how that is known.

    Args:
        norms_mps2: |a| of each stretch, on its grid.
        shortest_s: of one breath.
    """
    longest = max(range(len(stretches)), key=lambda i: len(stretches[i].time_s))
    rise_m_per_rad, errors = inhale_sign(stretches[longest].tilt_rad, norms_mps2[longest])
    least, most = LIFT_RANGE_M_PER_RAD
    if abs(errors) >= LIFT_ERRORS and least <= abs(rise_m_per_rad) <= most:
        return math.copysign(1.0, rise_m_per_rad), InhaleEvidence.LIFT
    quicker, clearly = _quicker_sign(stretches)
    # A set begins and ends with empty lungs: the other reading would lose a breath.
    counts = {
        sign: sum(len(cycles(found, sign=sign, shortest_s=shortest_s)) for found in stretches)
        for sign in (quicker, -quicker)
    }
    loses = counts[quicker] < counts[-quicker]
    if clearly >= (CLEARLY_QUICKER_SHARE if loses else QUICKER_SHARE):
        return quicker, InhaleEvidence.SPEED
    return (-quicker if loses else quicker), InhaleEvidence.UNKNOWN


def rate_per_min(breaths: Sequence[Cycle]) -> float:
    """Breaths a minute, from one inhalation to the next; NaN where no two follow each other."""
    gaps_s = [b.rise_s - a.rise_s for a, b in itertools.pairwise(breaths) if a.followed]
    return 60.0 / float(np.median(gaps_s)) if gaps_s else math.nan


def _quicker_sign(stretches: Sequence[TurningPoints]) -> tuple[float, float]:
    """The sign of the quicker way, and how clearly (0 .. 1): most breathe in faster than out.

    Compared are the times the middle half of each swing takes, so that pauses do not matter.
    """
    up_s: list[float] = []
    down_s: list[float] = []
    for found in stretches:
        for a, b in itertools.pairwise(found.points.tolist()):
            rising = bool(found.tilt_rad[b] > found.tilt_rad[a])
            tilt = found.tilt_rad if rising else -found.tilt_rad
            early_s = _crossing(found.time_s, tilt, a, b, 0.25)
            late_s = _crossing(found.time_s, tilt, a, b, 0.75)
            (up_s if rising else down_s).append(late_s - early_s)
    if len(up_s) < 2 or len(down_s) < 2:
        return 1.0, 0.0
    rising_s, falling_s = float(np.median(up_s)), float(np.median(down_s))
    difference = (falling_s - rising_s) / max(falling_s + rising_s, BIN_S)
    return (1.0 if difference >= 0.0 else -1.0), abs(difference)


def _onset(time_s: FloatArray, tilt: FloatArray, low: int, high: int, smoothing_s: float) -> float:
    """When a rise begins: where it is under way, carried back towards its foot."""
    begun_s = _crossing(time_s, tilt, low, high, BEGUN_SHARE)
    later_s = _crossing(time_s, tilt, low, high, _LATER_SHARE)
    foot_s = max(_FOOT * (later_s - begun_s) - _ROUNDED * smoothing_s, 0.0)
    return max(begun_s - foot_s, float(time_s[low]))


def _settled(
    time_s: FloatArray, tilt: FloatArray, high: int, low: int, smoothing_s: float
) -> float:
    """When a fall is over: where it nearly is, carried on towards its foot."""
    nearly_s = _crossing(time_s, -tilt, high, low, 1.0 - BEGUN_SHARE)
    earlier_s = _crossing(time_s, -tilt, high, low, 1.0 - _LATER_SHARE)
    foot_s = max(_FOOT * (nearly_s - earlier_s) - _ROUNDED * smoothing_s, 0.0)
    return min(nearly_s + foot_s, float(time_s[low]))


def _crossing(time_s: FloatArray, tilt: FloatArray, low: int, high: int, share: float) -> float:
    """When a rise from index ``low`` to ``high`` last passes the given share of its height."""
    level = float(tilt[low]) + share * float(tilt[high] - tilt[low])
    below: IntArray = np.flatnonzero(tilt[low:high] <= level)
    if len(below) == 0:
        return float(time_s[low])
    k = low + int(below[-1])
    step = float(tilt[k + 1] - tilt[k])
    part = (level - float(tilt[k])) / step if step > 0.0 else 0.0
    return float(time_s[k]) + BIN_S * min(max(part, 0.0), 1.0)
