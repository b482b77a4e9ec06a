"""Who walks shows where upright is; nobody lies or sits upright."""

import math

import numpy as np
import pytest
from counting_person import busy, doing, watch

from sensorhub.exercises.definition import Posture
from sensorhub.exercises.sets.upright import fits_posture, upright_of
from sensorhub.exercises.trace.cycles import Cycle
from sensorhub.exercises.trace.path import Path

TICK_S = 0.04
WALK = busy("walk", 12.0)
LEG_RAISE_RAD, STANDING_UP_RAD = math.radians(85.0), math.radians(120.0)


def path(start_deg: float, top_deg: float, *, walk_s: float = 10.0, later_deg: float = 0.0) -> Path:
    """Walks, one excursion between poses so far from upright, and a walk in a sensor turned."""
    degrees = np.repeat([0.0, start_deg, top_deg, start_deg, later_deg], round(10.0 / TICK_S))
    angle = np.radians(degrees)
    up = np.stack([np.sin(angle), np.zeros_like(angle), np.cos(angle)], axis=1)
    time_s = np.arange(len(up)) * TICK_S
    walks = ((0.0, walk_s), (40.0, 40.0 + walk_s))
    none = np.zeros(len(up))
    return Path(time_s, up, none, none, TICK_S, (slice(0, len(up)),), walks)


CYCLE = Cycle(300, 600, 900, 1.0, 1.0, 1.0, before=300, after=900)


@pytest.mark.parametrize(
    ("posture", "start_deg", "top_deg", "fits"),
    [
        (Posture.SUPINE, 90.0, 140.0, True),
        (Posture.SUPINE, 5.0, 60.0, False),
        (Posture.SIDE_LYING, 60.0, 10.0, False),
        (Posture.SITTING, 10.0, 40.0, False),
        (Posture.STANDING, 5.0, 80.0, True),
        (Posture.STANDING, 90.0, 140.0, False),
        (Posture.QUADRUPED, 80.0, 10.0, True),
        (Posture.ANY, 5.0, 60.0, True),
    ],
)
def test_a_posture_is_known_by_how_far_from_upright_it_is(
    posture: Posture, start_deg: float, top_deg: float, *, fits: bool
) -> None:
    assert fits_posture(path(start_deg, top_deg), [CYCLE], posture, LEG_RAISE_RAD) is fits


def test_who_gets_up_from_a_chair_may_be_upright() -> None:
    assert fits_posture(path(90.0, 5.0), [CYCLE], Posture.SITTING, STANDING_UP_RAD)


def test_few_steps_show_nothing() -> None:
    assert upright_of(path(5.0, 60.0, walk_s=3.0)) is None


def test_walks_that_disagree_show_nothing() -> None:
    assert upright_of(path(5.0, 60.0, later_deg=80.0)) is None


def test_bending_between_walks_is_no_exercise_of_lying() -> None:
    scenario = 'posture = "standing"\n' + WALK + busy("pick_up", 25.0) + WALK
    for exercise in ("clam", "straight_leg_raise", "seated_hip_external_rotation"):
        assert not watch(exercise, scenario, seed=1).outcome.repetitions


@pytest.mark.parametrize("exercise", ["straight_leg_raise", "clam", "bridge", "squat"])
def test_between_walks_the_exercise_itself_is_counted(exercise: str) -> None:
    scenario = WALK + doing(exercise, reps=6) + WALK
    seen = watch(exercise, scenario, seed=2)
    assert len(seen.outcome.repetitions) == len(seen.true_repetitions)
