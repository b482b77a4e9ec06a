"""Stored sessions as the page shows them: degrees, seconds, and what to doubt, in plain JSON."""

import math
from collections.abc import Callable, Iterable
from typing import Any

from sensorhub.model.outcomes import Repetition, RepetitionKind, SetOutcome
from sensorhub.model.units import DEG_PER_RAD, NS_PER_S
from sensorhub.sessions.stages.told import told_of
from sensorhub.sessions.stages.traces import Trace
from sensorhub.sessions.store.values import AnswerKind, StoredSession, StoredSet
from sensorhub.web.words import all_texts

DetectableDeg = Callable[[str], float | None]
"""The smallest change of an exercise's range of motion that is not measurement error."""


def session_line(session: StoredSession) -> dict[str, Any]:
    """One line of the list of sessions."""
    return {
        "name": session.name,
        "started": session.started.utc.isoformat(timespec="minutes"),
        "plan": session.info.plan,
        "simulated": session.info.simulated,
        "open": session.is_open,
        "sets": len(session.sets),
        "pain_before": session.answer(AnswerKind.PAIN_BEFORE),
        "pain_after": session.answer(AnswerKind.PAIN_AFTER),
    }


def session_result(session: StoredSession) -> dict[str, Any]:
    """Everything the result page needs of one session, but the traces."""
    return {
        **session_line(session),
        "sensors": [sensor.placement.value for sensor in session.sensors],
        "answers": [
            {"kind": answer.kind.value, "text": answer.text, "set": answer.set_number}
            for answer in session.answers
        ],
        "notices": [notice.text for notice in session.notices],
        "results": [_set(one) for one in session.sets],
    }


def _set(one: StoredSet) -> dict[str, Any]:
    outcome = one.outcome
    began_s = one.started_ns / NS_PER_S
    line: dict[str, Any] = {
        "number": one.number,
        "exercise": one.exercise,
        "side": one.side.value,
        "prescribed": {
            "reps": one.prescribed.repetitions,
            "hold_s": one.prescribed.hold_s,
            "duration_s": one.prescribed.duration_s,
        },
        "final": one.final is not None,
        "said_too_much": one.said_count if one.said_too_much else None,
    }
    if outcome is None:
        return line
    return {
        **line,
        "full": outcome.full_repetitions,
        "partial": len(outcome.repetitions) - outcome.full_repetitions,
        "repetitions": [_repetition(rep, began_s) for rep in outcome.repetitions],
        "holds": [
            {
                "start_s": _round(hold.start_s - began_s),
                "end_s": _round(hold.end_s - began_s),
                "held_s": _round(hold.held_s),
                "angle_deg": _deg(hold.angle_rad),
                "evidence": hold.evidence.value,
            }
            for hold in outcome.holds
        ],
        "breaths": [
            {
                "start_s": _round(breath.start_s - began_s),
                "inhale_s": _round(breath.inhale_s),
                "exhale_s": _round(breath.exhale_s),
            }
            for breath in outcome.breaths
        ],
        "steps": len(outcome.steps),
        "flags": list(dict.fromkeys(flag.code.value for flag in told_of(one))),
        "flag_texts": {
            name: list(dict.fromkeys(map(texts.flag, told_of(one))))
            for name, texts in all_texts().items()
        },
    }


def _repetition(rep: Repetition, began_s: float) -> dict[str, Any]:
    return {
        "start_s": _round(rep.start_s - began_s),
        "peak_s": _round(rep.peak_s - began_s),
        "end_s": _round(rep.end_s - began_s),
        "rom_deg": _deg(rep.rom_rad),
        "hold_s": _round(rep.hold_s),
        "full": rep.kind is RepetitionKind.FULL,
        "sure": rep.sure,
        "evidence": rep.evidence.value,
        "phase": rep.phase,
    }


def trace_document(trace: Trace, one: StoredSet) -> dict[str, Any]:
    """An angle over time; times count from the beginning of the set, gaps are null."""
    began_s = one.started_ns / NS_PER_S
    return {
        "time_s": [_round(time_s - began_s) for time_s in trace.time_s],
        "angle_deg": [_deg(angle_rad) for angle_rad in trace.angle_rad],
    }


def history(
    sessions: Iterable[StoredSession], *, detectable_deg: DetectableDeg
) -> list[dict[str, Any]]:
    """What became of each exercise over the sessions, left beside right."""
    by_exercise: dict[str, list[dict[str, Any]]] = {}
    for session in sessions:
        if session.info.simulated and not session.sets:
            continue
        for one in session.sets:
            if one.outcome is not None:
                point = _point(session, one, one.outcome)
                by_exercise.setdefault(one.exercise, []).append(point)
    return [
        {"exercise": name, "detectable_deg": detectable_deg(name), "points": points}
        for name, points in by_exercise.items()
    ]


def _point(session: StoredSession, one: StoredSet, outcome: SetOutcome) -> dict[str, Any]:
    full = [rep for rep in outcome.repetitions if rep.kind is RepetitionKind.FULL]
    sure = [rep.rom_rad for rep in full if rep.sure]
    return {
        "session": session.name,
        "when": session.started.utc.timestamp(),
        "side": one.side.value,
        "count": len(full) + len(outcome.breaths) + len(outcome.steps),
        "rom_deg": _deg(max(sure)) if sure else None,
        "held_s": _round(sum(hold.held_s for hold in outcome.holds)) if outcome.holds else None,
    }


def _round(value: float) -> float | None:
    return round(value, 2) if math.isfinite(value) else None


def _deg(value_rad: float) -> float | None:
    return round(value_rad * DEG_PER_RAD, 1) if math.isfinite(value_rad) else None
