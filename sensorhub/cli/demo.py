"""``sensorhub demo``: a simulated person does a short plan, start to CSV."""

from pathlib import Path

import click

from sensorhub.cli.numbers import FiniteRange

SPEED, WEB_SPEED = 6.0, 3.0

EPILOG = """\b
Examples:
  sensorhub demo
  sensorhub demo --web
  sensorhub demo --speed 4 --keep /tmp/my-demo

Simulated are the person, the sensors, the serial line and the radio. The host is the real one:
serial port, Bluetooth, counting, session store and CSV are the code that real sensors meet."""


@click.command(epilog=EPILOG)
@click.option(
    "--speed",
    type=FiniteRange(0.5, 20.0),
    default=None,
    help="How much faster than real time. [default: 6, on the page 3]",
)
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where session, CSV and truth go. [default: a new temporary folder]",
)
@click.option("--web", is_flag=True, help="On a page as well: open the address that is printed.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="Of the page.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another day.")
def demo(*, speed: float | None, keep: Path | None, web: bool, port: int, seed: int) -> None:
    """Watch a simulated person with two simulated sensors do a short plan, start to CSV."""
    import sys
    import tempfile

    from sensorhub.cli.plans import find_plan
    from sensorhub.daemon.demo import run_demo
    from sensorhub.daemon.screen.live_view import view_for
    from sensorhub.model.errors import EnvironmentProblemError

    folder = keep or Path(tempfile.mkdtemp(prefix="sensorhub-demo-"))
    plan, view = find_plan("demo"), view_for(sys.stdout)
    if web:
        from sensorhub.cli.serve_screen import show_serving
        from sensorhub.daemon.web_demo import WebDemo, run_web_demo

        asked = WebDemo(plan, folder.absolute(), speed or WEB_SPEED, seed, port, view)
        compared = run_web_demo(asked, tell=click.echo, on_ready=show_serving)
        if not compared:  # ended before it was done
            return
    else:
        compared = run_demo(
            plan,
            folder=folder.absolute(),
            speed=speed or SPEED,
            seed=seed,
            view=view,
            tell=click.echo,
        )
    click.echo("")
    for one in compared:
        mark = "" if one.agrees else "   <-- differs"
        click.echo(f"{one.exercise}: truth {one.truth}, counted {one.counted}{mark}")
    if not compared or not all(one.agrees for one in compared):
        raise EnvironmentProblemError(
            "What was counted is not what the simulated person did.",
            hint=f"Everything is kept in {folder}; please report it.",
        )
