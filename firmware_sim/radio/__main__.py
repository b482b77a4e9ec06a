"""Sensors on the virtual radio of this kernel, told what to do by lines on standard input.

``python -m firmware_sim.radio --scenario squat --sensor thigh_right`` says of each sensor ``ready
PLACEMENT NAME ADDRESS BORN_NS``: BORN_NS is the moment, on the clock since boot, at which the
device's own clock began. Then it obeys ``drop PLACEMENT`` and ``away PLACEMENT SECONDS``, says
``done`` after each, and ends with its input.
"""

import asyncio
import sys
import time
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final

from firmware_sim.families import BLE, DeviceSetup, make_device
from firmware_sim.fields import InputError
from firmware_sim.links.world import World
from firmware_sim.peer import Peer
from firmware_sim.person import Person
from firmware_sim.radio.adapter import kernel_adapter
from firmware_sim.radio.air import INTERVAL_S, RadioAir
from firmware_sim.radio.sensor import RadioSensor
from firmware_sim.scenario.loader import load_scenario
from firmware_sim.sensor_spec import SensorSpec, parse_sensor
from firmware_sim.stage import Stage

_CRYSTAL_PPM: Final = 40.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until standard input ends; 0 then, 2 when the command is not right, 1 the machine."""
    parser = ArgumentParser(prog="python -m firmware_sim.radio", description=__doc__)
    parser.add_argument("--scenario", required=True, help="a scenario's name, or a TOML file")
    parser.add_argument("--sensor", action="append", required=True, help="PLACEMENT[:KEY=VALUE]")
    parser.add_argument("--interval", type=float, default=INTERVAL_S, help="connection interval, s")
    args = parser.parse_args(arguments)
    try:
        specs = [parse_sensor(text) for text in args.sensor]
        stage = Stage(Person(load_scenario(args.scenario)), waits=True)
        asyncio.run(_serve(stage, specs, interval_s=args.interval))
    except InputError as error:
        print(f"firmware_sim.radio: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"firmware_sim.radio: {where}{error.strerror or error}", file=sys.stderr)
        return 1
    return 0


async def _serve(stage: Stage, specs: Sequence[SensorSpec], *, interval_s: float) -> None:
    world = World()
    began_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - world.now_us() * 1000
    air = RadioAir(interval_s=interval_s)
    sensors: dict[str, RadioSensor] = {}
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(kernel_adapter(air))
        for number, spec in enumerate(specs):
            born_us = -1_000_000 * (number + 1)  # each was switched on at another moment
            sensor = RadioSensor(_peer(stage, spec, number, born_us), world, air)
            await sensor.start()
            stack.push_async_callback(sensor.stop)
            sensors[spec.placement] = sensor
            shown = sensor.peer.advertisement
            _say(f"ready {spec.placement} {shown.name} {shown.address} {began_ns + born_us * 1000}")
        await _obey(sensors)


def _peer(stage: Stage, spec: SensorSpec, number: int, born_us: int) -> Peer:
    setup = DeviceSetup(
        spec.placement,
        stage.wear(spec.placement, spec.setup),
        seed=number + 1,
        ppm=_CRYSTAL_PPM if spec.ppm is None else spec.ppm,
        battery_percent=spec.battery_percent,
        ring_bytes=spec.ring_bytes,
        now_us=born_us,
        on_cue=stage.cue,
    )
    return make_device(spec.family, setup, BLE).peer


async def _obey(sensors: Mapping[str, RadioSensor]) -> None:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := await reader.readline():
        match line.decode().split():
            case ["drop", placement] if placement in sensors:
                await sensors[placement].hang_up()
            case ["away", placement, seconds] if placement in sensors:
                sensors[placement].go_away(float(seconds))
            case words:
                _say(f"unknown {' '.join(words)}")
                continue
        _say("done")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
