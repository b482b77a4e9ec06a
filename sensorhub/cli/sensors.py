"""``sensorhub sensors``: the sensors of this house; add one, name it, say where it is worn."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from sensorhub.cli.context import Context, pass_settings
from sensorhub.cli.numbers import FiniteRange

if TYPE_CHECKING:
    from sensorhub.sessions.store.registry import RegisteredSensor
    from sensorhub.sessions.store.store import Store

EPILOG = """\b
Examples:
  sensorhub sensors
  sensorhub sensors add --name "right thigh" --placement thigh_right
  sensorhub sensors add serial:/dev/ttyACM0 --placement pelvis
  sensorhub sensors place "right thigh" thigh_left
  sensorhub sensors forget "right thigh"

A registered sensor is known by its address and by what it says it is: another that answers in its
place, a neighbour's say, is refused. sensorhub run uses the registered sensors by themselves."""

NOWHERE = "nowhere"


@click.group(epilog=EPILOG, invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def sensors(ctx: click.Context, *, as_json: bool) -> None:
    """List the sensors of this house; add, name, place or forget one."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_sensors, as_json=as_json)


@sensors.command("list")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@pass_settings
def list_sensors(settings: Context, *, as_json: bool) -> None:
    """List the registered sensors."""
    from sensorhub.sessions.store.registry import registered_sensors

    found = registered_sensors(settings.store_path)
    rows = [_object(sensor, _calibrated(settings, sensor)) for sensor in found]
    if as_json:
        click.echo(json.dumps({"sensors": rows}))
        return
    for row in rows:
        worn = row["placement"] or "not placed"
        click.echo(f"{row['name']}  [{worn}]  {row['family']}, {row['uri']}")
        click.echo(f"    {', '.join(_details(row))}")
    if not rows:
        click.echo("No sensor is registered. Switch one on and: sensorhub sensors add")


@sensors.command(epilog="\b\nExamples:\n  sensorhub sensors add\n  sensorhub sensors add OMP-1A2B")
@click.argument("target", metavar="[NAME|ADDRESS|URI]", default="")
@click.option("--name", default="", help="What to call it. [default: what it calls itself]")
@click.option("--placement", "where", metavar="WHERE", help="Where it is usually worn.")
@click.option("--no-bond", is_flag=True, help="Do not try to make a Bluetooth bond.")
@click.option("--seconds", "listen_s", type=FiniteRange(1.0, 60.0), default=6.0, show_default=True)
@click.option(
    "--speed",
    type=float,
    default=1.0,
    show_default=True,
    help="For simulated sensors that run faster than the wall clock.",
)
@pass_settings
def add(
    settings: Context,
    *,
    target: str,
    name: str,
    where: str | None,
    no_bond: bool,
    listen_s: float,
    speed: float,
) -> None:
    """Find a sensor, connect to it once, and register it. Without a name: the only new one near."""
    import asyncio

    from sensorhub.daemon.sensors.add import Wish, add_sensor
    from sensorhub.daemon.sensors.worn import read_placement
    from sensorhub.sessions.store.registry import registered_sensors

    placement = None if where is None else read_placement(where)
    wish = Wish(target, name, placement, bond=not no_bond, listen_s=listen_s, speed=speed)
    with _store(settings) as store:
        registered = registered_sensors(store.path)
        added = asyncio.run(add_sensor(wish, store=store, registered=registered, tell=click.echo))
    click.echo(f"Registered {added.name!r}: {', '.join(_details(_object(added, None)))}.")
    if not added.device_id:
        click.echo("It does not say who it is: it is known by its address alone.")
    if added.placement is None:
        click.echo(f'Where is it worn? sensorhub sensors place "{added.name}" thigh_right')


@sensors.command()
@click.argument("sensor", metavar="NAME")
@click.argument("new_name")
@pass_settings
def name(settings: Context, *, sensor: str, new_name: str) -> None:
    """Call a sensor something else."""
    with _store(settings) as store:
        store.registry.rename(sensor, new_name)


@sensors.command()
@click.argument("sensor", metavar="NAME")
@click.argument("where", metavar=f"WHERE|{NOWHERE}")
@pass_settings
def place(settings: Context, *, sensor: str, where: str) -> None:
    """Say where a sensor is usually worn."""
    from sensorhub.daemon.sensors.worn import read_placement

    placement = None if where == NOWHERE else read_placement(where)
    with _store(settings) as store:
        store.registry.place(sensor, placement)


@sensors.command()
@click.argument("sensor", metavar="NAME")
@pass_settings
def forget(settings: Context, *, sensor: str) -> None:
    """Register a sensor no longer. Its sessions and its calibration stay."""
    with _store(settings) as store:
        store.registry.forget(sensor)


def _store(settings: Context) -> "Store":
    import time

    from sensorhub.sessions.store.store import Store

    return Store(settings.store_path, now_ns=time.monotonic_ns)


def _calibrated(settings: Context, sensor: "RegisteredSensor") -> str | None:
    """The day it was calibrated; None: never."""
    from calibration.sensor import SensorCalibration
    from sensorhub.sessions.store.reader import StoreReader

    document = StoreReader(settings.store_path).calibration(sensor.device_id or sensor.uri)
    return SensorCalibration.from_json(document).measured_on.isoformat() if document else None


def _object(sensor: "RegisteredSensor", calibrated: str | None) -> dict[str, Any]:
    return {
        "name": sensor.name,
        "placement": sensor.placement,
        "uri": sensor.uri,
        "family": sensor.family,
        "device_id": sensor.device_id,
        "model": sensor.model,
        "firmware": sensor.firmware,
        "battery_percent": sensor.battery_percent,
        "bonded": sensor.bonded,
        "calibrated_on": calibrated,
        "added": None if sensor.added is None else sensor.added.isoformat(timespec="seconds"),
        "last_seen": None if sensor.seen is None else sensor.seen.isoformat(timespec="seconds"),
    }


def _details(row: dict[str, Any]) -> list[str]:
    said = [row["model"], row["device_id"] or "no serial number"]
    if row["firmware"]:
        said.append(f"firmware {row['firmware']}")
    battery = row["battery_percent"]
    said.append("battery not told" if battery is None else f"battery {battery} %")
    said.append("bonded" if row["bonded"] else "no bond")
    said.append(f"calibrated {row['calibrated_on']}" if row["calibrated_on"] else "not calibrated")
    if row["last_seen"]:
        seen = datetime.fromisoformat(row["last_seen"]).astimezone()
        said.append(f"last seen {seen:%Y-%m-%d %H:%M}")
    return [text for text in said if text]
