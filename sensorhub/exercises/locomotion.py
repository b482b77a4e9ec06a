"""Strides: excursions that walking or running makes, however much they look like repetitions.

A thigh that walks swings to and fro without ever resting, quickly, not far, shaken by every
heel strike, and several times in a row. Exercises lack at least one of these: a repetition is
slower, or rests, or goes further, or lands softly.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from sensorhub.exercises.cycles import Cycle
from sensorhub.exercises.path import Path
from sensorhub.model.events import FloatArray

SLOWEST_STRIDE_S = 1.9
"""A stride of somebody who shuffles across the room."""

RUNNING_STRIDE_S = 0.75
"""Nobody repeats an exercise of the whole leg without a pause as quickly as a runner strides (or
as a strap is shaken into place), foot to foot of the excursion."""

LARGEST_STRIDE_RAD = 0.96
"""55 degrees: the thigh of somebody walking swings through 35 to 45."""

LEAST_SHAKE_MPS2 = 0.15
"""Median quick acceleration of a stride; careful steps on a soft floor included."""

REST_SHARE = 0.3
"""A stride spends at most this share of its time (nearly) at rest; a sine spends a tenth."""

NO_REST_S = 0.5
"""Strides follow each other within this time, between the feet of their excursions."""

LEAST_STRIDES = 3
"""So many in a row are walking; fewer may be hurried repetitions."""

TURN_S = 4.0
"""Runs of strides closer together than this are one walk."""

STEP_S = 2.0
"""First and last step, which are no whole strides, lie within this time of the run."""


def strides(path: Path, angle_rad: FloatArray, cycles: Sequence[Cycle]) -> list[bool]:
    """For each cycle (in order of time) whether the person walks or runs then.

    Between two runs of strides close together (a turn, a door), and right before and after one
    (the first and the last step), the person walks as well.
    """
    single = [c for c in cycles if _is_stride(path, angle_rad, c)]
    bouts: list[tuple[float, float]] = []
    for run in _runs(path, single):
        start_s, end_s = float(path.time_s[run[0].start]), float(path.time_s[run[-1].end])
        if bouts and start_s - bouts[-1][1] < TURN_S:
            start_s = bouts.pop()[0]
        bouts.append((start_s, end_s))
    return [
        any(
            path.time_s[c.start] > start_s - STEP_S and path.time_s[c.end] < end_s + STEP_S
            for start_s, end_s in bouts
        )
        for c in cycles
    ]


def _runs(path: Path, single: Sequence[Cycle]) -> list[list[Cycle]]:
    """Strides that follow each other without a rest, where there are enough of them."""
    runs: list[list[Cycle]] = [list(single[:1])]
    for before, after in pairwise(single):
        if path.time_s[after.start] - path.time_s[before.end] < NO_REST_S:
            runs[-1].append(after)
        else:
            runs.append([after])
    return [run for run in runs if len(run) >= LEAST_STRIDES]


def _is_stride(path: Path, angle_rad: FloatArray, cycle: Cycle) -> bool:
    lasts_s = float(path.time_s[cycle.end] - path.time_s[cycle.start])
    if not 0.0 < lasts_s <= SLOWEST_STRIDE_S:
        return False
    rate = np.abs(np.diff(angle_rad[cycle.start : cycle.end + 1]))
    if float(np.mean(rate < 0.15 * rate.max())) > REST_SHARE:
        return False
    if lasts_s < RUNNING_STRIDE_S:
        return True
    shake = float(np.median(path.shake_mps2[cycle.start : cycle.end + 1]))
    return cycle.size_rad <= LARGEST_STRIDE_RAD and shake >= LEAST_SHAKE_MPS2
