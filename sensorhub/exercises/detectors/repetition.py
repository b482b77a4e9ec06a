"""Repetitions: out and back along one movement, any mounting, nobody demonstrating it first."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from sensorhub.exercises.detectors.base import Detector, DetectorSetup, Findings
from sensorhub.exercises.detectors.segment import CountedSegment
from sensorhub.exercises.sets.hips import hip_carried
from sensorhub.exercises.sets.judge import Rules, explanations
from sensorhub.exercises.sets.legs import LegRepetition, of_both_legs
from sensorhub.exercises.sets.selection import Selected, first_set
from sensorhub.exercises.thresholds import RepetitionThresholds
from sensorhub.exercises.trace.edges import Edges
from sensorhub.exercises.trace.mending import homes_differ, without_slips
from sensorhub.exercises.trace.path import Path
from sensorhub.exercises.trace.ranges import range_rad
from sensorhub.model.live import LiveEvent, LiveState
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import FlagCode, QualityFlag, Repetition, RepetitionKind
from sensorhub.model.placement import Placement, Side

DRAGGED_SHARE = 3.0
"""A leg whose excursions are this many times smaller than the other's was only dragged along."""


def new_detector(setup: DetectorSetup) -> Detector:
    """See ``detectors/base.py``."""
    return RepetitionDetector(setup)


class RepetitionDetector:
    """Counts repetitions of one movement.

    With a sensor on each thigh: the side asked for counts, the other one only where that side did
    nothing (and a flag says so); where no side was asked for, each repetition belongs to the leg
    that moved more.
    """

    def __init__(self, setup: DetectorSetup) -> None:
        thresholds, limits = setup.exercise.thresholds, setup.exercise.range
        if not isinstance(thresholds, RepetitionThresholds) or limits is None:
            raise ValueError(f"{setup.exercise.id} is not counted in repetitions")
        self._setup = setup
        self._partial_share = thresholds.partial_share
        self._hip_rests = thresholds.hip_rests
        self._rules = Rules(
            limits,
            thresholds.shortest_s,
            thresholds.longest_s,
            thresholds.ignore_share,
            posture=setup.exercise.posture,
            rises=thresholds.rises,
            toward_upright=1 if thresholds.toward_upright else -1 if thresholds.rises else 0,
        )
        self._asked = setup.side in (Side.LEFT, Side.RIGHT)
        self._segments = [
            CountedSegment(
                setup.recorders[placement],
                limits,
                ignore_share=thresholds.ignore_share,
                live=setup.live and (k == 0 or not self._asked),
            )
            for k, placement in enumerate(setup.primary)
        ]
        self._others = self._segments[1:]

    def push(self, block: MotionBlock) -> Sequence[LiveEvent]:
        """See :class:`Detector`."""
        # The first segment speaks; the others count along for the state.
        for segment in self._others:
            segment.push(block)
        return self._segments[0].push(block)

    def state(self) -> LiveState:
        """See :class:`Detector`."""
        states = [segment.state() for segment in self._segments]
        if self._asked or len(states) == 1:
            return states[0]
        # Each leg sees the other's repetitions too, as smaller ones.
        best = max(states, key=lambda s: s.count + s.partial)
        return replace(best, count=best.count + best.partial, partial=0)

    def finish(self) -> Findings:
        """See :class:`Detector`."""
        if not self._asked:
            legs = [(segment.placement, self._selected(segment)) for segment in self._segments]
            return Findings(repetitions=tuple(self._repetition(r) for r in of_both_legs(legs)))
        seen = [
            (median(c.cycle.size_rad for c in chosen), segment.placement, chosen)
            for segment in self._segments
            if (chosen := self._selected(segment))
        ]
        if not seen:
            return Findings()
        # The leg asked for, if it moved at all: the other one drags it along a little.
        most = max(size for size, _, _ in seen)
        _, placement, chosen = next(s for s in seen if s[0] * DRAGGED_SHARE >= most)
        found = [self._repetition(LegRepetition(placement, c)) for c in chosen]
        return Findings(tuple(found), flags=self._other_side(placement, found))

    def _selected(self, segment: CountedSegment) -> list[Selected]:
        path = segment.path()
        chosen = self._set_on(path, segment)
        if homes_differ(path, [c.cycle for c in chosen]):
            # The strap may have slipped. (Nobody looks for that in every set: it takes as long as
            # half of the judging.)
            mended = without_slips(path)
            return chosen if mended is path else self._set_on(mended, segment)
        return chosen

    def _set_on(self, path: Path, segment: CountedSegment) -> list[Selected]:
        def possible(edges: Sequence[Edges]) -> bool:
            return not self._hip_rests or not hip_carried(segment.track(), edges)

        return first_set(
            path,
            explanations(path, self._rules),
            self._rules,
            partial_share=self._partial_share,
            possible=possible,
        )

    def _repetition(self, seen: LegRepetition) -> Repetition:
        edges, side = seen.one.edges, seen.placement.side
        path = self._setup.recorders[seen.placement].path()
        known = side is not Side.NONE and self._setup.side is not Side.BOTH
        several = len(self._segments) > 1
        return Repetition(
            start_s=edges.start_s,
            peak_s=edges.peak_s,
            end_s=edges.end_s,
            rom_rad=range_rad(path, edges.start_s, edges.peak_s),
            hold_s=edges.hold_s,
            kind=RepetitionKind.FULL if seen.one.full else RepetitionKind.PARTIAL,
            side=side if (known or several) and side is not Side.NONE else self._setup.side,
            sure=seen.one.sure,
        )

    def _other_side(
        self, placement: Placement, found: Sequence[Repetition]
    ) -> tuple[QualityFlag, ...]:
        """A flag where the repetitions are those of the side that was not asked for."""
        asked = self._setup.side
        if placement is self._setup.primary[0] or placement.side in (asked, Side.NONE):
            return ()
        text = f"The {asked} side was asked for; the {placement.side} leg did the repetitions."
        start_s, end_s = found[0].start_s, found[-1].end_s
        return (QualityFlag(FlagCode.WRONG_SIDE, placement, start_s, end_s, text),)
