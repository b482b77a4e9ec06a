"""Range of motion against bodies that know theirs, and against the angles beside it."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from benchmarks.accuracy.play import Case, blocks_of, exercises, play
from benchmarks.accuracy.score import Score, score_set
from firmware_sim.imu.mounting import RIGID
from firmware_sim.person import SensorSetup
from firmware_sim.render import render
from firmware_sim.scenario.loader import Perform, load_scenario
from sensorhub.exercises.definition import find_exercise
from sensorhub.exercises.measures.measuring import has_phases
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.sessions.stages.analysis import analyze_blocks

SEED = 1000
STANDS_UP = "sit_to_stand"
"""Leaning forward turns the thigh by some degrees before it leaves the chair: its truth has them,
and by what a repetition is, they are no part of it."""

OUT_AND_BACK = [name for name in exercises() if find_exercise(name).detector == "repetition"]


@cache
def _flawless(name: str) -> tuple[Score, SetOutcome]:
    """Four repetitions, seen by a sensor without errors on a segment without skin."""
    scenario = load_scenario(name)
    steps = [replace(s, reps=4) if isinstance(s, Perform) else s for s in scenario.steps]
    exercise = find_exercise(name)
    segment = exercise.primary[0]
    placement = f"thigh_{scenario.side}" if segment == "thigh" else segment
    rendering = render(
        replace(scenario, steps=tuple(steps)),
        (placement,),
        seed=SEED,
        setup=SensorSetup("ideal", tissue=RIGID),
        internal_hz=400.0,
    )
    sensors = {Placement(p): blocks_of(Placement(p), d) for p, d in rendering.sensors.items()}
    side = Side(scenario.side) if len(exercise.sides) > 1 else None
    outcome = analyze_blocks(sensors, exercise, side=side).outcome
    return score_set(name, "flawless", SEED, rendering.truth.sets[0], outcome), outcome


@pytest.mark.parametrize("name", [n for n in OUT_AND_BACK if n != STANDS_UP])
def test_range_is_the_bodys_own(name: str):
    score, _ = _flawless(name)
    assert len(score.ranges_rad) == 4
    errors_deg = np.abs(np.degrees(score.ranges_rad))
    assert errors_deg.mean() < 2.0
    assert errors_deg.max() < 3.0


@pytest.mark.parametrize("name", OUT_AND_BACK)
def test_range_is_from_the_start_angle_to_the_peak_angle(name: str):
    _, outcome = _flawless(name)
    assert has_phases(find_exercise(name))
    for one in outcome.repetitions:
        along_rad = one.measures["peak_angle_rad"] - one.measures["start_angle_rad"]
        assert one.rom_rad == pytest.approx(along_rad, abs=np.radians(1.5))


@pytest.mark.parametrize(("name", "seed"), [("hip_adduction", 1), ("side_lying_hip_abduction", 2)])
def test_lying_down_before_and_getting_up_after_are_no_part_of_a_range(name: str, seed: int):
    # Who walks, lies down and begins turns the thigh by ten degrees and more on the way.
    (score,) = play(Case(name, "walk_around", seed))
    assert isinstance(score, Score)
    assert len(score.ranges_rad) == 10
    assert np.degrees(np.abs(score.ranges_rad)).max() < 5.0
