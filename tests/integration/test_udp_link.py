"""A sensor that sends its bytes as UDP datagrams: real sockets on this computer."""

import asyncio
import socket
from collections.abc import Iterator

import pytest
from link_rig import Listener, run, supervised
from test_bought_sensor_links import ONE_LINK, SPEED, made, regular

from firmware_sim.links.udp import UdpLink
from firmware_sim.links.world import World
from firmware_sim.peer import Peer
from sensorhub.devices.registry import family
from sensorhub.model.errors import InputError, LinkLostError, TransportError
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.udp import LARGEST_BYTES, UdpTransport
from sensorhub.transports.uri import SerialUri, parse_uri

HERE = "127.0.0.1"


@pytest.fixture
def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((HERE, 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((HERE, 0))
        yield one


def streamed(peer: Peer, listen_port: int) -> Listener:
    """Stream 400 samples, then stop."""
    heard_by: list[Listener] = []

    async def scenario() -> None:
        world, clock = World(speed=SPEED), HubClock(speed=SPEED)
        link = UdpLink(peer, world, HERE, 0, hub_port=listen_port)
        await link.start()
        carrying = asyncio.create_task(link.run())
        uri = parse_uri(link.uri)
        assert isinstance(uri, SerialUri)
        assert uri.udp is not None
        assert uri.listen_port == listen_port
        transport = UdpTransport(*uri.udp, listen_port=listen_port, clock=clock)
        try:
            async with supervised(transport, clock, timing=ONE_LINK, family=family("ximu3")) as (
                _,
                heard,
            ):
                heard_by.append(heard)
                await heard.streaming(new_samples=400)
        finally:
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)

    run(scenario)
    return heard_by[0]


def test_it_streams_like_a_cable(free_port: int) -> None:
    regular(streamed(made("ximu3", "serial").peer, free_port))


def test_what_others_send_is_passed_by(free_port: int, sender: socket.socket) -> None:
    """From another address, too long or empty: none of it; from the sensor's: every datagram."""

    async def scenario() -> None:
        transport = UdpTransport("127.0.0.2", 9000, listen_port=free_port)
        await transport.open()
        sender.sendto(b"somebody else", (HERE, free_port))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sensor:
            sensor.bind(("127.0.0.2", 0))
            for data in (bytes(LARGEST_BYTES + 1), b"", b"one", bytes(LARGEST_BYTES), b"two"):
                sensor.sendto(data, (HERE, free_port))
        chunks = transport.chunks()
        heard = [(await anext(chunks)).data for _ in range(3)]
        assert heard == [b"one", bytes(LARGEST_BYTES), b"two"]
        await transport.close()
        assert [chunk async for chunk in chunks] == []
        with pytest.raises(LinkLostError):
            await transport.write("serial", b"ping")

    run(scenario)


def test_commands_leave_for_the_sensors_port(free_port: int, sender: socket.socket) -> None:
    async def scenario() -> None:
        sender.setblocking(False)
        transport = UdpTransport(HERE, sender.getsockname()[1], listen_port=free_port)
        await transport.open()
        await transport.write("serial", b'{"ping":null}\n')
        heard = await asyncio.get_running_loop().sock_recv(sender, 100)
        assert heard == b'{"ping":null}\n'
        with pytest.raises(TransportError, match="no channel bulk"):
            await transport.write("bulk", b"")
        await transport.close()

    run(scenario)


def test_a_port_that_another_sensor_has(free_port: int) -> None:
    async def scenario() -> None:
        first = UdpTransport(HERE, 9000, listen_port=free_port)
        await first.open()
        with pytest.raises(TransportError, match="in use") as refused:
            await UdpTransport(HERE, 9000, listen_port=free_port).open()
        assert "listen=" in str(refused.value.hint)
        await first.close()
        again = UdpTransport(HERE, 9000, listen_port=free_port)
        await again.open()  # given back
        await again.close()

    run(scenario)


def test_an_address_that_nobody_knows() -> None:
    async def scenario() -> None:
        with pytest.raises(TransportError, match="not known"):
            await UdpTransport("no such.host", 9000, listen_port=8000).open()

    run(scenario)


def test_the_hub_takes_it_by_its_uri(free_port: int) -> None:
    uri = parse_uri(f"serial:udp://pi.local?listen={free_port}&family=ximu3")
    assert isinstance(uri, SerialUri)
    assert uri.udp == ("pi.local", 9000)
    assert str(uri) == f"serial:udp://pi.local:9000?listen={free_port}&family=ximu3"
    assert parse_uri(str(uri)) == uri


@pytest.mark.parametrize(
    "text",
    [
        "serial:udp://",
        "serial:udp://pi:0",
        "serial:udp://pi:70000",
        "serial:udp://pi?listen=0",
        "serial:udp://pi?listen=x",
        "serial:udp://pi?baud=9600",
        "serial:socket://pi:7000?listen=8000",
        "serial:/dev/ttyACM0?listen=8000",
        "ble:One?listen=8000",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(InputError):
        parse_uri(text)
