"""Side steps out and back, seen by one thigh; a pelvis or chest sensor watches the trunk's turning.

Every side step opens the legs and closes them again: one sideways excursion of the thigh. The leg
that leads opens wider than the one that follows, so steps out and steps back differ in size, in
the same sense for a whole set; the first step is a step out. Where they do not differ, they are
taken to alternate.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from statistics import median
from types import MappingProxyType

import numpy as np

from sensorhub.exercises.detectors.base import Detector, DetectorSetup, Findings
from sensorhub.exercises.detectors.segment import CountedSegment
from sensorhub.exercises.detectors.side_steps import (
    BACK,
    OUT,
    closed_at_home,
    directions_of,
    without_sideways_walks,
    without_strays,
)
from sensorhub.exercises.locomotion.walking import walked
from sensorhub.exercises.sets.coherence import is_set, strictness
from sensorhub.exercises.sets.judge import Explanation, Rules, explain
from sensorhub.exercises.thresholds import StepsThresholds
from sensorhub.exercises.trace.cycles import Cycle, cycles_of
from sensorhub.exercises.trace.edges import Edges, edges_of
from sensorhub.exercises.trace.path import Path, smooth, turning_speed_radps
from sensorhub.exercises.trace.ranges import range_rad
from sensorhub.exercises.trace.track import Track
from sensorhub.exercises.trace.zigzag import turning_points
from sensorhub.model.live import LiveEvent, LiveState
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import Repetition, RepetitionKind, Step
from sensorhub.model.placement import Placement
from sensorhub.motion.orientation import unit

NARROW_SHARE = 0.4
"""Of the wide step's width: what the leg that follows does."""

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
        path = without_sideways_walks(path, found)
        kept = self._kept(path, closed_at_home(found))
        if not kept:
            return []
        directions = directions_of(kept)
        kept, directions = without_strays(path, kept, directions)
        if not kept:
            return []
        out = [both for both, d in zip(kept, directions, strict=True) if d is OUT]
        usual_rad = self._rules.range.usual_rad
        if not out:
            return []
        strict = strictness(path, [c for c, _ in kept])
        cycles, edges = [c for c, _ in out], [e for _, e in out]
        if not is_set(path, cycles, edges, usual_rad=usual_rad, strictness_share=strict):
            return []
        return [_step(path, e, d) for (_, e), d in zip(kept, directions, strict=True)]

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
        walks = walked(path, cycles, leading_out=False)  # side steps are strides, too
        return [
            (cycle, edge)
            for cycle, edge, walk in zip(cycles, edges, walks, strict=True)
            if not walk
            and self._rules.shortest_s <= edge.end_s - edge.start_s <= self._rules.longest_s
        ]

    def _repetitions(self, steps: Sequence[Step]) -> list[Repetition]:
        """Out and back is one; steps out that nobody took back make a partial one.

        The anchor stays where it is: who steps out from it again has come back, seen or not.
        """
        runs = _runs(steps)
        found = []
        for k, (direction, out) in enumerate(runs):
            if direction != OUT:
                continue
            follows = runs[k + 1] if k + 1 < len(runs) else None
            back = follows[1] if follows is not None and follows[0] == BACK else []
            unseen = follows is not None and follows[0] == OUT
            whole = unseen or len(back) == len(out)
            turns = [
                t for s in (*out, *back) if (t := s.measures.get("trunk_turn_rad")) is not None
            ]
            found.append(
                Repetition(
                    start_s=out[0].start_s,
                    peak_s=out[-1].end_s,
                    end_s=(back or out)[-1].end_s,
                    rom_rad=max(s.measures["thigh_swing_rad"] for s in out),
                    kind=RepetitionKind.FULL if whole else RepetitionKind.PARTIAL,
                    side=self._setup.side,
                    sure=not unseen,
                    phase="" if back or unseen else BACK,
                    measures=MappingProxyType({"trunk_turn_rad": max(turns)} if turns else {}),
                )
            )
        return found


def _trunk(setup: DetectorSetup) -> tuple[Placement, ...]:
    """The sensor that watches the trunk: pelvis before chest, or none."""
    worn = [p for p in setup.optional if p.segment in ("pelvis", "chest")]
    return tuple(sorted(worn, key=lambda p: p.segment != "pelvis")[:1])


def _step(path: Path, edges: Edges, direction: str) -> Step:
    swing_rad = range_rad(path, edges.start_s, edges.peak_s)
    measures = MappingProxyType({"thigh_swing_rad": swing_rad})
    return Step(edges.start_s, edges.end_s, direction, measures=measures)


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
