"""Paced breaths of a real person, a phone lying on the chest; the pacer is the truth."""

import os
from pathlib import Path

import numpy as np
import pytest

from sensorhub.exercises.definition import find_exercise
from sensorhub.model.placement import Placement, Side
from sensorhub.sessions.recordings.recording import read_recording
from sensorhub.sessions.stages.analysis import Span, analyze_blocks

HERE = Path(__file__).resolve().parents[2]
RECORDINGS = Path(os.environ.get("SENSORHUB_RECORDINGS", HERE.parent / "shared" / "recordings"))

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not RECORDINGS.is_dir(), reason=f"no recordings at {RECORDINGS}"),
]


@pytest.mark.parametrize("period_s", [4, 8])
@pytest.mark.parametrize("place", ["pos1", "pos2"])
def test_twelve_paced_breaths_are_twelve(place: str, period_s: int) -> None:
    recording = read_recording([RECORDINGS / f"breath_{place}_{period_s}s"])
    exercise = find_exercise("tissue_box_breathing")
    outcome = analyze_blocks(recording.sensors, exercise).outcome
    assert len(outcome.breaths) == 12
    assert sum(b.sure for b in outcome.breaths) >= 11
    assert np.median([b.period_s for b in outcome.breaths]) == pytest.approx(period_s, rel=0.05)
    # Paced one to one, and nobody told the sensor which way is in.
    assert 0.8 < outcome.measures["inhale_to_exhale_ratio"] < 1.25


@pytest.mark.parametrize("place", ["pos1", "pos2"])
def test_the_middle_of_a_recording_has_the_breaths_that_fit(place: str) -> None:
    recording = read_recording([RECORDINGS / f"breath_{place}_8s"])
    outcome = analyze_blocks(
        recording.sensors, find_exercise("tissue_box_breathing"), span=Span(20.0, 60.0)
    ).outcome
    assert len(outcome.breaths) in (4, 5)


@pytest.mark.parametrize("folder", ["uci_s1_straight_leg_raise", "cmu_SqDL_01"])
def test_exercise_at_the_chest_is_hardly_breathing(folder: str) -> None:
    recording = read_recording([RECORDINGS / folder])
    outcome = analyze_blocks(
        {Placement.CHEST: recording.sensors[Placement.CHEST]},
        find_exercise("tissue_blowing"),
        side=Side.NONE,
    ).outcome
    seconds = outcome.end_s - outcome.start_s
    assert len(outcome.breaths) <= seconds / 2.0
