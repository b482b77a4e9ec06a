"""What a whole set looks like to a judge: the smoothed path of "up", its speed, and its shaking."""

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensorhub.exercises.trace.track import Track
from sensorhub.model.events import FloatArray
from sensorhub.model.units import STANDARD_GRAVITY_MPS2
from sensorhub.motion.gaps import LONGEST_BRIDGE_S
from sensorhub.motion.orientation import lengths, unit

SMOOTH_S = 0.08
"""Standard deviation of the average over "up" and speed: tremor (4-12 Hz) goes, a repetition of
0.8 s keeps nine tenths of its height."""

SHAKE_S = 0.5
"""Half the window over which shaking is judged: a step's worth."""

STRIDE_S, LEAST_STRIDE_RAD = 0.2, math.radians(1.0)
"""The way a direction goes is measured in such strides; smaller ones are noise."""


@dataclass(frozen=True, slots=True)
class Path:
    """One placement's motion, smoothed without delay; pieces are separated by long gaps.

    Attributes:
        time_s: shape (n,).
        up: shape (n, 3), unit vectors, sensor frame.
        speed_radps: shape (n,), how fast the segment turns (without gyroscope: how fast up does).
        shake_mps2: shape (n,), root mean square of what acceleration changes within a twentieth of
            a second, over a second: heel strikes shake, limbs that are lifted do not.
        tick_s: time between ticks.
        pieces: index ranges without a long gap inside.
        walks: when the person walked, ``(start_s, end_s)``, the steps before and after included.
        vertical_mps2: shape (n,), acceleration upwards, not smoothed; None: not known.
    """

    time_s: FloatArray
    up: FloatArray
    speed_radps: FloatArray
    shake_mps2: FloatArray
    tick_s: float
    pieces: tuple[slice, ...]
    walks: tuple[tuple[float, float], ...] = ()
    vertical_mps2: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.time_s)

    def piece_of(self, index: int) -> slice:
        """The piece a tick lies in."""
        if len(self.pieces) == 1:
            return self.pieces[0]
        return next(p for p in self.pieces if p.start <= index < p.stop)

    def mean_up(self, ticks: Sequence[int]) -> FloatArray:
        """Where "up" is at these ticks on average, a unit vector, shape (3,)."""
        mean: FloatArray = self.up[list(ticks)].mean(axis=0)
        return mean / max(1e-12, float(np.linalg.norm(mean)))

    def way_rad(self, besides: NDArray[np.bool_] | None = None) -> float:
        """How far "up" has gone, in strides of a fifth of a second so that noise is none.

        Args:
            besides: the ticks from which a stride counts, shape (n,); None: all.
        """
        stride, total_rad = max(1, round(STRIDE_S / self.tick_s)), 0.0
        for piece in self.pieces:
            up = self.up[piece][::stride]
            step = up[1:] - up[:-1]
            length = lengths(step)
            counts = length > LEAST_STRIDE_RAD
            if besides is not None:
                counts &= besides[piece][::stride][:-1]
            total_rad += float(length[counts].sum())
        return total_rad

    def part(self, start: int, stop: int) -> "Path":
        """The ticks ``[start, stop)`` as one piece."""
        return Path(
            self.time_s[start:stop],
            self.up[start:stop],
            self.speed_radps[start:stop],
            self.shake_mps2[start:stop],
            self.tick_s,
            (slice(0, stop - start),),
            self.walks,
            None if self.vertical_mps2 is None else self.vertical_mps2[start:stop],
        )


def path_of(track: Track) -> Path:
    """The path of a whole track. An empty track gives an empty path."""
    n = len(track)
    time_s = track.time_s
    tick_s = track.tick_s
    breaks = np.flatnonzero(np.diff(time_s) > LONGEST_BRIDGE_S + 1.5 * tick_s) + 1
    bounds = [0, *breaks.tolist(), n]
    pieces = tuple(slice(a, b) for a, b in itertools.pairwise(bounds) if b > a)
    up, speed, shake = np.empty((n, 3)), np.empty(n), np.empty(n)
    width = SMOOTH_S / tick_s
    for piece in pieces:
        rough = track.up[piece]
        up[piece] = unit(smooth(rough, width))
        if track.rate_radps is not None:
            rate = smooth(track.rate_radps[piece], width)
            speed[piece] = lengths(rate)
        else:
            speed[piece] = turning_speed_radps(up[piece], tick_s)
        shake[piece] = _shake(track.acc_mps2[piece], tick_s)
    vertical = _vertical_mps2(track)
    return Path(time_s, up, speed, shake, tick_s, pieces, vertical_mps2=vertical)


def _vertical_mps2(track: Track) -> FloatArray:
    """Acceleration upwards; without a gyroscope that of the whole length, nearly the same."""
    acc = track.acc_mps2
    along = np.einsum("ni,ni->n", acc, acc if track.rate_radps is None else track.up)
    upwards: FloatArray = np.sqrt(along) if track.rate_radps is None else along
    return upwards - STANDARD_GRAVITY_MPS2


def smooth(values: FloatArray, width: float) -> FloatArray:
    """Centred Gaussian average along the first axis, ``width`` in ticks, ends mirrored."""
    reach = min(int(4.0 * width), len(values) - 1)
    if reach < 1:
        return values.copy()
    kernel = _gaussian(reach, width)
    padded = np.concatenate([values[reach:0:-1], values, values[-2 : -reach - 2 : -1]])
    if values.ndim == 1:
        return np.convolve(padded, kernel, mode="valid")
    columns = [np.convolve(column, kernel, mode="valid") for column in padded.T]
    return np.stack(columns, axis=1)


def smooth_each(pieces: Sequence[FloatArray], width: float) -> list[FloatArray]:
    """Each of many short pieces, shape (n,), smoothed by itself: see :func:`smooth`."""
    reach = int(4.0 * width)
    done: list[FloatArray] = [np.zeros(0)] * len(pieces)
    padded: list[FloatArray] = []
    places: list[tuple[int, int]] = []
    start = 0
    for k, piece in enumerate(pieces):
        if not 1 <= reach < len(piece):
            done[k] = smooth(piece, width)
            continue
        # One behind the other, mirrored at their own ends: one convolution does for all.
        padded += (piece[reach:0:-1], piece, piece[-2 : -reach - 2 : -1])
        places.append((k, start))
        start += len(piece) + 2 * reach
    if padded:
        every = np.convolve(np.concatenate(padded), _gaussian(reach, width), mode="valid")
        for k, first in places:
            done[k] = every[first : first + len(pieces[k])]
    return done


@functools.lru_cache(maxsize=64)
def _gaussian(reach: int, width: float) -> FloatArray:
    """Weights of a Gaussian average: made once, as hundreds of short pieces are smoothed alike."""
    steps = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (steps / width) ** 2)
    kernel /= kernel.sum()
    kernel.flags.writeable = False
    return kernel


def quantile(ordered: FloatArray | Sequence[float], share: float) -> float:
    """The value below which ``share`` of an ascending sequence lies: its nearest member."""
    return float(ordered[round(share * (len(ordered) - 1))])


def turning_speed_radps(up: FloatArray, tick_s: float) -> FloatArray:
    """How fast a direction turns, shape (n,): the length of its central differences."""
    if len(up) < 2:
        return np.zeros(len(up))
    change = np.gradient(up, axis=0)
    return np.asarray(lengths(change) / tick_s)


def _shake(acc: FloatArray, tick_s: float) -> FloatArray:
    length = lengths(acc)
    quick = length - smooth(length, 0.05 / tick_s)
    half = max(1, round(SHAKE_S / tick_s))
    total = np.concatenate([[0.0], np.cumsum(quick * quick)])
    index = np.arange(len(acc))
    low, high = np.maximum(index - half, 0), np.minimum(index + half + 1, len(acc))
    return np.asarray(np.sqrt((total[high] - total[low]) / (high - low)))
