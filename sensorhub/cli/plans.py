"""Finding a plan: one that comes with the hub, a file, or a single exercise as a plan of one."""

import difflib
import math
from pathlib import Path

from sensorhub.coach.dose import Dose
from sensorhub.coach.library import plan_texts
from sensorhub.coach.plan import MAX_PLAN_BYTES, Plan, PlanItem, parse_plan, usual_sides
from sensorhub.exercises.definition import Exercise, load_library
from sensorhub.model.errors import InputError
from sensorhub.model.placement import Side


def find_plan(name: str) -> Plan:
    """The plan of that name, or in that file.

    Raises:
        InputError: there is none, or it is no plan; with the nearest names.
    """
    texts = plan_texts()
    if name in texts:
        return _parse(texts[name], plan_id=name)
    path = Path(name)
    if path.suffix == ".toml" or path.exists():
        return read_plan(path)
    near = difflib.get_close_matches(name, texts, n=2, cutoff=0.5)
    raise InputError(
        f"There is no plan {name!r}.",
        hint=f"Did you mean {' or '.join(near)}?"
        if near
        else f"There are {', '.join(texts)}; or give a .toml file.",
    )


def read_plan(path: Path) -> Plan:
    """The plan in a file. Raises InputError."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_PLAN_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"The plan {path} cannot be read: {reason}.") from error
    return _parse(text, plan_id=path.stem)


def plan_of_one(
    exercise: Exercise,
    *,
    side: Side | None,
    reps: int | None = None,
    hold_s: float | None = None,
    sets: int = 1,
) -> Plan:
    """One exercise as a plan, with its usual dose where none is given.

    Raises:
        InputError: the exercise cannot be done on that side, or two doses are given.
    """
    if reps is not None and hold_s is not None:
        raise InputError(
            "A set has one dose: --reps or --hold, not both.",
            hint="--reps counts, --hold holds once for so many seconds.",
        )
    if side is not None and side not in exercise.sides:
        raise InputError(
            f"{exercise.title} has no side of its own, left or right.", hint="Leave --side away."
        )
    dose = usual_dose(exercise)
    if reps is not None:
        dose = Dose(reps=reps)
    if hold_s is not None:
        dose = Dose(hold_s=hold_s)
    item = PlanItem(
        exercise=exercise.id,
        sides=usual_sides(exercise.sides) if side is None else (side,),
        sets=sets,
        dose=dose,
        rest_s=20.0,
    )
    return Plan(id=exercise.id, title=exercise.title, items=(item,))


def usual_dose(exercise: Exercise) -> Dose:
    """What the exercise's own file says is usual for one set."""
    usual = exercise.dose
    if usual.repetitions:
        return Dose(reps=usual.repetitions)
    if usual.hold_s:
        return Dose(hold_s=usual.hold_s)
    return Dose(duration_s=usual.duration_s or 60.0)


def plan_minutes(plan: Plan) -> int:
    """About how long a plan takes, rests and getting ready included; whole minutes, rounded up."""
    seconds = 0.0
    for item in plan.planned_sets():
        work_s = item.dose.hold_s or item.dose.duration_s or 4.0 * (item.dose.reps or 0)
        seconds += 15.0 + work_s + item.rest_s
    return math.ceil(seconds / 60.0)


def _parse(text: str, *, plan_id: str) -> Plan:
    sides = {name: exercise.sides for name, exercise in load_library().items()}
    return parse_plan(text, plan_id=plan_id, sides=sides)
