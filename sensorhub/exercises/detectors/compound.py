"""Two movements in different directions from one start pose that make one repetition together.

A donkey kick takes the thigh back, a fire hydrant takes it out to the side. Both are excursions of
the great-circle distance from the start pose; where they go tells them apart, in any mounting. The
kick is the larger of the two (80 degrees to 45 in most bodies).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from types import MappingProxyType

import numpy as np

from sensorhub.exercises.coherence import is_set, strictness
from sensorhub.exercises.cycles import Cycle, cycles_of
from sensorhub.exercises.detectors.base import Detector, DetectorSetup, Findings
from sensorhub.exercises.edges import Edges, edges_of
from sensorhub.exercises.judge import Rules, explain
from sensorhub.exercises.path import Path
from sensorhub.exercises.rests import angle_between_rad, rests_of
from sensorhub.exercises.segment import CountedSegment
from sensorhub.exercises.thresholds import CompoundThresholds
from sensorhub.exercises.walking import walked
from sensorhub.exercises.zigzag import turning_points
from sensorhub.model.events import FloatArray
from sensorhub.model.live import LiveEvent, LiveState
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import Repetition, RepetitionKind

KICK, HYDRANT = "kick", "hydrant"

STILL_RADPS = math.radians(5.0)

SAME_POSE_RAD = math.radians(12.0)
"""Coming back to hands and knees puts the thigh where it was within this."""

LIKE_SHARE = 1.8
"""Neither half is larger than this times its own usual size."""


def new_detector(setup: DetectorSetup) -> Detector:
    """See ``detectors/base.py``."""
    return CompoundDetector(setup)


@dataclass(frozen=True, slots=True)
class _Half:
    """One excursion: which half it is, and how large compared with the others of its kind."""

    name: str
    cycle: Cycle
    edges: Edges
    share: float


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
        halves = self._halves(path)
        repetitions = []
        k = 0
        while k < len(halves):
            one = halves[k]
            after = halves[k + 1] if k + 1 < len(halves) else None
            if one.name == KICK and after is not None and self._together(one, after):
                repetitions.append(self._repetition(one, after))
                k += 2
            else:
                repetitions.append(self._repetition(one, None))
                k += 1
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
        named = self._named(cycles, ways, found.movement.toward)
        usual = {
            name: _upper_median(
                [c.size_rad for c, n in zip(cycles, named, strict=True) if n == name]
            )
            for name in set(named)
        }
        halves = [
            _Half(name, cycle, edge, cycle.size_rad / usual[name])
            for name, cycle, edge in zip(named, cycles, edges, strict=True)
        ]
        limits = self._thresholds
        chosen = [
            h
            for h in halves
            if h.share >= limits.ignore_share
            and limits.shortest_s <= h.edges.end_s - h.edges.start_s <= limits.longest_s
        ]
        return chosen if self._is_set(path, chosen) else []

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

    def _named(
        self, cycles: Sequence[Cycle], ways: Sequence[FloatArray], toward: FloatArray
    ) -> list[str]:
        """Kick or hydrant for every excursion: two groups by direction, the larger is the kick."""
        apart = float(np.cos(self._thresholds.apart_rad))
        along = [float(way @ toward) >= apart for way in ways]
        sizes = {
            side: median(c.size_rad for c, a in zip(cycles, along, strict=True) if a is side)
            for side in set(along)
        }
        kick = max(sizes, key=lambda side: sizes[side], default=True)
        return [KICK if a is kick else HYDRANT for a in along]

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
            rom_rad=max(h.cycle.size_rad for h in halves),
            kind=RepetitionKind.FULL if whole else RepetitionKind.PARTIAL,
            side=self._setup.side,
            sure=whole,
            phase=missing,
            measures=MappingProxyType({f"{h.name}_rom_rad": h.cycle.size_rad for h in halves}),
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


def _upper_median(values: Sequence[float]) -> float:
    return sorted(values)[int(0.6 * (len(values) - 1) + 0.5)]
