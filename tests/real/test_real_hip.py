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
from sensorhub.sessions.analysis import track
from sensorhub.sessions.recording import read_recording

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


def errors_deg(folder: str, leg: str, *, turn: np.ndarray | None = None) -> tuple[float, float]:
    """Root mean square error of flexion relative to standing, and the error of its range."""
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
    for p in alignments:
        for block in track([turned(b, turn) for b in moving[p]], p):
            hip.push(block)
    found = hip.track()
    assert found.flexion_rad is not None
    column = f"{leg}HipAngle_ML_X"
    neutral = optical("cmu_Pose_01", column)[1].mean()
    time_s, true = optical(folder, column)
    true = np.interp(found.time_s, time_s, true) - neutral
    error = np.degrees(found.flexion_rad) - true
    range_error = np.ptp(np.degrees(found.flexion_rad)) - np.ptp(true)
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
        # In deep squats the sacrum's skin follows the pelvis by 20 of 30 degrees only.
        ("cmu_SqDL_01", "Right", 8.0, 14.0),
        ("cmu_SqDL_01", "Left", 9.5, 17.0),
        ("cmu_Lunge_01", "Right", 4.5, 4.0),
        ("cmu_Lunge_01", "Left", 3.0, 4.0),  # the rear leg: extension
    ],
)
def test_flexion_agrees_with_the_cameras(
    folder: str, leg: str, rmse_limit_deg: float, range_limit_deg: float
) -> None:
    rmse, range_error = errors_deg(folder, leg)
    assert rmse < rmse_limit_deg
    assert abs(range_error) < range_limit_deg


@pytest.mark.parametrize("folder", ["cmu_SqDL_01", "cmu_Lunge_01"])
def test_turning_the_sensors_changes_nothing(folder: str) -> None:
    rng = np.random.default_rng(0)
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn = q * np.sign(np.linalg.det(q))
    plain, other = errors_deg(folder, "Right"), errors_deg(folder, "Right", turn=turn)
    assert other == pytest.approx(plain, abs=0.3)
