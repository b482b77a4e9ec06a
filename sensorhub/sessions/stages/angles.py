"""The angles over time that ``analyze --angles`` writes: thigh elevation, and the hip where known.

With a recording of standing still the sensors are aligned by that. Without one, the thigh is
aligned by the exercise itself: the posture it starts in says how the thigh lies, and the movement
says which way is forwards, if the exercise keeps to the sagittal plane. Where neither is known the
column is absent.
"""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from calibration.alignment import Alignment, Method
from sensorhub.exercises.definition import Exercise, Plane, Posture
from sensorhub.model.errors import InputError
from sensorhub.model.events import FloatArray
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import SampleBlock
from sensorhub.model.units import DEG_PER_RAD
from sensorhub.motion.heading import main_lean
from sensorhub.motion.hip import ROW_S, HipAngles, HipTrack
from sensorhub.sessions.stages.analysis import WHOLE, Span, track, within

START_S = 0.5
LEAST_LEAN_RAD = math.radians(6.0)
SELF_ALIGNED_QUALITY = 0.3

# How far the thigh is flexed to gravity as the exercise begins, and whether it then flexes (1) or
# extends (-1). Postures that leave the thigh's angle open (lying on the side) are absent.
_START: Mapping[Posture, tuple[float, float]] = {
    Posture.STANDING: (0.0, 1.0),
    Posture.HALF_KNEELING: (0.0, -1.0),
    Posture.QUADRUPED: (0.0, -1.0),
    Posture.SUPINE: (math.pi / 2, 1.0),
    Posture.PRONE: (-math.pi / 2, -1.0),
}
_START_OF = {"sit_to_stand": (math.pi / 2, -1.0)}
"""Exercises that say more than their posture: other seated ones do not move in this plane."""

_OPEN_START = ("bridge", "modified_thomas_stretch", "lunge", "step_up")
"""Exercises that begin with the thigh anywhere: a bent knee, a foot in front or on a step."""

_HIPS_BENT = ("clam",)
"""Exercises done on the side with bent hips: by how much, neither gravity nor gyroscope tells."""


def thigh_of(placements: Sequence[Placement], side: Side) -> Placement | None:
    """The thigh whose angles are meant: of the side asked for, else the right one, if worn."""
    order = [Placement.THIGH_RIGHT, Placement.THIGH, Placement.THIGH_LEFT]
    if side is Side.LEFT:
        order.reverse()
    return next((thigh for thigh in order if thigh in placements), None)


def angle_track(
    exercise: Exercise,
    motion: Mapping[Placement, Sequence[MotionBlock]],
    *,
    side: Side,
    alignments: Mapping[Placement, Alignment],
    finer: Mapping[Placement, Sequence[MotionBlock]] | None = None,
) -> HipTrack | None:
    """Angles at the ticks of the thigh; None where no thigh is worn or nothing can be known.

    Args:
        finer: see :func:`finer_motion`; the angles are then at its ticks.
    """
    thigh = thigh_of(tuple(motion), side)
    if thigh is None:
        return None
    aligned = dict(alignments)
    if thigh not in aligned:
        own = _aligned_by_exercise(exercise, motion[thigh])
        if own is None:
            return None
        aligned = {thigh: own}  # a pelvis aligned otherwise would not share its neutral pose
    angles = HipAngles(
        side=thigh.side if thigh.side is not Side.NONE else side,
        thigh=thigh,
        alignments=aligned,
        posture=exercise.posture.value,
        sagittal=exercise.plane is Plane.SAGITTAL,
        underneath=exercise.underneath,
    )
    for blocks in motion.values():
        for block in blocks:
            angles.push(block)
    found = angles.track(finer)
    if not found.heading_told:
        # Learnt from the movement, it lets flexion in: a lunge straight ahead "adducts" by 8.
        found = replace(found, adduction_rad=None)
    if exercise.id in _HIPS_BENT:
        return replace(found, flexion_rad=None, rotation_rad=None)
    return found


def finer_motion(
    sensors: Mapping[Placement, Sequence[SampleBlock]],
    placements: Iterable[Placement],
    *,
    span: Span = WHOLE,
) -> dict[Placement, list[MotionBlock]]:
    """The motion again at 100 ticks a second or more, as far as the sensors are that fast.

    Detectors need 25. But a recording that begins or ends in the middle of a movement loses up to
    three samples before its first tick and after its last, and with them up to 8 degrees of range.
    """
    return {
        p: [within(b, span) for b in track(sensors[p], p, tick_rate_hz=1.0 / ROW_S)]
        for p in placements
    }


def write_angles(track: HipTrack | None, path: Path) -> None:
    """Write the CSV: degrees, one row a tick; unknown cells are empty, unknown columns absent.

    Raises:
        InputError: the file cannot be written.
    """
    columns: dict[str, FloatArray] = {}
    if track is not None:
        named = {
            "thigh_elevation_deg": track.elevation_rad,
            "hip_flexion_deg": track.flexion_rad,
            "hip_abduction_deg": None if track.adduction_rad is None else -track.adduction_rad,
            "hip_rotation_deg": track.rotation_rad,
        }
        columns = {
            name: values * DEG_PER_RAD
            for name, values in named.items()
            if values is not None and np.isfinite(values).any()
        }
    time_s = np.zeros(0) if track is None else track.time_s
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["time_s", *columns])
            for row in zip(time_s.tolist(), *(c.tolist() for c in columns.values()), strict=True):
                cells = (f"{value:.3f}" if math.isfinite(value) else "" for value in row[1:])
                writer.writerow([f"{row[0]:.4f}", *cells])
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error


def _aligned_by_exercise(exercise: Exercise, blocks: Sequence[MotionBlock]) -> Alignment | None:
    start = _START_OF.get(exercise.id, _START.get(exercise.posture))
    ticks = [block for block in blocks if len(block)]
    open_start = start is None or exercise.id in _OPEN_START
    if open_start or exercise.plane is not Plane.SAGITTAL or not ticks:
        return None
    assert start is not None
    time_s = np.concatenate([block.time_s for block in ticks])
    up = np.concatenate([block.up for block in ticks])
    first = up[time_s <= time_s[0] + START_S].mean(axis=0)
    first /= math.sqrt(float(first @ first))
    seen = main_lean(up, long_axis=first)
    if seen is None or seen.furthest_rad < LEAST_LEAN_RAD:
        return None
    # In the segment's frame up is (sin e, cos e, 0) at elevation e; moving it by de turns it
    # towards (cos e, -sin e, 0): two equations for the segment's X and Y in the sensor frame.
    elevation_rad, flexing = start
    sine, cosine = math.sin(elevation_rad), math.cos(elevation_rad)
    toward = flexing * seen.lean_axis
    forwards, along = sine * first + cosine * toward, cosine * first - sine * toward
    rows = np.stack([forwards, along, np.cross(forwards, along)])
    matrix = tuple(tuple(float(v) for v in row) for row in rows)
    return Alignment(matrix, SELF_ALIGNED_QUALITY, Method.STANDING_AND_MOVEMENT)  # type: ignore[arg-type]
