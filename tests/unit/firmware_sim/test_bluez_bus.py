"""The private message bus and the ``org.bluez`` on it, seen by a plain D-Bus client."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.bluez import AirTiming, FakeBlueZ, NoReply, ble_room, bluez_error
from firmware_sim.bluez.bus import BUS_NAME, BUS_PATH
from firmware_sim.bluez.matching import parse_rule
from firmware_sim.links.world import World
from firmware_sim.peer import Advertisement, GattCharacteristic, GattService, Sent

ADAPTER_PATH = "/org/bluez/hci0"
DEVICE_PATH = ADAPTER_PATH + "/dev_C0_00_00_00_00_01"
SERVICE = "305ca001-63cd-4e70-a75e-0123456789ab"
LEVEL = "00002a19-0000-1000-8000-00805f9b34fb"
FAST = AirTiming(0.01, 0.01, 0.01, 0.01, give_up_s=0.2, interval_s=0.001)


class LoudPeer:
    """Says ``!`` on ``data`` as soon as somebody listens; refuses the write ``no``."""

    def __init__(self) -> None:
        self.subscribed: list[str] = []
        self.on = True

    advertisement = Advertisement("LOUD", "C0:00:00:00:00:01", (SERVICE,))

    @property
    def services(self) -> tuple[GattService, ...]:
        data = GattCharacteristic("data", SERVICE[:-1] + "1", ("notify", "write"))
        level = GattCharacteristic("level", LEVEL, ("read", "notify"), b"\x57")
        return (GattService(SERVICE, (data, level)),)

    def link_up(self, now_us: int, *, mtu: int | None) -> None:
        self.subscribed.clear()

    def link_down(self, now_us: int) -> None:
        self.subscribed.clear()

    def subscribe(self, lane: str, now_us: int, *, enabled: bool) -> None:
        (self.subscribed.append if enabled else self.subscribed.remove)(lane)

    def receive(self, lane: str, data: bytes, now_us: int) -> int | None:
        return 0x80 if data == b"no" else None

    def poll(self, now_us: int) -> list[Sent]:
        return [Sent("data", b"!" * 300)] if "data" in self.subscribed else []

    def next_poll_us(self) -> int | None:
        return None

    def reachable(self, now_us: int) -> bool:
        return self.on


class Client:
    """A plain client: calls, and the signals it asked for."""

    def __init__(self, bus: MessageBus) -> None:
        self.bus = bus
        self.signals: list[Message] = []
        self._news = asyncio.Event()
        bus.add_message_handler(self._keep)

    def _keep(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL:
            self.signals.append(message)
            self._news.set()

    async def call(self, path, interface, member, signature="", *body, to="org.bluez"):
        message = Message(to, path, interface, member, signature=signature, body=list(body))
        return await self.bus.call(message)

    async def ask(self, path, interface, member, signature="", *body, to="org.bluez"):
        reply = await self.call(path, "org." + interface, member, signature, *body, to=to)
        assert reply.message_type is MessageType.METHOD_RETURN, reply
        return reply

    async def refused(self, path, interface, member, signature="", *body, to="org.bluez") -> str:
        reply = await self.call(path, "org." + interface, member, signature, *body, to=to)
        assert reply.message_type is MessageType.ERROR, reply
        return f"{reply.error_name}: {reply.body[0]}"

    async def dbus(self, member, *body):
        return await self.ask(
            BUS_PATH, "freedesktop.DBus", member, "s" * len(body), *body, to=BUS_NAME
        )

    async def until(self, holds: Callable[[Message], bool]) -> Message:
        while True:
            for signal in self.signals:
                if holds(signal):
                    return signal
            self._news.clear()
            await self._news.wait()

    async def changed(self, path: str, name: str, value: object) -> None:
        """Wait for a PropertiesChanged that says so."""
        await self.until(
            lambda m: (
                m.member == "PropertiesChanged"
                and m.path == path
                and name in m.body[1]
                and m.body[1][name].value == value
            )
        )


@asynccontextmanager
async def room(tmp_path: Path) -> AsyncIterator[tuple[FakeBlueZ, LoudPeer, Client]]:
    peer = LoudPeer()
    async with ble_room({"a": peer}, World(speed=5.0), tmp_path / "bus", timing=FAST) as bluez:
        address = f"unix:path={tmp_path / 'bus'}"
        bus = await MessageBus(bus_address=address, negotiate_unix_fd=True).connect()
        client = Client(bus)
        await client.dbus("AddMatch", "type='signal'")
        try:
            yield bluez, peer, client
        finally:
            bus.disconnect()
            await bus.wait_for_disconnect()


async def connected(client: Client) -> str:
    """Scan, connect; returns the path of the characteristic that notifies."""
    await client.ask(ADAPTER_PATH, "bluez.Adapter1", "StartDiscovery")
    await client.until(lambda m: m.member == "InterfacesAdded" and m.body[0] == DEVICE_PATH)
    await client.ask(ADAPTER_PATH, "bluez.Adapter1", "StopDiscovery")
    await client.ask(DEVICE_PATH, "bluez.Device1", "Connect")
    await client.changed(DEVICE_PATH, "ServicesResolved", True)
    added = [m.body[0] for m in client.signals if m.member == "InterfacesAdded"]
    return next(path for path in added if path.rpartition("/")[2].startswith("char"))


def play(tmp_path: Path, scenario: Callable[..., Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(60), room(tmp_path) as (bluez, peer, client):
            await scenario(bluez, peer, client)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ("", True),
        ("type='signal',member='Changed'", True),
        ("type=signal, member=Changed", True),
        ("type='method_call'", False),
        ("sender='org.bluez',interface='org.x.I',path='/org/bluez/hci0'", True),
        ("path='/org/bluez'", False),
        ("path_namespace='/org/bluez'", True),
        ("path_namespace='/org/blue'", False),
        ("path_namespace='/'", True),
        ("arg0='/org/bluez/x'", True),
        ("arg0='/org/bluez'", False),
        ("arg0path='/org/bluez/'", True),
        ("arg0path='/org/bluez/x/y'", False),
        ("arg0path='/org/other/'", False),
    ],
)
def test_match_rules(rule, matches):
    signal = Message(
        path="/org/bluez/hci0",
        interface="org.x.I",
        member="Changed",
        sender="org.bluez",
        message_type=MessageType.SIGNAL,
        signature="s",
        body=["/org/bluez/x"],
    )
    assert parse_rule(rule).matches(signal) is matches


@given(st.text("type=',signal arg0path/", max_size=40))
def test_a_rule_is_understood_or_refused(text):
    try:
        rule = parse_rule(text)
    except ValueError:
        return
    assert rule == parse_rule(text)


def test_the_bus_knows_who_is_there(tmp_path):
    async def scenario(bluez, peer, client) -> None:
        assert (await client.dbus("NameHasOwner", "org.bluez")).body == [True]
        assert (await client.dbus("NameHasOwner", "org.nobody")).body == [False]
        assert (await client.dbus("GetNameOwner", "org.bluez")).body == ["org.bluez"]
        assert "org.bluez" in (await client.dbus("ListNames")).body[0]
        assert (await client.dbus("StartServiceByName", "org.bluez")).body == [2]
        to_bus = {"to": BUS_NAME}
        for member, body, error in (
            ("GetNameOwner", "org.nobody", "NameHasNoOwner"),
            ("StartServiceByName", "org.nobody", "ServiceUnknown"),
            ("AddMatch", "eavesdrop='true'", "InvalidArgs"),
            ("RemoveMatch", "type='error'", "MatchRuleNotFound"),
            ("Fly", "", "UnknownMethod"),
        ):
            refusal = await client.refused(
                BUS_PATH, "freedesktop.DBus", member, "s", body, **to_bus
            )
            assert error in refusal
        refusal = await client.refused("/", "x.Y", "Z", to="org.nobody")
        assert "ServiceUnknown" in refusal
        assert (await client.dbus("RemoveMatch", "type='signal'")).body == []
        client.signals.clear()
        bluez.power(on=False)
        await client.dbus("ListNames")
        assert client.signals == []

    play(tmp_path, scenario)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_dbus_are_hung_up_on_or_ignored(tmp_path_factory, noise):
    tmp_path = tmp_path_factory.mktemp("noise")

    async def scenario(bluez, peer, client) -> None:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX) as raw:
            raw.setblocking(False)
            await loop.sock_connect(raw, str(tmp_path / "bus"))
            await loop.sock_sendall(raw, b"\0AUTH EXTERNAL 30\r\nBEGIN\r\n" + noise)
        assert (await client.dbus("NameHasOwner", "org.bluez")).body == [True]

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    "hello",
    [
        b"\0" + b"x" * 5000,
        b"\0AUTH\r\nFLY\r\n" + b"y" * 5000,
        b"\0AUTH EXTERNAL 30\r\nBEGIN\r\nl\1\0\1\xff\xff\xff\x7f\1\0\0\0\0\0\0\0",
        b"\0AUTH EXTERNAL 30\r\nBEGIN\r\n?" + b"\0" * 15,
        b"\0AUTH EXTERNAL 30\r\nBEGIN\r\nl\1\0\1" + b"\0" * 4 + b"\1" + b"\0" * 7,
    ],
    ids=["endless line", "unknown commands", "huge", "no byte order", "no fields"],
)
def test_a_client_that_is_none_is_hung_up_on(tmp_path, hello):
    async def scenario(bluez, peer, client) -> None:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX) as raw:
            raw.setblocking(False)
            await loop.sock_connect(raw, str(tmp_path / "bus"))
            await loop.sock_sendall(raw, hello)
            try:
                while await loop.sock_recv(raw, 4096):
                    pass
            except ConnectionResetError:
                pass  # hung up on before it was all read

    play(tmp_path, scenario)


def test_properties_and_objects(tmp_path):
    async def scenario(bluez, peer, client) -> None:
        objects = (
            await client.ask("/", "freedesktop.DBus.ObjectManager", "GetManagedObjects")
        ).body[0]
        assert list(objects) == [ADAPTER_PATH]
        props = "freedesktop.DBus.Properties"
        powered = await client.ask(
            ADAPTER_PATH, props, "Get", "ss", "org.bluez.Adapter1", "Powered"
        )
        assert powered.body[0].value is True
        everything = await client.ask(ADAPTER_PATH, props, "GetAll", "s", "org.bluez.Adapter1")
        assert everything.body[0]["Address"].value == "F0:F0:F0:F0:F0:00"
        off = ("org.bluez.Adapter1", "Powered", Variant("b", False))
        await client.ask(ADAPTER_PATH, props, "Set", "ssv", *off)
        await client.changed(ADAPTER_PATH, "Powered", False)
        for path, interface, member, says in (
            (ADAPTER_PATH, "bluez.Adapter1", "StartDiscovery", "NotReady"),
            (ADAPTER_PATH, "bluez.Adapter1", "Fly", "UnknownMethod"),
            ("/nowhere", "bluez.Device1", "Connect", "UnknownObject"),
            (ADAPTER_PATH, "bluez.Device1", "Connect", "UnknownMethod"),
            (ADAPTER_PATH, "bluez.GattCharacteristic1", "StartNotify", "UnknownMethod"),
            (ADAPTER_PATH, props, "GetAll", "InvalidArgs"),
        ):
            assert says in await client.refused(path, interface, member)

    play(tmp_path, scenario)


def test_discovery_by_its_rules(tmp_path):
    async def scenario(bluez, peer, client) -> None:
        adapter = (ADAPTER_PATH, "bluez.Adapter1")
        assert "No discovery started" in await client.refused(*adapter, "StopDiscovery")
        other = {"UUIDs": Variant("as", ["0000180d-0000-1000-8000-00805f9b34fb"])}
        await client.ask(*adapter, "SetDiscoveryFilter", "a{sv}", other)
        await client.ask(*adapter, "StartDiscovery")
        assert "InProgress" in await client.refused(*adapter, "StartDiscovery")
        await client.changed(ADAPTER_PATH, "Discovering", True)
        await client.ask(*adapter, "StopDiscovery")
        assert DEVICE_PATH not in bluez.tree  # the filter wanted others
        await client.ask(*adapter, "SetDiscoveryFilter", "a{sv}", {})
        await client.ask(*adapter, "StartDiscovery")
        await client.until(lambda m: m.member == "InterfacesAdded" and m.body[0] == DEVICE_PATH)
        await client.until(lambda m: m.path == DEVICE_PATH and "RSSI" in m.body[1])
        await client.ask(*adapter, "StopDiscovery")
        await client.until(lambda m: m.path == DEVICE_PATH and "RSSI" in m.body[2])
        await client.ask(*adapter, "RemoveDevice", "o", DEVICE_PATH)
        assert DEVICE_PATH not in bluez.tree
        assert "DoesNotExist" in await client.refused(*adapter, "RemoveDevice", "o", DEVICE_PATH)

    play(tmp_path, scenario)


def test_connections_by_their_rules(tmp_path):
    async def scenario(bluez, peer, client) -> None:
        await connected(client)
        device = (DEVICE_PATH, "bluez.Device1")
        assert "AlreadyConnected" in await client.refused(*device, "Connect")
        battery = await client.ask(
            DEVICE_PATH,
            "freedesktop.DBus.Properties",
            "Get",
            "ss",
            "org.bluez.Battery1",
            "Percentage",
        )
        assert battery.body[0].value == 0x57
        assert "AuthenticationFailed" in await client.refused(*device, "Pair")  # no agent
        agent = ("/org/bluez", "bluez.AgentManager1", "RegisterAgent", "os", "/agent", "")
        await client.ask(*agent)
        assert "AlreadyExists" in await client.refused(*agent)
        await client.ask(*device, "Pair")
        assert "AlreadyExists" in await client.refused(*device, "Pair")
        await client.ask(*device, "Disconnect")
        assert "NotConnected" in await client.refused(*device, "Disconnect")
        peer.on = False
        gives_up = await client.refused(*device, "Connect")
        assert "le-connection-abort-by-local" in gives_up
        pending = asyncio.create_task(client.refused(*device, "Connect"))
        await asyncio.sleep(0)
        assert "InProgress" in await client.refused(*device, "Connect")
        await client.ask(*device, "Disconnect")  # calls the attempt off
        assert "Failed" in await pending

    play(tmp_path, scenario)


def test_characteristics_by_their_rules(tmp_path):
    async def scenario(bluez, peer, client) -> None:
        path = await connected(client)
        char = (path, "bluez.GattCharacteristic1")
        options: dict[str, Variant] = {}
        assert "Read not permitted" in await client.refused(*char, "ReadValue", "a{sv}", options)
        await client.ask(*char, "WriteValue", "aya{sv}", b"yes", options)
        refusal = await client.refused(*char, "WriteValue", "aya{sv}", b"no", options)
        assert "ATT error: 0x80" in refusal
        command = {"type": Variant("s", "command")}
        await client.ask(*char, "WriteValue", "aya{sv}", b"no", command)
        descriptor = (f"{path}/desc{int(path[-4:], 16) + 1:04x}", "bluez.GattDescriptor1")
        off = await client.ask(*descriptor, "ReadValue", "a{sv}", options)
        assert off.body == [b"\0\0"]
        assert "No notify session" in await client.refused(*char, "StopNotify")
        await client.ask(*char, "StartNotify")
        assert "InProgress" in await client.refused(*char, "StartNotify")
        assert "NotPermitted" in await client.refused(*char, "AcquireNotify", "a{sv}", options)
        assert (await client.ask(*descriptor, "ReadValue", "a{sv}", options)).body == [b"\1\0"]
        await client.changed(path, "Value", b"!" * 244)  # cut to the MTU
        await client.ask(*char, "StopNotify")
        assert peer.subscribed == []
        acquired = await client.ask(*char, "AcquireNotify", "a{sv}", options)
        assert acquired.body[1] == 247
        assert "NotPermitted" in await client.refused(*char, "AcquireNotify", "a{sv}", options)
        assert "NotPermitted" in await client.refused(*char, "StartNotify")
        with socket.socket(fileno=acquired.unix_fds[0]) as values:
            values.setblocking(False)
            assert await asyncio.get_running_loop().sock_recv(values, 512) == b"!" * 244
        await client.changed(path, "NotifyAcquired", False)
        await client.ask(*char, "StartNotify")
        assert "NotSupported" in await client.refused(*char, "AcquireWrite", "a{sv}", options)
        bluez.drop("C0:00:00:00:00:01")
        assert "Not connected" in await client.refused(*char, "StopNotify")

    play(tmp_path, scenario)


def test_who_listened_before_a_break_is_served_after_it(tmp_path):
    """BlueZ's habit behind bleak issue 2002."""

    async def scenario(bluez, peer, client) -> None:
        path = await connected(client)
        await client.ask(path, "bluez.GattCharacteristic1", "StartNotify")
        bluez.drop("C0:00:00:00:00:01")
        await client.changed(DEVICE_PATH, "Connected", False)
        client.signals.clear()
        await client.ask(DEVICE_PATH, "bluez.Device1", "Connect")
        await client.changed(path, "Value", b"!" * 244)
        client.bus.disconnect()  # and now it leaves: the subscription ends with it
        async with asyncio.timeout(60):
            while peer.subscribed:  # noqa: ASYNC110 - nobody is left to be told
                await asyncio.sleep(0.005)

    play(tmp_path, scenario)


def test_faults_hit_as_often_as_they_are_told(tmp_path):
    async def scenario(bluez, peer, client) -> None:
        get = ("/", "freedesktop.DBus.ObjectManager", "GetManagedObjects")
        bluez.fault("GetManagedObjects", bluez_error("Failed", "for once"), times=2)
        bluez.fault("GetManagedObjects", NoReply(), path="/elsewhere")
        for _ in range(2):
            assert "for once" in await client.refused(*get)
        await client.ask(*get)
        bluez.fault("GetManagedObjects", NoReply())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.ask(*get), 0.05)
        await client.ask(*get)

    play(tmp_path, scenario)


def test_death_is_announced_to_who_asks_for_it(tmp_path):
    async def scenario(bluez, peer, client) -> None:
        await connected(client)
        bluez.kill()
        gone = await client.until(lambda m: m.member == "NameOwnerChanged")
        assert gone.body == ["org.bluez", "org.bluez", ""]
        assert not [m for m in client.signals if m.member == "InterfacesRemoved"]
        assert "ServiceUnknown" in await client.refused(DEVICE_PATH, "bluez.Device1", "Disconnect")
        bluez.start()
        assert "UnknownObject" in await client.refused(DEVICE_PATH, "bluez.Device1", "Disconnect")

    play(tmp_path, scenario)


def test_no_file_descriptor_is_left_open(tmp_path):
    async def scenario(bluez, peer, client) -> None:
        path = await connected(client)
        for _ in range(5):
            reply = await client.ask(
                path, "bluez.GattCharacteristic1", "AcquireNotify", "a{sv}", {}
            )
            os.close(reply.unix_fds[0])
            client.signals.clear()
            await client.changed(path, "NotifyAcquired", False)

    before = len(list(Path("/proc/self/fd").iterdir()))
    play(tmp_path, scenario)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
