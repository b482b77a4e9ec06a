"""``sensorhub doctor``: does this computer have what sensors need, and how good are the links."""

import json
from typing import TYPE_CHECKING, Any

import click

from sensorhub.cli.context import Context
from sensorhub.cli.numbers import FiniteRange

if TYPE_CHECKING:
    from sensorhub.daemon.doctor.base import Row
    from sensorhub.daemon.doctor.bench import BenchPlan, Measured

EPILOG = """\b
Examples:
  sensorhub doctor
  sensorhub doctor --json
  sensorhub doctor bench
  sensorhub doctor bench --sensor ble:OMP-1A2B --seconds 60

Each line is ok, warn, fail or unknown (cannot be known here), with what to do about it.
Exit code 0: nothing fails; 1: something does."""

BENCH_EPILOG = """\b
Examples:
  sensorhub doctor bench
  sensorhub doctor bench --sensor "right thigh" --sensor serial:/dev/ttyACM0 --connects 10

Switch the sensors on and lay them where they are worn. The connection of each is made several
times, then all stream at once. Nothing is stored."""

FAILED = 1


@click.group(
    epilog=EPILOG,
    invoke_without_command=True,
    short_help="Check what sensors need of this computer.",
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def doctor(ctx: click.Context, *, as_json: bool) -> None:
    """Check Bluetooth, Wi-Fi, permissions, serial ports, disk, clock and power of this computer."""
    if ctx.invoked_subcommand is not None:
        return
    import asyncio

    from sensorhub.daemon.doctor.base import Ground, Verdict
    from sensorhub.daemon.doctor.table import examine
    from sensorhub.model.errors import SensorhubError
    from sensorhub.sessions.store.registry import registered_sensors

    settings = ctx.find_object(Context)
    assert settings is not None
    try:
        ground = Ground(settings.data_dir, sensors=registered_sensors(settings.store_path))
    except SensorhubError as error:
        ground = Ground(settings.data_dir, store_problem=str(error))
    rows = asyncio.run(examine(ground))
    fails = sum(row.verdict is Verdict.FAIL for row in rows)
    if as_json:
        click.echo(json.dumps({"checks": [_row(row) for row in rows], "fails": fails}))
    else:
        for row in rows:
            click.echo(f"{row.verdict:8} {row.check:18} {row.found}")
            if row.todo:
                click.echo(f"{'':27} > {row.todo}")
    ctx.exit(FAILED if fails else 0)


@doctor.command(epilog=BENCH_EPILOG)
@click.option(
    "--sensor",
    "sensors",
    metavar="NAME|URI",
    multiple=True,
    help="Which sensor; again for each. [default: every registered one]",
)
@click.option(
    "--seconds",
    "stream_s",
    type=FiniteRange(1.0, 3600.0),
    default=20.0,
    show_default=True,
    help="How long to stream.",
)
@click.option(
    "--connects",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    help="How often to connect to each.",
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option(
    "--speed",
    type=float,
    default=1.0,
    show_default=True,
    help="For simulated sensors that run faster than the wall clock.",
)
@click.pass_context
def bench(
    ctx: click.Context,
    *,
    sensors: tuple[str, ...],
    stream_s: float,
    connects: int,
    as_json: bool,
    speed: float,
) -> None:
    """Measure the real link to each sensor: connecting, loss, intervals, latency."""
    import asyncio

    from sensorhub.daemon.doctor.bench import run_bench

    settings = ctx.find_object(Context)
    assert settings is not None
    plan = _bench_plan(settings, sensors, stream_s=stream_s, connects=connects, speed=speed)

    def tell(text: str) -> None:
        click.echo(text, err=as_json)

    measured = asyncio.run(run_bench(plan, tell=tell))
    found = [_judged(one) for one in measured]
    failed = any(one["verdict"] == "fail" for one in found)
    if as_json:
        click.echo(json.dumps({"simulated": speed != 1.0, "sensors": found}))
    else:
        for one in found:
            _print(one, simulated=speed != 1.0)
    ctx.exit(FAILED if failed else 0)


def _bench_plan(
    settings: Context, texts: tuple[str, ...], *, stream_s: float, connects: int, speed: float
) -> "BenchPlan":
    from sensorhub.daemon.doctor.bench import BenchPlan
    from sensorhub.daemon.sensors.worn import find_uri, owner_of
    from sensorhub.model.errors import InputError
    from sensorhub.sessions.store.registry import registered_sensors

    registered = registered_sensors(settings.store_path)
    wanted = texts or tuple(sensor.name for sensor in registered)
    if not wanted:
        raise InputError(
            "Which sensor? None is given, and none is registered.",
            hint="Say --sensor URI, or register yours once: sensorhub sensors add.",
        )
    uris = {text: find_uri(text, registered=registered) for text in wanted}
    if len(set(map(str, uris.values()))) != len(uris):
        raise InputError("A sensor is given twice.")
    owners = {text: owner_of(uri, registered) for text, uri in uris.items()}
    return BenchPlan(
        uris,
        {text: owner for text, owner in owners.items() if owner is not None},
        connects=connects,
        stream_s=stream_s,
        speed=speed,
    )


def _row(row: "Row") -> dict[str, Any]:
    return {"check": row.check, "verdict": row.verdict, "found": row.found, "todo": row.todo}


def _judged(measured: "Measured") -> dict[str, Any]:
    """One sensor's figures, each with its bar where it has one."""
    from dataclasses import asdict

    from sensorhub.daemon.doctor.link_figures import BARS

    figures = asdict(measured.figures)
    bars = {bar.figure: bar for bar in BARS}
    verdicts = {name: bars[name].verdict(figures[name]) for name in bars}
    failed = bool(measured.error) or "fail" in verdicts.values()
    return {
        "sensor": measured.name,
        "uri": measured.uri,
        "verdict": "fail" if failed else "warn" if "warn" in verdicts.values() else "ok",
        "error": measured.error,
        "figures": {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in figures.items()
        },
        "judged": {
            name: {"verdict": verdict, "good": bars[name].good, "usable": bars[name].usable}
            for name, verdict in verdicts.items()
        },
    }


def _print(one: dict[str, Any], *, simulated: bool) -> None:
    note = " (SIMULATED)" if simulated else ""
    click.echo(f"\n{one['sensor']}{note}: {one['verdict']}")
    if one["error"]:
        click.echo(f"  ! {one['error']}")
    for name, value in one["figures"].items():
        judged = one["judged"].get(name)
        shown = "not known" if value is None else f"{value:g}"
        verdict = "" if judged is None else f"{judged['verdict']} (good: {judged['good']:g})"
        click.echo(f"  {name.replace('_', ' '):28} {shown:>10}  {verdict}".rstrip())
