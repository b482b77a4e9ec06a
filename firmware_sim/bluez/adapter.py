"""``org.bluez.Adapter1``: discovery and what is heard while it runs."""

from dbus_fast import Message, Variant

from firmware_sim.bluez.faults import bluez_error
from firmware_sim.bluez.room import ADAPTER_PATH, NOTHING, Answer, Methods, Room, Sensor
from firmware_sim.bluez.tree import ADAPTER, DEVICE


class Adapter:
    """Who scans, and the reports they get."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._scanning: dict[str, set[str]] = {}
        self._filters: dict[str, set[str]] = {}

    def methods(self) -> Methods:
        """The interface's methods by their D-Bus names."""
        return {
            "SetDiscoveryFilter": self._set_discovery_filter,
            "StartDiscovery": self._start_discovery,
            "StopDiscovery": self._stop_discovery,
            "RemoveDevice": self._remove_device,
        }

    def plug_in(self) -> None:
        """Appear, powered."""
        properties: dict[str, object] = {
            "Address": "F0:F0:F0:F0:F0:00",
            "AddressType": "public",
            "Name": "simulated",
            "Alias": "simulated",
            "Powered": True,
            "Discovering": False,
            "Roles": ["central", "peripheral"],
            "UUIDs": [],
        }
        self._room.tree.add(ADAPTER_PATH, {ADAPTER: properties})

    def power(self, *, on: bool) -> None:
        """Switch the radio; off ends every discovery."""
        if not on:
            self.forget_clients()
        state: dict[str, object] = {"Powered": on, "Discovering": bool(self._scanning)}
        self._room.tree.set(ADAPTER_PATH, ADAPTER, state)

    def forget_clients(self) -> None:
        """Nobody scans any more."""
        self._scanning.clear()

    def client_gone(self, client: str) -> None:
        """A client left the bus: its discovery ends."""
        self._filters.pop(client, None)
        self._end(client)

    async def _set_discovery_filter(self, call: Message) -> Answer:
        self._room.ready()
        uuids = call.body[0].get("UUIDs", Variant("as", [])).value
        self._filters[str(call.sender)] = {str(uuid).lower() for uuid in uuids}
        return NOTHING

    async def _start_discovery(self, call: Message) -> Answer:
        self._room.ready()
        client = str(call.sender)
        if client in self._scanning:
            raise bluez_error("InProgress", "Operation already in progress")
        first = not self._scanning
        self._scanning[client] = self._filters.get(client, set())
        if first:
            self._room.tree.set(ADAPTER_PATH, ADAPTER, {"Discovering": True})
            self._room.spawn(self._listen())
        return NOTHING

    async def _stop_discovery(self, call: Message) -> Answer:
        self._room.ready()
        if not self._end(str(call.sender)):
            raise bluez_error("Failed", "No discovery started")
        return NOTHING

    def _end(self, client: str) -> bool:
        tree = self._room.tree
        if self._scanning.pop(client, None) is None:
            return False
        if not self._scanning and ADAPTER_PATH in tree:
            tree.set(ADAPTER_PATH, ADAPTER, {"Discovering": False})
            for path in self._room.sensors:
                if path in tree:
                    tree.forget(path, DEVICE, ["RSSI"])
        return True

    async def _remove_device(self, call: Message) -> Answer:
        path = str(call.body[0])
        if path not in self._room.tree or path not in self._room.sensors:
            raise bluez_error("DoesNotExist", "Does Not Exist")
        self._room.forget(self._room.sensors[path])
        return NOTHING

    async def _listen(self) -> None:
        while self._scanning:
            for sensor in self._room.sensors.values():
                if not self._room.frozen and not sensor.link.connected and sensor.link.reachable():
                    self._report(sensor)
            await self._room.pause(self._room.timing.advertise_s)

    def _report(self, sensor: Sensor) -> None:
        advertisement = sensor.link.peer.advertisement
        uuids = {uuid.lower() for uuid in advertisement.service_uuids}
        if not any(not wanted or wanted & uuids for wanted in self._scanning.values()):
            return
        sensor.rssi_dbm = -50 - (sensor.rssi_dbm + 1) % 10  # a room is never still
        if sensor.path in self._room.tree:
            self._room.tree.set(sensor.path, DEVICE, {"RSSI": sensor.rssi_dbm})
            return
        properties: dict[str, object] = {
            "Address": advertisement.address,
            "AddressType": "random",
            "Alias": advertisement.name or advertisement.address.replace(":", "-"),
            "Paired": False,
            "Bonded": False,
            "Trusted": False,
            "Blocked": False,
            "Connected": False,
            "ServicesResolved": False,
            "LegacyPairing": False,
            "Adapter": ADAPTER_PATH,
            "UUIDs": list(advertisement.service_uuids),
            "RSSI": sensor.rssi_dbm,
        }
        if advertisement.name:
            properties["Name"] = advertisement.name
        self._room.tree.add(sensor.path, {DEVICE: properties})
