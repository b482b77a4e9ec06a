"""``sensorhub logs``: what the hub's service has logged, from the system's journal."""

import os
import shutil

import click

UNIT = "sensorhub.service"


@click.command(
    epilog="\b\nExamples:\n  sensorhub logs\n  sensorhub logs --since yesterday\n"
    "  sensorhub logs --follow"
)
@click.option("--since", default="today", show_default=True, help="From when on, as journalctl.")
@click.option("--lines", type=click.IntRange(1, 100_000), help="Only the last N lines.")
@click.option("--follow", is_flag=True, help="Keep showing what comes. Ctrl-C ends it.")
@click.option("--json", "as_json", is_flag=True, help="For machines: one object a line.")
def logs(*, since: str, lines: int | None, follow: bool, as_json: bool) -> None:
    """Show what the hub's service has logged. Logs carry no name and no measurement."""
    from sensorhub.model.errors import EnvironmentProblemError

    program = shutil.which("journalctl")
    if program is None:
        raise EnvironmentProblemError(
            "This machine has no journal (journalctl is missing).",
            hint="The service logs to standard error; look where it was started.",
        )
    # One word an option: what is given can be no option of its own.
    words = [program, f"--unit={UNIT}", f"--since={since}", "--no-pager"]
    words += [f"--lines={lines}"] if lines else []
    words += ["--follow"] if follow else []
    words += [f"--output={'json' if as_json else 'short-iso'}"]
    os.execv(program, words)  # noqa: S606 (no shell, and a program found on the path)
