"""Smoothness of one movement from its speed: spectral arc length, and log dimensionless jerk.

Source: Balasubramanian, Melendez-Calderon, Roby-Brami and Burdet 2015, "On the analysis of movement
smoothness", J NeuroEng Rehabil 12:112. Both are dimensionless, do not depend on how far or how
fast the movement was, and are more negative for less smooth ones. We deviate in the jerk: the
speed is smoothed first, because our ticks are 40 ms apart at most and two derivatives of a
gyroscope's noise would outweigh the movement; and neither speaks of pieces shorter than 0.25 s.
"""

import math
from collections.abc import Sequence

import numpy as np

from sensorhub.exercises.trace.path import SMOOTH_S, smooth_each
from sensorhub.model.events import FloatArray

CUTOFF_HZ = 10.0
AMPLITUDE_SHARE = 0.05
"""Frequencies beyond the last one that reaches this share of the greatest are not looked at."""

PADDING = 4
"""The spectrum is read at so many powers of two finer than the data give."""

SHORTEST_TICKS = 7


def sparc(speeds_radps: Sequence[FloatArray], *, tick_s: float) -> list[float | None]:
    """Spectral arc length of each speed profile, shape (n,) each; None: too short, or zero."""
    found: list[float | None] = [None] * len(speeds_radps)
    alike: dict[int, list[int]] = {}
    for k, speed in enumerate(speeds_radps):
        if len(speed) >= SHORTEST_TICKS:
            alike.setdefault(2 ** (math.ceil(math.log2(len(speed))) + PADDING), []).append(k)
    for size, chosen in alike.items():
        rows = np.zeros((len(chosen), size))
        for row, k in zip(rows, chosen, strict=True):
            row[: len(speeds_radps[k])] = speeds_radps[k]
        for k, length in zip(chosen, _arc_lengths(rows, tick_s), strict=True):
            found[k] = length
    return found


def _arc_lengths(rows: FloatArray, tick_s: float) -> list[float | None]:
    """The same of profiles padded to one length, shape (m, size)."""
    spectrum = np.abs(np.fft.rfft(rows))
    greatest = spectrum.max(axis=1)
    height = spectrum[:, : math.floor(CUTOFF_HZ * rows.shape[1] * tick_s) + 1]
    height = height / np.where(greatest > 0.0, greatest, 1.0)[:, None]
    lines = height.shape[1]
    last = lines - 1 - (height >= AMPLITUDE_SHARE)[:, ::-1].argmax(axis=1)
    change = height[:, 1:] - height[:, :-1]
    # Lines of a spectrum are evenly spaced: each is as far along as any.
    step = 1.0 / np.maximum(1, last)
    length = np.sqrt(change * change + (step * step)[:, None])
    length[np.arange(lines - 1) >= last[:, None]] = 0.0
    arcs = (-length.sum(axis=1)).tolist()
    known = ((greatest > 0.0) & (last >= 1)).tolist()
    return [arc if is_known else None for arc, is_known in zip(arcs, known, strict=True)]


def ldlj(speeds_radps: Sequence[FloatArray], *, tick_s: float) -> list[float | None]:
    """Log dimensionless jerk of each speed profile, shape (n,); None: too short, no movement."""
    found: list[float | None] = [None] * len(speeds_radps)
    chosen = [k for k, speed in enumerate(speeds_radps) if len(speed) >= SHORTEST_TICKS]
    if not chosen:
        return found
    calm = smooth_each([speeds_radps[k] for k in chosen], SMOOTH_S / tick_s)
    count = np.array([len(one) for one in calm])
    stops = np.cumsum(count)
    every = np.concatenate(calm)
    jerk = (every[2:] - 2.0 * every[1:-1] + every[:-2]) / tick_s**2
    squares = np.append(jerk * jerk, (0.0, 0.0))
    squares[np.concatenate([stops - 2, stops - 1])] = 0.0  # there it is no jerk, but another piece
    starts = stops - count
    totals = (np.add.reduceat(squares, starts) * tick_s).tolist()
    peaks = np.maximum.reduceat(every, starts).tolist()
    for k, n, peak_radps, total in zip(chosen, count.tolist(), peaks, totals, strict=True):
        if peak_radps > 0.0 and total > 0.0:
            lasts_s = (n - 1) * tick_s
            found[k] = -math.log(lasts_s**3 / peak_radps**2 * total)
    return found
