"""A simulated person with simulated sensors, there for hosts to connect to."""

import asyncio
import json
import random
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from firmware_sim.families import DeviceSetup, SimulatedDevice, make_device
from firmware_sim.fault_script import Fault
from firmware_sim.faults import FaultyPeer
from firmware_sim.fields import InputError
from firmware_sim.files import write_whole
from firmware_sim.links.line import SerialLink
from firmware_sim.links.pty import PtyLink
from firmware_sim.links.tcp import TcpLink
from firmware_sim.links.udp import UdpLink
from firmware_sim.links.world import World
from firmware_sim.peer import Peer
from firmware_sim.person import Person
from firmware_sim.scenario.loader import load_scenario
from firmware_sim.sensor_spec import Lane, LaneKind, SensorSpec
from firmware_sim.stage import Stage

_TRUTH_EVERY_S: Final = 0.25  # wall
_LONGEST_SINCE_BOOT_S: Final = 600.0
_CRYSTAL_PPM: Final = 40.0


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """What to simulate and how it is reached.

    Attributes:
        lane: for sensors that name none.
        faults: by placement.
        baud: of the ptys; None for USB.
        waits_for_host: the person begins when the first sensor is asked to stream.
        seconds: of the world, then it ends by itself; None: until it is told to.
    """

    scenario: str
    sensors: Sequence[SensorSpec]
    lane: Lane | None = None
    faults: Mapping[str, Sequence[Fault]] = field(default_factory=dict)
    speed: float = 1.0
    seed: int = 0
    baud: int | None = 115200
    paced: bool = True
    mtu: int = 247
    truth: Path | None = None
    ready_file: Path | None = None
    waits_for_host: bool = False
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class _Sensor:
    placement: str
    device: SimulatedDevice
    lane: Lane


def serve(settings: ServeSettings) -> None:
    """Serve until SIGTERM, SIGINT or the end; the truth is written as it happens.

    Raises:
        InputError: scenario or sensors are no good.
        OSError: a path or a port cannot be had.
    """
    person = Person(load_scenario(settings.scenario), seed=settings.seed)
    stage = Stage(person, waits=settings.waits_for_host)
    sensors = _sensors(settings, stage)
    asyncio.run(_serve(settings, stage, sensors))


def _sensors(settings: ServeSettings, stage: Stage) -> list[_Sensor]:
    sensors: list[_Sensor] = []
    for number, spec in enumerate(settings.sensors):
        lane = spec.lane
        if lane is None and settings.lane is not None:
            several = len(settings.sensors) > 1
            lane = settings.lane.beside(spec.placement, number) if several else settings.lane
        if lane is None:
            raise InputError(
                f"sensor {spec.placement}: how is it reached? "
                "Give --pty, --tcp, --udp or --ble, or @LANE"
            )
        if any(spec.placement == other.placement for other in sensors):
            raise InputError(f"two sensors cannot both be worn at {spec.placement}")
        sensors.append(_Sensor(spec.placement, _device(settings, spec, stage, lane), lane))
    return sensors


def _device(settings: ServeSettings, spec: SensorSpec, stage: Stage, lane: Lane) -> SimulatedDevice:
    draw = random.Random(f"{settings.seed}/{spec.placement}")
    ppm = draw.uniform(-_CRYSTAL_PPM, _CRYSTAL_PPM)
    setup = DeviceSetup(
        spec.placement,
        stage.wear(spec.placement, spec.setup),
        seed=draw.randrange(1 << 32),
        identity_seed=settings.seed,
        ppm=ppm if spec.ppm is None else spec.ppm,
        battery_percent=spec.battery_percent,
        ring_bytes=spec.ring_bytes,
        wake_after_s=spec.wake_after_s,
        # Switched on some time ago, each at its own: their clocks have nothing in common.
        now_us=-round(draw.uniform(1.0, _LONGEST_SINCE_BOOT_S) * 1e6),
        baud=settings.baud,
        on_cue=stage.cue,
    )
    try:
        return make_device(spec.family, setup, "ble" if lane.kind is LaneKind.BLE else "serial")
    except ValueError as error:
        raise InputError(f"sensor {spec.placement}: {error}") from error


async def _serve(settings: ServeSettings, stage: Stage, sensors: list[_Sensor]) -> None:
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    world = World(speed=settings.speed)
    tasks: list[asyncio.Task[None]] = []
    try:
        uris = await _open_cables(settings, sensors, world, tasks)
        uris |= await _open_rooms(settings, sensors, world, tasks)
        _write_truth(settings, stage, world)
        _announce(settings, {sensor.placement: uris[sensor.placement] for sensor in sensors})
        if settings.truth is not None:
            tasks.append(asyncio.create_task(_keep_truth(settings, stage, world)))
        tasks.append(asyncio.create_task(_end(over, world, settings.seconds)))
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # raises what ended it early
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        _write_truth(settings, stage, world)


async def _open_cables(
    settings: ServeSettings, sensors: list[_Sensor], world: World, tasks: list[asyncio.Task[None]]
) -> dict[str, str]:
    uris = {}
    for sensor in sensors:
        if sensor.lane.kind is LaneKind.BLE:
            continue
        peer = _behind_faults(settings, sensor, sensor.device.peer)
        link: SerialLink
        if sensor.lane.kind is LaneKind.PTY:
            baud, seed = settings.baud, settings.seed
            path = sensor.lane.path.absolute()
            link = PtyLink(peer, world, path, baud=baud, pace=settings.paced, seed=seed)
        elif sensor.lane.kind is LaneKind.UDP:
            lane = sensor.lane
            link = UdpLink(peer, world, lane.host, lane.port, hub_port=lane.hub_port)
        else:
            link = TcpLink(peer, world, sensor.lane.host, sensor.lane.port)
        await link.start()
        tasks.append(asyncio.create_task(link.run()))
        uris[sensor.placement] = link.uri
    return uris


async def _open_rooms(
    settings: ServeSettings, sensors: list[_Sensor], world: World, tasks: list[asyncio.Task[None]]
) -> dict[str, str]:
    """One private bus a socket; all its sensors are on the air there."""
    rooms: dict[Path, dict[str, Peer]] = {}
    uris = {}
    for sensor in sensors:
        if sensor.lane.kind is LaneKind.BLE:
            peer = _behind_faults(settings, sensor, sensor.device.peer)
            rooms.setdefault(sensor.lane.path.absolute(), {})[sensor.placement] = peer
            uris[sensor.placement] = f"ble:{peer.advertisement.name}"
    for socket_path, peers in rooms.items():
        from firmware_sim.bluez import serve_ble

        ready = asyncio.Event()
        room = asyncio.create_task(
            serve_ble(peers, world, socket_path, ready=ready, mtu=settings.mtu)
        )
        tasks.append(room)
        is_ready = asyncio.create_task(ready.wait())
        await asyncio.wait((room, is_ready), return_when=asyncio.FIRST_COMPLETED)
        is_ready.cancel()
        if room.done():
            room.result()
    return uris


def _behind_faults(settings: ServeSettings, sensor: _Sensor, peer: Peer) -> Peer:
    faults = settings.faults.get(sensor.placement, ())
    if not faults:
        return peer
    seed = random.Random(f"{settings.seed}/{sensor.placement}/faults").randrange(1 << 32)
    return FaultyPeer(peer, faults, incidents=sensor.device.incidents, seed=seed)


def _announce(settings: ServeSettings, uris: Mapping[str, str]) -> None:
    lines = "".join(f"ready {placement} {uri}\n" for placement, uri in uris.items())
    if settings.ready_file is not None:
        write_whole(settings.ready_file, lines)
    print(lines, end="", flush=True)


async def _end(over: asyncio.Event, world: World, seconds: float | None) -> None:
    try:
        async with asyncio.timeout(None if seconds is None else world.wall_s(seconds * 1e6)):
            await over.wait()
    except TimeoutError:
        return


async def _keep_truth(settings: ServeSettings, stage: Stage, world: World) -> None:
    """Write the truth whenever something has happened."""
    written: dict[str, object] = {}
    while True:
        await asyncio.sleep(_TRUTH_EVERY_S)
        truth = stage.truth(world.now_us())
        happened = {name: value for name, value in truth.items() if name != "until_s"}
        if happened != written:
            _write_truth(settings, stage, world)
            written = happened


def _write_truth(settings: ServeSettings, stage: Stage, world: World) -> None:
    if settings.truth is not None:
        text = json.dumps(stage.truth(world.now_us()), indent=1)
        write_whole(settings.truth, f"{text}\n")
