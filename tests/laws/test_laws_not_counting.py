"""Laws of not counting: walking, errands and getting about, whatever the exercise."""

import tomllib
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.fields import Fields
from firmware_sim.person import SensorSetup
from firmware_sim.render import render
from firmware_sim.scenario.loader import Scenario, load_scenario, parse_scenario
from firmware_sim.scenario.vary import with_tempo
from sensorhub.exercises.definition import find_exercise, load_library
from sensorhub.model.outcomes import RepetitionKind, SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import SampleBlock
from sensorhub.sessions.stages.analysis import analyze_blocks

THIGH = Placement.THIGH_RIGHT
THIGH_EXERCISES = sorted(
    e.id for e in load_library().values() if e.detector == "repetition" and "thigh" in e.primary
)


def scenario(text: str) -> Scenario:
    return parse_scenario(Fields(tomllib.loads(text), "law"), "law")


@cache
def worn(text: str, seed: int, rate_hz: float = 100.0) -> SampleBlock:
    """What a thigh sensor records of a scenario: its TOML, or its name."""
    return recorded(scenario(text) if "\n" in text else load_scenario(text), seed, rate_hz)


def recorded(done: Scenario, seed: int, rate_hz: float = 100.0) -> SampleBlock:
    setup = SensorSetup(mount="random")
    data = render(done, rate_hz=rate_hz, seed=seed, setup=setup).sensors["thigh_right"]
    period_s = float(np.median(np.diff(data.time_s)))
    return SampleBlock(THIGH, 0.0, period_s, data.acc_mps2, data.gyr_radps)


def judged(exercise: str, block: SampleBlock) -> SetOutcome:
    return analyze_blocks({THIGH: [block]}, find_exercise(exercise), side=Side.RIGHT).outcome


@settings(max_examples=24, deadline=None, derandomize=True)
@given(
    exercise=st.sampled_from(THIGH_EXERCISES),
    stride_hz=st.sampled_from([0.6, 0.75, 0.9, 1.1, 1.4]),
    rate_hz=st.sampled_from([25.0, 100.0]),
)
def test_walking_is_no_exercise(exercise: str, stride_hz: float, rate_hz: float) -> None:
    text = f'[[step]]\nactivity = "walk"\nduration_s = 25\nstride_hz = {stride_hz}\n'
    assert not judged(exercise, worn(text, 1, rate_hz)).repetitions


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_two_minutes_of_walking_and_of_getting_about(seed: int) -> None:
    assert not judged("squat", worn("walking", seed)).repetitions
    assert not judged("straight_leg_raise", worn("transitions", seed)).repetitions


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_a_chair_fetched_between_squats_is_none(seed: int) -> None:
    found = judged("squat", worn("squats_with_a_break", seed)).repetitions
    assert len(found) == 12
    assert [r.kind for r in found].count(RepetitionKind.PARTIAL) == 1


@settings(max_examples=10, deadline=None, derandomize=True)
@given(
    exercise=st.sampled_from(
        ["straight_leg_raise", "side_lying_hip_abduction", "prone_hip_extension", "clam"]
    ),
    tempo_s=st.sampled_from([1.2, 1.6, 2.0]),
    seed=st.integers(0, 3),
)
def test_quick_lifts_about_a_resting_hip_are_not_walking(
    exercise: str, tempo_s: float, seed: int
) -> None:
    quick = with_tempo(load_scenario(exercise), tempo_s, rest_s=(0.0, 0.1))
    assert len(judged(exercise, recorded(quick, seed)).repetitions) == 10
