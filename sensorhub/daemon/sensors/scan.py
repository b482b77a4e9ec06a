"""What sensors are there: Bluetooth advertisements and serial ports, and their likely family."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorhub.devices.base import DeviceFamily
from sensorhub.devices.registry import recognise
from sensorhub.model.errors import SensorhubError
from sensorhub.transports.uri import BleUri, SensorUri, SerialUri

if TYPE_CHECKING:
    from sensorhub.transports.ble_radio import BleRadio, Sighting

SCAN_S = 6.0


@dataclass(frozen=True, slots=True)
class FoundSensor:
    """One thing that was found.

    Attributes:
        uri: how to name it to ``sensorhub run``.
        name: what it calls itself, for a person.
        family: the family it was recognised as, None when it may be anything.
        rssi_dbm: how loud it is, for Bluetooth.
    """

    uri: SensorUri
    name: str
    family: str | None
    rssi_dbm: int | None = None


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What was found, sensors we know first; and where it was not possible to look, why."""

    found: tuple[FoundSensor, ...]
    problems: tuple[SensorhubError, ...] = ()


async def scan(radio: "BleRadio | None", *, listen_s: float = SCAN_S) -> ScanReport:
    """Look everywhere. ``radio`` None: at the serial ports only.

    Never raises for a missing adapter: what cannot be looked at is a problem in the report.
    """
    found = await asyncio.to_thread(serial_ports)
    problems: list[SensorhubError] = []
    if radio is not None:
        try:
            heard = await radio.survey(listen_s=listen_s)
            names = Counter(sighting.name for sighting in heard)
            found += [_heard(one, by_name=names[one.name] == 1) for one in heard]
        except SensorhubError as error:
            problems.append(error)
    found.sort(key=lambda one: (one.family is None, -(one.rssi_dbm or 0), str(one.uri)))
    return ScanReport(tuple(found), tuple(problems))


def serial_ports() -> list[FoundSensor]:
    """The serial ports with a device behind them. What speaks there is not asked."""
    from serial.tools import list_ports

    return [
        FoundSensor(SerialUri(port.device), port.description or port.device, None)
        for port in list_ports.comports()
        if port.vid is not None or port.device.startswith(("/dev/ttyACM", "/dev/ttyUSB"))
    ]


async def family_behind(
    uri: SensorUri, radio: "BleRadio | None", *, listen_s: float = SCAN_S
) -> DeviceFamily | None:
    """The family of a sensor whose URI does not say it, where its advertisement tells."""
    if not isinstance(uri, BleUri) or radio is None:
        return None
    wanted = uri.target.casefold()
    for sighting in await radio.survey(listen_s=listen_s):
        if wanted in (sighting.name.casefold(), sighting.address.casefold()):
            return recognise(sighting.service_uuids, sighting.name)
    return None


def _heard(sighting: "Sighting", *, by_name: bool) -> FoundSensor:
    """``by_name`` only where the name tells it from every other."""
    family = recognise(sighting.service_uuids, sighting.name)
    target = sighting.name if by_name and sighting.name else sighting.address
    return FoundSensor(
        uri=BleUri(target),
        name=sighting.name or sighting.address,
        family=None if family is None else family.name,
        rssi_dbm=sighting.rssi_dbm,
    )
