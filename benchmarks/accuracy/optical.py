"""Hip flexion and the pelvis's lean against cameras, for recordings that come with both."""

import csv
import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

from sensorhub.exercises.definition import Exercise
from sensorhub.model.events import FloatArray
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement
from sensorhub.model.units import DEG_PER_RAD
from sensorhub.sessions.recordings.recording import Recording
from sensorhub.sessions.stages.analysis import Analysis
from sensorhub.sessions.stages.angles import angle_track, finer_motion

_HIP = "RightHipAngle_ML_X"
_PELVIS = tuple(f"PelvisAngle_ML_{axis}" for axis in "XYZ")

Rows = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class OpticalScore:
    """One recording against the cameras; angles in degrees, relative to quiet standing.

    Attributes:
        rmse_deg: root mean square error of hip flexion.
        range_error_deg: how much too large its range over the movement is.
        lean_deg: range of the pelvis's lean out of its standing pose, whatever the direction, as
            the cameras saw it and as the pelvis sensor did. No heading, filter of joints or choice
            of axes has a part in it. None without a pelvis sensor.
    """

    rmse_deg: float
    range_error_deg: float
    lean_deg: tuple[float, float] | None


def optical_score(
    path: Path, neutral: Path, exercise: Exercise, recording: Recording, analysis: Analysis
) -> OpticalScore | None:
    """The right hip's score; None without cameras or without hip angles."""
    if not all((folder / "truth_angles.csv").is_file() for folder in (path, neutral)):
        return None
    finer = finer_motion(recording.sensors, analysis.motion)
    track = angle_track(
        exercise,
        analysis.motion,
        side=analysis.outcome.side,
        alignments=analysis.alignments,
        finer=finer,
    )
    if track is None or track.flexion_rad is None:
        return None
    rows, still = _rows(path), _rows(neutral)
    zero_deg = fmean(float(row[_HIP]) for row in still)
    times, flexion_deg = track.time_s.tolist(), np.asarray(track.flexion_rad) * DEG_PER_RAD
    found, wanted = [], []
    for row in rows:
        k = min(bisect_left(times, float(row["time_s"])), len(times) - 1)
        if math.isfinite(flexion_deg[k]):
            found.append(float(flexion_deg[k]))
            wanted.append(float(row[_HIP]) - zero_deg)
    if not found:
        return None
    rmse_deg = math.sqrt(fmean((f - w) ** 2 for f, w in zip(found, wanted, strict=True)))
    range_error_deg = (max(found) - min(found)) - (max(wanted) - min(wanted))
    return OpticalScore(rmse_deg, range_error_deg, _leans_deg(rows, still, analysis, finer))


def _leans_deg(
    rows: Rows,
    still: Rows,
    analysis: Analysis,
    finer: Mapping[Placement, Sequence[MotionBlock]],
) -> tuple[float, float] | None:
    if Placement.PELVIS not in analysis.alignments or Placement.PELVIS not in finer:
        return None
    standing = upright(still).mean(axis=0)
    up = np.concatenate([block.up for block in finer[Placement.PELVIS]])
    sensor = up @ analysis.alignments[Placement.PELVIS].long_axis
    cameras = upright(rows) @ (standing / np.linalg.norm(standing))
    seen, felt = (np.arccos(np.clip(c, -1.0, 1.0)) * DEG_PER_RAD for c in (cameras, sensor))
    return float(np.ptp(seen)), float(np.ptp(felt))


def upright(rows: Rows) -> FloatArray:
    """The laboratory's vertical in the pelvis's frame, shape (n, 3).

    The file's Cardan angles turn about X, Y and Z of the pelvis in this order; Y is upright.
    """
    x, y, z = (np.radians([float(row[name]) for row in rows]) for name in _PELVIS)
    one, two, three = np.sin(x) * np.sin(y), np.cos(x), -np.sin(x) * np.cos(y)
    turned = one * np.cos(z) + two * np.sin(z), two * np.cos(z) - one * np.sin(z), three
    return np.stack(turned, axis=1)


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "truth_angles.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
