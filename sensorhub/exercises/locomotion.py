"""Strides: excursions that walking or running makes, however much they look like repetitions.

A thigh that walks swings to and fro without ever resting, quickly, not far, shaken by every
heel strike, and several times in a row. Exercises lack at least one of these: a repetition is
slower, or rests, or goes further, or lands softly.
"""

from collections.abc import Sequence

import numpy as np

from sensorhub.exercises.cycles import Cycle
from sensorhub.exercises.path import Path
from sensorhub.model.events import FloatArray

SLOWEST_STRIDE_S = 1.9
"""A stride of somebody who shuffles across the room."""

RUNNING_STRIDE_S = 0.9
"""Nobody repeats an exercise of the whole leg without a pause as quickly as a runner strides."""

LARGEST_STRIDE_RAD = 0.96
"""55 degrees: the thigh of somebody walking swings through 35 to 45."""

LEAST_SHAKE_MPS2 = 0.25
"""Median quick acceleration of a stride; careful steps on a soft floor included."""

REST_SHARE = 0.3
"""A stride spends at most this share of its time (nearly) at rest; a sine spends a tenth."""

NO_REST_S = 0.5
"""Strides follow each other within this time, between the feet of their excursions."""

LEAST_STRIDES = 3
"""So many in a row are walking; fewer may be hurried repetitions."""


def strides(path: Path, angle_rad: FloatArray, cycles: Sequence[Cycle]) -> list[bool]:
    """For each cycle (in order of time) whether it is one of a run of strides.

    A run takes in the quick cycles it touches: first and last steps and turns are irregular.
    """
    walks = [_is_stride(path, angle_rad, c) for c in cycles]
    quick = [_lasts_s(path, c) <= SLOWEST_STRIDE_S for c in cycles]
    found = [False] * len(cycles)
    first = 0
    for k in range(len(cycles)):
        last = k + 1 == len(cycles)
        if (
            quick[k]
            and not last
            and quick[k + 1]
            and _rest_s(path, cycles[k], cycles[k + 1]) < NO_REST_S
        ):
            continue
        bout = range(first, k + 1)
        if sum(walks[j] for j in bout) >= LEAST_STRIDES and quick[k]:
            for j in bout:
                found[j] = True
        first = k + 1
    return found


def _rest_s(path: Path, before: Cycle, after: Cycle) -> float:
    return float(path.time_s[after.start] - path.time_s[before.end])


def _lasts_s(path: Path, cycle: Cycle) -> float:
    return float(path.time_s[cycle.end] - path.time_s[cycle.start])


def _is_stride(path: Path, angle_rad: FloatArray, cycle: Cycle) -> bool:
    lasts_s = _lasts_s(path, cycle)
    if not 0.0 < lasts_s <= SLOWEST_STRIDE_S:
        return False
    if cycle.size_rad > LARGEST_STRIDE_RAD and lasts_s > RUNNING_STRIDE_S:
        return False
    if float(np.median(path.shake_mps2[cycle.start : cycle.end + 1])) < LEAST_SHAKE_MPS2:
        return False
    rate = np.abs(np.diff(angle_rad[cycle.start : cycle.end + 1]))
    return float(np.mean(rate < 0.15 * rate.max())) <= REST_SHARE
