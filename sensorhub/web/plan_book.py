"""Each person's plans: those that come with the hub, and those that were edited, as TOML files.

``plans/<pseudonym>/<plan>.toml`` in the data folder is what the therapist edits, in an editor or
on the page; it takes the place of the plan of that name that comes with the hub.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sensorhub.coach.library import plan_texts
from sensorhub.coach.plan import MAX_PLAN_BYTES, Plan, PlanItem, parse_plan
from sensorhub.exercises.definition import load_library
from sensorhub.model.errors import InputError
from sensorhub.web.access import write_private

PLANS_FOLDER = "plans"
HIDDEN = ("demo",)
MAX_PLANS = 20

_PERSON = re.compile(r"[A-Z0-9][A-Z0-9-]{0,30}")
_PLAN = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class PlanBook:
    """Plans by person and id, read anew each time: the file may be edited meanwhile.

    Args:
        folder: the data folder.
        always: plans that everybody has beside these (a demonstration's).
    """

    def __init__(self, folder: Path, *, always: Mapping[str, Plan] | None = None) -> None:
        self._folder = folder / PLANS_FOLDER
        self._always = dict(always or {})

    def ids(self, person: str) -> tuple[str, ...]:
        """Ids of the person's plans; the hub's own first."""
        own = self._own_folder(person)
        edited = sorted(p.stem for p in own.glob("*.toml")) if own.is_dir() else []
        stock = [name for name in plan_texts() if name not in HIDDEN]
        names = dict.fromkeys([*self._always, *stock, *edited])
        return tuple(name for name in names if _PLAN.fullmatch(name))

    def plan(self, person: str, plan_id: str) -> Plan:
        """A plan of this person.

        Raises:
            InputError: there is none of that id, or its file is no plan.
        """
        if plan_id not in self.ids(person):
            raise InputError("There is no such plan.", hint="Choose one from the list.")
        path = self._own_folder(person) / f"{plan_id}.toml"
        if path.is_file():
            return _parse(_read(path), plan_id)
        if plan_id in self._always:
            return self._always[plan_id]
        return _parse(plan_texts()[plan_id], plan_id)

    def save(self, person: str, plan_id: str, document: Mapping[str, Any]) -> Plan:
        """Check a plan as it was edited, and keep it.

        Raises:
            InputError: it is no plan, or asks for more than any plan may.
        """
        if not _PLAN.fullmatch(plan_id) or plan_id in self._always:
            raise InputError(
                "A plan's name is made of small letters, digits and hyphens.",
                hint="For example: daily-hip.",
            )
        known = self.ids(person)
        if plan_id not in known and len(known) >= MAX_PLANS:
            raise InputError(f"There are {MAX_PLANS} plans already.", hint="Change one of them.")
        text = _toml(document)
        plan = _parse(text, plan_id)
        write_private(self._own_folder(person) / f"{plan_id}.toml", text)
        return plan

    def _own_folder(self, person: str) -> Path:
        if not _PERSON.fullmatch(person):
            raise InputError("There is no such person.")
        return self._folder / person


def as_document(plan: Plan) -> dict[str, Any]:
    """A plan as the page shows and edits it."""
    return {
        "id": plan.id,
        "title": plan.title,
        "items": [_item(item) for item in plan.items],
    }


def _item(item: PlanItem) -> dict[str, Any]:
    dose = item.dose
    return {
        "exercise": item.exercise,
        "sides": [side.value for side in item.sides],
        "sets": item.sets,
        "rest_s": item.rest_s,
        **{
            key: value
            for key in ("reps", "hold_s", "duration_s")
            if (value := getattr(dose, key)) is not None
        },
    }


def _toml(document: Mapping[str, Any]) -> str:
    """The document as TOML; what it may hold is judged by reading that like any other plan."""
    items = document.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InputError("A plan is a list of exercises.")
    lines = ["version = 1", *_pairs({"title": document.get("title", "")}), ""]
    for item in items:
        lines += ["[[item]]", *_pairs(item), ""]
    return "\n".join(lines)


def _pairs(table: Mapping[str, Any]) -> list[str]:
    lines = []
    for key, value in table.items():
        if not re.fullmatch(r"[a-z_]{1,20}", key):
            raise InputError(f"A plan has no key {key[:20]!r}.")
        if not isinstance(value, str | int | float | list) or isinstance(value, bool):
            raise InputError(f"{key} must be a text, a number or a list.")
        # JSON's texts, numbers and lists of texts are TOML's as well; JSON's NaN is not.
        try:
            lines.append(f"{key} = {json.dumps(value, ensure_ascii=False, allow_nan=False)}")
        except (ValueError, TypeError):
            raise InputError(f"{key} cannot be that.") from None
    return lines


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_PLAN_BYTES + 1).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The plan {path.name} cannot be read: {error}.") from error


def _parse(text: str, plan_id: str) -> Plan:
    sides = {name: exercise.sides for name, exercise in load_library().items()}
    return parse_plan(text, plan_id=plan_id, sides=sides)
