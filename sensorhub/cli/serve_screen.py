"""What the terminal shows of a page: its address, and once a PIN and a picture to scan."""

import io
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sensorhub.daemon.serve import Serving


def show_serving(serving: "Serving") -> None:
    """Print the address; where there is a PIN, that too, and both as a QR code in a terminal."""
    click.echo(f"The page: {serving.address}")
    if not serving.link:
        return
    show_pin(serving.address, serving.link.rpartition("=")[2])


def show_pin(address: str, pin: str) -> None:
    """Print a PIN, and in a terminal a picture of it to scan."""
    link = f"{address}#pin={pin}"
    click.echo(f"PIN for one device, good for five minutes: {pin[:3]} {pin[3:]}")
    click.echo(f"Or open this on it: {link}")
    if sys.stdout.isatty():
        click.echo(qr(link))


def qr(text: str) -> str:
    """A QR code in block letters."""
    import segno

    out = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(out, compact=True)
    return out.getvalue()
