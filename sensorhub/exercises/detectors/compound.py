"""Two movements in different directions from one start pose that make one repetition together.

A donkey kick takes the thigh back, a fire hydrant takes it out to the side. Both are excursions of
the great-circle distance from the start pose; where they go tells them apart, in any mounting. The
kick is the larger of the two (80 degrees to 45 in most bodies).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from types import MappingProxyType

import numpy as np

from sensorhub.exercises.detectors.base import Detector, DetectorSetup, Findings
from sensorhub.exercises.detectors.segment import CountedSegment
from sensorhub.exercises.locomotion.walking import walked
from sensorhub.exercises.sets.coherence import is_set, strictness
from sensorhub.exercises.sets.judge import Rules, explain
from sensorhub.exercises.thresholds import CompoundThresholds
from sensorhub.exercises.trace.cycles import Cycle, cycles_of
from sensorhub.exercises.trace.edges import Edges, edges_of
from sensorhub.exercises.trace.path import Path
from sensorhub.exercises.trace.ranges import range_rad
from sensorhub.exercises.trace.rests import angle_between_rad, rests_of
from sensorhub.exercises.trace.zigzag import turning_points
from sensorhub.model.events import FloatArray
from sensorhub.model.live import LiveEvent, LiveState
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import Repetition, RepetitionKind

KICK, HYDRANT = "kick", "hydrant"

STILL_RADPS = math.radians(5.0)

SAME_POSE_RAD = math.radians(12.0)
"""Coming back to hands and knees puts the thigh where it was within this."""

PAUSE_S, PAUSE_RESTS = 3.0, 3.0
"""Between the set and what was done besides lies a pause: at least so long, and so many times the
usual rest."""

SLOWER = 1.1
"""A small half takes no longer than so many times what a whole one does."""

ATTACHED_SHARE, QUICKER = 0.3, 0.8
"""What follows after less than this share of the usual rest, in less than this share of the usual
time, is the bounce of the one before it."""

LONE, LEAST_WHOLE = 2, 4
"""Up to so many movements between two pauses stand alone; so many whole ones show what is usual."""

LIKE_SHARE = 1.8
"""Neither half is larger than this times its own usual size."""


def new_detector(setup: DetectorSetup) -> Detector:
    """See ``detectors/base.py``."""
    return CompoundDetector(setup)


@dataclass(frozen=True, slots=True)
class _Half:
    """One excursion: which half it is, how large compared with its kind, and its range."""

    name: str
    cycle: Cycle
    edges: Edges
    share: float
    range_rad: float


_Pair = tuple[_Half, _Half | None]


class CompoundDetector:
    """Counts kick-and-hydrant repetitions; a missing or small half makes one partial."""

    def __init__(self, setup: DetectorSetup) -> None:
        thresholds, limits = setup.exercise.thresholds, setup.exercise.range
        if not isinstance(thresholds, CompoundThresholds) or limits is None:
            raise ValueError(f"{setup.exercise.id} is not a compound movement")
        self._setup, self._thresholds = setup, thresholds
        self._rules = Rules(
            limits,
            thresholds.shortest_s,
            thresholds.longest_s,
            thresholds.ignore_share,
            alternating=True,
        )
        self._segment = CountedSegment(
            setup.recorders[setup.primary[0]],
            limits,
            ignore_share=thresholds.ignore_share,
            excursions=2,
            live=setup.live,
        )

    def push(self, block: MotionBlock) -> Sequence[LiveEvent]:
        """See :class:`Detector`."""
        return self._segment.push(block)

    def state(self) -> LiveState:
        """See :class:`Detector`."""
        return self._segment.state()

    def finish(self) -> Findings:
        """See :class:`Detector`."""
        path = self._segment.path()
        pairs = self._pairs(self._halves(path))
        repetitions = [
            self._repetition(*pair)
            for pair, stray in zip(pairs, self._strays(pairs), strict=True)
            if not stray
        ]
        # Who never did both did something else.
        both = any(r.sure for r in repetitions)
        return Findings(repetitions=tuple(repetitions) if both else ())

    def _halves(self, path: Path) -> list[_Half]:
        """All excursions from the start pose that go one of the two ways."""
        found = explain(path, self._rules)
        if found is None:
            return []
        home = _start_pose(path, found.movement.home)
        distance = _distance_rad(path, home)
        least = self._rules.range.least_rad
        fine = turning_points(distance, 0.3 * least)
        cycles = [
            c
            for c in cycles_of(
                distance,
                fine,
                size_rad=0.5 * found.size_rad,
                least_height_rad=0.5 * least,
                largest_rad=found.size_rad,
            )
            if c.finished and c.size_rad <= LIKE_SHARE * found.size_rad
        ]
        walks = walked(path, cycles)
        cycles = [c for c, walk in zip(cycles, walks, strict=True) if not walk]
        edges = edges_of(path, distance, cycles)
        ways = [_way(path, home, c) for c in cycles]
        named = self._named(cycles, ways)
        usual = {
            name: _upper_median(
                [c.size_rad for c, n in zip(cycles, named, strict=True) if n == name]
            )
            for name in set(named)
        }
        halves = [
            _Half(
                name,
                cycle,
                edge,
                cycle.size_rad / usual[name],
                range_rad(path, edge.start_s, edge.peak_s),
            )
            for name, cycle, edge in zip(named, cycles, edges, strict=True)
        ]
        limits = self._thresholds
        chosen = [
            h
            for h in halves
            if h.share >= limits.ignore_share
            and limits.shortest_s <= h.edges.end_s - h.edges.start_s <= limits.longest_s
        ]
        if self._opposite(named, ways) or not self._is_set(path, chosen):
            return []
        return chosen

    def _is_set(self, path: Path, halves: Sequence[_Half]) -> bool:
        """Whether the halves that came more often are one movement repeated."""
        names = [h.name for h in halves if h.share >= self._thresholds.partial_share]
        more = [h for h in halves if names and h.name == max(names, key=names.count)]
        whole = [h for h in more if h.share >= self._thresholds.partial_share]
        if not whole:
            return False
        strict = strictness(path, [h.cycle for h in halves])
        cycles, edges = [h.cycle for h in whole], [h.edges for h in whole]
        return is_set(
            path, cycles, edges, usual_rad=self._rules.range.usual_rad, strictness_share=strict
        )

    def _named(self, cycles: Sequence[Cycle], ways: Sequence[FloatArray]) -> list[str]:
        """Kick or hydrant for every excursion: two groups by direction, the larger is the kick.

        One group goes about the way that most of all movement went, the other any other way.
        """
        if not cycles:
            return []
        apart = float(np.cos(self._thresholds.apart_rad))
        sizes = np.array([c.size_rad for c in cycles])
        near = np.array(ways) @ np.array(ways).T >= apart
        along = near[int(np.argmax(near @ sizes))].tolist()
        usual = {
            side: _upper_median(
                [c.size_rad for c, a in zip(cycles, along, strict=True) if a is side]
            )
            for side in set(along)
        }
        kick = max(usual, key=lambda side: usual[side])
        return [KICK if a is kick else HYDRANT for a in along]

    def _opposite(self, named: Sequence[str], ways: Sequence[FloatArray]) -> bool:
        """Whether the two ways are one way to and fro, as of somebody who turns from side to side.

        A leg that goes back and a leg that goes out go at right angles, or nearly.
        """
        sums = [
            np.sum([w for w, n in zip(ways, named, strict=True) if n == name], axis=0)
            for name in (KICK, HYDRANT)
            if name in named
        ]
        if len(sums) < 2:
            return False
        cosine = float(sums[0] @ sums[1]) / float(np.prod([np.linalg.norm(s) for s in sums]))
        return cosine < -math.cos(self._thresholds.apart_rad)

    def _pairs(self, halves: Sequence[_Half]) -> list[_Pair]:
        """Each kick with the hydrant after it; what has no other half alone."""
        pairs: list[_Pair] = []
        for half in halves:
            last = pairs[-1] if pairs else None
            if last and last[1] is None and last[0].name == KICK and self._together(last[0], half):
                pairs[-1] = (last[0], half)
            else:
                pairs.append((half, None))
        return pairs

    def _strays(self, pairs: Sequence[_Pair]) -> list[bool]:
        """For each pair whether it is but one movement, and no half of a repetition.

        Who settles, or fetches something, moves the thigh one way or the other; who exercises kicks
        and lifts. So one or two such movements that pauses keep apart are none; and within the set
        a small one is believed only if it is quicker than a whole one (a smaller movement takes
        less time, if it is the same one), and no bounce.
        """
        least = self._thresholds.partial_share
        whole = [h for pair in pairs for h in pair if h is not None and h.share >= least]
        rests_s = [b[0].edges.start_s - _end_s(a) for a, b in pairwise(pairs)]
        if len(whole) < LEAST_WHOLE or not rests_s:
            return [False] * len(pairs)
        usual_rest_s = median(rests_s)
        pause_s = max(PAUSE_S, PAUSE_RESTS * usual_rest_s)
        bounds = [k for k, rest_s in enumerate(rests_s, 1) if rest_s > pause_s]
        found: list[bool] = []
        for first, stop in pairwise([0, *bounds, len(pairs)]):
            bout = pairs[first:stop]
            apart = len(bout) <= LONE and all(other is None for _, other in bout)
            for k, (half, other) in enumerate(bout, first):
                if apart or other is not None or half.share >= least:
                    found.append(apart)
                    continue
                near = [h.edges for h in whole if h.name == half.name] or [h.edges for h in whole]
                slow = _lasts_s(half.edges) > SLOWER * median(_lasts_s(e) for e in near)
                quick = half.edges.half_width_s < QUICKER * median(e.half_width_s for e in near)
                attached = k > 0 and rests_s[k - 1] < ATTACHED_SHARE * usual_rest_s
                found.append(slow or (attached and quick))
        return found

    def _together(self, kick: _Half, after: _Half) -> bool:
        pause_s = after.edges.start_s - kick.edges.end_s
        return after.name == HYDRANT and pause_s <= self._thresholds.together_s

    def _repetition(self, first: _Half, second: _Half | None) -> Repetition:
        last = second or first
        halves = [h for h in (first, second) if h is not None]
        whole = len(halves) == 2 and all(h.share >= self._thresholds.partial_share for h in halves)
        missing = "" if second else {KICK: HYDRANT, HYDRANT: KICK}[first.name]
        return Repetition(
            start_s=first.edges.start_s,
            peak_s=first.edges.peak_s,
            end_s=last.edges.end_s,
            rom_rad=max(h.range_rad for h in halves),
            kind=RepetitionKind.FULL if whole else RepetitionKind.PARTIAL,
            side=self._setup.side,
            sure=whole,
            phase=missing,
            measures=MappingProxyType({f"{h.name}_rom_rad": h.range_rad for h in halves}),
        )


def _start_pose(path: Path, otherwise: FloatArray) -> FloatArray:
    """The pose both movements start from: where the person rested longest, all rests together.

    Not the foot of the larger movement: the smaller one may go the other way from there.
    """
    rests = rests_of(path, still_radps=STILL_RADPS, shortest_s=0.4)
    if not rests:
        return otherwise
    near = [
        [r for r in rests if angle_between_rad(r.pose, one.pose) < SAME_POSE_RAD] for one in rests
    ]
    longest = max(near, key=lambda group: sum(r.lasts_s for r in group))
    mean = sum((r.pose * r.lasts_s for r in longest), start=np.zeros(3))
    return np.asarray(mean / np.linalg.norm(mean))


def _distance_rad(path: Path, home: FloatArray) -> FloatArray:
    """The angle from the start pose at every tick, whatever the direction."""
    away = path.up - home
    chord = np.sqrt((away * away).sum(axis=1))
    return np.asarray(2.0 * np.arcsin(np.minimum(1.0, 0.5 * chord)))


def _way(path: Path, home: FloatArray, cycle: Cycle) -> FloatArray:
    """The direction an excursion took from the start pose: a unit vector at right angles to it."""
    away = path.up[cycle.peak] - home * float(path.up[cycle.peak] @ home)
    return np.asarray(away / max(1e-9, float(np.linalg.norm(away))))


def _end_s(pair: _Pair) -> float:
    return (pair[1] or pair[0]).edges.end_s


def _lasts_s(edges: Edges) -> float:
    return edges.end_s - edges.start_s


def _upper_median(values: Sequence[float]) -> float:
    return sorted(values)[int(0.6 * (len(values) - 1) + 0.5)]
