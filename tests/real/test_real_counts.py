"""Real people's sets are counted as they were done, however the recordings are turned or cut up."""

import json
import os
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from sensorhub.exercises.definition import find_exercise
from sensorhub.model.events import FloatArray
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import SampleBlock
from sensorhub.sessions.recordings.recording import read_recording
from sensorhub.sessions.stages.analysis import Span, analyze_blocks

FOLDER = Path(
    os.environ.get(
        "SENSORHUB_RECORDINGS", Path(__file__).resolve().parents[3] / "shared" / "recordings"
    )
)
THIGH_SETS = ("uci_", "cmu_", "sts_", "mex_")

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no recordings at {FOLDER}"),
]


@dataclass(frozen=True)
class RealSet:
    """One set of one recording and what was counted in it."""

    folder: str
    exercise: str
    side: str
    span: tuple[float, float]
    repetitions: int
    sure: bool
    times_s: tuple[tuple[float, float], ...]

    def __str__(self) -> str:
        return f"{self.folder}-{self.span[0]:.0f}"


def real_sets() -> list[RealSet]:
    found = []
    for path in sorted(FOLDER.glob("*/truth.json")):
        if not path.parent.name.startswith(THIGH_SETS):
            continue
        truth = json.loads(path.read_text())
        exercise = "squat" if truth["exercise"] == "standing_still" else truth["exercise"]
        sets = truth.get("sets") or [
            {"start_s": -np.inf, "end_s": np.inf, "reps": truth["reps"]},
        ]
        for one in sets:
            span = (one["start_s"], one["end_s"])
            times = tuple(
                (a, b) for a, b in truth.get("rep_times_s", []) if span[0] <= a <= span[1]
            )
            found.append(
                RealSet(
                    path.parent.name,
                    exercise,
                    truth["side"],
                    span,
                    one["reps"],
                    "ambiguous" not in truth.get("confidence", ""),
                    times,
                )
            )
    return found


SETS = real_sets() if FOLDER.is_dir() else []
WITH_GYROSCOPE = [s for s in SETS if not s.folder.startswith("mex_") and s.repetitions]


@cache
def samples(folder: str) -> dict[Placement, tuple[SampleBlock, ...]]:
    recording = read_recording([FOLDER / folder])
    return {p: tuple(b) for p, b in recording.sensors.items() if p.segment == "thigh"}


def analyzed(
    real: RealSet, sensors: dict[Placement, tuple[SampleBlock, ...]] | None = None
) -> SetOutcome:
    side = Side(real.side) if real.side in ("left", "right") else None
    return analyze_blocks(
        sensors or samples(real.folder),
        find_exercise(real.exercise),
        side=side,
        span=Span(*real.span),
    ).outcome


def test_the_sure_ones_are_exact() -> None:
    sure = [s for s in SETS if s.sure]
    wrong = {str(s): n for s in sure if (n := len(analyzed(s).repetitions)) != s.repetitions}
    assert len(wrong) <= 0.07 * len(sure), wrong
    assert not [name for name in wrong if "prone" not in name and name.startswith(("uci", "cmu"))]


@pytest.mark.parametrize("real", SETS, ids=str)
def test_every_set_is_right_within_one(real: RealSet) -> None:
    assert abs(len(analyzed(real).repetitions) - real.repetitions) <= 1


def test_edges_are_where_the_labels_are() -> None:
    """Not the prone sets: their labels begin where the leg comes down."""
    errors = []
    for real in WITH_GYROSCOPE:
        if "prone" in real.folder:
            continue
        found = analyzed(real).repetitions
        for start_s, end_s in real.times_s:
            for r in [r for r in found if start_s <= r.peak_s <= end_s][:1]:
                errors += [abs(r.start_s - start_s), abs(r.end_s - end_s)]
    assert median(errors) < 0.15
    assert sorted(errors)[int(0.95 * len(errors))] < 0.5


def changed(
    sensors: dict[Placement, tuple[SampleBlock, ...]], matrix: FloatArray
) -> dict[Placement, tuple[SampleBlock, ...]]:
    """Every sensor turned by the matrix; a mirror turns rates the other way round."""
    sign = np.linalg.det(matrix)
    return {
        p: tuple(
            replace(
                b,
                acc_mps2=np.ascontiguousarray(b.acc_mps2 @ matrix.T),
                gyr_radps=None
                if b.gyr_radps is None
                else np.ascontiguousarray(sign * b.gyr_radps @ matrix.T),
            )
            for b in blocks
        )
        for p, blocks in sensors.items()
    }


@pytest.mark.parametrize("mirrored", [False, True], ids=["turned", "mirrored"])
def test_mounting_and_mirror_change_no_count(mirrored: bool) -> None:
    rng = np.random.default_rng(7)
    for real in SETS:
        matrix, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        matrix *= np.linalg.det(matrix) * (-1.0 if mirrored else 1.0)
        again = analyzed(real, changed(samples(real.folder), matrix))
        assert len(again.repetitions) == len(analyzed(real).repetitions), real


def resampled(block: SampleBlock, rate_hz: float) -> SampleBlock:
    """The same block at another rate, averaged where it gets slower as a sensor's filter would."""
    old_s = np.arange(len(block)) * block.period_s
    new_s = np.arange(max(2, int(len(block) * block.period_s * rate_hz))) / rate_hz
    width = max(1, round(1.0 / (rate_hz * block.period_s)))
    kernel = np.full(width, 1.0 / width)

    def change(values: FloatArray) -> FloatArray:
        padded = np.pad(values, ((width, width), (0, 0)), mode="edge")
        columns = [np.convolve(c, kernel, "same")[width:-width] for c in padded.T]
        return np.stack([np.interp(new_s, old_s, c) for c in columns], axis=1)

    return replace(
        block,
        period_s=1.0 / rate_hz,
        acc_mps2=change(block.acc_mps2),
        gyr_radps=None if block.gyr_radps is None else change(block.gyr_radps),
    )


@pytest.mark.parametrize("rate_hz", [10.0, 25.0, 52.0, 200.0])
def test_rate_changes_hardly_any_count(rate_hz: float) -> None:
    different = []
    for real in [s for s in SETS if "prone" not in s.folder]:
        sensors = {
            p: tuple(resampled(b, rate_hz) for b in blocks)
            for p, blocks in samples(real.folder).items()
        }
        count = len(analyzed(real, sensors).repetitions)
        if count != len(analyzed(real).repetitions):
            different.append((str(real), count))
    assert len(different) <= 1, different


def test_cutting_up_changes_nothing() -> None:
    for real in WITH_GYROSCOPE[::3]:
        sensors = {
            p: tuple(part for b in blocks for part in pieces(b, 37))
            for p, blocks in samples(real.folder).items()
        }
        assert analyzed(real, sensors) == analyzed(real)


def pieces(block: SampleBlock, size: int) -> list[SampleBlock]:
    return [
        replace(
            block,
            start_s=block.start_s + k * block.period_s,
            acc_mps2=block.acc_mps2[k : k + size],
            gyr_radps=None if block.gyr_radps is None else block.gyr_radps[k : k + size],
            gap_before=block.gap_before if k == 0 else None,
        )
        for k in range(0, len(block), size)
    ]


def test_miscalibrated_sensors_change_no_count() -> None:
    """50 mg and 3 degrees a second of bias, 3 percent of scale."""
    for real in [s for s in WITH_GYROSCOPE if "prone" not in s.folder]:
        sensors = {
            p: tuple(
                replace(
                    b,
                    acc_mps2=b.acc_mps2 * [1.03, 0.97, 1.02] + [0.5, -0.4, 0.3],
                    gyr_radps=None
                    if b.gyr_radps is None
                    else b.gyr_radps * [0.97, 1.03, 1.0] + [0.05, -0.04, 0.03],
                )
                for b in blocks
            )
            for p, blocks in samples(real.folder).items()
        }
        assert len(analyzed(real, sensors).repetitions) == len(analyzed(real).repetitions), real
