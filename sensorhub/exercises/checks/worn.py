"""Worn as it was aligned, and on the leg that moves?"""

import math

import numpy as np

from calibration.alignment import Alignment
from sensorhub.exercises.trace.movement import Movement
from sensorhub.exercises.trace.track import Track

UPSIDE_DOWN_RAD = math.radians(120.0)
"""Standing, a thigh leans by less than 60 degrees from where it was when it was aligned."""

OTHER_LEG = 4.0
"""The other leg turned this many times as far in all: it is the one that exercised."""
LEAST_TURNED_RAD = math.radians(120.0)


def is_upside_down(home: Movement, alignment: Alignment) -> bool:
    """Whether the long axis points down in a standing start pose."""
    return float(home.home @ alignment.long_axis) < math.cos(UPSIDE_DOWN_RAD)


def is_back_to_front(flexing: Movement, alignment: Alignment) -> bool:
    """Whether a thigh that flexes goes backwards, by its alignment: on the other leg, or turned.

    Says nothing where the alignment does not know what is forwards.
    """
    if not alignment.heading_known:
        return False
    forwards = np.array(alignment.rotation[0])
    # Up moves to the front of a thigh that flexes.
    return float(flexing.toward @ forwards) < -math.sqrt(0.5)


def turned_rad(track: Track) -> float:
    """How far "up" wandered in the sensor over a set, all in all."""
    if len(track) < 2:
        return 0.0
    along = (track.up[1:] * track.up[:-1]).sum(axis=1)
    slow = np.diff(track.time_s) < 0.5
    return float(np.arccos(np.clip(along[slow], -1.0, 1.0)).sum())


def other_leg_moved(asked: Track, other: Track) -> bool:
    """Whether the leg that was not asked for did the moving."""
    return turned_rad(other) > max(LEAST_TURNED_RAD, OTHER_LEG * turned_rad(asked))
