"""How sensors sit, learnt from sets that begin standing still: hip angles without being told."""

import math
import tomllib
from dataclasses import replace

import numpy as np
import pytest

from firmware_sim.fields import Fields
from firmware_sim.person import SensorSetup
from firmware_sim.render import SensorData, render
from firmware_sim.scenario.loader import parse_scenario
from sensorhub.exercises.definition import find_exercise
from sensorhub.exercises.engine import SetAnalyzer
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import FlagCode, SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import SampleBlock
from sensorhub.sessions.stages.analysis import run_set, track
from sensorhub.sessions.stages.wearing import Wearing, standing_start

Motion = dict[Placement, list[MotionBlock]]


def motion_of(
    movement: str, *, seed: int = 0, turned: np.ndarray | None = None, from_s: float = 1.0
) -> Motion:
    """A set of five from a still stand, thigh and pelvis; ``turned`` turns the sensors."""
    text = f'[[step]]\nmovement = "{movement}"\nreps = 5\n'
    rendering = render(
        parse_scenario(Fields(tomllib.loads(text), movement), movement),
        ("thigh_right", "pelvis"),
        seed=seed,
        setup=SensorSetup(),
        internal_hz=400.0,
    )
    turn = np.eye(3) if turned is None else turned
    return {
        Placement(name): track([_block(Placement(name), data, turn, from_s)], Placement(name))
        for name, data in rendering.sensors.items()
    }


def _block(placement: Placement, data: SensorData, turn: np.ndarray, from_s: float) -> SampleBlock:
    assert data.gyr_radps is not None
    kept = data.time_s >= from_s
    acc, gyr = data.acc_mps2[kept] @ turn.T, data.gyr_radps[kept] @ turn.T
    period_s = float(np.median(np.diff(data.time_s)))
    return SampleBlock(
        placement, from_s, period_s, np.ascontiguousarray(acc), np.ascontiguousarray(gyr)
    )


def done(exercise: str, motion: Motion, wearing: Wearing) -> SetOutcome:
    analyzer = SetAnalyzer(find_exercise(exercise), side=Side.RIGHT, placements=sorted(motion))
    analyzer.align(wearing.of_set(find_exercise(exercise), motion))
    return run_set(analyzer, motion)


def test_a_set_from_a_still_stand_has_hip_angles() -> None:
    outcome = done("squat", motion_of("squat"), Wearing({}))
    assert len(outcome.repetitions) == 5
    for one in outcome.repetitions:
        # The body flexes by about 112 degrees; skin and muscle add a twentieth and more.
        assert math.degrees(one.measures["hip_flexion_range_rad"]) == pytest.approx(112.0, abs=22.0)


def test_the_stand_of_one_set_serves_the_sets_after_it() -> None:
    wearing = Wearing({})
    lying = find_exercise("straight_leg_raise")
    assert wearing.of_set(lying, motion_of("straight_leg_raise", from_s=14.0)) == {}
    wearing.of_set(find_exercise("squat"), motion_of("squat"))
    after = wearing.of_set(lying, motion_of("straight_leg_raise", from_s=14.0))
    assert set(after) == {Placement.THIGH_RIGHT, Placement.PELVIS}


def test_a_set_that_begins_in_motion_says_nothing() -> None:
    # The first squat is under way six seconds after the start.
    assert standing_start(find_exercise("squat"), motion_of("squat", from_s=6.0)) == {}


@pytest.mark.parametrize("exercise", ["lunge", "step_up", "bridge", "sit_to_stand"])
def test_other_start_poses_say_nothing(exercise: str) -> None:
    assert standing_start(find_exercise(exercise), motion_of("squat")) == {}


def test_a_sensor_turned_upside_down_between_sets_is_noticed() -> None:
    plain = motion_of("squat")
    block = next(b for b in plain[Placement.THIGH_RIGHT] if len(b))
    # Half a turn about a sensor axis that lies across the thigh turns the long axis round.
    across = int(np.argmin(np.abs(block.up[0])))
    upside_down = -np.eye(3)
    upside_down[across, across] = 1.0
    wearing = Wearing({})
    first = done("squat", plain, wearing)
    second = done("squat", motion_of("squat", turned=upside_down), wearing)
    assert FlagCode.UPSIDE_DOWN not in {f.code for f in first.flags}
    assert FlagCode.UPSIDE_DOWN in {f.code for f in second.flags}
    assert len(second.repetitions) == len(first.repetitions)


def test_what_was_aligned_beforehand_stays_in_force() -> None:
    motion = motion_of("squat")
    learnt = standing_start(find_exercise("squat"), motion)
    stored = {Placement.PELVIS: replace(learnt[Placement.PELVIS], quality=0.123)}
    in_force = Wearing(stored).of_set(find_exercise("squat"), motion)
    assert in_force[Placement.PELVIS].quality == 0.123
