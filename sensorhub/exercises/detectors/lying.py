"""The part of a recording spent in one posture: a pelvis that rocks does so where it lies.

Lying down and getting up turn a pelvis by 90 degrees, its exercises by 15: in a short set what
leads to it and away from it would be all that a judge sees.
"""

import math

import numpy as np

from sensorhub.exercises.trace.path import Path, smooth
from sensorhub.exercises.trace.stretches import stretches_of
from sensorhub.motion.orientation import unit

SLOW_S = 1.5
"""Standard deviation of the average that a posture is judged by."""

POSTURE_RAD = math.radians(25.0)


def in_usual_posture(path: Path) -> Path | None:
    """The ticks in the posture that most of the time besides walking was spent in, as one path.

    Its pieces are the stretches in it. None where the posture never changed.
    """
    slow = np.empty_like(path.up)
    still = np.ones(len(path), bool)
    for piece in path.pieces:
        slow[piece] = unit(smooth(path.up[piece], SLOW_S / path.tick_s))
    for start_s, end_s in path.walks:
        still &= (path.time_s < start_s) | (path.time_s > end_s)
    if not still.any():
        return None
    # Every second is a candidate; the one with most of the others near it is usual.
    every = slow[still][:: max(1, round(1.0 / path.tick_s))]
    near = every @ every.T > math.cos(POSTURE_RAD)
    usual = unit(every[near[int(np.argmax(near.sum(axis=1)))]].mean(axis=0)[None, :])[0]
    inside = (slow @ usual > math.cos(POSTURE_RAD)) & still
    if inside.all():
        return None
    pieces, at = [], 0
    for first, stop in stretches_of(inside):
        pieces.append(slice(at, at + stop - first))
        at += stop - first
    return Path(
        path.time_s[inside],
        path.up[inside],
        path.speed_radps[inside],
        path.shake_mps2[inside],
        path.tick_s,
        tuple(pieces),
        path.walks,
    )
