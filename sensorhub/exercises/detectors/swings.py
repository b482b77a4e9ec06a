"""Swings through a start pose that lies between their ends: a pelvis that rocks to and fro.

From the start pose to one end, through it to the other end, and back: what is done once a cycle,
and without a stop, is the swing from end to end. People rest in the start pose, so the way on which
they stop in the middle is the way back. The way to the first end and the way back from the last
one, or down to the floor and up from it, are no such swings.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

import numpy as np

from sensorhub.exercises.locomotion.walking import walked
from sensorhub.exercises.sets.arrivals import in_one_posture
from sensorhub.exercises.sets.asides import candidates, without_asides
from sensorhub.exercises.sets.coherence import by_the_way, is_set
from sensorhub.exercises.sets.judge import (
    FINE_SHARE,
    LARGEST_SHARE,
    SPREAD_RAD,
    Explanation,
    Rules,
    spreads_rad,
)
from sensorhub.exercises.sets.selection import Selected
from sensorhub.exercises.sets.strangers import strangers
from sensorhub.exercises.trace.cycles import Cycle
from sensorhub.exercises.trace.edges import Edges, whole_cycles
from sensorhub.exercises.trace.path import Path
from sensorhub.exercises.trace.zigzag import TurningPoint, higher_turning_points, turning_points
from sensorhub.model.events import FloatArray

HEIGHT_SHARE = 0.2
"""Lower than this share of the usual swing is a bounce, or restlessness in the start pose."""

MIDDLE = (0.25, 0.75)
"""Between these shares of the way from end to end lies the start pose."""

STOP_SHARE = 0.4
"""Slower than this share of the fastest between the ends is a stop; swinging through is fastest."""

LEAST_SWINGS = 2

SAME_TIME = 2.5
"""Swings of a set take the same time within this factor; settling about is slower."""

FAR, LEAST_TOGETHER = 2.5, 4
"""Further from all others than so many usual intervals is alone, if the others are so many."""

LONGER, LONGER_S = 4.0, 10.0
"""A cycle takes at most so many times as long as the others, or so long."""


@dataclass(frozen=True, slots=True)
class _Way:
    """The swings one way: of every swing the tick of the end it leaves and of that it reaches."""

    angle_rad: FloatArray
    swings: tuple[tuple[int, int], ...]


def swings_of(
    path: Path, found: Explanation, rules: Rules, *, partial_share: float
) -> list[Selected] | None:
    """The cycles of an explained set, if people rest between its ends; None: they do not.

    Each one's cycle leads from its peak down to the other end; its edges are those of the whole.
    """
    down, up = (_swings(path, found, rules, sign=sign) for sign in (1.0, -1.0))
    stops_up, stops_down = _stopped_share(up), _stopped_share(down)
    if max(stops_up, stops_down) < 0.5 or stops_up == stops_down:
        return None
    way = down if stops_up > stops_down else up
    return _chosen(path, found, way, rules, partial_share)


def _swings(path: Path, found: Explanation, rules: Rules, *, sign: float) -> _Way:
    """All swings that go down (sign 1) or up (-1) and may be of this movement."""
    angle = sign * found.angle_rad
    fine = turning_points(angle, max(FINE_SHARE * found.size_rad, 0.3 * rules.range.least_rad))
    corners = higher_turning_points(fine, HEIGHT_SHARE * found.size_rad)
    ends = [
        (a, b)
        for a, b in pairwise(corners)
        if a.is_peak and _fits(path, a, b, found.size_rad, rules)
    ]
    cycles = [_cycle(a, b) for a, b in ends]
    spreads = spreads_rad(path, [replace(c, start=c.end) for c in cycles], found.movement)
    kept = tuple(
        (cycle.peak, cycle.end)
        for cycle, walk, spread in zip(cycles, walked(path, cycles), spreads, strict=True)
        if not walk and spread <= SPREAD_RAD
    )
    return _Way(angle, _of_usual_time(path, kept))


def _of_usual_time(path: Path, swings: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Those that take about as long as the others."""
    lasts_s = [float(path.time_s[b] - path.time_s[a]) for a, b in swings]
    usual_s = median(lasts_s) if lasts_s else 0.0
    return tuple(
        swing
        for swing, s in zip(swings, lasts_s, strict=True)
        if usual_s / SAME_TIME <= s <= usual_s * SAME_TIME
    )


def _fits(path: Path, a: TurningPoint, b: TurningPoint, size_rad: float, rules: Rules) -> bool:
    whole = path.piece_of(a.index) == path.piece_of(b.index)
    lasts_s = float(path.time_s[b.index] - path.time_s[a.index])
    share = (a.value - b.value) / size_rad
    return whole and lasts_s <= rules.longest_s and rules.ignore_share <= share <= LARGEST_SHARE


def _cycle(a: TurningPoint, b: TurningPoint) -> Cycle:
    fall_rad = a.value - b.value
    return Cycle(
        a.index, a.index, b.index, fall_rad, fall_rad, fall_rad, before=a.index, after=b.index
    )


def _stopped_share(way: _Way) -> float:
    """The share of the swings on which somebody stops between the ends."""
    stopped = []
    for first, last in way.swings:
        angle = way.angle_rad[first : last + 1]
        speed = np.abs(np.gradient(angle))
        level = (angle - angle[-1]) / max(1e-9, float(angle[0] - angle[-1]))
        middle = speed[(level > MIDDLE[0]) & (level < MIDDLE[1])]
        stopped.append(len(middle) and float(middle.min()) < STOP_SHARE * float(speed.max()))
    return float(np.mean(stopped)) if len(stopped) >= LEAST_SWINGS else 0.0


def _chosen(
    path: Path, found: Explanation, way: _Way, rules: Rules, partial_share: float
) -> list[Selected]:
    cycles = [
        _cycle(
            TurningPoint(a, float(way.angle_rad[a]), is_peak=True),
            TurningPoint(b, float(way.angle_rad[b]), is_peak=False),
        )
        for a, b in way.swings
    ]
    if not cycles:
        return []
    edges = _edges(path, way)
    large = [c.size_rad for c in cycles if c.size_rad > 0.5 * found.size_rad]
    usual_rad = median(large) if large else found.size_rad
    usual_s = median(e.end_s - e.start_s for e in edges)
    turned = [replace(c, start=c.end) for c in cycles]
    both = [
        Selected(
            cycle, edge, cycle.size_rad >= partial_share * usual_rad, sure=True, spread_rad=spread
        )
        for cycle, edge, spread in zip(
            turned, edges, spreads_rad(path, turned, found.movement), strict=True
        )
        if rules.shortest_s
        <= edge.end_s - edge.start_s
        <= min(rules.longest_s, max(LONGER_S, LONGER * usual_s))
    ]
    there = in_one_posture(path, [s.cycle for s in both], found.size_rad)
    both = [s for s, same in zip(both, there, strict=True) if same]
    errands = by_the_way(path, [s.edges for s in both], [s.full for s in both])
    kept = [s for s, errand in zip(both, errands, strict=True) if not errand]
    alone = lone([s.edges.peak_s for s in kept])
    kept = [s for s, is_alone in zip(kept, alone, strict=True) if not is_alone]
    while kept and _begins_with_the_data(path, kept[0]):
        kept = kept[1:]
    full = [s for s in kept if s.full]
    if not full or not _is_set(path, full, rules):
        return []
    return without_asides(path, _without_strangers(path, kept))


def _edges(path: Path, way: _Way) -> list[Edges]:
    """From the start pose to one end, to the other, and back; half its height lasts a swing.

    Somebody who fidgets before the set or after it passes through the start pose at any time: a way
    out, or back, that takes much longer than the others is not all of it one.
    """
    wholes = whole_cycles(path, way.angle_rad, list(way.swings))
    peaks_s, lows_s = path.time_s[np.array(way.swings, int).T].tolist()
    outs_s = [peak_s - start_s for peak_s, (start_s, _) in zip(peaks_s, wholes, strict=True)]
    backs_s = [end_s - low_s for low_s, (_, end_s) in zip(lows_s, wholes, strict=True)]
    usual_out_s, usual_back_s = median(outs_s), median(backs_s)
    return [
        Edges(
            peak_s - (out_s if out_s < SAME_TIME * usual_out_s else usual_out_s),
            peak_s,
            low_s + (back_s if back_s < SAME_TIME * usual_back_s else usual_back_s),
            0.0,
            low_s - peak_s,
        )
        for peak_s, low_s, out_s, back_s in zip(peaks_s, lows_s, outs_s, backs_s, strict=True)
    ]


def _without_strangers(path: Path, kept: Sequence[Selected]) -> list[Selected]:
    others = strangers(path, candidates(kept))
    return [s for s, other in zip(kept, others, strict=True) if not other]


def lone(times_s: Sequence[float]) -> list[bool]:
    """For each of a set's members whether it stands alone, far in time from all others.

    Somebody settles before the set, or stretches after it. Only where the rest clearly is a set.
    """
    gaps_s = [b - a for a, b in pairwise(times_s)]
    if len(times_s) < LEAST_TOGETHER + 1:
        return [False] * len(times_s)
    far_s = FAR * median(gaps_s)
    before = [True, *(gap > far_s for gap in gaps_s)]
    after = [*(gap > far_s for gap in gaps_s), True]
    return [a and b for a, b in zip(before, after, strict=True)]


def _begins_with_the_data(path: Path, one: Selected) -> bool:
    """A filter that settles looks like a swing; whoever begins in the middle is cut off."""
    first: int = path.piece_of(one.cycle.peak).start
    return one.cycle.peak - first <= 1


def _is_set(path: Path, full: Sequence[Selected], rules: Rules) -> bool:
    cycles, edges = [s.cycle for s in full], [s.edges for s in full]
    return is_set(path, cycles, edges, usual_rad=rules.range.usual_rad)
