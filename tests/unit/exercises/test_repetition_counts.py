"""N simulated is N counted: tempo, size, pauses, bounces, tremor, bad sensors, lost packets."""

import pytest
from counting_person import busy, doing, watch

from sensorhub.model.live import LiveKind
from sensorhub.model.outcomes import FlagCode
from sensorhub.model.placement import Side

THIGH_EXERCISES = [
    "squat",
    "squat_supported",
    "side_lunge",
    "bridge",
    "straight_leg_raise",
    "side_lying_hip_abduction",
    "prone_hip_extension",
    "hip_adduction",
    "seated_hip_internal_rotation",
    "seated_hip_external_rotation",
    "standing_hip_flexion",
    "sit_to_stand",
    "lunge",
    "step_up",
    "quadruped_hip_extension",
    "clam",
]


@pytest.mark.parametrize("exercise", THIGH_EXERCISES)
def test_every_thigh_exercise_is_counted(exercise: str) -> None:
    seen = watch(exercise, doing(exercise, reps=6))
    assert (seen.full, seen.partial) == (6, 0)
    assert seen.state.count == 6
    for found, true in zip(seen.outcome.repetitions, seen.true_repetitions, strict=True):
        assert true.start_s <= found.peak_s <= true.end_s


@pytest.mark.parametrize("tempo_s", [0.8, 1.2, 6.0, 12.0])
@pytest.mark.parametrize("exercise", ["squat", "straight_leg_raise"])
def test_tempo_does_not_matter(exercise: str, tempo_s: float) -> None:
    seen = watch(exercise, doing(exercise, reps=6, tempo_s=tempo_s), seed=3)
    assert (seen.full, seen.partial) == (6, 0)


@pytest.mark.parametrize(
    "options",
    [
        {"amplitude": 0.4},
        {"pause_at": [2, 4], "pause_s": 2.5},
        {"bounce_top": 0.3},
        {"bounce_bottom": 0.3},
        {"tremor_deg": 3.0, "tremor_hz": 5.0},
    ],
    ids=lambda o: next(iter(o)),
)
def test_how_the_person_moves_does_not_matter(options: dict[str, object]) -> None:
    for seed in (0, 1):
        seen = watch("squat", doing("squat", reps=6, **options), seed=seed)
        assert (seen.full, seen.partial) == (6, 0)


def test_partial_repetitions_are_partial() -> None:
    for exercise in ("squat", "straight_leg_raise"):
        seen = watch(exercise, doing(exercise, reps=8, partial=[3, 6], partial_amplitude=0.4))
        kinds = [r.kind.value for r in seen.outcome.repetitions]
        assert kinds == [r.kind for r in seen.true_repetitions]


@pytest.mark.parametrize("rate_hz", [10.0, 26.0, 52.0, 208.0])
def test_rate_does_not_matter(rate_hz: float) -> None:
    seen = watch("straight_leg_raise", doing("straight_leg_raise", reps=6), rate_hz=rate_hz)
    assert (seen.full, seen.partial) == (6, 0)


def test_bad_sensor_lost_packets_and_missing_gyroscope_change_no_count() -> None:
    squats = doing("squat", reps=6)
    assert watch("squat", squats, part="cheap").full == 6
    lossy = watch("squat", squats, loss=0.02)
    assert lossy.full == 6
    assert FlagCode.GAP in {f.code for f in lossy.outcome.flags}
    bare = watch("squat", squats, gyroscope=False)
    assert bare.full == 6
    assert FlagCode.NO_GYROSCOPE in {f.code for f in bare.outcome.flags}


def test_edges_and_range_are_those_of_the_body() -> None:
    seen = watch("side_lying_hip_abduction", doing("side_lying_hip_abduction", reps=8))
    for found, true in zip(seen.outcome.repetitions, seen.true_repetitions, strict=True):
        assert found.start_s == pytest.approx(true.start_s, abs=0.3)
        assert found.end_s == pytest.approx(true.end_s, abs=0.3)
        assert found.rom_rad == pytest.approx(true.rom_rad, rel=0.15)


def test_a_pause_at_the_top_is_a_hold() -> None:
    held = watch("bridge", doing("bridge", reps=4, top_pause_s=3.0))
    assert all(2.5 < r.hold_s < 3.6 for r in held.outcome.repetitions)
    quick = watch("squat", doing("squat", reps=4))
    assert all(r.hold_s < 0.8 for r in quick.outcome.repetitions)


def test_walking_between_two_halves_is_not_counted() -> None:
    scenario = doing("squat", reps=5) + busy("walk", 15.0) + doing("squat", reps=5)
    seen = watch("squat", scenario, seed=1)
    assert (seen.full, seen.partial) == (10, 0)


def test_sitting_down_after_a_walk_is_no_repetition() -> None:
    walk = busy("walk", 15.0)
    scenario = walk + "[[step]]\nrest_s = 3.0\n" + doing("sit_to_stand", reps=6) + walk
    seen = watch("sit_to_stand", 'posture = "sitting"\n' + scenario)
    assert (seen.full, seen.partial) == (6, 0)


def test_the_repetition_in_which_the_strap_slips_counts() -> None:
    for seed in (0, 1):
        scenario = doing("hip_adduction", reps=8)
        repetition = watch("hip_adduction", scenario, seed=seed).true_repetitions[4]
        slipped = watch("hip_adduction", scenario, seed=seed, slip=(repetition.start_s - 0.2, 25.0))
        assert (slipped.full, slipped.partial) == (8, 0)


def test_live_is_counted_while_it_happens() -> None:
    seen = watch("squat", doing("squat", reps=5))
    counted = [e for e in seen.events if e.kind is LiveKind.REP_COUNTED]
    assert [e.count for e in counted] == [1, 2, 3, 4, 5]
    assert not counted[0].sure
    assert counted[-1].sure
    for event, true in zip(counted, seen.true_repetitions, strict=True):
        assert true.peak_s < event.time_s < true.end_s + 0.5


def test_lunges_in_turns_belong_to_the_leg_that_bends() -> None:
    both = ("thigh_right", "thigh_left")
    scenario = doing("side_lunge", reps=8, alternate=True)
    seen = watch("side_lunge", scenario, side=Side.BOTH, placements=both)
    assert [r.side.value for r in seen.outcome.repetitions] == [
        r.side for r in seen.true_repetitions
    ]
    right = watch("side_lunge", scenario, side=Side.RIGHT, placements=both)
    assert {r.side for r in right.outcome.repetitions if r.kind.value == "full"} == {Side.RIGHT}


def test_the_other_leg_did_it() -> None:
    scenario = 'side = "left"\n' + doing("straight_leg_raise", reps=5)
    seen = watch("straight_leg_raise", scenario, placements=("thigh_right", "thigh_left"))
    assert seen.full == 5
    assert {r.side for r in seen.outcome.repetitions} == {Side.LEFT}
    assert FlagCode.WRONG_SIDE in {f.code for f in seen.outcome.flags}
