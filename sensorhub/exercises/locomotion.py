"""Strides: excursions that walking or running makes, however much they look like repetitions.

A thigh that walks swings to and fro without ever resting, quickly, not far, shaken by every
heel strike, and several times in a row. Exercises lack at least one of these: a repetition is
slower, or rests, or goes further, or lands softly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

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

NEAR_S = 2.0
"""Strides this close to each other are one walk: between them lies a turn or a door."""

STEP_SHARE = 1.3
"""First and last step are irregular, but not larger than this times the strides."""


@dataclass(frozen=True, slots=True)
class _Walk:
    start_s: float
    end_s: float
    stride_rad: float


def strides(path: Path, angle_rad: FloatArray, cycles: Sequence[Cycle]) -> list[bool]:
    """For each cycle (in order of time) whether the person walks or runs then.

    Right before, between and after strides (the first step, a turn, the last step) the person
    walks as well.
    """
    walks = _walks(path, [c for c in cycles if _is_stride(path, angle_rad, c)])
    return [any(_in_walk(path, c, walk) for walk in walks) for c in cycles]


def _walks(path: Path, single: Sequence[Cycle]) -> list[_Walk]:
    """Strides close together, somewhere among them several in a row."""
    groups: list[list[Cycle]] = [list(single[:1])]
    for before, after in pairwise(single):
        if _rest_s(path, before, after) < NEAR_S:
            groups[-1].append(after)
        else:
            groups.append([after])
    return [
        _Walk(
            float(path.time_s[group[0].start]),
            float(path.time_s[group[-1].end]),
            median(c.size_rad for c in group),
        )
        for group in groups
        if _longest_run(path, group) >= LEAST_STRIDES
    ]


def _longest_run(path: Path, group: Sequence[Cycle]) -> int:
    """How many of these follow each other without a rest at most."""
    longest = run = min(1, len(group))
    for before, after in pairwise(group):
        run = run + 1 if _rest_s(path, before, after) < NO_REST_S else 1
        longest = max(longest, run)
    return longest


def _rest_s(path: Path, before: Cycle, after: Cycle) -> float:
    return float(path.time_s[after.start] - path.time_s[before.end])


def _in_walk(path: Path, cycle: Cycle, walk: _Walk) -> bool:
    peak_s = path.time_s[cycle.peak]
    if walk.start_s < peak_s < walk.end_s:
        return True
    near = walk.start_s - NEAR_S < peak_s < walk.end_s + NEAR_S
    size_rad = min(cycle.rise_rad, cycle.fall_rad or cycle.rise_rad)
    return near and size_rad <= STEP_SHARE * walk.stride_rad


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
