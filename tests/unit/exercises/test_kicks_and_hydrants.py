"""Kick and hydrant among what else a leg does: settling, bouncing, turning over."""

import pytest
from counting_person import busy, doing, watch

from sensorhub.model.outcomes import RepetitionKind

EXERCISE = "donkey_kick_fire_hydrant"
REST = "[[step]]\nrest_s = 3.0\n"


@pytest.mark.parametrize("seed", [0, 1, 4])
def test_settling_before_and_after_is_no_half(seed: int) -> None:
    around = busy("fidget", 12.0)
    seen = watch(EXERCISE, around + REST + doing(EXERCISE, reps=6) + REST + around, seed=seed)
    assert (seen.full, seen.partial) == (6, 0)


def test_fetching_something_in_a_break_is_no_half() -> None:
    scenario = doing(EXERCISE, reps=4) + busy("fetch_chair", 20.0) + doing(EXERCISE, reps=4)
    for seed in (0, 3, 4):
        seen = watch(EXERCISE, scenario, seed=seed)
        assert (seen.full, seen.partial) == (8, 0)


@pytest.mark.parametrize("seed", [1, 2])
def test_bounces_do_not_change_the_halves_names(seed: int) -> None:
    seen = watch(EXERCISE, doing(EXERCISE, reps=6, bounce_bottom=0.2), seed=seed)
    assert (seen.full, seen.partial) == (6, 0)


@pytest.mark.parametrize("seed", [0, 5])
def test_turning_from_side_to_side_is_none(seed: int) -> None:
    assert not watch(EXERCISE, busy("roll_over", 30.0), seed=seed).outcome.repetitions


def test_a_half_given_up_within_the_set_stays_partial() -> None:
    scenario = doing(
        EXERCISE, reps=6, partial=[3], partial_amplitude=0.45, omit=[3], omit_way="kick"
    )
    third = watch(EXERCISE, scenario).outcome.repetitions[2]
    assert (third.kind, third.phase) == (RepetitionKind.PARTIAL, "kick")


def test_one_way_only_many_times_is_partial_all_the_same() -> None:
    scenario = doing(EXERCISE, reps=8, omit=[6, 7, 8], omit_way="kick")
    seen = watch(EXERCISE, scenario)
    assert (seen.full, seen.partial) == (5, 3)
