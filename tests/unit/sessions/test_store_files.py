"""Files that are no store, or cannot be used: each is a sentence, and nothing is harmed."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from store_rig import THIGH, Told, some_records

from sensorhub.model.errors import InputError, StoreError
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import Store
from sensorhub.sessions.store.values import (
    SessionInfo,
)


def test_no_store_yet(path: Path) -> None:
    with pytest.raises(StoreError, match="Nothing has been recorded"):
        StoreReader(path).names()


def test_an_empty_file_is_an_empty_store(path: Path, now_ns: Callable[[], int]) -> None:
    path.parent.mkdir()
    path.touch()
    with pytest.raises(StoreError, match="is empty"):
        StoreReader(path).names()
    Store(path, now_ns=now_ns).close()
    assert StoreReader(path).names() == ()


def test_a_store_without_sessions(path: Path, now_ns: Callable[[], int]) -> None:
    Store(path, now_ns=now_ns).close()
    assert StoreReader(path).sessions() == ()
    with pytest.raises(InputError, match="no sessions yet"):
        StoreReader(path).session("last")


def both_sides(path: Path, now_ns: Callable[[], int]) -> Iterator[str]:
    with pytest.raises(StoreError) as caught:
        Store(path, now_ns=now_ns)
    assert caught.value.hint
    yield str(caught.value)
    with pytest.raises(StoreError) as caught:
        StoreReader(path).names()
    assert caught.value.hint
    yield str(caught.value)


def test_a_file_that_is_no_database(path: Path, now_ns: Callable[[], int]) -> None:
    path.parent.mkdir()
    path.write_bytes(b"My diary, " * 1000)
    for sentence in both_sides(path, now_ns):
        assert "is not a session store" in sentence
    assert path.read_bytes() == b"My diary, " * 1000


def test_a_database_of_another_program(path: Path, now_ns: Callable[[], int]) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE session (x)")
    db.close()
    before = path.read_bytes()
    for sentence in both_sides(path, now_ns):
        assert "another program" in sentence
    assert path.read_bytes() == before


def test_a_newer_store(path: Path, now_ns: Callable[[], int]) -> None:
    Store(path, now_ns=now_ns).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = path.read_bytes()
    for sentence in both_sides(path, now_ns):
        assert "newer version" in sentence
        assert "Update" in sentence
    assert path.read_bytes() == before


def test_a_damaged_store(path: Path, now_ns: Callable[[], int]) -> None:
    with Store(path, now_ns=now_ns) as store:
        log = store.begin_session(SessionInfo(), [THIGH])
        for record in some_records(2000):
            log.append(THIGH.placement, record)
        log.close()
    content = bytearray(path.read_bytes())
    content[4096 : len(content)] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        StoreReader(path).sessions()
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_made(now_ns: Callable[[], int]) -> None:
    with pytest.raises(StoreError, match="cannot be used") as caught:
        Store(Path("/proc/nobody/may/write/here/sessions.sqlite"), now_ns=now_ns)
    assert "--data" in caught.value.hint


def test_a_store_that_may_not_be_written_any_more(path: Path, now_ns: Callable[[], int]) -> None:
    told = Told()
    with Store(path, now_ns=now_ns, on_problem=told, commit_interval_s=0.01) as store:
        log = store.begin_session(SessionInfo(), [THIGH])
        store._writer._connection.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match="cannot be written"):
            store.begin_session(SessionInfo())
        assert log.append(THIGH.placement, some_records(1)[0])
        store._writer._connection.execute("PRAGMA query_only = OFF")
        log.flush()
    assert [problem is None for problem in told.problems] == [False, True]
    assert len(StoreReader(path).raw_log("last", THIGH.placement).records) == 1


def test_a_folder_that_is_a_file(tmp_path: Path, now_ns: Callable[[], int]) -> None:
    (tmp_path / "data").write_text("x")
    with pytest.raises(StoreError) as caught:
        Store(tmp_path / "data" / "sessions.sqlite", now_ns=now_ns)
    assert "--data" in caught.value.hint


def test_a_read_only_store_can_be_read(path: Path, now_ns: Callable[[], int]) -> None:
    with Store(path, now_ns=now_ns) as store:
        store.begin_session(SessionInfo()).close()
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        assert len(StoreReader(path).sessions()) == 1
    finally:
        path.parent.chmod(0o700)


def test_only_the_owner_may_read(path: Path, now_ns: Callable[[], int]) -> None:
    Store(path, now_ns=now_ns).close()
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_sqlite_is_set_up_for_power_cuts(path: Path, now_ns: Callable[[], int]) -> None:
    with Store(path, now_ns=now_ns) as store:
        db = store._writer._connection
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert db.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
        assert db.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert not path.with_name(path.name + "-wal").exists()
