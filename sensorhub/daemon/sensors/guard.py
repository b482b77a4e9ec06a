"""Only the sensor that is meant is believed: a guard between a link and whoever listens to it.

A registered sensor says who it is soon after a link came up. Until it has, what it sends is held
back; when it turns out to be another, what was held back is thrown away, nothing of it reaches the
log, and the link gives up with the reason. (All others are logged before anyone looks at them: but
a neighbour's movements must not be in this person's log, not even unread.)
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

from sensorhub.daemon.links.opening import LinkCallbacks
from sensorhub.model.errors import DeviceError
from sensorhub.model.events import BatteryReported, DeviceEvent, DeviceIdentified, SamplesArrived
from sensorhub.model.link import Record, RecordKind
from sensorhub.model.units import NS_PER_S
from sensorhub.sessions.store.registry import RegisteredSensor, Registry, Sighted
from sensorhub.transports.uri import BleUri, parse_uri

_LOG = logging.getLogger(__name__)

IDENTIFY_S = 10.0
"""A sensor that streams for so long without saying who it is, is refused."""

MAX_HELD = 20_000
"""Records and events together: minutes of any sensor."""

AskBond = Callable[[str], Awaitable[bool | None]]
"""Whether there is a bond with the device of this address; None: nobody knows."""


async def bond_in_bluez(address: str) -> bool | None:
    """What BlueZ says; None where it cannot be asked or does not say."""
    from sensorhub.daemon.sensors.bluez import BLUEZ, ask_objects, bond_of

    return bond_of(await ask_objects(BLUEZ), address)


class SensorGuard:
    """Watches one registered sensor's link; give the link :attr:`callbacks` instead of the own.

    What it raises ends the link for good, with the sentence in its status.

    Args:
        then: who listens.
        registry: is told when the sensor was seen, its firmware and battery; None: nobody is.
        speed: hub seconds in a second of the wall.
    """

    def __init__(
        self,
        sensor: RegisteredSensor,
        *,
        then: LinkCallbacks,
        registry: Registry | None = None,
        ask_bond: AskBond = bond_in_bluez,
        speed: float = 1.0,
    ) -> None:
        self._sensor = sensor
        self._then = then
        self._registry = registry
        self._ask_bond = ask_bond
        self._patience_ns = round(max(IDENTIFY_S, 2.0 * speed) * NS_PER_S)
        uri = parse_uri(sensor.uri)
        self._address = uri.target if isinstance(uri, BleUri) and uri.is_address else None
        self._identified = not sensor.device_id
        self._bonded = not sensor.bonded
        self._asking: asyncio.Task[None] | None = None
        self._refused: DeviceError | None = None
        self._held: list[Record | DeviceEvent] = []
        self._first_sample_ns: int | None = None
        self._seen = False
        self._learned = Sighted(datetime.fromtimestamp(0, UTC))

    @property
    def callbacks(self) -> LinkCallbacks:
        return LinkCallbacks(
            sink=self._on_record, on_event=self._on_event, on_status=self._then.on_status
        )

    def _on_record(self, record: Record) -> None:
        if record.kind is RecordKind.LINK_UP:
            self._link_up()
        if self._refused is not None:
            self._held.clear()
            if record.kind is RecordKind.LINK_DOWN:
                return
            raise self._refused
        if self._open:
            self._let_through()
            self._then.sink(record)
        else:
            self._hold(record)
        if record.kind is RecordKind.LINK_DOWN and self._seen:
            self._tell()

    def _on_event(self, event: DeviceEvent) -> None:
        if isinstance(event, DeviceIdentified):
            self._check(event)
        if self._refused is not None:
            return  # the link is being ended
        was_seen, before = self._seen, self._learned
        self._learn(event)
        if not self._open:
            self._hold(event)
            if isinstance(event, SamplesArrived):
                self._mind_patience(event.host_time_ns)
            return
        self._let_through()
        self._then.on_event(event)
        if was_seen and self._learned != before:
            self._tell()

    @property
    def _open(self) -> bool:
        return self._identified and self._bonded

    def _link_up(self) -> None:
        """A new link: by a name or a cable it may be another device; an address stays the same."""
        self._first_sample_ns = None
        if not self._open:
            # What came before it was sure who sends: nobody will ever know whose that was.
            self._held.clear()
        if self._address is None:
            self._identified = not self._sensor.device_id
        if self._sensor.bonded:
            self._bonded = False
            self._asking = asyncio.get_running_loop().create_task(self._check_bond())

    def _check(self, event: DeviceIdentified) -> None:
        pinned = self._sensor.device_id
        if pinned and event.device_id != pinned:
            self._held.clear()
            self._refused = DeviceError(
                f"Another sensor answers as {self._sensor.name!r}: it says that it is"
                f" {event.device_id}, registered is {pinned}.",
                hint="It is not used. Switch yours on and the other off; if yours was replaced:"
                f' sensorhub sensors forget "{self._sensor.name}", then sensorhub sensors add.',
                code="another_sensor",
            )
            raise self._refused
        self._identified = True

    async def _check_bond(self) -> None:
        bonded: bool | None = None
        try:
            bonded = await self._ask_bond(self._address or "")
        except Exception:  # noqa: BLE001 (whatever it was: the bond is not known to be there)
            _LOG.exception("asking for the bond with %s failed", self._sensor.name)
        if bonded:
            self._bonded = True
            return
        why = (
            "this computer no longer holds the bond that was made with it"
            if bonded is False
            else "it cannot be found out whether the bond that was made with it is in force"
        )
        self._held.clear()
        self._refused = DeviceError(
            f"The sensor {self._sensor.name!r} is not used: {why}.",
            hint=f'Register it anew: sensorhub sensors forget "{self._sensor.name}",'
            " then sensorhub sensors add.",
            code="bond_unsure",
        )

    def _let_through(self) -> None:
        """What was held back goes on, in the order in which it came; now it is sure who it is."""
        if not self._open:
            return
        held, self._held = self._held, []
        for one in held:
            if isinstance(one, Record):
                self._then.sink(one)
            else:
                self._then.on_event(one)
        if not self._seen:
            self._seen = True
            self._tell()

    def _hold(self, one: Record | DeviceEvent) -> None:
        self._held.append(one)
        if len(self._held) > MAX_HELD:
            self._refuse_silent()

    def _mind_patience(self, now_ns: int) -> None:
        if self._first_sample_ns is None:
            self._first_sample_ns = now_ns
        if now_ns - self._first_sample_ns > self._patience_ns:
            self._refuse_silent()

    def _refuse_silent(self) -> None:
        self._held.clear()
        self._refused = DeviceError(
            f"What answers as {self._sensor.name!r} does not say who it is.",
            hint="It is not used: it may be somebody else's. Switch it off and on.",
            code="nameless",
        )
        raise self._refused

    def _learn(self, event: DeviceEvent) -> None:
        before = self._learned
        if isinstance(event, DeviceIdentified):
            self._learned = replace(
                before,
                model=event.model or before.model,
                firmware=event.firmware or before.firmware,
            )
        elif isinstance(event, BatteryReported) and event.percent is not None:
            self._learned = replace(before, battery_percent=event.percent)

    def _tell(self) -> None:
        if self._registry is not None:
            self._registry.sighted(
                self._sensor.name, replace(self._learned, seen=datetime.now(UTC))
            )


def guarded(
    sensor: RegisteredSensor | None,
    then: LinkCallbacks,
    *,
    registry: Registry | None = None,
    speed: float = 1.0,
) -> LinkCallbacks:
    """The callbacks behind a guard; as they are for a sensor that nobody registered."""
    if sensor is None:
        return then
    return SensorGuard(sensor, then=then, registry=registry, speed=speed).callbacks
