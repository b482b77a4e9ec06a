"""What a person writes after --sensor, with and without registered sensors."""

import pytest

from sensorhub.daemon.sensors.worn import find_uri, registered_worn, worn_sensors
from sensorhub.exercises.definition import find_exercise
from sensorhub.model.errors import InputError
from sensorhub.model.placement import Placement
from sensorhub.sessions.store.registry import RegisteredSensor
from sensorhub.transports.uri import BleUri, SerialUri

THIGH = RegisteredSensor(
    "right thigh", "ble:C0:00:00:00:00:01?family=omp", "omp", Placement.THIGH_RIGHT, "77FF"
)
BELLY = RegisteredSensor("bump", "serial:/dev/ttyACM0", "omp", Placement.BELLY, "88AA")
LOOSE = RegisteredSensor("spare", "ble:C0:00:00:00:00:02?family=omp", "omp", None, "99BB")
HOUSE = (THIGH, BELLY, LOOSE)
SQUAT = find_exercise("squat").placements


def test_uris_are_read_with_their_places() -> None:
    found = worn_sensors(["thigh_right=ble:OM-1", "pelvis=serial:/dev/ttyACM0"], registered=())
    assert found.uris == {
        Placement.THIGH_RIGHT: BleUri("OM-1"),
        Placement.PELVIS: SerialUri("/dev/ttyACM0"),
    }
    assert found.registered == {}


def test_a_registered_name_stands_for_its_address_and_its_place() -> None:
    found = worn_sensors(["thigh_left=Right Thigh", "bump"], registered=HOUSE)
    assert found.uris == {
        Placement.THIGH_LEFT: BleUri("C0:00:00:00:00:01", "omp"),
        Placement.BELLY: SerialUri("/dev/ttyACM0"),
    }
    assert found.registered == {Placement.THIGH_LEFT: THIGH, Placement.BELLY: BELLY}


def test_a_registered_address_is_pinned_however_it_is_written() -> None:
    found = worn_sensors(["pelvis=serial:/dev/ttyACM0"], registered=HOUSE)
    assert found.registered == {Placement.PELVIS: BELLY}


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (["ble:OM-1"], "thigh_right=ble:OM-1"),
        (["thigh_right=right tigh"], "right thigh"),
        (["thgh_right=bump"], "thigh_right"),
        (["nobody"], "No sensor is called 'nobody'"),
        (["spare"], 'thigh_right="spare"'),
        (["belly=bump", "pelvis=bump"], "two places"),
        (["bump", "belly=spare"], "Two sensors are given for belly"),
        (["thigh_right=usb:x"], "does not say how to reach"),
        (["serial:/dev/x?family=omp"], "thigh_right=serial:/dev/x"),
    ],
)
def test_what_cannot_be_meant_is_said(texts: list[str], says: str) -> None:
    with pytest.raises(InputError) as refused:
        worn_sensors(texts, registered=HOUSE)
    assert says in str(refused.value)


def test_without_any_registered_the_old_sentences_hold() -> None:
    for text in ("OM-1", "ble:OM-1"):
        with pytest.raises(InputError, match="where the sensor is worn"):
            worn_sensors([text], registered=())
    with pytest.raises(InputError, match="how to reach"):
        worn_sensors(["thigh_right=OM-1"], registered=())


def test_the_registered_ones_are_taken_as_far_as_they_help() -> None:
    found = registered_worn(HOUSE, wanted=SQUAT)
    assert found.registered == {Placement.THIGH_RIGHT: THIGH}
    assert found.uris == {Placement.THIGH_RIGHT: BleUri("C0:00:00:00:00:01", "omp")}


@pytest.mark.parametrize(
    ("house", "says"),
    [((), "sensors add"), ((LOOSE,), 'place "spare"'), ((BELLY, LOOSE), "they are on belly")],
)
def test_where_none_helps_that_is_said(house: tuple[RegisteredSensor, ...], says: str) -> None:
    with pytest.raises(InputError) as refused:
        registered_worn(house, wanted=SQUAT)
    assert says in str(refused.value)


def test_one_sensor_by_name_or_uri() -> None:
    assert find_uri("bump", registered=HOUSE) == SerialUri("/dev/ttyACM0")
    assert find_uri("ble:x", registered=HOUSE) == BleUri("x")
