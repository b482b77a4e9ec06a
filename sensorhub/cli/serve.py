"""``sensorhub serve``: the hub with its page."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sensorhub.cli.context import Context, pass_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorhub.daemon.sensors.worn import WornSensors

EPILOG = """\b
Examples:
  sensorhub serve --sensor thigh_right=ble:OMP-1A2B
  sensorhub serve --host 0.0.0.0 --pair --sensor thigh_right=serial:/dev/ttyACM0

Open the address that is printed, type the PIN, and choose a plan. Without --host only this computer
reaches the page. With it the network does, once a device is paired; --pair makes a PIN for one more
device and lets the network in for the five minutes it is good for (a hub that runs as a service:
sensorhub pair). Ctrl-C ends it: what was
recorded is kept.

Each option is also taken from the environment: SENSORHUB_SENSORS (separated by spaces),
SENSORHUB_HOST, SENSORHUB_PORT, SENSORHUB_ASK, SENSORHUB_LOUDSPEAKER,
SENSORHUB_RATE, SENSORHUB_VOLUME, SENSORHUB_TLS_CERT, SENSORHUB_TLS_KEY."""


@click.command(epilog=EPILOG)
@click.option(
    "--sensor",
    "sensors",
    metavar="WHERE=URI",
    multiple=True,
    envvar="SENSORHUB_SENSORS",
    help="Where a sensor is worn and how it is reached; again for each sensor. "
    "[default: the registered ones]",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    envvar="SENSORHUB_HOST",
    help="Address for others; 0.0.0.0 is every address of this computer.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    envvar="SENSORHUB_PORT",
    help="0 takes one that is free.",
)
@click.option("--pair", is_flag=True, help="Make a PIN for one more device.")
@click.option(
    "--ask",
    type=click.Choice(["nothing", "pain", "everything"]),
    default="pain",
    show_default=True,
    envvar="SENSORHUB_ASK",
    help="What the person is asked in a session.",
)
@click.option(
    "--loudspeaker",
    is_flag=True,
    envvar="SENSORHUB_LOUDSPEAKER",
    help="Speak on the hub's own loudspeaker too; browsers are told to in their settings.",
)
@click.option(
    "--rate",
    "rate_wpm",
    type=int,
    default=150,
    show_default=True,
    envvar="SENSORHUB_RATE",
    help="Spoken words a minute, on the loudspeaker and in browsers.",
)
@click.option(
    "--volume",
    type=int,
    default=80,
    show_default=True,
    envvar="SENSORHUB_VOLUME",
    help="Of the voice, 0 to 100.",
)
@click.option(
    "--tls-cert",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    envvar="SENSORHUB_TLS_CERT",
    help="Serve by https with this certificate (PEM, with its chain).",
)
@click.option(
    "--tls-key",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    envvar="SENSORHUB_TLS_KEY",
    help="Its private key (PEM).",
)
@click.option(
    "--speed",
    type=float,
    default=1.0,
    show_default=True,
    help="For simulated sensors that run faster than the wall clock.",
)
@pass_settings
def serve(
    settings: Context,
    *,
    sensors: tuple[str, ...],
    host: str,
    port: int,
    pair: bool,
    ask: str,
    loudspeaker: bool,
    rate_wpm: int,
    volume: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    speed: float,
) -> None:
    """Serve the page: plans, the live session, results and history, on any screen in the room."""
    import asyncio
    import logging
    import os

    from sensorhub.cli.serve_screen import show_serving
    from sensorhub.coach.questions import Asking
    from sensorhub.daemon.serve import ServeSettings
    from sensorhub.daemon.serve import serve as serve_hub
    from sensorhub.daemon.serving.hub import HubSettings
    from sensorhub.daemon.serving.tls import read_tls
    from sensorhub.speech.voice import Voice

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    tls = read_tls(tls_cert, tls_key)
    worn = _worn(sensors, settings.store_path)
    wanted = ServeSettings(
        hub=HubSettings(
            sensors=worn.uris,
            registered=worn.registered,
            from_registry=not sensors,
            data_dir=settings.data_dir,
            speed=speed,
            simulated=speed != 1.0,
            asking=Asking(ask),
            voice=Voice(rate_wpm=rate_wpm, volume_percent=volume),
            loudspeaker=loudspeaker,
        ),
        host=host,
        port=port,
        pair=pair,
        first_pin="NOTIFY_SOCKET" not in os.environ,
        tls=tls,
    )
    asyncio.run(serve_hub(wanted, tell=click.echo, on_ready=show_serving))


def _worn(texts: "Sequence[str]", store: Path) -> "WornSensors":
    """The sensors that were given, or else the registered ones; there may be none yet."""
    from sensorhub.daemon.sensors.worn import WornSensors, registered_worn, worn_sensors
    from sensorhub.model.placement import Placement
    from sensorhub.sessions.store.registry import registered_sensors

    registered = registered_sensors(store)
    if texts:
        return worn_sensors(texts, registered=registered)
    if not any(sensor.placement for sensor in registered):
        return WornSensors({}, {})
    return registered_worn(registered, wanted=Placement)
