"""``sensorhub pair``: a PIN for one more screen, while the hub's service runs."""

import click

from sensorhub.cli.context import Context, pass_settings

EPILOG = """\b
Examples:
  sensorhub pair
  sensorhub pair --host 0.0.0.0
  sensorhub pair --role therapist --host 192.168.1.20

The hub must run (sensorhub serve, or its service). The PIN is good for five minutes and one device;
a newer one ends it."""


@click.command(epilog=EPILOG)
@click.option(
    "--role",
    type=click.Choice(["patient", "therapist", "admin"]),
    help="What the screen may do. [default: admin for the first one, then patient]",
)
@click.option("--person", metavar="PSEUDONYM", help="Whom it shows. [default: the first person]")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    envvar="SENSORHUB_HOST",
    help="As the hub has it: the address that is shown.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8765,
    envvar="SENSORHUB_PORT",
    show_default=True,
)
@click.option(
    "--tls-cert",
    metavar="FILE",
    default="",
    envvar="SENSORHUB_TLS_CERT",
    help="As the hub has it: the address is then shown with https.",
)
@pass_settings
def pair(
    settings: Context,
    *,
    role: str | None,
    person: str | None,
    host: str,
    port: int,
    tls_cert: str,
) -> None:
    """Make a PIN that pairs one more screen with a running hub."""
    import time

    from sensorhub.cli.serve_screen import show_pin
    from sensorhub.daemon.serving.listening import address_for_others, is_loopback
    from sensorhub.model.errors import InputError
    from sensorhub.sessions.store.reader import StoreReader
    from sensorhub.web.access import ACCESS_NAME, AccessBook
    from sensorhub.web.pairing import PAIRING_NAME, Pairing
    from sensorhub.web.roles import Role

    people = StoreReader(settings.store_path).people()
    if not people:
        raise InputError("No hub has run here yet.", hint="Start one: sensorhub serve")
    if person is not None and person not in people:
        raise InputError(f"There is no person {person!r}.", hint=f"Known: {', '.join(people)}.")
    first = not AccessBook(settings.data_dir / ACCESS_NAME, now=time.time).grants
    trusted = Role(role) if role else Role.ADMIN if first else Role.PATIENT
    pin = Pairing(settings.data_dir / PAIRING_NAME, now=time.time).invite(
        trusted, person or people[0]
    )
    scheme = "https" if tls_cert else "http"
    show_pin(f"{scheme}://{address_for_others(host)}:{port}/", pin)
    if is_loopback(host):
        click.echo(
            "Only this computer reaches that address. To let the home network in, start the hub"
            " with --host 0.0.0.0 (a service: SENSORHUB_HOST=0.0.0.0 in its environment file), and"
            " pair with the same."
        )
