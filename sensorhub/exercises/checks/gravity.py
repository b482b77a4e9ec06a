"""Does the accelerometer read one gravity at rest, whatever its pose?"""

import math

import numpy as np

from sensorhub.exercises.track import Track
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
    found = np.array(_rests_mps2(track)) / STANDARD_GRAVITY_MPS2 - 1.0
    if len(found) < LEAST_RESTS:
        return None
    off = found[np.abs(found) > TOLERANCE_SHARE]
    if len(off) < max(LEAST_RESTS, OFF_RESTS_SHARE * len(found)):
        return None
    return float(np.median(off))


def _rests_mps2(track: Track) -> list[float]:
    """The length of the mean acceleration of every second of rest."""
    if len(track) < 3:
        return []
    tick_s = float(np.median(np.diff(track.time_s)))
    n = max(3, round(REST_S / tick_s))
    found = []
    for first in range(0, len(track) - n + 1, n):
        part = slice(first, first + n)
        if float(track.time_s[first + n - 1] - track.time_s[first]) > n * tick_s:
            continue
        acc = track.acc_mps2[part]
        if float(acc.std(axis=0).max()) > STILL_MPS2:
            continue
        if track.rate_radps is not None:
            rate = track.rate_radps[part]
            if float((rate * rate).sum(axis=1).max()) > STILL_RADPS**2:
                continue
        mean = acc.mean(axis=0)
        found.append(math.sqrt(float(mean @ mean)))
    return found
