"""Runs one set: takes the motion of every sensor worn, drives the detector, gives the outcome."""

import importlib
from collections.abc import Mapping, Sequence
from typing import cast

from calibration.alignment import Alignment
from sensorhub.exercises.checks.checking import Checked, check
from sensorhub.exercises.definition import Exercise
from sensorhub.exercises.detectors.base import Detector, DetectorSetup, NewDetector, PacedDetector
from sensorhub.exercises.measures.measuring import measured
from sensorhub.exercises.measures.motion import SegmentMotion
from sensorhub.exercises.spoken import spoken
from sensorhub.exercises.trace.recorder import TrackRecorder
from sensorhub.model.errors import InputError
from sensorhub.model.live import LiveEvent, LiveState
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import Evidence, FlagCode, QualityFlag, SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import Gap

DETECTOR_VERSION = "5"
"""Goes into every outcome: any change that can alter a count, a time or an angle raises it."""


class SetAnalyzer:
    """One run of one exercise on one side; lives as long as the set.

    Args:
        side: the side the run is done on; NONE where it is not known.
        placements: the sensors that are worn (those the exercise cannot use are named in a flag).
        alignments: sensor-to-segment alignment where one was made.
        live: False where nobody is watching (re-scoring): no live events, the same outcome.

    Raises InputError when no worn sensor can carry this exercise.
    """

    def __init__(
        self,
        exercise: Exercise,
        *,
        side: Side,
        placements: Sequence[Placement],
        alignments: Mapping[Placement, Alignment] | None = None,
        live: bool = True,
    ) -> None:
        self._exercise = exercise
        self._side = side
        self._alignments = dict(alignments or {})
        self._primary = _by_preference(exercise, side, placements)
        self._optional = tuple(p for p in placements if p.segment in exercise.optional)
        self._ignored = [
            p for p in placements if p not in self._primary and p not in self._optional
        ]
        if not self._primary and exercise.evidence is Evidence.MEASURED:
            worn = ", ".join(placements) or "none"
            raise InputError(
                f"{exercise.title} needs a sensor on the {' or '.join(exercise.primary)}; "
                f"there is: {worn}.",
                hint="Wear one there, or choose another exercise.",
            )
        self._recorders = {p: TrackRecorder(p) for p in self.placements}
        setup = DetectorSetup(
            exercise, side, self._primary, self._optional, live, recorders=self._recorders
        )
        module = importlib.import_module(f"sensorhub.exercises.detectors.{exercise.detector}")
        self._detector: Detector = cast("NewDetector", module.new_detector)(setup)
        self._gaps: list[Gap] = []
        self._clipped: set[Placement] = set()
        self._paced: tuple[float, float] | None = None

    @property
    def placements(self) -> tuple[Placement, ...]:
        """The worn placements this run looks at, the one that counts first."""
        return (*self._primary, *self._optional)

    def push(self, block: MotionBlock) -> Sequence[LiveEvent]:
        """Take in more motion; what that means for the person, provisionally."""
        recorder = self._recorders.get(block.placement)
        if recorder is None:
            return []
        recorder.push(block)
        if block.gaps:
            self._gaps.extend(block.gaps)
        if block.clipped:
            self._clipped.add(block.placement)
        return self._detector.push(block)

    def pace(self, *, start_s: float, now_s: float) -> None:
        """The hub paces this set since ``start_s`` until now; matters to guided exercises only."""
        if isinstance(self._detector, PacedDetector):
            self._detector.pace(start_s=start_s, now_s=now_s)
            before = self._paced or (start_s, now_s)
            self._paced = min(before[0], start_s), max(before[1], now_s)

    def align(self, alignments: Mapping[Placement, Alignment]) -> None:
        """How sensors sit, where that is known only now; before :meth:`finish`."""
        self._alignments |= alignments

    def state(self) -> LiveState:
        """The running set at a glance."""
        return self._detector.state()

    def finish(self) -> SetOutcome:
        """The judgement over the whole set; the same however the motion was split."""
        tracks = {p: recorder.track() for p, recorder in self._recorders.items()}
        motions = {
            p: SegmentMotion.of(track, self._recorders[p].path())
            for p, track in tracks.items()
            if len(track) > 1
        }
        found = measured(
            self._detector.finish(),
            exercise=self._exercise,
            side=self._side,
            primary=self._primary,
            tracks=tracks,
            motions=motions,
            alignments=self._alignments,
        )
        doubts = check(
            Checked(
                self._exercise,
                self._side,
                self._primary,
                tracks,
                motions,
                self._alignments,
                found.repetitions,
            )
        )
        start_s, end_s = self._span_s()
        return SetOutcome(
            exercise=self._exercise.id,
            side=self._side,
            start_s=start_s,
            end_s=end_s,
            repetitions=found.repetitions,
            holds=found.holds,
            breaths=found.breaths,
            steps=found.steps,
            gaps=tuple(sorted(self._gaps, key=lambda g: (g.start_s, g.placement))),
            flags=(*self._own_flags(start_s, end_s), *doubts, *found.flags),
            measures=found.measures,
            detector_version=DETECTOR_VERSION,
        )

    def _span_s(self) -> tuple[float, float]:
        """From the first tick to the last, or as the hub paced it; nought to nought for nothing."""
        spans = [s for r in self._recorders.values() if (s := r.span_s()) is not None]
        if self._paced is not None:
            spans.append(self._paced)
        return (min(a for a, _ in spans), max(b for _, b in spans)) if spans else (0.0, 0.0)

    def _own_flags(self, start_s: float, end_s: float) -> list[QualityFlag]:
        flags = [
            QualityFlag(
                FlagCode.SENSOR_IGNORED,
                p,
                start_s,
                end_s,
                f"The sensor on {spoken(p)} is not used by {self._exercise.title}.",
            )
            for p in self._ignored
        ]
        flags += [
            QualityFlag(
                FlagCode.NO_GYROSCOPE,
                p,
                start_s,
                end_s,
                f"The sensor on {spoken(p)} has no gyroscope: fast movements are measured less "
                "exactly, turning about the vertical not at all.",
            )
            for p in sorted(p for p, r in self._recorders.items() if not r.has_gyroscope)
        ]
        flags += [
            QualityFlag(
                FlagCode.CLIPPING,
                p,
                start_s,
                end_s,
                f"The sensor on {spoken(p)} reached the end of its range; angles may be off.",
            )
            for p in sorted(self._clipped)
        ]
        flags += [
            QualityFlag(
                FlagCode.GAP,
                g.placement,
                g.start_s,
                g.end_s,
                f"{g.duration_s:.1f} s of data from {spoken(g.placement)} are missing.",
            )
            for g in self._gaps
        ]
        used = self._primary[:1]
        if used and self._side in (Side.LEFT, Side.RIGHT):
            worn = used[0].side
            if worn is not Side.NONE and worn is not self._side:
                flags.append(
                    QualityFlag(
                        FlagCode.WRONG_SIDE,
                        used[0],
                        start_s,
                        end_s,
                        f"The {self._side} side was asked for, the sensor is worn on "
                        f"{spoken(used[0])}.",
                    )
                )
        return flags


def _by_preference(
    exercise: Exercise, side: Side, placements: Sequence[Placement]
) -> tuple[Placement, ...]:
    """Worn placements that can carry the count: side asked for, side unknown, other side."""
    rank = {Side.RIGHT: 2, Side.LEFT: 3, Side.NONE: 1, side: 0}
    worn = [p for p in placements if p.segment in exercise.primary]
    worn.sort(key=lambda p: (exercise.primary.index(p.segment), rank[p.side]))
    # What both legs do together, one of them tells.
    return tuple(worn if Side.LEFT in exercise.sides else worn[:1])
