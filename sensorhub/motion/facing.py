"""Which side of a segment is its front, when only its long axis was measured.

Told by the posture where that says it (lying, a level thigh in sitting), else by a movement that is
known to be sagittal; where both ways are possible, by what physics adds: joined segments share
their acceleration, and a pelvis on a bending leg goes down.
"""

import math

import numpy as np

from calibration.alignment import Alignment, Method, with_forwards
from sensorhub.model.events import FloatArray
from sensorhub.motion.heading import forwards_agreement, main_lean
from sensorhub.motion.segment import SegmentMotion, runs, to_earth

LYING_FORWARDS = {"supine": 1.0, "prone": -1.0}
"""Postures in which a segment's front faces up (or down) tell the heading by themselves."""

EXTENDING = ("quadruped", "half_kneeling")
"""Postures that hold the thigh upright, and from which it goes backwards."""

TOLD_BY_POSTURE = (*LYING_FORWARDS, "side_lying")
"""Postures that tell the heading of thigh and pelvis."""

LEVEL_RAD = math.radians(30.0)
"""Whoever sits has thighs nearer to level than to upright; less is a person who stands."""

LEAST_LEAN_RAD = {"thigh": math.radians(6.0), "pelvis": math.radians(10.0)}
"""A segment that leaned less than this all the time did not show its sagittal plane: side to side
the pelvis lists by 5 degrees in walking."""

LEAST_LEAN_WITH_FLEXION_RAD = math.radians(5.0)
"""A hip that flexes further than any stride takes the pelvis with it in the sagittal plane."""

CLEAR_AGREEMENT = 0.3
"""Correlation of thigh and pelvis accelerations in lunges: 0.4 for the front leg, -0.6 for a rear
leg that was taken back to front; squats show none (0.0 to -0.3)."""

LEAST_DROP_M = 0.1
"""How far the pelvis goes down for a thigh that goes to horizontal: squats, lunges and steps 0.2 to
0.5, a leg lifted in the air less than 0.01, walking 0.05."""

_SMOOTH_S = 0.08


def with_heading(
    alignment: Alignment,
    up: FloatArray,
    *,
    segment: str,
    posture: str,
    outer_up_sign: float | None,
    sagittal: bool,
    flexing: bool = False,
) -> Alignment | None:
    """The alignment with a heading, its own or one learnt; None where neither is to be had.

    Args:
        up: shape (n, 3), direction of gravity over the movement, sensor frame.
        segment: ``thigh`` or ``pelvis``.
        posture: in which the exercise starts.
        flexing: the thigh is known to flex further than in any stride.
        outer_up_sign: 1 where lying on the side has the right side of the body up, -1 for the left,
            None where nobody knows.
        sagittal: the exercise moves the thigh in its sagittal plane, so the main lean is that.
    """
    if alignment.heading_known:
        return alignment
    quality, lying = 0.5, LYING_FORWARDS.get(posture)
    if lying is not None:
        forwards = lying * up.mean(axis=0)
    elif posture == "side_lying":
        if outer_up_sign is None:
            return None
        forwards = np.cross(alignment.long_axis, outer_up_sign * up.mean(axis=0))
    elif posture == "sitting" and not sagittal:
        # The front of a level thigh faces up. A pelvis that leans may lean either way.
        mean = up.mean(axis=0)
        if segment != "thigh" or float(mean @ alignment.long_axis) > math.cos(LEVEL_RAD):
            return None
        forwards = mean
    elif not sagittal:
        return None
    else:
        seen = main_lean(up, long_axis=alignment.long_axis)
        least_rad = LEAST_LEAN_WITH_FLEXION_RAD if flexing else LEAST_LEAN_RAD[segment]
        if seen is None or seen.furthest_rad < least_rad:
            return None
        # Up moves to the front of a flexing thigh, to the back of a pelvis bending forwards.
        flexes = segment == "thigh" and posture not in EXTENDING
        forwards, quality = (1.0 if flexes else -1.0) * seen.lean_axis, seen.share
    return with_forwards(alignment, forwards, quality=quality, method=Method.STANDING_AND_MOVEMENT)


def back_to_front(
    thigh: SegmentMotion,
    thigh_matrix: FloatArray,
    pelvis: SegmentMotion,
    pelvis_matrix: FloatArray,
) -> bool:
    """Was a thigh's lean backwards taken for flexion? What it shares with the pelvis tells.

    Args:
        thigh_matrix: sensor to segment, shape (3, 3).
        pelvis: at the thigh's ticks; unknown ones NaN.
        pelvis_matrix: as for the thigh.
    """
    if thigh.orientation is None or pelvis.orientation is None:
        return False
    agreed, weight = 0.0, 0
    for run in runs(thigh.time_s, np.isfinite(pelvis.up[:, 0])):
        agreement = forwards_agreement(
            to_earth(thigh.orientation[run], thigh_matrix),
            thigh.acc_mps2[run] @ thigh_matrix.T,
            to_earth(pelvis.orientation[run], pelvis_matrix),
            pelvis.acc_mps2[run] @ pelvis_matrix.T,
        )
        agreed += agreement * (run.stop - run.start)
        weight += run.stop - run.start
    return weight > 0 and agreed / weight < -CLEAR_AGREEMENT


def bears_weight(elevation_rad: FloatArray, pelvis: SegmentMotion) -> bool:
    """Does the pelvis go down as the thigh goes up? Then the foot is on the ground.

    People bend forwards with a leg that carries them, and tilt the pelvis backwards with a leg that
    they lift. The pelvis's vertical acceleration is fitted to that of a thigh's length of leg.

    Args:
        elevation_rad: of the thigh, shape (n,).
        pelvis: at the same ticks; unknown ones NaN.
    """
    together, alone = 0.0, 0.0
    known = np.isfinite(pelvis.up[:, 0]) & np.isfinite(elevation_rad)
    for run in runs(pelvis.time_s, known):
        if run.stop - run.start < 8:
            continue
        step_s = float(np.median(np.diff(pelvis.time_s[run])))
        acc = pelvis.acc_mps2[run]
        vertical = _smooth(np.sqrt((acc * acc).sum(axis=1)), step_s)
        height = _smooth(np.cos(elevation_rad[run]), step_s)
        leg = np.gradient(np.gradient(height, step_s), step_s)
        leg, vertical = leg - leg.mean(), vertical - vertical.mean()
        together += float(leg @ vertical)
        alone += float(leg @ leg)
    return alone > 0.0 and together / alone > LEAST_DROP_M


def _smooth(values: FloatArray, step_s: float) -> FloatArray:
    half = max(1, round(3.0 * _SMOOTH_S / step_s))
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) * step_s / _SMOOTH_S) ** 2)
    return np.convolve(np.pad(values, half, mode="edge"), kernel / kernel.sum(), mode="valid")
