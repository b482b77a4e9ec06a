"""What is not exercise is not counted."""

import pytest
from counting_person import busy, watch


@pytest.mark.parametrize("exercise", ["squat", "straight_leg_raise", "clam", "lunge"])
@pytest.mark.parametrize("activity", ["walk", "fetch_chair", "scratch", "cough"])
def test_nothing_is_counted(exercise: str, activity: str) -> None:
    for seed in (0, 1):
        scenario = 'posture = "standing"\n' + busy(activity, 40.0)
        seen = watch(exercise, scenario, seed=seed, rate_hz=[100.0, 50.0][seed])
        assert not seen.outcome.repetitions


@pytest.mark.parametrize("posture", ["standing", "sitting", "supine", "prone", "quadruped"])
def test_keeping_still_is_nothing(posture: str) -> None:
    scenario = f'posture = "{posture}"\n[[step]]\nrest_s = 40.0\n'
    for exercise in ("squat", "straight_leg_raise", "bridge"):
        seen = watch(exercise, scenario)
        assert not seen.outcome.repetitions
        assert seen.state.count == 0


def test_transitions_are_no_leg_raises() -> None:
    scenario = 'posture = "standing"\n' + busy("sit_down_and_stand_up", 60.0)
    for seed in (0, 1):
        assert not watch("straight_leg_raise", scenario, seed=seed).outcome.repetitions
