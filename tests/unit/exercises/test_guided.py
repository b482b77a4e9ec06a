"""Guided exercises: a schedule, honestly labelled; never a measurement."""

import math

import pytest
from breathing_person import Breathing, analyse, breathe
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.exercises.definition import find_exercise
from sensorhub.exercises.detectors.base import DetectorSetup
from sensorhub.exercises.detectors.guided import GuidedDetector, Phase, Schedule, new_detector
from sensorhub.exercises.thresholds import GuidedThresholds
from sensorhub.model.outcomes import Evidence
from sensorhub.model.placement import Side

tenths = st.integers(1, 300).map(lambda n: n / 10)
schedules = st.builds(
    GuidedThresholds,
    hold_s=tenths,
    rest_s=tenths,
    strengths=st.sampled_from([(), (25, 50, 75, 100), (50,)]),
).map(Schedule)


def detector(exercise: str) -> GuidedDetector:
    return new_detector(DetectorSetup(find_exercise(exercise), Side.NONE, ()))


@given(schedules, st.floats(0, 3600))
def test_the_schedule_and_its_count_agree(schedule: Schedule, elapsed_s: float) -> None:
    moment = schedule.at(elapsed_s)
    over = moment.number if moment.phase is Phase.REST else moment.number - 1
    assert 0.0 < moment.remaining_s <= schedule.period_s
    # At the very end of a hold rounding may decide either way.
    near_edge = moment.remaining_s < 1e-6 or moment.remaining_s > schedule.period_s - 1e-6
    if not near_edge and abs(moment.remaining_s - schedule.thresholds.rest_s) > 1e-6:
        assert schedule.done(elapsed_s) == over


@given(schedules, st.floats(0, 1e6), st.floats(0, 600))
def test_holds_are_guided_whole_and_in_order(
    schedule: Schedule, start_s: float, lasted_s: float
) -> None:
    holds = schedule.holds(start_s=start_s, end_s=start_s + lasted_s)
    assert len(holds) == schedule.done((start_s + lasted_s) - start_s)
    for number, hold in enumerate(holds, 1):
        assert hold.evidence is Evidence.GUIDED
        assert hold.held_s == schedule.thresholds.hold_s
        assert math.isnan(hold.angle_rad)
        assert start_s <= hold.start_s < hold.end_s <= start_s + lasted_s + 1e-3
        strengths = schedule.thresholds.strengths
        if strengths:
            assert hold.measures["strength_percent"] == strengths[(number - 1) % len(strengths)]
        else:
            assert "strength_percent" not in hold.measures


def test_a_kegel_set_goes_through_the_strengths() -> None:
    kegel = detector("kegel_squeeze")
    kegel.pace(start_s=100.0, now_s=145.0)
    holds = kegel.finish().holds
    assert [h.measures["strength_percent"] for h in holds] == [25.0, 50.0, 75.0, 100.0, 25.0]
    assert [h.start_s for h in holds] == [100.0, 110.0, 120.0, 130.0, 140.0]


def test_live_the_seconds_of_the_hold_run_and_the_count_follows() -> None:
    kegel = detector("kegel_squeeze")
    seen = []
    for now_s in (0.0, 2.0, 4.9, 5.0, 9.0, 12.0):
        kegel.pace(start_s=0.0, now_s=now_s)
        state = kegel.state()
        seen.append((state.count, state.hold_s, state.unsure))
    assert [count for count, _, _ in seen] == [0, 0, 0, 1, 1, 1]
    assert [None if h is None else round(h, 3) for _, h, _ in seen] == [
        0.0, 2.0, 4.9, None, None, 2.0,
    ]  # fmt: skip


def test_what_no_hub_paced_has_no_holds() -> None:
    assert detector("kegel_squeeze").finish().holds == ()
    assert detector("kegel_squeeze").state().count == 0


def test_a_belly_sensor_adds_breathing_and_stillness_and_no_count() -> None:
    samples = breathe(Breathing(period_s=5.0, variation=0.0))
    outcome, events = analyse(samples, exercise="abdominal_hollowing")
    assert events == []
    assert (outcome.holds, outcome.breaths, outcome.repetitions) == ((), (), ())
    assert outcome.measures["breath_rate_per_min"] == pytest.approx(12.0, rel=0.05)
    assert 0.0 < outcome.measures["movement_sd_mps2"] < 0.1
