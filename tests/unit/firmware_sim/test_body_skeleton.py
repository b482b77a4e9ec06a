"""Frames, joint signs, postures and movements of the simulated body."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.body.angles import thigh_elevation
from firmware_sim.body.movements import movement, movements
from firmware_sim.body.postures import coordinates, posture, posture_names, way
from firmware_sim.body.rotations import IDENTITY, conjugate, multiply, rotate
from firmware_sim.body.skeleton import CHANNELS, Channel, mirror, mirror_base, segment, up_in
from firmware_sim.body.track import Track, minimum_jerk
from firmware_sim.fields import Fields, InputError

X, Y, Z = np.eye(3).reshape(3, 3, 1)


def pose(**angles_deg):
    values = np.zeros((CHANNELS, 1))
    for name, angle in angles_deg.items():
        values[Channel[name.upper()]] = math.radians(angle)
    return values


def thigh_matrix(values, side="right"):
    q, _, _ = segment(f"thigh_{side}", values, IDENTITY)
    pelvis, _, _ = segment("pelvis", values, IDENTITY)
    return np.hstack([rotate(multiply(conjugate(pelvis), q), axis) for axis in (X, Y, Z)])


def test_standing_frames_are_isb():
    q, _, _ = segment("pelvis", pose(), IDENTITY)
    assert rotate(q, X)[:, 0] == pytest.approx([1, 0, 0], abs=1e-12)  # anterior: ahead
    assert rotate(q, Y)[:, 0] == pytest.approx([0, 0, 1], abs=1e-12)  # up
    assert rotate(q, Z)[:, 0] == pytest.approx([0, -1, 0], abs=1e-12)  # to the right


@pytest.mark.parametrize("side", ["right", "left"])
@given(flexion=st.floats(-30, 130), adduction=st.floats(-60, 40), rotation=st.floats(-50, 50))
def test_joint_coordinate_system_gives_the_angles_back(side, flexion, adduction, rotation):
    # Grood & Suntay: flexion = atan2(-R01, R11), adduction = asin(R21), rotation = atan2(-R20, R22)
    names = {"flexion": flexion, "adduction": adduction, "rotation": rotation}
    values = pose(**{f"{side}_{name}": angle for name, angle in names.items()})
    r = thigh_matrix(values, side)
    sign = 1.0 if side == "right" else -1.0
    assert math.degrees(math.atan2(-r[0, 1], r[1, 1])) == pytest.approx(flexion, abs=1e-6)
    assert sign * math.degrees(math.asin(r[2, 1])) == pytest.approx(adduction, abs=1e-6)
    assert sign * math.degrees(math.atan2(-r[2, 0], r[2, 2])) == pytest.approx(rotation, abs=1e-6)


def test_signs_as_a_person_would_say_them():
    knee = -Y  # the far end of the thigh
    q, _, _ = segment("thigh_right", pose(right_flexion=90), IDENTITY)
    assert rotate(q, knee)[:, 0] == pytest.approx([1, 0, 0], abs=1e-9)  # knee ahead
    for side, outwards in (("right", -1.0), ("left", 1.0)):
        q, _, _ = segment(f"thigh_{side}", pose(**{f"{side}_adduction": -40}), IDENTITY)
        assert math.copysign(1.0, rotate(q, knee)[1, 0]) == outwards
        q, _, _ = segment(f"thigh_{side}", pose(**{f"{side}_rotation": 30}), IDENTITY)
        assert math.copysign(1.0, rotate(q, X)[1, 0]) == -outwards  # kneecap turns inwards


@given(st.integers(0, 2**32 - 1))
def test_the_mirror_image_of_a_pose_has_the_mirror_image_of_its_gravity(seed):
    values = np.random.default_rng(seed).uniform(-1.0, 1.0, (CHANNELS, 1))
    for name in posture_names():
        base = posture(name, "right").base
        for a, b in (("thigh_right", "thigh_left"), ("pelvis", "pelvis"), ("belly", "belly")):
            up = up_in(segment(a, values, base)[0])
            image = up_in(segment(b, mirror(values), mirror_base(base))[0])
            assert image == pytest.approx(up * [[1.0], [1.0], [-1.0]], abs=1e-12)


def test_postures_hang_the_right_way_up():
    def up(name, placement="pelvis"):
        p = posture(name, "right")
        return up_in(segment(placement, p.values.reshape(-1, 1), p.base)[0])[:, 0]

    assert up("standing")[1] > 0.99
    assert up("supine")[0] > 0.99  # the front is up
    assert up("prone")[0] < -0.99
    assert up("side_lying")[2] > 0.99  # the moving right leg is on top
    assert up("side_lying_under")[2] < -0.99
    assert up("quadruped")[0] < -0.99
    assert up("quadruped", "thigh_right")[1] > 0.99  # thighs hang
    assert up("half_kneeling", "thigh_right")[1] > 0.95  # on this knee
    assert up("half_kneeling", "thigh_left")[1] < 0.3  # this foot in front
    assert abs(up("sitting", "thigh_left")[1]) < 0.15  # thighs level


@given(st.sampled_from(posture_names()), st.sampled_from(posture_names()))
def test_there_is_a_way_from_every_posture_to_every_other(a, b):
    for side in ("left", "right"):
        start, goal = posture(a, "right"), posture(b, side)
        path = way(start, goal)
        if path:
            assert (path[-1][0].name, path[-1][0].side) == (goal.name, goal.side)
            assert sum(seconds for _, seconds in path) < 30.0
        else:
            assert (start.name, start.side) == (goal.name, goal.side)


@pytest.mark.parametrize("name", sorted(movements()))
def test_a_movement_starts_in_a_posture_and_its_shares_are_a_whole(name):
    found = movement(name)
    assert found.posture in posture_names()
    if found.kind == "repetition":
        assert sum(w.share for w in found.ways) + found.back_share == pytest.approx(1.0)
    if found.kind == "hold":
        assert sum(w.share for w in found.ways) == pytest.approx(1.0)


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(InputError, match="did you mean 'own_hip_flexion'"):
        coordinates(Fields({"own_hip_flexon": 3.0}, "here"))
    with pytest.raises(InputError, match="did you mean 'squat'"):
        movement("squad")
    with pytest.raises(InputError, match="standing"):
        posture("standin", "right")


def test_elevation_is_continuous_past_ninety_degrees():
    angles = np.arange(-60.0, 150.0)
    up = np.hstack(
        [up_in(segment("thigh_right", pose(right_flexion=a), IDENTITY)[0]) for a in angles]
    )
    assert np.degrees(thigh_elevation(up)) == pytest.approx(angles, abs=1e-9)


def test_a_track_is_smooth_and_rests_at_its_ends():
    track = Track(np.zeros(2))
    track.stay(1.0)
    track.ramp(np.array([1.0, -2.0]), 2.0)
    t = np.arange(0.0, 4.0, 1e-3)
    values, _ = track.evaluate(t)
    assert values[:, 0] == pytest.approx([0.0, 0.0])
    assert values[:, -1] == pytest.approx([1.0, -2.0])
    assert values[:, 2000] == pytest.approx([0.5, -1.0], abs=1e-9)
    acceleration = np.diff(values[0], 2) / 1e-6
    assert np.abs(acceleration).max() < 1.6  # 5.77 * 1 / 2^2 and no spikes


@given(st.lists(st.floats(0.0, 9.9), min_size=1, max_size=30))
def test_a_track_can_be_asked_on_any_grid(times):
    track = Track(np.zeros(1))
    for k in range(6):
        track.ramp(np.array([float(k % 2)]), 0.7)
        track.stay(0.5)
    grid = np.array(sorted(times))
    together, _ = track.evaluate(grid)
    alone = np.hstack([track.evaluate(grid[i : i + 1])[0] for i in range(grid.size)])
    assert together == pytest.approx(alone, abs=1e-14)


def test_minimum_jerk_is_the_published_polynomial():
    s = np.linspace(0, 1, 11)
    assert minimum_jerk(s) == pytest.approx(10 * s**3 - 15 * s**4 + 6 * s**5)
