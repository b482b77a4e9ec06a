"""Backup and restore: what was kept comes back, and nothing hostile or broken touches anything."""

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensorhub.model.errors import EnvironmentProblemError, InputError, StoreError
from sensorhub.model.link import Record, RecordKind
from sensorhub.model.placement import Placement
from sensorhub.sessions.backup.format import MANIFEST, read_manifest
from sensorhub.sessions.backup.restore import restore_backup
from sensorhub.sessions.backup.write import write_backup
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import STORE_NAME, SessionLog, Store
from sensorhub.sessions.store.values import SensorInfo, SessionInfo

THIGH = SensorInfo(Placement.THIGH_RIGHT, "serial:/dev/ttyACM0", "omp")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "plans").mkdir(parents=True)
    (folder / "plans" / "mine.toml").write_text("version = 1\n")
    (folder / "speech").mkdir()
    (folder / "speech" / "0.wav").write_bytes(b"RIFF")
    return folder


def record_into(store: Store, *, count: int = 20) -> SessionLog:
    log = store.begin_session(SessionInfo(plan="mine"), [THIGH])
    for k in range(count):
        log.append(Placement.THIGH_RIGHT, Record(RecordKind.RECEIVED, "serial", b"x" * 50, k))
    log.flush()
    return log


def records_in(data_dir: Path, session: str = "last") -> int:
    reader = StoreReader(data_dir / STORE_NAME)
    return len(reader.raw_log(session, Placement.THIGH_RIGHT).records)


def altered(file: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> Path:
    """The archive with its members changed, renamed or left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            changed = change(name, source.read(name))
            if changed is not None:
                target.writestr(*changed)
    other = file.with_name("altered.zip")
    other.write_bytes(out.getvalue())
    return other


def with_manifest(file: Path, edit: Callable[[dict[str, object]], None]) -> Path:
    def change(name: str, data: bytes) -> tuple[str, bytes]:
        if name != MANIFEST:
            return name, data
        table = json.loads(data)
        edit(table)
        return name, json.dumps(table).encode()

    return altered(file, change)


@pytest.fixture
def backup(data_dir: Path, tmp_path: Path, now_ns: Callable[[], int]) -> Path:
    with Store(data_dir / STORE_NAME, now_ns=now_ns) as store:
        record_into(store).close()
    write_backup(data_dir, tmp_path / "kept.zip")
    return tmp_path / "kept.zip"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }


def test_a_running_session_is_backed_up_with_all_that_is_durable(
    data_dir: Path, tmp_path: Path, now_ns: Callable[[], int]
) -> None:
    with Store(data_dir / STORE_NAME, now_ns=now_ns) as store:
        log = record_into(store)
        write_backup(data_dir, tmp_path / "kept.zip")
        log.close()
    restore_backup(tmp_path / "kept.zip", tmp_path / "new")
    assert records_in(tmp_path / "new") == 20


def test_what_is_made_again_by_itself_is_left_out(backup: Path) -> None:
    names = {kept.name for kept in read_manifest(backup).files}
    assert names == {STORE_NAME, "plans/mine.toml"}


def test_a_backup_can_be_read_by_its_owner_only(backup: Path) -> None:
    assert backup.stat().st_mode & 0o077 == 0


def test_restoring_keeps_what_was_there(
    backup: Path, data_dir: Path, now_ns: Callable[[], int]
) -> None:
    with Store(data_dir / STORE_NAME, now_ns=now_ns) as store:
        second = record_into(store, count=7)
        second.close()
    (data_dir / "plans" / "mine.toml").write_text("changed\n")
    _, before = restore_backup(backup, data_dir)
    assert records_in(data_dir) == 20
    assert (data_dir / "plans" / "mine.toml").read_text() == "version = 1\n"
    assert before is not None
    restore_backup(before, data_dir)
    assert records_in(data_dir, second.name) == 7
    assert (data_dir / "plans" / "mine.toml").read_text() == "changed\n"


def test_a_store_can_be_written_after_a_restore(
    backup: Path, data_dir: Path, now_ns: Callable[[], int]
) -> None:
    restore_backup(backup, data_dir)
    with Store(data_dir / STORE_NAME, now_ns=now_ns) as store:
        record_into(store, count=3).close()
    assert records_in(data_dir) == 3
    assert len(StoreReader(data_dir / STORE_NAME).sessions()) == 2


def test_a_store_in_use_is_not_replaced(
    backup: Path, data_dir: Path, now_ns: Callable[[], int]
) -> None:
    with Store(data_dir / STORE_NAME, now_ns=now_ns), pytest.raises(StoreError, match="in use"):
        restore_backup(backup, data_dir)


def test_an_existing_file_is_never_written_over(backup: Path, data_dir: Path) -> None:
    before = backup.read_bytes()
    with pytest.raises(InputError, match="exists already"):
        write_backup(data_dir, backup)
    assert backup.read_bytes() == before


def test_an_empty_folder_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to back up"):
        write_backup(tmp_path / "none", tmp_path / "kept.zip")
    assert not (tmp_path / "kept.zip").exists()


def test_a_folder_that_is_not_there_is_said(data_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblemError, match="cannot be written"):
        write_backup(data_dir, tmp_path / "no" / "kept.zip")


@pytest.mark.parametrize(
    "name", ["../escape", "/etc/passwd", "plans/../../x", "a\\..\\b", "x.lock", ".hidden", ""]
)
def test_no_name_leads_out_of_the_folder(backup: Path, data_dir: Path, name: str) -> None:
    def edit(table: dict[str, object]) -> None:
        table["files"] = [{"name": name, "size_bytes": 0, "sha256": ""}]

    bad, before = with_manifest(backup, edit), contents(data_dir)
    with pytest.raises(InputError, match="name that no backup has"):
        restore_backup(bad, data_dir)
    assert contents(data_dir) == before


@pytest.mark.parametrize(
    "edit",
    [
        lambda table: table.update(format=99),
        lambda table: table.update(format="1"),
        lambda table: table.update(files=[]),
        lambda table: table.update(files=[{"name": "a"}]),
        lambda table: table.update(files="all"),
        lambda table: table["files"].append(table["files"][0]),
        lambda table: table["files"][0].update(size_bytes=1 << 60),
        lambda table: table["files"][0].update(size_bytes=1),
        lambda table: table["files"][0].update(sha256="0" * 64),
    ],
)
def test_a_list_that_does_not_hold_changes_nothing(
    backup: Path, data_dir: Path, edit: Callable[[dict[str, object]], None]
) -> None:
    bad, before = with_manifest(backup, edit), contents(data_dir)
    with pytest.raises(InputError):
        restore_backup(bad, data_dir)
    assert contents(data_dir) == before


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.95])
def test_a_cut_off_backup_changes_nothing(backup: Path, data_dir: Path, share: float) -> None:
    whole = backup.read_bytes()
    bad = backup.with_name("cut.zip")
    bad.write_bytes(whole[: int(len(whole) * share)])
    before = contents(data_dir)
    with pytest.raises(InputError, match="not a backup"):
        restore_backup(bad, data_dir)
    assert contents(data_dir) == before


def test_a_missing_file_changes_nothing(backup: Path, data_dir: Path) -> None:
    bad = altered(backup, lambda name, data: None if name == STORE_NAME else (name, data))
    before = contents(data_dir)
    with pytest.raises(InputError, match="cannot be read"):
        restore_backup(bad, data_dir)
    assert contents(data_dir) == before


def test_a_broken_database_is_not_put_in_place(data_dir: Path, tmp_path: Path) -> None:
    (data_dir / "other.sqlite").write_bytes(b"SQLite format 3")  # one byte short: an ordinary file
    write_backup(data_dir, tmp_path / "kept.zip")
    bad = tmp_path / "bad.zip"
    broken = b"SQLite format 3\0" + b"\xff" * 5000

    def edit(name: str, data: bytes) -> tuple[str, bytes]:
        if name == "other.sqlite":
            return name, broken
        if name == MANIFEST:
            table = json.loads(data)
            for row in table["files"]:
                if row["name"] == "other.sqlite":
                    row["size_bytes"] = len(broken)
                    row["sha256"] = hashlib.sha256(broken).hexdigest()
            return name, json.dumps(table).encode()
        return name, data

    altered(tmp_path / "kept.zip", edit).rename(bad)
    before = contents(data_dir)
    with pytest.raises(InputError, match="no whole database"):
        restore_backup(bad, data_dir)
    assert contents(data_dir) == before


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.floats(0.0, 1.0, exclude_max=True), flip=st.integers(1, 255))
def test_a_wrong_byte_anywhere_is_told_or_does_no_harm(
    backup: Path, place: float, flip: int
) -> None:
    data = bytearray(backup.read_bytes())
    data[int(place * len(data))] ^= flip
    with tempfile.TemporaryDirectory() as folder:
        bad, into = Path(folder) / "bad.zip", Path(folder) / "data"
        bad.write_bytes(data)
        try:
            restore_backup(bad, into)
        except InputError:
            assert contents(into) == {}
        else:  # a date, an attribute: what nobody reads
            assert records_in(into) == 20
            assert (into / "plans" / "mine.toml").read_text() == "version = 1\n"


def test_a_wrong_byte_in_packed_data_is_damage(backup: Path, data_dir: Path) -> None:
    with zipfile.ZipFile(backup) as archive:
        start = archive.getinfo(STORE_NAME).header_offset + 30 + len(STORE_NAME)
    data = bytearray(backup.read_bytes())
    data[start + 20 : start + 120] = b"\xff" * 100
    backup.write_bytes(data)
    before = contents(data_dir)
    with pytest.raises(InputError, match="damaged"):
        restore_backup(backup, data_dir)
    assert contents(data_dir) == before
