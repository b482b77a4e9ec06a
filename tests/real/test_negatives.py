"""Nothing is counted of what people do all day; simulated, so that no recordings are needed."""

import pytest

from tests.real.negatives import EVERYTHING, SWAYS, Besides, counted_as, recorded

SLOW_WALK = "walks at 0.5 strides a second"


@pytest.mark.parametrize("gyroscope", [True, False], ids=["gyroscope", "none"])
@pytest.mark.parametrize("exercise", ["squat", "clam", "donkey_kick_fire_hydrant"])
def test_the_slowest_walk_is_no_set(exercise: str, gyroscope: bool) -> None:
    walk = Besides(SLOW_WALK, EVERYTHING[SLOW_WALK], 50.0, gyroscope, seed=0)
    assert counted_as(recorded(walk), exercise) == 0


@pytest.mark.parametrize("gyroscope", [True, False], ids=["gyroscope", "none"])
@pytest.mark.parametrize("name", [name for name, how in SWAYS.items() if how.upright])
def test_swaying_is_no_small_leg_lift(name: str, gyroscope: bool) -> None:
    sway = Besides(name, name, 50.0, gyroscope, seed=0)
    assert counted_as(recorded(sway), "prone_hip_extension") == 0


@pytest.mark.parametrize("exercise", ["clam", "straight_leg_raise", "prone_hip_extension"])
def test_a_strap_shaken_into_place_is_no_set(exercise: str) -> None:
    name = "adjusts the strap"
    assert counted_as(recorded(Besides(name, EVERYTHING[name], 100.0, True, seed=0)), exercise) == 0


@pytest.mark.parametrize("gyroscope", [True, False], ids=["gyroscope", "none"])
def test_bending_between_walks_is_no_exercise_of_lying(gyroscope: bool) -> None:
    name = "walks and picks things up"
    bends = Besides(name, EVERYTHING[name], 50.0, gyroscope, seed=1)
    assert counted_as(recorded(bends), "straight_leg_raise") == 0


def test_a_walk_without_a_gyroscope_is_no_side_stepping() -> None:
    name = "walks at 0.9 strides a second"
    walk = Besides(name, EVERYTHING[name], 50.0, gyroscope=False, seed=0)
    assert counted_as(recorded(walk), "multifidus_walk_out") == 0


@pytest.mark.parametrize("gyroscope", [True, False], ids=["gyroscope", "none"])
@pytest.mark.parametrize("exercise", ["clam", "bridge", "quadruped_hip_extension"])
def test_bends_sink_where_lifts_rise(exercise: str, gyroscope: bool) -> None:
    name = "picks things up"
    bends = Besides(name, EVERYTHING[name], 50.0, gyroscope, seed=0)
    assert counted_as(recorded(bends), exercise) == 0
