"""Other families over real links: a pseudo-terminal with pyserial, a simulated BlueZ with bleak."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from link_rig import PATIENCE_S, Listener, run, system_bus

from firmware_sim.bluez import ble_room
from firmware_sim.bluez.air import AirTiming
from firmware_sim.families import DeviceSetup, make_device
from firmware_sim.links.pty import PtyLink
from firmware_sim.links.world import World
from firmware_sim.person import Person, SensorSetup
from firmware_sim.scenario.loader import load_scenario
from sensorhub.daemon.links.opening import LinkCallbacks, LinkMaker
from sensorhub.daemon.links.state import LinkPhase
from sensorhub.model.events import BatteryReported, DeviceIdentified
from sensorhub.model.units import STANDARD_GRAVITY_MPS2
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.uri import parse_uri

QUICK = AirTiming(advertise_s=0.05, connect_s=0.05, resolve_s=0.05)
SPEED = 3.0


def a_setup(part: str = "bmi270", *, baud: int = 115200) -> DeviceSetup:
    worn = Person(load_scenario("standing_still")).wear("thigh_right", SensorSetup(part=part))
    return DeviceSetup("thigh_right", worn, now_us=-1_000_000, baud=baud)


async def stream(uri: str, clock: HubClock, *, samples: int) -> Listener:
    """Run a link as the hub does until so many samples came, then stop it in order."""
    heard = Listener()
    callbacks = LinkCallbacks(heard.record, heard.event, heard.status)
    link = LinkMaker(clock).make("the test sensor", parse_uri(uri), callbacks)
    running = asyncio.create_task(link.run())
    try:
        await heard.streaming(new_samples=samples)
        async with asyncio.timeout(PATIENCE_S):
            await link.stop()
            await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert heard.phases[-1] is LinkPhase.STOPPED
    acc = np.concatenate([event.acc_mps2 for event in heard.samples()])
    weight = np.median(np.linalg.norm(acc, axis=1))
    assert weight == pytest.approx(STANDARD_GRAVITY_MPS2, rel=0.03)
    return heard


@pytest.mark.parametrize("baud", [115200, 9600, 230400])
def test_witmotion_on_a_cable_at_any_speed(tmp_path: Path, baud: int) -> None:
    """Nobody says the speed: it is found by trying."""
    peer = make_device("witmotion_serial", a_setup(baud=baud), "serial").peer

    async def scenario() -> None:
        world, clock = World(speed=SPEED), HubClock(speed=SPEED)
        line = PtyLink(peer, world, tmp_path / "tty", baud=baud)
        await line.start()
        carrying = asyncio.create_task(line.run())
        try:
            heard = await stream(f"{line.uri}?family=witmotion_serial", clock, samples=100)
        finally:
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)
        assert any(isinstance(event, DeviceIdentified) for event in heard.events)
        links = [status for status in heard.statuses if status.phase is LinkPhase.CONNECTING]
        assert len(links) >= (115200, 9600, 230400).index(baud) + 1

    run(scenario)


@pytest.mark.parametrize(
    ("family", "part", "target"),
    [
        ("witmotion_ble", "bmi270", ""),
        ("polar", "lsm6dso", ""),
        ("thingy52", "bmi270", ""),
        ("science_journal", "bmi270", "?family=science_journal"),
    ],
)
def test_over_the_air(tmp_path: Path, family: str, part: str, target: str) -> None:
    """Recognised by its name where that tells; values that are read once arrive, too."""
    peer = make_device(family, a_setup(part), "ble").peer
    name = peer.advertisement.name

    async def scenario() -> None:
        world, clock = World(speed=SPEED), HubClock(speed=SPEED)
        with system_bus(tmp_path / "bus"):
            async with ble_room({name: peer}, world, tmp_path / "bus", timing=QUICK):
                heard = await stream(f"ble:{name}{target}", clock, samples=200)
        battery = any(isinstance(event, BatteryReported) for event in heard.events)
        assert battery == (family != "science_journal")

    run(scenario)
