"""Calibrations and alignments on disk: exact, versioned, and hostile until parsed."""

import json
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imu_bench import rotation

from calibration.alignment import Alignment, Method
from calibration.errors import CalibrationError
from calibration.sensor import SensorCalibration

small = st.floats(-0.5, 0.5)
vectors = st.tuples(small, small, small)


@given(vectors, st.tuples(vectors, vectors, vectors), vectors, st.none() | st.floats(-20, 60))
def test_a_calibration_survives_the_disk_exactly(bias, matrix, gyr, temperature) -> None:  # type: ignore[no-untyped-def]
    one = SensorCalibration("x", date(2024, 2, 29), bias, matrix, gyr, 0.01, 14, temperature, 0.8)
    assert SensorCalibration.from_json(one.to_json()) == one


@given(st.integers(0, 2**32 - 1))
def test_an_alignment_survives_the_disk_exactly(seed: int) -> None:
    rows = rotation(np.random.default_rng(seed)).tolist()
    one = Alignment(tuple(map(tuple, rows)), 0.5, Method.TWO_POSES)  # type: ignore[arg-type]
    assert Alignment.from_json(one.to_json()) == one


def good() -> dict[str, object]:
    return dict(json.loads(SensorCalibration("x", date(2024, 1, 1)).to_json()))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 2),
        ("version", None),
        ("format", "something else"),
        ("acc_bias_mps2", [1.0, 2.0]),
        ("acc_bias_mps2", [1.0, 2.0, "3"]),
        ("acc_bias_mps2", [1.0, 2.0, True]),
        ("acc_matrix", [[9.0, 0, 0], [0, 1, 0], [0, 0, 1]]),
        ("measured_on", "yesterday"),
        ("serial_number", 7),
        ("residual_mps2", None),
    ],
)
def test_what_is_wrong_in_a_file_is_refused(key: str, value: object) -> None:
    with pytest.raises(CalibrationError):
        SensorCalibration.from_json(json.dumps(good() | {key: value}))


@pytest.mark.parametrize("key", sorted(good()))
def test_nothing_may_be_missing(key: str) -> None:
    table = good()
    del table[key]
    with pytest.raises(CalibrationError):
        SensorCalibration.from_json(json.dumps(table))


@given(st.text(max_size=60))
def test_any_text_is_refused_in_one_way(text: str) -> None:
    for read in (SensorCalibration.from_json, Alignment.from_json):
        with pytest.raises(CalibrationError):
            read(text)


def test_numbers_that_are_none_are_refused() -> None:
    text = json.dumps(good()).replace("0.0", "NaN", 1)
    with pytest.raises(CalibrationError, match="damaged"):
        SensorCalibration.from_json(text)
    with pytest.raises(CalibrationError):
        SensorCalibration.from_json("[" * 100_000)


def test_a_matrix_that_turns_nothing_is_no_alignment() -> None:
    text = Alignment(((1, 0, 0), (0, 1, 0), (0, 0, 1)), 1.0, Method.STANDING).to_json()
    with pytest.raises(CalibrationError, match="rotation"):
        Alignment.from_json(text.replace("[0, 0, 1]", "[0, 0, -1]"))


def test_applying_to_any_block_is_the_same_to_the_last_bit() -> None:
    rng = np.random.default_rng(6)
    one = SensorCalibration(
        "x", date(2024, 1, 1), (0.1, 0.2, 0.3), ((1.01, 0, 0), (0.02, 0.99, 0), (0.01, 0.03, 1.0))
    )
    acc, gyr = rng.normal(size=(101, 3)), rng.normal(size=(101, 3))
    whole_acc, whole_gyr = one.apply(acc, gyr)
    parts = [one.apply(acc[i : i + 7], gyr[i : i + 7]) for i in range(0, 101, 7)]
    assert np.array_equal(np.concatenate([a for a, _ in parts]), whole_acc)
    assert np.array_equal(np.concatenate([g for _, g in parts]), whole_gyr)  # type: ignore[arg-type]
    assert one.apply(acc)[1] is None
    assert whole_acc.flags.c_contiguous
