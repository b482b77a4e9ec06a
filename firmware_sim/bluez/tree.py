"""The objects ``org.bluez`` exports: paths, interfaces, properties, and the signals about them."""

from collections.abc import Callable, Iterable, Mapping

from dbus_fast import Message, MessageType, Variant

from firmware_sim.bluez.bus import ERROR, BusError

SERVICE = "org.bluez"
ADAPTER = "org.bluez.Adapter1"
DEVICE = "org.bluez.Device1"
GATT_SERVICE = "org.bluez.GattService1"
GATT_CHARACTERISTIC = "org.bluez.GattCharacteristic1"
GATT_DESCRIPTOR = "org.bluez.GattDescriptor1"
BATTERY = "org.bluez.Battery1"
OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
PROPERTIES = "org.freedesktop.DBus.Properties"

_SIGNATURES: Mapping[str, str] = {
    "Adapter": "o",
    "Address": "s",
    "AddressType": "s",
    "Alias": "s",
    "Blocked": "b",
    "Bonded": "b",
    "Characteristic": "o",
    "Connected": "b",
    "Device": "o",
    "Discovering": "b",
    "Flags": "as",
    "Includes": "ao",
    "LegacyPairing": "b",
    "MTU": "q",
    "Name": "s",
    "Notifying": "b",
    "NotifyAcquired": "b",
    "Paired": "b",
    "Percentage": "y",
    "Powered": "b",
    "Primary": "b",
    "RSSI": "n",
    "Roles": "as",
    "Service": "o",
    "ServicesResolved": "b",
    "Trusted": "b",
    "UUID": "s",
    "UUIDs": "as",
    "Value": "ay",
}

Properties = dict[str, object]
Interfaces = dict[str, Properties]


class ObjectTree:
    """Every object by path. Each change says so on the bus, as BlueZ does."""

    def __init__(self, emit: Callable[[Message], None]) -> None:
        self._emit = emit
        self._objects: dict[str, Interfaces] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._objects

    def paths(self, *, below: str = "") -> list[str]:
        """All paths under ``below``, children first."""
        return sorted((path for path in self._objects if path.startswith(below)), reverse=True)

    def interfaces(self, path: str) -> Interfaces:
        """What an object has. Raises BusError UnknownObject."""
        if path not in self._objects:
            raise BusError(ERROR + "UnknownObject", f"no object at {path}")
        return self._objects[path]

    def get(self, path: str, interface: str, name: str) -> object:
        """One property. Raises BusError when there is none."""
        properties = self.interfaces(path).get(interface, {})
        if name not in properties:
            raise BusError(ERROR + "InvalidArgs", f"no property {name} of {interface}")
        return properties[name]

    def add(self, path: str, interfaces: Interfaces) -> None:
        """New interfaces on an object, new or not."""
        self._objects.setdefault(path, {}).update(interfaces)
        self._signal(
            "/", OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}", [path, _wrapped(interfaces)]
        )

    def remove(self, path: str) -> None:
        """Take away an object; what is not there is gone already."""
        interfaces = self._objects.pop(path, None)
        if interfaces is not None:
            body: list[object] = [path, list(interfaces)]
            self._signal("/", OBJECT_MANAGER, "InterfacesRemoved", "oas", body)

    def set(self, path: str, interface: str, changed: Properties) -> None:
        """Change properties and say so; changing to the same value says so again."""
        self.interfaces(path).setdefault(interface, {}).update(changed)
        body: list[object] = [interface, wrap(changed), []]
        self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", body)

    def forget(self, path: str, interface: str, names: Iterable[str]) -> None:
        """Invalidate properties, as BlueZ does with RSSI when a scan ends."""
        properties = self.interfaces(path)[interface]
        gone = [name for name in names if properties.pop(name, None) is not None]
        if gone:
            body: list[object] = [interface, {}, gone]
            self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", body)

    def clear_silently(self) -> None:
        """The process behind the objects died: nobody is left to say goodbye."""
        self._objects.clear()

    def managed(self) -> dict[str, dict[str, dict[str, Variant]]]:
        """The answer to GetManagedObjects."""
        return {path: _wrapped(interfaces) for path, interfaces in self._objects.items()}

    def _signal(
        self, path: str, interface: str, member: str, signature: str, body: list[object]
    ) -> None:
        self._emit(
            Message(
                path=path,
                interface=interface,
                member=member,
                sender=SERVICE,
                message_type=MessageType.SIGNAL,
                signature=signature,
                body=body,
            )
        )


def wrap(properties: Mapping[str, object]) -> dict[str, Variant]:
    """Properties as D-Bus variants, by the table of signatures."""
    return {name: Variant(_SIGNATURES[name], value) for name, value in properties.items()}


def _wrapped(interfaces: Interfaces) -> dict[str, dict[str, Variant]]:
    return {interface: wrap(properties) for interface, properties in interfaces.items()}
