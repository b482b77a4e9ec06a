"""A simulated BlueZ, simulated sensors, and our supervisor in one loop."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from link_rig import Listener, run, supervised, system_bus

from firmware_sim.bluez import AirTiming, FakeBlueZ, ble_room
from firmware_sim.links.world import World
from firmware_sim.peer import Peer
from sensorhub.daemon.links.link import SensorLink
from sensorhub.daemon.links.timing import LinkTiming
from sensorhub.devices.omp.family import FAMILY
from sensorhub.transports.ble import BleTransport, NotifyPath
from sensorhub.transports.ble_radio import BleRadio
from sensorhub.transports.hubclock import HubClock

QUICK = AirTiming(advertise_s=0.1, connect_s=0.1, resolve_s=0.1, disconnect_s=0.05)


@dataclass
class Room:
    bluez: FakeBlueZ
    world: World
    clock: HubClock
    radio: BleRadio

    def transport(
        self, peer: Peer, *, path: NotifyPath = NotifyPath.SIGNALS, find_s: float = 2.0
    ) -> BleTransport:
        assert FAMILY.ble is not None
        return BleTransport(
            peer.advertisement.name,
            FAMILY.ble,
            radio=self.radio,
            clock=self.clock,
            notify=path,
            find_s=find_s,
        )

    @asynccontextmanager
    async def linked(
        self,
        peer: Peer,
        *,
        path: NotifyPath = NotifyPath.SIGNALS,
        timing: LinkTiming | None = None,
        find_s: float = 2.0,
    ) -> AsyncIterator[tuple[SensorLink, Listener]]:
        transport = self.transport(peer, path=path, find_s=find_s)
        async with supervised(transport, self.clock, timing=timing) as (link, listener):
            yield link, listener


def in_room(
    tmp_path: Path,
    peers: Sequence[Peer],
    scenario: Callable[[Room], Awaitable[None]],
    *,
    speed: float,
    mtu: int = 247,
) -> None:
    async def main() -> None:
        world = World(speed=speed)
        named = {peer.advertisement.address: peer for peer in peers}
        with system_bus(tmp_path / "bus"):
            async with ble_room(named, world, tmp_path / "bus", timing=QUICK, mtu=mtu) as bluez:
                await scenario(
                    Room(bluez, world, HubClock(speed=speed), BleRadio(namesake_s=0.5 / speed))
                )

    run(main)


def nothing_missing(listener: Listener) -> None:
    """Every index from 0 to the last exactly once."""
    indices = listener.indices()
    assert sorted(indices) == list(range(len(indices)))
