"""Every export there is, found by itself, keeps the promises all exports make."""

import itertools
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import sensorhub.exports
from sensorhub.exports.base import (
    THERAPIST,
    Export,
    check_folder,
    export_session,
    exports,
    find_export,
)
from sensorhub.model.errors import InputError
from sensorhub.model.placement import Placement, Side
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import Store
from sensorhub.sessions.store.values import Prescription, SensorInfo, SessionInfo

EVERY = pytest.mark.parametrize("export", exports().values(), ids=exports())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> StoreReader:
    path = tmp_path_factory.mktemp("store") / "sessions.sqlite"
    with Store(path, now_ns=itertools.count(0, 10**9).__next__) as writing:
        log = writing.begin_session(
            SessionInfo("daily-hip"), [SensorInfo(Placement.THIGH_RIGHT, "serial:x", "omp")]
        )
        number = log.begin_set("squat", Side.BOTH, started_ns=1, prescribed=Prescription(10))
        log.end_set(number, ended_ns=10**9)
        log.close()
    return StoreReader(path)


def test_there_are_the_ones_we_promise() -> None:
    assert {THERAPIST, "samples"} <= set(exports())


def test_a_wrong_name_is_met_with_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean therapist"):
        find_export("terapist")


@EVERY
def test_it_has_a_name_and_a_line_of_help(export: Export) -> None:
    assert export.name == export.name.lower().strip()
    assert export.help[0].isupper()
    assert export.help.endswith(".")
    assert "\n" not in export.help


@EVERY
def test_the_same_session_gives_the_same_files(
    export: Export, store: StoreReader, tmp_path: Path
) -> None:
    first = export_session(store, "last", tmp_path / "a", export=export)
    second = export_session(store, "last", tmp_path / "b", export=export)
    assert [path.name for path in first] == [path.name for path in second]
    assert first
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
    with pytest.raises(InputError, match="already"):
        export_session(store, "last", tmp_path / "a", export=export)


@EVERY
def test_a_folder_is_refused_ahead_for_every_file_that_would_be_refused(
    export: Export, store: StoreReader, tmp_path: Path
) -> None:
    written = [p.name for p in export_session(store, "last", tmp_path / "out", export=export)]
    assert not export.names or sorted(written) == sorted(export.names)
    for name in export.names:
        folder = tmp_path / f"has {name}"
        folder.mkdir()
        check_folder(folder, export)
        (folder / name).touch()
        with pytest.raises(InputError, match=f"has {name} already"):
            check_folder(folder, export)


@EVERY
def test_file_names_are_plain(export: Export, store: StoreReader, tmp_path: Path) -> None:
    for path in export_session(store, "last", tmp_path / "out", export=export):
        assert path.parent == tmp_path / "out"
        assert path.name.isascii()
        assert path.suffix in (".csv", ".json", ".txt")


def test_a_new_export_is_one_file_and_nothing_else(store: StoreReader, tmp_path: Path) -> None:
    """The recipe: a module with a constant EXPORT, put into the package, is found."""
    (tmp_path / "pulse.py").write_text(
        textwrap.dedent(
            '''\
            """How long a session lasted, for whoever likes it short."""

            from collections.abc import Iterator

            from sensorhub.exports.base import Export, ExportFile, Source


            def _files(source: Source) -> Iterator[ExportFile]:
                yield ExportFile("sets.json", [str(len(source.session.sets)).encode()])


            EXPORT = Export(name="short", help="How many sets.", files=_files)
            '''
        )
    )
    script = textwrap.dedent(
        f"""\
        import sys
        from pathlib import Path
        import sensorhub.exports
        sensorhub.exports.__path__.append({str(tmp_path)!r})
        from sensorhub.exports.base import export_session, find_export
        from sensorhub.sessions.store.reader import StoreReader
        store = StoreReader(Path({str(store.path)!r}))
        export_session(store, "last", Path(sys.argv[1]), export=find_export("short"))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "out")], env=os.environ, check=False
    )
    assert done.returncode == 0
    assert (tmp_path / "out" / "sets.json").read_text() == "1"
    assert "short" not in exports()
    assert str(tmp_path) not in list(sensorhub.exports.__path__)
