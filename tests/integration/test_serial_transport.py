"""Our serial transport: real pyserial on a real pseudo-terminal, and over TCP."""

import asyncio
import itertools
import os
import socket
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from counting_peer import COUNT, ECHO, START, CountingPeer
from link_rig import PATIENCE_S, run

from firmware_sim.links.line import SerialLink
from firmware_sim.links.pty import PtyLink
from firmware_sim.links.tcp import TcpLink
from firmware_sim.links.world import World
from sensorhub.model.errors import LinkLostError, TransportError
from sensorhub.transports import serial_port
from sensorhub.transports.serial_port import SerialTransport
from sensorhub.transports.uri import SerialUri, parse_uri


@asynccontextmanager
async def plugged(line: SerialLink) -> AsyncIterator[SerialTransport]:
    """The line runs, and a transport for it; both are ended."""
    await line.start()
    running = asyncio.create_task(line.run())
    uri = parse_uri(line.uri)
    assert isinstance(uri, SerialUri)
    transport = SerialTransport(uri.port)
    try:
        yield transport
    finally:
        await transport.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def pty_line(tmp_path: Path, peer: CountingPeer) -> SerialLink:
    return PtyLink(peer, World(speed=4.0), tmp_path / "tty")


def tcp_line(_tmp_path: Path, peer: CountingPeer) -> SerialLink:
    return TcpLink(peer, World(speed=4.0), "127.0.0.1", 0)


BOTH_LINES = pytest.mark.parametrize("make_line", [pty_line, tcp_line])


async def received(transport: SerialTransport, size: int) -> bytes:
    """The next ``size`` bytes."""
    data = b""
    async for chunk in transport.chunks():
        assert chunk.channel == "serial"
        data += chunk.data
        if len(data) >= size:
            return data[:size]
    raise AssertionError("the port was closed")


async def lost(transport: SerialTransport) -> LinkLostError:
    with pytest.raises(LinkLostError) as info:
        await received(transport, 1_000_000)
    return info.value


async def opened(transport: SerialTransport) -> None:
    """Open, as soon as it is plugged in again."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await transport.open()
            except TransportError:
                await asyncio.sleep(0.005)
            else:
                return


@BOTH_LINES
def test_bytes_both_ways_in_order_and_stamped(tmp_path, make_line):
    async def scenario() -> None:
        async with plugged(make_line(tmp_path, CountingPeer())) as transport:
            info = await transport.open()
            assert info.max_payload is None
            sent_ns = await transport.write("serial", ECHO + b"123")
            first = await anext(transport.chunks())
            assert first.data == ECHO + b"123"
            assert first.host_time_ns >= sent_ns
            await transport.write("serial", START)
            numbers = [n for (n,) in COUNT.iter_unpack(await received(transport, 200))]
            assert numbers == list(range(50))
            await transport.close()
            left = [chunk.data async for chunk in transport.chunks()]  # then the quiet end
            assert b"".join(left) in b"".join(COUNT.pack(n) for n in range(50, 500))
            with pytest.raises(LinkLostError):
                await transport.write("serial", START)

    run(scenario)


@pytest.mark.parametrize(("make_line", "times"), [(pty_line, 20), (tcp_line, 5)])
def test_pulled_out_and_plugged_in_again_and_again(tmp_path, make_line, times):
    peer = CountingPeer()

    async def scenario() -> None:
        async with plugged(make_line(tmp_path, peer)) as transport:
            seen: list[int] = []
            for _ in range(times):
                await opened(transport)
                await transport.write("serial", START)
                seen += [n for (n,) in COUNT.iter_unpack(await received(transport, 20))]
                peer.switched_on = False
                error = await lost(transport)
                assert "gone" in str(error)
                assert error.hint
                peer.switched_on = True
            assert all(later > earlier for earlier, later in itertools.pairwise(seen))

    run(scenario)


def test_unplugged_it_cannot_be_opened_and_says_so(tmp_path):
    peer = CountingPeer()

    async def scenario() -> None:
        async with plugged(pty_line(tmp_path, peer)) as transport:
            await transport.open()
            peer.switched_on = False
            await lost(transport)
            with pytest.raises(TransportError, match="is not there") as info:
                await transport.open()
            assert "sensorhub scan" in info.value.hint

    run(scenario)


def test_a_port_is_ours_alone(tmp_path):
    async def scenario() -> None:
        async with plugged(pty_line(tmp_path, CountingPeer())) as transport:
            await transport.open()
            other = SerialTransport(str(tmp_path / "tty"))
            with pytest.raises(TransportError, match="in use by another program"):
                await other.open()
            await transport.close()
            await other.open()
            await other.close()

    run(scenario)


@pytest.mark.parametrize(
    ("port", "says"),
    [
        ("/dev/no-such-port", "is not there"),
        ("/dev/null", "is no serial port"),
        ("{tmp}", "is no serial port"),
        ("{tmp}/file", "is no serial port"),
        ("socket://127.0.0.1:{free}", "accepts no connection"),
    ],
)
def test_what_cannot_be_opened_says_why_and_what_to_do(tmp_path, port, says):
    (tmp_path / "file").touch()
    with socket.socket() as taken:  # bound but not listening: nobody else gets it meanwhile
        taken.bind(("127.0.0.1", 0))
        named = port.format(tmp=tmp_path, free=taken.getsockname()[1])

        async def scenario() -> None:
            with pytest.raises(TransportError, match=says) as info:
                await SerialTransport(named).open()
            assert named in str(info.value)
            assert info.value.hint

        run(scenario)


def test_no_permission_names_the_group():
    transport = SerialTransport("/dev/ttyX")
    refusal = transport._refused(PermissionError(13, "Permission denied"))
    assert "may not be opened by you" in str(refusal)
    assert "dialout" in refusal.hint


def test_a_sensor_that_takes_no_bytes_is_a_lost_link(tmp_path, monkeypatch):
    monkeypatch.setattr(serial_port, "_WRITE_PATIENCE_S", 0.3)

    async def scenario() -> None:
        master, slave = os.openpty()  # nobody reads at the other end
        tty.setraw(slave)
        transport = SerialTransport(os.ttyname(slave))
        await transport.open()
        with pytest.raises(LinkLostError, match="takes no more bytes"):
            await transport.write("serial", bytes(1 << 20))
        with pytest.raises(LinkLostError):
            await anext(transport.chunks())
        os.close(master)
        os.close(slave)

    run(scenario)


def test_a_port_that_goes_while_we_write_is_a_lost_link():
    async def scenario() -> None:
        master, slave = os.openpty()
        tty.setraw(slave)
        transport = SerialTransport(os.ttyname(slave))
        await transport.open()
        writing = asyncio.create_task(transport.write("serial", bytes(1 << 20)))
        await asyncio.sleep(0)  # it fills the port and waits
        os.close(slave)
        os.close(master)
        with pytest.raises(LinkLostError):
            await writing

    run(scenario)


def test_another_channel_is_refused(tmp_path):
    async def scenario() -> None:
        async with plugged(pty_line(tmp_path, CountingPeer())) as transport:
            await transport.open()
            with pytest.raises(TransportError, match="no channel control"):
                await transport.write("control", b"x")

    run(scenario)


def test_calling_an_opening_off_leaves_the_port_free(tmp_path):
    async def scenario() -> None:
        async with plugged(pty_line(tmp_path, CountingPeer())) as transport:
            for _ in range(10):
                opening = asyncio.create_task(transport.open())
                await asyncio.sleep(0)
                opening.cancel()
                with suppress(asyncio.CancelledError):
                    await opening
                await transport.close()
            await opened(transport)

    run(scenario)


def test_a_reader_that_does_not_read_costs_the_oldest(tmp_path, monkeypatch):
    monkeypatch.setattr(serial_port.ChunkQueue.__init__, "__kwdefaults__", {"length": 10})
    peer = CountingPeer()
    peer.period_us = 2_000

    async def scenario() -> None:
        async with plugged(pty_line(tmp_path, peer)) as transport:
            await transport.open()
            await transport.write("serial", START)
            async with asyncio.timeout(PATIENCE_S):
                while transport.dropped < 5:  # noqa: ASYNC110 - not reading is what is tested
                    await asyncio.sleep(0.01)
            await transport.close()
            assert len([chunk async for chunk in transport.chunks()]) == 10

    run(scenario)
