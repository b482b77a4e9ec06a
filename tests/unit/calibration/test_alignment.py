"""Sensor-to-segment alignment from poses and swings, for any mounting."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imu_bench import G, rotation

from calibration.alignment import (
    POSE_UP,
    Alignment,
    Method,
    Pose,
    align_poses,
    align_standing,
    align_swings,
    with_forwards,
)
from calibration.errors import CalibrationError
from calibration.vectors import angle_rad
from calibration.wearing import Worn, compare

seeds = st.integers(0, 2**32 - 1)
PERIOD_S = 0.01
X, Y, Z = np.eye(3)


def standing(mounting: np.ndarray, *, sway: float = 0.03) -> np.ndarray:
    """Two seconds; ``mounting`` takes segment vectors to the sensor."""
    rng = np.random.default_rng(0)
    return np.asarray(G * (mounting @ Y) + rng.normal(0, sway, (200, 3)))


def swings(*, sign: float = 1.0, wobble: float = 0.1) -> np.ndarray:
    """Angular rate of five swings about Z in the segment frame; the first move has ``sign``."""
    t = np.arange(0, 5, PERIOD_S)
    rng = np.random.default_rng(1)
    rate = sign * 1.5 * np.sin(2 * math.pi * t)
    return np.asarray(rate[:, None] * Z + wobble * rng.normal(size=(len(t), 3)))


def aligned(mounting: np.ndarray, *, segment: str = "thigh") -> Alignment:
    first = align_standing(standing(mounting), None, period_s=PERIOD_S)
    sign = 1.0 if segment == "thigh" else -1.0
    return align_swings(first, swings(sign=sign) @ mounting.T, segment=segment)


@given(seeds, st.sampled_from(["thigh", "pelvis"]))
@settings(deadline=None)
def test_standing_and_swings_find_any_mounting(seed: int, segment: str) -> None:
    mounting = rotation(np.random.default_rng(seed))
    found = np.array(aligned(mounting, segment=segment).rotation)
    assert np.abs(found @ mounting - np.eye(3)).max() < math.radians(2.0)
    assert np.allclose(found @ found.T, np.eye(3), atol=1e-9)


@given(seeds)
@settings(deadline=None)
def test_standing_alone_knows_the_long_axis_only(seed: int) -> None:
    mounting = rotation(np.random.default_rng(seed))
    found = align_standing(standing(mounting), None, period_s=PERIOD_S)
    assert angle_rad(found.long_axis, mounting @ Y) < math.radians(0.5)
    assert not found.heading_known
    told = with_forwards(found, mounting @ X, quality=0.7, method=Method.STANDING_AND_MOVEMENT)
    assert np.abs(np.array(told.rotation) @ mounting - np.eye(3)).max() < math.radians(1.0)


@given(
    seeds,
    st.sampled_from(
        [
            ("thigh", Pose.SUPINE, Pose.HOOK_LYING),
            ("thigh", Pose.STANDING, Pose.SITTING),
            ("pelvis", Pose.SUPINE, Pose.SITTING),
            ("pelvis", Pose.STANDING, Pose.SUPINE),
        ]
    ),
    st.floats(-15.0, 15.0),
)
@settings(deadline=None)
def test_two_poses_find_any_mounting(seed: int, poses: tuple[str, Pose, Pose], off: float) -> None:
    segment, first, second = poses
    mounting = rotation(np.random.default_rng(seed))
    angle = math.radians(off)
    turn = np.array(
        [[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1]]
    )
    found = align_poses(
        G * mounting @ POSE_UP[segment, first],
        G * mounting @ turn @ POSE_UP[segment, second],
        first=first,
        second=second,
        segment=segment,
    )
    # A second pose that is off in the sagittal plane changes nothing.
    assert np.allclose(np.array(found.rotation) @ mounting, np.eye(3), atol=1e-9)
    assert found.heading_known


def test_poses_that_are_alike_or_not_as_asked_are_refused() -> None:
    with pytest.raises(CalibrationError, match="same way"):
        align_poses(X, X, first=Pose.SUPINE, second=Pose.SITTING, segment="thigh")
    with pytest.raises(CalibrationError, match="expected"):
        align_poses(X, X, first=Pose.SUPINE, second=Pose.SITTING, segment="pelvis")


def test_somebody_who_walks_about_is_not_aligned() -> None:
    rng = np.random.default_rng(2)
    moving = G * Y + rng.normal(0, 2.0, (400, 3))
    with pytest.raises(CalibrationError, match="still"):
        align_standing(moving, None, period_s=PERIOD_S)
    with pytest.raises(CalibrationError, match="short"):
        align_standing(moving[:50], None, period_s=PERIOD_S)


def test_the_still_part_of_a_restless_recording_counts() -> None:
    rng = np.random.default_rng(3)
    restless = G * X + rng.normal(0, 2.0, (300, 3))
    both = np.concatenate([restless, standing(np.eye(3)), restless])
    found = align_standing(both, None, period_s=PERIOD_S)
    assert angle_rad(found.long_axis, Y) < math.radians(0.5)


def test_turning_on_the_spot_is_not_still() -> None:
    t = np.arange(0, 3, PERIOD_S)
    gyr = np.outer(np.sin(2 * math.pi * t), Y)
    with pytest.raises(CalibrationError, match="still"):
        align_standing(np.tile(G * Y, (len(t), 1)), gyr, period_s=PERIOD_S)


def test_a_sensor_that_does_not_weigh_one_gravity_is_refused() -> None:
    with pytest.raises(CalibrationError, match="instead of"):
        align_standing(0.8 * standing(np.eye(3)), None, period_s=PERIOD_S)


def test_swings_in_no_plane_or_none_at_all_are_refused() -> None:
    first = align_standing(standing(np.eye(3)), None, period_s=PERIOD_S)
    rng = np.random.default_rng(4)
    with pytest.raises(CalibrationError, match="plane"):
        align_swings(first, rng.normal(0, 1.0, (500, 3)), segment="thigh")
    with pytest.raises(CalibrationError, match="no swings"):
        align_swings(first, 0.01 * swings(), segment="thigh")


def about(axis: np.ndarray, degrees: float) -> np.ndarray:
    angle = math.radians(degrees)
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross)


@pytest.mark.parametrize(
    ("turn", "worn"),
    [
        (about(Y, 5.0), Worn.SAME),
        (about(Y, 60.0), Worn.TURNED),
        (about(Y, -60.0), Worn.TURNED),
        (about(X, 50.0), Worn.TURNED),
        (about(X, 180.0), Worn.UPSIDE_DOWN),
        (about(Z, 180.0), Worn.UPSIDE_DOWN),
        (about(Y, 180.0), Worn.OTHER_WAY_ROUND),
    ],
)
def test_how_it_is_worn_today_is_noticed(turn: np.ndarray, worn: Worn) -> None:
    mounting = rotation(np.random.default_rng(5))
    assert compare(aligned(mounting), aligned(mounting @ turn)).worn is worn


def test_the_turn_round_the_leg_is_measured_with_its_sign() -> None:
    mounting = rotation(np.random.default_rng(6))
    one = compare(aligned(mounting), aligned(mounting @ about(Y, 40.0)))
    other = compare(aligned(mounting), aligned(mounting @ about(Y, -40.0)))
    assert math.degrees(abs(one.turn_rad)) == pytest.approx(40.0, abs=3.0)
    assert one.turn_rad == pytest.approx(-other.turn_rad, abs=0.05)
