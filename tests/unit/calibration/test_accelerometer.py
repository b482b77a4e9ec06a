"""The accelerometer from poses: found again when spoilt, refused when the data are poor."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imu_bench import G, directions, lower, spoil

from calibration.accelerometer import LEAST_POSES, fit_accelerometer
from calibration.errors import CalibrationError
from calibration.stillness import Rest


def rests(acc: np.ndarray) -> list[Rest]:
    return [Rest(row, np.zeros(3), 2.0, 0.01) for row in acc]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_any_healthy_sensor_is_found_again(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix, bias = lower(rng, size=0.03), rng.uniform(-0.6, 0.6, 3)
    poses = np.concatenate([directions(), rng.normal(size=(10, 3))])
    poses *= G / np.linalg.norm(poses, axis=1)[:, None]
    raw = spoil(poses, matrix=matrix, bias=bias)
    fit = fit_accelerometer(rests(raw))
    assert np.allclose(fit.bias_mps2, bias, atol=1e-4)
    assert np.allclose(fit.matrix, matrix, atol=1e-5)
    assert fit.residual_mps2 < 1e-5
    assert fit.quality > 0.99


def test_a_hand_that_trembles_costs_little() -> None:
    rng = np.random.default_rng(1)
    matrix, bias = lower(rng, size=0.01), rng.uniform(-0.3, 0.3, 3)
    raw = spoil(G * directions(), matrix=matrix, bias=bias) + rng.normal(0, 0.01, (14, 3))
    fit = fit_accelerometer(rests(raw))
    true = rng.normal(size=(200, 3))
    true *= G / np.linalg.norm(true, axis=1)[:, None]
    found = (spoil(true, matrix=matrix, bias=bias) - fit.bias_mps2) @ np.array(fit.matrix).T
    cos = (found * true).sum(axis=1) / (np.linalg.norm(found, axis=1) * G)
    assert math.degrees(np.sqrt(np.mean(np.arccos(np.clip(cos, -1, 1)) ** 2))) < 0.2


def test_one_pose_that_was_not_still_does_not_decide() -> None:
    raw = G * directions()
    raw[3] += 0.08
    fit = fit_accelerometer(rests(raw))
    assert np.abs(fit.bias_mps2).max() < 0.03


def test_too_few_poses_are_refused() -> None:
    with pytest.raises(CalibrationError) as caught:
        fit_accelerometer(rests(G * directions()[: LEAST_POSES - 1]))
    assert str(LEAST_POSES) in caught.value.hint


def test_a_side_that_was_never_up_is_named() -> None:
    one_side = directions()
    one_side[:, 2] = np.abs(one_side[:, 2]) + 0.5
    one_side /= np.linalg.norm(one_side, axis=1)[:, None]
    with pytest.raises(CalibrationError) as caught:
        fit_accelerometer(rests(G * one_side))
    assert "-z" in caught.value.hint
    assert "+z" not in caught.value.hint


def test_poses_that_contradict_each_other_are_refused() -> None:
    rng = np.random.default_rng(2)
    raw = G * directions() + rng.normal(0, 0.3, (14, 3))
    with pytest.raises(CalibrationError, match="contradict"):
        fit_accelerometer(rests(raw))


def test_a_sensor_in_the_wrong_range_is_refused() -> None:
    with pytest.raises(CalibrationError, match="further off"):
        fit_accelerometer(rests(0.5 * G * directions()))
