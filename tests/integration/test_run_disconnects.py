"""Links lost again and again in one set of squats: nothing that was done is missing, gaps are told.

Ten times on each of two kinds of link; ``SENSORHUB_LOSSES=100`` loses each a hundred times,
twenty a set (``make long``).
"""

import contextlib
import csv
import itertools
import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from visits import Program, Simulation, export, run_squats, simulation, squats_on_cue

SPEED = 4.0
"""Two simulators and two hubs at a time: in faster time a busy computer never catches up."""
ASKED = int(os.environ.get("SENSORHUB_LOSSES", "10"))
LOSSES = min(ASKED, 20)
FIRST_LOSS_S = 60.0
"""Of the simulated world, at half of which a set begins: the person must feel that it does."""
SQUATS = 10 + LOSSES * 7 // 4
ROUNDS = max(1, ASKED // LOSSES)


def losses(seed: str) -> list[str]:
    """Faults for the simulator: ``LOSSES`` times out of reach for 1 to 20 seconds of its world."""
    rng = random.Random(seed)
    at_s, faults = FIRST_LOSS_S, []
    for _ in range(LOSSES):
        duration_s = rng.uniform(1.0, 20.0)
        faults.append(f"disconnect@{at_s:.2f}:{duration_s:.2f}")
        at_s += duration_s + rng.uniform(6.0, 14.0)
    return faults


@dataclass(frozen=True)
class Lane:
    """One kind of link, with its own simulated person and its own hub."""

    name: str
    folder: Path
    sim: Simulation
    hub: Program


@pytest.fixture(params=range(ROUNDS))
def lanes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Lane]]:
    """Serial and Bluetooth at the same time: both mostly wait."""
    with contextlib.ExitStack() as stack:
        started = []
        for name, where in (("pty", "pty:{}/thigh"), ("ble", "ble:{}/bus")):
            folder = tmp_path / name
            folder.mkdir()
            sim = stack.enter_context(
                simulation(
                    folder,
                    scenario=squats_on_cue(folder, reps=SQUATS, extra="tempo_s = 6.0\n"),
                    sensors=[f"thigh_right@{where.format(folder)}"],
                    speed=SPEED,
                    faults=losses(f"{name}{request.param or ''}"),
                    seed=1 + request.param,
                )
            )
            hub = run_squats(sim, data=folder / "data", speed=SPEED, reps=SQUATS)
            stack.callback(hub.end)
            started.append(Lane(name, folder, sim, hub))
        yield started


def test_no_repetition_is_lost(lanes: list[Lane]) -> None:
    for lane in lanes:
        assert lane.hub.wait(timeout_s=600.0) == 0, lane.hub.errors
        assert lane.hub.output.count("SIGNAL LOST") >= LOSSES // 2, "the links were not lost"
        check(lane)


def check(lane: Lane) -> None:
    data, truth = lane.folder / "data", lane.sim.truth()
    rows = export(data, lane.folder / "csv")
    found = [row for row in rows if row["item"] == "repetition"]
    told = f"{lane.name}:\n{lane.hub.output}"
    assert len(found) == truth["reps"] == SQUATS, told
    assert {row["kind"] for row in found} == {"full"}
    with (lane.folder / "csv" / "session.csv").open(encoding="utf-8", newline="") as file:
        [session] = csv.DictReader(file)
    place, _, unsure_ms = session["clock_uncertainties_ms"].partition(":")
    assert place == "thigh_right"
    assert 0.0 < float(unsure_ms) < 100.0  # of this clock's seconds, and it runs fast
    missing = missing_stretches(data, lane.folder / "samples")
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
