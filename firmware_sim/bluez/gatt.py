"""A sensor's GATT table as objects of ``org.bluez``, and who listens to which characteristic."""

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

from firmware_sim.bluez.air import AirLink
from firmware_sim.bluez.faults import bluez_error
from firmware_sim.bluez.tree import (
    BATTERY,
    GATT_CHARACTERISTIC,
    GATT_DESCRIPTOR,
    GATT_SERVICE,
    ObjectTree,
)

CCCD = "00002902-0000-1000-8000-00805f9b34fb"
BATTERY_LEVEL = "00002a19-0000-1000-8000-00805f9b34fb"
_NOTIFYING = {"notify", "indicate"}

Spawn = Callable[[Coroutine[object, object, None]], object]


@dataclass(slots=True)
class Characteristic:
    """One exported characteristic and who listens to it."""

    path: str
    lane: str
    uuid: str
    notifies: bool
    owners: list[str] = field(default_factory=list)  # clients that called StartNotify
    acquired: socket.socket | None = None  # our end of AcquireNotify's socket

    @property
    def wanted(self) -> bool:
        """Whether notifications are to be enabled at the sensor."""
        return bool(self.owners) or self.acquired is not None


class GattServer:
    """One sensor's GATT table on the bus."""

    def __init__(self, tree: ObjectTree, device_path: str, link: AirLink, spawn: Spawn) -> None:
        self._tree = tree
        self._device_path = device_path
        self._link = link
        self._spawn = spawn
        self.by_path: dict[str, Characteristic] = {}
        self._by_lane: dict[str, Characteristic] = {}
        self.lost_to_full_sockets = 0
        self.copies = 1  # of each notification, until the link ends
        self.claimed_mtu: int | None = None  # what clients are told; None: the truth

    async def resolve(self) -> None:
        """Export the table after a connection; listeners of an earlier one are served again.

        That last is BlueZ's habit: who called StartNotify and never left the bus is subscribed anew
        on reconnection, once for each time they called.
        """
        handle = 0x000A
        for service in self._link.peer.services:
            handle += 1
            service_path = f"{self._device_path}/service{handle:04x}"
            if service_path not in self._tree:
                properties: dict[str, object] = {
                    "UUID": service.uuid,
                    "Device": self._device_path,
                    "Primary": True,
                    "Includes": [],
                }
                self._tree.add(service_path, {GATT_SERVICE: properties})
            for characteristic in service.characteristics:
                handle += 2
                notifies = bool(_NOTIFYING & set(characteristic.properties))
                path = f"{service_path}/char{handle:04x}"
                if path not in self._tree:
                    self._export(path, service_path, characteristic.uuid, characteristic.properties)
                    exported = Characteristic(
                        path, characteristic.lane, characteristic.uuid, notifies
                    )
                    self.by_path[path] = self._by_lane[characteristic.lane] = exported
                if characteristic.uuid == BATTERY_LEVEL and characteristic.value:
                    percent = characteristic.value[0]
                    self._tree.add(self._device_path, {BATTERY: {"Percentage": percent}})
                handle += notifies
        for exported in self.by_path.values():
            if exported.wanted:
                await self._link.subscribe(exported.lane, enabled=True)

    def _export(self, path: str, service_path: str, uuid: str, flags: tuple[str, ...]) -> None:
        properties: dict[str, object] = {
            "UUID": uuid,
            "Service": service_path,
            "Flags": list(flags),
            "Value": b"",
            "MTU": self._link.mtu if self.claimed_mtu is None else self.claimed_mtu,
        }
        notifies = bool(_NOTIFYING & set(flags))
        if notifies:
            properties |= {"Notifying": False, "NotifyAcquired": False}
        self._tree.add(path, {GATT_CHARACTERISTIC: properties})
        if notifies:
            handle = int(path[-4:], 16) + 1
            descriptor: dict[str, object] = {
                "UUID": CCCD,
                "Characteristic": path,
                "Value": b"\0\0",
            }
            self._tree.add(f"{path}/desc{handle:04x}", {GATT_DESCRIPTOR: descriptor})

    def value(self, lane: str, data: bytes) -> None:
        """The sensor notified."""
        characteristic = self._by_lane.get(lane)
        if characteristic is None:
            return
        if characteristic.acquired is not None:
            try:
                characteristic.acquired.send(data)
            except OSError:  # full: the kernel's queue is the only buffer of this path
                self.lost_to_full_sockets += 1
            return
        # One signal for each registered owner, as BlueZ does: a client whose earlier registration
        # leaked sees every value several times (bleak issue 2002).
        for _ in characteristic.owners * self.copies:
            self._tree.set(characteristic.path, GATT_CHARACTERISTIC, {"Value": data})

    def read(self, path: str) -> bytes:
        """ReadValue. As with BlueZ, a read also shows as a change of Value."""
        if path.rpartition("/")[2].startswith("desc"):
            parent = self.by_path[path.rpartition("/")[0]]
            return b"\1\0" if parent.wanted else b"\0\0"
        characteristic = self.by_path[path]
        entry = self._link.characteristics()[characteristic.lane]
        if "read" not in entry.properties:
            raise bluez_error("NotPermitted", "Read not permitted")
        self._tree.set(path, GATT_CHARACTERISTIC, {"Value": entry.value})
        return entry.value

    async def write(self, path: str, data: bytes, *, response: bool) -> None:
        """WriteValue, as a request or as a command."""
        characteristic = self.by_path.get(path)
        if characteristic is None:
            raise bluez_error("NotPermitted", "Write not permitted")
        try:
            code = await self._link.write(characteristic.lane, data, response=response)
        except ConnectionError as error:
            raise bluez_error("Failed", str(error)) from error
        if code is not None:
            raise bluez_error("Failed", f"Operation failed with ATT error: 0x{code:02x}")

    async def start_notify(self, path: str, client: str) -> None:
        """StartNotify."""
        characteristic = self._notifying(path)
        if client in characteristic.owners:
            raise bluez_error("InProgress", "Operation already in progress")
        if characteristic.acquired is not None:
            raise bluez_error("NotPermitted", "Notify acquired")
        characteristic.owners.append(client)
        await self._link.subscribe(characteristic.lane, enabled=True)
        self._tree.set(path, GATT_CHARACTERISTIC, {"Notifying": True})

    async def stop_notify(self, path: str, client: str) -> None:
        """StopNotify; what was not started is refused."""
        characteristic = self._notifying(path)
        if client not in characteristic.owners:
            raise bluez_error("Failed", "No notify session started")
        characteristic.owners.remove(client)
        await self._release(characteristic)

    async def acquire_notify(self, path: str) -> int:
        """AcquireNotify: a socket that carries values, one a packet. The caller owns the fd."""
        characteristic = self._notifying(path)
        if characteristic.acquired is not None or characteristic.owners:
            raise bluez_error("NotPermitted", "Notify acquired")
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        near.settimeout(0)
        characteristic.acquired = near
        asyncio.get_running_loop().add_reader(near.fileno(), self._hung_up, characteristic)
        await self._link.subscribe(characteristic.lane, enabled=True)
        self._tree.set(path, GATT_CHARACTERISTIC, {"NotifyAcquired": True})
        return far.detach()

    def link_lost(self) -> None:
        """The connection ended: sockets close, StartNotify's owners stay on the books."""
        self.copies = 1
        for characteristic in self.by_path.values():
            self._close_socket(characteristic)

    def client_gone(self, client: str) -> None:
        """A client left the bus: its subscriptions end."""
        for characteristic in self.by_path.values():
            if client in characteristic.owners:
                characteristic.owners = [name for name in characteristic.owners if name != client]
                self._spawn(self._release(characteristic))

    def forget(self) -> None:
        """The table is no longer exported."""
        self.link_lost()
        self.by_path.clear()
        self._by_lane.clear()

    async def _release(self, characteristic: Characteristic) -> None:
        if not characteristic.wanted and self._link.connected:
            await self._link.subscribe(characteristic.lane, enabled=False)
        if characteristic.path in self._tree:
            notifying = {"Notifying": bool(characteristic.owners)}
            self._tree.set(characteristic.path, GATT_CHARACTERISTIC, dict(notifying))

    def _notifying(self, path: str) -> Characteristic:
        characteristic = self.by_path.get(path)
        if characteristic is None or not characteristic.notifies:
            raise bluez_error("NotSupported", "Operation is not supported")
        return characteristic

    def _hung_up(self, characteristic: Characteristic) -> None:
        assert characteristic.acquired is not None
        try:
            if os.read(characteristic.acquired.fileno(), 16):
                return  # nobody writes on this path; not ours to complain
        except BlockingIOError:
            return
        except OSError:
            pass  # reset by the other side: closed just the same
        self._close_socket(characteristic)
        self._spawn(self._release(characteristic))

    def _close_socket(self, characteristic: Characteristic) -> None:
        if characteristic.acquired is None:
            return
        asyncio.get_running_loop().remove_reader(characteristic.acquired.fileno())
        characteristic.acquired.close()
        characteristic.acquired = None
        if characteristic.path in self._tree:
            self._tree.set(characteristic.path, GATT_CHARACTERISTIC, {"NotifyAcquired": False})
