"""How still a held pose was: sway, drift and tremor."""

import math

import numpy as np

from sensorhub.exercises.measures.motion import SegmentMotion, angle_rad
from sensorhub.model.events import FloatArray

TREMOR_LOW_HZ = 3.5
TREMOR_HIGH_HZ = 12.0
"""Slower is swaying and breathing; faster is not seen at 25 ticks a second."""

LEAST_TICKS_HZ = 24.0
"""Ticks that come more slowly cannot show all of that band (Nyquist)."""

CLEAR_PEAK = 3.0
"""A tremor has a frequency where its band's greatest power is this many times the band's mean."""

LEAST_S = 1.0


def sway_and_tremor(motion: SegmentMotion, part: slice) -> dict[str, float]:
    """Measures of a pose held over the ticks of ``part``; empty where that is too short."""
    n = part.stop - part.start
    if n * motion.tick_s < LEAST_S or not motion.is_whole(part):
        return {}
    up = motion.up[part]
    mean = up.mean(axis=0)
    mean = mean / max(1e-12, math.sqrt(float(mean @ mean)))
    away = up - (up @ mean)[:, None] * mean
    quarter = max(1, n // 4)
    found = {
        "sway_rad": math.sqrt(float((away * away).sum()) / n),
        "drift_rad": angle_rad(up[:quarter].mean(axis=0), up[-quarter:].mean(axis=0)),
    }
    if motion.has_gyroscope and motion.tick_s * LEAST_TICKS_HZ < 1.0 + 1e-6:
        found |= _tremor(motion.rate_radps[part], motion.tick_s, motion.averaged)
    return found


def _tremor(rate_radps: FloatArray, tick_s: float, averaged: int) -> dict[str, float]:
    """Power of the angular rate in the tremor's band, by Parseval's theorem from its spectrum.

    A tick is the mean of its samples, which weakens what is quick: that is made good.
    """
    n = len(rate_radps)
    window = np.hanning(n)
    centred = (rate_radps - rate_radps.mean(axis=0)) * window[:, None]
    power = (np.abs(np.fft.rfft(centred, axis=0)) ** 2).sum(axis=1)
    frequency_hz = np.fft.rfftfreq(n, tick_s)
    band = (frequency_hz >= TREMOR_LOW_HZ) & (frequency_hz <= TREMOR_HIGH_HZ)
    if band.sum() < 3:
        return {}
    inside = power[band] / _kept_share(np.float64(tick_s) * frequency_hz[band], averaged) ** 2
    # One-sided spectrum: every line but the last stands for two.
    variance = 2.0 * float(inside.sum()) / (n * float((window * window).sum()))
    found = {"tremor_radps": math.sqrt(variance)}
    strongest = int(np.argmax(inside))
    if inside[strongest] >= CLEAR_PEAK * float(inside.mean()):
        found["tremor_hz"] = float(frequency_hz[band][strongest])
    return found


def _kept_share(cycles_a_tick: FloatArray, averaged: int) -> FloatArray:
    """What a mean over so many samples leaves of a sine's amplitude (Dirichlet's kernel: the sinc
    of a sampled signal). Frequencies are above zero and at most half a cycle a tick."""
    angle = np.pi * cycles_a_tick
    return np.asarray(np.sin(angle) / (averaged * np.sin(angle / averaged)))
