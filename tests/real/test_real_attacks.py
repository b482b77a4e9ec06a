"""Real sets cut short, spoiled and surrounded: the count stays what the person did."""

import json
import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from sensorhub.exercises.definition import find_exercise
from sensorhub.model.placement import Placement
from sensorhub.model.samples import SampleBlock
from sensorhub.sessions.recordings.recording import read_recording
from sensorhub.sessions.stages.analysis import Span, analyze_blocks

FOLDER = Path(
    os.environ.get(
        "SENSORHUB_RECORDINGS", Path(__file__).resolve().parents[3] / "shared" / "recordings"
    )
)
SETS = sorted(FOLDER.glob("mex_*")) if FOLDER.is_dir() else []

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not SETS, reason=f"no recordings at {FOLDER}"),
]


@cache
def samples(folder: Path) -> dict[Placement, tuple[SampleBlock, ...]]:
    sensors = read_recording([folder]).sensors
    return {p: tuple(b) for p, b in sensors.items() if p.segment == "thigh"}


def times_s(
    folder: Path,
    span: Span = Span(),  # noqa: B008 (frozen)
    *,
    sensors: dict[Placement, tuple[SampleBlock, ...]] | None = None,
) -> list[tuple[float, float]]:
    exercise = find_exercise(json.loads((folder / "truth.json").read_text())["exercise"])
    outcome = analyze_blocks(sensors or samples(folder), exercise, span=span).outcome
    return [(r.start_s, r.end_s) for r in outcome.repetitions]


@pytest.mark.parametrize("folder", SETS[::3], ids=lambda f: f.name)
@pytest.mark.parametrize("count", [3, 5])
def test_a_few_of_a_set_are_a_few(folder: Path, count: int) -> None:
    whole = times_s(folder)
    for first in range(0, len(whole) - count - 1, max(1, len(whole) // 3)):
        # From the middle of one rest to the middle of another.
        start_s = whole[first][0] - 4.0
        if first:
            start_s = max(start_s, 0.5 * (whole[first - 1][1] + whole[first][0]))
        last = first + count - 1
        end_s = min(0.5 * (whole[last][1] + whole[last + 1][0]), whole[last][1] + 4.0)
        assert len(times_s(folder, Span(start_s, end_s))) == count


@pytest.mark.parametrize("folder", SETS[::4], ids=lambda f: f.name)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_poor_sensor_counts_alike(folder: Path, seed: int) -> None:
    """40 mg of bias, 3 % of scale, 2 degrees a second and noise; counts may differ by one."""
    rng = np.random.default_rng(seed)
    acc_bias = rng.uniform(-0.4, 0.4, 3)
    gyr_bias = np.radians(rng.uniform(-2.0, 2.0, 3))
    scale = 1.0 + rng.uniform(-0.03, 0.03, 3)

    def spoiled(block: SampleBlock) -> SampleBlock:
        acc = block.acc_mps2 * scale + acc_bias + 0.05 * rng.normal(size=block.acc_mps2.shape)
        gyr = None if block.gyr_radps is None else block.gyr_radps * scale + gyr_bias
        return replace(block, acc_mps2=acc, gyr_radps=gyr)

    sensors = {p: tuple(spoiled(b) for b in blocks) for p, blocks in samples(folder).items()}
    assert abs(len(times_s(folder, sensors=sensors)) - len(times_s(folder))) <= 1
