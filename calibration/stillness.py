"""Is it lying still? From a stream of samples to stretches of rest, pose by pose."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.vectors import FloatArray, angle_rad, unit

REST_S = 1.5
"""A pose is held at least this long; what is longer sharpens it."""

LONGEST_S = 5.0
"""More than this adds nothing to a pose."""

STILL_MPS2 = 0.15
"""Largest standard deviation of each axis over the rest: several times any sensor's noise."""

STILL_RADPS = math.radians(5.0)
"""Largest deviation of the angular rate from its mean."""

NEW_POSE_RAD = math.radians(20.0)
"""A pose closer than this to an earlier one is that pose again."""


@dataclass(frozen=True, slots=True)
class Rest:
    """A stretch in which the sensor lay still.

    Attributes:
        acc_mps2: mean specific force, shape (3,).
        gyr_radps: mean angular rate, shape (3,), None without gyroscope.
        duration_s: how long it lay still.
        noise_mps2: standard deviation of the noisiest axis.
    """

    acc_mps2: FloatArray
    gyr_radps: FloatArray | None
    duration_s: float
    noise_mps2: float


class RestFinder:
    """Cuts a stream into stretches of rest; any split of the samples gives the same ones.

    Args:
        period_s: time between samples.
    """

    def __init__(self, *, period_s: float) -> None:
        self._period_s = period_s
        self._window = max(2, round(0.25 / period_s))
        self._acc: list[FloatArray] = []
        self._gyr: list[FloatArray] = []
        self._has_gyroscope = False
        self._run: list[tuple[FloatArray, FloatArray]] = []
        self._told: FloatArray | None = None

    @property
    def held_s(self) -> float:
        """How long the sensor has been still by now."""
        return len(self._run) * self._window * self._period_s

    def push(self, acc_mps2: FloatArray, gyr_radps: FloatArray | None) -> list[Rest]:
        """Take in consecutive samples, shape (n, 3); the rests that ended with them."""
        self._has_gyroscope = gyr_radps is not None
        self._acc.extend(acc_mps2)
        self._gyr.extend(np.zeros_like(acc_mps2) if gyr_radps is None else gyr_radps)
        ended: list[Rest] = []
        while len(self._acc) >= self._window:
            acc = np.array(self._acc[: self._window])
            gyr = np.array(self._gyr[: self._window])
            del self._acc[: self._window], self._gyr[: self._window]
            if self._is_told(acc):
                continue
            if self._is_still(acc, gyr):
                self._run.append((acc, gyr))
                if self.held_s >= LONGEST_S:
                    ended += self._end()
                    self._told = acc.mean(axis=0)
            else:
                ended += self._end()
        return ended

    def flush(self) -> list[Rest]:
        """The rest that was still going on, if it was long enough."""
        return self._end()

    def _is_told(self, acc: FloatArray) -> bool:
        """Still in a pose that lasted LONGEST_S already and was given out."""
        if self._told is None:
            return False
        if float(np.abs(acc.mean(axis=0) - self._told).max()) <= STILL_MPS2:
            return True
        self._told = None
        return False

    def _is_still(self, acc: FloatArray, gyr: FloatArray) -> bool:
        if float(acc.std(axis=0).max()) > STILL_MPS2:
            return False
        if not self._run:
            return True
        # Against the whole run, so that a slow turn is not mistaken for rest.
        first_acc, first_gyr = self._run[0]
        moved = float(np.abs(acc.mean(axis=0) - first_acc.mean(axis=0)).max())
        turned = float(np.abs(gyr.mean(axis=0) - first_gyr.mean(axis=0)).max())
        return moved <= STILL_MPS2 and turned <= STILL_RADPS

    def _end(self) -> list[Rest]:
        # The first and the last piece hold the hand's arrival and departure.
        run, self._run = self._run[1:-1], []
        duration_s = len(run) * self._window * self._period_s
        if duration_s < REST_S - 2.0 * self._window * self._period_s - 1e-9 or not run:
            return []
        acc = np.concatenate([a for a, _ in run])
        gyr = np.concatenate([g for _, g in run])
        return [
            Rest(
                acc.mean(axis=0),
                gyr.mean(axis=0) if self._has_gyroscope else None,
                duration_s,
                float(acc.std(axis=0).max()),
            )
        ]


def is_new_pose(rest: Rest, earlier: Sequence[Rest]) -> bool:
    """Is this pose far enough from all earlier ones to tell anything new?"""
    direction = unit(rest.acc_mps2)
    return all(angle_rad(direction, e.acc_mps2) >= NEW_POSE_RAD for e in earlier)
