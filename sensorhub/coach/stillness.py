"""Is the person still? A set begins from stillness, whatever the posture and the mounting."""

import math

import numpy as np

from sensorhub.model.events import FloatArray
from sensorhub.model.motion import MotionBlock

STILL_RAD = math.radians(3.0)
"""Turning by more than this within ``WINDOW_S`` is moving; swaying in standing stays below."""

WINDOW_S = 0.5
RATE_RADPS = math.radians(20.0)
"""Gravity does not see turning about the vertical: the gyroscope does."""


class Stillness:
    """Follows one sensor's motion; ``still_s`` is how long it has been still at its latest tick."""

    def __init__(self) -> None:
        self._reference_up: FloatArray | None = None
        self._reference_s = -math.inf
        self._moved_s = math.inf
        self._latest_s = -math.inf

    @property
    def latest_s(self) -> float:
        """Time of the newest tick seen, minus infinity before the first."""
        return self._latest_s

    @property
    def still_s(self) -> float:
        """Seconds of stillness up to the newest tick; 0 before the first."""
        return max(0.0, self._latest_s - self._moved_s) if math.isfinite(self._moved_s) else 0.0

    def push(self, block: MotionBlock) -> None:
        """Take in more motion; a gap of more than a window counts as having moved."""
        if not len(block):
            return
        first_s = float(block.time_s[0])
        if first_s - self._latest_s > WINDOW_S:
            self._moved_s, self._reference_up = first_s, None
        spins = ~block.settled
        if block.rate_radps is not None:
            spins = spins | (np.linalg.norm(block.rate_radps, axis=1) > RATE_RADPS)
        for time_s, up, turns in zip(block.time_s.tolist(), block.up, spins.tolist(), strict=True):
            reference = self._reference_up
            moved = turns or (reference is not None and _angle_rad(reference, up) > STILL_RAD)
            if moved:
                self._moved_s = time_s
            if moved or reference is None or time_s - self._reference_s >= WINDOW_S:
                self._reference_up, self._reference_s = up, time_s
        self._latest_s = float(block.time_s[-1])


def _angle_rad(one: FloatArray, other: FloatArray) -> float:
    return math.acos(max(-1.0, min(1.0, float(one @ other))))
