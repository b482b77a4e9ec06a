"""Is that a thigh? A body that goes down tells by how far it sinks for how far it turns.

A thigh that turns about knee and hip carries its middle down by at most a fifth of a metre for a
radian. A pelvis or a trunk goes down as far as the whole body does and turns by a third of that,
so it sinks by 0.6 metres a radian and more; and in sitting down and standing up it leans twice,
ending each time at another height than it began.
"""

import math
from collections.abc import Sequence
from itertools import islice
from statistics import median

import numpy as np

from sensorhub.exercises.measures.motion import SegmentMotion
from sensorhub.exercises.trace.track import Track
from sensorhub.model.outcomes import Repetition

EXERCISES = ("squat", "squat_supported", "sit_to_stand")
"""Movements that lower the whole body with both feet where they are."""

MOST_M_PER_RAD = 0.45
MOST_RISE_M = 0.2
LEAST_REPETITIONS = 3
MOST_REPETITIONS = 12
"""A dozen are evidence enough."""

LONGEST_S = 6.0
"""Slower movements cannot be told from an accelerometer's error."""


def sinks_like_a_trunk(
    track: Track, motion: SegmentMotion, repetitions: Sequence[Repetition]
) -> bool:
    """Whether the segment goes up and down further than a thigh that turns so far can."""
    every = (_heights_m(track, motion, one) for one in repetitions)
    found = list(islice((heights for heights in every if heights is not None), MOST_REPETITIONS))
    if len(found) < LEAST_REPETITIONS:
        return False
    sunk = median(range_m / turned_rad for range_m, _, turned_rad in found)
    ended = median(abs(net_m) for _, net_m, _ in found)
    return sunk > MOST_M_PER_RAD or ended > MOST_RISE_M


def _heights_m(
    track: Track, motion: SegmentMotion, one: Repetition
) -> tuple[float, float, float] | None:
    """How far it went up and down, where it ended against the start, and how far it turned."""
    part = motion.part(one.start_s, one.end_s)
    lasts_s = one.end_s - one.start_s
    if part.stop - part.start < 8 or not motion.is_whole(part) or lasts_s > LONGEST_S:
        return None
    if one.rom_rad < math.radians(5.0):
        return None
    vertical = np.einsum("ij,ij->i", track.acc_mps2[part], track.up[part])
    # It is (nearly) at rest at both ends: what is left of the speed there is the sensor's error.
    along = np.arange(len(vertical)) / (len(vertical) - 1)
    speed = (vertical - vertical.mean()).cumsum() * motion.tick_s
    speed -= speed[0] + (speed[-1] - speed[0]) * along
    height = speed.cumsum() * motion.tick_s
    risen_m = float(height[-1] - height[0])
    level = (height - risen_m * along).tolist()
    return max(level) - min(level), risen_m, one.rom_rad
