"""Breaths in the path of a direction: the belly lifts, the sensor on it tilts by a few degrees.

Whole stretches at a time, on a steady 10 Hz grid (:data:`BIN_S`); no state. The tilt follows one
line on the sphere of directions, found by principal components of its *velocity* (slow drift then
weighs nothing). Breaths are its large turning points: the smallest swing is taken out, again and
again, until every swing is comparable to those around it, so the yardstick follows the person from
quiet to deep breathing and a pause, a cough or the heart beat is not a breath.

Sources: principal components over all axes rather than one axis decide between +-2 and +-20 breaths
a minute (Hostrup 2025; Cesareo 2019). Here the axis is slow, the extremes are pruned rather than
thresholded, and the direction of inhaling comes from the vertical acceleration of the belly.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensorhub.model.events import FloatArray

BIN_S = 0.1
"""Slow against the heart's sounds, fast against the quickest breath (two seconds)."""

LEAST_DEPTH_RAD = math.radians(0.3)
"""Peak to peak; smaller is the heart and the sensor's wander. Quiet breathing moves 1-6 degrees."""

SWING_SHARE = 0.3
"""A swing smaller than this share of its larger neighbours belongs to one of them."""

_NOISE_SPREADS = 8.0  # peak to peak of white noise over minutes
_NEIGHBOURS = 4
_LARGER = 0.75
_SMOOTH_S = 0.25
_SMOOTH_LONGEST_S = 1.3
_SMOOTH_SHARE = 1.0 / 16.0  # of a period
_SLOW_S = 5.0
_SLOW_SHORTEST_S = 1.5
_SLOW_SHARE = 0.4  # of a period: takes 4 % of a regular breath, half of what is 5 times slower

IntArray = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class TurningPoints:
    """One stretch without holes, seen along its main direction.

    Attributes:
        time_s: shape (n,), steps of BIN_S.
        tilt_rad: shape (n,), along the main direction, without its slow drift; the sign means
            nothing yet.
        points: indices of the turning points, the first and the last sample among them.
        axis: unit vector of the main direction, shape (3,).
        share: part of all motion (velocity variance) that follows the main direction, 1/3 .. 1.
        least_rad: the smallest swing that could be told from noise here.
        smoothing_s: standard deviation of the average that rounded the turning points.
    """

    time_s: FloatArray
    tilt_rad: FloatArray
    points: IntArray
    axis: FloatArray
    share: float
    least_rad: float
    smoothing_s: float


def turning_points(
    time_s: FloatArray, up: FloatArray, *, axis: FloatArray | None = None
) -> TurningPoints:
    """The large turning points of one stretch.

    Args:
        time_s: shape (n,), n >= 8, steps of BIN_S.
        up: shape (n, 3), direction of gravity in the sensor frame, unit length.
        axis: use this main direction instead of the stretch's own.
    """
    least_rad = max(LEAST_DEPTH_RAD, _NOISE_SPREADS * _noise_rad(up))
    smooth_s, slow_s = _SMOOTH_S, _SLOW_S
    # The second round smooths and straightens according to the period that the first one found:
    # a slow breath is rarely one even movement, and its steps must not count.
    for last_round in (False, True):
        path = smoothed(up, smooth_s)
        own, share = main_direction([path])
        along = own if axis is None else axis
        tilt = path @ along
        tilt = tilt - smoothed(tilt, slow_s)
        points = _prune(tilt, _extremes(tilt, least_rad), least_rad)
        if last_round or len(points) < 4:
            break
        period_s = 2.0 * BIN_S * float(np.median(np.diff(points)))
        smooth_s = min(max(_SMOOTH_SHARE * period_s, 0.8 * _SMOOTH_S), _SMOOTH_LONGEST_S)
        slow_s = max(_SLOW_SHARE * period_s, _SLOW_SHORTEST_S)
    return TurningPoints(time_s, tilt, points, along, share, least_rad, smooth_s)


def smoothed(values: NDArray[np.float64], width_s: float) -> FloatArray:
    """Centred Gaussian average along the first axis (width: standard deviation), ends mirrored."""
    half = max(1, math.ceil(4.0 * width_s / BIN_S))
    steps = np.arange(-half, half + 1) * (BIN_S / width_s)
    kernel = np.exp(-0.5 * steps * steps)
    kernel /= kernel.sum()
    edges = ((half, half), *((0, 0),) * (values.ndim - 1))
    padded = np.pad(values, edges, mode="symmetric")
    if values.ndim == 1:
        return np.convolve(padded, kernel, mode="valid")
    return np.stack([np.convolve(column, kernel, mode="valid") for column in padded.T], axis=1)


def main_direction(paths: Sequence[FloatArray]) -> tuple[FloatArray, float]:
    """The line that the motion follows (unit vector, arbitrary sign) and its share of all motion.

    Args:
        paths: directions on the steady grid, each of shape (n, 3): stretches with holes between.
    """
    scatter = np.zeros((3, 3))
    for path in paths:
        steps = np.diff(path, axis=0)
        scatter += steps.T @ steps
    values, vectors = np.linalg.eigh(scatter)
    total = float(values.sum())
    return vectors[:, -1], float(values[-1]) / total if total > 0.0 else 1.0 / 3.0


def inhale_sign(tilt_rad: FloatArray, norm_mps2: FloatArray) -> tuple[float, float]:
    """Which way of the tilt is breathing in, from the rise of the belly itself.

    A belly that tilts a sensor also lifts it, so the vertical acceleration follows the tilt's
    second derivative, with the sign of inhaling; an accelerometer that reads the same gravity
    differently at different tilts adds a term in proportion to the tilt itself. Both are fitted.

    Returns:
        the rise in metres a radian (positive: growing tilt is inhaling), and how many standard
        errors that is from zero.
    """
    width_s = 0.25
    tilt = smoothed(tilt_rad, width_s)
    lift = np.gradient(np.gradient(tilt, BIN_S), BIN_S)
    slow_s = 1.5
    columns = np.stack([lift - smoothed(lift, slow_s), tilt - smoothed(tilt, slow_s)], axis=1)
    norm = smoothed(norm_mps2, width_s)
    norm = norm - smoothed(norm, slow_s)
    normal = columns.T @ columns
    if np.linalg.cond(normal) > 1e12:
        return 0.0, 0.0
    fit = np.linalg.solve(normal, columns.T @ norm)
    residual = norm - columns @ fit
    # Smoothing makes neighbours alike: one independent value in about two widths.
    alike = 2.0 * width_s / BIN_S
    variance = float(residual @ residual) / max(1.0, len(norm) - 2.0 * alike)
    error = math.sqrt(max(variance * alike * float(np.linalg.inv(normal)[0, 0]), 0.0))
    return float(fit[0]), float(fit[0]) / error if error > 0.0 else 0.0


def _noise_rad(up: FloatArray) -> float:
    """What white noise of the bins leaves after the first smoothing."""
    second = np.diff(up, n=2, axis=0)
    # The median of squares is 0.455 variances, and second differences have 6; the noisiest axis.
    white = math.sqrt(float(np.median(second * second, axis=0).max()) / 0.455 / 6.0)
    return white / math.sqrt(2.0 * math.sqrt(math.pi) * _SMOOTH_S / BIN_S)


def _extremes(tilt: FloatArray, least_rad: float) -> IntArray:
    """Indices of the turning points with at least ``least_rad`` between them, ends included.

    One pass over all turning points: an extreme stands once the tilt has come back from it.
    """
    slope = np.sign(np.diff(tilt))
    moving = np.flatnonzero(slope)
    turns = moving[1:][slope[moving[1:]] != slope[moving[:-1]]].tolist()
    last = len(tilt) - 1
    values = tilt.tolist()
    stand, low, high, rising = [0], 0, 0, 0
    for k in (*turns, last):
        if rising <= 0 and values[k] < values[low]:
            low = k
        if rising >= 0 and values[k] > values[high]:
            high = k
        if rising >= 0 and values[high] - values[k] >= least_rad:
            stand.append(high)
            low, rising = k, -1
        elif rising <= 0 and values[k] - values[low] >= least_rad:
            stand.append(low)
            high, rising = k, 1
    stand += [high if rising > 0 else low, last]
    return np.array(sorted(set(stand)), dtype=np.intp)


def _prune(tilt: FloatArray, points: IntArray, least_rad: float) -> IntArray:
    """Take out the smallest swing, again and again, until each is comparable to its neighbours."""
    at = points.tolist()
    values = tilt[points].tolist()
    while len(at) > 2:
        swings = np.abs(np.diff(values))
        yardstick = np.maximum(SWING_SHARE * _larger_neighbours(swings), least_rad)
        worst = int(np.argmin(swings / yardstick))
        if swings[worst] >= yardstick[worst]:
            break
        # A swing at either end goes alone; one inside takes both its turning points with it.
        first = 0 if worst == 0 else worst if worst < len(swings) - 1 else worst + 1
        last = first + (2 if 0 < worst < len(swings) - 1 else 1)
        del at[first:last], values[first:last]
    return np.array(at, dtype=np.intp)


def _larger_neighbours(swings: FloatArray) -> FloatArray:
    """For each swing, what three quarters of the swings around it do not exceed."""
    width = 2 * _NEIGHBOURS + 1
    padded = np.pad(swings, _NEIGHBOURS, constant_values=np.inf)
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(padded, width), axis=1)
    count = np.isfinite(windows).sum(axis=1)
    rank = np.minimum(np.ceil(_LARGER * (count - 1)).astype(int), count - 1)
    larger: FloatArray = windows[np.arange(len(swings)), rank]
    return larger
