"""``sensorhub demo``: what a newcomer sees first must work, and must be true."""

import csv
import json
import re
from pathlib import Path

from visits import sensorhub

from sensorhub.sessions.store.reader import StoreReader


def test_the_demo_counts_what_the_simulated_person_did(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    program = sensorhub("demo", "--keep", keep, data=tmp_path / "mine")
    try:
        assert program.wait() == 0, program.output + program.errors
    finally:
        program.end()
    assert program.errors == ""
    assert "\x1b" not in program.output
    assert "SIMULATED" in program.output
    # Counts appeared while it ran, not only at the end.
    first, last = program.lines[0].at_s, program.lines[-1].at_s
    counts = [line.at_s for line in program.lines if re.search(r"\]   \d+ of 5", line.text)]
    assert len(counts) >= 8
    assert max(counts) < first + 0.9 * (last - first)
    assert str(keep / "csv" / "repetitions.csv") in program.output
    assert not (tmp_path / "mine").exists(), "a demonstration is not the person's own session"
    check_truth(keep)
    # Nothing was lost, so what the person saw is what the complete log says, to the last bit.
    session = StoreReader(keep / "data" / "sessions.sqlite").session("last")
    for one in session.sets:
        assert one.live is not None
        assert one.live == one.final


def check_truth(keep: Path) -> None:
    """Read both files here, by other code than the demo's own comparison."""
    truth = json.loads((keep / "truth.json").read_text())
    with (keep / "csv" / "repetitions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [s["exercise"] for s in truth["sets"]] == [
        "squat",
        "straight_leg_raise",
        "kneeling_hip_flexor_stretch",
    ]
    for number, true_set in enumerate(truth["sets"], start=1):
        mine = [row for row in rows if row["set_number"] == str(number)]
        assert {row["exercise"] for row in mine} == {true_set["exercise"]}
        repetitions = [row for row in mine if row["item"] == "repetition"]
        assert [r["kind"] for r in repetitions] == [r["kind"] for r in true_set["repetitions"]]
        for row, true_rep in zip(repetitions, true_set["repetitions"], strict=True):
            true_s = true_rep["end_s"] - true_rep["start_s"]
            assert abs(float(row["duration_s"]) - true_s) < 1.5
        holds = [row for row in mine if row["item"] == "hold"]
        assert len(holds) == len(true_set["holds"])
        for row, true_hold in zip(holds, true_set["holds"], strict=True):
            assert abs(float(row["hold_s"]) - true_hold["held_s"]) < 0.5
    session = (keep / "csv" / "session.csv").read_text()
    assert "simulated" in session.splitlines()[0]
