"""Holds: seconds credited, entered and left, against the simulated body."""

from statistics import mean

import pytest
from counting_person import busy, doing, watch

from sensorhub.model.live import LiveKind

STRETCHES = [
    "kneeling_hip_flexor_stretch",
    "modified_thomas_stretch",
    "piriformis_stretch",
    "seated_piriformis_stretch",
]


@pytest.mark.parametrize("exercise", STRETCHES)
def test_every_stretch_is_held_as_often_as_it_is(exercise: str) -> None:
    seen = watch(exercise, doing(exercise, reps=2, hold_s=10.0))
    assert len(seen.outcome.holds) == 2
    for found, true in zip(seen.outcome.holds, seen.true_holds, strict=True):
        assert found.held_s == pytest.approx(true.held_s, abs=1.5)
        assert found.ended_by == "released"


@pytest.mark.parametrize(
    "options",
    [{}, {"tremor_deg": 4.0, "tremor_hz": 5.0}, {"sag_deg_per_s": 0.4}, {"ramp_s": 1.0}],
    ids=["plain", "tremor", "sag", "quick"],
)
def test_seconds_credited_are_those_in_the_pose(options: dict[str, object]) -> None:
    errors, edges = [], []
    for exercise in ("kneeling_hip_flexor_stretch", "modified_thomas_stretch"):
        seen = watch(exercise, doing(exercise, reps=3, hold_s=12.0, **options), seed=2)
        for found, true in zip(seen.outcome.holds, seen.true_holds, strict=True):
            errors.append(abs(found.held_s - true.held_s))
            edges += [abs(found.start_s - true.start_s), abs(found.end_s - true.end_s)]
    assert mean(errors) < 0.15
    assert max(edges) < 0.3


def test_an_interruption_is_not_credited() -> None:
    dip = "[[step.dip]]\nat_s = 5.0\nduration_s = 2.0\nfraction = 0.8\n"
    scenario = doing("modified_thomas_stretch", reps=1, hold_s=15.0) + dip
    seen = watch("modified_thomas_stretch", scenario)
    (hold,) = seen.outcome.holds
    (true,) = seen.true_holds
    assert hold.held_s < hold.end_s - hold.start_s - 1.0
    assert hold.held_s == pytest.approx(true.held_s, abs=0.6)


def test_walking_up_to_it_is_no_hold() -> None:
    scenario = 'posture = "standing"\n[[step]]\nactivity = "walk"\nduration_s = 20\n'
    assert not watch("kneeling_hip_flexor_stretch", scenario).outcome.holds


def test_the_seconds_are_shown_while_holding() -> None:
    seen = watch("modified_thomas_stretch", doing("modified_thomas_stretch", reps=2, hold_s=10.0))
    kinds = [e.kind for e in seen.events]
    assert kinds.count(LiveKind.HOLD_ENTERED) == kinds.count(LiveKind.HOLD_LEFT) == 2
    entered = [e.time_s for e in seen.events if e.kind is LiveKind.HOLD_ENTERED]
    for said_s, true in zip(entered, seen.true_holds, strict=True):
        assert 0.0 < said_s - true.start_s < 1.2
    assert seen.state.count == 2


def test_a_slow_way_into_the_pose_is_not_credited() -> None:
    scenario = doing("piriformis_stretch", reps=2, hold_s=15.0, ramp_s=10.0)
    seen = watch("piriformis_stretch", scenario, seed=1)
    for found, true in zip(seen.outcome.holds, seen.true_holds, strict=True):
        assert found.start_s == pytest.approx(true.start_s, abs=1.0)
        assert found.held_s == pytest.approx(true.held_s, abs=2.0)


def test_fidgeting_before_the_first_hold_adds_nothing_to_it() -> None:
    scenario = busy("fidget", 12.0) + doing("seated_piriformis_stretch", reps=2, hold_s=15.0)
    seen = watch("seated_piriformis_stretch", scenario, seed=0)
    assert len(seen.outcome.holds) == 2
    first, true = seen.outcome.holds[0], seen.true_holds[0]
    assert first.held_s == pytest.approx(true.held_s, abs=1.0)
