"""The recordings of real people, where they are present: counted in process, against their truth.

They are other people's data and not part of this repository; ``$SENSORHUB_RECORDINGS`` says where
they are (else ``../shared/recordings`` beside the repository).
"""

import csv
import json
import math
import os
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from sensorhub.exercises.definition import Exercise, find_exercise
from sensorhub.model.placement import Side
from sensorhub.model.units import DEG_PER_RAD
from sensorhub.sessions.analysis import WHOLE, Analysis, Span, analyze_blocks
from sensorhub.sessions.angles import angle_track, finer_motion
from sensorhub.sessions.recording import Recording, read_recording

NEGATIVE: Mapping[str, str] = {
    "standing_still": "squat",
    "walking": "squat",
    "running": "squat",
    "transitions": "straight_leg_raise",
}
"""What a recording that is no exercise is analysed as: nothing may be counted."""

NEUTRAL = "cmu_Pose_01"
"""Quiet standing of the person of the ``cmu_`` recordings: hip angles are relative to it."""

_HIP = "RightHipAngle_ML_X"


@dataclass(frozen=True, slots=True)
class RealScore:
    """One set of a real recording.

    Attributes:
        sure: whoever counted was sure.
        edges_s: errors of starts and ends of labelled repetitions; empty without labels.
        hip_rmse_deg: hip flexion against the optical angle, None without one.
        hip_range_deg: error of its range over the movement.
    """

    name: str
    family: str
    exercise: str
    wanted: int
    got: int
    sure: bool
    edges_s: tuple[float, ...] = ()
    hip_rmse_deg: float | None = None
    hip_range_deg: float | None = None


def find_recordings(root: Path) -> Path | None:
    """Where the real recordings are, None if they are not."""
    given = os.environ.get("SENSORHUB_RECORDINGS")
    folder = Path(given) if given else root.parent / "shared" / "recordings"
    return folder if folder.is_dir() else None


def score_recordings(folder: Path) -> list[RealScore]:
    """Every set of every recording, in order of name."""
    found = []
    for path in sorted(folder.iterdir()):
        if (path / "truth.json").is_file():
            truth = json.loads((path / "truth.json").read_text(encoding="utf-8"))
            if truth["exercise"] not in ("mixed", "squat_hold"):
                found += _score(path, truth)
    return found


def _score(path: Path, truth: Mapping[str, Any]) -> list[RealScore]:
    exercise = find_exercise(NEGATIVE.get(truth["exercise"], truth["exercise"]))
    side = Side(truth["side"]) if truth["side"] in ("left", "right") else None
    neutral = path.parent / NEUTRAL
    family = path.name.split("_")[0]
    aligned = family == "cmu" and neutral.is_dir() and neutral != path
    standing = read_recording([neutral]) if aligned else None
    recording = read_recording([path])
    found = []
    for number, part in enumerate(truth.get("sets") or [truth], start=1):
        span = Span(part["start_s"], part["end_s"]) if truth.get("sets") else WHOLE
        analysis = _analysis(recording, exercise, side, span, standing)
        hip = _hip_errors_deg(path, neutral, exercise, recording, analysis) if aligned else None
        labels = truth.get("rep_times_s") or []
        labels = labels if isinstance(labels, list) else []
        found.append(
            RealScore(
                name=f"{path.name}, set {number}" if truth.get("sets") else path.name,
                family=family,
                exercise=truth["exercise"],
                wanted=part["reps"],
                got=len(analysis.outcome.breaths or analysis.outcome.repetitions),
                sure="ambiguous" not in truth.get("confidence", ""),
                edges_s=_edges_s(
                    [t for t in labels if span.start_s <= t[0] <= span.end_s], analysis
                ),
                hip_rmse_deg=None if hip is None else hip[0],
                hip_range_deg=None if hip is None else hip[1],
            )
        )
    return found


def _analysis(
    recording: Recording,
    exercise: Exercise,
    side: Side | None,
    span: Span,
    standing: Recording | None,
) -> Analysis:
    return analyze_blocks(
        recording.sensors,
        exercise,
        side=side,
        span=span,
        standing=None if standing is None else standing.sensors,
    )


def _edges_s(labels: Sequence[Sequence[float]], analysis: Analysis) -> tuple[float, ...]:
    errors = []
    for start_s, end_s in labels:
        inside = [r for r in analysis.outcome.repetitions if start_s <= r.peak_s <= end_s]
        if inside:
            errors += [abs(inside[0].start_s - start_s), abs(inside[0].end_s - end_s)]
    return tuple(errors)


def _hip_errors_deg(
    path: Path, neutral: Path, exercise: Exercise, recording: Recording, analysis: Analysis
) -> tuple[float, float] | None:
    """Right hip flexion against the optical system's, both relative to quiet standing.

    Returns:
        its root mean square error, and how much too large its range is.
    """
    optical = path / "truth_angles.csv"
    if not optical.is_file() or not (neutral / "truth_angles.csv").is_file():
        return None
    track = angle_track(
        exercise,
        analysis.motion,
        side=analysis.outcome.side,
        alignments=analysis.alignments,
        finer=finer_motion(recording.sensors, analysis.motion),
    )
    if track is None or track.flexion_rad is None:
        return None
    zero_deg = fmean(float(row[_HIP]) for row in _rows(neutral / "truth_angles.csv"))
    times, flexion_deg = track.time_s.tolist(), np.asarray(track.flexion_rad) * DEG_PER_RAD
    found, wanted = [], []
    for row in _rows(optical):
        k = min(bisect_left(times, float(row["time_s"])), len(times) - 1)
        if math.isfinite(flexion_deg[k]):
            found.append(float(flexion_deg[k]))
            wanted.append(float(row[_HIP]) - zero_deg)
    if not found:
        return None
    rmse_deg = math.sqrt(fmean((f - w) ** 2 for f, w in zip(found, wanted, strict=True)))
    return rmse_deg, (max(found) - min(found)) - (max(wanted) - min(wanted))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
