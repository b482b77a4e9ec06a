"""Range of motion: how far a segment turned within a repetition.

The height that excursions are judged by reaches down to the valley before, however long before:
how the person got into position is part of that one. The range is not: it is what a goniometer
would show, from the pose the repetition began in to its peak.
"""

import math

import numpy as np

from sensorhub.exercises.trace.path import Path
from sensorhub.exercises.trace.rests import angle_between_rad


def range_rad(path: Path, start_s: float, peak_s: float) -> float:
    """The angle between "up" where a repetition began and where it went furthest.

    From the start, not from the end: after the last one people get up, and the other way round the
    start pose is where the next repetition begins.
    """
    return angle_between_rad(path.up[_at(path, start_s)], path.up[_at(path, peak_s)])


def swing_rad(path: Path, start_s: float, peak_s: float, end_s: float) -> float:
    """Of a cycle to both sides of its start pose: from its peak to what it reached furthest away,
    before or after, between its start and its end."""
    within = path.up[_at(path, start_s) : _at(path, end_s) + 1]
    nearest = float((within @ path.up[_at(path, peak_s)]).min())
    return math.acos(min(1.0, max(-1.0, nearest)))


def _at(path: Path, time_s: float) -> int:
    """The tick nearest to a time."""
    times = path.time_s
    after = min(int(np.searchsorted(times, time_s)), len(times) - 1)
    before = max(0, after - 1)
    return before if time_s - times[before] < times[after] - time_s else after
