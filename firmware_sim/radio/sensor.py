"""One simulated sensor with a radio of its own: a peer as GATT server, advertised by bumble."""

import asyncio
import contextlib
from collections.abc import Mapping
from functools import partial
from typing import Final

from bumble import att
from bumble.controller import Controller
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection, Device
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.hci import Address
from bumble.host import Host
from bumble.pairing import PairingConfig
from bumble.transport.common import AsyncPipeSink

from firmware_sim.links.world import World
from firmware_sim.peer import GattCharacteristic, Peer, Sent
from firmware_sim.radio.air import RadioAir, keep_to_4_2

DEFAULT_MTU: Final = 247
_ADVERTISE_MS: Final = 100
_LONGEST_WAIT_US: Final = 250_000  # a peer that becomes unreachable need not announce when
_FLAGS: Final = bytes((0x06,))  # generally discoverable, no BR/EDR
_PROPERTIES: Final[Mapping[str, Characteristic.Properties]] = {
    "read": Characteristic.Properties.READ,
    "write": Characteristic.Properties.WRITE,
    "write-without-response": Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
    "notify": Characteristic.Properties.NOTIFY,
    "indicate": Characteristic.Properties.INDICATE,
}


class RadioSensor:
    """Drives one :class:`Peer` on the air. Call everything within one event loop.

    The peer hears of a link when the MTU is agreed on, or else with the first thing asked of it.
    Pairing is Just Works with bonding, and never asked for.
    """

    def __init__(self, peer: Peer, world: World, air: RadioAir, *, mtu: int = DEFAULT_MTU) -> None:
        self.peer = peer
        self.connects = 0
        self._world = world
        self._air = air
        self._away_until_us = 0
        self._connection: Connection | None = None
        self._told = False  # the peer knows of the link
        self._wake = asyncio.Event()
        self._indications: asyncio.Queue[Sent] = asyncio.Queue()
        self._over = False
        self._living: asyncio.Task[None] | None = None
        self._indicating: asyncio.Task[None] | None = None
        self._controller = Controller(peer.advertisement.name, link=air)
        keep_to_4_2(self._controller)
        self._device = self._made(mtu)
        self._lanes = self._offer()

    async def start(self) -> None:
        """Switch the radio on."""
        await self._device.power_on()
        self._living = asyncio.create_task(self._live())
        self._indicating = asyncio.create_task(self._indicate())

    async def stop(self) -> None:
        """Take it out of the world."""
        self._over = True  # never cancelled: bumble does not survive half a command
        self._wake.set()
        if self._living is not None:
            await self._living
        if self._indicating is not None:
            self._indicating.cancel()
            await asyncio.gather(self._indicating, return_exceptions=True)
        self._air.cut(self._controller)
        self._air.remove_controller(self._controller)

    async def hang_up(self) -> None:
        """The sensor ends the connection, in order. Without effect when there is none."""
        if self._connection is not None:
            await self._connection.disconnect()

    def go_away(self, seconds: float) -> None:
        """Out of reach for a while: the connection times out and nothing is heard."""
        self._away_until_us = self._world.now_us() + round(seconds * 1e6)
        self._wake.set()

    # How it is built

    def _made(self, mtu: int) -> Device:
        advertisement = self.peer.advertisement
        device = Device(
            name=advertisement.name,
            address=Address(advertisement.address),
            host=Host(self._controller, AsyncPipeSink(self._controller)),
        )
        device.pairing_config_factory = lambda _connection: PairingConfig(
            sc=True, mitm=False, bonding=True
        )
        device.gatt_server.max_mtu = mtu
        device.on(device.EVENT_CONNECTION, self._connected)
        device.gatt_server.on(
            device.gatt_server.EVENT_CHARACTERISTIC_SUBSCRIPTION, self._subscribed
        )
        return device

    def _offer(self) -> dict[str, "Characteristic[bytes]"]:
        """Put the peer's services up; returns its characteristics by lane."""
        lanes: dict[str, Characteristic[bytes]] = {}
        for service in self.peer.services:
            for described in service.characteristics:
                lanes[described.lane] = self._characteristic(described)
            own = [lanes[described.lane] for described in service.characteristics]
            self._device.add_service(Service(UUID(service.uuid), own))
        return lanes

    def _characteristic(self, described: GattCharacteristic) -> "Characteristic[bytes]":
        properties = Characteristic.Properties(0)
        for name in described.properties:
            properties |= _PROPERTIES[name]
        return Characteristic(
            UUID(described.uuid),
            properties,
            Characteristic.READABLE | Characteristic.WRITEABLE,
            CharacteristicValue(
                read=partial(self._read, described.lane), write=partial(self._write, described.lane)
            ),
        )

    # What a host does

    def _connected(self, connection: Connection) -> None:
        self.connects += 1
        self._connection = connection
        self._told = False
        connection.on(connection.EVENT_DISCONNECTION, self._disconnected)
        connection.on(connection.EVENT_CONNECTION_ATT_MTU_UPDATE, self._tell)

    def _disconnected(self, _reason: int) -> None:
        self._connection = None
        self._indications = asyncio.Queue()
        if self._indicating is not None:
            self._indicating.cancel()
            self._indicating = asyncio.create_task(self._indicate())
        if self._told:
            self._told = False
            self.peer.link_down(self._world.now_us())
        self._wake.set()

    def _tell(self) -> None:
        """Let the peer know of the link, once."""
        if self._connection is not None and not self._told:
            self._told = True
            self.peer.link_up(self._world.now_us(), mtu=self._connection.att_mtu)
            self._wake.set()

    def _subscribed(
        self,
        _bearer: object,
        characteristic: "Characteristic[bytes]",
        notify: bool,  # noqa: FBT001 - as bumble calls it
        indicate: bool,  # noqa: FBT001
    ) -> None:
        self._tell()
        for lane, ours in self._lanes.items():
            if ours is characteristic:
                self.peer.subscribe(lane, self._world.now_us(), enabled=notify or indicate)
        self._wake.set()

    def _read(self, lane: str, _connection: Connection) -> bytes:
        self._tell()
        values = {
            c.lane: c.value for service in self.peer.services for c in service.characteristics
        }
        return values[lane]

    def _write(self, lane: str, _connection: Connection, value: bytes) -> None:
        self._tell()
        error = self.peer.receive(lane, bytes(value), self._world.now_us())
        self._wake.set()
        if error is not None:
            raise att.ATT_Error(att.ErrorCode(error))

    # What the sensor does by itself

    async def _live(self) -> None:
        while not self._over:
            now_us = self._world.now_us()
            self._wake.clear()
            for sent in self.peer.poll(now_us):
                await self._send(sent)
            await self._mind_reach(now_us)
            due_us = self.peer.next_poll_us()
            latest_us = now_us + _LONGEST_WAIT_US
            until_us = latest_us if due_us is None else min(max(due_us, now_us + 1), latest_us)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._world.wall_s(until_us - now_us)):
                    await self._wake.wait()

    async def _send(self, sent: Sent) -> None:
        if self._connection is None or not self._told:
            return
        characteristic = self._lanes[sent.lane]
        if characteristic.properties & Characteristic.Properties.INDICATE:
            self._indications.put_nowait(sent)
        else:
            await self._device.notify_subscriber(self._connection, characteristic, sent.data)

    async def _indicate(self) -> None:
        """One at a time, each acknowledged; a host that does not acknowledge is hung up on."""
        while True:
            sent = await self._indications.get()
            connection = self._connection
            if connection is None:
                continue
            try:
                await self._device.indicate_subscriber(
                    connection, self._lanes[sent.lane], sent.data
                )
            except TimeoutError:
                await self.hang_up()

    async def _mind_reach(self, now_us: int) -> None:
        """Be heard, and keep the link, only while the device is on and near."""
        reachable = now_us >= self._away_until_us and self.peer.reachable(now_us)
        if not reachable:
            self._air.cut(self._controller)
        wanted = reachable and self._connection is None
        if wanted and not self._device.is_advertising:
            await self._advertise()
        elif not reachable and self._device.is_advertising:
            await self._device.stop_advertising()

    async def _advertise(self) -> None:
        shown = self.peer.advertisement
        kinds = AdvertisingData.Type
        uuids = b"".join(UUID(uuid).to_bytes() for uuid in shown.service_uuids[:1])
        kind = (
            kinds.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS
            if len(uuids) == 2
            else kinds.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS
        )
        said = [(kinds.FLAGS, _FLAGS)] + ([(kind, uuids)] if uuids else [])
        name = AdvertisingData([(kinds.COMPLETE_LOCAL_NAME, shown.name.encode())])
        await self._device.start_advertising(
            advertising_data=bytes(AdvertisingData(said)),
            scan_response_data=bytes(name),
            advertising_interval_min=_ADVERTISE_MS,
            advertising_interval_max=_ADVERTISE_MS,
        )
