"""What one sensor does wrong, measured once and kept: biases, scales, axes that are not square."""

import json
import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from calibration.errors import CalibrationError
from calibration.vectors import FloatArray

FORMAT = "sensorhub-sensor-calibration"
VERSION = 1

LARGEST_MATRIX_ENTRY = 2.0
"""No accelerometer is wrong by a factor of two; such a file is something else."""

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]

IDENTITY: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True, slots=True)
class SensorCalibration:
    """True value = matrix (raw - bias), for the accelerometer; raw - bias for the gyroscope.

    Attributes:
        serial_number: of the sensor it was measured on.
        measured_on: the day.
        acc_bias_mps2: what the accelerometer reads in free fall.
        acc_matrix: scale (diagonal) and squareness (lower triangle) of its axes.
        gyr_bias_radps: what the gyroscope reads at rest.
        residual_mps2: root mean square of | |calibrated| - g | over the poses it was made from.
        poses: how many resting poses it was made from.
        temperature_celsius: of the sensor, None where it does not say.
        quality: 1 no residual at all, 0 just acceptable.
    """

    serial_number: str
    measured_on: date
    acc_bias_mps2: Vector = (0.0, 0.0, 0.0)
    acc_matrix: Matrix = IDENTITY
    gyr_bias_radps: Vector = (0.0, 0.0, 0.0)
    residual_mps2: float = 0.0
    poses: int = 0
    temperature_celsius: float | None = None
    quality: float = 0.0

    def apply(
        self, acc_mps2: FloatArray, gyr_radps: FloatArray | None = None
    ) -> tuple[FloatArray, FloatArray | None]:
        """Raw samples, shape (n, 3), sensor frame, to calibrated ones; C-contiguous."""
        matrix, bias = np.array(self.acc_matrix), np.array(self.acc_bias_mps2)
        # Element by element rather than a matrix product: the same to the last bit in any block.
        x, y, z = (acc_mps2 - bias).T
        acc = np.stack([row[0] * x + row[1] * y + row[2] * z for row in matrix], axis=1)
        if gyr_radps is None:
            return acc, None
        return acc, np.ascontiguousarray(gyr_radps - np.array(self.gyr_bias_radps))

    def to_json(self) -> str:
        """The calibration as a versioned JSON object."""
        return json.dumps(
            {
                "format": FORMAT,
                "version": VERSION,
                "serial_number": self.serial_number,
                "measured_on": self.measured_on.isoformat(),
                "temperature_celsius": self.temperature_celsius,
                "acc_bias_mps2": self.acc_bias_mps2,
                "acc_matrix": self.acc_matrix,
                "gyr_bias_radps": self.gyr_bias_radps,
                "residual_mps2": self.residual_mps2,
                "poses": self.poses,
                "quality": self.quality,
            },
            indent=1,
            allow_nan=False,
        )

    @classmethod
    def from_json(cls, text: str) -> "SensorCalibration":
        """Read what :meth:`to_json` wrote. Raises CalibrationError for anything else."""
        table = _table(text)
        try:
            return cls(
                serial_number=_text(table["serial_number"]),
                measured_on=date.fromisoformat(_text(table["measured_on"])),
                acc_bias_mps2=_vector(table["acc_bias_mps2"]),
                acc_matrix=_matrix(table["acc_matrix"]),
                gyr_bias_radps=_vector(table["gyr_bias_radps"]),
                residual_mps2=_number(table["residual_mps2"]),
                poses=int(_number(table["poses"])),
                temperature_celsius=None
                if table["temperature_celsius"] is None
                else _number(table["temperature_celsius"]),
                quality=_number(table["quality"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CalibrationError(
                f"The calibration is damaged: {error}.", hint="Calibrate the sensor again."
            ) from error


def _table(text: str) -> dict[str, Any]:
    try:
        table = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CalibrationError("This is not a calibration: no valid JSON.") from error
    if not isinstance(table, dict) or table.get("format") != FORMAT:
        raise CalibrationError("This is not a calibration of a sensor.")
    if table.get("version") != VERSION:
        raise CalibrationError(
            f"This calibration has version {table.get('version')!r}; known is {VERSION}.",
            hint="Update this software, or calibrate the sensor again.",
        )
    return table


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _vector(value: object) -> Vector:
    if not isinstance(value, list) or len(value) != 3:
        raise TypeError(f"{value!r} is no vector")
    x, y, z = (_number(v) for v in value)
    return x, y, z


def _matrix(value: object) -> Matrix:
    if not isinstance(value, list) or len(value) != 3:
        raise TypeError(f"{value!r} is no matrix")
    a, b, c = (_vector(row) for row in value)
    if max(abs(x) for row in (a, b, c) for x in row) > LARGEST_MATRIX_ENTRY:
        raise TypeError("its matrix is beyond any sensor's error")
    return a, b, c
