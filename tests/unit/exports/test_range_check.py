"""Best of each side, left against right, and what counts as a change."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sensorhub.exercises.definition import find_exercise
from sensorhub.exports.range_check import (
    HIP,
    MOVEMENTS,
    ROTATION,
    THIGH,
    ranges_of,
    side_difference_share,
)
from sensorhub.model.outcomes import Repetition, RepetitionKind, SetOutcome
from sensorhub.model.placement import Side
from sensorhub.sessions.store.values import (
    Moment,
    Prescription,
    SessionInfo,
    StoredSession,
    StoredSet,
)

RAISE, TURN = "straight_leg_raise", "seated_hip_internal_rotation"


def done(exercise: str, side: Side, *ranges_deg: float, hip_deg: float | None = None) -> SetOutcome:
    measures = {} if hip_deg is None else {"hip_flexion_range_rad": math.radians(hip_deg)}
    repetitions = tuple(
        Repetition(k, k + 1.0, k + 2.0, math.radians(value), measures=measures)
        for k, value in enumerate(ranges_deg)
    )
    return SetOutcome(exercise, side, 0.0, 9.0, repetitions=repetitions)


def session(*outcomes: SetOutcome) -> StoredSession:
    sets = tuple(
        StoredSet(n, o.exercise, o.side, Prescription(3), 0, 9, None, o)
        for n, o in enumerate(outcomes, 1)
    )
    moment = Moment(0, datetime(2026, 3, 1, tzinfo=UTC), 0, "", None)
    return StoredSession("2026-03-01-1", "P-T", SessionInfo(), moment, 9, (), sets)


def test_the_movements_are_exercises() -> None:
    assert all(find_exercise(name).id == name for name in MOVEMENTS)


def test_the_best_full_repetition_counts() -> None:
    outcome = done(RAISE, Side.RIGHT, 60.0, 71.0, 65.0)
    partial = replace(outcome.repetitions[0], kind=RepetitionKind.PARTIAL, rom_rad=2.0)
    (found,) = ranges_of([replace(outcome, repetitions=(*outcome.repetitions, partial))])
    assert (found.best_deg, found.repetitions) == (pytest.approx(71.0), 3)
    assert (found.what, found.evidence, found.mdc_deg) == (THIGH, "measured", 13.0)
    assert found.change_deg is None
    assert found.is_change is None


def test_what_is_not_sure_is_no_best() -> None:
    outcome = done(RAISE, Side.RIGHT, 60.0, 71.0)
    doubted = replace(outcome.repetitions[0], sure=False, rom_rad=2.0)
    (found,) = ranges_of([replace(outcome, repetitions=(*outcome.repetitions, doubted))])
    assert (found.best_deg, found.repetitions) == (pytest.approx(71.0), 2)
    assert ranges_of([replace(outcome, repetitions=(doubted,))]) == ()


def test_left_against_right() -> None:
    both = ranges_of([done(RAISE, Side.LEFT, 60.0), done(RAISE, Side.RIGHT, 80.0)])
    assert side_difference_share(both, RAISE) == pytest.approx(0.25)
    assert side_difference_share(both[:1], RAISE) is None


@pytest.mark.parametrize(("now_deg", "is_change"), [(72.0, False), (84.0, True), (46.0, True)])
def test_a_change_is_more_than_measurement_error(now_deg: float, *, is_change: bool) -> None:
    earlier = [session(done(RAISE, Side.RIGHT, 50.0)), session(done(RAISE, Side.RIGHT, 61.0, 64.0))]
    (found,) = ranges_of([done(RAISE, Side.RIGHT, now_deg)], earlier=earlier)
    assert found.earlier_deg == pytest.approx((50.0, 64.0))
    assert found.change_deg == pytest.approx(now_deg - 64.0)
    assert found.is_change is is_change


def test_of_rotation_no_change_is_told() -> None:
    """Skin under a strap takes up to 20 degrees of it."""
    earlier = [session(done(TURN, Side.RIGHT, 20.0))]
    (found,) = ranges_of([done(TURN, Side.RIGHT, 38.0)], earlier=earlier)
    assert (found.mdc_deg, found.is_change) == (None, None)
    assert found.change_deg == pytest.approx(18.0)


def test_it_is_the_hips_only_where_the_hips_own_angle_is_known() -> None:
    (hip,) = ranges_of([done(RAISE, Side.RIGHT, 70.0, 72.0, hip_deg=55.0)])
    assert (hip.what, hip.best_deg) == (HIP, pytest.approx(55.0))
    (rotation,) = ranges_of([done(TURN, Side.RIGHT, 30.0, hip_deg=55.0)])
    assert (rotation.what, rotation.best_deg) == (ROTATION, pytest.approx(30.0))
    # A thigh's range before and a hip's now are two things.
    (found,) = ranges_of(
        [done(RAISE, Side.RIGHT, 70.0, hip_deg=55.0)],
        earlier=[session(done(RAISE, Side.RIGHT, 70.0))],
    )
    assert found.earlier_deg == ()


def test_other_exercises_and_empty_sets_are_left_out() -> None:
    assert ranges_of([done("squat", Side.BOTH, 90.0), done(RAISE, Side.LEFT)]) == ()
