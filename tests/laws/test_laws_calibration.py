"""Law *inverse*: calibrate(spoil(x)) = x."""

from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.sensor import SensorCalibration

off = st.floats(-0.05, 0.05)
bias = st.tuples(*[st.floats(-1.0, 1.0)] * 3)


@given(bias, bias, st.tuples(*[off] * 9), st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_calibrating_what_was_spoilt_gives_the_truth(
    acc_bias: tuple[float, float, float],
    gyr_bias: tuple[float, float, float],
    errors: tuple[float, ...],
    seed: int,
) -> None:
    matrix = np.eye(3) + np.reshape(errors, (3, 3))
    rows = tuple(tuple(float(v) for v in row) for row in matrix)
    calibration = SensorCalibration("x", date(2024, 1, 1), acc_bias, rows, gyr_bias)  # type: ignore[arg-type]
    rng = np.random.default_rng(seed)
    true_acc, true_gyr = rng.normal(0, 10, (50, 3)), rng.normal(0, 3, (50, 3))
    raw_acc = true_acc @ np.linalg.inv(matrix).T + np.array(acc_bias)
    acc, gyr = calibration.apply(raw_acc, true_gyr + np.array(gyr_bias))
    assert np.allclose(acc, true_acc, atol=1e-9)
    assert gyr is not None
    assert np.allclose(gyr, true_gyr, atol=1e-12)
