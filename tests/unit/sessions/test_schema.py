"""Migrations: forward only, all or nothing, and every store ever written can be read."""

import itertools
import sqlite3
from pathlib import Path

import pytest

from sensorhub.model.errors import StoreError
from sensorhub.model.link import Record, RecordKind
from sensorhub.model.placement import Placement, Side
from sensorhub.sessions.store.database import connect_writer
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.schema import MIGRATIONS, Migration, version_of
from sensorhub.sessions.store.store import Store
from sensorhub.sessions.store.values import AnswerKind, NoticeCode, Prescription

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
NEXT = Migration(
    "a colour for every session",
    "ALTER TABLE session ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue';"
    "CREATE TABLE colour_seen (colour TEXT NOT NULL) STRICT;"
    "INSERT INTO colour_seen SELECT DISTINCT colour FROM session",
)
BROKEN = Migration("half of it works", "CREATE TABLE first (x ANY) STRICT;CREATE TABLE first (y)")


def from_dump(path: Path, version: int) -> None:
    db = sqlite3.connect(path)
    db.executescript((GOLDEN / f"store_v{version}.sql").read_text())
    db.close()


def test_there_is_a_golden_store_of_every_version() -> None:
    assert MIGRATIONS
    for version in range(1, len(MIGRATIONS) + 1):
        assert (GOLDEN / f"store_v{version}.sql").exists()


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_a_store_of_every_version_is_brought_up_to_date_and_read(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "sessions.sqlite"
    from_dump(path, version)
    Store(path, now_ns=itertools.count().__next__).close()
    reader = StoreReader(path)
    session = reader.session("2026-03-01-1")
    assert session.person == "P-TESTED"
    assert session.started.utc.isoformat() == "2026-03-01T18:00:00.250000+01:00"
    assert session.sensors[0].placement is Placement.THIGH_RIGHT
    (one,) = session.sets
    assert (one.exercise, one.prescribed) == ("squat", Prescription(10))
    assert one.said_count == (2 if version >= 4 else None)
    assert one.live is not None
    assert one.live.full_repetitions == 1
    assert one.final is not None
    assert one.final.repetitions[0].rom_rad == 1.25
    assert session.answer(AnswerKind.PAIN_BEFORE) == "3"
    hurts = [(a.exercise, a.side) for a in session.answers if a.kind is AnswerKind.HURT]
    assert hurts == ([("clam", Side.LEFT)] if version >= 4 else [])
    assert session.notices[0].code is NoticeCode.RECORDS_LOST
    log = reader.raw_log("2026-03-01-1", Placement.THIGH_RIGHT)
    assert log.records == (
        Record(RecordKind.LINK_UP, "serial", b"", 5_000_000_000),
        Record(RecordKind.SENT, "serial", b"\x01hello", 5_000_000_100),
        Record(RecordKind.RECEIVED, "serial", bytes(range(100)), 5_010_000_000),
        Record(RecordKind.LINK_DOWN, "serial", "zu weit weg: größer".encode(), 5_020_000_000),
    )


def test_a_new_step_runs_once_with_its_record_and_a_backup_first(tmp_path: Path) -> None:
    path = tmp_path / "sessions.sqlite"
    from_dump(path, 1)
    steps = (MIGRATIONS[0], NEXT)
    for _ in range(2):
        db = connect_writer(path, migrations=steps)
        assert version_of(db) == 2
        assert db.execute("SELECT version, name FROM migration ORDER BY version").fetchall() == [
            (1, "first tables"),
            (2, NEXT.name),
        ]
        assert db.execute("SELECT colour FROM colour_seen").fetchall() == [("blue",)]
        db.close()
    backup = sqlite3.connect(path.with_name("sessions.sqlite.v1.backup"))
    assert version_of(backup) == 1
    assert backup.execute("SELECT count(*) FROM session").fetchone() == (1,)
    backup.close()


def test_a_copy_that_was_cut_off_is_not_taken_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sessions.sqlite"
    from_dump(path, 1)
    steps = (MIGRATIONS[0], NEXT)
    with monkeypatch.context() as patch:

        def power_cut(_: int) -> None:
            raise OSError("the power is gone")

        patch.setattr("os.fsync", power_cut)
        with pytest.raises(StoreError):
            connect_writer(path, migrations=steps)
    assert not list(tmp_path.glob("*.backup"))
    (part,) = tmp_path.glob(".*.part")
    part.write_bytes(part.read_bytes()[:1000])
    connect_writer(path, migrations=steps).close()
    (copy,) = tmp_path.glob("*.backup")
    assert copy.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob(".*.part"))
    db = sqlite3.connect(copy)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert version_of(db) == 1
    db.close()


def test_a_step_that_fails_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "sessions.sqlite"
    from_dump(path, len(MIGRATIONS))
    with pytest.raises(OSError, match="cannot be used"):
        connect_writer(path, migrations=(*MIGRATIONS, BROKEN))
    db = sqlite3.connect(path)
    assert version_of(db) == len(MIGRATIONS)
    assert db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'first'").fetchone() == (0,)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    assert StoreReader(path).names() == ("2026-03-01-1",)


def test_every_table_is_strict() -> None:
    for migration in MIGRATIONS:
        for statement in migration.statements.split(";"):
            if "CREATE TABLE" in statement:
                assert statement.rstrip().endswith("STRICT")
                assert "WITHOUT ROWID" not in statement
