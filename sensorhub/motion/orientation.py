"""Which way is up for one sensor: VQF with a gyroscope, a centred average without.

VQF: Laidig and Seel, Information Fusion 91 (2023) 187-204, as the package ``vqf``; six axes, its
default settings but for the largest rest bias. We deviate in one place: its first seconds. The
filter believes the accelerometer's very first direction, which is tens of degrees off when the
person is already moving. ``settle`` therefore takes the first stretch whole, lets the filter see
all of it, and turns the gyroscope's path within that stretch by the inclination known at its end.
"""

from typing import Protocol

import numpy as np
from vqf import VQF

from sensorhub.model.events import FloatArray

LARGEST_BIAS_DPS = 5.0
"""Cheap gyroscopes that nobody calibrated rest at 3 degrees a second and more; with the package's 2
their rest is not taken for rest, and the bias never learnt."""


Orientations = tuple[FloatArray, FloatArray]
"""For every sample fed: quaternion (n, 4) w x y z, sensor to earth; gyroscope bias (n, 3), rad/s.

A bare pair, as one is made for every packet.
"""


class OrientationFilter(Protocol):
    """Feeds on equally spaced samples in any portions; the portions do not change the result."""

    def settle(self, acc_mps2: FloatArray, gyr_radps: FloatArray) -> Orientations:
        """The first stretch of a timeline, judged as a whole. Called once, before ``update``."""

    def update(self, acc_mps2: FloatArray, gyr_radps: FloatArray) -> Orientations:
        """The next samples. Arrays are C-contiguous float64, shape (n, 3)."""

    def bias_radps(self) -> FloatArray:
        """The gyroscope's rest bias as estimated so far, shape (3,)."""


class VqfFilter:
    """:class:`OrientationFilter` on the package ``vqf``.

    Args:
        period_s: time between samples.
        bias_radps: rest bias known from before (a gap does not change the gyroscope).
    """

    def __init__(self, period_s: float, *, bias_radps: FloatArray | None = None) -> None:
        self._vqf = VQF(period_s, biasClip=LARGEST_BIAS_DPS, motionBiasEstEnabled=False)
        if bias_radps is not None:
            self._vqf.setBiasEstimate(bias_radps, -1.0)

    def settle(self, acc_mps2: FloatArray, gyr_radps: FloatArray) -> Orientations:
        """See the protocol: quat = (inclination at the end) * (gyroscope's own path)."""
        out = self._vqf.updateBatchFullState(gyr_radps, acc_mps2)
        quat = _multiply(out["accQuat"][-1], out["gyrQuat"])
        return quat, out["bias"]

    def update(self, acc_mps2: FloatArray, gyr_radps: FloatArray) -> Orientations:
        """See the protocol."""
        out = self._vqf.updateBatch(gyr_radps, acc_mps2)
        return out["quat6D"], out["bias"]

    def bias_radps(self) -> FloatArray:
        """See the protocol."""
        bias, _sigma = self._vqf.getBiasEstimate()
        return np.asarray(bias, dtype=float)


def up_in_sensor(quat: FloatArray) -> FloatArray:
    """The earth's z axis in the sensor frame, (n, 3): the last row of each rotation matrix."""
    w, x, y, z = quat.T
    up = np.empty((len(quat), 3))
    up[:, 0] = 2.0 * (x * z - w * y)
    up[:, 1] = 2.0 * (y * z + w * x)
    up[:, 2] = 1.0 - 2.0 * (x * x + y * y)
    return up


def lengths(vectors: FloatArray) -> FloatArray:
    """The length of each of many vectors of shape (n, 3), to the last bit that of numpy's sum.

    Column by column: along an axis of three numpy takes seven times as long.
    """
    x, y, z = vectors.T
    return np.asarray(np.sqrt(x * x + y * y + z * z))


def unit(vectors: FloatArray) -> FloatArray:
    """Vectors of shape (n, 3) at length one; a zero vector becomes z."""
    length = lengths(vectors)
    safe = np.where(length > 0.0, length, 1.0)
    out = vectors / safe[:, None]
    out[length == 0.0] = (0.0, 0.0, 1.0)
    return out


def _multiply(left: FloatArray, right: FloatArray) -> FloatArray:
    """Quaternion product of one (4,) with many (n, 4)."""
    a, b, c, d = left
    w, x, y, z = right.T
    out = np.empty_like(right)
    out[:, 0] = a * w - b * x - c * y - d * z
    out[:, 1] = a * x + b * w + c * z - d * y
    out[:, 2] = a * y - b * z + c * w + d * x
    out[:, 3] = a * z + b * y - c * x + d * w
    return out
