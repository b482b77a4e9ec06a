"""A snapshot as one frame: plain JSON, degrees and seconds, words in every language."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sensorhub.coach.plan import PlannedSet
from sensorhub.coach.questions import Question
from sensorhub.coach.snapshot import SensorView, Snapshot, Tempo
from sensorhub.model.live import LiveState
from sensorhub.model.units import DEG_PER_RAD
from sensorhub.web.numbered import Numbered
from sensorhub.web.words import all_texts, in_every_language


def live_frame(
    snapshot: Snapshot,
    said: Sequence[Numbered],
    *,
    plan: str,
    speed: float,
    wall_ms: float,
    number: int,
) -> str:
    """The frame for whoever may see it.

    Args:
        speed: hub seconds in a second of the wall: a page divides ages by it.
        wall_ms: when it is sent, milliseconds since the epoch.
    """
    return _text(
        {
            "kind": "live",
            "n": number,
            "t": wall_ms,
            "speed": speed,
            "age_ms": _age_ms(snapshot),
            "counted_age_ms": _ms(snapshot.counted_age_s),
            "plan": plan,
            "simulated": snapshot.simulated,
            "elapsed_s": round(snapshot.elapsed_s, 1),
            "state": snapshot.state.value,
            "set": _set(snapshot.planned),
            "next": _set(snapshot.next_set),
            "live": _live(snapshot.live),
            "held_s": round(snapshot.banked_hold_s, 2),
            "left_s": _rounded(snapshot.remaining_hold_s),
            "rest_s": _rounded(snapshot.remaining_rest_s),
            "tempo": _tempo(snapshot.tempo),
            "sensors": [_sensor(sensor) for sensor in snapshot.sensors],
            "question": _question(snapshot.question),
            "advice": None if snapshot.advice is None else in_every_language(snapshot.advice),
            "said": [one.document for one in said],
        }
    )


def plain_frame(kind: str, *, wall_ms: float, number: int, text: str = "") -> str:
    """A frame without a picture: idle, searching, closing, failed, busy, or a sign of life."""
    return _text({"kind": kind, "n": number, "t": wall_ms, "text": text})


def _text(frame: Mapping[str, Any]) -> str:
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


def _age_ms(snapshot: Snapshot) -> int | None:
    """Since the newest sample of any sensor; None where none is worn, or none has come yet."""
    ages_s = [s.age_s for s in snapshot.sensors if s.age_s is not None]
    return _ms(min(ages_s, default=None))


def _set(planned: PlannedSet | None) -> dict[str, Any] | None:
    if planned is None:
        return None
    return {
        "exercise": planned.exercise,
        "side": planned.side.value,
        "number": planned.number,
        "of": planned.of,
        "reps": planned.dose.reps,
        "hold_s": planned.dose.hold_s,
        "duration_s": planned.dose.duration_s,
    }


def _live(live: LiveState | None) -> dict[str, Any] | None:
    if live is None:
        return None
    return {
        "count": live.count,
        "partial": live.partial,
        "unsure": live.unsure,
        "holding": live.hold_s is not None,
        "angle_deg": _rounded_deg(live.angle_rad),
        "target_deg": _rounded_deg(live.target_rad),
    }


def _tempo(tempo: Tempo | None) -> dict[str, Any] | None:
    if tempo is None:
        return None
    return {
        "current_s": _rounded(tempo.current_s),
        "last_s": _rounded(tempo.last_s),
        "asked_s": tempo.asked_s,
        "too_fast": tempo.too_fast,
    }


def _sensor(sensor: SensorView) -> dict[str, Any]:
    return {
        "placement": sensor.placement.value,
        "state": sensor.state,
        "lost_s": _rounded(sensor.lost_s),
        "age_ms": _ms(sensor.age_s),
        "share": round(sensor.arrived_share, 2),
        "battery": sensor.battery_percent,
        "problem": _problem(sensor),
        "reason": sensor.code,
    }


def _problem(sensor: SensorView) -> dict[str, str] | str:
    """Why there is no link and what to do, by language; empty while all is well."""
    english = f"{sensor.problem} {sensor.hint}".strip()
    if not english:
        return ""
    return {name: texts.trouble(sensor.code, english) for name, texts in all_texts().items()}


def _question(question: Question | None) -> dict[str, Any] | None:
    return None if question is None else _worded(question)


def _worded(question: Question) -> dict[str, Any]:
    words = {name: texts.question(question) for name, texts in all_texts().items()}
    return {
        "id": question.id.value,
        "kind": question.kind.value,
        "options": list(question.options),
        "ask": {name: text.ask for name, text in words.items()},
        "words": {name: dict(text.options) for name, text in words.items()},
    }


def _ms(value_s: float | None) -> int | None:
    return None if value_s is None else round(1000.0 * value_s)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _rounded_deg(value_rad: float | None) -> float | None:
    return None if value_rad is None else round(value_rad * DEG_PER_RAD, 1)
