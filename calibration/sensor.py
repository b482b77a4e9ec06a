"""What one sensor does wrong, measured once and kept: biases, scales, axes that are not square."""

import json
from dataclasses import dataclass
from datetime import date

import numpy as np

from calibration.errors import CalibrationError
from calibration.reading import Matrix, Vector, number, table, text, vector, vectors
from calibration.vectors import FloatArray

FORMAT = "sensorhub-sensor-calibration"
VERSION = 1

LARGEST_MATRIX_ENTRY = 2.0
"""No accelerometer is wrong by a factor of two; such a file is something else."""

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
    def from_json(cls, document: str) -> "SensorCalibration":
        """Read what :meth:`to_json` wrote. Raises CalibrationError for anything else."""
        found = table(document, format_name=FORMAT, version=VERSION)
        try:
            matrix = vectors(found["acc_matrix"])
            if max(abs(x) for row in matrix for x in row) > LARGEST_MATRIX_ENTRY:
                raise ValueError("its matrix is beyond any sensor's error")
            temperature = found["temperature_celsius"]
            return cls(
                serial_number=text(found["serial_number"]),
                measured_on=date.fromisoformat(text(found["measured_on"])),
                acc_bias_mps2=vector(found["acc_bias_mps2"]),
                acc_matrix=matrix,
                gyr_bias_radps=vector(found["gyr_bias_radps"]),
                residual_mps2=number(found["residual_mps2"]),
                poses=int(number(found["poses"])),
                temperature_celsius=None if temperature is None else number(temperature),
                quality=number(found["quality"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CalibrationError(
                f"The calibration is damaged: {error}.", hint="Calibrate the sensor again."
            ) from error
