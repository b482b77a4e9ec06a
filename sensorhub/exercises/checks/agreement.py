"""Do accelerometer and gyroscope describe the same turning?

Over two seconds the accelerations are turned back to where the window began, by the gyroscope. If
the two agree, gravity then stands still and only what the movement itself adds is left; if an axis
is swapped or turned round, or the unit or range is wrong, some *other* reading of the gyroscope
leaves clearly less. That comparison needs no model of the movement and no moment of rest.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sensorhub.exercises.trace.track import Track
from sensorhub.model.events import FloatArray
from sensorhub.model.units import DEG_PER_RAD, STANDARD_GRAVITY_MPS2
from sensorhub.motion.gaps import LONGEST_BRIDGE_S

WINDOW_S = 2.0
LEAST_TURNING = 0.1
"""A window counts where the accelerations vary by this share of gravity: a turn of 10 degrees."""

LEAST_WINDOWS = 4
MOST_WINDOWS = 12
"""24 seconds of turning are evidence enough."""

AT_A_TIME = 2 * MOST_WINDOWS
"""So many windows are looked at before more are."""

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
    as_read = _turned_back(acc, rate, [1.0], tick_s)
    own = float(_left(acc, as_read[0], np.eye(3)[None])[0])
    if own < SURELY_RIGHT * float(acc.var(axis=1).sum()):
        return None
    # The first of the other readings swaps axes only, and turns by the same rates as are read.
    scales = [readings.scale for readings in OTHER_READINGS[1:]]
    turned = (*as_read, *_turned_back(acc, rate, scales, tick_s))
    left = np.concatenate(
        [
            _left(acc, sums, readings.axes)
            for sums, readings in zip(turned, OTHER_READINGS, strict=True)
        ]
    )
    best = int(np.argmin(left))
    if left[best] >= CLEARLY_LESS * own:
        return None
    return Disagreement([words for readings in OTHER_READINGS for words in readings.words][best])


def _windows(track: Track, rate_radps: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Windows without gaps in which there is turning: shape (m, n, 3) each, and their tick."""
    tick_s = track.tick_s
    n = max(4, round(WINDOW_S / tick_s))
    m = len(track) // n
    acc, rate = (values[: m * n].reshape(m, n, 3) for values in (track.acc_mps2, rate_radps))
    time_s, settled = (values[: m * n].reshape(m, n) for values in (track.time_s, track.settled))
    whole = time_s[:, -1] - time_s[:, 0] <= (n - 1) * tick_s + LONGEST_BRIDGE_S
    whole &= settled.all(axis=1)
    used: list[int] = []
    for first in range(0, m, AT_A_TIME):  # the first of them are enough, as a rule
        part = slice(first, first + AT_A_TIME)
        spread_mps2 = np.sqrt(_variance(acc[part]))
        turning = spread_mps2 > LEAST_TURNING * STANDARD_GRAVITY_MPS2
        used += (first + np.flatnonzero(whole[part] & turning)).tolist()
        if len(used) >= MOST_WINDOWS:
            break
    used = used[:MOST_WINDOWS]
    return acc[used], rate[used], tick_s


def _variance(values: FloatArray) -> FloatArray:
    """Over each window of vectors, shape (m, n, 3), added over their axes: shape (m,)."""
    # Moments first: along the middle axis numpy takes three times as long.
    moments = np.ascontiguousarray(values.swapaxes(0, 1))
    return np.asarray(moments.var(axis=0).sum(axis=1))


def _turned_back(
    acc: FloatArray, rate: FloatArray, scales: Sequence[float], tick_s: float
) -> FloatArray:
    """Sums over each window of ``turn[i, j] * acc[l]``, shape (c, m, 3, 3, 3).

    ``turn`` goes back to where the window began, by the rates, shape (m, n, 3), times each of the c
    scales.
    """
    steps = 0.5 * tick_s * (rate[:, 1:] + rate[:, :-1])
    turns = _rotations(steps, np.array(scales))
    pose = np.empty((*turns.shape[:2], acc.shape[1], 3, 3))
    pose[:, :, 0] = np.eye(3)
    in_turn = pose.swapaxes(0, 2)
    for before, turn, after in zip(in_turn, turns.swapaxes(0, 2), in_turn[1:], strict=False):
        np.matmul(before, turn, out=after)
    across = pose.reshape(*pose.shape[:3], 9).swapaxes(-1, -2)
    return np.asarray((across @ acc).reshape(*pose.shape[:2], 3, 3, 3))


def _left(acc: FloatArray, sums: FloatArray, axes: FloatArray) -> FloatArray:
    """What varies still in the accelerations, shape (m, n, 3), turned back: shape (c,).

    Args:
        sums: shape (m, 3, 3, 3), see :func:`_turned_back`.
        axes: rotations, shape (c, 3, 3), that the gyroscope is read through. To turn by a rotated
            rate is to rotate back, turn and rotate; one product with the sums does for each.
    """
    m, n, _ = acc.shape
    total = sums.reshape(m, 3, 9) @ axes.swapaxes(1, 2).reshape(-1, 9).T
    # Turning keeps lengths: the variance is the mean square less the square of the mean.
    square = float((acc * acc).sum()) / n
    return np.asarray(square - ((total / n) ** 2).sum(axis=(0, 1)))


def _rotations(vectors: FloatArray, scales: FloatArray) -> FloatArray:
    """Rotation vectors, shape (m, n, 3), times each scale, to matrices (Rodrigues' formula)."""
    angle = np.maximum(np.sqrt((vectors * vectors).sum(axis=-1)), 1e-9)
    x, y, z = np.moveaxis(vectors / angle[..., None], -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1)
    cross = cross.reshape(*angle.shape, 3, 3)
    # Element by element, all matrices and scales at once: along axes of three numpy is slow.
    once, twice = (
        np.ascontiguousarray(matrices.reshape(-1, 9).T)[:, None]
        for matrices in (cross, cross @ cross)
    )
    scaled = scales[:, None] * angle.reshape(-1)
    turns = np.sin(scaled) * once
    turns += np.eye(3).reshape(9, 1, 1)
    turns += (1.0 - np.cos(scaled)) * twice
    by_matrix = np.ascontiguousarray(np.moveaxis(turns, 0, -1))
    return by_matrix.reshape(len(scales), *angle.shape, 3, 3)


@dataclass(frozen=True, slots=True)
class _Readings:
    """Readings of the gyroscope: times ``scale``, through each of ``axes``, shape (c, 3, 3)."""

    scale: float
    axes: FloatArray
    words: tuple[str, ...]


def _swapped(scale: float) -> _Readings:
    """Every way the axes may be swapped and turned round that is a rotation times ``scale``."""
    axes, words = [], []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            matrix = np.zeros((3, 3))
            matrix[range(3), order] = signs
            if np.linalg.det(matrix) * scale > 0.0 and not np.array_equal(matrix, np.eye(3)):
                axes.append(scale * matrix)
                words.append(_axes_in_words(order, signs))
    return _Readings(scale, np.stack(axes), tuple(words))


def _scaled(scale: float) -> _Readings:
    words = f"it reads {1.0 / scale:.3g} times what it should"
    return _Readings(scale, np.eye(3)[None], (words,))


def _axes_in_words(order: tuple[int, ...], signs: tuple[float, ...]) -> str:
    axes = ", ".join(
        f"{'-' if sign < 0.0 else ''}{'xyz'[axis]}" for axis, sign in zip(order, signs, strict=True)
    )
    return f"its axes seem to be {axes} instead of x, y, z"


OTHER_READINGS = (_swapped(1.0), _swapped(-1.0), *map(_scaled, SCALES))
