"""The ``sensorhub`` command: a table of sub-commands, loaded when asked for; errors as sentences.

``sensorhub --help`` must come at once on a slow computer, so the table carries the one-line help
and nothing below it is imported before a command is chosen.
"""

import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

import click

from sensorhub import __version__
from sensorhub.cli.context import Context, default_data_dir
from sensorhub.model.errors import SensorhubError

EXIT_OK, EXIT_ENVIRONMENT, EXIT_INPUT, EXIT_INTERRUPTED = 0, 1, 2, 130


class LazyCommand(NamedTuple):
    """Where a command lives, and what ``--help`` says of it before it is imported."""

    module: str
    attribute: str
    help: str


COMMANDS: dict[str, LazyCommand] = {
    "demo": LazyCommand("demo", "demo", "A simulated person does a short plan, start to CSV."),
    "run": LazyCommand("run", "run", "Do a plan or one exercise with real sensors."),
    "serve": LazyCommand("serve", "serve", "Serve the page: do a plan on any screen in the room."),
    "pair": LazyCommand("pair", "pair", "Make a PIN that pairs one more screen with the hub."),
    "scan": LazyCommand("scan", "scan", "Look for sensors, over Bluetooth and on serial ports."),
    "sensors": LazyCommand("sensors", "sensors", "The sensors of this house: add, name, place."),
    "doctor": LazyCommand("doctor", "doctor", "Check what sensors need of this computer."),
    "analyze": LazyCommand(
        "analyze", "analyze", "Count and time an exercise in recorded CSV files."
    ),
    "calibrate": LazyCommand("calibrate", "calibrate", "Measure what a sensor itself does wrong."),
    "rom": LazyCommand("rom", "rom", "Check the hip's range of motion, and its trend."),
    "sessions": LazyCommand("sessions", "sessions", "List the stored sessions, or show one."),
    "export": LazyCommand("export", "export", "Write a session as CSV for the therapist."),
    "rescore": LazyCommand("rescore", "rescore", "Run a stored session through today's detectors."),
    "plan": LazyCommand("plan", "plan", "Show a plan, or check a plan file."),
    "backup": LazyCommand("backup", "backup", "Write everything that is kept to one file."),
    "restore": LazyCommand("backup", "restore", "Put a backup back."),
    "logs": LazyCommand("logs", "logs", "Show what the hub's service has logged."),
    "exercises": LazyCommand("exercises", "exercises", "List the exercises, or show one."),
}

EPILOG = """\b
Examples:
  sensorhub demo
  sensorhub sensors add --placement thigh_right
  sensorhub run daily-hip --sensor thigh_right=ble:OMP-1A2B
  sensorhub run squat --sensor thigh_right=serial:/dev/ttyACM0
  sensorhub export last --to ~/for-my-therapist
  sensorhub analyze recording/ --exercise squat

An exercise log, not a medical device.
Exit codes: 0 done, 1 this machine lacks something, 2 what was given cannot be used."""


class LazyGroup(click.Group):
    """A group whose sub-commands are imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module = importlib.import_module(f"sensorhub.cli.{entry.module}")
        command = getattr(module, entry.attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            near = difflib.get_close_matches(name, COMMANDS, n=2, cutoff=0.5)
            hint = f"Did you mean {' or '.join(near)}?" if near else "See sensorhub --help."
            raise click.UsageError(f"There is no command {name!r}. {hint}", ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--data",
    "data_dir",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="SENSORHUB_DATA",
    help="Where sessions are kept. [default: the user's data directory; also $SENSORHUB_DATA]",
)
@click.version_option(__version__, "--version", message="sensorhub %(version)s")
@click.pass_context
def cli(ctx: click.Context, data_dir: Path | None) -> None:
    """Count physiotherapy exercises with motion sensors and keep an honest log of them."""
    ctx.obj = Context(data_dir=data_dir or default_data_dir())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: never with a traceback for anything a person can cause."""
    try:
        result = cli.main(
            args=None if arguments is None else list(arguments),
            prog_name="sensorhub",
            standalone_mode=False,
        )
        code = result if isinstance(result, int) else EXIT_OK
        sys.stdout.flush()
    except click.ClickException as error:
        code = _complain(_sentence(error), code=EXIT_INPUT)
    except SensorhubError as error:
        code = _complain(str(error), code=error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        code = _complain("Stopped.", code=EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader (``| head``) has gone; what is left in the buffer must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = EXIT_OK
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        code = _complain(f"{where}{error.strerror or error}.", code=EXIT_ENVIRONMENT)
    sys.exit(code)


def _sentence(error: click.ClickException) -> str:
    message = error.format_message()
    if isinstance(error, click.UsageError) and error.ctx is not None and "See " not in message:
        message = f"{message} See {error.ctx.command_path} --help."
    return message


def _complain(message: str, *, code: int) -> int:
    click.echo(f"sensorhub: {' '.join(message.split())}", err=True)
    return code
