"""What the objects of ``org.bluez`` share: the tree, the sensors in the room, the running work."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass

from dbus_fast import Message

from firmware_sim.bluez.air import AirLink, AirTiming
from firmware_sim.bluez.bus import ERROR, BusError
from firmware_sim.bluez.faults import bluez_error
from firmware_sim.bluez.gatt import GattServer
from firmware_sim.bluez.tree import ADAPTER, DEVICE, ObjectTree
from firmware_sim.links.world import World
from firmware_sim.peer import Peer

ADAPTER_PATH = "/org/bluez/hci0"

Answer = tuple[str, list[object], int]
"""Signature, body, and a file descriptor to hand over (-1: none)."""

NOTHING: Answer = ("", [], -1)

Method = Callable[[Message], Coroutine[object, object, Answer]]
Methods = Mapping[str, Method]


@dataclass(slots=True)
class Sensor:
    """A simulated sensor and what bluetoothd knows of it."""

    path: str
    link: AirLink
    gatt: GattServer
    aborting: asyncio.Event | None = None  # there while a connection is being made; set: give up
    rssi_dbm: int = -55

    @property
    def address(self) -> str:
        return self.link.peer.advertisement.address


class Room:
    """Sensors by object path, and the tree they appear in."""

    def __init__(self, tree: ObjectTree, world: World, timing: AirTiming) -> None:
        self.tree = tree
        self.world = world
        self.timing = timing
        self.sensors: dict[str, Sensor] = {}
        self.frozen = False
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, peer: Peer, *, mtu: int) -> AirLink:
        """Put a sensor into the room."""
        path = device_path(peer.advertisement.address)
        link = AirLink(
            peer,
            self.world,
            self.timing,
            mtu=mtu,
            on_value=lambda lane, data: self.sensors[path].gatt.value(lane, data),
            on_lost=lambda: self.link_down(self.sensors[path]),
        )
        gatt = GattServer(self.tree, path, link, self.spawn)
        self.sensors[path] = Sensor(path, link, gatt)
        return link

    def sensor(self, path: str) -> Sensor:
        """The sensor whose device object this is. Raises BusError."""
        self.tree.interfaces(path)
        if path not in self.sensors:
            raise BusError(ERROR + "UnknownMethod", f"no device at {path}")
        return self.sensors[path]

    def ready(self) -> None:
        """Raises BusError NotReady while the adapter is off, UnknownObject while there is none."""
        if not self.tree.get(ADAPTER_PATH, ADAPTER, "Powered"):
            raise bluez_error("NotReady", "Resource Not Ready")

    def drop(self, sensor: Sensor) -> None:
        """Cut its connection, if there is one."""
        if sensor.link.connected:
            sensor.link.disconnect()
            self.link_down(sensor)

    def link_down(self, sensor: Sensor) -> None:
        """Tell the clients that a connection ended."""
        sensor.gatt.link_lost()
        if sensor.path in self.tree and not self.frozen:
            self.tree.set(sensor.path, DEVICE, {"ServicesResolved": False})
            self.tree.set(sensor.path, DEVICE, {"Connected": False})

    def forget(self, sensor: Sensor) -> None:
        """Remove its device object and all below."""
        self.drop(sensor)
        sensor.gatt.forget()
        for path in self.tree.paths(below=sensor.path):
            self.tree.remove(path)

    async def pause(self, seconds: float) -> None:
        """Let this much of the world's time pass."""
        await self.world.sleep_until(self.world.now_us() + round(seconds * 1e6))

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Run beside everything else until done or the room closes."""
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        """A defect of the simulation is said at once: to a client it looks like silence."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "the simulated BlueZ failed", "exception": error, "task": task}
            )

    async def close(self) -> None:
        """End everything that runs."""
        for sensor in self.sensors.values():
            sensor.gatt.forget()
            await sensor.link.stop()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def device_path(address: str) -> str:
    """Where a device of this address is exported."""
    return f"{ADAPTER_PATH}/dev_{address.replace(':', '_')}"
