"""Which way is up: does the sensor rise on the way out of an excursion, or sink?

Who lifts a leg raises the sensor on it; who bends, sits down or lowers himself carries it down. A
movement that rises is pushed upwards as it leaves and as it comes home, and let fall round its top,
so its vertical acceleration goes along with the second derivative of its angle; one that sinks has
the opposite sign. It needs neither a gyroscope nor a known mounting: both are seen along gravity.
"""

from collections.abc import Sequence

import numpy as np

from sensorhub.exercises.cycles import Cycle
from sensorhub.exercises.path import Path, smooth
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


def rise(path: Path, cycles: Sequence[Cycle]) -> float:
    """How clearly the sensor rises on the way out, from 1 (it does) to -1 (it sinks).

    The correlation between vertical acceleration and the angle's second derivative over several
    excursions, without the part that goes with the angle itself, as a sensor's bias does. 0 where
    nothing is known.
    """
    if path.vertical_mps2 is None:
        return 0.0
    together = pushes = turns = 0.0
    around = round(AROUND_S / path.tick_s)
    for cycle in cycles[:: -(-len(cycles) // LOOKED_AT) or 1]:
        piece = path.piece_of(cycle.peak)
        first = max(piece.start, cycle.start - around)
        stop = min(piece.stop, cycle.end + around + 1)
        if stop - first < 8:
            continue
        angle = smooth(_angle_rad(path, cycle, first, stop), SMOOTH_S / path.tick_s)
        pushed = smooth(path.vertical_mps2[first:stop], SMOOTH_S / path.tick_s)
        turned = np.gradient(np.gradient(angle)) / path.tick_s**2
        pushed, turned = _without(angle, pushed), _without(angle, turned)
        together += float(pushed @ turned)
        pushes += float(pushed @ pushed)
        turns += float(turned @ turned)
    return together / float(np.sqrt(max(1e-12, pushes * turns)))


def _angle_rad(path: Path, cycle: Cycle, first: int, stop: int) -> FloatArray:
    """The angle from the cycle's start toward its peak."""
    home, top = path.up[cycle.start], path.up[cycle.peak]
    toward = top - home * float(home @ top)
    toward /= max(1e-9, float(np.linalg.norm(toward)))
    up = path.up[first:stop]
    return np.asarray(np.unwrap(np.arctan2(up @ toward, up @ home)))


def _without(angle: FloatArray, values: FloatArray) -> FloatArray:
    """What is left of values when their mean, and what is proportional to the angle, is gone."""
    centred = angle - angle.mean()
    rest = values - values.mean()
    slope = float(rest @ centred) / max(1e-12, float(centred @ centred))
    return np.asarray(rest - slope * centred)
