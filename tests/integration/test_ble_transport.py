"""Our BLE transport, bleak's real BlueZ backend, and a simulated ``org.bluez`` on a private bus."""

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bleak import BleakClient, BleakScanner
from counting_peer import COUNT, DATA, ECHO, PROFILE, REFUSED, START, CountingPeer
from link_rig import PATIENCE_S, run, system_bus

from firmware_sim.bluez import AirTiming, Delay, FakeBlueZ, NoReply, ble_room, bluez_error
from firmware_sim.links.world import World
from sensorhub.daemon.sensors.add import Bonding, make_bond
from sensorhub.daemon.sensors.bluez import BLUEZ, ask_objects, bond_of
from sensorhub.model.errors import LinkLostError, TransportError
from sensorhub.model.profile import BleChannel, BleProfile
from sensorhub.transports import ble, ble_radio
from sensorhub.transports.ble import BleTransport, NotifyPath
from sensorhub.transports.ble_radio import BleRadio
from sensorhub.transports.symptoms import Remedy

SPEED = 4.0
CONNECT_AND_WAIT = """
import asyncio, sys
from bleak import BleakClient, BleakScanner
async def main():
    device = await BleakScanner.find_device_by_name("COUNT-1", timeout=100)
    client = BleakClient(device)
    await client.connect()
    await client.start_notify(sys.argv[1], lambda _c, _data: None)
    print("connected", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
QUICK = AirTiming(advertise_s=0.05, connect_s=0.02, resolve_s=0.02, disconnect_s=0.02)
BOTH_PATHS = pytest.mark.parametrize("path", NotifyPath)


@dataclass
class Bench:
    bluez: FakeBlueZ
    peers: list[CountingPeer]
    radio: BleRadio = field(default_factory=BleRadio)

    def transport(
        self, number: int = 0, *, path: NotifyPath = NotifyPath.SIGNALS, find_s: float = 5.0
    ) -> BleTransport:
        name = self.peers[number].advertisement.name
        return BleTransport(name, PROFILE, radio=self.radio, notify=path, find_s=find_s)

    def drop(self, number: int = 0) -> None:
        self.bluez.drop(self.peers[number].advertisement.address)


@asynccontextmanager
async def bench(tmp_path: Path, *, sensors: int = 1, mtu: int = 247) -> AsyncIterator[Bench]:
    peers = [CountingPeer(f"C0:00:00:00:00:{k + 1:02X}", f"COUNT-{k + 1}") for k in range(sensors)]
    with system_bus(tmp_path / "bus"):
        named = {peer.advertisement.name: peer for peer in peers}
        world = World(speed=SPEED)
        async with ble_room(named, world, tmp_path / "bus", timing=QUICK, mtu=mtu) as bluez:
            yield Bench(bluez, peers)


async def numbers(transport: BleTransport, count: int) -> list[int]:
    """The next numbers that arrive on ``data``."""
    out: list[int] = []
    async for chunk in transport.chunks():
        if chunk.channel == "data":
            out.append(COUNT.unpack(chunk.data)[0])
        if len(out) == count:
            return out
    raise AssertionError("the link was closed")


async def lost(transport: BleTransport) -> LinkLostError:
    """Read until the link is lost."""
    with pytest.raises(LinkLostError) as info:
        await numbers(transport, 1_000_000)
    return info.value


async def opened(transport: BleTransport) -> None:
    """Open, as soon as the news that one can has reached the client."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await transport.open()
            except TransportError:
                await asyncio.sleep(0.01)
            else:
                return


def with_bench(
    tmp_path: Path,
    scenario: Callable[[Bench], Awaitable[None]],
    *,
    sensors: int = 1,
    mtu: int = 247,
) -> None:
    async def main() -> None:
        async with bench(tmp_path, sensors=sensors, mtu=mtu) as one:
            await scenario(one)

    run(main)


def test_survey_hears_every_sensor_the_nearest_first(tmp_path):
    async def scenario(b: Bench) -> None:
        heard = await b.radio.survey(listen_s=0.3)
        assert {one.name for one in heard} == {"COUNT-1", "COUNT-2"}
        assert heard[0].rssi_dbm >= heard[1].rssi_dbm
        assert all(PROFILE.service_uuids[0] in one.service_uuids for one in heard)

    with_bench(tmp_path, scenario, sensors=2)


@BOTH_PATHS
def test_notifications_arrive_whole_in_order_and_stamped(tmp_path, path):
    async def scenario(b: Bench) -> None:
        transport = b.transport(path=path)
        info = await transport.open()
        assert (info.name, info.max_payload) == ("COUNT-1", 244)
        assert b.peers[0].mtu == 247
        await transport.write("control", START)
        stamps = []
        for expected in range(60):
            chunk = await anext(transport.chunks())
            assert (chunk.channel, COUNT.unpack(chunk.data)) == ("data", (expected,))
            stamps.append(chunk.host_time_ns)
        assert stamps == sorted(stamps)
        member = {NotifyPath.SIGNALS: "StartNotify", NotifyPath.SOCKET: "AcquireNotify"}[path]
        other = {NotifyPath.SIGNALS: "AcquireNotify", NotifyPath.SOCKET: "StartNotify"}[path]
        members = [name for name, _ in b.bluez.calls]
        assert members.count(member) == 2
        assert other not in members
        await transport.close()
        assert not b.peers[0].up
        left = [chunk async for chunk in transport.chunks()]  # then the quiet end
        assert all(chunk.channel == "data" for chunk in left)

    with_bench(tmp_path, scenario)


@BOTH_PATHS
@pytest.mark.parametrize("response", [True, False])
def test_writing_with_and_without_response(tmp_path, path, response):
    channels = tuple(
        BleChannel(c.name, c.uuid, notify=c.notify, write=c.write, write_with_response=response)
        for c in PROFILE.channels
    )
    profile = BleProfile(PROFILE.service_uuids, channels)

    async def scenario(b: Bench) -> None:
        transport = BleTransport("count-1", profile, radio=b.radio, notify=path)
        await transport.open()
        sent_ns = await transport.write("control", ECHO + b"1234")
        answer = await anext(transport.chunks())
        assert (answer.channel, answer.data) == ("control", ECHO + b"1234")
        assert sent_ns <= answer.host_time_ns
        if response:
            with pytest.raises(TransportError, match=r"refuses what was asked .*0x80"):
                await transport.write("control", REFUSED)
        else:
            await transport.write("control", REFUSED)
        await transport.close()

    with_bench(tmp_path, scenario)


def test_the_smallest_mtu_is_told(tmp_path):
    async def scenario(b: Bench) -> None:
        transport = b.transport()
        assert (await transport.open()).max_payload == 20
        await transport.close()

    with_bench(tmp_path, scenario, mtu=23)


@BOTH_PATHS
def test_twenty_drops_and_never_a_number_twice(tmp_path, path):
    """bleak issue 2002: without ``disconnect`` after a drop, copies; one more each time."""

    async def scenario(b: Bench) -> None:
        transport = b.transport(path=path)
        seen: list[int] = []
        for _ in range(20):
            await transport.open()
            await transport.write("control", START)
            seen += await numbers(transport, 5)
            b.drop()
            error = await lost(transport)
            assert error.hint
        assert len(seen) == 100
        assert all(later > earlier for earlier, later in itertools.pairwise(seen))
        assert b.peers[0].link_ups == 20
        await transport.close()

    with_bench(tmp_path, scenario)


def test_the_room_shows_the_leak_that_we_work_around(tmp_path):
    """A client of bleak's own that does not call ``disconnect`` after a drop gets copies."""

    async def scenario(b: Bench) -> None:
        device = await BleakScanner.find_device_by_name("COUNT-1", timeout=PATIENCE_S)
        gone = asyncio.Event()
        client = BleakClient(device, disconnected_callback=lambda _c: gone.set())
        copies = []
        for _ in range(3):
            got: list[bytes] = []
            enough = asyncio.Event()

            def arrived(_c, data, got=got, enough=enough):
                got.append(bytes(data))
                if len(got) >= 24:
                    enough.set()

            await client.connect()
            await client.start_notify(DATA, arrived)
            await client.write_gatt_char(PROFILE.channels[0].uuid, START, response=True)
            await enough.wait()
            copies.append(len(got) / len(set(got)))
            gone.clear()
            b.drop()
            await gone.wait()
        await client.disconnect()
        assert copies[0] == 1.0 < copies[1] < copies[2]

    with_bench(tmp_path, scenario)


def test_the_sensor_going_away_is_noticed_and_its_return_found(tmp_path):
    async def scenario(b: Bench) -> None:
        transport = b.transport(find_s=0.4)
        await transport.open()
        b.peers[0].switched_on = False
        await lost(transport)
        with pytest.raises(TransportError, match="COUNT-1 was not heard") as info:
            await transport.open()
        assert "no sensor at all" in info.value.hint
        b.peers[0].switched_on = True
        await transport.open()
        await transport.close()

    with_bench(tmp_path, scenario)


def test_a_name_that_is_not_there_is_answered_with_those_that_are(tmp_path):
    async def scenario(b: Bench) -> None:
        transport = BleTransport("COUNT-9", PROFILE, radio=b.radio, find_s=0.4)
        with pytest.raises(TransportError) as info:
            await transport.open()
        assert "COUNT-1, COUNT-2" in info.value.hint

    with_bench(tmp_path, scenario, sensors=2)


def test_found_by_address(tmp_path):
    async def scenario(b: Bench) -> None:
        transport = BleTransport("c0:00:00:00:00:02", PROFILE, radio=b.radio)
        assert (await transport.open()).name == "COUNT-2"
        await transport.close()

    with_bench(tmp_path, scenario, sensors=2)


def test_adapter_switched_off_and_on(tmp_path):
    async def scenario(b: Bench) -> None:
        transport = b.transport()
        await transport.open()
        b.bluez.power(on=False)
        await lost(transport)
        with pytest.raises(TransportError, match="switched off"):
            await transport.open()
        with pytest.raises(TransportError, match="switched off"):
            await b.radio.survey(listen_s=0.2)
        b.bluez.power(on=True)
        await opened(transport)
        await transport.close()

    with_bench(tmp_path, scenario)


def test_adapter_pulled_out_and_plugged_in(tmp_path):
    async def scenario(b: Bench) -> None:
        transport = b.transport()
        await transport.open()
        b.bluez.remove_adapter()
        await lost(transport)
        with pytest.raises(TransportError, match="no Bluetooth adapter"):
            await transport.open()
        b.bluez.add_adapter()
        await opened(transport)
        await transport.close()

    with_bench(tmp_path, scenario)


def test_adapter_going_off_while_we_look(tmp_path):
    async def scenario(b: Bench) -> None:
        b.peers[0].switched_on = False
        looking = asyncio.create_task(b.transport(find_s=0.5).open())
        await b.bluez.called("StartDiscovery")
        b.bluez.power(on=False)
        with pytest.raises(TransportError, match=r"was not heard|switched off"):
            await looking
        b.peers[0].switched_on = True
        b.bluez.power(on=True)
        transport = b.transport()
        await opened(transport)
        await transport.close()

    with_bench(tmp_path, scenario)


@pytest.mark.parametrize(
    "error",
    [
        bluez_error("InProgress", "br-connection-busy"),
        bluez_error("Failed", "le-connection-abort-by-remote"),
        bluez_error("Failed", "br-connection-canceled"),
    ],
)
def test_passing_trouble_while_connecting_is_overcome(tmp_path, error):
    async def scenario(b: Bench) -> None:
        b.bluez.fault("Connect", error)
        transport = b.transport()
        await transport.open()
        assert sum(member == "Connect" for member, _ in b.bluez.calls) == 2
        await transport.close()

    with_bench(tmp_path, scenario)


def test_lasting_trouble_while_connecting_is_reported(tmp_path):
    async def scenario(b: Bench) -> None:
        b.bluez.fault("Connect", bluez_error("InProgress", "busy"), times=100)
        with pytest.raises(TransportError, match="busy with something else"):
            await b.transport().open()

    with_bench(tmp_path, scenario)


def test_scanning_refused_is_reported(tmp_path):
    async def scenario(b: Bench) -> None:
        b.bluez.fault("StartDiscovery", bluez_error("InProgress", "in progress"))
        with pytest.raises(TransportError, match="busy with something else"):
            await b.transport().open()
        transport = b.transport()
        await transport.open()  # the next attempt, as a supervisor makes it
        await transport.close()

    with_bench(tmp_path, scenario)


def test_a_busy_characteristic_is_asked_again(tmp_path):
    async def scenario(b: Bench) -> None:
        transport = b.transport()
        await transport.open()
        b.bluez.fault("WriteValue", bluez_error("InProgress", "In Progress"), times=3)
        await transport.write("control", START)
        assert await numbers(transport, 3) == [0, 1, 2]
        await transport.close()

    with_bench(tmp_path, scenario)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda b: b.bluez.fault("Connect", lambda: b.bluez.forget("C0:00:00:00:00:01"), times=1),
        lambda b: b.bluez.fault("StartNotify", b.drop),
        lambda b: b.bluez.fault("StartNotify", bluez_error("NotPermitted", "Not paired")),
        lambda b: b.bluez.fault("StartNotify", bluez_error("Failed", "Not connected"), times=1),
    ],
    ids=["forgotten", "dropped while subscribing", "not permitted", "failed"],
)
def test_a_broken_set_up_leaves_no_link_behind_and_the_next_works(tmp_path, spoil, monkeypatch):
    monkeypatch.setattr("bleak_retry_connector.BLEAK_OUT_OF_SLOTS_BACKOFF_TIME", 0.1)

    async def scenario(b: Bench) -> None:
        spoil(b)
        transport = b.transport()
        try:
            await transport.open()
        except TransportError:
            await transport.open()
        await transport.write("control", START)
        assert await numbers(transport, 3) == [0, 1, 2]
        await transport.close()
        assert not b.peers[0].up

    with_bench(tmp_path, scenario)


@pytest.mark.parametrize("bonded", [False, True])
def test_a_sensor_is_forgotten_as_a_remedy_unless_that_would_lose_a_bond(tmp_path, bonded):
    async def scenario(b: Bench) -> None:
        address, transport = b.peers[0].advertisement.address, b.transport()
        await transport.open()
        if bonded:
            assert await make_bond(address) is Bonding.BONDED
        await transport.close()
        await transport.open()
        await transport.mend(Remedy.FORGET)
        if not bonded:
            await b.bluez.called("RemoveDevice")
        await transport.open()
        assert bond_of(await ask_objects(BLUEZ), address) is bonded
        await transport.close()
        assert bonded is not any(member == "RemoveDevice" for member, _ in b.bluez.calls)

    with_bench(tmp_path, scenario)


def test_a_slow_stack_only_takes_longer(tmp_path):
    async def scenario(b: Bench) -> None:
        for member in ("StartDiscovery", "Connect", "StartNotify", "WriteValue"):
            b.bluez.fault(member, Delay(1.0))
        transport = b.transport()
        await transport.open()
        await transport.write("control", START)
        await numbers(transport, 2)
        await transport.close()

    with_bench(tmp_path, scenario)


def test_a_device_without_the_lanes_is_named(tmp_path):
    stranger = BleProfile(
        PROFILE.service_uuids,
        (*PROFILE.channels, BleChannel("bulk", PROFILE.channels[0].uuid[:-1] + "0", notify=True)),
    )

    async def scenario(b: Bench) -> None:
        transport = BleTransport("COUNT-1", stranger, radio=b.radio)
        with pytest.raises(TransportError, match="lacks the channel bulk"):
            await transport.open()
        assert not b.peers[0].up

    with_bench(tmp_path, scenario)


def test_a_write_that_is_never_acknowledged_is_a_lost_link(tmp_path, monkeypatch):
    monkeypatch.setattr(ble, "_WRITE_PATIENCE_S", 0.2)

    async def scenario(b: Bench) -> None:
        transport = b.transport()
        await transport.open()
        b.bluez.fault("WriteValue", NoReply())
        with pytest.raises(LinkLostError):
            await transport.write("control", START)
        with pytest.raises(TransportError, match="no channel data"):
            await transport.write("data", b"x")
        await transport.close()
        with pytest.raises(LinkLostError):
            await transport.write("control", START)

    with_bench(tmp_path, scenario)


def test_a_service_that_hangs_is_not_waited_for_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(ble_radio, "_SERVICE_PATIENCE_S", 0.3)
    monkeypatch.setattr(ble, "_RELEASE_PATIENCE_S", 0.3)
    monkeypatch.setattr(ble, "_SUBSCRIBE_PATIENCE_S", 0.3)

    async def scenario(b: Bench) -> None:
        transport = b.transport(find_s=0.5)
        await transport.open()
        b.bluez.freeze()
        await transport.close()  # nobody answers; it ends all the same
        for _ in range(2):  # once with the connection the system still holds, once without
            with pytest.raises(TransportError, match="does not answer"):
                await transport.open()
        b.bluez.thaw()
        await opened(transport)
        await transport.close()

    with_bench(tmp_path, scenario)


def test_a_connection_left_behind_is_taken_over(tmp_path):
    """BlueZ keeps a killed program's connection, and a connected sensor does not advertise."""

    async def scenario(b: Bench) -> None:
        victim = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CONNECT_AND_WAIT, DATA, stdout=asyncio.subprocess.PIPE
        )
        assert victim.stdout is not None
        assert await victim.stdout.readline() == b"connected\n"
        victim.kill()
        await victim.wait()
        assert b.peers[0].up
        assert not await b.radio.survey(listen_s=0.2)
        transport = b.transport(find_s=0.5)
        await transport.open()
        await transport.write("control", START)
        assert await numbers(transport, 3) == [0, 1, 2]
        await transport.close()
        assert not b.peers[0].up

    with_bench(tmp_path, scenario)


def test_a_service_that_died_is_named_and_its_successor_used(tmp_path):
    async def scenario(b: Bench) -> None:
        transport = b.transport()
        await transport.open()
        b.bluez.kill()  # as measured with the real one: nobody tells the client
        with pytest.raises(LinkLostError):
            await transport.write("control", START)
        await transport.close()
        with pytest.raises(TransportError, match="service does not run"):
            await transport.open()
        b.bluez.start()
        await transport.open()
        await transport.write("control", START)
        assert len(await numbers(transport, 3)) == 3
        await transport.close()

    with_bench(tmp_path, scenario)


def test_no_message_bus_at_all(tmp_path):
    async def scenario() -> None:
        with system_bus(tmp_path / "nothing"):
            transport = BleTransport("COUNT-1", PROFILE, radio=BleRadio())
            with pytest.raises(TransportError, match="message bus"):
                await transport.open()

    run(scenario)


def test_two_sensors_at_once_while_a_third_is_looked_for(tmp_path):
    """Connections are made one at a time, the search for a missing sensor gives way to them."""

    async def scenario(b: Bench) -> None:
        b.peers[2].switched_on = False
        first, second, third = (b.transport(k, find_s=20.0) for k in range(3))
        looking = asyncio.create_task(third.open())
        await asyncio.gather(first.open(), second.open())
        for transport in (first, second):
            await transport.write("control", START)
        both = await asyncio.gather(numbers(first, 20), numbers(second, 20))
        assert both == [list(range(20))] * 2
        assert not looking.done()
        b.peers[2].switched_on = True
        assert (await looking).name == "COUNT-3"
        b.drop(0)
        await lost(first)
        assert len(await numbers(second, 20)) == 20  # the other does not notice
        for transport in (first, second, third):
            await transport.close()
        assert not any(peer.up for peer in b.peers)

    with_bench(tmp_path, scenario, sensors=3)


def test_a_search_that_is_called_off_stops_the_scan(tmp_path):
    async def scenario(b: Bench) -> None:
        b.peers[0].switched_on = False
        looking = asyncio.create_task(b.transport(find_s=30.0).open())
        await b.bluez.called("StartDiscovery")
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking
        async with asyncio.timeout(PATIENCE_S):
            await b.bluez.called("StopDiscovery")

    with_bench(tmp_path, scenario)


def test_a_reader_that_does_not_read_costs_the_oldest_and_no_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(ble.ChunkQueue.__init__, "__kwdefaults__", {"length": 50})

    async def scenario(b: Bench) -> None:
        transport = b.transport()
        await transport.open()
        await transport.write("control", START)
        async with asyncio.timeout(PATIENCE_S):
            while transport.dropped < 20:  # noqa: ASYNC110 - not reading is what is tested
                await asyncio.sleep(0.01)
        dropped = transport.dropped
        assert await numbers(transport, 50) == list(range(dropped, dropped + 50))
        await transport.open()
        assert transport.dropped >= dropped
        await transport.close()

    with_bench(tmp_path, scenario)
