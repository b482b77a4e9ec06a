"""What a detector is: motion in, live events out, and one judgement at the end of the set.

A detector module is named in an exercise's TOML and provides ``new_detector(setup)``. The live half
(``push``, ``state``) is causal and provisional: it is what the person hears. ``finish`` judges the
whole set again from all its ticks and is what is recorded; it must not depend on how the ticks
were split into blocks, nor on when the live half said what.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from sensorhub.exercises.definition import Exercise
from sensorhub.exercises.trace.recorder import TrackRecorder
from sensorhub.model.live import LiveEvent, LiveState
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import (
    NO_MEASURES,
    Breath,
    Hold,
    Measures,
    QualityFlag,
    Repetition,
    Step,
)
from sensorhub.model.placement import Placement, Side


@dataclass(frozen=True, slots=True)
class DetectorSetup:
    """What a detector is told at the start of a set.

    Attributes:
        primary: worn placements that can carry the count, the preferred one first; never empty
            for a detector that measures.
        optional: worn placements that add measures.
        live: False where nobody is watching: ``push`` then may leave out all that ``finish`` does
            not need.
        recorders: of those placements; each block is in there before the detector gets it.
    """

    exercise: Exercise
    side: Side
    primary: tuple[Placement, ...]
    optional: tuple[Placement, ...] = ()
    live: bool = True
    recorders: Mapping[Placement, TrackRecorder] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a detector concluded from a whole set."""

    repetitions: tuple[Repetition, ...] = ()
    holds: tuple[Hold, ...] = ()
    breaths: tuple[Breath, ...] = ()
    steps: tuple[Step, ...] = ()
    flags: tuple[QualityFlag, ...] = ()
    measures: Measures = field(default_factory=lambda: NO_MEASURES)


class Detector(Protocol):
    """One run of one exercise, for one detector. Blocks of one placement come in order of time."""

    def push(self, block: MotionBlock) -> Sequence[LiveEvent]:
        """Take in more motion of any placement of the set-up; what that means, live."""

    def state(self) -> LiveState:
        """The running set at a glance."""

    def finish(self) -> Findings:
        """Judge the whole set. May be called at any time, and again after more motion."""


@runtime_checkable
class PacedDetector(Detector, Protocol):
    """A detector of what the hub paces and no sensor sees."""

    def pace(self, *, start_s: float, now_s: float) -> None:
        """The hub paces this set: since when, until now (hub time)."""


NewDetector = Callable[[DetectorSetup], Detector]
