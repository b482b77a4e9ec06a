"""The list of what is there: families recognised, names told apart, trouble reported not raised."""

import asyncio

import pytest

from sensorhub.daemon.sensors import scan as scan_module
from sensorhub.daemon.sensors.scan import FoundSensor, family_behind, scan
from sensorhub.devices.omp.family import FAMILY
from sensorhub.model.errors import TransportError
from sensorhub.transports.ble_radio import BleRadio, Sighting
from sensorhub.transports.uri import BleUri, SerialUri, parse_uri

OMP = (FAMILY.ble.service_uuids[0],)


class HeardRadio(BleRadio):
    """A radio that has heard this already."""

    def __init__(self, *heard: Sighting, error: TransportError | None = None) -> None:
        super().__init__()
        self._heard_before = list(heard)
        self._error = error

    async def survey(self, *, listen_s: float) -> list[Sighting]:
        if self._error is not None:
            raise self._error
        return self._heard_before


@pytest.fixture
def one_port(monkeypatch):
    port = FoundSensor(SerialUri("/dev/ttyACM7"), "a port", None)
    monkeypatch.setattr(scan_module, "serial_ports", lambda: [port])
    return port


def look(radio):
    async def scenario():
        return await scan(radio, listen_s=0.01)

    return asyncio.run(scenario())


def test_known_families_come_first_the_nearest_of_them_first(one_port):
    report = look(
        HeardRadio(
            Sighting("C0:00:00:00:00:01", "OM-1", OMP, -80),
            Sighting("C0:00:00:00:00:02", "OM-2", OMP, -40),
            Sighting("C0:00:00:00:00:03", "Kettle", (), -30),
        )
    )
    assert [str(one.uri) for one in report.found] == [
        "ble:OM-2",
        "ble:OM-1",
        "serial:/dev/ttyACM7",
        "ble:Kettle",
    ]
    assert [one.family for one in report.found] == ["omp", "omp", None, None]
    assert report.problems == ()


def test_a_name_heard_twice_and_no_name_are_replaced_by_the_address(one_port):
    report = look(
        HeardRadio(
            Sighting("C0:00:00:00:00:01", "OM-1", OMP, -80),
            Sighting("C0:00:00:00:00:02", "OM-1", OMP, -40),
            Sighting("C0:00:00:00:00:03", "", OMP, -50),
        )
    )
    uris = [one.uri for one in report.found if isinstance(one.uri, BleUri)]
    assert [uri.target[-1] for uri in uris] == ["2", "3", "1"]
    assert all(uri.is_address for uri in uris)


def test_no_adapter_is_a_problem_beside_the_ports(one_port):
    report = look(HeardRadio(error=TransportError("no adapter", hint="Plug one in.")))
    assert report.found == (one_port,)
    assert [str(problem) for problem in report.problems] == ["no adapter Plug one in."]
    assert look(None).problems == ()


def test_the_family_behind_an_address():
    radio = HeardRadio(
        Sighting("C0:00:00:00:00:01", "OM-1", OMP, -80), Sighting("C0:00:00:00:00:03", "K", (), -1)
    )

    def behind(uri):
        return asyncio.run(family_behind(parse_uri(uri), radio))

    assert behind("ble:om-1") is FAMILY
    assert behind("ble:C0:00:00:00:00:01") is FAMILY
    assert behind("ble:K") is None
    assert behind("ble:nobody") is None
    assert behind("serial:/dev/ttyACM0") is None


def test_ports_are_listed_on_this_machine_too():
    assert all(isinstance(port.uri, SerialUri) for port in scan_module.serial_ports())
