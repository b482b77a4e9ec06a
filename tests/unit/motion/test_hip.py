"""Hip angles: exact on rigid bodies, for any mounting, heading, side, and honest where blind."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hip_bodies import DEG, N, angles, at_ticks, rmse_deg, split, squat
from hypothesis import given, settings
from hypothesis import strategies as st
from two_segments import Body, any_rotation, bumps, standing, worn

from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement, Side
from sensorhub.motion.hip import HipAngles
from sensorhub.motion.joint import Facing

seeds = st.integers(0, 2**31)
headings = st.floats(-math.pi, math.pi)


def lifted() -> Body:
    """Standing hip flexion: the pelvis tilts backwards and stays where it is."""
    share = bumps(N, count=4, height_deg=1.0) / DEG
    still = np.zeros(N)
    return Body(100.0 * DEG * share, still, still, -16.0 * DEG * share, still)


def rear_leg() -> Body:
    """The rear thigh of a lunge: 15 degrees of extension, the trunk leaning forwards."""
    share = bumps(N, count=4, height_deg=1.0) / DEG
    still = np.zeros(N)
    return Body(-20.0 * DEG * share, still, still, 14.0 * DEG * share, still, sway_m=0.5)


@given(seeds, headings, headings, st.booleans())
@settings(max_examples=30, deadline=None)
def test_any_mounting_any_heading_either_leg(
    seed: int, heading: float, facing: float, left: bool
) -> None:
    body = squat(left=left)
    found = angles(body, seed=seed, heading_rad=heading, facing_rad=facing, side=Side.NONE)
    assert rmse_deg(found.flexion_rad, body.flexion) < 1.0
    assert rmse_deg(found.adduction_rad, body.adduction) < 3.0
    assert rmse_deg(found.elevation_rad, body.flexion - body.tilt) < 1.0


def test_left_and_right_mirrored_give_the_same_numbers() -> None:
    still = replace(squat(), list_=np.zeros(N))
    right, left = (
        angles(replace(still, left=x), headings_known=True, side=Side.NONE) for x in (False, True)
    )
    for name in ("elevation_rad", "flexion_rad", "adduction_rad", "rotation_rad"):
        assert np.allclose(getattr(right, name), getattr(left, name), atol=1e-6), name


def test_all_three_angles_have_the_signs_of_the_isb() -> None:
    body = squat()
    found = angles(body, headings_known=True)
    assert rmse_deg(found.flexion_rad, body.flexion) < 1.0
    assert rmse_deg(found.adduction_rad, body.adduction) < 1.5
    assert rmse_deg(found.rotation_rad, body.rotation) < 3.0


def test_past_ninety_degrees_nothing_folds() -> None:
    body = squat(depth_deg=160.0)
    found = angles(body)
    assert math.degrees(found.elevation_rad.max()) == pytest.approx(130.0, abs=1.5)
    assert found.flexion_rad is not None
    assert math.degrees(found.flexion_rad.max()) == pytest.approx(160.0, abs=2.0)


def test_heading_that_drifts_is_followed() -> None:
    body = squat()
    found = angles(body, drift_radps=10.0 * DEG / 60.0)
    assert rmse_deg(found.flexion_rad, body.flexion) < 1.0
    assert rmse_deg(found.adduction_rad, body.adduction) < 3.0


def test_a_lifted_leg_tilts_the_pelvis_backwards() -> None:
    body = lifted()
    assert rmse_deg(angles(body).flexion_rad, body.flexion) < 0.5


def test_a_rear_leg_extends() -> None:
    body = rear_leg()
    found = angles(body)
    assert rmse_deg(found.flexion_rad, body.flexion) < 0.5
    assert found.elevation_rad.min() < -4.0 * DEG


def test_without_gyroscope_flexion_remains() -> None:
    body = squat()
    found = angles(body, gyroscope=False)
    assert rmse_deg(found.flexion_rad, body.flexion) < 1.0
    assert found.adduction_rad is None
    assert found.rotation_rad is None


def test_a_thigh_alone_has_an_elevation_and_no_hip() -> None:
    body = squat()
    found = angles(body, pelvis=False)
    assert rmse_deg(found.elevation_rad, body.flexion - body.tilt) < 0.5
    assert found.flexion_rad is None


def test_somebody_who_stands_shows_no_front() -> None:
    still = np.zeros(N)
    found = angles(Body(still, still, still, still, still))
    assert np.isnan(found.elevation_rad).all()
    assert found.flexion_rad is None


@given(st.integers(1, 40))
@settings(max_examples=10, deadline=None)
def test_any_split_gives_the_same_angles(pieces: int) -> None:
    whole, parts = (angles(squat(), pieces=n, headings_known=True) for n in (1, pieces))
    for name in ("elevation_rad", "flexion_rad", "adduction_rad", "rotation_rad"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name), equal_nan=True)


def test_where_the_pelvis_is_missing_the_hip_is_unknown_and_the_thigh_is_not() -> None:
    body = squat()
    mountings = {Placement.THIGH_RIGHT: any_rotation(1), Placement.PELVIS: any_rotation(2)}
    hip = HipAngles(
        side=Side.RIGHT,
        thigh=Placement.THIGH_RIGHT,
        alignments={p: standing(m) for p, m in mountings.items()},
    )
    for p, m in mountings.items():
        parts = split(worn(body, p, mounting=m), 5)
        for k, part in enumerate(parts):
            if not (p is Placement.PELVIS and k == 2):
                hip.push(part)
    found = at_ticks(hip.track())
    assert np.isfinite(found.elevation_rad).all()
    assert found.flexion_rad is not None
    missing = np.isnan(found.flexion_rad)
    assert missing.mean() == pytest.approx(0.2, abs=0.02)
    assert np.abs(found.flexion_rad - body.flexion)[~missing].max() < 3.0 * DEG


def test_rows_are_ten_milliseconds_apart_and_none_lies_in_a_gap() -> None:
    body = squat()
    mounting = any_rotation(1)
    hip = HipAngles(
        side=Side.RIGHT,
        thigh=Placement.THIGH_RIGHT,
        alignments={Placement.THIGH_RIGHT: standing(mounting)},
    )
    first, _, last = split(worn(body, Placement.THIGH_RIGHT, mounting=mounting), 3)
    hip.push(first)
    hip.push(last)
    found = hip.track()
    steps = np.diff(found.time_s)
    assert np.sort(steps)[:-1] == pytest.approx(0.01)
    assert steps.max() == pytest.approx(last.time_s[0] - first.time_s[-1])
    true = np.interp(found.time_s, body.time_s, body.flexion - body.tilt)
    assert rmse_deg(found.elevation_rad, true) < 0.5


def squatting(*, body: Body | None = None) -> tuple[HipAngles, dict[Placement, MotionBlock]]:
    """A squat's angles with all motion pushed, and that motion."""
    mountings = {Placement.THIGH_RIGHT: any_rotation(1), Placement.PELVIS: any_rotation(2)}
    hip = HipAngles(
        side=Side.RIGHT,
        thigh=Placement.THIGH_RIGHT,
        alignments={p: standing(m) for p, m in mountings.items()},
    )
    blocks = {p: worn(body or squat(), p, mounting=m) for p, m in mountings.items()}
    for block in blocks.values():
        hip.push(block)
    return hip, blocks


def test_finer_ticks_give_the_angles_and_the_pushed_ones_the_facing() -> None:
    body = squat()
    hip, blocks = squatting(body=body)
    # Finer ticks may be of a part that shows no front at all: the start, where nobody moves.
    still = int(np.argmax(body.flexion > 1.0 * DEG)) - 1
    part = {p: [block.part(0, still, gaps=())] for p, block in blocks.items()}
    found = hip.track(part)
    assert found.time_s[-1] == blocks[Placement.THIGH_RIGHT].time_s[still - 1]
    assert rmse_deg(at_ticks(found).flexion_rad, body.flexion[:still]) < 0.5
    assert np.array_equal(
        np.asarray(hip.track({p: [b] for p, b in blocks.items()}).flexion_rad),
        np.asarray(hip.track().flexion_rad),
    )


@pytest.mark.parametrize("off_deg", [50.0, 71.0, 90.0, 109.0, 130.0])
def test_a_far_lean_is_the_sagittal_plane_whatever_accelerations_say(
    off_deg: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = squat()
    hip, _ = squatting(body=body)
    forwards, right = any_rotation(2)[:, 0], any_rotation(2)[:, 2]
    wrong = math.cos(off_deg * DEG) * forwards + math.sin(off_deg * DEG) * right
    monkeypatch.setattr(
        "sensorhub.motion.hip.facing_of_pelvis", lambda *_: Facing(wrong, agreement=0.95)
    )
    assert rmse_deg(at_ticks(hip.track()).flexion_rad, body.flexion) < 1.0
    # A slight lean may be a listing pelvis: there the accelerations are believed.
    slight = replace(body, tilt=body.tilt / 2.0)
    hip, _ = squatting(body=slight)
    assert rmse_deg(at_ticks(hip.track()).flexion_rad, slight.flexion) > 2.0


def test_no_alignment_no_angle() -> None:
    with pytest.raises(ValueError, match="alignment"):
        HipAngles(side=Side.RIGHT, thigh=Placement.THIGH_RIGHT, alignments={})


def test_before_any_motion_there_is_nothing() -> None:
    hip = HipAngles(
        side=Side.NONE,
        thigh=Placement.THIGH_RIGHT,
        alignments={Placement.THIGH_RIGHT: standing(np.eye(3))},
    )
    assert len(hip.track().time_s) == 0
