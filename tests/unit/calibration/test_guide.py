"""A person laying a sensor down again and again."""

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imu_bench import G, directions, lower, spoil

from calibration.errors import CalibrationError
from calibration.guide import CalibrationGuide, gyroscope_bias
from calibration.stillness import Rest, RestFinder

PERIOD_S = 0.02


def handling(rng: np.random.Generator, *, seconds: float) -> np.ndarray:
    n = round(seconds / PERIOD_S)
    return rng.normal(0, 3.0, (n, 3)) + np.array([0, 0, G])


def visit(rng: np.random.Generator, *, matrix: np.ndarray, bias: np.ndarray) -> np.ndarray:
    parts = []
    for direction in directions():
        parts.append(handling(rng, seconds=1.0))
        still = np.repeat(G * direction[None], round(2.5 / PERIOD_S), axis=0)
        parts.append(still + rng.normal(0, 0.02, still.shape))
    parts.append(handling(rng, seconds=0.5))
    return spoil(np.concatenate(parts), matrix=matrix, bias=bias)


def test_the_guide_finds_every_pose_and_the_sensor() -> None:
    rng = np.random.default_rng(3)
    matrix, bias = lower(rng, size=0.01), np.array([0.2, -0.1, 0.3])
    acc = visit(rng, matrix=matrix, bias=bias)
    turning = np.array([0.01, -0.02, 0.03])
    gyr = np.repeat(turning[None], len(acc), axis=0) + rng.normal(0, 0.002, acc.shape)
    guide = CalibrationGuide(period_s=PERIOD_S)
    counts = [guide.push(acc[i : i + 50], gyr[i : i + 50]).poses for i in range(0, len(acc), 50)]
    assert counts == sorted(counts)
    assert guide.progress().complete
    assert guide.progress().poses == 14
    found = guide.finish(serial_number="A7", today=date(2024, 5, 1), temperature_celsius=24.5)
    assert np.allclose(found.acc_bias_mps2, bias, atol=0.02)
    assert np.allclose(found.gyr_bias_radps, turning, atol=0.001)
    assert (found.serial_number, found.poses) == ("A7", 14)


def test_the_same_pose_again_is_said_and_not_counted() -> None:
    guide = CalibrationGuide(period_s=PERIOD_S)
    rng = np.random.default_rng(4)
    still = np.repeat(np.array([[0.0, 0.0, G]]), round(2.5 / PERIOD_S), axis=0)
    for _ in range(2):
        guide.push(still, None)
        progress = guide.push(handling(rng, seconds=1.0), None)
    assert progress.poses == 1
    assert progress.repeated
    assert not progress.complete


def test_a_pose_held_for_a_minute_is_one_pose() -> None:
    finder = RestFinder(period_s=PERIOD_S)
    still = np.repeat(np.array([[0.0, 0.0, G]]), round(60 / PERIOD_S), axis=0)
    assert len(finder.push(still, None)) == 1
    assert finder.flush() == []


def test_a_slow_turn_is_no_rest() -> None:
    angle = np.arange(round(20 / PERIOD_S)) * PERIOD_S * math.radians(6.0)
    acc = G * np.stack([np.sin(angle), np.zeros_like(angle), np.cos(angle)], axis=1)
    finder = RestFinder(period_s=PERIOD_S)
    assert finder.push(acc, None) + finder.flush() == []


@given(st.lists(st.integers(1, 400), min_size=1, max_size=12))
@settings(max_examples=20, deadline=None)
def test_any_split_of_the_samples_gives_the_same_rests(cuts: list[int]) -> None:
    rng = np.random.default_rng(5)
    acc = visit(rng, matrix=np.eye(3), bias=np.zeros(3))
    whole = RestFinder(period_s=PERIOD_S)
    expected = whole.push(acc, None) + whole.flush()
    split, found, at = RestFinder(period_s=PERIOD_S), [], 0
    for cut in cuts:
        found += split.push(acc[at : at + cut], None)
        at += cut
    found += split.push(acc[at:], None) + split.flush()
    assert [r.acc_mps2.tolist() for r in found] == [r.acc_mps2.tolist() for r in expected]


def test_too_early_is_refused_with_what_is_missing() -> None:
    guide = CalibrationGuide(period_s=PERIOD_S)
    with pytest.raises(CalibrationError, match="too few"):
        guide.finish(serial_number="A7", today=date(2024, 5, 1))


def test_a_gyroscope_that_turns_or_differs_is_refused() -> None:
    def rest(rate: float) -> Rest:
        return Rest(np.array([0, 0, G]), np.array([rate, 0, 0]), 2.0, 0.01)

    assert gyroscope_bias([rest(0.05)] * 5) == pytest.approx((0.05, 0.0, 0.0))
    with pytest.raises(CalibrationError):
        gyroscope_bias([rest(0.5)] * 5)
    with pytest.raises(CalibrationError):
        gyroscope_bias([rest(r) for r in (-0.1, -0.05, 0.0, 0.05, 0.1)])
    assert gyroscope_bias([Rest(np.array([0, 0, G]), None, 2.0, 0.01)]) == (0.0, 0.0, 0.0)
