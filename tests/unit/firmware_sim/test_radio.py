"""The simulated radio between two controllers of one process: bumble's own central as the host.

No kernel and no BlueZ: what those make of it is shown by ``make acceptance``. What the device says
on the air is compared with what it says when it is asked directly.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from bumble import att
from bumble.controller import Controller
from bumble.core import UUID, AdvertisingData
from bumble.device import Device, Peer
from bumble.gatt_client import CharacteristicProxy
from bumble.hci import Address, HCI_ErrorCode, OwnAddressType
from bumble.host import Host
from bumble.transport.common import AsyncPipeSink
from omp_rig import SECOND_US, device

from firmware_sim.links.world import World
from firmware_sim.omp.faces import ATT_NOT_INDICATING
from firmware_sim.peer import GattCharacteristic
from firmware_sim.radio import RadioAir, RadioSensor

PATIENCE_S = 60.0
HELLO = bytes.fromhex("01 07 01 02 01 01")
START = bytes.fromhex("05 08 10 01 00 11 04 a0 86 01 00 12 02 08 00 13 02 e8 03 14 01 04")
HEADER_BYTES = 8  # type, flags, index, device time: what depends on when one looks
CENTRAL = Address("F0:F0:F0:F0:F0:F1", Address.PUBLIC_DEVICE_ADDRESS)


@dataclass
class Rig:
    sensor: RadioSensor
    central: Device
    heard: dict[str, AdvertisingData]

    @property
    def address(self) -> str:
        return self.sensor.peer.advertisement.address

    def described(self) -> dict[str, GattCharacteristic]:
        services = self.sensor.peer.services
        return {c.lane: c for service in services for c in service.characteristics}

    async def listened(self) -> AdvertisingData:
        """Scan until the sensor has said its name."""
        async with asyncio.timeout(PATIENCE_S):
            news = asyncio.Event()

            def heard(advertisement) -> None:
                self.heard[advertisement.address.to_string(False)] = advertisement.data
                news.set()

            self.central.on("advertisement", heard)
            await self.central.start_scanning(legacy=True)
            while self.address not in self.heard:
                news.clear()
                await news.wait()
            await self.central.stop_scanning(legacy=True)
        return self.heard[self.address]

    async def connected(self) -> Peer:
        async with asyncio.timeout(PATIENCE_S):
            connection = await self.central.connect(
                Address(self.address), own_address_type=OwnAddressType.PUBLIC
            )
            peer = Peer(connection)
            await peer.request_mtu(247)
            await peer.discover_all()
        return peer

    async def subscribed(self, peer: Peer, lane: str) -> "asyncio.Queue[bytes]":
        """What arrives on a lane from now on."""
        arrived: asyncio.Queue[bytes] = asyncio.Queue()
        await self.lane(peer, lane).subscribe(lambda value: arrived.put_nowait(bytes(value)))
        return arrived

    def lane(self, peer: Peer, lane: str) -> CharacteristicProxy:
        (found,) = peer.get_characteristics_by_uuid(UUID(self.described()[lane].uuid))
        return found


@asynccontextmanager
async def rig() -> AsyncIterator[Rig]:
    world, air = World(), RadioAir(interval_s=0.001)
    sensor = RadioSensor(device().ble, world, air)
    controller = Controller("central", link=air, public_address=CENTRAL)
    central = Device(
        name="central", address=CENTRAL, host=Host(controller, AsyncPipeSink(controller))
    )
    await central.power_on()
    await sensor.start()
    try:
        yield Rig(sensor, central, {})
    finally:
        await sensor.stop()


def run(scenario: Callable[[Rig], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(2 * PATIENCE_S), rig() as one:
            await scenario(one)

    asyncio.run(main())


def test_every_characteristic_is_there_with_its_properties_and_value():
    async def scenario(r: Rig) -> None:
        peer = await r.connected()
        for lane, described in r.described().items():
            proxy = r.lane(peer, lane)
            names = {one.name.lower().replace("_", "-") for one in proxy.properties}
            assert names == set(described.properties), lane
            if "read" in described.properties:
                assert bytes(await proxy.read_value()) == described.value, lane

    run(scenario)


def test_the_name_and_the_service_are_advertised():
    async def scenario(r: Rig) -> None:
        shown = r.sensor.peer.advertisement
        data = await r.listened()
        uuids = data.get(AdvertisingData.Type.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS)
        assert uuids == [UUID(shown.service_uuids[0])]

    run(scenario)


def test_a_request_before_subscribing_is_refused_as_the_device_refuses_it():
    async def scenario(r: Rig) -> None:
        peer = await r.connected()
        with pytest.raises(att.ATT_Error) as info:
            await r.lane(peer, "control").write_value(HELLO, with_response=True)
        assert info.value.error_code == ATT_NOT_INDICATING

    run(scenario)


def asked_directly(*requests: bytes) -> tuple[list[bytes], list[bytes]]:
    """What a twin says on ``control`` and ``data`` within two seconds, without any radio."""
    twin = device().ble
    twin.link_up(0, mtu=247)
    for lane in ("control", "data"):
        twin.subscribe(lane, 0, enabled=True)
    said: dict[str, list[bytes]] = {"control": [], "data": []}
    for number, request in enumerate(requests):
        assert twin.receive("control", request, 100_000 * (number + 1)) is None
    for now_us in range(100_000, 2 * SECOND_US, 1000):
        for sent in twin.poll(now_us):
            said[sent.lane].append(sent.data)
    return said["control"], said["data"]


def test_answers_and_samples_are_those_of_the_device_itself():
    async def scenario(r: Rig) -> None:
        peer = await r.connected()
        answers = await r.subscribed(peer, "control")
        data = await r.subscribed(peer, "data")
        heard = []
        for request in (HELLO, START):
            await r.lane(peer, "control").write_value(request, with_response=True)
            heard.append(await answers.get())
        directly, packets = asked_directly(HELLO, START)
        assert heard[0] == directly[0]
        assert (heard[1][:5], len(heard[1])) == (directly[1][:5], len(directly[1]))
        samples = [packet for packet in packets if packet[0] == packets[0][0]][:10]
        for expected in samples:
            packet = await data.get()
            while packet[0] != expected[0]:  # a status in between
                packet = await data.get()
            assert packet[2:4] == expected[2:4]
            assert packet[HEADER_BYTES:] == expected[HEADER_BYTES:]

    run(scenario)


def test_the_sensor_hangs_up_and_can_be_found_again():
    async def scenario(r: Rig) -> None:
        for _ in range(3):
            peer = await r.connected()
            gone = asyncio.Event()
            peer.connection.on("disconnection", lambda _reason, gone=gone: gone.set())
            await r.sensor.hang_up()
            await gone.wait()
        assert r.sensor.connects == 3

    run(scenario)


def test_out_of_reach_the_link_times_out_at_both_ends():
    async def scenario(r: Rig) -> None:
        peer = await r.connected()
        reasons: asyncio.Queue[int] = asyncio.Queue()
        peer.connection.on("disconnection", reasons.put_nowait)
        r.sensor.go_away(0.3)
        assert await reasons.get() == HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR
        await r.connected()
        assert r.sensor.connects == 2

    run(scenario)


def test_pairing_just_works_and_encrypts():
    async def scenario(r: Rig) -> None:
        peer = await r.connected()
        assert not peer.connection.is_encrypted
        await peer.connection.pair()
        assert peer.connection.is_encrypted
        await peer.discover_services()

    run(scenario)
