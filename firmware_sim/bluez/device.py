"""``org.bluez.Device1`` and the GATT interfaces: what clients do with one sensor."""

import asyncio

from dbus_fast import Message, Variant

from firmware_sim.bluez.bus import ERROR, BusError
from firmware_sim.bluez.faults import bluez_error
from firmware_sim.bluez.gatt import GattServer
from firmware_sim.bluez.room import NOTHING, Answer, Methods, Room, Sensor
from firmware_sim.bluez.tree import DEVICE


class Devices:
    """Connections and calls below a device's path."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._with_agent: set[str] = set()

    def methods(self) -> Methods:
        """The interfaces' methods by their D-Bus names."""
        return {
            "Connect": self._connect,
            "Disconnect": self._disconnect,
            "Pair": self._pair,
            "RegisterAgent": self._register_agent,
            "ReadValue": self._read_value,
            "WriteValue": self._write_value,
            "StartNotify": self._start_notify,
            "StopNotify": self._stop_notify,
            "AcquireNotify": self._acquire_notify,
            "AcquireWrite": self._acquire_write,
        }

    async def _connect(self, call: Message) -> Answer:
        sensor = self._room.sensor(str(call.path))
        self._room.ready()
        if sensor.aborting is not None:
            raise bluez_error("InProgress", "Operation already in progress")
        if sensor.link.connected:
            raise bluez_error("AlreadyConnected", "Already Connected")
        sensor.aborting = asyncio.Event()
        try:
            await self._reach(sensor, sensor.aborting)
        finally:
            sensor.aborting = None
        self._room.ready()
        sensor.link.connect()
        self._room.tree.set(sensor.path, DEVICE, {"Connected": True})
        self._room.spawn(self._resolve(sensor))
        return NOTHING

    async def _reach(self, sensor: Sensor, aborting: asyncio.Event) -> None:
        """Wait until the sensor advertises and the link is made, as long as the kernel would."""
        timing, world = self._room.timing, self._room.world
        give_up_us = world.now_us() + round(timing.give_up_s * 1e6)
        await self._room.pause(timing.connect_s)
        while not sensor.link.reachable():
            if aborting.is_set() or world.now_us() > give_up_us:
                raise bluez_error("Failed", "le-connection-abort-by-local")
            await self._room.pause(timing.advertise_s)
        if aborting.is_set():
            raise bluez_error("Failed", "Operation canceled")

    async def _resolve(self, sensor: Sensor) -> None:
        await self._room.pause(self._room.timing.resolve_s)
        if self._gone(sensor):
            return
        await sensor.gatt.resolve()
        if self._gone(sensor):
            return
        uuids = [service.uuid for service in sensor.link.peer.services]
        self._room.tree.set(sensor.path, DEVICE, {"UUIDs": uuids})
        self._room.tree.set(sensor.path, DEVICE, {"ServicesResolved": True})

    def _gone(self, sensor: Sensor) -> bool:
        return not sensor.link.connected or sensor.path not in self._room.tree

    async def _disconnect(self, call: Message) -> Answer:
        sensor = self._room.sensor(str(call.path))
        if sensor.aborting is not None:
            sensor.aborting.set()
            return NOTHING
        if not sensor.link.connected:
            raise bluez_error("NotConnected", "Not Connected")
        await self._room.pause(self._room.timing.disconnect_s)
        self._room.drop(sensor)
        return NOTHING

    async def _register_agent(self, call: Message) -> Answer:
        client = str(call.sender)
        if client in self._with_agent:
            raise bluez_error("AlreadyExists", "Already Exists")
        self._with_agent.add(client)
        return NOTHING

    async def _pair(self, call: Message) -> Answer:
        """Just Works; like the real one, only for a client with an agent."""
        sensor = self._room.sensor(str(call.path))
        if self._room.tree.get(sensor.path, DEVICE, "Paired"):
            raise bluez_error("AlreadyExists", "Already Exists")
        if str(call.sender) not in self._with_agent:
            raise bluez_error("AuthenticationFailed", "Authentication Failed")
        self._room.tree.set(sensor.path, DEVICE, {"Paired": True, "Bonded": True})
        return NOTHING

    def _sensor_below(self, call: Message) -> Sensor:
        """The connected sensor a GATT object belongs to."""
        path = str(call.path)
        self._room.tree.interfaces(path)
        parts = path.split("/")
        if len(parts) < 6:
            raise BusError(ERROR + "UnknownMethod", f"not a GATT object: {path}")
        sensor = self._room.sensor("/".join(parts[:5]))
        if not sensor.link.connected:
            raise bluez_error("Failed", "Not connected")
        return sensor

    def _gatt(self, call: Message) -> GattServer:
        return self._sensor_below(call).gatt

    async def _read_value(self, call: Message) -> Answer:
        gatt = self._gatt(call)
        await self._room.pause(self._room.timing.interval_s)
        return "ay", [gatt.read(str(call.path))], -1

    async def _write_value(self, call: Message) -> Answer:
        data, options = call.body
        response = options.get("type", Variant("s", "request")).value == "request"
        await self._gatt(call).write(str(call.path), bytes(data), response=response)
        return NOTHING

    async def _start_notify(self, call: Message) -> Answer:
        await self._gatt(call).start_notify(str(call.path), str(call.sender))
        return NOTHING

    async def _stop_notify(self, call: Message) -> Answer:
        await self._gatt(call).stop_notify(str(call.path), str(call.sender))
        return NOTHING

    async def _acquire_notify(self, call: Message) -> Answer:
        sensor = self._sensor_below(call)
        fd = await sensor.gatt.acquire_notify(str(call.path))
        return "hq", [0, sensor.link.mtu], fd

    async def _acquire_write(self, _call: Message) -> Answer:
        raise bluez_error("NotSupported", "Operation is not supported")
