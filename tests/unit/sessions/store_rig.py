"""Records to store, and a look into the file from outside."""

import os
import sqlite3
import threading
from pathlib import Path

from sensorhub.model.errors import StoreError
from sensorhub.model.link import Record, RecordKind
from sensorhub.model.placement import Placement
from sensorhub.sessions.store.values import (
    SensorInfo,
)

THIGH = SensorInfo(Placement.THIGH_RIGHT, "serial:/dev/ttyACM0", "omp")
PELVIS = SensorInfo(Placement.PELVIS, "ble:OMP-1", "omp", "1A2B", '{"version":1}')
WAIT_S = 20.0


def some_records(count: int, *, size: int = 60, first_ns: int = 0) -> list[Record]:
    source = os.urandom(size * count)
    return [
        Record(RecordKind.RECEIVED, "serial", source[k * size : (k + 1) * size], first_ns + k)
        for k in range(count)
    ]


class Told:
    """Collects what the writer's thread tells, and lets a test wait for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.problems: list[StoreError | None] = []

    def __call__(self, problem: StoreError | None) -> None:
        with self._changed:
            self.problems.append(problem)
            self._changed.notify_all()

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.problems) >= count, WAIT_S)


def chunks(path: Path) -> int:
    db = sqlite3.connect(path)
    try:
        return int(db.execute("SELECT count(*) FROM chunk").fetchone()[0])
    finally:
        db.close()


def integrity(path: Path) -> str:
    db = sqlite3.connect(path)
    try:
        return str(db.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        db.close()
