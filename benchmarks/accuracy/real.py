"""The recordings of real people, where they are present: counted in process, against their truth.

They are other people's data and not part of this repository; ``$SENSORHUB_RECORDINGS`` says where
they are (else ``../shared/recordings`` beside the repository).
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.accuracy.optical import OpticalScore, optical_score
from sensorhub.exercises.definition import Exercise, find_exercise
from sensorhub.model.placement import Side
from sensorhub.sessions.recordings.recording import Recording, read_recording
from sensorhub.sessions.stages.analysis import WHOLE, Analysis, Span, analyze_blocks

NEGATIVE: Mapping[str, str] = {
    "standing_still": "squat",
    "walking": "squat",
    "running": "squat",
    "transitions": "straight_leg_raise",
}
"""What a recording that is no exercise is analysed as: nothing may be counted."""

NEUTRAL = "cmu_Pose_01"
"""Quiet standing of the person of the ``cmu_`` recordings: hip angles are relative to it."""


@dataclass(frozen=True, slots=True)
class RealScore:
    """One set of a real recording.

    Attributes:
        sure: whoever counted was sure.
        edges_s: errors of starts and ends of labelled repetitions; empty without labels.
        hip: against the cameras, None without any.
    """

    name: str
    family: str
    exercise: str
    wanted: int
    got: int
    sure: bool
    edges_s: tuple[float, ...] = ()
    hip: OpticalScore | None = None


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
        hip = optical_score(path, neutral, exercise, recording, analysis) if aligned else None
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
                hip=hip,
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
