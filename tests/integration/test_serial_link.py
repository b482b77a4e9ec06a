"""The supervisor with the OMP driver, over a pty (pyserial) and TCP, to a simulated sensor."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from link_rig import LARGE_RING_BYTES, Listener, disconnects, omp_device, run, supervised

from firmware_sim.fault_script import Fault, Kind
from firmware_sim.faults import FaultyPeer
from firmware_sim.links.line import SerialLink
from firmware_sim.links.pty import PtyLink
from firmware_sim.links.tcp import TcpLink
from firmware_sim.links.world import World
from firmware_sim.peer import Peer
from sensorhub.daemon.links.link import SensorLink
from sensorhub.daemon.links.state import LinkPhase
from sensorhub.model.events import SamplesLost
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.serial_port import SerialTransport
from sensorhub.transports.uri import SerialUri, parse_uri

P = LinkPhase


def over_pty(peer: Peer, world: World, tmp_path: Path) -> SerialLink:
    return PtyLink(peer, world, tmp_path / "tty")


def over_tcp(peer: Peer, world: World, _tmp_path: Path) -> SerialLink:
    return TcpLink(peer, world, "127.0.0.1", 0)


@asynccontextmanager
async def linked(line: SerialLink, clock: HubClock) -> AsyncIterator[tuple[SensorLink, Listener]]:
    await line.start()
    carrying = asyncio.create_task(line.run())
    uri = parse_uri(line.uri)
    assert isinstance(uri, SerialUri)
    try:
        async with supervised(SerialTransport(uri.port, clock=clock), clock) as (link, heard):
            yield link, heard
    finally:
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)


def nothing_missing(heard: Listener) -> None:
    """Every index from 0 to the last exactly once."""
    indices = heard.indices()
    assert sorted(indices) == list(range(len(indices)))


def play(scenario: Callable[[World, HubClock], Awaitable[None]], *, speed: float) -> None:
    async def main() -> None:
        await scenario(World(speed=speed), HubClock(speed=speed))

    run(main)


@pytest.mark.parametrize("make_line", [over_pty, over_tcp])
def test_stream_and_stop(tmp_path, make_line):
    device = omp_device()

    async def scenario(world: World, clock: HubClock) -> None:
        async with linked(make_line(device.serial, world, tmp_path), clock) as (link, heard):
            await heard.streaming(new_samples=300)
        assert heard.phases == [P.SEARCHING, P.CONNECTING, P.STREAMING, P.STOPPING, P.STOPPED]
        nothing_missing(heard)
        assert link.counters.rejected_bytes == 0

    play(scenario, speed=5.0)


@pytest.mark.parametrize(
    ("make_line", "count", "speed"), [(over_pty, 12, 10.0), (over_tcp, 4, 10.0)]
)
def test_pulled_out_again_and_again_and_no_sample_missing(tmp_path, make_line, count, speed):
    """Breaks of 1 to 20 s; what the sensor's memory holds comes back, the breaks are declared.

    The memory holds all: how much comes back between two breaks depends on this machine's load.
    The sensor waits 60 s of its world for its host, which must be long for a busy machine too.
    """
    faults, end_s = disconnects(count, seed=12)
    device = omp_device(ring_bytes=LARGE_RING_BYTES)
    peer = FaultyPeer(device.serial, faults, incidents=device, seed=1)

    async def scenario(world: World, clock: HubClock) -> None:
        async with linked(make_line(peer, world, tmp_path), clock) as (link, heard):
            await heard.until(lambda: world.now_us() > end_s * 1e6)
            await heard.streaming()
            await heard.until(lambda: link.counters.lost == 0)
        assert peer.happened[Kind.DISCONNECT] == count
        nothing_missing(heard)
        counters = link.counters
        assert counters.lost == 0
        assert counters.backfilled > 100 * count
        declared = sum(e.count for e in heard.events if isinstance(e, SamplesLost))
        assert declared >= counters.backfilled

    play(scenario, speed=speed)


def test_a_noisy_line_costs_frames_and_they_come_back(tmp_path):
    device = omp_device()
    noise = [Fault(Kind.CORRUPT, rate=0.02), Fault(Kind.DROP, rate=0.02)]
    peer = FaultyPeer(device.serial, noise, incidents=device, seed=3)

    async def scenario(world: World, clock: HubClock) -> None:
        async with linked(over_pty(peer, world, tmp_path), clock) as (link, heard):
            await heard.streaming(new_samples=2000)
        assert peer.happened[Kind.CORRUPT] > 0
        assert link.counters.rejected_bytes > 0
        indices = heard.indices()
        assert len(indices) == len(set(indices))
        missing = max(indices) + 1 - len(indices)
        assert missing == link.counters.lost
        assert missing < 0.02 * len(indices)

    play(scenario, speed=10.0)
