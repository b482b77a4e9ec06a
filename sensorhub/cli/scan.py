"""``sensorhub scan``: which sensors are near, over Bluetooth and on serial ports."""

import json

import click

from sensorhub.cli.numbers import FiniteRange

EPILOG = """\b
Examples:
  sensorhub scan
  sensorhub scan --serial-only
  sensorhub scan --seconds 15 --json"""


@click.command(epilog=EPILOG)
@click.option("--seconds", "look_s", type=FiniteRange(1.0, 60.0), default=6.0, show_default=True)
@click.option("--serial-only", is_flag=True, help="Leave Bluetooth alone.")
@click.option("--all", "show_all", is_flag=True, help="Also Bluetooth devices of no known family.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def scan(*, look_s: float, serial_only: bool, show_all: bool, as_json: bool) -> None:
    """Look for sensors, over Bluetooth and on serial ports."""
    import asyncio

    from sensorhub.daemon.sensors.scan import scan as look
    from sensorhub.transports.ble_radio import BleRadio

    report = asyncio.run(look(None if serial_only else BleRadio(), listen_s=look_s))
    shown = [s for s in report.found if show_all or s.family is not None or s.rssi_dbm is None]
    if as_json:
        rows = [
            {"uri": str(s.uri), "name": s.name, "family": s.family, "rssi_dbm": s.rssi_dbm}
            for s in shown
        ]
        click.echo(json.dumps({"found": rows, "problems": [str(p) for p in report.problems]}))
        return
    for s in shown:
        loud = "" if s.rssi_dbm is None else f", {s.rssi_dbm} dBm"
        click.echo(f"{s.uri}  {s.name} [{s.family or 'unknown family'}{loud}]")
    if shown:
        click.echo(f"\nWear it and try: sensorhub run squat --sensor thigh_right={shown[0].uri}")
        click.echo("Keep it for all runs: sensorhub sensors add --placement thigh_right")
    elif not report.problems:
        click.echo("No sensor was found. Is it charged, switched on and near?")
    if report.problems:
        # What could be found has been said; that not everywhere could be looked is an error.
        raise report.problems[0]
