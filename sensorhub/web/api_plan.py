"""Plans, exercises, sensors, and the commands of a running visit."""

from dataclasses import asdict
from typing import Any

from sensorhub.coach.dose import counted
from sensorhub.coach.machine import Trigger
from sensorhub.coach.plan import (
    MAX_DURATION_S,
    MAX_HOLD_S,
    MAX_ITEMS,
    MAX_REPS,
    MAX_REST_S,
    MAX_SETS,
)
from sensorhub.coach.questions import QuestionId
from sensorhub.exercises.definition import Exercise, load_library
from sensorhub.model.errors import InputError
from sensorhub.web.calls import Call, Endpoint, Refuse
from sensorhub.web.plan_book import as_document
from sensorhub.web.ports import PRESSABLE, BusyError
from sensorhub.web.roles import Role
from sensorhub.web.words import all_texts

MAX_ANSWER = 1000

CAPS = {
    "items": MAX_ITEMS,
    "sets": MAX_SETS,
    "reps": MAX_REPS,
    "hold_s": MAX_HOLD_S,
    "duration_s": MAX_DURATION_S,
    "rest_s": MAX_REST_S,
}


async def plans(call: Call) -> object:
    """The person's plans; one that cannot be read says so in its place."""
    found: list[dict[str, Any]] = []
    for plan_id in call.page.plans.ids(call.person):
        try:
            found.append(as_document(call.page.plans.plan(call.person, plan_id)))
        except InputError as error:
            found.append({"id": plan_id, "title": plan_id, "items": [], "problem": str(error)})
    return found


async def save_plan(call: Call) -> object:
    """Keep an edited plan. What no plan may ask for cannot be asked for here either."""
    plan = call.page.plans.save(call.person, call.path("id"), await call.body())
    return as_document(plan)


async def exercises(_: Call) -> object:
    """Every exercise with its words, and what no dose may exceed."""
    library = load_library().values()
    return {"caps": CAPS, "exercises": [_exercise(exercise) for exercise in library]}


def _exercise(exercise: Exercise) -> dict[str, Any]:
    return {
        "id": exercise.id,
        "words": {language: asdict(exercise.words(language)) for language in all_texts()},
        "sides": [side.value for side in exercise.sides],
        "primary": list(exercise.primary),
        "optional": list(exercise.optional),
        "evidence": exercise.evidence.value,
        "counts": counted(exercise),
        "dose": {
            "sets": exercise.dose.sets,
            "reps": exercise.dose.repetitions or None,
            "hold_s": exercise.dose.hold_s or None,
            "duration_s": exercise.dose.duration_s or None,
        },
    }


async def sensors(call: Call) -> object:
    """The sensors a visit would use."""
    return [asdict(sensor) for sensor in call.page.hub.sensors()]


async def start(call: Call) -> object:
    """Begin a plan."""
    body = await call.body()
    plan_id, language = body.get("plan"), body.get("language", "en")
    interview = body.get("interview") is True
    if not isinstance(plan_id, str) or language not in all_texts():
        raise Refuse(400, "bad_value", key="plan")
    plan = call.page.plans.plan(call.person, plan_id)
    try:
        call.page.hub.start(call.person, plan, language=language, interview=interview)
    except BusyError:
        raise Refuse(409, "busy") from None
    return {"started": plan_id}


async def press(call: Call) -> object:
    """A key: only of the person who exercises."""
    key = await call.text("key")
    if key not in PRESSABLE:
        raise Refuse(400, "bad_value", key="key")
    _own_visit(call)
    call.page.hub.press(Trigger(key))
    return {"pressed": key}


async def answer(call: Call) -> object:
    """An answer to the question that is asked now."""
    body = await call.body()
    question, value = body.get("question"), body.get("value")
    if question not in list(QuestionId) or not isinstance(value, str) or len(value) > MAX_ANSWER:
        raise Refuse(400, "bad_value", key="value")
    _own_visit(call)
    call.page.hub.answer(QuestionId(question), value)
    return {"answered": question}


def _own_visit(call: Call) -> None:
    running = call.page.hub.running_for
    if running is None:
        raise Refuse(409, "not_running")
    if running != call.person:
        raise Refuse(404, "not_running")


ENDPOINTS = (
    Endpoint("GET", "/api/plans", Role.PATIENT, plans),
    Endpoint("PUT", "/api/plans/{id}", Role.THERAPIST, save_plan),
    Endpoint("GET", "/api/exercises", Role.PATIENT, exercises),
    Endpoint("GET", "/api/sensors", Role.PATIENT, sensors),
    Endpoint("POST", "/api/visit/start", Role.PATIENT, start),
    Endpoint("POST", "/api/visit/key", Role.PATIENT, press),
    Endpoint("POST", "/api/visit/answer", Role.PATIENT, answer),
)
