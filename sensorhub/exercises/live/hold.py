"""Timing a hold while it lasts: what the person hears, provisional until the set is judged."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from sensorhub.model.live import LiveEvent, LiveKind
from sensorhub.model.motion import Vec3

STILL_S = 0.5
"""Still for this long in the pose is holding it; the time is credited from its beginning."""

_WINDOW_S = 0.4
"""Stillness is the pose changing slowly over this time."""


@dataclass(slots=True)
class _Bank:
    """One hold under way: seconds credited before the present stillness, and since when it is."""

    banked_s: float
    still_since_s: float | None
    moved_since_s: float | None


class LiveHold:
    """Follows one segment: a pose away from where it rested before, kept still.

    Args:
        away_rad: how far the pose is from the start pose at least.
        still_radps: faster is not still.
        grace_s: shorter movements do not end the hold; they are not credited.
        shortest_s: from then on a hold counts as one.
    """

    def __init__(
        self, *, away_rad: float, still_radps: float, grace_s: float, shortest_s: float
    ) -> None:
        self._away, self._still, self._grace = away_rad, still_radps, grace_s
        self._shortest_s = shortest_s
        self._start: Vec3 | None = None
        self._recent: list[tuple[float, Vec3]] = []
        self._still_since_s: float | None = None
        self._bank: _Bank | None = None
        self._time_s = 0.0
        self.angle_rad: float | None = None
        self._done = 0

    @property
    def count(self) -> int:
        """Holds so far that lasted long enough to be one, the one under way included."""
        return self._done + int((self.hold_s or 0.0) >= self._shortest_s)

    @property
    def hold_s(self) -> float | None:
        """Seconds credited to the hold under way, None when not holding."""
        if self._bank is None:
            return None
        now_s = 0.0
        if self._bank.still_since_s is not None:
            now_s = self._time_s - self._bank.still_since_s
        return self._bank.banked_s + now_s

    def push(self, time_s: float, up: Vec3) -> Iterator[LiveEvent]:
        """One more tick; what it means."""
        self._time_s = time_s
        self._recent.append((time_s, up))
        while self._recent[0][0] < time_s - _WINDOW_S:
            self._recent.pop(0)
        since_s, before = self._recent[0]
        elapsed_s = max(0.5 * _WINDOW_S, time_s - since_s)
        still = _angle(before, up) < self._still * elapsed_s
        if not still:
            self._still_since_s = None
        elif self._still_since_s is None:
            self._still_since_s = since_s
        rested = self._still_since_s is not None and time_s - self._still_since_s >= STILL_S
        if self._start is None and rested:
            self._start = up
        self.angle_rad = None if self._start is None else _angle(self._start, up)
        away = self.angle_rad is not None and self.angle_rad >= self._away
        if self._bank is None:
            if away and rested:
                self._bank = _Bank(0.0, self._still_since_s, None)
                yield LiveEvent(LiveKind.HOLD_ENTERED, time_s, self.count)
            return
        yield from self._keep(time_s, self._bank, holding=away and still)

    def _keep(self, time_s: float, bank: _Bank, *, holding: bool) -> Iterator[LiveEvent]:
        if holding:
            if bank.still_since_s is None:
                bank.still_since_s = time_s
            bank.moved_since_s = None
            return
        if bank.moved_since_s is None:
            bank.moved_since_s = time_s
            if bank.still_since_s is not None:
                bank.banked_s += time_s - bank.still_since_s
                bank.still_since_s = None
        if time_s - bank.moved_since_s > self._grace:
            self._done, self._bank = self.count, None
            yield LiveEvent(LiveKind.HOLD_LEFT, time_s, self.count)


def _angle(a: Vec3, b: Vec3) -> float:
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    return 2.0 * math.asin(min(1.0, 0.5 * math.sqrt(x * x + y * y + z * z)))
