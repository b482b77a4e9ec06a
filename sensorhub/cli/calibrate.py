"""``sensorhub calibrate``: guides through the resting poses of one sensor, and keeps the result."""

import click

from sensorhub.cli.context import Context, pass_settings
from sensorhub.cli.numbers import FiniteRange

EPILOG = """\b
Examples:
  sensorhub calibrate ble:OMP-1A2B
  sensorhub calibrate "right thigh"
  sensorhub calibrate serial:/dev/ttyACM0 --temperature 22

Lay the sensor on something firm, in at least twelve clearly different ways: on each of its sides,
and leaning against something in between. Let go of it and wait until the pose is counted (about two
seconds). The result is applied by itself whenever this sensor is used from then on."""


@click.command(epilog=EPILOG, short_help="Measure what a sensor itself does wrong.")
@click.argument("uri_text", metavar="NAME|URI")
@click.option(
    "--temperature",
    "temperature_celsius",
    type=FiniteRange(-20.0, 60.0),
    metavar="C",
    help="Of the room, kept with the result.",
)
@click.option(
    "--seconds",
    "patience_s",
    type=FiniteRange(1.0, 3600.0),
    default=600.0,
    show_default=True,
    help="Give up after so long.",
)
@click.option(
    "--speed",
    type=float,
    default=1.0,
    show_default=True,
    help="For simulated sensors that run faster than the wall clock.",
)
@pass_settings
def calibrate(
    settings: Context,
    *,
    uri_text: str,
    temperature_celsius: float | None,
    patience_s: float,
    speed: float,
) -> None:
    """Measure bias and scale of one sensor from a dozen resting poses, and keep them."""
    import asyncio

    from sensorhub.daemon.sensors.calibrate import calibrate_sensor
    from sensorhub.daemon.sensors.worn import find_uri
    from sensorhub.model.units import DEG_PER_RAD
    from sensorhub.sessions.store.registry import registered_sensors

    uri = find_uri(uri_text, registered=registered_sensors(settings.store_path))
    click.echo("Lay the sensor down, let go, wait until the pose is counted, turn it, and so on.")
    found = asyncio.run(
        calibrate_sensor(
            uri,
            data_dir=settings.data_dir,
            tell=click.echo,
            patience_s=patience_s,
            temperature_celsius=temperature_celsius,
            speed=speed,
        )
    )
    bias = ", ".join(f"{value:+.3f}" for value in found.acc_bias_mps2)
    scale = ", ".join(f"{found.acc_matrix[k][k]:.4f}" for k in range(3))
    turning = ", ".join(f"{value * DEG_PER_RAD:+.2f}" for value in found.gyr_bias_radps)
    click.echo(f"Accelerometer: bias {bias} m/s2, scale {scale}")
    click.echo(f"Gyroscope: bias {turning} degrees per second")
    left = f"left over {found.residual_mps2:.4f} m/s2, quality {found.quality:.2f}"
    click.echo(f"{found.poses} poses, {left}")
    click.echo(f"Kept for sensor {found.serial_number}.")
