"""The library of exercises, and what a wrong TOML is told."""

import math
import re

import pytest

from sensorhub.exercises.definition import (
    Exercise,
    Plane,
    find_exercise,
    load_library,
    parse_exercise,
)
from sensorhub.exercises.thresholds import BY_DETECTOR, RepetitionThresholds
from sensorhub.model.errors import InputError
from sensorhub.model.outcomes import Evidence
from sensorhub.model.placement import Placement, Side

PROGRAMME = [
    "kneeling_hip_flexor_stretch",
    "modified_thomas_stretch",
    "piriformis_stretch",
    "seated_piriformis_stretch",
    "donkey_kick_fire_hydrant",
    "squat",
    "squat_supported",
    "side_lunge",
    "bridge",
    "pelvic_tilt",
    "pelvic_tilt_side",
    "pelvic_circles",
    "pelvic_bicycle",
    "abdominal_hollowing",
    "multifidus_walk_out",
    "kegel_squeeze",
    "tissue_box_breathing",
    "tissue_blowing",
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

PLAIN = """
id = "wave"
title = "Wave"
start = "Stand."
movement = "Wave the leg."
primary = ["thigh"]
sides = ["left", "right"]
posture = "standing"
detector = "repetition"
evidence = "measured"
[dose]
sets = 1
repetitions = 10
[range]
least_deg = 10
usual_deg = 45
most_deg = 90
"""


def test_the_whole_programme_is_there() -> None:
    assert set(PROGRAMME) <= set(load_library())


@pytest.mark.parametrize("name", PROGRAMME)
def test_every_exercise_is_whole(name: str) -> None:
    exercise = find_exercise(name)
    assert exercise.title
    assert len(exercise.start) > 20
    assert len(exercise.movement) > 20
    assert isinstance(exercise.thresholds, BY_DETECTOR[exercise.detector])
    assert exercise.dose.sets >= 1
    assert exercise.dose.repetitions or exercise.dose.hold_s or exercise.dose.duration_s
    if exercise.evidence is Evidence.MEASURED:
        assert exercise.placements


def test_a_misspelt_name_is_told_the_nearest() -> None:
    with pytest.raises(InputError, match="squat"):
        find_exercise("sqat")


def test_degrees_outside_radians_inside() -> None:
    exercise = parse_exercise(PLAIN, source="wave.toml")
    assert exercise.range is not None
    assert exercise.range.usual_rad == pytest.approx(math.pi / 4)
    assert exercise.thresholds == RepetitionThresholds()
    assert exercise.placements == (
        Placement.THIGH_RIGHT,
        Placement.THIGH_LEFT,
        Placement.THIGH,
    )


@pytest.mark.parametrize(
    ("find", "put", "said"),
    [
        ('title = "Wave"', "", "title"),
        ('detector = "repetition"', 'detector = "magic"', "magic"),
        ('posture = "standing"', 'posture = "flying"', "flying"),
        ('primary = ["thigh"]', 'primary = ["knee"]', "knee"),
        ("usual_deg = 45", "usual_deg = 5", "least_deg"),
        ("least_deg = 10", 'least_deg = "ten"', "least_deg"),
        ("[dose]", "colour = 3\n[dose]", "colour"),
        ("repetitions = 10", "reps = 10", "reps"),
        ('sides = ["left", "right"]', "sides = []", "sides"),
        ("[range]", "[thresholds]\nparital_share = 0.5\n[range]", "parital_share"),
        ('id = "wave"', "id = ", "TOML"),
        ("[dose]", 'plane = "frontal"\n[dose]', "frontal"),
        ("[dose]", 'underneath = "yes"\n[dose]', "underneath"),
        ("[dose]", "underneath = true\n[dose]", "underneath"),
    ],
)
def test_what_is_wrong_is_named(find: str, put: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as told:
        parse_exercise(PLAIN.replace(find, put, 1), source="wave.toml")
    assert "wave.toml" in str(told.value)


def test_the_plane_is_open_unless_it_is_said() -> None:
    assert parse_exercise(PLAIN, source="wave.toml").plane is Plane.OPEN
    # Stepping sideways, and bending over a foot that is out to the side.
    for name in ("multifidus_walk_out", "side_lunge", "clam", "seated_hip_internal_rotation"):
        assert find_exercise(name).plane is Plane.OPEN
    assert find_exercise("squat").plane is Plane.SAGITTAL


def test_only_the_inner_thigh_is_lifted_from_underneath() -> None:
    assert [e.id for e in load_library().values() if e.underneath] == ["hip_adduction"]


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    "exercise",
    [one for one in load_library().values() if Side.LEFT in one.sides],
    ids=lambda one: one.id,
)
def test_who_only_listens_is_told_which_leg(exercise: Exercise, language: str) -> None:
    """ "Left" alone does not say which leg steps, bends or stays: the one with the sensor does."""
    words = exercise.words(language)
    told = f"{words.start} {words.movement}"
    assert re.search({"en": "[Tt]he sensor", "de": "(dem|den|Der) Sensor"}[language], told)
