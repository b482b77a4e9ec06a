"""Counting circles while they are made: the direction of leaning, followed round its rest pose."""

import math
from collections.abc import Iterator

from sensorhub.model.live import LiveEvent, LiveKind
from sensorhub.model.motion import Vec3

STILL_S = 0.6
"""The pose kept this long is the one that is circled."""

FORGIVEN_RAD = 0.6
STILL_RAD = math.radians(0.7)


class LiveTurns:
    """Counts full turns of "up" round the pose in which the person rested.

    Args:
        least_rad: smallest diameter of a circle.
    """

    def __init__(self, *, least_rad: float) -> None:
        self._radius = 0.2 * least_rad
        self._home: Vec3 | None = None
        self._rest: Vec3 | None = None
        self._rest_since_s = 0.0
        self._last: Vec3 | None = None
        self._turned = 0.0
        self.count = 0
        self.angle_rad: float | None = None

    def push(self, time_s: float, up: Vec3) -> Iterator[LiveEvent]:
        """One more tick; what it means."""
        if self._rest is None or _distance(self._rest, up) > STILL_RAD:
            self._rest, self._rest_since_s = up, time_s
        elif time_s - self._rest_since_s > STILL_S:
            self._home, self._turned, self._last = self._rest, 0.0, None
        home = self._home
        if home is None:
            return
        self.angle_rad = _distance(home, up)
        lean = (up[0] - home[0], up[1] - home[1], up[2] - home[2])
        if self.angle_rad < self._radius:
            return
        if self._last is not None:
            self._turned += _turn_rad(self._last, lean, home)
        self._last = lean
        # Circles begin and end in the middle: what the ways in and out cost is forgiven.
        while abs(self._turned) >= 2.0 * math.pi - FORGIVEN_RAD:
            self._turned -= math.copysign(2.0 * math.pi, self._turned)
            self.count += 1
            yield LiveEvent(LiveKind.REP_COUNTED, time_s, self.count, sure=self.count > 1)


def _distance(a: Vec3, b: Vec3) -> float:
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    return math.sqrt(x * x + y * y + z * z)


def _turn_rad(a: Vec3, b: Vec3, axis: Vec3) -> float:
    """The signed angle from a to b about an axis that both are nearly at right angles to."""
    cx, cy, cz = a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
    along = cx * axis[0] + cy * axis[1] + cz * axis[2]
    return math.atan2(along, a[0] * b[0] + a[1] * b[1] + a[2] * b[2])
