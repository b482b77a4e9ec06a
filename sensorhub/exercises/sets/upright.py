"""What a walk tells of the posture: who walks is upright, so the sensor shows where upright is.

However it is worn, the thigh of somebody who lies or sits is about level, and nothing that is
exercised there begins or ends upright; who bends to the floor between two walks begins upright. A
strap that slips turns about the thigh, and leaves that angle as it was.
"""

import math
from collections.abc import Sequence

import numpy as np

from sensorhub.exercises.definition import Posture
from sensorhub.exercises.trace.cycles import Cycle
from sensorhub.exercises.trace.path import Path
from sensorhub.model.events import FloatArray
from sensorhub.motion.orientation import unit

LONG_S = 8.0
"""All walks together; less may be a few repetitions that were taken for one."""

ONE_WAY = math.cos(math.radians(30.0))
"""The middles of two walks lie within this, or the sensor was taken off between them."""

LEVEL_RAD = math.radians(30.0)
"""Nearer to upright than this is nobody's thigh who lies on the floor; a bridge has 90 degrees."""

UPRIGHT_RAD = math.radians(60.0)
"""Further from upright than this is no thigh that stands or kneels: half a squat."""

LYING = (Posture.SUPINE, Posture.PRONE, Posture.SIDE_LYING)
ON_FEET_OR_KNEES = (Posture.STANDING, Posture.QUADRUPED, Posture.HALF_KNEELING)


def fits_posture(path: Path, cycles: Sequence[Cycle], posture: Posture, most_rad: float) -> bool:
    """Whether somebody in that posture can have moved so; True where no walk shows upright.

    Args:
        most_rad: how far the thigh turns in the exercise at most. Who may turn it by a right angle
            out of a seat stands up.
    """
    upright = upright_of(path)
    level = posture in LYING or (posture is Posture.SITTING and most_rad < math.pi / 2.0)
    if upright is None or not (level or posture in ON_FEET_OR_KNEES):
        return True
    nearest_rad = min(
        float(np.arccos(np.clip(float(np.median(path.up[ticks] @ upright)), -1.0, 1.0)))
        for ticks in ([c.start for c in cycles], [c.peak for c in cycles])
    )
    return nearest_rad > LEVEL_RAD if level else nearest_rad < UPRIGHT_RAD


def upright_of(path: Path) -> FloatArray | None:
    """Where "up" is, in the sensor's frame, as the person stands; None where no walks agree."""
    if sum(end_s - start_s for start_s, end_s in path.walks) < LONG_S:
        return None
    middles = []
    for start_s, end_s in path.walks:
        first, last = np.searchsorted(path.time_s, (start_s, end_s))
        if last > first:
            middles.append(path.up[first:last].sum(axis=0))
    if not middles:
        return None
    upright = unit(np.sum(middles, axis=0)[None, :])[0]
    alike = unit(np.array(middles)) @ upright
    return upright if float(alike.min()) > ONE_WAY else None
