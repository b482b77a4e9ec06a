"""Sensors people can buy, over the links they have: pty, TCP and a simulated BlueZ."""

import asyncio
from pathlib import Path

import pytest
from link_rig import Listener, run, supervised, system_bus

from firmware_sim.bluez import AirTiming, ble_room
from firmware_sim.families import DeviceSetup, SimulatedDevice, make_device
from firmware_sim.fault_script import Fault, Kind
from firmware_sim.faults import FaultyPeer
from firmware_sim.links.pty import PtyLink
from firmware_sim.links.tcp import TcpLink
from firmware_sim.links.world import World
from firmware_sim.peer import Peer
from firmware_sim.person import Person, SensorSetup
from firmware_sim.scenario.loader import load_scenario
from sensorhub.daemon.links.state import LinkPhase
from sensorhub.daemon.links.timing import LinkTiming
from sensorhub.devices.registry import families, family, recognise
from sensorhub.model.events import ClockObserved
from sensorhub.transports.ble import BleTransport
from sensorhub.transports.ble_radio import BleRadio
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.serial_port import SerialTransport
from sensorhub.transports.uri import SerialUri, parse_uri

SPEED = 4.0
ONE_LINK = LinkTiming(dead_s=10.0 * SPEED)
"""Silent for ten seconds of the wall before the link is made anew: a busy computer may stall."""
QUICK = AirTiming(advertise_s=0.1, connect_s=0.1, resolve_s=0.1, disconnect_s=0.05)
P = LinkPhase


def made(name: str, link: str) -> SimulatedDevice:
    person = Person(load_scenario("standing_still"), seed=0)
    imu = person.wear("thigh_right", SensorSetup())
    return make_device(name, DeviceSetup("thigh_right", imu, now_us=-4_000_000, ppm=20.0), link)


def by_cable(name: str, line: str, tmp_path: Path) -> Listener:
    """Stream 400 samples over a pty or TCP, then stop."""
    heard_by: list[Listener] = []

    async def scenario() -> None:
        world, clock = World(speed=SPEED), HubClock(speed=SPEED)
        peer = made(name, "serial").peer
        link = (
            PtyLink(peer, world, tmp_path / "tty")
            if line == "pty"
            else TcpLink(peer, world, "127.0.0.1", 0)
        )
        await link.start()
        carrying = asyncio.create_task(link.run())
        uri = parse_uri(link.uri)
        assert isinstance(uri, SerialUri)
        transport = SerialTransport(uri.port, clock=clock)
        try:
            async with supervised(transport, clock, timing=ONE_LINK, family=family(name)) as (
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


def by_radio(peer: Peer, tmp_path: Path, *, new_samples: int = 400) -> Listener:
    """Recognise it by what it advertises, stream over bleak, then stop."""
    heard_by: list[Listener] = []
    shown = peer.advertisement
    found = recognise(shown.service_uuids, shown.name)
    assert found is not None
    assert found.ble is not None
    profile = found.ble

    async def scenario() -> None:
        world, clock = World(speed=SPEED), HubClock(speed=SPEED)
        with system_bus(tmp_path / "bus"):
            async with ble_room({shown.name: peer}, world, tmp_path / "bus", timing=QUICK):
                transport = BleTransport(
                    shown.name, profile, radio=BleRadio(), clock=clock, find_s=2.0
                )
                async with supervised(transport, clock, timing=ONE_LINK, family=found) as (
                    _,
                    heard,
                ):
                    heard_by.append(heard)
                    await heard.streaming(new_samples=new_samples)

    run(scenario)
    return heard_by[0]


def regular(heard: Listener) -> None:
    """One link from beginning to end; indices ascend without a hole within each stream."""
    assert heard.phases[:3] == [P.SEARCHING, P.CONNECTING, P.STREAMING]
    assert heard.phases[-2:] == [P.STOPPING, P.STOPPED]
    assert heard.phases.count(P.CONNECTING) == 1
    due: dict[int, int] = {}
    for one in heard.samples():
        assert one.first_index == due.get(one.stream, one.first_index)
        due[one.stream] = one.first_index + len(one.acc_mps2)
    assert due


@pytest.mark.parametrize(
    ("name", "line"),
    [("ximu3", "tcp"), ("ximu3", "pty"), ("capture2go", "pty"), ("capture2go", "tcp")],
)
def test_by_cable(name: str, line: str, tmp_path: Path) -> None:
    regular(by_cable(name, line, tmp_path))


@pytest.mark.parametrize("name", ["movesense", "capture2go", "metamotion", "metamotion_r"])
def test_by_radio(name: str, tmp_path: Path) -> None:
    regular(by_radio(made(name, "ble").peer, tmp_path))


def test_answers_that_get_lost_are_asked_for_again(tmp_path: Path) -> None:
    """Every third notification of a Movesense sensor is lost, answers among them."""
    device = made("movesense", "ble")
    loss = [Fault(Kind.DROP, rate=0.33, lane="data")]
    peer = FaultyPeer(device.peer, loss, incidents=device.incidents, seed=5)
    heard = by_radio(peer, tmp_path)
    assert peer.happened[Kind.DROP] > 10
    assert heard.phases[-1] is P.STOPPED


def test_a_sensor_left_streaming_is_torn_down_first(tmp_path: Path) -> None:
    """The link is lost while it streams; what it was set up to do is not in the way later."""
    for name in ("capture2go", "metamotion", "movesense"):
        device = made(name, "ble")
        outage = [Fault(Kind.DISCONNECT, at_s=4.0, duration_s=2.0)]
        peer = FaultyPeer(device.peer, outage, incidents=device.incidents, seed=1)
        place = tmp_path / name
        place.mkdir()
        heard = by_radio(peer, place, new_samples=700)
        assert peer.happened[Kind.DISCONNECT] == 1
        assert heard.phases.count(P.CONNECTING) >= 2
        assert heard.phases[-1] is P.STOPPED


def test_capture2go_answers_round_trips_over_bleak(tmp_path: Path) -> None:
    heard = by_radio(made("capture2go", "ble").peer, tmp_path)
    two_way = [e for e in heard.events if isinstance(e, ClockObserved) and not e.one_way]
    assert two_way
    assert all(0.0 <= event.uncertainty_s < 1.0 for event in two_way)


def test_all_of_these_have_a_driver() -> None:
    assert {"movesense", "ximu3", "capture2go", "metamotion"} <= set(families())
