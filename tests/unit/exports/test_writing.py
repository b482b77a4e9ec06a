"""How an export's files reach the disk: all of them or none."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensorhub.exports.base import Export, ExportFile, Source, export_session, find_export
from sensorhub.model.errors import EnvironmentProblemError, InputError
from sensorhub.model.placement import Placement
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import Store
from sensorhub.sessions.store.values import SessionInfo


@pytest.fixture
def reader(tmp_path: Path) -> StoreReader:
    path = tmp_path / "store" / "sessions.sqlite"
    with Store(path, now_ns=itertools.count().__next__) as store:
        store.begin_session(SessionInfo()).close()
    return StoreReader(path)


def two_files(source: Source) -> Iterator[ExportFile]:
    yield ExportFile("a.csv", [b"one ", b"two"])
    yield ExportFile("b.txt", [source.session.person.encode()])


def dies_in_the_second(source: Source) -> Iterator[ExportFile]:
    yield ExportFile("a.csv", [b"new"])
    yield ExportFile("b.txt", (b"x" if k < 3 else disk_is_full() for k in itertools.count()))


def disk_is_full() -> bytes:
    raise OSError(28, "No space left on device")


GOOD = Export("good", "Two files.", two_files)
BAD = Export("bad", "Dies.", dies_in_the_second)


def test_files_appear_and_nothing_else(reader: StoreReader, tmp_path: Path) -> None:
    to = tmp_path / "not" / "there" / "yet"
    paths = export_session(reader, "last", to, export=GOOD)
    assert paths == [to / "a.csv", to / "b.txt"]
    assert paths[0].read_bytes() == b"one two"
    assert sorted(to.iterdir()) == paths


def test_what_is_there_is_not_overwritten_unless_asked(reader: StoreReader, tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("mine")
    with pytest.raises(InputError, match=r"b\.txt already") as caught:
        export_session(reader, "last", tmp_path, export=GOOD)
    assert caught.value.hint
    assert not (tmp_path / "a.csv").exists()
    assert (tmp_path / "b.txt").read_text() == "mine"
    export_session(reader, "last", tmp_path, export=GOOD, overwrite=True)
    assert (tmp_path / "b.txt").read_text().startswith("P-")


def test_an_error_half_way_leaves_everything_as_it_was(reader: StoreReader, tmp_path: Path) -> None:
    to = tmp_path / "out"
    to.mkdir()
    (to / "a.csv").write_text("old")
    with pytest.raises(EnvironmentProblemError, match="No space left") as caught:
        export_session(reader, "last", to, export=BAD, overwrite=True)
    assert caught.value.hint
    assert [p.name for p in to.iterdir()] == ["a.csv"]
    assert (to / "a.csv").read_text() == "old"


def test_a_file_where_the_folder_should_be(reader: StoreReader, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(InputError, match="not a folder"):
        export_session(reader, "last", tmp_path / "out", export=GOOD)


def test_a_folder_that_cannot_be_made(reader: StoreReader) -> None:
    with pytest.raises(EnvironmentProblemError, match="cannot be written"):
        export_session(reader, "last", Path("/proc/nobody/out"), export=GOOD)


def test_a_session_that_is_not_there(reader: StoreReader, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no session"):
        export_session(reader, "1999-01-01-1", tmp_path / "out", export=GOOD)
    assert not (tmp_path / "out").exists()


def test_files_are_for_their_owner_only(reader: StoreReader, tmp_path: Path) -> None:
    for path in export_session(reader, "last", tmp_path / "out", export=GOOD):
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("overwrite", [False, True])
def test_another_sessions_sensor_is_never_mixed_in(
    reader: StoreReader, tmp_path: Path, *, overwrite: bool
) -> None:
    export = Export("mixed", "Two files.", two_files, read_together=("a.csv", "pelvis.csv"))
    (tmp_path / "pelvis.csv").write_text("theirs")
    with pytest.raises(InputError, match=r"pelvis\.csv of another recording"):
        export_session(reader, "last", tmp_path, export=export, overwrite=overwrite)
    assert (tmp_path / "pelvis.csv").read_text() == "theirs"
    assert not (tmp_path / "a.csv").exists()


def test_samples_are_read_together_by_placement() -> None:
    together = find_export("samples").read_together
    assert set(together) == {f"{placement.value}.csv" for placement in Placement}
