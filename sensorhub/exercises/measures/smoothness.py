"""Smoothness of one movement from its speed: spectral arc length, and log dimensionless jerk.

Source: Balasubramanian, Melendez-Calderon, Roby-Brami and Burdet 2015, "On the analysis of movement
smoothness", J NeuroEng Rehabil 12:112. Both are dimensionless, do not depend on how far or how
fast the movement was, and are more negative for less smooth ones. We deviate in the jerk: the
speed is smoothed first, because our ticks are 40 ms apart at most and two derivatives of a
gyroscope's noise would outweigh the movement; and neither speaks of pieces shorter than 0.25 s.
"""

import math

import numpy as np

from sensorhub.exercises.path import SMOOTH_S, smooth
from sensorhub.model.events import FloatArray

CUTOFF_HZ = 10.0
AMPLITUDE_SHARE = 0.05
"""Frequencies beyond the last one that reaches this share of the greatest are not looked at."""

PADDING = 4
"""The spectrum is read at so many powers of two finer than the data give."""

SHORTEST_TICKS = 7


def sparc(speed_radps: FloatArray, *, tick_s: float) -> float | None:
    """Spectral arc length of a speed profile, shape (n,); None where it is too short, or zero."""
    n = len(speed_radps)
    if n < SHORTEST_TICKS or float(speed_radps.max()) <= 0.0:
        return None
    size = 2 ** (math.ceil(math.log2(n)) + PADDING)
    spectrum = np.abs(np.fft.rfft(speed_radps, size))
    height = spectrum[: math.floor(CUTOFF_HZ * size * tick_s) + 1] / spectrum.max()
    last = int((height >= AMPLITUDE_SHARE).nonzero()[0][-1])
    if last < 1:
        return None
    change = height[1 : last + 1] - height[:last]
    # Lines of a spectrum are evenly spaced: each is as far along as any.
    return -float(np.sqrt(change * change + last**-2.0).sum())


def ldlj(speed_radps: FloatArray, *, tick_s: float) -> float | None:
    """Log dimensionless jerk of a speed profile, shape (n,); None: too short, or no movement."""
    n = len(speed_radps)
    if n < SHORTEST_TICKS:
        return None
    calm = smooth(speed_radps, SMOOTH_S / tick_s)
    peak_radps = float(calm.max())
    jerk = np.diff(calm, 2) / tick_s**2
    lasts_s = (n - 1) * tick_s
    total = float((jerk * jerk).sum()) * tick_s
    if peak_radps <= 0.0 or total <= 0.0:
        return None
    return -math.log(lasts_s**3 / peak_radps**2 * total)
