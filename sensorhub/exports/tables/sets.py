"""``sets.csv``: what was prescribed, and what was done."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sensorhub.exercises.measures.table import Of
from sensorhub.exports.tables.columns import (
    EVIDENCE,
    EVIDENCE_MEANING,
    GAP_MEANING,
    MDC_MEANING,
    about_set,
    degrees,
    moment,
    seconds,
    text,
    whole,
    yes_no,
)
from sensorhub.exports.tables.detectable import detectable_change_deg
from sensorhub.exports.tables.measured import measure_columns
from sensorhub.exports.tables.rows import SetRow, flag_codes, gap_s, weakest_evidence
from sensorhub.exports.tables.table import Table
from sensorhub.model.outcomes import NO_MEASURES, FlagCode, RepetitionKind
from sensorhub.model.units import DEG_PER_RAD, NS_PER_S
from sensorhub.sessions.stages.headline import headline
from sensorhub.sessions.stages.told import told_of
from sensorhub.sessions.store.values import AnswerKind, ResultKind


def _count(kind: RepetitionKind) -> Callable[[SetRow], int | None]:
    def value(row: SetRow) -> int | None:
        if row.outcome is None:
            return None
        return sum(repetition.kind is kind for repetition in row.outcome.repetitions)

    return value


def _shown(row: SetRow) -> int | None:
    live = row.set.live
    if live is None:
        return None
    return live.full_repetitions or len(live.breaths) or len(live.steps) or len(live.holds)


def _best_rom_deg(row: SetRow) -> float | None:
    if row.outcome is None:
        return None
    full = [r for r in row.outcome.repetitions if r.kind is RepetitionKind.FULL]
    sure = [r.rom_rad for r in full if r.sure]
    return max(sure) * DEG_PER_RAD if sure else None


def _all_held_s(row: SetRow) -> list[float] | None:
    """Seconds of each hold; where the set has none of its own, of those within repetitions."""
    if row.outcome is None:
        return None
    within = [r.hold_s for r in row.outcome.repetitions if r.hold_s > 0]
    return [hold.held_s for hold in row.outcome.holds] or within


def _held_s(row: SetRow) -> float | None:
    held_s = _all_held_s(row)
    return None if held_s is None else sum(held_s)


def _longest_hold_s(row: SetRow) -> float | None:
    return max(_all_held_s(row) or [], default=None)


def _set_gap_s(row: SetRow) -> float | None:
    if row.outcome is None:
        return None
    start_s = row.set.started_ns / NS_PER_S
    end_s = row.outcome.end_s if row.set.ended_ns is None else row.set.ended_ns / NS_PER_S
    return gap_s(row.outcome.gaps, start_s, end_s)


def _said(row: SetRow, kind: AnswerKind) -> str:
    """The latest answer of that kind about the set; empty where there is none."""
    answers = (a for a in row.session.answers if a.set_number == row.set.number)
    return next((a.text for a in reversed(list(answers)) if a.kind is kind), "")


def _pain(row: SetRow) -> int | None:
    said = _said(row, AnswerKind.PAIN)
    return int(said) if said.isascii() and said.isdigit() else None


def _set_end(row: SetRow) -> datetime | None:
    return None if row.set.ended_ns is None else row.session.wall_clock(row.set.ended_ns / NS_PER_S)


def _result(row: SetRow) -> str | None:
    if row.set.final is not None:
        return ResultKind.FINAL.value
    return ResultKind.LIVE.value if row.set.live is not None else None


def _evidence(row: SetRow) -> str | None:
    weakest = None if row.outcome is None else weakest_evidence(row.outcome)
    return None if weakest is None else weakest.value


def _flags(row: SetRow) -> str | None:
    if row.outcome is None:
        return None
    aloud = {FlagCode.UNSURE} if row.set.said_too_much else set()
    told = replace(row.outcome, flags=told_of(row.set))
    return " ".join(sorted({*flag_codes(told), *aloud})) or None


def _flag_texts(row: SetRow) -> str | None:
    if row.outcome is None:
        return None
    texts = dict.fromkeys(flag.text for flag in told_of(row.set))
    if row.set.said_too_much:
        done = headline(row.outcome)
        texts[f"{row.set.said_count} counted aloud, but recorded: {done}."] = None
    return " ".join(texts) or None


SETS: Table[SetRow] = Table(
    file="sets.csv",
    title="Sets",
    row_meaning="One row a set: what was prescribed, and what was done.",
    key=("session", "set_number"),
    columns=(
        *about_set(),
        moment(
            "started_at",
            "Wall-clock time of the start, with the offset of local time.",
            lambda row: row.session.wall_clock(row.set.started_ns / NS_PER_S),
            required=True,
        ),
        moment(
            "ended_at",
            "Wall-clock time of the end; empty: nobody saw it.",
            _set_end,
        ),
        seconds(
            "duration_s",
            "From start to end.",
            lambda row: (
                None
                if row.set.ended_ns is None
                else (row.set.ended_ns - row.set.started_ns) / NS_PER_S
            ),
            decimals=1,
            minimum=0,
        ),
        whole(
            "prescribed_repetitions",
            "Repetitions (breaths, steps) asked for; empty: none.",
            lambda row: row.set.prescribed.repetitions,
            minimum=0,
        ),
        seconds(
            "prescribed_hold_s",
            "Length of the hold asked for (of each repetition, or of the pose); empty: none.",
            lambda row: row.set.prescribed.hold_s,
            decimals=1,
            minimum=0,
        ),
        seconds(
            "prescribed_duration_s",
            "Length of the set asked for, where time is what is prescribed; empty: none.",
            lambda row: row.set.prescribed.duration_s,
            decimals=1,
            minimum=0,
        ),
        whole(
            "full_repetitions",
            "Repetitions done all the way; empty: the set has no results.",
            _count(RepetitionKind.FULL),
            minimum=0,
        ),
        whole(
            "partial_repetitions",
            "Repetitions that went only part of the way.",
            _count(RepetitionKind.PARTIAL),
            minimum=0,
        ),
        whole(
            "holds",
            "Holds of a pose.",
            lambda row: None if row.outcome is None else len(row.outcome.holds),
            minimum=0,
        ),
        seconds(
            "held_s",
            "Seconds held in all: of the holds; where there are none, within repetitions. Guided:"
            " the seconds the hub paced, not measured.",
            _held_s,
            minimum=0,
        ),
        seconds(
            "longest_hold_s",
            "The longest of these; empty: nothing was held.",
            _longest_hold_s,
            minimum=0,
        ),
        whole(
            "breaths",
            "Breaths counted.",
            lambda row: None if row.outcome is None else len(row.outcome.breaths),
            minimum=0,
        ),
        whole(
            "steps",
            "Side steps counted, out and back each.",
            lambda row: None if row.outcome is None else len(row.outcome.steps),
            minimum=0,
        ),
        degrees(
            "best_rom_deg",
            "Largest range of motion of the full repetitions that are sure; empty: there are none.",
            _best_rom_deg,
        ),
        degrees(
            "best_rom_mdc_deg",
            MDC_MEANING,
            lambda row: (
                None if _best_rom_deg(row) is None else detectable_change_deg(row.set.exercise)
            ),
        ),
        whole(
            "shown_count",
            "What the person was shown when the set had ended (full repetitions, else breaths,"
            " else steps, else holds); what was said while it ran: said_count. The other columns"
            " come from the complete data afterwards.",
            _shown,
            minimum=0,
        ),
        text(
            "evidence",
            EVIDENCE_MEANING + " Of a set: the weakest of its rows; empty: it has none.",
            _evidence,
            choices=EVIDENCE,
        ),
        seconds(
            "gap_s",
            GAP_MEANING.format("the set"),
            _set_gap_s,
            minimum=0,
        ),
        text(
            "flags",
            "Quality flags of the set and its rows, by code, separated by blanks; empty: none.",
            _flags,
        ),
        text(
            "flag_texts",
            "The set's own flags in sentences.",
            _flag_texts,
        ),
        text(
            "result",
            "final: from the complete data after the session. live: only what was computed while it"
            " ran is there. Empty: there are no results.",
            _result,
            choices=tuple(kind.value for kind in ResultKind),
        ),
        text(
            "detector_version",
            "Version of the counting and timing that gave these results.",
            lambda row: None if row.outcome is None else row.outcome.detector_version or None,
        ),
        *measure_columns(
            (Of.SET,), lambda row: NO_MEASURES if row.outcome is None else row.outcome.measures
        ),
        whole(
            "pain",
            "Pain during the exercise, 0 (none) to 10 (worst imaginable), as the person said after"
            " its last set; empty: not asked or not answered.",
            _pain,
            minimum=0,
            maximum=10,
        ),
        yes_no(
            "hurt",
            "Whether the person said during or after the set that it hurt.",
            lambda row: bool(_said(row, AnswerKind.HURT)),
            required=True,
        ),
        whole(
            "said_count",
            "The highest count that the person heard, while the set ran or when it ended. Where it"
            " is more than full_repetitions (breaths, steps), the set as a whole did not confirm"
            " it; the person was told. Empty: nothing was counted aloud, or it is not known.",
            lambda row: row.set.said_count,
            minimum=0,
        ),
    ),
)
