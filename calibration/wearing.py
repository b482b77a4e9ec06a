"""Is the sensor worn as it was? A fresh alignment against the one that is on record."""

import enum
import math
from dataclasses import dataclass

import numpy as np

from calibration.alignment import Alignment
from calibration.vectors import angle_rad

TURNED_RAD = math.radians(30.0)
"""People put a strap on differently by 10 degrees (median) to 28 (95th percentile) every day."""

REVERSED_RAD = math.radians(135.0)


class Worn(enum.StrEnum):
    """How a sensor is worn, compared to before."""

    SAME = "same"
    TURNED = "turned"
    UPSIDE_DOWN = "upside_down"
    OTHER_WAY_ROUND = "other_way_round"  # on the other leg, or inside out on the same one


@dataclass(frozen=True, slots=True)
class Wearing:
    """The verdict.

    Attributes:
        worn: compared to before.
        tilt_rad: angle between the long axes now and then, in the sensor frame, 0 .. pi.
        turn_rad: turn round the long axis, -pi .. pi; 0 where either heading is unknown.
    """

    worn: Worn
    tilt_rad: float
    turn_rad: float


def compare(before: Alignment, now: Alignment) -> Wearing:
    """Compare two alignments of one sensor on what should be the same segment."""
    tilt_rad = angle_rad(before.long_axis, now.long_axis)
    turn_rad = 0.0
    if before.heading_known and now.heading_known and tilt_rad < math.pi / 2:
        change = np.array(now.rotation) @ np.array(before.rotation).T
        turn_rad = math.atan2(
            float(change[0, 2] - change[2, 0]), float(change[0, 0] + change[2, 2])
        )
    if tilt_rad > REVERSED_RAD:
        worn = Worn.UPSIDE_DOWN
    elif abs(turn_rad) > REVERSED_RAD:
        worn = Worn.OTHER_WAY_ROUND
    elif tilt_rad > TURNED_RAD or abs(turn_rad) > TURNED_RAD:
        worn = Worn.TURNED
    else:
        worn = Worn.SAME
    return Wearing(worn, tilt_rad, turn_rad)
