"""Guides a person through a sensor calibration: samples in, progress out, a result at the end."""

import math
from dataclasses import dataclass
from datetime import date

import numpy as np

from calibration.accelerometer import LEAST_POSES, fit_accelerometer, missing_octants
from calibration.errors import CalibrationError
from calibration.reading import Vector
from calibration.sensor import SensorCalibration
from calibration.stillness import Rest, RestFinder, is_new_pose
from calibration.vectors import FloatArray

LARGEST_GYR_BIAS_RADPS = math.radians(10.0)
"""Cheap gyroscopes are off by 3 degrees a second; more is a turning sensor, or a broken one."""

LARGEST_GYR_SPREAD_RADPS = math.radians(1.0)
"""At rest the bias is the same in every pose."""

MOST_POSES = 64


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the person is.

    Attributes:
        poses: different resting poses so far.
        needed: how many are needed at least.
        held_s: how long the sensor has been still by now.
        missing: corners of the sensor (signs of x, y, z) that still have to point up.
        repeated: the last rest was a pose there was already.
    """

    poses: int
    needed: int
    held_s: float
    missing: tuple[tuple[int, int, int], ...]
    repeated: bool

    @property
    def complete(self) -> bool:
        """Nothing more is needed."""
        return self.poses >= self.needed and not self.missing


class CalibrationGuide:
    """Collects the poses of one sensor.

    Args:
        period_s: time between samples.
    """

    def __init__(self, *, period_s: float) -> None:
        self._finder = RestFinder(period_s=period_s)
        self._poses: list[Rest] = []
        self._repeated = False

    def push(self, acc_mps2: FloatArray, gyr_radps: FloatArray | None) -> Progress:
        """Take in consecutive raw samples, shape (n, 3), sensor frame."""
        self._keep(self._finder.push(acc_mps2, gyr_radps))
        return self.progress()

    def progress(self) -> Progress:
        """How far it is."""
        missing = tuple(missing_octants(self._poses))
        return Progress(len(self._poses), LEAST_POSES, self._finder.held_s, missing, self._repeated)

    def finish(
        self, *, serial_number: str, today: date, temperature_celsius: float | None = None
    ) -> SensorCalibration:
        """The calibration. Raises CalibrationError, with the reason, rather than a poor one."""
        self._keep(self._finder.flush())
        fit = fit_accelerometer(self._poses)
        return SensorCalibration(
            serial_number=serial_number,
            measured_on=today,
            acc_bias_mps2=fit.bias_mps2,
            acc_matrix=fit.matrix,
            gyr_bias_radps=gyroscope_bias(self._poses),
            residual_mps2=fit.residual_mps2,
            poses=len(self._poses),
            temperature_celsius=temperature_celsius,
            quality=fit.quality,
        )

    def _keep(self, rests: list[Rest]) -> None:
        for rest in rests:
            new = is_new_pose(rest, self._poses)
            self._repeated = not new
            if new and len(self._poses) < MOST_POSES:
                self._poses.append(rest)


def gyroscope_bias(rests: list[Rest]) -> Vector:
    """What the gyroscope reads at rest, the median over all rests; zero where there is none.

    Raises CalibrationError when it is not the same everywhere, or beyond any healthy sensor.
    """
    rates = [r.gyr_radps for r in rests if r.gyr_radps is not None]
    if not rates:
        return 0.0, 0.0, 0.0
    bias = np.median(rates, axis=0)
    spread = float(np.median(np.abs(np.array(rates) - bias), axis=0).max())
    if float(np.abs(bias).max()) > LARGEST_GYR_BIAS_RADPS or spread > LARGEST_GYR_SPREAD_RADPS:
        raise CalibrationError(
            "The gyroscope does not come to rest.",
            hint="Lay the sensor on something that does not move; else it is broken.",
        )
    return float(bias[0]), float(bias[1]), float(bias[2])
