"""Side steps out and back, seen by one thigh; a pelvis or chest sensor watches the trunk's turning.

Every side step opens the legs and closes them again: one sideways excursion of the thigh. The leg
that leads opens wider than the one that follows, so steps out and steps back differ in size, in
the same sense for a whole set; the first step is a step out. Where they do not differ, they are
taken to alternate.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from statistics import mean, median
from types import MappingProxyType

import numpy as np

from sensorhub.exercises.coherence import by_the_way, is_set
from sensorhub.exercises.cycles import Cycle, cycles_of
from sensorhub.exercises.detectors.base import Detector, DetectorSetup, Findings
from sensorhub.exercises.edges import Edges, edges_of
from sensorhub.exercises.judge import Explanation, Rules, explain
from sensorhub.exercises.movement import Movement, along_greatest_variance
from sensorhub.exercises.path import Path, smooth, turning_speed_radps
from sensorhub.exercises.segment import CountedSegment
from sensorhub.exercises.thresholds import StepsThresholds
from sensorhub.exercises.track import Track
from sensorhub.exercises.walking import walked
from sensorhub.exercises.zigzag import turning_points
from sensorhub.model.events import FloatArray
from sensorhub.model.live import LiveEvent, LiveState
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import Repetition, RepetitionKind, Step
from sensorhub.model.placement import Placement
from sensorhub.motion.orientation import unit

OUT, BACK = "out", "back"

NARROW_SHARE = 0.4
"""Of the wide step's width: what the leg that follows does."""

DIFFERENT_SHARE = 1.5
"""The wide steps are at least so many times as wide as the narrow ones, or they do not differ."""

ALIKE_SIZE, ALIKE_TIME = 1.35, 2.0
"""A step with no partner differs from the others of its kind by less than these factors, or it is
something else."""

SAME_PLANE = math.cos(math.radians(40.0))
"""Walking swings the thigh forwards, side steps sideways; straps and people are not that exact."""

WIDEST_RAD = math.radians(28.0)
"""The thigh of somebody who walks swings further than that of one who steps aside."""

QUICKEST_S = 0.75
"""Nobody steps sideways and closes the legs again in less, step after step."""

FEW_RESTS, CLEAR_REST_S = 3, 0.3
"""So many rests of each kind, and so much between their medians, tell what follows what."""

CALM_S = 0.25
"""Without a gyroscope, the standard deviation of the average that hides how the legs speed up and
slow down (to and fro within a step) and keeps most of the step itself."""


def new_detector(setup: DetectorSetup) -> Detector:
    """See ``detectors/base.py``."""
    return StepsDetector(setup)


class StepsDetector:
    """Counts side steps; one repetition is all steps out and the same number back."""

    def __init__(self, setup: DetectorSetup) -> None:
        thresholds, limits = setup.exercise.thresholds, setup.exercise.range
        if not isinstance(thresholds, StepsThresholds) or limits is None:
            raise ValueError(f"{setup.exercise.id} is not done in steps")
        self._setup, self._thresholds = setup, thresholds
        self._rules = Rules(limits, thresholds.shortest_s, thresholds.longest_s, 0.2)
        self._segments = [
            CountedSegment(
                setup.recorders[p],
                limits,
                ignore_share=NARROW_SHARE,  # live, the wide steps are what is counted
                live=setup.live and k == 0,
            )
            for k, p in enumerate((setup.primary[0], *_trunk(setup)))
        ]

    def push(self, block: MotionBlock) -> Sequence[LiveEvent]:
        """See :class:`Detector`."""
        return [event for segment in self._segments for event in segment.push(block)]

    def state(self) -> LiveState:
        """See :class:`Detector`."""
        return self._segments[0].state()

    def finish(self) -> Findings:
        """See :class:`Detector`."""
        steps = self._steps(self._path())
        trunk = [s.track() for s in self._segments[1:]]
        if trunk:
            steps = [_with_trunk(step, trunk[0]) for step in steps]
        return Findings(steps=tuple(steps), repetitions=tuple(self._repetitions(steps)))

    def _path(self) -> Path:
        """The thigh's way. Without a gyroscope the steps' own acceleration leans it as well."""
        segment = self._segments[0]
        path = segment.path()
        if segment.track().rate_radps is not None:
            return path
        up, speed = path.up.copy(), path.speed_radps.copy()
        for piece in path.pieces:
            up[piece] = unit(smooth(path.up[piece], CALM_S / path.tick_s))
            speed[piece] = turning_speed_radps(up[piece], path.tick_s)
        return replace(path, up=up, speed_radps=speed)

    def _steps(self, path: Path) -> list[Step]:
        found = explain(path, self._rules)
        if found is None:
            return []
        path = _without_sideways_walks(path, found)
        kept = self._kept(path, _closed_at_home(found))
        if not kept:
            return []
        directions = _directions(kept)
        kept, directions = _without_strays(path, kept, directions)
        if not kept:
            return []
        out = [both for both, d in zip(kept, directions, strict=True) if d is OUT]
        usual_rad = self._rules.range.usual_rad
        if not out or not is_set(
            path, [c for c, _ in out], [e for _, e in out], usual_rad=usual_rad
        ):
            return []
        return [_step(e, d, c.size_rad) for (c, e), d in zip(kept, directions, strict=True)]

    def _kept(self, path: Path, found: Explanation) -> list[tuple[Cycle, Edges]]:
        """The movement's excursions, narrow ones included, that can be side steps."""
        least = self._rules.range.least_rad
        fine = turning_points(found.angle_rad, 0.2 * least)
        cycles = [
            c
            for c in cycles_of(
                found.angle_rad, fine, size_rad=0.4 * found.size_rad, least_height_rad=0.4 * least
            )
            if c.finished and c.size_rad < 2.0 * found.size_rad
        ]
        edges = edges_of(path, found.angle_rad, cycles)
        return [
            (cycle, edge)
            for cycle, edge, walk in zip(cycles, edges, walked(path, cycles), strict=True)
            if not walk
            and self._rules.shortest_s <= edge.end_s - edge.start_s <= self._rules.longest_s
        ]

    def _repetitions(self, steps: Sequence[Step]) -> list[Repetition]:
        """Out and back is one; steps out that nobody took back make a partial one."""
        runs = _runs(steps)
        found = []
        for k, (direction, out) in enumerate(runs):
            if direction != OUT:
                continue
            back = runs[k + 1][1] if k + 1 < len(runs) and runs[k + 1][0] == BACK else []
            turns = [
                t for s in (*out, *back) if (t := s.measures.get("trunk_turn_rad")) is not None
            ]
            found.append(
                Repetition(
                    start_s=out[0].start_s,
                    peak_s=out[-1].end_s,
                    end_s=(back or out)[-1].end_s,
                    rom_rad=max(s.measures["thigh_swing_rad"] for s in out),
                    kind=RepetitionKind.FULL if len(back) == len(out) else RepetitionKind.PARTIAL,
                    side=self._setup.side,
                    phase="" if back else BACK,
                    measures=MappingProxyType({"trunk_turn_rad": max(turns)} if turns else {}),
                )
            )
        return found


def _trunk(setup: DetectorSetup) -> tuple[Placement, ...]:
    """The sensor that watches the trunk: pelvis before chest, or none."""
    worn = [p for p in setup.optional if p.segment in ("pelvis", "chest")]
    return tuple(sorted(worn, key=lambda p: p.segment != "pelvis")[:1])


def _step(edges: Edges, direction: str, size_rad: float) -> Step:
    measures = MappingProxyType({"thigh_swing_rad": size_rad})
    return Step(edges.start_s, edges.end_s, direction, measures=measures)


def _without_sideways_walks(path: Path, found: Explanation) -> Path:
    """Brisk side steps are a way of walking as well: one in the steps' own plane stays counted."""
    kept = []
    for start_s, end_s in path.walks:
        first, last = np.searchsorted(path.time_s, (start_s, end_s))
        swing = along_greatest_variance(path.up[first:last])
        sideways = (
            swing is not None
            and abs(float(swing.across @ found.movement.across)) > SAME_PLANE
            and _swing_rad(swing, path.up[first:last]) < WIDEST_RAD
            and _usual_step_s(found, int(first), int(last), path.tick_s) > QUICKEST_S
        )
        if not sideways:
            kept.append((start_s, end_s))
    return replace(path, walks=tuple(kept))


def _swing_rad(swing: Movement, up: FloatArray) -> float:
    """How far it goes from end to end, but for the furthest."""
    low, high = np.percentile(swing.folded_angle_rad(up), (5.0, 95.0))
    return float(high - low)


def _usual_step_s(found: Explanation, first: int, last: int, tick_s: float) -> float:
    """How long one swing to and fro takes between two ticks."""
    corners = turning_points(found.angle_rad[first:last], 0.25 * found.size_rad)
    steps = np.diff([c.index for c in corners])
    return 2.0 * float(np.median(steps)) * tick_s if len(steps) else 0.0


def _closed_at_home(found: Explanation) -> Explanation:
    """The legs are closed most of the time: that end of the movement is home."""
    first, last = found.cycles[0], found.cycles[-1]
    angle = found.angle_rad[first.start : last.end + 1]
    low, middle, high = np.percentile(angle, (5.0, 50.0, 95.0))
    if middle - low <= high - middle:
        return found
    return replace(found, movement=found.movement.reversed(), angle_rad=-found.angle_rad)


def _directions(kept: Sequence[tuple[Cycle, Edges]]) -> list[str]:
    """Out or back for every step, from its size where the sizes fall into two groups."""
    sizes = [cycle.size_rad for cycle, _ in kept]
    order = sorted(sizes)
    gaps = [b / a for a, b in pairwise(order)]
    split = max(range(len(gaps)), key=lambda k: gaps[k], default=0)
    small, large = order[: split + 1], order[split + 1 :]
    if not large or mean(large) < DIFFERENT_SHARE * mean(small) or len(small) < len(order) // 4:
        return [OUT if k % 2 == 0 else BACK for k in range(len(sizes))]
    wide = [size >= large[0] for size in sizes]
    out_is_wide = _leads(wide, [edges for _, edges in kept])
    return [OUT if w is out_is_wide else BACK for w in wide]


def _leads(wide: Sequence[bool], edges: Sequence[Edges]) -> bool:
    """Whether the wide steps lead out: back follows sooner than the next one out; else the first.

    What happened before the set may look like its first step.
    """
    rests_s: dict[bool, list[float]] = {True: [], False: []}
    for k in range(len(wide) - 1):
        if wide[k] is not wide[k + 1]:
            rests_s[wide[k]].append(edges[k + 1].start_s - edges[k].end_s)
    if min(len(rests_s[True]), len(rests_s[False])) < FEW_RESTS:
        return wide[0]
    after_wide_s, after_narrow_s = median(rests_s[True]), median(rests_s[False])
    if abs(after_wide_s - after_narrow_s) < CLEAR_REST_S:
        return wide[0]
    return after_wide_s < after_narrow_s


def _without_strays(
    path: Path, kept: Sequence[tuple[Cycle, Edges]], directions: Sequence[str]
) -> tuple[list[tuple[Cycle, Edges]], list[str]]:
    """Without what a walk begins or ends with, and lone movements unlike the steps of their kind.

    A step out that is followed by one back, or the other way round, is not alone.
    """
    edges = [e for _, e in kept]
    usual = {
        direction: (
            median(
                c.size_rad for (c, _), d in zip(kept, directions, strict=True) if d is direction
            ),
            median(
                e.end_s - e.start_s
                for e, d in zip(edges, directions, strict=True)
                if d is direction
            ),
        )
        for direction in directions
    }
    errands = by_the_way(path, edges, [d is OUT for d in directions])
    chosen = []
    for k, (cycle, edge) in enumerate(kept):
        size_rad, lasts_s = usual[directions[k]]
        neighbour = k + 1 if directions[k] is OUT else k - 1
        alone = not 0 <= neighbour < len(kept) or directions[neighbour] is directions[k]
        unlike = not (
            1.0 / ALIKE_SIZE < cycle.size_rad / size_rad < ALIKE_SIZE
            and 1.0 / ALIKE_TIME < (edge.end_s - edge.start_s) / lasts_s < ALIKE_TIME
        )
        among = any(start_s < edge.peak_s < end_s for start_s, end_s in path.walks)
        if not errands[k] and not among and not (alone and unlike):
            chosen.append(k)
    return [kept[k] for k in chosen], [directions[k] for k in chosen]


def _runs(steps: Sequence[Step]) -> list[tuple[str, list[Step]]]:
    """Steps out in a row, steps back in a row, and so on.

    Twice the usual number out in a row is two repetitions whose way back between was not seen.
    """
    runs = [(d, list(run)) for d, run in groupby(steps, key=lambda s: s.direction)]
    usual = round(median([len(run) for direction, run in runs if direction == OUT] or [1]))
    found = []
    for direction, run in runs:
        size = usual if direction == OUT and len(run) % usual == 0 else len(run)
        found += [(direction, run[k : k + size]) for k in range(0, len(run), size)]
    return found


def _with_trunk(step: Step, trunk: Track) -> Step:
    """How far the trunk turned about the vertical during the step, by the gyroscope."""
    if trunk.rate_radps is None:
        return step
    inside = (trunk.time_s >= step.start_s) & (trunk.time_s <= step.end_s)
    if int(inside.sum()) < 3:
        return step
    about_up = (trunk.rate_radps[inside] * trunk.up[inside]).sum(axis=1)
    turned = np.cumsum(about_up * np.gradient(trunk.time_s[inside]))
    measures = {**step.measures, "trunk_turn_rad": float(np.abs(turned).max())}
    return replace(step, measures=MappingProxyType(measures))
