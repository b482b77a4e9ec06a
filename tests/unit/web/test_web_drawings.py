"""The start that is drawn is the start that the simulated person takes."""

import math
import tomllib

import numpy as np
import pytest

from firmware_sim.fields import Fields
from firmware_sim.person import Person
from firmware_sim.render import body_angles_at
from firmware_sim.scenario.loader import parse_scenario
from sensorhub.exercises.definition import load_library
from sensorhub.web.drawings.drawn import exercise_poses
from tests.unit.exercises.counting_person import doing

APART_DEG = 40.0
"""A stick figure is no photograph; a leg straight in one and bent in the other is further off."""

DRAWN = [
    name
    for name, exercise in load_library().items()
    if "thigh" in exercise.primary and exercise_poses()[name][0].view == "side"
]


@pytest.mark.parametrize("exercise", DRAWN)
def test_the_thigh_starts_where_it_is_drawn(exercise: str) -> None:
    scenario = parse_scenario(Fields(tomllib.loads(doing(exercise)), "scenario"), "scenario")
    angles = body_angles_at(Person(scenario, seed=0), np.array([0.2]))
    done_deg = math.degrees(float(angles["thigh_inclination_right"][0]))
    # Drawn: 0 is up, 180 hangs down. From the side, what counts is how far it is from hanging.
    drawn_deg = abs(180.0 - exercise_poses()[exercise][0].near[0] % 360.0)
    assert drawn_deg == pytest.approx(done_deg, abs=APART_DEG)
