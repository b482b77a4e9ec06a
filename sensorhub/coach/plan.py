"""The person's prescription: which exercises, sides, sets and doses, in which order.

A plan is a TOML file::

    version = 1
    title = "Daily hip programme"
    rest_s = 20

    [[item]]
    exercise = "squat"
    reps = 10
    sets = 2

An item gives its dose by exactly one of: ``reps`` (a number of repetitions, breaths or steps),
``hold_s`` (seconds to be held in all) or ``duration_s`` (seconds to keep going).
"""

import difflib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sensorhub.coach.dose import Dose
from sensorhub.model.errors import InputError
from sensorhub.model.placement import Side
from sensorhub.model.words import many

PLAN_VERSION = 1

# What no plan may ask of a sore hip at home, whoever wrote it. Not settable from outside.
MAX_ITEMS = 40
MAX_SETS = 10
MAX_REPS = 50
MAX_HOLD_S = 120.0
MAX_DURATION_S = 600.0
MAX_REST_S = 600.0
MAX_PLAN_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One line of the prescription. ``rest_s`` is the pause after each of its sets."""

    exercise: str
    sides: tuple[Side, ...]
    sets: int
    dose: Dose
    rest_s: float


@dataclass(frozen=True, slots=True)
class PlannedSet:
    """One set to be done: ``number`` of ``of`` within its exercise and side, both from 1."""

    exercise: str
    side: Side
    number: int
    of: int
    dose: Dose
    rest_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A prescription. ``id`` is the file's name without its ending."""

    id: str
    title: str
    items: tuple[PlanItem, ...]

    def planned_sets(self) -> tuple[PlannedSet, ...]:
        """Every set in the order it is to be done: sides alternate within an exercise."""
        return tuple(self._sets())

    def _sets(self) -> Iterator[PlannedSet]:
        for item in self.items:
            for number in range(1, item.sets + 1):
                for side in item.sides:
                    yield PlannedSet(
                        exercise=item.exercise,
                        side=side,
                        number=number,
                        of=item.sets,
                        dose=item.dose,
                        rest_s=item.rest_s,
                    )


def parse_plan(text: str, *, plan_id: str, sides: Mapping[str, tuple[Side, ...]]) -> Plan:
    """Read a plan.

    Args:
        text: the TOML text.
        plan_id: what the plan is called.
        sides: the exercises there are, each with the sides it can be done on.

    Raises:
        InputError: the text is no plan; the sentence names the item and the key.
    """
    if len(text) > MAX_PLAN_BYTES:
        raise InputError(f"Plan {plan_id} is longer than {MAX_PLAN_BYTES} characters.")
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(
            f"Plan {plan_id} is not TOML: {error}.",
            hint="See sensorhub plan --help for an example.",
        ) from error
    where = f"Plan {plan_id}"
    _only(table, {"version", "title", "rest_s", "item"}, where=where)
    if table.get("version") != PLAN_VERSION:
        raise InputError(
            f"{where}: version must be {PLAN_VERSION}, not {table.get('version')!r}.",
            hint=f"Write version = {PLAN_VERSION} at the top.",
        )
    title = table.get("title", plan_id)
    if not isinstance(title, str) or not title.strip():
        raise InputError(f"{where}: title must be a text.")
    rest_s = _seconds(table, "rest_s", 20.0, low_s=0.0, high_s=MAX_REST_S, where=where)
    rows = table.get("item", [])
    if not isinstance(rows, list) or not rows or len(rows) > MAX_ITEMS:
        raise InputError(
            f"{where} needs between 1 and {MAX_ITEMS} items.", hint="Each begins with [[item]]."
        )
    items = tuple(
        _item(row, rest_s=rest_s, sides=sides, where=f"{where}, item {number}")
        for number, row in enumerate(rows, start=1)
    )
    return Plan(id=plan_id, title=title.strip(), items=items)


def refuse_beyond_caps(sets: Sequence[PlannedSet]) -> None:
    """Raise InputError where sets ask for more than any plan may, however they came about."""
    if len(sets) > MAX_ITEMS * MAX_SETS * 2:
        raise InputError(f"{len(sets)} sets are more than any plan may ask for.")
    for planned in sets:
        if planned.of > MAX_SETS:
            raise InputError(
                f"{planned.exercise}: {many(planned.of, 'set')} are more than a plan may ask for.",
                hint=f"At most {many(MAX_SETS, 'set')}.",
            )
        dose = planned.dose
        caps = ((dose.reps, MAX_REPS), (dose.hold_s, MAX_HOLD_S), (dose.duration_s, MAX_DURATION_S))
        given = [(value, cap) for value, cap in caps if value is not None]
        # A comparison with NaN is false: not within the cap.
        if len(given) != 1 or not all(0 < value <= cap for value, cap in given):
            asked = dose if given else "nothing"
            raise InputError(
                f"{planned.exercise}: {asked} is not what a set may ask for.",
                hint=f"At most {MAX_REPS} repetitions, {MAX_HOLD_S:g} s held, or "
                f"{MAX_DURATION_S:g} s.",
            )
        if not 0.0 <= planned.rest_s <= MAX_REST_S:
            raise InputError(f"{planned.exercise}: a rest lasts at most {MAX_REST_S:g} s.")


def _item(
    row: object, *, rest_s: float, sides: Mapping[str, tuple[Side, ...]], where: str
) -> PlanItem:
    if not isinstance(row, dict):
        raise InputError(f"{where} is not a table.", hint="Each item begins with [[item]].")
    doses = {"reps", "hold_s", "duration_s"}
    _only(row, {"exercise", "sides", "sets", "rest_s", *doses}, where=where)
    exercise = row.get("exercise")
    if not isinstance(exercise, str):
        raise InputError(f"{where} names no exercise.", hint='Write exercise = "squat".')
    if exercise not in sides:
        raise InputError(
            f"{where}: there is no exercise {exercise!r}.", hint=_nearest(exercise, sides)
        )
    if len(doses & row.keys()) != 1:
        raise InputError(f"{where} needs exactly one of reps, hold_s and duration_s.")
    return PlanItem(
        exercise=exercise,
        sides=_sides(row, sides[exercise], where=where),
        sets=_count(row, "sets", 1, high=MAX_SETS, where=where),
        dose=Dose(
            reps=_count(row, "reps", 1, high=MAX_REPS, where=where) if "reps" in row else None,
            hold_s=_seconds(row, "hold_s", 0.0, low_s=1.0, high_s=MAX_HOLD_S, where=where)
            if "hold_s" in row
            else None,
            duration_s=_seconds(
                row, "duration_s", 0.0, low_s=1.0, high_s=MAX_DURATION_S, where=where
            )
            if "duration_s" in row
            else None,
        ),
        rest_s=_seconds(row, "rest_s", rest_s, low_s=0.0, high_s=MAX_REST_S, where=where),
    )


def _sides(row: dict[str, Any], possible: tuple[Side, ...], *, where: str) -> tuple[Side, ...]:
    wanted = row.get("sides")
    if wanted is None:
        return usual_sides(possible)
    names = [side.value for side in possible]
    if not isinstance(wanted, list) or not wanted or any(name not in names for name in wanted):
        raise InputError(
            f"{where}: sides must be a list of {' or '.join(names)}.",
            hint=f'Write sides = ["{names[0]}"], or leave it out for each side once.',
        )
    return tuple(dict.fromkeys(Side(name) for name in wanted))


def usual_sides(possible: tuple[Side, ...]) -> tuple[Side, ...]:
    """What is meant where no side is named: each leg once (both in turns is one more way of it)."""
    single = tuple(side for side in possible if side in (Side.LEFT, Side.RIGHT))
    return single or possible


def _count(row: dict[str, Any], key: str, default: int, *, high: int, where: str) -> int:
    value = row.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= high:
        raise InputError(f"{where}: {key} must be a whole number from 1 to {high}, not {value!r}.")
    return value


def _seconds(
    row: dict[str, Any], key: str, default_s: float, *, low_s: float, high_s: float, where: str
) -> float:
    value = row.get(key, default_s)
    if (
        not isinstance(value, int | float)
        or isinstance(value, bool)
        or not low_s <= value <= high_s  # false for NaN too
    ):
        raise InputError(
            f"{where}: {key} must be seconds from {low_s:g} to {high_s:g}, not {value!r}."
        )
    return float(value)


def _only(table: dict[str, Any], known: set[str], *, where: str) -> None:
    for key in table:
        if key not in known:
            raise InputError(f"{where}: there is no key {key!r}.", hint=_nearest(key, known))


def _nearest(name: str, known: Mapping[str, object] | set[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(sorted(known))}."
