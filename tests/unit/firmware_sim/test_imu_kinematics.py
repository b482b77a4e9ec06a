"""What a sensor feels, against closed formulas."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.body.rotations import (
    IDENTITY,
    about,
    conjugate,
    from_rotation_vector,
    multiply,
    random_rotation,
    rotate,
    to_rotation_vector,
)
from firmware_sim.imu.kinematics import felt

G = 9.80665
DT = 1e-3


@given(st.integers(0, 2**32 - 1))
def test_at_rest_it_feels_gravity_upwards_whatever_the_attitude(seed):
    rng = np.random.default_rng(seed)
    q = np.repeat(random_rotation(rng), 5, axis=1)
    p = np.repeat(rng.uniform(-3, 3, (3, 1)), 5, axis=1)
    force, rate = felt(q, p, dt_s=DT)
    assert np.linalg.norm(force, axis=0) == pytest.approx(G, abs=1e-6)
    assert rotate(q[:, 1:-1], force)[2] == pytest.approx(G, abs=1e-6)
    assert np.abs(rate).max() < 1e-12


@given(
    rate_radps=st.floats(0.2, 12.0),
    acceleration_radps2=st.floats(-30.0, 30.0),
    radius_m=st.floats(0.02, 0.5),
    seed=st.integers(0, 2**16),
)
def test_circular_motion_gives_centripetal_and_tangential_force(
    rate_radps, acceleration_radps2, radius_m, seed
):
    # turning about the vertical: the lever-arm terms stand at right angles to gravity
    t = DT * np.arange(-50, 51)
    angle = rate_radps * t + 0.5 * acceleration_radps2 * t * t
    mount = random_rotation(np.random.default_rng(seed))
    body = about(2, angle)
    lever = np.array([[radius_m], [0.0], [0.1]])
    force, rate = felt(multiply(body, mount), rotate(body, lever), dt_s=DT)
    force, rate = rotate(mount, force), rotate(mount, rate)  # in the turning body's frame
    w = (rate_radps + acceleration_radps2 * t)[1:-1]
    # the differences' own error: the fourth derivative of a circle, w^4 r dt^2 / 12, and alpha's
    slack = 1e-3 * (1.0 + (np.abs(w).max() ** 2 + abs(acceleration_radps2)) * radius_m)
    assert force[0] == pytest.approx(-w * w * radius_m, abs=slack)
    assert force[1] == pytest.approx(acceleration_radps2 * radius_m, abs=slack)
    assert force[2] == pytest.approx(G, abs=1e-6)
    assert rate[2] == pytest.approx(w, abs=1e-4 * (1.0 + np.abs(w).max()))
    assert np.abs(rate[:2]).max() < 1e-8


def test_free_fall_feels_nothing():
    t = DT * np.arange(100)
    p = np.stack((0 * t, 0 * t, -0.5 * G * t * t))
    force, _ = felt(np.repeat(IDENTITY, 100, axis=1), p, dt_s=DT)
    assert np.abs(force).max() < 1e-6


@given(st.lists(st.floats(-1.8, 1.8), min_size=3, max_size=3))
def test_rotation_vectors_and_quaternions_are_inverse(vector):
    v = np.array(vector).reshape(3, 1)
    assert to_rotation_vector(from_rotation_vector(v)) == pytest.approx(v, abs=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_a_rotation_and_its_inverse_cancel(seed):
    rng = np.random.default_rng(seed)
    q, v = random_rotation(rng), rng.standard_normal((3, 4))
    assert rotate(conjugate(q), rotate(q, v)) == pytest.approx(v, abs=1e-12)


def test_about_turns_right_handed():
    turned = rotate(about(2, np.array([math.pi / 2])), np.array([[1.0], [0.0], [0.0]]))
    assert turned[:, 0] == pytest.approx([0.0, 1.0, 0.0], abs=1e-12)
