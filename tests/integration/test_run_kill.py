"""kill -9 at any moment: what was announced more than two seconds before is in the CSV."""

import os
import random
import signal
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from visits import announced, export, run_squats, simulation, squats_on_cue

KILLS = int(os.environ.get("SENSORHUB_KILLS", "3"))
SPEED = 4.0
REPS = 20


@pytest.mark.parametrize("round_number", range(KILLS))
def test_nothing_announced_is_lost(round_number: int, tmp_path: Path) -> None:
    rng = random.Random(f"kill {round_number}")
    data = tmp_path / "data"
    scenario = squats_on_cue(tmp_path, reps=REPS)
    with simulation(
        tmp_path,
        scenario=scenario,
        sensors=[f"thigh_right@pty:{tmp_path}/thigh"],
        speed=SPEED,
        seed=round_number,
    ) as sim:
        victim = run_squats(sim, data=data, speed=SPEED, reps=REPS)
        victim.wait_for("Begin")
        # A moment of the wall that nothing in the program is tied to.
        threading.Event().wait(rng.uniform(2.0, 8.0))
        killed_s = time.monotonic()
        victim.send(signal.SIGKILL)
        assert victim.wait() == -signal.SIGKILL
        promised = announced(victim, before_s=killed_s - 2.0)
        victim.end()

        heir = run_squats(sim, data=data, speed=SPEED, reps=REPS)
        try:
            heir.wait_for("was cut off; it is closed now, with 1 set")
            heir.send(signal.SIGINT)
            heir.wait()
        finally:
            heir.end()
        truth = sim.truth()

    with sqlite3.connect(f"file:{data}/sessions.sqlite?mode=ro", uri=True) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()
    rows = export_first(data, tmp_path / "csv")
    found = [row for row in rows if row["item"] == "repetition"]
    assert len(found) >= promised
    assert len(found) <= truth["reps"]


def export_first(data: Path, to: Path) -> list[dict[str, str]]:
    """The heir may have made a session of its own: the first one is the victim's."""
    with sqlite3.connect(f"file:{data}/sessions.sqlite?mode=ro", uri=True) as db:
        [name] = db.execute("SELECT name FROM session ORDER BY id LIMIT 1").fetchone()
    db.close()
    return export(data, to, session=name)
