"""The accelerometer from resting poses: whatever the pose, it should read one gravity.

Nine unknowns (three biases, three scales, three angles between the axes) such that
|matrix (raw - bias)| = g in every pose: an ellipsoid turned back into a sphere. No jig, no known
direction. Source: Frosio, Pedersini and Borghese 2009 (nine parameters, lower triangular); Tedaldi,
Pretto and Menegatti 2014 (poses by stillness). We differ in the soft-L1 loss, so that one pose that
was not quite still does not decide.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import least_squares

from calibration.errors import CalibrationError
from calibration.reading import Matrix, Vector
from calibration.stillness import Rest
from calibration.vectors import FloatArray, unit

STANDARD_GRAVITY_MPS2 = 9.80665

LEAST_POSES = 12
"""Nine unknowns; twelve poses leave an inclination error of 0.1 degrees, six leave 0.4."""

LARGEST_RESIDUAL_MPS2 = 0.005 * STANDARD_GRAVITY_MPS2
LARGEST_BIAS_MPS2 = 0.15 * STANDARD_GRAVITY_MPS2
LARGEST_SCALE_ERROR = 0.1
OCTANT_REACH = 0.2
"""A pose on the border of two octants serves both."""

_SOFT_MPS2 = 0.02


@dataclass(frozen=True, slots=True)
class AccelerometerFit:
    """See :class:`calibration.sensor.SensorCalibration` for the meaning of the numbers."""

    bias_mps2: Vector
    matrix: Matrix
    residual_mps2: float
    quality: float


def missing_octants(poses: Sequence[Rest]) -> list[tuple[int, int, int]]:
    """Directions (signs of x, y, z pointing up) that no pose has covered yet."""
    directions = [unit(p.acc_mps2) for p in poses]
    return [
        (a, b, c)
        for a, b, c in product((1, -1), repeat=3)
        if not any(min(d[0] * a, d[1] * b, d[2] * c) > -OCTANT_REACH for d in directions)
    ]


def fit_accelerometer(
    poses: Sequence[Rest], *, gravity_mps2: float = STANDARD_GRAVITY_MPS2
) -> AccelerometerFit:
    """The calibration that makes every pose read ``gravity_mps2``.

    Raises CalibrationError, with what to do, for too few poses, a side of the sensor that was never
    up, a residual that is too large, or a sensor beyond repair.
    """
    if len(poses) < LEAST_POSES:
        raise CalibrationError(
            f"{len(poses)} poses are too few for a calibration.",
            hint=f"Lay the sensor down in at least {LEAST_POSES} clearly different ways.",
        )
    if missing := missing_octants(poses):
        corners = ", ".join(
            "".join("-+"[s > 0] + n for s, n in zip(o, "xyz", strict=True)) for o in missing
        )
        raise CalibrationError(
            "The poses do not cover all directions.",
            hint=f"Still to do, with this corner of the sensor pointing up: {corners}.",
        )
    raw = np.array([p.acc_mps2 for p in poses])
    bias, matrix = _fit(raw, gravity_mps2)
    errors = _lengths(raw, bias, matrix) - gravity_mps2
    residual_mps2 = math.sqrt(float(np.mean(errors * errors)))
    if residual_mps2 > LARGEST_RESIDUAL_MPS2:
        worst = int(np.argmax(np.abs(errors)))
        raise CalibrationError(
            f"The poses contradict each other by {residual_mps2:.3f} m/s2 "
            f"({LARGEST_RESIDUAL_MPS2:.3f} is the limit), pose {worst + 1} most.",
            hint="Let the sensor lie on something firm in each pose, without a hand on it.",
        )
    if float(np.abs(bias).max()) > LARGEST_BIAS_MPS2 or (
        float(np.abs(np.diag(matrix) - 1.0).max()) > LARGEST_SCALE_ERROR
    ):
        raise CalibrationError(
            "The sensor is further off than any healthy one.",
            hint="Check that it is set to the range that its driver believes; else replace it.",
        )
    rows = [tuple(float(v) for v in row) for row in matrix]
    return AccelerometerFit(
        bias_mps2=(float(bias[0]), float(bias[1]), float(bias[2])),
        matrix=(_vector(rows[0]), _vector(rows[1]), _vector(rows[2])),
        residual_mps2=residual_mps2,
        quality=1.0 - residual_mps2 / LARGEST_RESIDUAL_MPS2,
    )


def _vector(row: tuple[float, ...]) -> Vector:
    x, y, z = row
    return x, y, z


def _unpack(parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
    sx, sy, sz, yx, zx, zy = parameters[3:]
    return parameters[:3], np.array([[sx, 0.0, 0.0], [yx, sy, 0.0], [zx, zy, sz]])


def _lengths(raw: FloatArray, bias: FloatArray, matrix: FloatArray) -> FloatArray:
    calibrated = (raw - bias) @ matrix.T
    out: FloatArray = np.sqrt((calibrated * calibrated).sum(axis=1))
    return out


def _fit(raw: FloatArray, gravity_mps2: float) -> tuple[FloatArray, FloatArray]:
    def errors(parameters: FloatArray) -> FloatArray:
        bias, matrix = _unpack(parameters)
        return _lengths(raw, bias, matrix) - gravity_mps2

    start = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    found = least_squares(
        errors, start, loss="soft_l1", f_scale=_SOFT_MPS2, xtol=1e-14, ftol=1e-14, gtol=1e-14
    )
    return _unpack(found.x)
