"""Which way thigh and pelvis face, by posture: an angle that this does not tell is absent."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hip_bodies import DEG, N, angles, rmse_deg, squat
from two_segments import Body, any_rotation, bumps, standing, worn

from sensorhub.model.placement import Placement, Side
from sensorhub.motion.hip import HipAngles, HipTrack


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("underneath", [False, True])
def test_lying_on_the_side_the_gyroscopes_tell(left: bool, underneath: bool) -> None:
    """The upper leg is lifted away from the other one, the lower one towards it."""
    body = on_the_side(left=left, underneath=underneath)
    found = angles(
        body, posture="side_lying", side=Side.NONE, sagittal=False, underneath=underneath
    )
    assert rmse_deg(found.adduction_rad, body.adduction) < 1.0
    assert rmse_deg(found.flexion_rad, body.flexion) < 1.0
    assert found.heading_told
    # The thigh's axis to the right stands upright: gravity shows no sagittal angle.
    assert np.isnan(found.elevation_rad).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("posture", ["standing", "half_kneeling", "supine", "sitting"])
def test_an_elevation_that_is_never_seen_warns_nobody(posture: str) -> None:
    """Such a recording is no exercise in that posture, but people choose the wrong one."""
    angles(on_the_side(left=False, underneath=False), posture=posture)


def test_a_thigh_of_no_side_lying_on_the_side_has_no_angle() -> None:
    body = on_the_side(left=False, underneath=False)
    mountings = {Placement.THIGH: any_rotation(1), Placement.PELVIS: any_rotation(2)}
    hip = HipAngles(
        side=Side.NONE,
        thigh=Placement.THIGH,
        alignments={p: standing(m) for p, m in mountings.items()},
        posture="side_lying",
        sagittal=False,
    )
    for p, m in mountings.items():
        hip.push(replace(worn(body, p, mounting=m), placement=p))
    assert absent(hip.track())


def absent(track: HipTrack) -> bool:
    """No column of it has a number."""
    columns = (track.elevation_rad, track.flexion_rad, track.adduction_rad, track.rotation_rad)
    return all(c is None or not np.isfinite(c).any() for c in columns)


def test_a_movement_that_is_not_sagittal_shows_no_front() -> None:
    """A step sideways leans the thigh as a step forwards does."""
    share = bumps(N, count=4, height_deg=1.0) / DEG
    still = np.zeros(N)
    body = Body(still, -22.0 * DEG * share, still, still, still)
    assert absent(angles(body, sagittal=False))
    known = angles(body, sagittal=False, headings_known=True)
    assert rmse_deg(known.adduction_rad, body.adduction) < 1.0
    assert rmse_deg(known.flexion_rad, body.flexion) < 1.0


def seated(*, tilt_deg: float, roll_deg: float = 0.0) -> Body:
    """The pelvis goes to a lean and back (forwards +), the thigh stays level or rolls."""
    share = bumps(N, count=4, height_deg=1.0) / DEG
    still = np.zeros(N)
    tilt = tilt_deg * DEG * share
    return Body(90.0 * DEG + tilt, still, roll_deg * DEG * share, tilt, still)


@pytest.mark.parametrize("body", [seated(tilt_deg=25.0), seated(tilt_deg=-25.0)])
def test_sitting_a_level_thigh_faces_up_and_a_pelvis_anywhere(body: Body) -> None:
    found = angles(body, posture="sitting", sagittal=False)
    assert rmse_deg(found.elevation_rad, body.flexion - body.tilt) < 0.5
    assert found.flexion_rad is None
    assert found.adduction_rad is None
    known = angles(body, posture="sitting", sagittal=False, headings_known=True)
    assert rmse_deg(known.flexion_rad, body.flexion) < 0.5
    # Level, the thigh shows no heading of its own: sideways and turning are not seen.
    assert known.adduction_rad is None
    assert known.rotation_rad is None


def rising(*, slouch_deg: float, lean_deg: float) -> Body:
    """Getting up from a seat and sitting down: leaning forwards midway, slouching on the seat."""
    phase = np.linspace(0.0, 4.0, N) % 1.0
    up = np.sin(np.interp(phase, [0.0, 0.1, 0.4, 0.6, 0.9, 1.0], [0, 0, 1, 1, 0, 0]) * math.pi / 2)
    up = up * up
    tilt = (lean_deg * np.sin(math.pi * up) ** 2 - slouch_deg * (1.0 - up)) * DEG
    still = np.zeros(N)
    flexion = 88.0 * DEG * (1.0 - up) + tilt
    return Body(flexion, still, still, tilt, still, drop_m=0.42, sway_m=0.42)


@pytest.mark.parametrize(("slouch_deg", "lean_deg"), [(0, 35), (15, 25), (20, 20), (30, 15)])
def test_getting_up_out_of_a_slouch_the_thigh_tells_the_pelvis_where_to_face(
    slouch_deg: float, lean_deg: float
) -> None:
    body = rising(slouch_deg=slouch_deg, lean_deg=lean_deg)
    found = angles(body, posture="sitting", facing_rad=0.4)
    assert rmse_deg(found.flexion_rad, body.flexion) < 1.5
    assert angles(body, posture="sitting", gyroscope=False).flexion_rad is None


@pytest.mark.parametrize("roll_deg", [-40.0, 40.0])
def test_rolling_a_level_thigh_is_no_flexion(roll_deg: float) -> None:
    body = seated(tilt_deg=0.0, roll_deg=roll_deg)
    found = angles(body, posture="sitting", sagittal=False)
    assert rmse_deg(found.elevation_rad, body.flexion) < 1.0


def test_on_a_seat_a_thigh_that_hangs_faces_nowhere() -> None:
    assert absent(angles(squat(depth_deg=20.0), posture="sitting", sagittal=False))


def test_a_learnt_heading_tells_no_rotation_and_says_so() -> None:
    found = angles(squat())
    assert found.rotation_rad is None
    assert not found.heading_told
    assert angles(squat(), headings_known=True).heading_told


def on_the_side(*, left: bool, underneath: bool) -> Body:
    share = bumps(N, count=4, height_deg=1.0) / DEG
    still = np.zeros(N)
    lifted_deg = 20.0 if underneath else -35.0
    right_up = left is underneath
    return Body(
        still,
        lifted_deg * DEG * share,
        still,
        still,
        still + 90.0 * DEG * (-1.0 if right_up else 1.0),
        left=left,
    )
