"""How the sensors of a session sit, learnt from its own sets where no alignment is stored.

A set that begins standing still shows every sensor's long axis; the heading round it comes from the
movement. It holds for the sets after it too, lying and sitting ones, until another shows it anew.
Nothing of it is stored: the raw log says the same again whenever the session is scored again.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from calibration.alignment import LEAST_STILL_S, Alignment, align_standing
from calibration.errors import CalibrationError
from calibration.wearing import Worn, compare
from sensorhub.exercises.definition import Exercise, Posture
from sensorhub.model.events import FloatArray
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement

FIRST_S = 0.4
MOVED_RAD = float(np.radians(6.0))
"""Further from where it was in the first moment, and the set has begun to move."""

_OPEN_START = ("lunge", "step_up")
"""Standing, but with a foot in front or on a step."""

_SEGMENTS = ("thigh", "pelvis")


class Wearing:
    """The alignments in force, set by set, in order of time.

    Args:
        stored: what was aligned beforehand; it stays in force.
    """

    def __init__(self, stored: Mapping[Placement, Alignment]) -> None:
        self._stored = dict(stored)
        self._learnt: dict[Placement, Alignment] = {}

    def of_set(
        self, exercise: Exercise, motion: Mapping[Placement, Sequence[MotionBlock]]
    ) -> dict[Placement, Alignment]:
        """How the sensors sit in a set. Call it once a set, with all its ticks, in order.

        A sensor that stands on its head, compared to before, keeps the alignment from before: the
        set then says so.
        """
        for placement, found in standing_start(exercise, motion).items():
            before = self._learnt.get(placement)
            if before is None or compare(before, found).worn is not Worn.UPSIDE_DOWN:
                self._learnt[placement] = found
        return {**self._learnt, **self._stored}


def standing_start(
    exercise: Exercise, motion: Mapping[Placement, Sequence[MotionBlock]]
) -> dict[Placement, Alignment]:
    """Alignments from the still stand that a set begins with; empty where it does not.

    Of all sensors in the same moments, or of none: their neutral pose is one.
    """
    if exercise.posture is not Posture.STANDING or exercise.id in _OPEN_START:
        return {}
    columns = {
        placement: _columns(blocks)
        for placement, blocks in motion.items()
        if placement.segment in _SEGMENTS and any(len(block) for block in blocks)
    }
    if not columns:
        return {}
    begin_s = max(time_s[0] for time_s, _, _ in columns.values())
    end_s = min(_moves_at_s(time_s, up, begin_s) for time_s, up, _ in columns.values())
    if end_s - begin_s < LEAST_STILL_S:
        return {}
    found = {}
    for placement, (time_s, _, acc) in columns.items():
        inside = (time_s >= begin_s) & (time_s < end_s)
        period_s = float(np.median(np.diff(time_s)))
        try:
            found[placement] = align_standing(acc[inside], None, period_s=period_s)
        except CalibrationError:
            return {}
    return found


def _columns(blocks: Sequence[MotionBlock]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Times, up and specific force."""
    filled = [block for block in blocks if len(block)]
    return (
        np.concatenate([block.time_s for block in filled]),
        np.concatenate([block.up for block in filled]),
        np.concatenate([block.acc_mps2 for block in filled]),
    )


def _moves_at_s(time_s: FloatArray, up: FloatArray, begin_s: float) -> float:
    """When the first pose is left, or the motion is interrupted; the last tick if never."""
    seen = time_s >= begin_s
    time_s, up = time_s[seen], up[seen]
    first = up[time_s <= begin_s + FIRST_S].mean(axis=0)
    left = up @ first < np.cos(MOVED_RAD) * np.sqrt(first @ first)
    left[1:] |= np.diff(time_s) > FIRST_S
    return float(time_s[np.argmax(left)] if left.any() else time_s[-1])
