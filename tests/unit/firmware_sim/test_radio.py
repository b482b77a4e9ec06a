"""The simulated radio between two controllers of one process: bumble's own central as the host.

No kernel and no BlueZ: what those make of it is shown by ``make acceptance``. What the device says on
the air is compared with what it says when it is asked directly.
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
from bumble.hci import Address
from bumble.host import Host
from bumble.pairing import PairingConfig
from bumble.transport.common import AsyncPipeSink

from firmware_sim.families import DeviceSetup, make_device
from firmware_sim.links.world import World
from firmware_sim.peer import GattCharacteristic
from firmware_sim.person import Person
from firmware_sim.radio import RadioAir, RadioSensor
from firmware_sim.scenario.loader import load_scenario

PATIENCE_S = 20.0
HELLO = bytes.fromhex("0101")
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
            connection = await self.central.connect(Address(self.address))
            peer = Peer(connection)
            await peer.request_mtu(247)
            await peer.discover_all()
        return peer

    def lane(self, peer: Peer, lane: str) -> CharacteristicProxy:
        (found,) = peer.get_characteristics_by_uuid(UUID(self.described()[lane].uuid))
        return found


@asynccontextmanager
async def rig(*, placement: str = "thigh_right") -> AsyncIterator[Rig]:
    world, air = World(), RadioAir(interval_s=0.001)
    worn = Person(load_scenario("squat")).imu(placement)
    device = make_device("omp", DeviceSetup(placement, worn, seed=3), "ble")
    sensor = RadioSensor(device.peer, world, air)
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
        assert info.value.error_code == r.sensor.peer.receive("control", HELLO, 10**9)

    run(scenario)
