"""Twenty lost links in one set of squats: nothing that was done is missing, and gaps are told."""

import csv
import itertools
import json
import random
from pathlib import Path

import pytest
from visits import export, run_squats, simulation, squats_on_cue

SPEED = 15.0
SQUATS = 45
LOSSES = 20


def losses(seed: str) -> list[str]:
    """Faults for the simulator: ``LOSSES`` times out of reach for 1 to 20 seconds of its world."""
    rng = random.Random(seed)
    at_s, faults = 30.0, []
    for _ in range(LOSSES):
        duration_s = rng.uniform(1.0, 20.0)
        faults.append(f"disconnect@{at_s:.2f}:{duration_s:.2f}")
        at_s += duration_s + rng.uniform(6.0, 14.0)
    return faults


@pytest.mark.parametrize("lane", ["pty", "ble"])
def test_no_repetition_is_lost(lane: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    near = {"pty": f"pty:{tmp_path}/thigh", "ble": f"ble:{tmp_path}/bus"}[lane]
    scenario = squats_on_cue(tmp_path, reps=SQUATS, extra="tempo_s = 6.0\n")
    with simulation(
        tmp_path,
        scenario=scenario,
        sensors=[f"thigh_right@{near}"],
        speed=SPEED,
        faults=losses(lane),
    ) as sim:
        hub = run_squats(sim, data=data, speed=SPEED, reps=SQUATS)
        try:
            assert hub.wait(timeout_s=120.0) == 0, hub.errors
        finally:
            hub.end()
        truth = sim.truth()
    assert hub.output.count("SIGNAL LOST") >= LOSSES // 2, "the links were not lost at all"
    rows = export(data, tmp_path / "csv")
    found = [row for row in rows if row["item"] == "repetition"]
    assert len(found) == truth["reps"] == SQUATS
    assert {row["kind"] for row in found} == {"full"}
    missing = missing_stretches(data, tmp_path / "samples")
    for row in found:
        start_s, end_s = float(row["start_s"]), float(row["end_s"])
        truly_s = sum(max(0.0, min(b, end_s) - max(a, start_s)) for a, b in missing)
        assert float(row["gap_s"] or 0.0) == pytest.approx(truly_s, abs=0.05)


def missing_stretches(data: Path, to: Path) -> list[tuple[float, float]]:
    """Where the samples themselves have holes, seconds since the set was started."""
    export(data, to, kind="samples")
    [one] = json.loads((to / "sets.json").read_text())
    with (to / "thigh_right.csv").open(encoding="utf-8", newline="") as file:
        times_s = [float(row["time_s"]) - one["start_s"] for row in csv.DictReader(file)]
    return [(a, b) for a, b in itertools.pairwise(times_s) if b - a > 0.015]
