"""Is the person still? A set begins from stillness, whatever the posture and the mounting."""

import math

from sensorhub.model.motion import MotionBlock, Vec3

STILL_RAD = math.radians(3.0)
"""Turning by more than this within ``WINDOW_S`` is moving; swaying in standing stays below."""

WINDOW_S = 0.5
RATE_RADPS = math.radians(20.0)
"""Gravity does not see turning about the vertical: the gyroscope does."""


class Stillness:
    """Follows one sensor's motion; ``still_s`` is how long it has been still at its latest tick."""

    def __init__(self) -> None:
        self._reference_up: Vec3 | None = None
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
        first_s = block.first_s
        if first_s - self._latest_s > WINDOW_S:
            self._moved_s, self._reference_up = first_s, None
        times_s, ups = block.heard
        for time_s, up, turning in zip(times_s, ups, block.turning_radps, strict=True):
            turns = turning > RATE_RADPS
            reference = self._reference_up
            moved = turns or (reference is not None and _angle_rad(reference, up) > STILL_RAD)
            if moved:
                self._moved_s = time_s
            if moved or reference is None or time_s - self._reference_s >= WINDOW_S:
                self._reference_up, self._reference_s = up, time_s
        self._latest_s = times_s[-1]


def _angle_rad(one: Vec3, other: Vec3) -> float:
    half = 0.5 * math.dist(one, other)
    return 2.0 * math.asin(half) if half < 1.0 else math.pi
