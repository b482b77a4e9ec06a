"""Adding, placing and forgetting sensors while the hub serves: what the page's own door does.

The store has one writer, which is this hub; so a person with a phone and no terminal registers a
sensor here, by the same code as ``sensorhub sensors add``.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from sensorhub.daemon.sensors.add import Wish, add_sensor
from sensorhub.daemon.sensors.scan import SCAN_S, serial_ports
from sensorhub.daemon.sensors.worn import read_placement, registered_worn
from sensorhub.devices.registry import recognise
from sensorhub.model.errors import InputError, SensorhubError
from sensorhub.model.placement import Placement
from sensorhub.sessions.store.registry import RegisteredSensor, registered_sensors
from sensorhub.sessions.store.store import Store
from sensorhub.transports.uri import BleUri, SensorUri, SerialUri
from sensorhub.web.calls import page_text
from sensorhub.web.ports import KnownSensor, Looked, OfferedSensor

_LOG = logging.getLogger(__name__)

Wear = Callable[[Mapping[Placement, SensorUri], Mapping[Placement, RegisteredSensor]], None]
Hold = Callable[[], AbstractContextManager[None]]


class SensorDesk:
    """What :class:`~sensorhub.web.ports.SensorPort` asks for.

    Args:
        hold: keeps visits from beginning meanwhile; raises BusyError where one runs.
        wear: told what the next visit uses, after every change.
        speed: hub seconds in a second of the wall.
    """

    def __init__(self, store: Store, *, hold: Hold, wear: Wear, speed: float) -> None:
        self._store = store
        self._hold = hold
        self._wear = wear
        self._speed = speed
        self._offered: dict[str, OfferedSensor] = {}
        self._work: asyncio.Task[RegisteredSensor] | None = None

    def known(self) -> tuple[KnownSensor, ...]:
        """The registered sensors, by name."""
        return tuple(_known(sensor) for sensor in registered_sensors(self._store.path))

    async def look(self) -> Looked:
        """Listen for sensors that are not registered, for some seconds. Raises BusyError."""
        with self._hold():
            taken = {sensor.uri for sensor in registered_sensors(self._store.path)}
            heard, problem = await _heard()
            ports = await asyncio.to_thread(serial_ports)
            found = [*heard, *((one.uri, one.name, None) for one in ports)]
            self._offered = {
                str(uri): OfferedSensor(str(uri), name, how_reached(uri), rssi_dbm)
                for uri, name, rssi_dbm in found
                if str(uri) not in taken
            }
            return Looked(tuple(self._offered.values()), problem)

    async def add(self, target: str, *, name: str, placement: str) -> KnownSensor:
        """Register one that :meth:`look` has found.

        Only such a one: a page cannot make the hub open any address or file that it names.
        """
        if target not in self._offered:
            raise InputError("That sensor was not found.", hint="Look for sensors once more.")
        where = read_placement(placement) if placement else None
        with self._hold():
            registered = registered_sensors(self._store.path)
            wish = Wish(target, name.strip(), where, speed=self._speed)
            self._work = asyncio.create_task(
                add_sensor(wish, store=self._store, registered=registered, tell=_quiet)
            )
            try:
                added = await self._work
            finally:
                self._work.cancel()
                self._work = None
            _LOG.info("a sensor was registered")
            self._offered.pop(target)
            self._renew()
            return _known(added)

    async def place(self, name: str, placement: str) -> None:
        """Say where it is usually worn; empty: nowhere for certain."""
        where = read_placement(placement) if placement else None
        with self._hold():
            await asyncio.to_thread(self._store.registry.place, name, where)
            self._renew()

    async def forget(self, name: str) -> None:
        """Register it no longer; what it recorded stays."""
        with self._hold():
            await asyncio.to_thread(self._store.registry.forget, name)
            _LOG.info("a sensor was forgotten")
            self._renew()

    async def close(self) -> None:
        """Break off what is under way: nothing is registered by halves."""
        if (work := self._work) is not None:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    def _renew(self) -> None:
        registered = registered_sensors(self._store.path)
        if not any(sensor.placement for sensor in registered):
            self._wear({}, {})
            return
        worn = registered_worn(registered, wanted=Placement)
        self._wear(worn.uris, worn.registered)


def how_reached(uri: SensorUri) -> str:
    """The way, without the address: a key of the page's texts."""
    if isinstance(uri, BleUri):
        return "bluetooth"
    return "cable" if isinstance(uri, SerialUri) else "file"


async def _heard() -> tuple[list[tuple[SensorUri, str, int | None]], str]:
    """Sensors of a family we know, the loudest first, by address; why nobody could listen."""
    from sensorhub.transports.ble_radio import BleRadio

    try:
        heard = await BleRadio().survey(listen_s=SCAN_S)
    except SensorhubError as error:
        return [], page_text(error)
    found: list[tuple[SensorUri, str, int | None]] = []
    for one in sorted(heard, key=lambda one: -(one.rssi_dbm or -999)):
        family = recognise(one.service_uuids, one.name)
        if family is not None:
            found.append((BleUri(one.address, family.name), one.name or one.address, one.rssi_dbm))
    return found, ""


def _known(sensor: RegisteredSensor) -> KnownSensor:
    return KnownSensor(
        name=sensor.name,
        placement="" if sensor.placement is None else sensor.placement.value,
        family=sensor.family,
        battery_percent=sensor.battery_percent,
    )


def _quiet(_: str) -> None:
    """The page shows that it is under way; nothing is told on the way."""
