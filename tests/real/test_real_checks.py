"""The checks on real people's recordings: silent where all is well, true where they speak."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sensorhub.exercises.definition import find_exercise, load_library
from sensorhub.model.outcomes import FlagCode, QualityFlag
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import SampleBlock
from sensorhub.sessions.recordings.recording import read_recording
from sensorhub.sessions.stages.analysis import analyze_blocks

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

NEVER = {
    FlagCode.WRONG_SEGMENT,
    FlagCode.WRONG_SIDE,
    FlagCode.WRONG_RATE,
    FlagCode.SLIPPED,
    FlagCode.UPSIDE_DOWN,
    FlagCode.CLIPPING,
}
"""None of the recordings has these faults."""

MIRRORED = "sts_subject_01"
"""The gyroscope of this recording has its Z axis the other way round from its accelerometer."""


def analysed(
    folder: Path, sensors: dict[Placement, list[SampleBlock]] | None = None
) -> list[QualityFlag]:
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    exercise = truth["exercise"] if truth["exercise"] in load_library() else "squat"
    side = Side(truth["side"]) if truth.get("side") in ("left", "right") else None
    found = analyze_blocks(
        sensors or read_recording([folder]).sensors, find_exercise(exercise), side=side
    )
    return list(found.outcome.flags)


@pytest.mark.parametrize("folder", FOUND, ids=lambda folder: folder.name)
def test_no_false_alarm(folder: Path) -> None:
    sensors = read_recording([folder]).sensors
    flags = analysed(folder)
    codes = {flag.code for flag in flags}
    assert not codes & NEVER, [flag.text for flag in flags]
    assert (FlagCode.SENSORS_DISAGREE in codes) == folder.name.startswith(MIRRORED)
    for flag in flags:
        if flag.code is FlagCode.BAD_CALIBRATION:
            assert flag.placement is not None
            assert abs(gravity_share(sensors[flag.placement]) - 1.0) > 0.009


def gravity_share(blocks: list[SampleBlock]) -> float:
    """Length of the mean acceleration in the stillest fifth of all half seconds, in gravities."""
    lengths, spreads = [], []
    for block in blocks:
        n = max(2, round(0.5 / block.period_s))
        for k in range(0, len(block) - n, n):
            acc = block.acc_mps2[k : k + n]
            lengths.append(float(np.linalg.norm(acc.mean(axis=0))) / 9.80665)
            spreads.append(float(acc.std(axis=0).max()))
    still = np.argsort(spreads)[: max(1, len(spreads) // 5)]
    return float(np.median(np.array(lengths)[still]))


def test_the_mirrored_gyroscope_is_named_and_put_right_it_is_believed() -> None:
    folder = next((f for f in FOUND if f.name.startswith(MIRRORED)), None)
    if folder is None:
        pytest.skip("that recording is absent")
    (text,) = {f.text for f in analysed(folder) if f.code is FlagCode.SENSORS_DISAGREE}
    assert "x, y, -z" in text
    right = {
        place: [
            block
            if block.gyr_radps is None
            else replace(block, gyr_radps=block.gyr_radps * np.array([1.0, 1.0, -1.0]))
            for block in blocks
        ]
        for place, blocks in read_recording([folder]).sensors.items()
    }
    assert FlagCode.SENSORS_DISAGREE not in {f.code for f in analysed(folder, right)}


@pytest.mark.parametrize("worn", [Placement.PELVIS, Placement.CHEST])
def test_a_trunk_that_squats_is_no_thigh(worn: Placement) -> None:
    folder = next((f for f in FOUND if f.name.startswith("cmu_SqDL")), None)
    if folder is None:
        pytest.skip("that recording is absent")
    blocks = [
        replace(
            block,
            placement=Placement.THIGH,
            gap_before=None
            if block.gap_before is None
            else replace(block.gap_before, placement=Placement.THIGH),
        )
        for block in read_recording([folder]).sensors[worn]
    ]
    flags = analysed(folder, {Placement.THIGH: blocks})
    assert FlagCode.WRONG_SEGMENT in {flag.code for flag in flags}
