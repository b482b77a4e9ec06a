"""Kick and hydrant, pelvis cycles and circles, side steps."""

import math

import pytest
from counting_person import busy, doing, watch

from sensorhub.model.outcomes import RepetitionKind
from sensorhub.model.placement import Side


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_kick_and_hydrant_are_one(seed: int) -> None:
    seen = watch("donkey_kick_fire_hydrant", doing("donkey_kick_fire_hydrant", reps=6), seed=seed)
    assert (seen.full, seen.partial) == (6, 0)
    for found, true in zip(seen.outcome.repetitions, seen.true_repetitions, strict=True):
        assert found.start_s == pytest.approx(true.start_s, abs=0.3)
        assert found.end_s == pytest.approx(true.end_s, abs=0.7)
        assert found.measures["kick_rom_rad"] > found.measures["hydrant_rom_rad"]


def test_a_bounce_at_the_top_is_no_movement_of_its_own() -> None:
    scenario = doing("donkey_kick_fire_hydrant", reps=6, bounce_top=0.3)
    seen = watch("donkey_kick_fire_hydrant", scenario)
    assert (seen.full, seen.partial) == (6, 0)


@pytest.mark.parametrize("missing", ["kick", "hydrant"])
def test_a_missing_half_is_named(missing: str) -> None:
    scenario = doing("donkey_kick_fire_hydrant", reps=6, omit=[3], omit_way=missing)
    seen = watch("donkey_kick_fire_hydrant", scenario)
    third = seen.outcome.repetitions[2]
    assert (seen.full, seen.partial) == (5, 1)
    assert (third.kind, third.phase) == (RepetitionKind.PARTIAL, missing)


@pytest.mark.parametrize("exercise", ["pelvic_tilt", "pelvic_tilt_side"])
def test_to_and_fro_is_one_cycle(exercise: str) -> None:
    for seed in (0, 1):
        seen = watch(
            exercise, doing(exercise, reps=6), side=Side.NONE, placements=("pelvis",), seed=seed
        )
        assert seen.full == 6
        assert seen.state.count in (5, 6)


@pytest.mark.parametrize("direction", ["cw", "ccw"])
@pytest.mark.parametrize("mount", ["identity", "random"])
def test_circles_have_their_sense_in_any_mounting(direction: str, mount: str) -> None:
    scenario = doing("pelvic_circles", reps=6, direction=direction)
    seen = watch(
        "pelvic_circles", scenario, side=Side.NONE, placements=("pelvis",), mount=mount, seed=4
    )
    assert seen.full == 6
    assert {r.phase for r in seen.outcome.repetitions} == {direction}
    assert seen.state.count == 6


def test_a_bicycle_goes_round() -> None:
    for seed in (0, 1):
        seen = watch(
            "pelvic_bicycle",
            doing("pelvic_bicycle", reps=8),
            side=Side.NONE,
            placements=("pelvis",),
            seed=seed,
        )
        assert seen.full == 8


@pytest.mark.parametrize("options", [{}, {"steps_out": 2}], ids=["one", "two"])
@pytest.mark.parametrize("thigh", ["thigh_right", "thigh_left"])
def test_side_steps_out_and_back(options: dict[str, object], thigh: str) -> None:
    scenario = doing("multifidus_walk_out", reps=5, **options)
    seen = watch("multifidus_walk_out", scenario, placements=(thigh, "pelvis"))
    assert [s.direction for s in seen.outcome.steps] == [s.direction for s in seen.true_steps]
    assert seen.full == 5
    assert 1 <= seen.state.count <= 5 * int(options.get("steps_out", 1)) + 1
    turned = [r.measures["trunk_turn_rad"] for r in seen.outcome.repetitions]
    assert max(turned) < math.radians(6.0)


def rocking(name: str, right: str, left: str) -> str:
    """A pelvis rocked from side to side six times, lying down, in nothing but the ways given."""
    movement = f"""
[movements.{name}]
exercise = "pelvic_tilt_side"
kind = "repetition"
posture = "hook_lying"
signal = "pelvis"
sides = "none"
tempo_s = 4.0
back_share = 0.25
way = [{{ name = "right", share = 0.27, to = {{ {right} }} }},
       {{ name = "left", share = 0.48, to = {{ {left} }} }}]
"""
    return doing(name, reps=6) + movement


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_rolling_the_pelvis_as_it_is_asked_for_is_counted(seed: int) -> None:
    rolled = rocking("roll", "axial = -6.0", "axial = 6.0")
    seen = watch("pelvic_tilt_side", rolled, side=Side.NONE, placements=("pelvis",), seed=seed)
    assert seen.full == 6


def test_hiking_the_hips_turns_about_the_vertical_and_shows_nothing() -> None:
    # Why the text asks for a roll: gravity's direction in the pelvis stays where it is.
    hiked = rocking("hike", "list = 5.0, trunk_side = -4.0", "list = -5.0, trunk_side = 4.0")
    for seed in (0, 1):
        seen = watch("pelvic_tilt_side", hiked, side=Side.NONE, placements=("pelvis",), seed=seed)
        assert seen.outcome.repetitions == ()


@pytest.mark.parametrize("exercise", ["pelvic_tilt", "pelvic_tilt_side"])
def test_getting_down_first_and_up_again_is_no_cycle(exercise: str) -> None:
    walk = busy("walk", 10.0)
    seen = watch(
        exercise,
        walk + doing(exercise, reps=5) + walk,
        side=Side.NONE,
        placements=("pelvis",),
        seed=3,
    )
    assert (seen.full, seen.partial) == (5, 0)
    for found, true in zip(seen.outcome.repetitions, seen.true_repetitions, strict=True):
        assert found.start_s == pytest.approx(true.start_s, abs=0.4)
        assert found.end_s == pytest.approx(true.end_s, abs=0.4)


def test_a_partial_cycle_among_full_ones_is_partial() -> None:
    scenario = doing("pelvic_tilt", reps=6, partial=[3], partial_amplitude=0.4)
    seen = watch("pelvic_tilt", scenario, side=Side.NONE, placements=("pelvis",), seed=1)
    assert (seen.full, seen.partial) == (5, 1)


def test_a_rest_between_circles_is_no_circle() -> None:
    circles, rest = doing("pelvic_circles", reps=4), "[[step]]\nrest_s = 6.0\n"
    seen = watch(
        "pelvic_circles", circles + rest + circles, side=Side.NONE, placements=("pelvis",), seed=2
    )
    assert seen.full == 8
    assert max(r.end_s - r.start_s for r in seen.outcome.repetitions) < 8.0


@pytest.mark.parametrize("seed", [4, 8, 11])
def test_slow_circles_have_their_last_turn(seed: int) -> None:
    scenario = doing("pelvic_circles", reps=5, tempo_s=10.0)
    seen = watch("pelvic_circles", scenario, side=Side.NONE, placements=("pelvis",), seed=seed)
    assert len(seen.outcome.repetitions) == 5


def test_walking_between_side_steps_is_none() -> None:
    steps = doing("multifidus_walk_out", reps=4)
    seen = watch("multifidus_walk_out", steps + busy("walk", 15.0) + steps, seed=1)
    (walk,) = seen.truth.activities
    assert len(seen.outcome.repetitions) == 8
    assert not [s for s in seen.outcome.steps if walk.start_s < s.start_s < walk.end_s - 1.0]


def test_side_steps_without_a_gyroscope_are_counted() -> None:
    for seed in (0, 1):
        scenario = doing("multifidus_walk_out", reps=6)
        seen = watch("multifidus_walk_out", scenario, gyroscope=False, seed=seed)
        assert len(seen.outcome.repetitions) == 6


@pytest.mark.parametrize("exercise", ["pelvic_tilt", "pelvic_circles"])
@pytest.mark.parametrize("activity", ["shift_weight", "sit_down_and_stand_up"])
def test_a_pelvis_that_rocks_upright_between_walks_does_not_lie(
    exercise: str, activity: str
) -> None:
    walk = busy("walk", 12.0)
    seen = watch(
        exercise, walk + busy(activity, 30.0) + walk, side=Side.NONE, placements=("pelvis",)
    )
    assert not seen.outcome.repetitions
