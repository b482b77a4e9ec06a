"""Real recordings are read as they are: no invented gaps, real ones found, samples untouched."""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sensorhub.model.placement import Placement
from sensorhub.sessions.recordings.recording import Recording, read_recording

FOLDER = Path(
    os.environ.get(
        "SENSORHUB_RECORDINGS", Path(__file__).resolve().parents[3] / "shared" / "recordings"
    )
)
FOUND = sorted(path for path in FOLDER.glob("*") if path.is_dir()) if FOLDER.is_dir() else []

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not FOUND, reason=f"no recordings at {FOLDER}"),
]


def read(name: str) -> Recording:
    folder = FOLDER / name
    if not folder.is_dir():
        pytest.skip(f"no recording {name}")
    return read_recording([folder])


@pytest.mark.parametrize("folder", FOUND, ids=lambda folder: folder.name)
def test_every_sample_is_there_and_time_never_runs_back(folder: Path) -> None:
    recording = read_recording([folder])
    for placement, blocks in recording.sensors.items():
        file = recording.files[placement]
        kept = sum(map(len, blocks))
        if file.resampled:
            assert kept == pytest.approx(file.samples, rel=0.005)
        else:
            assert kept == file.samples
        for before, after in pairwise(blocks):
            assert after.start_s >= before.end_s - 1e-6
            if after.start_s > before.end_s + 1e-6:
                assert after.gap_before is not None
        stamps = np.loadtxt(file.path, delimiter=",", skiprows=1, usecols=0)
        assert blocks[0].start_s == pytest.approx(stamps[0], abs=0.03)
        assert blocks[-1].end_s == pytest.approx(stamps[-1], abs=0.05)


@pytest.mark.parametrize("name", ["cmu_SqDL_01", "cmu_Lunge_01"])
def test_the_cut_out_pauses_are_gaps(name: str) -> None:
    for blocks in read(name).sensors.values():
        gaps = [block.gap_before for block in blocks if block.gap_before is not None]
        assert len(gaps) == 4
        assert all(gap.duration_s > 0.5 for gap in gaps)


@pytest.mark.parametrize("name", ["mex_01_bridge_1", "uci_s1_straight_leg_raise", "cmu_Pose_01"])
def test_rounded_stamps_are_no_gaps(name: str) -> None:
    for blocks in read(name).sensors.values():
        assert not any(block.gap_before for block in blocks)


@pytest.mark.parametrize("name", ["breath_pos1_4s", "breath_pos2_8s"])
def test_a_phone_that_hands_over_late_has_few_short_gaps(name: str) -> None:
    recording = read(name)
    gaps = [b.gap_before for b in recording.sensors[Placement.BELLY] if b.gap_before is not None]
    assert recording.files[Placement.BELLY].resampled
    assert sum(gap.duration_s for gap in gaps) < 2.0
    assert all(gap.duration_s < 0.1 for gap in gaps)
