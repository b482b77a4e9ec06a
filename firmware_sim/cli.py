"""The simulator's command line."""

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_sim.fault_script import Fault, explain_faults, parse_fault, read_faults
from firmware_sim.fields import InputError

if TYPE_CHECKING:
    from firmware_sim.sensor_spec import Lane

_ABOUT = """\
A simulated person wearing simulated motion sensors. Hosts meet the sensors in bytes only: on a
serial line (a pseudo-terminal), over TCP, or over Bluetooth LE (a BlueZ of its own on a private
bus, so that real BlueZ clients run).
"""
_EXAMPLES = """\
examples:
  python -m firmware_sim scenarios
      what the person can do
  python -m firmware_sim serve --scenario squat --sensor thigh_right --pty /tmp/thigh
      one sensor on a serial line; connect to serial:/tmp/thigh
  python -m firmware_sim serve --scenario bridge --tcp 127.0.0.1:4000 \\
          --sensor thigh_right --sensor pelvis:part=lsm6dso,mount=0,90,0
      two sensors on one body; connect to serial:socket://127.0.0.1:4000 and :4001
  python -m firmware_sim serve --scenario demo --speed 10 --truth truth.json \\
          --sensor thigh_right@pty:/tmp/thigh --sensor pelvis@ble:/tmp/bus
      one on a cable, one on the air (DBUS_SYSTEM_BUS_ADDRESS=unix:path=/tmp/bus)
  python -m firmware_sim serve --scenario squat --sensor thigh_right --pty /tmp/thigh \\
          --fault drop=0.01 --fault disconnect@12:5
      a bad link: one packet in a hundred lost, out of reach from second 12 to 17
  python -m firmware_sim render --scenario squat --out /tmp/squat
      no devices: a recording and its truth as files
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 when done, 2 when the command is not right, 1 when the machine is not."""
    parser = _parser()
    args = parser.parse_args(arguments)
    try:
        return int(args.run(args))
    except InputError as error:
        print(f"firmware_sim: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        print(f"firmware_sim: {what}{error.strerror or error}", file=sys.stderr)
        return 1


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m firmware_sim",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    listing = commands.add_parser("scenarios", help="list what the person can do")
    listing.set_defaults(run=_run_scenarios)

    serving = commands.add_parser(
        "serve",
        help="sensors for hosts to connect to",
        formatter_class=RawDescriptionHelpFormatter,
        epilog=_serve_epilog(),
    )
    _add_serve_arguments(serving)
    serving.set_defaults(run=_run_serve)

    rendering = commands.add_parser("render", help="write a recording and its truth as files")
    _add_render_arguments(rendering)
    rendering.set_defaults(run=_run_render)
    return parser


def _add_serve_arguments(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--scenario", required=True, help="a scenario's name, or a TOML file")
    add("--sensor", action="append", required=True, metavar="SENSOR", help="repeat for several")
    lanes = parser.add_mutually_exclusive_group()
    lanes.add_argument(
        "--pty", metavar="PATH", help="serial line under this name (several: -WHERE)"
    )
    lanes.add_argument("--tcp", metavar="HOST:PORT", help="TCP server; port 0: any (several: +1)")
    lanes.add_argument(
        "--udp", metavar="HOST:PORT:HUB_PORT", help="datagrams to the hub's port (several: +1)"
    )
    lanes.add_argument("--ble", metavar="SOCKET", help="Bluetooth LE: D-Bus socket of a BlueZ")
    add("--speed", type=float, default=1.0, help="times as fast as the wall clock (1)")
    add("--seed", type=int, default=0, help="another seed, another day")
    add("--fault", action="append", default=[], metavar="FAULT", help="what goes wrong, see below")
    add("--faults", type=Path, metavar="FILE", help="a TOML file with [[fault]] tables")
    add("--truth", type=Path, metavar="OUT.json", help="what really happened, kept up to date")
    add("--ready-file", type=Path, metavar="FILE", help="the ready lines, once all are ready")
    add("--wait-for-host", action="store_true", help="the person begins when a host listens")
    add("--seconds", type=float, help="end after so many seconds of the world (until SIGTERM)")
    add("--baud", type=int, default=115200, help="speed of serial lines, 0 for USB (115200)")
    add("--unpaced", action="store_true", help="serial bytes take no time")
    add("--mtu", type=int, default=247, help="Bluetooth ATT MTU, 23-517 (247)")


def _serve_epilog() -> str:
    from firmware_sim.families import FAMILIES

    faults = "\n".join(f"  {line}" for line in explain_faults())
    return f"""\
SENSOR is PLACEMENT[:KEY=VALUE,...][@pty:PATH | @tcp:HOST:PORT | @udp:HOST:PORT:HUB_PORT |
@ble:SOCKET], keys
  device part mount ppm imu_ppm drift slip slip_at battery ring wake
  for instance thigh_right:part=lsm6dso,mount=random,ppm=40
  device is one of: {", ".join(FAMILIES)}

FAULT is [PLACEMENT:]KIND[=RATE][@AT[:DURATION]][,amount=X][,lane=L], RATE a packet's probability or
times a minute, AT and DURATION seconds of the world, L one of control data bulk battery serial in
(in: from the host); kinds
{faults}

Once all sensors can be reached, one line for each goes to standard output: ready PLACEMENT URI
"""


def _add_render_arguments(parser: ArgumentParser) -> None:
    from firmware_sim.render import add_render_arguments

    add_render_arguments(parser)


def _run_render(args: Namespace) -> int:
    from firmware_sim.render import run_render

    return run_render(args)


def _run_scenarios(_: Namespace) -> int:
    from firmware_sim.scenario.loader import load_scenario, scenario_names

    names = scenario_names()
    width = max(map(len, names), default=0)
    for name in names:
        print(f"{name:<{width}}  {load_scenario(name).title}")
    return 0


def _run_serve(args: Namespace) -> int:
    from firmware_sim.sensor_spec import parse_sensor
    from firmware_sim.serve import ServeSettings, serve

    sensors = [parse_sensor(text) for text in args.sensor]
    if not 0.1 <= args.speed <= 1000:
        raise InputError("--speed must be 0.1 to 1000")
    if not 23 <= args.mtu <= 517:
        raise InputError("--mtu must be 23 to 517")
    if args.seconds is not None and not args.seconds > 0:
        raise InputError("--seconds must be more than 0")
    serve(
        ServeSettings(
            scenario=args.scenario,
            sensors=sensors,
            lane=_lane(args),
            faults=_faults(args, [sensor.placement for sensor in sensors]),
            speed=args.speed,
            seed=args.seed,
            baud=_baud(args.baud),
            paced=not args.unpaced,
            mtu=args.mtu,
            truth=args.truth,
            ready_file=args.ready_file,
            waits_for_host=args.wait_for_host,
            seconds=args.seconds,
        )
    )
    return 0


def _lane(args: Namespace) -> "Lane | None":
    from firmware_sim.sensor_spec import parse_lane

    for kind in ("pty", "tcp", "udp", "ble"):
        where = getattr(args, kind)
        if where is not None:
            return parse_lane(f"{kind}:{where}", f"--{kind}")
    return None


def _baud(baud: int) -> int | None:
    from firmware_sim.links.pty import speed_code

    if baud == 0:
        return None
    try:
        speed_code(baud)
    except ValueError as error:
        raise InputError(f"--baud: {error}") from error
    return baud


def _faults(args: Namespace, placements: list[str]) -> dict[str, list[Fault]]:
    common = list(read_faults(args.faults)) if args.faults is not None else []
    own: dict[str, list[Fault]] = {placement: [] for placement in placements}
    for text in args.fault:
        placement, _, rest = text.partition(":")
        if placement in own:
            own[placement].append(parse_fault(rest))
        else:
            common.append(parse_fault(text))
    return {placement: common + faults for placement, faults in own.items()}
