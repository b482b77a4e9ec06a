"""Making a sensor one of this house: heard, met once, asked who it is, bonded where it can.

It is registered by its address, which nobody near has as well, and by what it says it is.
"""

import asyncio
import contextlib
import enum
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sensorhub.daemon.links.opening import LinkCallbacks, LinkMaker, family_of
from sensorhub.daemon.links.state import LinkPhase, LinkStatus
from sensorhub.devices.registry import recognise
from sensorhub.model.errors import DeviceError, InputError, TransportError
from sensorhub.model.events import BatteryReported, DeviceEvent, DeviceIdentified, SamplesArrived
from sensorhub.model.placement import Placement
from sensorhub.sessions.store.registry import RegisteredSensor, check_name, refuse_taken
from sensorhub.sessions.store.store import Store
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.uri import SCHEMES, BleUri, ReplayUri, SensorUri, SerialUri, parse_uri

if TYPE_CHECKING:
    from sensorhub.transports.ble_radio import BleRadio, Sighting

MEET_WALL_S = 30.0
"""How long to wait for the first sample."""

SILENT_WALL_S = 3.0
"""Some answer only who is bonded with them (a Polar H10): with a sensor that has sent nothing for
so long, the bond is made before the first sample instead of after it."""

MORE_WALL_S = 2.0
"""After it: how long to wait for a name, a battery, that not every kind of sensor tells."""

STOP_WALL_S = 10.0

Tell = Callable[[str], None]


class Bonding(enum.Enum):
    """What became of the wish for a bond. That nobody knows is no value: it is an error."""

    BONDED = "bonded"
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person wants to add.

    Attributes:
        target: a URI, a Bluetooth name or address; empty: the one new sensor that is heard.
        name: what to call it; empty: what it calls itself.
        bond: try to make a bond.
    """

    target: str = ""
    name: str = ""
    placement: Placement | None = None
    bond: bool = True
    listen_s: float = 6.0
    speed: float = 1.0


async def add_sensor(
    wish: Wish, *, store: Store, registered: Sequence[RegisteredSensor], tell: Tell
) -> RegisteredSensor:
    """Find it, meet it, register it.

    Raises:
        InputError: it is registered already, or it is not clear which is meant.
        DeviceError: it is not known whether a bond was made.
        TransportError: it cannot be reached.
        StoreError: the store cannot be written.
    """
    # Said before it is met and bonded, which takes a while.
    name = check_name(wish.name) if wish.name else ""
    known = RegisteredSensor(name, "", "", wish.placement)
    refuse_taken(known, registered)
    wanted = _wanted(wish.target)
    radio = None
    if isinstance(wanted, SerialUri):
        uri: SensorUri = wanted
        said = ""
    else:
        from sensorhub.transports.ble_radio import BleRadio

        radio = BleRadio()
        tell(f"Listening for {wish.listen_s:g} s ...")
        heard = await radio.survey(listen_s=wish.listen_s)
        uri, said = _chosen(wanted, heard, registered)
    refuse_taken(replace(known, uri=str(uri)), registered)
    family = family_of(uri)
    tell(f"Connecting to {said or uri} ...")
    bonding: Bonding | None = None
    one_at_a_time = asyncio.Lock()

    async def bond() -> None:
        nonlocal bonding
        async with one_at_a_time:
            if wish.bond and isinstance(uri, BleUri) and bonding is None:
                bonding = await make_bond(uri.target)

    met = await _meet(uri, speed=wish.speed, radio=radio, bond=bond)
    sensor = RegisteredSensor(
        name=name or _free_name(said or f"{family.name} {met.device_id[-4:]}", registered),
        uri=str(uri),
        family=family.name,
        placement=wish.placement,
        device_id=met.device_id,
        bonded=bonding is Bonding.BONDED,
        model=met.model,
        firmware=met.firmware,
        battery_percent=met.battery_percent,
        added=datetime.now(UTC),
        seen=datetime.now(UTC),
    )
    store.registry.add(sensor)
    return sensor


async def make_bond(address: str) -> Bonding:
    """Have BlueZ make a bond with a connected sensor.

    Raises DeviceError where nobody knows whether there is one now: that must never be taken for
    either.
    """
    from dbus_fast import DBusError

    from sensorhub.daemon.sensors.bluez import (
        BLUEZ,
        ask_objects,
        bond_of,
        device_path_of,
        system_bus,
    )

    refused = False
    try:
        path = device_path_of(await ask_objects(BLUEZ), address)
        if path is None:
            raise _unknown_bond(address)
        async with system_bus() as bus:
            await bus.pair(path)
    except DBusError as error:
        if error.type not in _REFUSALS and error.type != _HAS_ONE:
            raise _unknown_bond(address) from error
        refused = error.type in _REFUSALS
    except (OSError, EOFError) as error:  # TimeoutError is an OSError
        raise _unknown_bond(address) from error
    bonded = bond_of(await ask_objects(BLUEZ), address)
    if bonded is None or bonded is refused:
        raise _unknown_bond(address)
    return Bonding.BONDED if bonded else Bonding.CANNOT


_HAS_ONE = "org.bluez.Error.AlreadyExists"
_REFUSALS = frozenset(
    f"org.bluez.Error.{name}"
    for name in (
        "AuthenticationFailed",
        "AuthenticationRejected",
        "AuthenticationCanceled",
        "NotSupported",
    )
)


def _unknown_bond(address: str) -> DeviceError:
    return DeviceError(
        f"It cannot be found out whether a bond was made with {address}; it was not registered.",
        hint="Switch it off and on and try again; --no-bond registers it without one.",
    )


@dataclass(slots=True)
class _Met:
    """What a sensor told at the first meeting."""

    device_id: str = ""
    model: str = ""
    firmware: str = ""
    battery_percent: int | None = None
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    streamed: asyncio.Event = field(default_factory=asyncio.Event)
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    def on_event(self, event: DeviceEvent) -> None:
        if isinstance(event, DeviceIdentified):
            self.device_id = event.device_id
            self.model, self.firmware = event.model or self.model, event.firmware or self.firmware
        elif isinstance(event, BatteryReported) and event.percent is not None:
            self.battery_percent = event.percent
        elif isinstance(event, SamplesArrived):
            self.streamed.set()
        if self.device_id and self.battery_percent is not None:
            self.complete.set()

    def on_status(self, status: LinkStatus) -> None:
        if status.phase is LinkPhase.CONNECTING:
            self.connected.set()


async def _meet(
    uri: SensorUri, *, speed: float, radio: "BleRadio | None", bond: Callable[[], Awaitable[None]]
) -> _Met:
    """Stream from it until it has said who it is; ``bond`` is awaited while it is connected."""
    met = _Met()
    callbacks = LinkCallbacks(sink=lambda _: None, on_event=met.on_event, on_status=met.on_status)
    link = LinkMaker(HubClock(speed=speed), _radio=radio).make(str(uri), uri, callbacks)
    running = asyncio.create_task(link.run())
    streamed = asyncio.create_task(met.streamed.wait())
    early = asyncio.create_task(_bond_if_silent(met, bond))
    try:
        await asyncio.wait(
            {running, streamed}, timeout=MEET_WALL_S, return_when=asyncio.FIRST_COMPLETED
        )
        if not met.streamed.is_set():
            raise link.status.error or TransportError(
                f"The sensor {uri} sent nothing.",
                hint="Check that it is charged, near, and not connected to something else.",
            )
        try:
            async with asyncio.timeout(MORE_WALL_S):
                await met.complete.wait()
        except TimeoutError:
            pass  # it tells no more than it has: not every kind does
        await bond()
        return met
    finally:
        stopping = asyncio.create_task(link.stop())
        await asyncio.wait({stopping}, timeout=STOP_WALL_S)
        for task in (stopping, running, streamed, early):
            task.cancel()
        await asyncio.gather(stopping, running, streamed, early, return_exceptions=True)


async def _bond_if_silent(met: _Met, bond: Callable[[], Awaitable[None]]) -> None:
    await met.connected.wait()
    await asyncio.sleep(SILENT_WALL_S)
    if not met.streamed.is_set():
        with contextlib.suppress(DeviceError):  # when it streams after all, it is tried once more
            await bond()


def _wanted(target: str) -> BleUri | SerialUri | None:
    """What the person wrote; None: nothing."""
    if not target:
        return None
    is_uri = target.partition(":")[0].lower() in SCHEMES
    uri = parse_uri(target if is_uri else f"ble:{target}")
    if isinstance(uri, ReplayUri):
        raise InputError("A recording is no sensor.", hint="Give ble:... or serial:...")
    return uri


def _chosen(
    wanted: BleUri | None, heard: "Sequence[Sighting]", registered: Sequence[RegisteredSensor]
) -> tuple[BleUri, str]:
    """The sensor that is meant, by address and family; and what it calls itself."""
    target = "" if wanted is None else wanted.target
    asked = None if wanted is None else wanted.family
    found: list[tuple[BleUri, str]] = []
    for sighting in heard:
        if wanted is not None and wanted.target.casefold() not in (
            sighting.name.casefold(),
            sighting.address.casefold(),
        ):
            continue
        known = recognise(sighting.service_uuids, sighting.name)
        family = asked or (None if known is None else known.name)
        if family is not None:
            found.append((BleUri(sighting.address, family), sighting.name))
        elif wanted is not None:
            raise InputError(
                f"{target} is of no known family.",
                hint=f"If you know better: sensorhub sensors add {target}?family=NAME",
            )
    taken = {one.uri for one in registered}
    new = [one for one in found if str(one[0]) not in taken]
    if len(new) == 1:
        return new[0]
    if new:
        listed = ", ".join(f"{name or 'nameless'} ({uri.target})" for uri, name in new)
        raise InputError(
            f"More than one sensor is meant: {listed}.",
            hint=f"Say which: sensorhub sensors add {new[0][0].target}",
        )
    if found:
        names = ", ".join(sorted(one.name for one in registered))
        raise InputError(
            "Every sensor that was heard is registered already.", hint=f"Registered are: {names}."
        )
    raise TransportError(
        f"The sensor {target} was not heard." if target else "No sensor was heard.",
        hint="Switch it on and bring it closer; on a cable, give serial:/dev/...",
    )


def _free_name(wanted: str, registered: Sequence[RegisteredSensor]) -> str:
    cleaned = "".join(c for c in wanted if c not in ":=?" and c.isprintable()).strip()[:36]
    taken = {one.name.casefold() for one in registered}
    name, number = cleaned or "sensor", 1
    while name.casefold() in taken:
        number += 1
        name = f"{cleaned or 'sensor'} {number}"
    return name
