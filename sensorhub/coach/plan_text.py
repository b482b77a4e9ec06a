"""A plan as the text of its file: what the therapist's page writes, and ``parse_plan`` reads."""

import json
from collections.abc import Iterator

from sensorhub.coach.dose import Dose
from sensorhub.coach.plan import PLAN_VERSION, Plan, PlanItem, parse_plan
from sensorhub.exercises.definition import load_library


def plan_text(plan: Plan) -> str:
    """The plan as TOML; reading it gives the same plan.

    Raises:
        InputError: the plan asks for something that no plan may ask for.
    """
    text = "\n".join(_lines(plan)) + "\n"
    sides = {name: exercise.sides for name, exercise in load_library().items()}
    parse_plan(text, plan_id=plan.id, sides=sides)
    return text


def _lines(plan: Plan) -> Iterator[str]:
    yield f"version = {PLAN_VERSION}"
    yield f"title = {_quoted(plan.title)}"
    for item in plan.items:
        yield from _item(item)


def _item(item: PlanItem) -> Iterator[str]:
    yield ""
    yield "[[item]]"
    yield f"exercise = {_quoted(item.exercise)}"
    yield f"sides = [{', '.join(_quoted(side.value) for side in item.sides)}]"
    yield f"sets = {item.sets}"
    yield _dose(item.dose)
    yield f"rest_s = {item.rest_s!r}"


def _dose(dose: Dose) -> str:
    if dose.reps is not None:
        return f"reps = {dose.reps}"
    if dose.hold_s is not None:
        return f"hold_s = {dose.hold_s!r}"
    return f"duration_s = {dose.duration_s!r}"


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, but for DEL, which JSON leaves as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
