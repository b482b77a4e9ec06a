"""``sensorhub sensors`` on the store alone: list, name, place, forget; for people and machines."""

import itertools
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from calibration.sensor import SensorCalibration
from sensorhub.cli.app import main
from sensorhub.model.placement import Placement
from sensorhub.sessions.store.registry import RegisteredSensor, registered_sensors
from sensorhub.sessions.store.store import STORE_NAME, Store

SEEN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LEG = RegisteredSensor(
    "leg",
    "ble:C0:00:00:00:00:01?family=omp",
    "omp",
    Placement.THIGH_RIGHT,
    "77FF",
    bonded=True,
    model="OM-1",
    firmware="1.0",
    battery_percent=81,
    seen=SEEN,
)
BOARD = RegisteredSensor("board", "ble:C0:00:00:00:00:02?family=thingy52", "thingy52")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with Store(tmp_path / STORE_NAME, now_ns=itertools.count().__next__) as store:
        store.registry.add(LEG)
        store.registry.add(BOARD)
        store.save_calibration("77FF", SensorCalibration("77FF", date(2026, 3, 1)).to_json())
    return tmp_path


def ended(data: Path, *arguments: str) -> object:
    """The exit code."""
    with pytest.raises(SystemExit) as end:
        main(["--data", str(data), *arguments])
    return end.value.code


def test_the_list_says_everything_that_is_known(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(data, "sensors") == 0
    text = capsys.readouterr().out
    seen = f"{SEEN.astimezone():%Y-%m-%d %H:%M}"
    for part in (
        "leg  [thigh_right]  omp, ble:C0:00:00:00:00:01",
        f"OM-1, 77FF, firmware 1.0, battery 81 %, bonded, calibrated 2026-03-01, last seen {seen}",
        "board  [not placed]  thingy52",
        "no serial number, battery not told, no bond, not calibrated",
    ):
        assert part in text


def test_machines_get_the_same(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (("sensors", "--json"), ("sensors", "list", "--json")):
        assert ended(data, *arguments) == 0
        board, leg = json.loads(capsys.readouterr().out)["sensors"]
        assert board["name"] == "board"
        assert (board["placement"], board["calibrated_on"], board["last_seen"]) == (None,) * 3
        assert leg == {
            "name": "leg",
            "placement": "thigh_right",
            "uri": LEG.uri,
            "family": "omp",
            "device_id": "77FF",
            "model": "OM-1",
            "firmware": "1.0",
            "battery_percent": 81,
            "bonded": True,
            "calibrated_on": "2026-03-01",
            "added": leg["added"],
            "last_seen": "2026-03-02T09:30:00+00:00",
        }


def test_name_place_and_forget(data: Path) -> None:
    assert ended(data, "sensors", "name", "Leg", "Anna's") == 0
    assert ended(data, "sensors", "place", "anna's", "nowhere") == 0
    assert ended(data, "sensors", "place", "board", "thigh_right") == 0
    assert ended(data, "sensors", "forget", "ANNA'S") == 0
    [left] = registered_sensors(data / STORE_NAME)
    assert (left.name, left.placement) == ("board", Placement.THIGH_RIGHT)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("place", "board", "thigh_rigt"), "thigh_right"),
        (("place", "board", "thigh_right"), "'leg' is worn on the thigh_right already"),
        (("name", "board", "LEG"), "already"),
        (("name", "board", "ble:x"), "cannot be a sensor's name"),
        (("forget", "nobody"), "No sensor is called 'nobody'"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_exit_code_2(
    data: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    assert ended(data, "sensors", *arguments) == 2
    [line] = capsys.readouterr().err.strip().splitlines()
    assert says in line
    assert len(registered_sensors(data / STORE_NAME)) == 2
