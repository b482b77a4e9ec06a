"""The registered sensors in the store: kept, changed, pinned once each, gone without a trace."""

import itertools
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sensorhub.model.errors import InputError
from sensorhub.model.placement import Placement
from sensorhub.sessions.store.database import WriterLock
from sensorhub.sessions.store.registry import (
    RegisteredSensor,
    Sighted,
    find_sensor,
    registered_sensors,
)
from sensorhub.sessions.store.store import Store

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
THIGH = RegisteredSensor(
    name="right thigh",
    uri="ble:C0:00:00:00:00:01?family=omp",
    family="omp",
    placement=Placement.THIGH_RIGHT,
    device_id="77FF",
    bonded=True,
    model="sim-omp",
    firmware="1.0",
    battery_percent=90,
    added=DAY,
    seen=DAY,
)
PELVIS = RegisteredSensor("pelvis", "serial:/dev/ttyACM0", "omp", Placement.PELVIS, "88AA")


def opened(path: Path) -> Store:
    return Store(path, now_ns=itertools.count().__next__)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "sessions.sqlite"
    with opened(path) as store:
        store.registry.add(THIGH)
        store.registry.add(PELVIS)
    return path


def test_what_was_registered_is_read_back_whole(path: Path) -> None:
    pelvis, thigh = registered_sensors(path)
    assert thigh == THIGH
    assert (pelvis.name, pelvis.seen, pelvis.battery_percent) == ("pelvis", None, None)
    assert pelvis.added is not None


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_store_has_no_sensors_and_needs_no_run_first(tmp_path: Path, version: int) -> None:
    path = tmp_path / "sessions.sqlite"
    assert registered_sensors(path) == ()
    db = sqlite3.connect(path)
    db.executescript((GOLDEN / f"store_v{version}.sql").read_text())
    db.close()
    before = registered_sensors(path)
    assert [sensor.name for sensor in before] == ["right thigh"] * (version == 3)
    with opened(path) as store:
        store.registry.add(PELVIS)
    assert registered_sensors(path)[0].name == "pelvis"
    assert registered_sensors(path)[1:] == before


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "Right Thigh"}, "called 'Right Thigh' already"),
        ({"uri": THIGH.uri}, "registered already, as 'right thigh'"),
        ({"device_id": "77FF"}, "77FF is registered already"),
        ({"placement": Placement.THIGH_RIGHT}, "worn on the thigh_right already"),
        ({"name": ""}, "1 to 40 letters"),
        ({"name": "ble:x"}, "cannot be a sensor's name"),
        ({"name": "a\tb"}, "1 to 40 letters"),
    ],
)
def test_nothing_is_registered_twice(path: Path, change: dict[str, object], says: str) -> None:
    other = {
        "name": "other",
        "uri": "ble:C0:00:00:00:00:09?family=omp",
        "family": "omp",
        "device_id": "99BB",
        "placement": None,
    }
    with opened(path) as store, pytest.raises(InputError, match=says):
        store.registry.add(RegisteredSensor(**{**other, **change}))  # type: ignore[arg-type]
    assert len(registered_sensors(path)) == 2


def test_the_same_serial_number_of_another_family_is_another_sensor(path: Path) -> None:
    with opened(path) as store:
        store.registry.add(RegisteredSensor("third", "serial:/dev/ttyUSB0", "ximu3", None, "77FF"))
    assert len(registered_sensors(path)) == 3


def test_rename_place_forget(path: Path) -> None:
    with opened(path) as store:
        registry = store.registry
        registry.rename("RIGHT THIGH", "Anna")
        registry.rename("anna", "Anna ")  # its own name is free to it
        with pytest.raises(InputError, match="already"):
            registry.rename("pelvis", "anna")
        with pytest.raises(InputError, match="Free the place"):
            registry.place("pelvis", Placement.THIGH_RIGHT)
        registry.place("Anna", None)
        registry.place("pelvis", Placement.THIGH_RIGHT)
        for refused in (
            lambda: registry.rename("nobody", "x"),
            lambda: registry.place("nobody", None),
            lambda: registry.forget("nobody"),
        ):
            with pytest.raises(InputError, match="No sensor is called 'nobody'"):
                refused()
    anna, pelvis = registered_sensors(path)
    assert (anna.name, anna.placement) == ("Anna", None)
    assert pelvis.placement is Placement.THIGH_RIGHT
    with opened(path) as store:
        store.registry.forget("anna")
    assert [sensor.name for sensor in registered_sensors(path)] == ["pelvis"]


def test_a_sighting_changes_what_it_knows_and_nothing_else(path: Path) -> None:
    later = datetime(2026, 3, 2, 9, tzinfo=UTC)
    with opened(path) as store:
        store.registry.sighted("right thigh", Sighted(later, firmware="2.0"))
        store.registry.sighted("pelvis", Sighted(later, "m", "3.0", 55))
        store.registry.sighted("pelvis", Sighted(later, battery_percent=200))  # nonsense
        store.registry.sighted("nobody", Sighted(later))
    pelvis, thigh = registered_sensors(path)
    assert (thigh.seen, thigh.firmware, thigh.battery_percent, thigh.model) == (
        later,
        "2.0",
        90,
        "sim-omp",
    )
    assert (pelvis.model, pelvis.firmware, pelvis.battery_percent) == ("m", "3.0", 55)


def test_the_list_can_be_read_while_another_program_writes(path: Path) -> None:
    lock = WriterLock(path)
    try:
        assert len(registered_sensors(path)) == 2
    finally:
        lock.release()


def test_a_name_that_is_not_there_gets_the_nearest(path: Path) -> None:
    sensors = registered_sensors(path)
    assert find_sensor("PELVIS", sensors).name == "pelvis"
    with pytest.raises(InputError, match="right thigh"):
        find_sensor("rigt thigh", sensors)
    with pytest.raises(InputError, match="sensors add"):
        find_sensor("x", ())
