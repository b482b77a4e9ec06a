"""Which of two poses is the hold and which the start pose, whatever happens around the set."""

import pytest
from counting_person import Seen, busy, doing, watch

STRETCHES = ["kneeling_hip_flexor_stretch", "modified_thomas_stretch", "piriformis_stretch"]


def _as_done(seen: Seen) -> None:
    found = [(h.start_s, h.end_s) for h in seen.outcome.holds]
    true = [(h.start_s, h.end_s) for h in seen.true_holds]
    assert len(found) == len(true)
    for (start_s, end_s), (true_start_s, true_end_s) in zip(found, true, strict=True):
        assert start_s == pytest.approx(true_start_s, abs=0.5)
        assert end_s == pytest.approx(true_end_s, abs=0.5)


@pytest.mark.parametrize("exercise", STRETCHES)
def test_fidgeting_first_does_not_turn_holds_and_rests_round(exercise: str) -> None:
    around = busy("fidget", 12.0)
    _as_done(watch(exercise, around + doing(exercise, reps=3, hold_s=15.0) + around, seed=3))


@pytest.mark.parametrize("exercise", STRETCHES)
def test_coming_back_from_a_walk_is_no_hold(exercise: str) -> None:
    _as_done(watch(exercise, doing(exercise, reps=2, hold_s=15.0) + busy("walk", 12.0), seed=1))


@pytest.mark.parametrize("exercise", STRETCHES)
def test_resting_longer_than_holding_is_still_resting(exercise: str) -> None:
    once, rest = doing(exercise, reps=1, hold_s=8.0), "[[step]]\nrest_s = 20.0\n"
    _as_done(watch(exercise, once + rest + once + rest + once))


@pytest.mark.parametrize("exercise", STRETCHES)
def test_holds_of_different_depth_are_all_holds(exercise: str) -> None:
    person = "[person]\namplitude_cv = 0.3\n"
    _as_done(watch(exercise, person + doing(exercise, reps=3, hold_s=15.0), seed=5))
