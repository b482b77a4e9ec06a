"""Does the accelerometer read one gravity at rest, whatever its pose?"""

import math

import numpy as np

from sensorhub.exercises.trace.track import Track
from sensorhub.model.events import FloatArray
from sensorhub.model.units import STANDARD_GRAVITY_MPS2

TOLERANCE_SHARE = 0.01
"""Gravity itself differs by 0.3 % from place to place; a healthy sensor is within 0.5 %."""

REST_S = 1.0
STILL_MPS2 = 0.12
"""Largest standard deviation of any axis: the noise of a simple phone."""
STILL_RADPS = math.radians(4.0)

LEAST_RESTS = 3
"""So many seconds of rest must agree before anything is said."""

OFF_RESTS_SHARE = 0.3
"""A miscalibrated sensor may be right in one pose and wrong in another."""


def gravity_error_share(track: Track) -> float | None:
    """By which share the rests that are off are off, signed; None: all is well, or no rest."""
    found = _rests_mps2(track) / STANDARD_GRAVITY_MPS2 - 1.0
    if len(found) < LEAST_RESTS:
        return None
    off = found[np.abs(found) > TOLERANCE_SHARE]
    if len(off) < max(LEAST_RESTS, OFF_RESTS_SHARE * len(found)):
        return None
    return float(np.median(off))


def _rests_mps2(track: Track) -> FloatArray:
    """The length of the mean acceleration of every second of rest."""
    if len(track) < 3:
        return np.zeros(0)
    tick_s = track.tick_s
    n = max(3, round(REST_S / tick_s))
    m = len(track) // n
    acc, time_s = track.acc_mps2[: m * n].reshape(m, n, 3), track.time_s[: m * n].reshape(m, n)
    resting = time_s[:, -1] - time_s[:, 0] <= n * tick_s
    if track.rate_radps is not None:
        rate = track.rate_radps[: m * n].reshape(m, n, 3)
        resting &= np.einsum("mni,mni->mn", rate, rate).max(axis=1) <= STILL_RADPS**2
    acc = acc[resting]  # few, as a rule, which makes what follows cheap
    acc = acc[acc.std(axis=1).max(axis=1) <= STILL_MPS2]
    return np.asarray(np.linalg.norm(acc.mean(axis=1), axis=1))
