"""Does somebody carried by swinging legs rise twice a stride? Walkers do, once over each foot.

A leg that is lifted, or a body that is lowered, is accelerated once a repetition along with the
swing; the hip of somebody walking rises and falls with each step, and a swing has two. This is told
from the length of the measured acceleration alone: it depends neither on the mounting nor on a
gyroscope, and it holds for the slowest walkers, whose swings are as slow as repetitions.
"""

import math

import numpy as np

from sensorhub.exercises.trace.zigzag import TurningPoint
from sensorhub.model.events import FloatArray

LEAST_BOUNCE_MPS2 = 0.25
"""A hip that rises and falls by a centimetre a second; slow walkers' does by two."""

BOUNCE_SHARE = 0.5
"""Of what repeats with the stride at all, at least this part is at twice its rate. A stride may be
lame (one step harder than the other one), a repetition is not done twice."""


def rises_twice(acc_mps2: FloatArray, turns: list[TurningPoint]) -> bool:
    """Whether the acceleration changes with each half of the swings, rather than with each whole.

    Args:
        acc_mps2: specific force, shape (n, 3).
        turns: the turning points of the swings within those n ticks: each is half a stride.
    """
    index = [t.index for t in turns]
    first, last = index[0], index[-1]
    acc = acc_mps2[first:last]
    length = np.sqrt((acc * acc).sum(axis=1))
    # The phase, as strides are not of one length: half a turn from one turning point to the next.
    phase = np.interp(np.arange(first, last), index, math.pi * np.arange(len(index)))
    once, twice = (
        2.0 * abs(complex(np.mean((length - length.mean()) * np.exp(-1j * k * phase))))
        for k in (1, 2)
    )
    return twice >= LEAST_BOUNCE_MPS2 and twice >= BOUNCE_SHARE * (once + twice)
