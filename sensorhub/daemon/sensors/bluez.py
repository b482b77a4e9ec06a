"""BlueZ and its neighbours on the system bus, asked what bleak does not tell: adapters and bonds.

Everything here is an answer or None where nobody knows: whoever decides on it must say which of the
two is the safe side.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from dbus_fast import BusType, DBusError, Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import AuthError, InterfaceNotFoundError, InvalidAddressError

BLUEZ: Final = "org.bluez"
ADAPTER: Final = "org.bluez.Adapter1"
DEVICE: Final = "org.bluez.Device1"
OBJECT_MANAGER: Final = "org.freedesktop.DBus.ObjectManager"
PATIENCE_S = 5.0
PAIR_PATIENCE_S = 30.0

_AGENT_PATH: Final = "/sensorhub/agent"
_AGENT: Final = "org.bluez.Agent1"

Properties = Mapping[str, Any]
Objects = Mapping[str, Mapping[str, Properties]]
"""Properties by object path and interface."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking: ``objects``, or in ``error`` the D-Bus error's name or another reason.

    ``reached`` is False where there was no bus to ask on.
    """

    objects: Objects
    error: str = ""
    reached: bool = True


class Bus:
    """A connection to the system bus; see :func:`system_bus`."""

    def __init__(self, connection: MessageBus) -> None:
        self._connection = connection

    async def call(
        self,
        destination: str,
        path: str,
        member: str,
        *,
        interface: str,
        signature: str = "",
        body: tuple[Any, ...] = (),
        patience_s: float | None = None,
    ) -> list[Any]:
        """The answer's values. Raises DBusError, TimeoutError, OSError or EOFError."""
        message = Message(
            destination=destination,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=list(body),
        )
        async with asyncio.timeout(PATIENCE_S if patience_s is None else patience_s):
            reply = await self._connection.call(message)
        if reply is None:
            raise EOFError
        if reply.message_type is MessageType.ERROR:
            text = str(reply.body[0]) if reply.body else ""
            raise DBusError(reply.error_name or "unknown", text, reply)
        return list(reply.body)

    async def objects(self, destination: str, path: str = "/") -> Objects:
        """Everything a service exports. Raises as :meth:`call`."""
        body = await self.call(destination, path, "GetManagedObjects", interface=OBJECT_MANAGER)
        return {
            path: {
                interface: {name: _plain(value) for name, value in properties.items()}
                for interface, properties in interfaces.items()
            }
            for path, interfaces in body[0].items()
        }

    async def pair(self, device_path: str) -> None:
        """Make a bond, without asking anybody. Raises as :meth:`call`.

        A sensor has no keys and no screen, so this is "Just Works": BlueZ wants an agent for it
        all the same, and refuses without.
        """
        self._connection.add_message_handler(_consent)
        await self.call(
            BLUEZ,
            "/org/bluez",
            "RegisterAgent",
            interface="org.bluez.AgentManager1",
            signature="os",
            body=(_AGENT_PATH, "NoInputNoOutput"),
        )
        await self.call(BLUEZ, device_path, "Pair", interface=DEVICE, patience_s=PAIR_PATIENCE_S)


@asynccontextmanager
async def system_bus(address: str | None = None) -> AsyncIterator[Bus]:
    """The system's bus, or the one at this address.

    Raises OSError, EOFError or TimeoutError where there is none, or it does not let us in.
    """
    connection = MessageBus(bus_address=address, bus_type=BusType.SYSTEM)
    try:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await connection.connect()
        except (AuthError, InvalidAddressError) as error:
            raise ConnectionError(str(error)) from error
        yield Bus(connection)
    finally:
        connection.disconnect()


async def ask_objects(service: str, path: str = "/", *, address: str | None = None) -> Asked:
    """Everything a service exports; never raises."""
    try:
        async with system_bus(address) as bus:
            return Asked(await bus.objects(service, path))
    except DBusError as error:
        return Asked({}, error=str(error.type))
    except TimeoutError:
        return Asked({}, error="no answer")
    except (OSError, EOFError, InterfaceNotFoundError) as error:
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Asked({}, error=said, reached=False)


def bond_of(asked: Asked, bluetooth_address: str) -> bool | None:
    """Whether BlueZ holds a bond with this device; None: it does not say."""
    for interfaces in asked.objects.values():
        device = interfaces.get(DEVICE, {})
        if str(device.get("Address", "")).upper() == bluetooth_address.upper():
            # Paired alone may mean a pairing without keys that are kept; Bonded came later.
            said = device.get("Bonded", device.get("Paired"))
            return said if isinstance(said, bool) else None
    return None


def device_path_of(asked: Asked, bluetooth_address: str) -> str | None:
    """The object of this device; None: BlueZ does not know it."""
    for path, interfaces in asked.objects.items():
        if str(interfaces.get(DEVICE, {}).get("Address", "")).upper() == bluetooth_address.upper():
            return path
    return None


def _plain(value: object) -> object:
    return value.value if isinstance(value, Variant) else value


def _consent(message: Message) -> Message | None:
    """The agent: it is asked nothing that it could answer but yes."""
    if message.interface == _AGENT and message.path == _AGENT_PATH:
        return Message.new_method_return(message)
    return None
