"""``sensorhub rescore``: a stored session through today's detectors."""

import json

import click

from sensorhub.cli.context import Context, pass_settings

EPILOG = """\b
Examples:
  sensorhub rescore last
  sensorhub rescore 2026-11-23-1 --save"""


@click.command(epilog=EPILOG)
@click.argument("session")
@click.option("--save", is_flag=True, help="Store the new results; the old ones stay beside them.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@pass_settings
def rescore(settings: Context, *, session: str, save: bool, as_json: bool) -> None:
    """Run a session's raw log through the stages again and say what changes."""
    from sensorhub.sessions.reader import StoreReader
    from sensorhub.sessions.rescore import rescore_session

    found = rescore_session(StoreReader(settings.store_path), session)
    if save and found.changed:
        import time

        from sensorhub.sessions.store import Store

        outcomes = {c.number: c.after for c in found.changes if c.after is not None}
        with Store(settings.store_path, now_ns=time.monotonic_ns) as store:
            store.save_final(found.session.name, outcomes)
    if as_json:
        rows = [
            {"set": c.number, "exercise": c.exercise, "changes": list(c.sentences)}
            for c in found.changes
        ]
        click.echo(json.dumps({"session": found.session.name, "saved": save, "sets": rows}))
        return
    for line in found.lines():
        click.echo(line)
    if not found.changed:
        click.echo(f"Session {found.session.name}: nothing changes.")
    elif save:
        click.echo(f"Session {found.session.name}: the new results are stored.")
    else:
        click.echo("Nothing is stored; say --save to keep the new results.")
