"""``sensorhub rescore``: what it says was stored is what was stored, and damage is never hidden."""

import itertools
import json
import sqlite3
import struct
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sensorhub.cli.context import Context
from sensorhub.cli.rescore import rescore
from sensorhub.exports.tables.session import SESSION
from sensorhub.model.errors import InputError
from sensorhub.model.link import Record, RecordKind
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.units import NS_PER_S
from sensorhub.sessions.stages.finish import finish_session
from sensorhub.sessions.stages.process import process_session
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import STORE_NAME, Store
from sensorhub.sessions.store.values import SensorInfo, SessionInfo

THIGH = SensorInfo(Placement.THIGH_RIGHT, "ble:WT", "witmotion_ble")
STILL = b"\x55\x61" + struct.pack("<9h", 0, 0, 2048, *[0] * 6)
"""One sample of a sensor that lies on a table."""
CHUNK = 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished session of 20 s at 50 Hz in chunks of two seconds."""
    clock = itertools.count(NS_PER_S).__next__
    with Store(tmp_path / STORE_NAME, now_ns=clock, commit_interval_s=60) as store:
        log = store.begin_session(SessionInfo(), [THIGH])
        number = log.begin_set("squat", Side.BOTH, started_ns=3 * NS_PER_S)
        for k in range(1000):
            record = Record(RecordKind.RECEIVED, "data", STILL, NS_PER_S + k * NS_PER_S // 50)
            log.append(THIGH.placement, record)
            if k % CHUNK == CHUNK - 1:
                log.flush()
        log.end_set(number, ended_ns=18 * NS_PER_S)
        log.close()
        # Not finish_session yet, which makes one chunk of all: a part of the log is to be damaged.
        store.save_final(log.name, processed(tmp_path, log.name))
    return tmp_path


def processed(folder: Path, name: str) -> dict[int, SetOutcome]:
    return dict(process_session(StoreReader(folder / STORE_NAME), name).outcomes)


def damage_one_chunk(folder: Path) -> None:
    with sqlite3.connect(folder / STORE_NAME) as db:
        db.execute("UPDATE chunk SET data = x'00' WHERE id = 5")
    db.close()


def rescored(folder: Path, *options: str) -> Result:
    context = Context(data_dir=folder)
    return CliRunner().invoke(rescore, ["last", *options], obj=context, catch_exceptions=False)


def finals(folder: Path) -> int:
    with sqlite3.connect(folder / STORE_NAME) as db:
        (count,) = db.execute("SELECT count(*) FROM outcome WHERE kind = 'final'").fetchone()
    db.close()
    return int(count)


def test_what_did_not_change_is_not_said_to_be_stored(folder: Path) -> None:
    said = json.loads(rescored(folder, "--save", "--json").stdout)
    assert said["saved"] is False
    assert said["unreadable_packets"] == 0
    assert finals(folder) == 1


def test_damage_is_told_and_results_without_it_stored_only_by_force(folder: Path) -> None:
    damage_one_chunk(folder)
    said = rescored(folder).stdout
    assert "1 piece of the raw log, 100 packets in all, could not be read again" in said
    assert json.loads(rescored(folder, "--json").stdout)["unreadable_packets"] == CHUNK
    with pytest.raises(InputError, match="--force") as caught:
        rescored(folder, "--save")
    assert caught.value.exit_code == 2
    assert finals(folder) == 1
    assert json.loads(rescored(folder, "--save", "--force", "--json").stdout)["saved"] is True
    assert finals(folder) == 2


def test_a_damaged_session_counts_the_packets_it_lost(folder: Path) -> None:
    damage_one_chunk(folder)
    with Store(folder / STORE_NAME, now_ns=lambda: 0) as store:
        session = finish_session(store, "last")
    (lost,) = [c for c in SESSION.columns if c.name == "stored_packets_lost"]
    assert lost.value(session) == CHUNK
