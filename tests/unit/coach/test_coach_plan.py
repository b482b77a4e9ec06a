"""Plans: what a prescription may say, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.coach.dose import Dose
from sensorhub.coach.library import plan_texts
from sensorhub.coach.plan import MAX_REPS, parse_plan, usual_sides
from sensorhub.exercises.definition import load_library
from sensorhub.model.errors import InputError
from sensorhub.model.placement import Side

SIDES = {
    "squat": (Side.BOTH,),
    "clam": (Side.LEFT, Side.RIGHT),
    "kneeling_hip_flexor_stretch": (Side.LEFT, Side.RIGHT),
}

GOOD = """
version = 1
title = "Mine"
rest_s = 7
[[item]]
exercise = "squat"
reps = 10
sets = 2
[[item]]
exercise = "clam"
reps = 5
rest_s = 3
[[item]]
exercise = "kneeling_hip_flexor_stretch"
sides = ["right"]
hold_s = 30
"""


def test_a_plan_becomes_sets_in_order() -> None:
    plan = parse_plan(GOOD, plan_id="mine", sides=SIDES)
    rows = [(s.exercise, s.side.value, s.number, s.of, s.rest_s) for s in plan.planned_sets()]
    assert rows == [
        ("squat", "both", 1, 2, 7.0),
        ("squat", "both", 2, 2, 7.0),
        ("clam", "left", 1, 1, 3.0),
        ("clam", "right", 1, 1, 3.0),
        ("kneeling_hip_flexor_stretch", "right", 1, 1, 7.0),
    ]
    assert plan.planned_sets()[-1].dose == Dose(hold_s=30.0)
    assert (plan.id, plan.title) == ("mine", "Mine")


def _item(line: str) -> str:
    return f'version = 1\n[[item]]\nexercise = "squat"\n{line}\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("version = [", "not TOML"),
        ("version = 2\n[[item]]", "version must be 1"),
        ("version = 1", "between 1 and"),
        ("version = 1\ntitel = 'x'", "Did you mean title"),
        ("version = 1\nitem = 3", "between 1 and"),
        ("version = 1\nitem = [3]", "item 1 is not a table"),
        ("version = 1\n[[item]]\nreps = 3", "names no exercise"),
        ("version = 1\n[[item]]\nexercise = 'sqat'\nreps = 3", "Did you mean squat"),
        (_item(""), "exactly one of"),
        (_item("reps = 3\nhold_s = 5"), "exactly one of"),
        (_item("reps = 0"), "reps must be a whole number"),
        (_item("reps = true"), "reps must be a whole number"),
        (_item(f"reps = {MAX_REPS + 1}"), "reps must be a whole number"),
        (_item("hold_s = 5000"), "hold_s must be seconds"),
        (_item("duration_s = nan"), "duration_s must be seconds"),
        (_item("duration_s = inf"), "duration_s must be seconds"),
        (_item("reps = 3\nsets = 11"), "sets must be a whole number"),
        (_item("reps = 3\nrest_s = -1"), "rest_s must be seconds"),
        (_item("reps = 3\nsides = ['left']"), "sides must be a list of both"),
        (_item("reps = 3\nsides = 'both'"), "sides must be a list of both"),
        (_item("reps = 3\nset = 2"), "Did you mean sets"),
        ("# " + "x" * 100_001, "longer than"),
        ("[" * 5000, "not TOML"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said(text: str, says: str) -> None:
    with pytest.raises(InputError) as error:
        parse_plan(text, plan_id="mine", sides=SIDES)
    assert says in str(error.value)
    assert "mine" in str(error.value)


@given(st.text(max_size=300))
def test_any_text_is_a_plan_or_an_input_error(text: str) -> None:
    try:
        plan = parse_plan(text, plan_id="any", sides=SIDES)
    except InputError:
        return
    assert plan.items


@pytest.mark.parametrize("name", plan_texts())
def test_the_plans_that_come_with_the_hub_can_be_used(name: str) -> None:
    sides = {key: exercise.sides for key, exercise in load_library().items()}
    plan = parse_plan(plan_texts()[name], plan_id=name, sides=sides)
    assert plan.planned_sets()


def test_where_no_side_is_named_each_leg_is_meant_once() -> None:
    legs = (Side.LEFT, Side.RIGHT)
    assert usual_sides((*legs, Side.BOTH)) == legs
    assert usual_sides((Side.BOTH,)) == (Side.BOTH,)
    assert usual_sides((Side.NONE,)) == (Side.NONE,)
