"""A stand-in for bluetoothd: ``org.bluez`` on a private bus, simulated sensors behind it.

Close enough to the real one that bleak's BlueZ backend runs unchanged. Where a first guess was
wrong, a real kernel with a real bluetoothd corrected it: adapter removal ends the links first;
stopping a discovery that is not running is ``Failed``; owners of StartNotify outlive a connection.
"""

import asyncio
from collections import deque

from dbus_fast import Message

from firmware_sim.bluez.adapter import Adapter
from firmware_sim.bluez.air import AirLink, AirTiming
from firmware_sim.bluez.bus import ERROR, BusError, PrivateBus
from firmware_sim.bluez.device import Devices
from firmware_sim.bluez.faults import Abort, Action, Delay, Fault, NoReply, bluez_error
from firmware_sim.bluez.room import NOTHING, Answer, Methods, Room, Sensor, device_path
from firmware_sim.bluez.tree import ADAPTER, DEVICE, SERVICE, ObjectTree, wrap
from firmware_sim.links.world import World
from firmware_sim.peer import Peer

DEFAULT_MTU = 247
_CALLS_KEPT = 10_000


class FakeBlueZ:
    """The service. Clients come over the bus; everything public is a hand in the works.

    ``calls`` holds the latest method calls as (member, path).
    """

    def __init__(self, bus: PrivateBus, world: World, *, timing: AirTiming | None = None) -> None:
        self.calls: deque[tuple[str, str]] = deque(maxlen=_CALLS_KEPT)
        self.tree = ObjectTree(self._emit)
        self._bus = bus
        self._room = Room(self.tree, world, timing or AirTiming())
        self._adapter = Adapter(self._room)
        self._faults: list[Fault] = []
        self._methods: Methods = {
            "GetManagedObjects": self._get_managed_objects,
            "Get": self._get,
            "GetAll": self._get_all,
            "Set": self._set,
            **self._adapter.methods(),
            **Devices(self._room).methods(),
        }
        self._news = asyncio.Event()
        bus.on_client_gone(self._client_gone)

    def start(self) -> None:
        """Appear on the bus with one adapter, powered."""
        self._adapter.plug_in()
        self._bus.own(SERVICE, self._call)

    async def stop(self) -> None:
        """End everything that runs."""
        await self._room.close()

    def add_peer(self, peer: Peer, *, mtu: int = DEFAULT_MTU) -> AirLink:
        """Put a sensor into the room."""
        return self._room.add(peer, mtu=mtu)

    async def called(self, member: str) -> None:
        """Wait until a client has called this method; what was called before counts."""
        while all(name != member for name, _ in self.calls):
            self._news.clear()
            await self._news.wait()

    def fault(self, member: str, action: Action, *, path: str = "", times: int = 1) -> None:
        """Spoil the next ``times`` calls of ``member`` on paths that contain ``path``."""
        self._faults.append(Fault(member, action, path, times))

    def in_range(self, address: str, *, near: bool) -> None:
        """Carry a sensor out of the room, or back."""
        self._sensor(address).link.in_range = near

    def heal(self) -> None:
        """No injected fault is left."""
        self._faults.clear()

    def mute(self, address: str, *lanes: str) -> None:
        """Lose all that a sensor sends on these lanes from now on, the link staying up."""
        self._sensor(address).link.muted = frozenset(lanes)

    def copy(self, address: str, *, times: int) -> None:
        """Deliver each notification so often until the link ends, as a leaked client makes it."""
        self._sensor(address).gatt.copies = times

    def claim_mtu(self, address: str, mtu: int) -> None:
        """Tell clients this MTU of a sensor from its next table on, whatever was agreed."""
        self._sensor(address).gatt.claimed_mtu = mtu

    def listeners(self, address: str) -> list[int]:
        """How many clients BlueZ serves on each characteristic that notifies."""
        by_path = self._sensor(address).gatt.by_path.values()
        return [len(one.owners) for one in by_path if one.notifies]

    def lose_bus(self) -> None:
        """The message bus dies, and we with it."""
        self.kill()
        self._bus.stop()

    def restore_bus(self) -> None:
        """Bus and service are started again."""
        self._bus.start()
        self.start()

    def drop(self, address: str) -> None:
        """Cut the connection to a sensor, as interference does. It can be heard again at once."""
        self._room.drop(self._sensor(address))

    def forget(self, address: str) -> None:
        """Remove a device object, as BlueZ does some time after a scan."""
        self._room.forget(self._sensor(address))

    def power(self, *, on: bool) -> None:
        """Switch the adapter; off cuts every link."""
        if not on:
            self._cut_links()
        self._adapter.power(on=on)

    def add_adapter(self) -> None:
        """Plug the adapter in (again)."""
        self._adapter.plug_in()

    def remove_adapter(self) -> None:
        """Pull the adapter out: links end first, then every object goes."""
        self._cut_links()
        self._adapter.forget_clients()
        for sensor in self._room.sensors.values():
            sensor.gatt.forget()
        for path in self.tree.paths():
            self.tree.remove(path)

    def freeze(self) -> None:
        """Stop answering and reporting, but stay on the bus: a daemon that hangs."""
        self._room.frozen = True

    def thaw(self) -> None:
        """Go on after :meth:`freeze`. What was asked meanwhile is never answered."""
        self._room.frozen = False

    def kill(self) -> None:
        """Die: no goodbye on the bus; the kernel cuts the links."""
        for sensor in self._room.sensors.values():
            sensor.link.disconnect()
            sensor.gatt.forget()
        self.tree.clear_silently()
        self._adapter.forget_clients()
        self._bus.disown(SERVICE)

    def _sensor(self, address: str) -> Sensor:
        return self._room.sensors[device_path(address)]

    def _cut_links(self) -> None:
        for sensor in self._room.sensors.values():
            self._room.drop(sensor)

    def _emit(self, signal: Message) -> None:
        if not self._room.frozen:
            self._bus.signal(signal)

    def _client_gone(self, client: str) -> None:
        self._adapter.client_gone(client)
        for sensor in self._room.sensors.values():
            sensor.gatt.client_gone(client)

    def _call(self, call: Message) -> None:
        self.calls.append((call.member or "", call.path or ""))
        self._news.set()
        if not self._room.frozen:
            self._room.spawn(self._answer(call))

    async def _answer(self, call: Message) -> None:
        try:
            if not await self._spoil(call):
                return
            method = self._methods.get(call.member or "")
            if method is None:
                raise BusError(ERROR + "UnknownMethod", call.member or "")
            signature, body, fd = await method(call)
        except BusError as error:
            self._bus.reply_error(call, error)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            # a call whose arguments are not what the method takes
            self._bus.reply_error(call, BusError(ERROR + "InvalidArgs", repr(error)))
        else:
            self._bus.reply(call, signature, body, fd)

    async def _spoil(self, call: Message) -> bool:
        """Do what the injected faults say; False: the call is never answered."""
        for fault in self._faults:
            if not fault.takes(call.member or "", call.path or ""):
                continue
            match fault.action:
                case BusError():
                    raise fault.action
                case NoReply():
                    return False
                case Abort():
                    for connected in (True, False):
                        self.tree.set(str(call.path), DEVICE, {"Connected": connected})
                    raise bluez_error("Failed", "le-connection-abort-by-local")
                case Delay(seconds):
                    await self._room.pause(seconds)
                case action:
                    action()
        return True

    async def _get_managed_objects(self, _call: Message) -> Answer:
        return "a{oa{sa{sv}}}", [self.tree.managed()], -1

    async def _get(self, call: Message) -> Answer:
        interface, name = map(str, call.body)
        value = self.tree.get(str(call.path), interface, name)
        return "v", [wrap({name: value})[name]], -1

    async def _get_all(self, call: Message) -> Answer:
        properties = self.tree.interfaces(str(call.path)).get(str(call.body[0]), {})
        return "a{sv}", [wrap(properties)], -1

    async def _set(self, call: Message) -> Answer:
        interface, name, value = call.body
        self.tree.interfaces(str(call.path))
        if (interface, name) == (ADAPTER, "Powered"):
            self.power(on=bool(value.value))
        else:
            self.tree.set(str(call.path), str(interface), {str(name): value.value})
        return NOTHING
