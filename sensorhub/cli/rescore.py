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
@click.option("--force", is_flag=True, help="With --save: even if part of the log is unreadable.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@pass_settings
def rescore(settings: Context, *, session: str, save: bool, force: bool, as_json: bool) -> None:
    """Run a session's raw log through the stages again and say what changes."""
    from sensorhub.model.errors import InputError
    from sensorhub.sessions.stages.process import damage
    from sensorhub.sessions.stages.rescore import rescore_session
    from sensorhub.sessions.store.reader import StoreReader

    found = rescore_session(StoreReader(settings.store_path), session)
    outcomes = {c.number: c.after for c in found.changes if c.after is not None}
    saved = save and found.changed and bool(outcomes)
    if saved and found.damaged_records and not force:
        raise InputError(
            f"Session {found.session.name}: {damage(found.damaged_records)}, so what is stored may"
            " be the better result.",
            hint="Say --force to store the new one all the same.",
        )
    if saved:
        import time

        from sensorhub.sessions.store.store import Store

        with Store(settings.store_path, now_ns=time.monotonic_ns) as store:
            store.save_final(found.session.name, outcomes)
    if as_json:
        rows = [
            {"set": c.number, "exercise": c.exercise, "changes": list(c.sentences)}
            for c in found.changes
        ]
        document = {
            "session": found.session.name,
            "saved": saved,
            "unreadable_packets": sum(found.damaged_records),
            "sets": rows,
        }
        click.echo(json.dumps(document))
        return
    for line in found.lines():
        click.echo(line)
    if not found.changed:
        click.echo(f"Session {found.session.name}: nothing changes.")
    elif saved:
        click.echo(f"Session {found.session.name}: the new results are stored.")
    elif save:
        click.echo("Nothing is stored: no set could be analysed.")
    else:
        click.echo("Nothing is stored; say --save to keep the new results.")
