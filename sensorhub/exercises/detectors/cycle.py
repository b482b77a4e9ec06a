"""Rhythmic pelvis movements: to and fro through the start pose, or round and round.

To and fro is counted as repetitions are, except that one cycle goes to both sides of the start
pose and ends when it is back there. Round is counted in full turns of the direction in which the
pelvis leans; the sense of turning does not depend on how the sensor is mounted. Who goes to and
fro where circles are asked for is counted to and fro.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sensorhub.exercises.detectors.base import Detector, DetectorSetup, Findings
from sensorhub.exercises.detectors.circles import turns_of
from sensorhub.exercises.detectors.lying import in_usual_posture
from sensorhub.exercises.detectors.segment import CountedSegment
from sensorhub.exercises.detectors.swings import swings_of
from sensorhub.exercises.live.turns import LiveTurns
from sensorhub.exercises.sets.judge import Explanation, Rules, explain
from sensorhub.exercises.sets.selection import Selected, select
from sensorhub.exercises.sets.upright import LEVEL_RAD, LYING, upright_of
from sensorhub.exercises.thresholds import CycleThresholds
from sensorhub.exercises.trace.edges import whole_cycles
from sensorhub.exercises.trace.mending import mended
from sensorhub.exercises.trace.path import Path
from sensorhub.exercises.trace.ranges import swing_rad
from sensorhub.model.events import FloatArray
from sensorhub.model.live import LiveEvent, LiveState
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import Repetition, RepetitionKind

LEAST_LYING = 4
"""So few cycles, seen only once everything else is left out, may be anything."""

BETWEEN_SHARE = 0.75
"""The start pose lies between the ends if the first way out is shorter than this share of the way
from end to end: it is about a half to both sides, and all of it to one."""


def new_detector(setup: DetectorSetup) -> Detector:
    """See ``detectors/base.py``."""
    return CycleDetector(setup)


class CycleDetector:
    """Counts the cycles of one segment."""

    def __init__(self, setup: DetectorSetup) -> None:
        thresholds, limits = setup.exercise.thresholds, setup.exercise.range
        if not isinstance(thresholds, CycleThresholds) or limits is None:
            raise ValueError(f"{setup.exercise.id} is not done in cycles")
        self._setup, self._thresholds = setup, thresholds
        self._rules = Rules(
            limits, thresholds.shortest_s, thresholds.longest_s, thresholds.ignore_share
        )
        self._segment = CountedSegment(
            setup.recorders[setup.primary[0]],
            limits,
            ignore_share=thresholds.ignore_share,
            excursions=2,  # to one side of the start pose and to the other
            live=setup.live and not thresholds.round,
        )
        self._turns = LiveTurns(least_rad=limits.least_rad)

    def push(self, block: MotionBlock) -> Sequence[LiveEvent]:
        """See :class:`Detector`."""
        events = self._segment.push(block)
        if not self._setup.live or not self._thresholds.round:
            return events
        if block.placement is not self._segment.placement:
            return []
        heard = block.heard
        return [
            event
            for time_s, up in zip(heard.time_s, heard.up, strict=True)
            for event in self._turns.push(time_s, up)
        ]

    def state(self) -> LiveState:
        """See :class:`Detector`."""
        if not self._thresholds.round:
            return self._segment.state()
        turns, usual_rad = self._turns, self._rules.range.usual_rad
        unsure = int(turns.count == 1)
        return LiveState(turns.count, 0, unsure, None, turns.angle_rad, 0.5 * usual_rad)

    def finish(self) -> Findings:
        """See :class:`Detector`."""
        path = mended(self._segment.path())
        found = self._circles(path) if self._thresholds.round else []
        found = found or self._to_and_fro(path)
        return Findings(repetitions=tuple(found if self._lies(path, found) else []))

    def _lies(self, path: Path, found: Sequence[Repetition]) -> bool:
        """Whether the pelvis was level, if that is asked for; True where no walk shows upright.

        Who stands and sways, or sits down and stands up, rocks it as well.
        """
        upright = upright_of(path)
        if upright is None or not found or self._setup.exercise.posture not in LYING:
            return True
        ticks = np.searchsorted(path.time_s, [r.peak_s for r in found])
        cosine = float(np.median(path.up[np.minimum(ticks, len(path) - 1)] @ upright))
        return cosine < math.cos(LEVEL_RAD)

    def _circles(self, path: Path) -> list[Repetition]:
        limits = self._rules.range
        return [
            Repetition(
                start_s=turn.start_s,
                peak_s=turn.peak_s,
                end_s=turn.end_s,
                rom_rad=turn.range_rad,
                side=self._setup.side,
                phase="ccw" if turn.counterclockwise else "cw",
            )
            for turn in turns_of(path, least_rad=limits.least_rad)
            if self._rules.shortest_s <= turn.end_s - turn.start_s <= self._rules.longest_s
        ]

    def _to_and_fro(self, path: Path) -> list[Repetition]:
        found = explain(path, self._rules)
        if found is None and (lying := in_usual_posture(path)) is not None:
            path, found = lying, explain(lying, self._rules)
            if found is not None and len(found.cycles) < LEAST_LYING:
                return []
        if found is None:
            return []
        chosen = swings_of(path, found, self._rules, partial_share=self._thresholds.partial_share)
        if chosen is None:
            return self._out_and_back(path, found)
        return [self._repetition(path, c, (c.edges.start_s, c.edges.end_s)) for c in chosen]

    def _out_and_back(self, path: Path, found: Explanation) -> list[Repetition]:
        """Without a rest between the ends: as repetitions are counted."""
        # The last way back, half of a swing, would pass for a repetition cut off by the end.
        whole = replace(found, open_end=None)
        chosen = select(path, whole, self._rules, partial_share=self._thresholds.partial_share)
        edges = [(c.edges.start_s, c.edges.end_s) for c in chosen]
        if chosen and _starts_between(path, found.angle_rad, chosen[0]):
            edges = whole_cycles(path, found.angle_rad, _to_the_other_end(path, found, chosen))
        return [self._repetition(path, one, edge) for one, edge in zip(chosen, edges, strict=True)]

    def _repetition(self, path: Path, one: Selected, edges: tuple[float, float]) -> Repetition:
        return Repetition(
            start_s=edges[0],
            peak_s=one.edges.peak_s,
            end_s=edges[1],
            rom_rad=swing_rad(path, edges[0], one.edges.peak_s, edges[1]),
            kind=RepetitionKind.FULL if one.full else RepetitionKind.PARTIAL,
            side=self._setup.side,
            sure=one.sure,
        )


def _to_the_other_end(
    path: Path, found: Explanation, chosen: Sequence[Selected]
) -> list[tuple[int, int]]:
    """Of each cycle the tick of its peak, and of the lowest angle before the next one."""
    peaks = [c.cycle.peak for c in chosen]
    swings = []
    for k, peak in enumerate(peaks):
        stop = path.piece_of(peak).stop
        last = min(stop, peaks[k + 1] if k + 1 < len(peaks) else stop)
        swings.append((peak, peak + int(np.argmin(found.angle_rad[peak:last]))))
    return swings


def _starts_between(path: Path, angle_rad: FloatArray, first: Selected) -> bool:
    """Whether the movement goes to both sides of the pose it starts in, or to one side only."""
    cycle = first.cycle
    if not cycle.finished:
        return False
    begin_rad = float(np.interp(first.edges.start_s, path.time_s, angle_rad))
    return float(angle_rad[cycle.peak]) - begin_rad < BETWEEN_SHARE * cycle.fall_rad
