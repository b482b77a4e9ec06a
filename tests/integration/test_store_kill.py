"""kill -9 of a real process at random moments: all that was acknowledged is there."""

import itertools
import random
import sqlite3
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from store_kill_writer import PLACEMENTS, predictable

from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import Store
from sensorhub.sessions.store.values import Notice, NoticeCode

ROUNDS = 15
WRITER = Path(__file__).with_name("store_kill_writer.py")


@dataclass
class Acknowledged:
    """What the writer said was durable, by session: the number of the last record and set."""

    durable: dict[str, tuple[int, int]] = field(default_factory=dict)
    closed: dict[str, int] = field(default_factory=dict)
    session: str = ""

    def hear(self, line: str) -> None:
        match line.split():
            case ["session", name]:
                self.session = name
            case ["durable", number, sets]:
                self.durable[self.session] = (int(number), int(sets))
            case ["closed", name, number]:
                self.closed[name] = int(number)


def run_and_kill(path: Path, seed: int, after_s: float) -> Acknowledged:
    """Let the writer log for a random while after its first acknowledgement, and kill it."""
    heard = Acknowledged()
    with subprocess.Popen(
        [sys.executable, str(WRITER), str(path), str(seed)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        killer: threading.Timer | None = None
        for line in process.stdout:
            # A line cut short by the kill was not heard.
            if line.endswith("\n"):
                heard.hear(line)
            if killer is None:
                killer = threading.Timer(after_s, process.kill)
                killer.start()
        assert process.wait() == -9
        assert killer is not None
        killer.cancel()
    return heard


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "sessions.sqlite"
    known: dict[str, tuple[int, int]] = {}
    dice = random.Random(20)
    for seed in range(ROUNDS):
        heard = run_and_kill(path, seed, dice.uniform(0.0, 0.25))
        known |= heard.durable
        db = sqlite3.connect(path)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        db.close()
        reader = StoreReader(path)
        for name, (last_number, sets) in (known if seed == ROUNDS - 1 else heard.durable).items():
            session = reader.session(name)
            assert not (session.is_open and name in heard.closed)
            assert len(session.sets) >= sets
            for placement in PLACEMENTS:
                log = reader.raw_log(name, placement)
                assert log.damaged_chunks == 0
                assert len(log.records) > last_number
                assert all(
                    record == predictable(placement, number)
                    for number, record in enumerate(log.records)
                )
    assert len(known) >= ROUNDS
    # The next start closes what was cut off, and the lock of the dead is no obstacle.
    with Store(path, now_ns=itertools.count().__next__) as store:
        reader = StoreReader(path)
        for name in reader.unfinished():
            if reader.session(name).is_open:
                notice = Notice(NoticeCode.INTERRUPTED, "cut off", 0)
                store.end_session(name, ended_ns=reader.last_record_ns(name) or 0, notice=notice)
        assert not any(session.is_open for session in reader.sessions())
