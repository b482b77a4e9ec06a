"""Serial links over a real pseudo-terminal and a real socket, with real pyserial opposite."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
import serial
from omp_rig import HELLO, device, read_samples

from firmware_sim.fault_script import parse_fault
from firmware_sim.faults import FaultyPeer
from firmware_sim.links.line import SerialLink
from firmware_sim.links.pty import PtyLink
from firmware_sim.links.tcp import TcpLink
from firmware_sim.links.world import World
from firmware_sim.omp.framing import Frame, FrameReader, encode_frame
from firmware_sim.peer import Advertisement, GattService, Sent

ALL = frozenset(range(1, 6))
PATIENCE_S = 60.0


class Echo:
    """A peer that says back what it hears, and ``flood`` bytes when asked to."""

    advertisement = Advertisement("echo", "C0:00:00:00:00:02", ())
    services: tuple[GattService, ...] = ()

    def __init__(self) -> None:
        self.ups = self.downs = 0
        self.here = True
        self.heard = b""
        self._out: list[bytes] = []

    def link_up(self, now_us: int, *, mtu: int | None) -> None:
        assert mtu is None
        self.ups += 1

    def link_down(self, now_us: int) -> None:
        self.downs += 1

    def subscribe(self, lane: str, now_us: int, *, enabled: bool) -> None:
        raise AssertionError("nothing to subscribe to on a serial line")

    def receive(self, lane: str, data: bytes, now_us: int) -> int | None:
        assert lane == "serial"
        self.heard += data
        self._out.append(data)
        return None

    def say(self, data: bytes) -> None:
        self._out.append(data)

    def poll(self, now_us: int) -> list[Sent]:
        out, self._out = self._out, []
        return [Sent("serial", data) for data in out]

    def next_poll_us(self) -> int | None:
        return 0 if self._out else None

    def reachable(self, now_us: int) -> bool:
        return self.here


@asynccontextmanager
async def running(link: SerialLink) -> AsyncIterator[SerialLink]:
    await link.start()
    task = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextmanager
def opened(url: str, baud: int = 115200) -> Iterator[serial.SerialBase]:
    with serial.serial_for_url(url, baud, timeout=PATIENCE_S) as port:
        yield port


def with_host(link_of: Callable[[World], SerialLink], host: Callable[[str], None]) -> None:
    """Run a link in this thread's loop and a blocking host in another."""

    async def both() -> None:
        async with asyncio.timeout(2 * PATIENCE_S), running(link_of(World())) as link:
            await asyncio.to_thread(host, link.uri.removeprefix("serial:"))

    asyncio.run(both())


def links(peer: object, folder: Path) -> dict[str, Callable[[World], SerialLink]]:
    return {
        "pty": lambda world: PtyLink(peer, world, folder / "port"),  # type: ignore[arg-type]
        "tcp": lambda world: TcpLink(peer, world, "127.0.0.1", 0),  # type: ignore[arg-type]
    }


@pytest.mark.parametrize("kind", ["pty", "tcp"])
def test_bytes_go_both_ways_unchanged(kind: str, tmp_path: Path) -> None:
    peer = Echo()
    everything = bytes(range(256)) * 4

    def host(url: str) -> None:
        with opened(url) as port:
            port.write(everything)
            assert port.read(len(everything)) == everything

    with_host(links(peer, tmp_path)[kind], host)
    assert peer.heard == everything
    assert (peer.ups, peer.downs) == (1, 1)


@pytest.mark.parametrize("kind", ["pty", "tcp"])
def test_unplugged_the_port_is_gone_and_plugged_in_again_it_is_back(
    kind: str, tmp_path: Path
) -> None:
    peer = Echo()

    async def scenario() -> None:
        async with (
            asyncio.timeout(2 * PATIENCE_S),
            running(links(peer, tmp_path)[kind](World())) as link,
        ):
            url = link.uri.removeprefix("serial:")
            gone, torn = asyncio.Event(), threading.Event()
            loop = asyncio.get_running_loop()

            def first() -> None:
                with opened(url) as port:
                    port.write(b"a")
                    assert port.read(1) == b"a"
                    loop.call_soon_threadsafe(gone.set)
                    with pytest.raises(serial.SerialException):
                        port.read(1)
                torn.set()

            host = asyncio.create_task(asyncio.to_thread(first))
            await gone.wait()
            peer.here = False
            link._wake.set()
            await host
            assert torn.is_set()
            with pytest.raises(serial.SerialException):
                await asyncio.to_thread(serial.serial_for_url, url)
            peer.here = True
            link._wake.set()
            await until(lambda: link._plugged)

            def again() -> None:
                with opened(url) as port:
                    port.write(b"b")
                    assert port.read(1) == b"b"

            await asyncio.to_thread(again)

    asyncio.run(scenario())
    assert peer.ups == 2


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 (the link has no event for every change)
            await asyncio.sleep(0)


def test_a_pty_stays_when_its_host_goes_and_comes(tmp_path: Path) -> None:
    peer = Echo()

    def host(url: str) -> None:
        for word in (b"one", b"two", b"three"):
            with opened(url) as port:
                port.write(word)
                assert port.read(len(word)) == word

    with_host(links(peer, tmp_path)["pty"], host)
    assert peer.ups == 1
    assert not (tmp_path / "port").is_symlink()


def test_a_wrong_speed_is_garbage_both_ways_and_the_right_one_heals(tmp_path: Path) -> None:
    peer = Echo()
    said = bytes(range(64))

    def host(url: str) -> None:
        with opened(url, 9600) as port:
            port.write(said)
            garbled = port.read(len(said))
            assert len(garbled) == len(said)
            assert garbled != said
        with opened(url, 115200) as port:
            port.write(said)
            assert port.read(len(said)) == said

    with_host(links(peer, tmp_path)["pty"], host)
    assert len(peer.heard) == 128
    assert peer.heard[:64] != said
    assert peer.heard[64:] == said


def test_usb_does_not_care_for_the_speed(tmp_path: Path) -> None:
    peer = Echo()

    def host(url: str) -> None:
        with opened(url, 9600) as port:
            port.write(b"same")
            assert port.read(4) == b"same"

    with_host(lambda world: PtyLink(peer, world, tmp_path / "port", baud=None), host)


def test_bytes_take_their_time(tmp_path: Path) -> None:
    peer = Echo()
    baud, count = 9600, 480  # half a second of the line each way

    async def scenario(world: World, *, pace: bool) -> float:
        link = PtyLink(peer, world, tmp_path / "port", baud=baud, pace=pace)
        async with asyncio.timeout(PATIENCE_S), running(link):
            loop = asyncio.get_running_loop()

            def host() -> float:
                with opened(str(tmp_path / "port"), baud) as port:
                    before = loop.time()
                    port.write(bytes(count))
                    assert len(port.read(count)) == count
                    return loop.time() - before

            return await asyncio.to_thread(host)

    line_s = count * 10 / baud  # what has arrived is echoed while the rest is on its way
    assert asyncio.run(scenario(World(), pace=True)) > 0.9 * line_s
    assert asyncio.run(scenario(World(speed=10.0), pace=True)) > 0.9 * line_s / 10
    assert asyncio.run(scenario(World(), pace=False)) < 0.5 * line_s


def test_a_host_that_does_not_read_costs_bytes_not_memory(tmp_path: Path) -> None:
    peer = Echo()

    async def scenario() -> int:
        link = PtyLink(peer, World(), tmp_path / "port", pace=False)
        async with asyncio.timeout(PATIENCE_S), running(link):
            for _ in range(40):
                peer.say(bytes(16 * 1024))
            link._wake.set()
            await until(lambda: link.dropped_bytes > 0)
            assert link._to_host._size <= 256 * 1024
            return link.dropped_bytes

    assert asyncio.run(scenario()) > 300_000


def is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_a_second_tcp_host_is_turned_away() -> None:
    peer = Echo()

    def host(url: str) -> None:
        where = url.removeprefix("socket://").split(":")
        address = (where[0], int(where[1]))
        with socket.create_connection(address, PATIENCE_S) as first:
            first.sendall(b"1")
            assert first.recv(1) == b"1"
            with socket.create_connection(address, PATIENCE_S) as second:
                assert is_closed(second)
            first.sendall(b"2")
            assert first.recv(1) == b"2"

    with_host(lambda world: TcpLink(peer, world, "127.0.0.1", 0), host)
    assert (peer.ups, peer.heard) == (1, b"12")


def test_the_name_of_a_pty_must_be_free(tmp_path: Path) -> None:
    taken = tmp_path / "notes.txt"
    taken.write_text("mine")

    async def scenario(path: Path) -> None:
        link = PtyLink(Echo(), World(), path)
        await link.start()

    with pytest.raises(FileExistsError):
        asyncio.run(scenario(taken))
    with pytest.raises(FileNotFoundError):
        asyncio.run(scenario(tmp_path / "no" / "such" / "folder"))
    assert taken.read_text() == "mine"


def test_an_old_link_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "port").symlink_to("/dev/pts/nowhere")
    peer = Echo()

    def host(url: str) -> None:
        with opened(url) as port:
            port.write(b"x")
            assert port.read(1) == b"x"

    with_host(links(peer, tmp_path)["pty"], host)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_the_world_moves_forward(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        World(speed=speed)


def test_the_world_s_clock() -> None:
    async def scenario() -> None:
        world = World(speed=100.0)
        at = world.now_us() + 1_000_000
        await world.sleep_until(at)
        assert at <= world.now_us() < at + 30_000_000
        await world.sleep_until(0)

    asyncio.run(scenario())


class SerialHost:
    """A bare host: frames in, frames out."""

    def __init__(self, port: serial.SerialBase) -> None:
        self.port = port
        self.reader = FrameReader(ALL)
        self.frames: list[Frame] = []
        self.tid = 0

    def until(self, kind: int) -> Frame:
        """Read on until a packet whose first byte is ``kind``."""
        while True:
            for number, frame in enumerate(self.frames):
                if frame.packet[0] == kind:
                    del self.frames[: number + 1]
                    return frame
            self.frames = self.reader.push(self.port.read(max(1, self.port.in_waiting)))

    def ask(self, op: int, body: bytes = b"") -> bytes:
        self.tid += 1
        self.port.write(encode_frame(1, bytes((op, self.tid)) + body))
        while True:
            packet = self.until(0xF0).packet
            if packet[1:3] == bytes((op, self.tid)):
                return packet


@pytest.mark.parametrize("kind", ["pty", "tcp"])
def test_a_sensor_streams_to_pyserial(kind: str, tmp_path: Path) -> None:
    def host(url: str) -> None:
        with opened(url) as port:
            port.write(b"\0")
            bare = SerialHost(port)
            assert bare.ask(0x01, HELLO)[3] == 0
            assert bare.ask(0x05)[3] == 0
            expected = 0
            while expected < 60:
                samples = read_samples(bare.until(0x11).packet)
                assert [ax for ax, *_ in samples.values] == list(
                    range(expected, expected + len(samples.values))
                )
                expected += len(samples.values)
            assert bare.ask(0x06)[3] == 0

    with_host(links(device().serial, tmp_path)[kind], host)


def test_a_disconnect_fault_really_unplugs_the_pty(tmp_path: Path) -> None:
    sensor = device()
    faults = [parse_fault("disconnect@0.5:0.3")]

    def host(url: str) -> None:
        with opened(url) as port:
            bare = SerialHost(port)
            assert b"\x05\x04" not in bare.ask(0x01, HELLO)
            assert bare.ask(0x05)[3] == 0
            with pytest.raises(serial.SerialException):
                bare.until(0xEE)  # nothing begins so: read until the port is gone
        while not Path(url).exists():
            pass
        with opened(url) as port:
            assert b"\x05\x04" in SerialHost(port).ask(0x01, HELLO)  # the session goes on

    peer = FaultyPeer(sensor.serial, faults, incidents=sensor)
    with_host(lambda world: PtyLink(peer, world, tmp_path / "port"), host)
