"""Which way is up: does the sensor rise on the way out of an excursion, or sink?

Who lifts a leg raises the sensor on it; who bends, sits down or lowers himself carries it down. A
movement that rises is pushed upwards as it leaves and as it comes home, and let fall round its top,
so its vertical acceleration goes along with the second derivative of its angle; one that sinks has
the opposite sign. It needs neither a gyroscope nor a known mounting: both are seen along gravity.
"""

import math
from collections.abc import Sequence

import numpy as np

from sensorhub.exercises.trace.cycles import Cycle
from sensorhub.exercises.trace.path import Path, smooth
from sensorhub.model.events import FloatArray

CLEAR = 0.5
"""A correlation as large as this is no chance: over real leg lifts, bridges and sets on hands and
knees it is -0.2 to 0.97, over bends and over lifts that are counted the wrong way round -0.95 to
-0.7."""

AROUND_S = 0.3
"""The pushes lie at the feet of an excursion: so much on either side of it is looked at."""

SMOOTH_S = 0.12
"""Standard deviation of the average that tremor and heel strikes do not survive."""

LOOKED_AT = 6
"""Repetitions of one set are alike: so many of them tell."""


def rise(path: Path, angle_rad: FloatArray, cycles: Sequence[Cycle]) -> float:
    """How clearly the sensor rises on the way out, from 1 (it does) to -1 (it sinks).

    The correlation between vertical acceleration and the angle's second derivative over several
    excursions, without the part that goes with the angle itself, as a sensor's bias does. 0 where
    nothing is known.

    Args:
        angle_rad: the movement's angle at every tick.
    """
    if path.vertical_mps2 is None:
        return 0.0
    width, around = SMOOTH_S / path.tick_s, round(AROUND_S / path.tick_s)
    angle = smooth(angle_rad, width)
    columns = np.stack([angle, smooth(path.vertical_mps2, width), _second_differences(angle)])
    together = pushes = turns = 0.0
    for cycle in cycles[:: -(-len(cycles) // LOOKED_AT) or 1]:
        piece = path.piece_of(cycle.peak)
        first = max(piece.start, cycle.start - around)
        part = columns[:, first : min(piece.stop, cycle.end + around + 1)]
        part = part - part.mean(axis=1)[:, None]
        (aa, ap, at), (_, pp, pt), (_, _, tt) = (part @ part.T).tolist()
        # What is proportional to the angle is taken out of both.
        aa = max(1e-12, aa)
        together += pt - ap * at / aa
        pushes += pp - ap * ap / aa
        turns += tt - at * at / aa
    return together / math.sqrt(max(1e-12, pushes * turns))


def _second_differences(values: FloatArray) -> FloatArray:
    """Proportional to the second derivative; zero at both ends."""
    found = np.zeros_like(values)
    found[1:-1] = values[2:] - 2.0 * values[1:-1] + values[:-2]
    return found
