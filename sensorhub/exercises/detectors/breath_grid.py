"""A breathing set on a steady 10 Hz grid, and which of its stretches a breath can be seen in."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensorhub.exercises.detectors.breathing import BIN_S, smoothed
from sensorhub.exercises.trace.stretches import stretches_of
from sensorhub.model.events import FloatArray

LONGEST_SET_S = 1800.0
"""A breathing set lasts a minute; what comes after half an hour is a set that nobody closed."""

SHAKEN_MPS2 = 0.6
"""Standard deviation of |a| over a second: on somebody who lies it is 0.1 to 0.2, walking 1.6."""

KNOCK_MPS2 = 2.5
"""A single tick this far from gravity is a cough, a knock or a hand."""

TURNING_RADPS = math.radians(45.0)
"""A deep breath of two seconds turns the sensor at up to 30 degrees a second."""

POSTURE_RAD = math.radians(25.0)
"""Further from the usual direction than this the person lies differently."""

BRIDGE_S = 1.5
"""A disturbance shorter than this interrupts no breath; it is drawn straight, and flagged."""

HANDLED_FACTOR = 1.6
"""Of the usual shaking: a hand that lets go of a lying sensor shakes it 2 to 3 times as much."""

HANDLED_MPS2 = 0.03
"""... and no hand is as steady as 3 mg."""

JERK_RAD = math.radians(0.5)
JERK_FACTOR = 6.0
"""A jerk is this large at least, and so many times what the direction does usually."""

_JERK_SLOW_S = 0.3

LEAST_STRETCH_S = 4.0
"""Nobody sees a breath in less."""

_AROUND_S = 0.3
_SAME_BIN = 1e-6  # a 10 Hz sensor's ticks meet the bins' edges but for rounding
_SECOND_BINS = round(1.0 / BIN_S)
_FOURTH_GAIN = 70.0  # variance of fourth differences of white noise: 1 + 16 + 36 + 16 + 1


@dataclass(frozen=True, slots=True)
class Grid:
    """The set so far in steps of BIN_S from its first tick; bins without any tick hold NaN.

    Attributes:
        time_s: shape (n,), middle of each bin.
        up: shape (n, 3), mean direction of gravity in the sensor frame, unit length.
        norm_mps2: shape (n,), mean magnitude of the specific force.
        usable: shape (n,), bool: there was a tick and the person lay still enough.
        missing: shape (n,), bool: no tick for longer than a single bin.
        disturbed: shape (n,), bool: the person did not lie still enough.
        stretches: ``[first, last)`` bins between which a breath can be followed.
    """

    time_s: FloatArray
    up: FloatArray
    norm_mps2: FloatArray
    usable: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    disturbed: NDArray[np.bool_]
    stretches: tuple[tuple[int, int], ...]

    def bridged(self, first: int, last: int) -> tuple[FloatArray, FloatArray]:
        """``up`` and ``norm_mps2`` of one stretch, straight lines where it was disturbed."""
        index = np.arange(first, last)
        good = index[self.usable[first:last]]
        columns = [np.interp(index, good, self.up[good, axis]) for axis in range(3)]
        up = np.stack(columns, axis=1)
        return up, np.interp(index, good, self.norm_mps2[good])

    def was_handled(self, start_s: float, end_s: float) -> bool:
        """Did the sensor shake more between two moments than it usually does: a hand, a cloth?"""
        filled = np.isfinite(self.norm_mps2)
        force = (self.up * self.norm_mps2[:, None])[filled]
        # Fourth differences: breathing itself, however quick, is smooth.
        rough = np.diff(force, n=4, axis=0)
        square = np.pad((rough * rough).sum(axis=1), 2) / _FOURTH_GAIN
        level = np.sqrt(np.convolve(square, np.ones(_SECOND_BINS) / _SECOND_BINS, mode="same"))
        time_s = self.time_s[filled]
        inside = (time_s >= start_s) & (time_s <= end_s)
        limit = max(HANDLED_FACTOR * float(np.median(level)), HANDLED_MPS2)
        return bool(inside.any()) and float(level[inside].max()) > limit

    def was_jerked(self, start_s: float, end_s: float) -> bool:
        """Did the direction jump between two moments as a cough makes it, or a knock?"""
        filled = np.isfinite(self.norm_mps2)
        up, time_s = self.up[filled], self.time_s[filled]
        off = up - smoothed(up, _JERK_SLOW_S)
        size = np.sqrt((off * off).sum(axis=1))
        inside = (time_s >= start_s) & (time_s < end_s)
        limit = max(JERK_FACTOR * float(np.median(size)), JERK_RAD)
        return bool(inside.any()) and float(size[inside].max()) > limit


class GridRecorder:
    """Sums ticks into bins, one after the other: the same sums however the ticks were split."""

    def __init__(self) -> None:
        self._start_s: float | None = None
        self._sums: list[list[float]] = []
        self._lowest: list[float] = []
        self._highest: list[float] = []
        self.too_long = False

    def __len__(self) -> int:
        return len(self._sums)

    @property
    def start_s(self) -> float:
        """Time of the first tick; 0 before there is one."""
        return self._start_s or 0.0

    @property
    def end_s(self) -> float:
        """End of the last bin."""
        return self.start_s + len(self._sums) * BIN_S

    def add(self, time_s: float, up: tuple[float, float, float], norm_mps2: float) -> bool:
        """Take in one tick; True when it began a new bin, so that the one before is complete."""
        if self._start_s is None:
            self._start_s = time_s
        k = int((time_s - self._start_s) / BIN_S + _SAME_BIN)
        if time_s - self._start_s >= LONGEST_SET_S:
            self.too_long = True
            return False
        began = k >= len(self._sums)
        if began:
            more = k + 1 - len(self._sums)
            self._sums.extend([0.0] * 5 for _ in range(more))
            self._lowest.extend([math.inf] * more)
            self._highest.extend([-math.inf] * more)
        row = self._sums[k]
        row[0] += 1.0
        row[1] += up[0]
        row[2] += up[1]
        row[3] += up[2]
        row[4] += norm_mps2
        self._lowest[k] = min(self._lowest[k], norm_mps2)
        self._highest[k] = max(self._highest[k], norm_mps2)
        return began

    def grid(self, bins: int) -> Grid | None:
        """The first ``bins`` bins; None while there is too little, or nothing that can be used."""
        if bins * BIN_S < LEAST_STRETCH_S:
            return None
        sums = np.array(self._sums[:bins])
        filled = sums[:, 0] > 0.0
        count = np.where(filled, sums[:, 0], np.nan)
        up = _unit_rows(sums[:, 1:4])
        norm_mps2 = sums[:, 4] / count
        extremes = np.array([self._lowest[:bins], self._highest[:bins]])
        disturbed = _disturbed(up, norm_mps2, extremes, filled)
        usable = filled & ~disturbed
        beside = np.convolve(~filled, [1.0, 0.0, 1.0], mode="same") > 0.5
        missing = ~filled & beside
        stretches = _stretches(usable)
        if not stretches:
            return None
        time_s = self.start_s + (np.arange(bins, dtype=np.float64) + 0.5) * BIN_S
        return Grid(time_s, up, norm_mps2, usable, missing, disturbed, stretches)


def _disturbed(
    up: FloatArray, norm_mps2: FloatArray, extremes_mps2: FloatArray, filled: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Bins in which, or around which, the sensor was moved by something else than breathing."""
    index = np.arange(len(up))
    good = index[filled]
    norm = np.interp(index, good, norm_mps2[good])
    path = np.stack([np.interp(index, good, up[good, axis]) for axis in range(3)], axis=1)
    usual_mps2 = float(np.median(norm[good]))
    knocked = (extremes_mps2[1] - usual_mps2 > KNOCK_MPS2) | (
        usual_mps2 - extremes_mps2[0] > KNOCK_MPS2
    )
    second = np.ones(_SECOND_BINS) / _SECOND_BINS
    padded = np.pad(norm - usual_mps2, (_SECOND_BINS // 2, (_SECOND_BINS - 1) // 2), mode="edge")
    mean = np.convolve(padded, second, mode="valid")
    square = np.convolve(padded * padded, second, mode="valid")
    shaken = square - mean * mean > SHAKEN_MPS2 * SHAKEN_MPS2
    soft = smoothed(path, 0.25)
    speed = np.sqrt((np.gradient(soft, BIN_S, axis=0) ** 2).sum(axis=1))
    away = soft @ _usual_direction(path[good]) < math.cos(POSTURE_RAD)
    sudden = (filled & knocked) | (speed > TURNING_RADPS)
    around = np.ones(2 * round(_AROUND_S / BIN_S) + 1)
    return (np.convolve(sudden, around, mode="same") > 0.5) | shaken | away


def _unit_rows(vectors: FloatArray) -> FloatArray:
    length = np.sqrt((vectors * vectors).sum(axis=1))
    unit: FloatArray = vectors / np.maximum(length, 1e-9)[:, None]
    return unit


def _usual_direction(up: FloatArray) -> FloatArray:
    middle: FloatArray = np.median(up, axis=0)
    usual: FloatArray = _unit_rows(middle[None, :])[0]
    return usual


def _stretches(usable: NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    """Runs of usable bins, joined where little is between them, the short ones left out."""
    joined: list[list[int]] = []
    for first, last in stretches_of(usable):
        if joined and (first - joined[-1][1]) * BIN_S <= BRIDGE_S:
            joined[-1][1] = last
        else:
            joined.append([first, last])
    return tuple((a, b) for a, b in joined if (b - a) * BIN_S >= LEAST_STRETCH_S)
