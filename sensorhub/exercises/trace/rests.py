"""Where a segment rests: stretches of stillness, each with its pose."""

from dataclasses import dataclass

import numpy as np

from sensorhub.exercises.trace.path import Path, smooth, turning_speed_radps
from sensorhub.model.events import FloatArray
from sensorhub.motion.orientation import unit

CALM_S = 0.06
"""Standard deviation of the average by which stillness is judged, on top of the path's
own: tremor is not movement."""

SWAY_S = 0.3
"""Half the time over which a pose must change to be left: swaying to and fro does not leave it."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Stillness from ``start_s`` to ``end_s``, ticks ``[first, last]``, and its mean pose."""

    start_s: float
    end_s: float
    first: int
    last: int
    pose: FloatArray

    @property
    def lasts_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


def rests_of(path: Path, *, still_radps: float, shortest_s: float) -> list[Rest]:
    """All rests of a set, in order of time; none spans a gap."""
    found = []
    for piece in path.pieces:
        up, time_s = path.up[piece], path.time_s[piece]
        if len(up) < 3:
            continue
        calm = unit(smooth(up, CALM_S / path.tick_s))
        speed = turning_speed_radps(calm, path.tick_s)
        leaves = _leaving_speed_radps(calm, path.tick_s) >= still_radps
        turns = np.flatnonzero(np.diff(np.concatenate([[1], leaves, [1]])))
        reach, taken = round(SWAY_S / path.tick_s) + 1, 0
        for a, b in zip(turns[::2].tolist(), turns[1::2].tolist(), strict=True):
            first, last = max(taken, a - reach), min(len(up), b + reach)
            still = first + np.flatnonzero(speed[first:last] < still_radps)
            if not len(still):
                continue
            first, last = int(still[0]), int(still[-1])
            taken = last + 1
            start_s = _crossing_s(time_s, speed, first, first - 1, still_radps)
            end_s = _crossing_s(time_s, speed, last, last + 1, still_radps)
            if end_s - start_s >= shortest_s:
                pose = unit(up[first : last + 1].mean(axis=0)[None, :])[0]
                found.append(Rest(start_s, end_s, piece.start + first, piece.start + last, pose))
    return found


def _leaving_speed_radps(up: FloatArray, tick_s: float) -> FloatArray:
    """How fast the pose changes for good: over a longer time than it takes to sway."""
    half = max(1, round(SWAY_S / tick_s))
    index = np.arange(len(up))
    low, high = np.maximum(index - half, 0), np.minimum(index + half, len(up) - 1)
    change = up[high] - up[low]
    return np.asarray(np.sqrt((change * change).sum(axis=1)) / ((high - low) * tick_s))


def angle_between_rad(one_up: FloatArray, other_up: FloatArray) -> float:
    """The angle between two unit vectors."""
    return 2.0 * float(np.arcsin(min(1.0, 0.5 * float(np.linalg.norm(one_up - other_up)))))


def _crossing_s(
    time_s: FloatArray, speed: FloatArray, still: int, moving: int, level: float
) -> float:
    """When the speed crossed the level, between the last still tick and the first moving one."""
    if not 0 <= moving < len(speed) or speed[moving] <= level:
        return float(time_s[still])
    share = (level - speed[still]) / max(1e-12, speed[moving] - speed[still])
    return float(time_s[still] + share * (time_s[moving] - time_s[still]))
