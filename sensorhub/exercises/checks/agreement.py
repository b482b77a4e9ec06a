"""Do accelerometer and gyroscope describe the same turning?

Over two seconds the accelerations are turned back to where the window began, by the gyroscope. If
the two agree, gravity then stands still and only what the movement itself adds is left; if an axis
is swapped or turned round, or the unit or range is wrong, some *other* reading of the gyroscope
leaves clearly less. That comparison needs no model of the movement and no moment of rest.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np

from sensorhub.exercises.track import Track
from sensorhub.model.events import FloatArray
from sensorhub.model.units import DEG_PER_RAD, STANDARD_GRAVITY_MPS2
from sensorhub.motion.gaps import LONGEST_BRIDGE_S

WINDOW_S = 2.0
LEAST_TURNING = 0.1
"""A window counts where the accelerations vary by this share of gravity: a turn of 10 degrees."""

LEAST_WINDOWS = 4
MOST_WINDOWS = 24
"""48 seconds of turning are evidence enough."""

CLEARLY_LESS = 0.65
"""Another reading must leave at most this share of what the gyroscope's own leaves. Real sensors
that agree: 0.98 and more. One with an axis turned round: 0.4."""

SURELY_RIGHT = 0.15
"""What leaves less than this of what there was needs no comparison."""

DEAD_RADPS = math.radians(0.5)
SCALES = (1.0 / DEG_PER_RAD, 0.25, 0.5, 2.0, 4.0, DEG_PER_RAD)
"""Wrong range settings go by factors of two; wrong units by 57."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """How the gyroscope should be read instead, in words, or empty where nothing fits better."""

    reading: str


def disagreement(track: Track) -> Disagreement | None:
    """Whether accelerometer and gyroscope contradict each other; None: not, or not to be told."""
    if track.rate_radps is None or len(track) < 3:
        return None
    acc, rate, tick_s = _windows(track, track.rate_radps)
    if len(acc) < LEAST_WINDOWS:
        return None
    if float(np.abs(rate - rate.mean(axis=(0, 1))).max()) < DEAD_RADPS:
        return Disagreement("it does not turn at all")
    own = float(_left(acc, rate[None], tick_s)[0])
    if own < SURELY_RIGHT * float(acc.var(axis=1).sum()):
        return None
    matrices = np.stack([matrix for matrix, _ in OTHER_READINGS])
    left = _left(acc, np.einsum("cij,mnj->cmni", matrices, rate), tick_s)
    best = int(np.argmin(left))
    return Disagreement(OTHER_READINGS[best][1]) if left[best] < CLEARLY_LESS * own else None


def _windows(track: Track, rate_radps: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Windows without gaps in which there is turning: shape (m, n, 3) each, and their tick."""
    tick_s = float(np.median(np.diff(track.time_s)))
    n = max(4, round(WINDOW_S / tick_s))
    acc, rate = [], []
    for first in range(0, len(track) - n + 1, n):
        part = slice(first, first + n)
        lasts_s = float(track.time_s[first + n - 1] - track.time_s[first])
        if lasts_s > (n - 1) * tick_s + LONGEST_BRIDGE_S or not track.settled[part].all():
            continue
        window = track.acc_mps2[part]
        spread_mps2 = math.sqrt(float(window.var(axis=0).sum()))
        if spread_mps2 > LEAST_TURNING * STANDARD_GRAVITY_MPS2:
            acc.append(window)
            rate.append(rate_radps[part])
        if len(acc) >= MOST_WINDOWS:
            break
    if not acc:
        return np.zeros((0, n, 3)), np.zeros((0, n, 3)), tick_s
    return np.stack(acc), np.stack(rate), tick_s


def _left(acc: FloatArray, rates: FloatArray, tick_s: float) -> FloatArray:
    """What varies still in the accelerations, shape (m, n, 3), turned back by rates.

    ``rates`` has shape (c, m, n, 3): c ways to read the gyroscope; the result has shape (c,).
    """
    n = acc.shape[1]
    steps = _rotations(0.5 * tick_s * (rates[:, :, 1:] + rates[:, :, :-1]))
    pose = np.broadcast_to(np.eye(3), (*rates.shape[:2], 3, 3))
    total = np.broadcast_to(acc[:, 0], (*rates.shape[:2], 3)).copy()
    for k in range(1, n):
        pose = pose @ steps[:, :, k - 1]
        total += (pose @ acc[:, k, :, None])[..., 0]
    # Turning keeps lengths: the variance is the mean square less the square of the mean.
    square = float((acc * acc).sum()) / n
    return np.asarray(square - ((total / n) ** 2).sum(axis=(1, 2)))


def _rotations(vectors: FloatArray) -> FloatArray:
    """Rotation vectors, shape (..., 3), to matrices (Rodrigues' formula)."""
    angle = np.sqrt((vectors * vectors).sum(axis=-1))[..., None, None]
    x, y, z = np.moveaxis(vectors, -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1)
    cross = cross.reshape(*vectors.shape[:-1], 3, 3)
    safe = np.maximum(angle, 1e-9)
    sine, cosine = np.sin(safe) / safe, (1.0 - np.cos(safe)) / (safe * safe)
    return np.asarray(np.eye(3) + sine * cross + cosine * (cross @ cross))


def _other_readings() -> list[tuple[FloatArray, str]]:
    """Every way the gyroscope's axes may be swapped and turned round, and wrong scales."""
    found = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            matrix = np.zeros((3, 3))
            matrix[range(3), order] = signs
            if not np.array_equal(matrix, np.eye(3)):
                found.append((matrix, _axes_in_words(order, signs)))
    found += [
        (scale * np.eye(3), f"it reads {1.0 / scale:.3g} times what it should") for scale in SCALES
    ]
    return found


def _axes_in_words(order: tuple[int, ...], signs: tuple[float, ...]) -> str:
    axes = ", ".join(
        f"{'-' if sign < 0.0 else ''}{'xyz'[axis]}" for axis, sign in zip(order, signs, strict=True)
    )
    return f"its axes seem to be {axes} instead of x, y, z"


OTHER_READINGS = _other_readings()
