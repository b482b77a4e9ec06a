"""One set's outcome as a table for a person: plain characters, degrees, one line a thing."""

import math
from collections.abc import Iterator, Sequence

from sensorhub.exercises.definition import Exercise
from sensorhub.model.outcomes import QualityFlag, RepetitionKind, SetOutcome
from sensorhub.model.placement import Side
from sensorhub.model.units import DEG_PER_RAD
from sensorhub.sessions.stages.headline import headline


def outcome_table(outcome: SetOutcome, exercise: Exercise, *, flags: Sequence[QualityFlag]) -> str:
    """A headline, what was counted or held, and what the reader must know about it.

    ``flags``: as they are told, see :mod:`sensorhub.sessions.stages.told`.
    """
    return "\n".join(_lines(outcome, exercise, flags))


def _lines(outcome: SetOutcome, exercise: Exercise, flags: Sequence[QualityFlag]) -> Iterator[str]:
    one_sided = outcome.side in (Side.LEFT, Side.RIGHT)
    side = f", {outcome.side.value}" if one_sided else ""
    yield f"{exercise.title}{side}: {headline(outcome)}"
    if outcome.repetitions:
        yield ""
        yield from _table(
            ("#", "start s", "peak s", "end s", "range deg", "held s", ""),
            [
                (
                    str(number),
                    f"{rep.start_s:.2f}",
                    f"{rep.peak_s:.2f}",
                    f"{rep.end_s:.2f}",
                    _degrees(rep.rom_rad),
                    f"{rep.hold_s:.1f}" if rep.hold_s else "",
                    " ".join(_remarks(rep.kind, sure=rep.sure, phase=rep.phase)),
                )
                for number, rep in enumerate(outcome.repetitions, start=1)
            ],
        )
    if outcome.holds:
        yield ""
        yield from _table(
            ("#", "start s", "end s", "held s", "angle deg", "ended by"),
            [
                (
                    str(number),
                    f"{hold.start_s:.2f}",
                    f"{hold.end_s:.2f}",
                    f"{hold.held_s:.1f}",
                    _degrees(hold.angle_rad),
                    hold.told_end,
                )
                for number, hold in enumerate(outcome.holds, start=1)
            ],
        )
    if outcome.breaths:
        yield ""
        yield from _table(
            ("#", "start s", "end s", "period s", ""),
            [
                (
                    str(number),
                    f"{breath.start_s:.2f}",
                    f"{breath.end_s:.2f}",
                    f"{breath.period_s:.1f}",
                    "" if breath.sure else "unsure",
                )
                for number, breath in enumerate(outcome.breaths, start=1)
            ],
        )
    if outcome.steps:
        yield ""
        yield from _table(
            ("#", "start s", "end s", "direction"),
            [
                (str(number), f"{step.start_s:.2f}", f"{step.end_s:.2f}", step.direction)
                for number, step in enumerate(outcome.steps, start=1)
            ],
        )
    if flags:
        yield ""
        yield from dict.fromkeys(f"! {flag.text}" for flag in flags)


def _remarks(kind: RepetitionKind, *, sure: bool, phase: str) -> Iterator[str]:
    if kind is RepetitionKind.PARTIAL:
        yield "partial"
    if not sure:
        yield "unsure"
    if phase:
        yield phase


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
    for row in (heads, *rows):
        yield "  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)).rstrip()


def _degrees(value_rad: float) -> str:
    return f"{value_rad * DEG_PER_RAD:.1f}" if math.isfinite(value_rad) else ""
