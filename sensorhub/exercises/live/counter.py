"""Counting while it happens: what the person hears, provisional until the set is judged.

Causal and cheap, one tick at a time in plain floats. Any pose in which the person rests may be the
one that repetitions start from, so each of the last few such poses keeps its own count of
excursions away from it and back; the pose with the most is believed.
"""

import math
from collections.abc import Sequence

from sensorhub.exercises.definition import Range
from sensorhub.model.live import LiveEvent, LiveKind
from sensorhub.model.motion import Vec3

STILL_S = 1.0
"""Resting this long in a pose makes it one that repetitions may start from."""

POSES = 3
"""So many poses are watched: the start, the top of a held repetition, and a new start."""

RETURN_SHARE = 0.65
"""A repetition is counted when this share of the way back is done: before it ends, but surely."""

HEIGHT_SHARE = 0.3
"""Excursions are noticed from this share of the usual size on."""

STRIDE_S = 1.9
STRIDE_RAD = 0.96
PAUSE_SHARE = 0.45
STRIDES = 3
"""Excursions quicker and smaller than these, without a pause, so many in a row, are walking
(see ``walking.py``); they are withdrawn."""


class LiveCounter:
    """Counts repetitions from up vectors.

    Args:
        range: what bodies do in this exercise.
        ignore_share: excursions below this share of the usual size are nothing.
        full_share: excursions of at least this share went all the way.
        strides_count: steps are what is to be counted.
    """

    def __init__(
        self,
        range: Range,  # noqa: A002 (the field's own word)
        *,
        ignore_share: float,
        full_share: float = 0.6,
        strides_count: bool = False,
    ) -> None:
        self._least = range.least_rad
        self._usual = range.usual_rad
        self._ignore_share, self._full_share = ignore_share, full_share
        self._strides_count = strides_count
        still = max(math.radians(0.5), min(math.radians(1.5), 0.3 * range.least_rad))
        self._still_chord = still
        self._apart = max(math.radians(2.0), 0.5 * range.least_rad)
        self._rest: Vec3 | None = None
        self._rest_since_s = 0.0
        self._poses: list[_Pose] = []
        self._best: _Pose | None = None
        self._announced = 0

    @property
    def count(self) -> int:
        """Full repetitions so far, the unsure included."""
        return self._best.full if self._best else 0

    @property
    def partial(self) -> int:
        """Partial ones so far."""
        return self._best.partial if self._best else 0

    @property
    def unsure(self) -> int:
        """How many of the full ones nothing has confirmed yet: the first, and hurried ones."""
        if self._best is None:
            return 0
        return max(min(self._best.full, self._best.strides), int(self._best.full == 1))

    @property
    def angle_rad(self) -> float | None:
        """How far from the start pose the segment is now."""
        return self._best.angle if self._best else None

    @property
    def target_rad(self) -> float:
        """The usual size: this set's once there is one, else most people's."""
        return self._best.size if self._best and self._best.full else self._usual

    def push(self, time_s: float, up: Vec3) -> Sequence[LiveEvent]:
        """One more tick; what it means."""
        rest = self._rest
        if rest is None or math.dist(rest, up) > self._still_chord:
            self._rest, self._rest_since_s = up, time_s
            if rest is None:
                self._add(up)
        elif time_s - self._rest_since_s >= STILL_S:
            self._rested(time_s, up)
        happened: list[tuple[_Pose, LiveKind]] | None = None
        for pose in self._poses:
            kind = pose.push(time_s, up)
            if kind is not None:
                happened = [*(happened or ()), (pose, kind)]
        return self._said(time_s, happened) if happened else ()

    def _said(self, time_s: float, happened: list[tuple["_Pose", LiveKind]]) -> list[LiveEvent]:
        """What the person hears of what happened to the poses watched."""
        events: list[LiveEvent] = []
        for pose, kind in happened:
            if pose is self._best and kind not in (LiveKind.REP_COUNTED, LiveKind.REP_WITHDRAWN):
                events.append(LiveEvent(kind, time_s, self.count, sure=self.unsure == 0))
            if self._best is None or pose.worth > self._best.worth:
                self._best = pose
        if self.count != self._announced:
            kind = LiveKind.REP_COUNTED if self.count > self._announced else LiveKind.REP_WITHDRAWN
            self._announced = self.count
            events.append(LiveEvent(kind, time_s, self.count, sure=self.unsure == 0))
        return events

    def _rested(self, time_s: float, up: Vec3) -> None:
        """Where the person rests, a repetition may start: watch that pose too."""
        self._rest_since_s = time_s
        for pose in self._poses:
            if pose.rest(up, self._apart):
                return
        self._add(up)

    def _add(self, up: Vec3) -> None:
        if len(self._poses) == POSES:
            others = [p for p in self._poses if p is not self._best]
            self._poses.remove(min(others, key=lambda p: p.worth))
        pose = _Pose(up, self._least, self._ignore_share, self._full_share)
        pose.strides_count = self._strides_count
        self._poses.append(pose)
        if self._best is None:
            self._best = self._poses[0]


class _Pose:
    """One pose to start from, and the excursions away from it and back."""

    __slots__ = (
        "_counted_s", "_full_share", "_height", "_height_share", "_high", "_home", "_ignore_share",
        "_least", "_low", "_rising", "_since_s", "angle", "full", "partial", "size", "strides",
        "strides_count", "worth",
    )  # fmt: skip

    def __init__(self, home: Vec3, least: float, ignore_share: float, full_share: float) -> None:
        self._home, self._least = home, least
        self._ignore_share, self._full_share = ignore_share, full_share
        self._height_share = min(HEIGHT_SHARE, 0.8 * full_share)
        self._low = self._high = self.angle = 0.0
        self._rising = False
        self._since_s = self._counted_s = -math.inf
        self.size = 0.0
        self._height = 0.5 * least
        self.strides_count = False
        self.full = self.partial = self.strides = 0
        self.worth = 0.0

    def rest(self, up: Vec3, apart: float) -> bool:
        """The person rests here: whether this is (still) the pose; it follows small changes."""
        if self._rising or _angle(self._home, up) > max(apart, 0.35 * self.size):
            return False
        self._home = up
        self._low = 0.0
        return True

    def push(self, time_s: float, up: Vec3) -> LiveKind | None:
        half = 0.5 * math.dist(self._home, up)
        angle = self.angle = 2.0 * math.asin(half) if half < 1.0 else math.pi
        if self._rising:
            if angle > self._high:
                self._high = angle
            elif self._high - angle >= RETURN_SHARE * (self._high - self._low):
                return self._returned(time_s, angle)
            return None
        if angle < self._low:
            self._low = angle
        elif angle - self._low >= self._height:
            self._rising, self._high, self._since_s = True, angle, time_s
            return LiveKind.REP_STARTED
        return None

    def _returned(self, time_s: float, angle: float) -> LiveKind | None:
        size = self._high - self._low
        self._rising, self._low = False, angle
        if size < max(self._least, self._ignore_share * self.size):
            return None
        period_s, pause_s = time_s - self._counted_s, self._since_s - self._counted_s
        stride = period_s < STRIDE_S and pause_s < PAUSE_SHARE * period_s and size < STRIDE_RAD
        self._counted_s = time_s
        self.strides = self.strides + 1 if stride else 0
        if self.strides >= STRIDES and not self.strides_count:
            if self.strides > STRIDES:
                return None
            self.full = max(0, self.full - STRIDES)
            return LiveKind.REP_WITHDRAWN
        if size >= self._full_share * self.size:
            self.full += 1
            self.size = size if self.size == 0.0 else self.size + 0.3 * (size - self.size)
            self._height = max(0.5 * self._least, self._height_share * self.size)
        else:
            self.partial += 1
        self.worth = self.size * self.full * (self.full + 1)
        return (
            LiveKind.REP_COUNTED if size >= self._full_share * self.size else LiveKind.REP_PARTIAL
        )


def _angle(a: Vec3, b: Vec3) -> float:
    half = 0.5 * math.dist(a, b)
    return 2.0 * math.asin(half) if half < 1.0 else math.pi
