"""``sensorhub backup``: what cannot be read again is said today, not on the bad day."""

import itertools
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sensorhub.cli.backup import backup
from sensorhub.cli.context import Context
from sensorhub.sessions.backup.format import read_manifest
from sensorhub.sessions.store.store import STORE_NAME, Store

GOLDEN = Path(__file__).resolve().parents[2] / "golden"


def backed_up(folder: Path) -> Result:
    context = Context(data_dir=folder)
    to = str(folder.parent / "kept.zip")
    return CliRunner().invoke(backup, [to], obj=context, catch_exceptions=False)


def test_a_store_that_is_none_is_backed_up_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / STORE_NAME).write_text("no database at all, but perhaps it can be mended")
    done = backed_up(folder)
    assert done.exit_code == 0
    assert "1 file" in done.stdout
    assert "is not a session store" in done.stderr


@pytest.mark.parametrize("version", [1, 4])
def test_a_good_store_is_not_doubted_whatever_its_version(tmp_path: Path, version: int) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    if version == 1:
        db = sqlite3.connect(folder / STORE_NAME)
        db.executescript((GOLDEN / "store_v1.sql").read_text())
        db.close()
    else:
        Store(folder / STORE_NAME, now_ns=itertools.count().__next__).close()
    done = backed_up(folder)
    assert done.exit_code == 0
    assert not [line for line in done.stderr.splitlines() if line.startswith("!")]


def test_an_editors_leftover_is_left_out_and_named(tmp_path: Path) -> None:
    plans = tmp_path / "data" / "plans"
    plans.mkdir(parents=True)
    for name in ("daily-hip.toml", "daily-hip.toml~", "#mine#"):
        (plans / name).write_text("version = 1\n")
    done = backed_up(tmp_path / "data")
    assert done.exit_code == 0
    assert [kept.name for kept in read_manifest(tmp_path / "kept.zip").files] == [
        "plans/daily-hip.toml"
    ]
    warned = [line for line in done.stderr.splitlines() if line.startswith("!")]
    assert len(warned) == 2
    assert "daily-hip.toml~" in warned[1]
