"""How many sets of repetitions a recording holds: what lies beside the found one is looked at too.

A set is judged as the one movement that the person repeated. In a recording with several movements
that is the one that explains most, not the one that was asked for: one thigh sensor cannot tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sensorhub.exercises.definition import Exercise
from sensorhub.exercises.engine import SetAnalyzer
from sensorhub.model.outcomes import RepetitionKind, SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import SampleBlock
from sensorhub.sessions.stages.analysis import WHOLE, Span, default_side, run_set, track

LEAST = 2
"""So many full repetitions are a set; a single one may be a way of lying down."""


@dataclass(frozen=True, slots=True)
class FoundSet:
    """A set of repetitions in a recording, from the first to the last of them.

    Attributes:
        repetitions: full ones.
        best_rad: largest range of motion among them.
    """

    span: Span
    repetitions: int
    best_rad: float


def sets_in(
    sensors: Mapping[Placement, Sequence[SampleBlock]],
    exercise: Exercise,
    *,
    side: Side | None = None,
) -> list[FoundSet]:
    """Every set of this exercise, or of what looks like it, in the order of time.

    Args:
        side: as asked for; None: concluded from what is worn.

    Raises:
        InputError: no sensor can carry the exercise.
    """
    placements = tuple(sorted(sensors))
    side = default_side(exercise, placements) if side is None else side
    analyzer = SetAnalyzer(exercise, side=side, placements=placements, live=False)
    motion = {placement: track(sensors[placement], placement) for placement in analyzer.placements}

    def look(span: Span) -> list[FoundSet]:
        analyzer = SetAnalyzer(exercise, side=side, placements=placements, live=False)
        found = _found(run_set(analyzer, motion, span=span))
        if found is None:
            return []
        before = Span(span.start_s, found.span.start_s)
        after = Span(found.span.end_s, span.end_s)
        return [*look(before), found, *look(after)]

    return look(WHOLE)


def _found(outcome: SetOutcome) -> FoundSet | None:
    full = [r for r in outcome.repetitions if r.kind is RepetitionKind.FULL]
    if len(full) < LEAST:
        return None
    first, last = outcome.repetitions[0], outcome.repetitions[-1]
    best_rad = max(r.rom_rad for r in [r for r in full if r.sure] or full)
    return FoundSet(Span(first.start_s, last.end_s), len(full), best_rad)
