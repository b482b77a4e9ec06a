"""Hip angles: exact on rigid bodies, for any mounting, heading, side, and honest where blind."""

import itertools
import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from two_segments import Body, any_rotation, bumps, standing, worn

from calibration.alignment import Method, with_forwards
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement, Side
from sensorhub.motion.hip import HipAngles, HipTrack
from sensorhub.motion.joint import Facing

N = 500
seeds = st.integers(0, 2**31)
headings = st.floats(-math.pi, math.pi)
DEG = math.pi / 180.0


def squat(*, left: bool = False, depth_deg: float = 110.0) -> Body:
    share = bumps(N, count=4, height_deg=1.0) / DEG
    wave = np.sin(np.linspace(0, 40, N))
    return Body(
        flexion=depth_deg * DEG * share,
        adduction=-8.0 * DEG * share + 1.0 * DEG * wave,
        rotation=5.0 * DEG * share * wave,
        tilt=30.0 * DEG * share,
        list_=2.0 * DEG * wave,
        left=left,
        drop_m=0.3,
    )


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


def angles(
    body: Body,
    *,
    seed: int = 1,
    side: Side = Side.RIGHT,
    heading_rad: float = 0.7,
    facing_rad: float = 0.0,
    drift_radps: float = 0.0,
    gyroscope: bool = True,
    pelvis: bool = True,
    pieces: int = 1,
    headings_known: bool = False,
    posture: str = "standing",
    sagittal: bool = True,
    underneath: bool = False,
) -> HipTrack:
    thigh = Placement.THIGH_LEFT if body.left else Placement.THIGH_RIGHT
    mountings = {thigh: any_rotation(seed), Placement.PELVIS: any_rotation(seed + 1)}
    alignments = {p: standing(m) for p, m in mountings.items()}
    if headings_known:
        alignments = {
            p: with_forwards(a, mountings[p][:, 0], quality=1.0, method=Method.TWO_POSES)
            for p, a in alignments.items()
        }
    hip = HipAngles(
        side=side,
        thigh=thigh,
        alignments=alignments,
        posture=posture,
        sagittal=sagittal,
        underneath=underneath,
    )
    blocks = [
        worn(
            body,
            p,
            mounting=m,
            heading_rad=heading_rad * k,
            drift_radps=drift_radps * k,
            gyroscope=gyroscope,
            facing_rad=facing_rad,
        )
        for k, (p, m) in enumerate(mountings.items())
        if pelvis or p is thigh
    ]
    for block in blocks:
        for part in split(block, pieces):
            hip.push(part)
    return at_ticks(hip.track())


def at_ticks(track: HipTrack) -> HipTrack:
    """Every fourth row: ticks come every 40 ms, rows every 10."""
    columns = {f.name: getattr(track, f.name) for f in fields(HipTrack)}
    rows = {name: c[::4] for name, c in columns.items() if isinstance(c, np.ndarray)}
    return replace(track, **rows)


def split(block: MotionBlock, pieces: int) -> list[MotionBlock]:
    edges = np.linspace(0, len(block), pieces + 1).astype(int)
    return [
        replace(
            block,
            time_s=block.time_s[a:b],
            up=block.up[a:b],
            rate_radps=None if block.rate_radps is None else block.rate_radps[a:b],
            acc_mps2=block.acc_mps2[a:b],
            orientation=None if block.orientation is None else block.orientation[a:b],
            settled=block.settled[a:b],
        )
        for a, b in itertools.pairwise(edges)
    ]


def rmse_deg(found: np.ndarray | None, true: np.ndarray) -> float:
    assert found is not None
    return math.degrees(math.sqrt(float(np.mean((found - true) ** 2))))


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
