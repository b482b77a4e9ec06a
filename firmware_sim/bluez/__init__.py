"""BLE without a radio: ``org.bluez`` on a private bus, so that a host's real BlueZ code runs."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from firmware_sim.bluez.air import AirLink, AirTiming
from firmware_sim.bluez.bus import BusError, PrivateBus
from firmware_sim.bluez.faults import Abort, Delay, NoReply, bluez_error
from firmware_sim.bluez.stack import DEFAULT_MTU, FakeBlueZ
from firmware_sim.links.world import World
from firmware_sim.peer import Peer

__all__ = [
    "Abort",
    "AirLink",
    "AirTiming",
    "BusError",
    "Delay",
    "FakeBlueZ",
    "NoReply",
    "PrivateBus",
    "ble_room",
    "bluez_error",
    "serve_ble",
]


@asynccontextmanager
async def ble_room(
    peers: Mapping[str, Peer],
    world: World,
    socket_path: Path,
    *,
    timing: AirTiming | None = None,
    mtu: int = DEFAULT_MTU,
) -> AsyncIterator[FakeBlueZ]:
    """A room with these sensors, reachable through ``DBUS_SYSTEM_BUS_ADDRESS=unix:path=...``."""
    bus = PrivateBus(socket_path)
    bluez = FakeBlueZ(bus, world, timing=timing)
    for peer in peers.values():
        bluez.add_peer(peer, mtu=mtu)
    bus.start()
    bluez.start()
    try:
        yield bluez
    finally:
        await bluez.stop()
        bus.stop()


async def serve_ble(
    peers: Mapping[str, Peer],
    world: World,
    socket_path: Path,
    *,
    ready: asyncio.Event | None = None,
    mtu: int = DEFAULT_MTU,
) -> None:
    """Serve until cancelled; ``ready`` is set once clients may come."""
    async with ble_room(peers, world, socket_path, mtu=mtu):
        if ready is not None:
            ready.set()
        await asyncio.get_running_loop().create_future()
