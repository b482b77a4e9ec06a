"""The store's tables, as numbered migrations, each in one transaction with its record.

A migration that has shipped is never edited; a change is a new one at the end. The store's
``PRAGMA user_version`` is the number of the last one; a store that is newer than this program is
refused, not guessed at.
"""

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sensorhub.model.errors import StoreError

APPLICATION_ID = 0x53484C47  # "SHLG": tells this store from other SQLite files


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema; ``statements`` are separated by semicolons and contain no others."""

    name: str
    statements: str


# STRICT: a column holds what it says. Rowid tables: blobs WITHOUT ROWID cost twice the writes.
FIRST_TABLES = """
CREATE TABLE migration (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_utc TEXT NOT NULL
) STRICT;
CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    pseudonym TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    person_id INTEGER NOT NULL REFERENCES person (id),
    plan TEXT NOT NULL,
    software TEXT NOT NULL,
    simulated INTEGER NOT NULL CHECK (simulated IN (0, 1)),
    started_ns INTEGER NOT NULL,
    started_utc TEXT NOT NULL,
    started_boottime_ns INTEGER NOT NULL,
    boot_id TEXT NOT NULL,
    synchronised INTEGER CHECK (synchronised IN (0, 1)),
    ended_ns INTEGER
) STRICT;
CREATE TABLE sensor (
    id INTEGER PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    placement TEXT NOT NULL,
    uri TEXT NOT NULL,
    family TEXT NOT NULL,
    device_id TEXT NOT NULL,
    calibration TEXT NOT NULL,
    alignment TEXT NOT NULL,
    UNIQUE (session_id, placement)
) STRICT;
CREATE TABLE chunk (
    id INTEGER PRIMARY KEY,
    sensor_id INTEGER NOT NULL REFERENCES sensor (id) ON DELETE CASCADE,
    codec INTEGER NOT NULL,
    records INTEGER NOT NULL,
    first_ns INTEGER NOT NULL,
    last_ns INTEGER NOT NULL,
    crc32 INTEGER NOT NULL,
    data BLOB NOT NULL
) STRICT;
CREATE INDEX chunk_by_sensor ON chunk (sensor_id, id);
CREATE TABLE exercise_set (
    id INTEGER PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    exercise TEXT NOT NULL,
    side TEXT NOT NULL,
    prescribed_repetitions INTEGER,
    prescribed_hold_s REAL,
    prescribed_duration_s REAL,
    started_ns INTEGER NOT NULL,
    ended_ns INTEGER,
    UNIQUE (session_id, number)
) STRICT;
CREATE TABLE outcome (
    id INTEGER PRIMARY KEY,
    set_id INTEGER NOT NULL REFERENCES exercise_set (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('live', 'final')),
    detector_version TEXT NOT NULL,
    software TEXT NOT NULL,
    written_utc TEXT NOT NULL,
    outcome TEXT NOT NULL
) STRICT;
CREATE INDEX outcome_by_set ON outcome (set_id, kind, id);
CREATE TABLE answer (
    id INTEGER PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    set_number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    answered_ns INTEGER NOT NULL
) STRICT;
CREATE TABLE notice (
    id INTEGER PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    code TEXT NOT NULL,
    text TEXT NOT NULL,
    noticed_ns INTEGER NOT NULL,
    count INTEGER NOT NULL
) STRICT
"""

# The latest calibration of a sensor counts; earlier ones stay, as sessions refer to what they used.
CALIBRATIONS = """
CREATE TABLE calibration (
    id INTEGER PRIMARY KEY,
    sensor TEXT NOT NULL,
    stored_utc TEXT NOT NULL,
    software TEXT NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX calibration_by_sensor ON calibration (sensor, id)
"""

# The sensors of this house, whatever sessions they were worn in. Empty text: not known, or none.
REGISTERED_SENSORS = """
CREATE TABLE registered_sensor (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    placement TEXT NOT NULL,
    uri TEXT NOT NULL UNIQUE,
    family TEXT NOT NULL,
    device_id TEXT NOT NULL,
    bonded INTEGER NOT NULL CHECK (bonded IN (0, 1)),
    model TEXT NOT NULL,
    firmware TEXT NOT NULL,
    battery_percent INTEGER CHECK (battery_percent BETWEEN 0 AND 100),
    added_utc TEXT NOT NULL,
    seen_utc TEXT
) STRICT;
CREATE UNIQUE INDEX registered_sensor_by_device
    ON registered_sensor (family, device_id) WHERE device_id <> '';
CREATE UNIQUE INDEX registered_sensor_by_placement
    ON registered_sensor (placement) WHERE placement <> ''
"""

# said_count NULL: nothing was counted aloud, or it was before this column. An answer names the
# exercise where it is about a set that was not begun, and has no number.
SAID_OF_SETS = """
ALTER TABLE exercise_set ADD COLUMN said_count INTEGER CHECK (said_count >= 0);
ALTER TABLE answer ADD COLUMN exercise TEXT NOT NULL DEFAULT '';
ALTER TABLE answer ADD COLUMN side TEXT NOT NULL DEFAULT 'none'
"""

MIGRATIONS = (
    Migration("first tables", FIRST_TABLES),
    Migration("sensor calibrations", CALIBRATIONS),
    Migration("registered sensors", REGISTERED_SENSORS),
    Migration("said of sets", SAID_OF_SETS),
)


def version_of(connection: sqlite3.Connection) -> int:
    """The number of the last migration that ran on this store."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check_readable(
    connection: sqlite3.Connection,
    path: Path,
    *,
    oldest: int | None = None,
    migrations: Sequence[Migration] = MIGRATIONS,
) -> None:
    """Raise StoreError unless the store has the tables this program reads.

    Args:
        oldest: the oldest format that is accepted; None: only the newest.
    """
    version = version_of(connection)
    _refuse_newer(version, path, migrations)
    if version == 0:
        raise StoreError(
            f"The session store {path} is empty.", hint="Nothing has been recorded yet."
        )
    if version < (len(migrations) if oldest is None else oldest):
        raise StoreError(
            f"The session store {path} was written by an older version.",
            hint="Start sensorhub run once, it brings the store up to date.",
        )


def migrate(
    connection: sqlite3.Connection, path: Path, *, migrations: Sequence[Migration] = MIGRATIONS
) -> None:
    """Bring the store up to date; a store with something in it is copied beside itself first.

    Raises:
        StoreError: the store is newer than this program.
        sqlite3.Error: a step failed; what it did is rolled back, the store is as before it.
    """
    version = version_of(connection)
    _refuse_newer(version, path, migrations)
    if 0 < version < len(migrations):
        backup = path.with_name(f"{path.name}.v{version}.backup")
        if not backup.exists():
            _copy_whole(connection, backup)
    for number, migration in enumerate(migrations[version:], start=version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in migration.statements.split(";"):
                connection.execute(statement)
            connection.execute(
                "INSERT INTO migration (version, name, applied_utc) VALUES (?, ?, ?)",
                (number, migration.name, datetime.now(UTC).isoformat(timespec="seconds")),
            )
            connection.execute(f"PRAGMA user_version = {number:d}")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _copy_whole(connection: sqlite3.Connection, to: Path) -> None:
    """A copy for its owner only, which appears under its name when all of it is on the disk."""
    part = to.with_name(f".{to.name}.part")
    part.unlink(missing_ok=True)  # of a copy that was cut off
    part.touch(mode=0o600)  # SQLite copies into an empty file and leaves its permissions
    connection.execute("VACUUM INTO ?", (str(part),))
    _sync(part)
    part.rename(to)
    _sync(to.parent)


def _sync(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse_newer(version: int, path: Path, migrations: Sequence[Migration]) -> None:
    if version > len(migrations):
        raise StoreError(
            f"The session store {path} was written by a newer version (format {version},"
            f" this program knows {len(migrations)}).",
            hint="Update sensorhub.",
        )
