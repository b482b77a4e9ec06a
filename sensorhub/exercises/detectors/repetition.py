"""Repetitions: out and back along one movement, any mounting, nobody demonstrating it first."""

from collections.abc import Sequence

from sensorhub.exercises.detectors.base import Detector, DetectorSetup, Findings
from sensorhub.exercises.judge import Rules, explain
from sensorhub.exercises.segment import CountedSegment
from sensorhub.exercises.selection import Selected, select
from sensorhub.exercises.thresholds import RepetitionThresholds
from sensorhub.model.live import LiveEvent, LiveState
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import Repetition, RepetitionKind


def new_detector(setup: DetectorSetup) -> Detector:
    """See ``detectors/base.py``."""
    return RepetitionDetector(setup)


class RepetitionDetector:
    """Counts repetitions of one movement on one segment, any mounting."""

    def __init__(self, setup: DetectorSetup) -> None:
        thresholds, limits = setup.exercise.thresholds, setup.exercise.range
        if not isinstance(thresholds, RepetitionThresholds) or limits is None:
            raise ValueError(f"{setup.exercise.id} is not counted in repetitions")
        self._setup = setup
        self._partial_share = thresholds.partial_share
        self._rules = Rules(
            limits, thresholds.shortest_s, thresholds.longest_s, thresholds.ignore_share
        )
        self._segment = CountedSegment(
            setup.primary[0], limits, ignore_share=thresholds.ignore_share, live=setup.live
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
        found = explain(path, self._rules)
        if found is None:
            return Findings()
        chosen = select(path, found, self._rules, partial_share=self._partial_share)
        return Findings(repetitions=tuple(self._repetition(c) for c in chosen))

    def _repetition(self, one: Selected) -> Repetition:
        return Repetition(
            start_s=one.edges.start_s,
            peak_s=one.edges.peak_s,
            end_s=one.edges.end_s,
            rom_rad=one.cycle.rise_rad,
            hold_s=one.edges.hold_s,
            kind=RepetitionKind.FULL if one.full else RepetitionKind.PARTIAL,
            side=self._setup.side,
            sure=one.sure,
        )
