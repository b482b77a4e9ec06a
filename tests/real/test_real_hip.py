"""Hip angles of a real person against optical motion capture, alignment from standing still."""

import csv
import math
import os
from pathlib import Path

import numpy as np
import pytest

from calibration.alignment import align_standing
from sensorhub.model.placement import Placement, Side
from sensorhub.motion.hip import HipAngles
from sensorhub.sessions.recordings.recording import read_recording
from sensorhub.sessions.stages.analysis import track
from sensorhub.sessions.stages.angles import finer_motion

HERE = Path(__file__).resolve().parents[2]
RECORDINGS = Path(os.environ.get("SENSORHUB_RECORDINGS", HERE.parent / "shared" / "recordings"))

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not RECORDINGS.is_dir(), reason=f"no recordings at {RECORDINGS}"),
]

THIGHS = {"Right": Placement.THIGH_RIGHT, "Left": Placement.THIGH_LEFT}


def optical(folder: str, column: str) -> tuple[np.ndarray, np.ndarray]:
    with (RECORDINGS / folder / "truth_angles.csv").open() as file:
        rows = list(csv.DictReader(file))
    return tuple(np.array([float(r[c]) for r in rows]) for c in ("time_s", column))  # type: ignore[return-value]


def errors_deg(
    folder: str, leg: str, *, turn: np.ndarray | None = None, only: int | None = None
) -> tuple[float, float]:
    """Root mean square error of flexion relative to standing, and the error of its range.

    ``only``: of this repetition alone, as if nothing else had been recorded.
    """
    thigh = THIGHS[leg]
    pose = read_recording([RECORDINGS / "cmu_Pose_01"]).sensors
    moving = read_recording([RECORDINGS / folder]).sensors
    turn = np.eye(3) if turn is None else turn
    alignments = {}
    for p in (thigh, Placement.PELVIS):
        block = pose[p][0]
        assert block.gyr_radps is not None
        alignments[p] = align_standing(
            block.acc_mps2 @ turn.T, block.gyr_radps @ turn.T, period_s=block.period_s
        )
    hip = HipAngles(side=Side.NONE, thigh=thigh, alignments=alignments)
    samples = {
        p: [turned(b, turn) for k, b in enumerate(moving[p]) if only in (None, k)]
        for p in alignments
    }
    for p in alignments:
        for block in track(samples[p], p):
            hip.push(block)
    found = hip.track(finer_motion(samples, alignments))
    assert found.flexion_rad is not None
    column = f"{leg}HipAngle_ML_X"
    neutral = optical("cmu_Pose_01", column)[1].mean()
    time_s, true = optical(folder, column)
    inside = (time_s > found.time_s[0] - 0.005) & (time_s < found.time_s[-1] + 0.005)
    range_error = np.ptp(np.degrees(found.flexion_rad)) - np.ptp(true[inside])
    error = np.degrees(found.flexion_rad) - np.interp(found.time_s, time_s, true) + neutral
    return math.sqrt(float(np.mean(error**2))), float(range_error)


def turned(block, turn):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    return replace(
        block,
        acc_mps2=np.ascontiguousarray(block.acc_mps2 @ turn.T),
        gyr_radps=np.ascontiguousarray(block.gyr_radps @ turn.T),
    )


@pytest.mark.parametrize(
    ("folder", "leg", "rmse_limit_deg", "range_limit_deg"),
    [
        # In deep squats the pelvis sensor leans by 25 of the pelvis's 40 degrees only.
        ("cmu_SqDL_01", "Right", 7.6, 11.8),
        ("cmu_SqDL_01", "Left", 9.3, 15.2),
        ("cmu_Lunge_01", "Right", 3.4, 2.0),
        ("cmu_Lunge_01", "Left", 2.8, 3.6),  # the rear leg: extension
    ],
)
def test_flexion_agrees_with_the_cameras(
    folder: str, leg: str, rmse_limit_deg: float, range_limit_deg: float
) -> None:
    rmse, range_error = errors_deg(folder, leg)
    assert rmse < rmse_limit_deg
    assert abs(range_error) < range_limit_deg


@pytest.mark.parametrize("leg", ["Right", "Left"])
@pytest.mark.parametrize(("folder", "limit_deg"), [("cmu_SqDL_01", 9.5), ("cmu_Lunge_01", 4.6)])
def test_a_single_repetition_is_enough_to_tell_where_the_pelvis_faces(
    folder: str, limit_deg: float, leg: str
) -> None:
    assert max(errors_deg(folder, leg, only=k)[0] for k in range(5)) < limit_deg


@pytest.mark.parametrize("folder", ["cmu_SqDL_01", "cmu_Lunge_01"])
def test_turning_the_sensors_changes_nothing(folder: str) -> None:
    rng = np.random.default_rng(0)
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn = q * np.sign(np.linalg.det(q))
    plain, other = errors_deg(folder, "Right"), errors_deg(folder, "Right", turn=turn)
    assert other == pytest.approx(plain, abs=0.3)
