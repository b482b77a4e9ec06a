"""``sensorhub sessions``: list the stored sessions, or show one."""

import json
from typing import TYPE_CHECKING, Any

import click

from sensorhub.cli.context import Context, pass_settings

if TYPE_CHECKING:
    from sensorhub.sessions.store.values import StoredSession

EPILOG = """\b
Examples:
  sensorhub sessions
  sensorhub sessions show last
  sensorhub sessions show 2026-11-23-1 --json"""


@click.group(epilog=EPILOG, invoke_without_command=True)
@click.pass_context
def sessions(ctx: click.Context) -> None:
    """List the stored sessions, or show one."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_sessions, as_json=False)


@sessions.command("list")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@pass_settings
def list_sessions(settings: Context, *, as_json: bool) -> None:
    """List the stored sessions, the oldest first."""
    from sensorhub.model.words import many
    from sensorhub.sessions.stages.headline import set_headline
    from sensorhub.sessions.store.reader import StoreReader

    found = StoreReader(settings.store_path).sessions()
    if as_json:
        click.echo(json.dumps([_session_object(session) for session in found]))
        return
    for session in found:
        state = "  [running or cut off]" if session.is_open else ""
        note = "  [simulated]" if session.info.simulated else ""
        plan = session.info.plan or "no plan"
        when = session.started.utc.strftime("%Y-%m-%d %H:%M")
        sets = many(len(session.sets), "set")
        click.echo(f"{session.name:14} {when}  {plan}: {sets}{note}{state}")
        for one in session.sets:
            click.echo(f"    {one.number}. {one.exercise} ({one.side}): {set_headline(one)}")
    if not found:
        click.echo("There are no sessions yet. sensorhub run makes one.")


@sessions.command()
@click.argument("session")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@pass_settings
def show(settings: Context, session: str, *, as_json: bool) -> None:
    """Show one session: what was asked for and what was done. ``last`` is the latest."""
    from sensorhub.cli.outcome_table import outcome_table
    from sensorhub.exercises.definition import load_library
    from sensorhub.sessions.stages.told import told_of
    from sensorhub.sessions.store.reader import StoreReader

    found = StoreReader(settings.store_path).session(session)
    if as_json:
        click.echo(json.dumps(_session_object(found)))
        return
    note = ", SIMULATED" if found.info.simulated else ""
    when = found.started.utc.isoformat(timespec="seconds")
    click.echo(f"Session {found.name} of {found.person}, {when}{note}")
    for sensor in found.sensors:
        click.echo(f"  {sensor.placement}: {sensor.device_id or 'unknown'} over {sensor.uri}")
    for answer in found.answers:
        click.echo(f"  {answer.kind.value.replace('_', ' ')}: {answer.text}")
    for notice in found.notices:
        click.echo(f"  ! {notice.text}")
    library = load_library()
    for one in found.sets:
        click.echo("")
        exercise = library.get(one.exercise)
        if one.outcome is None or exercise is None:
            click.echo(f"{one.number}. {one.exercise}: nothing recorded")
            continue
        kind = "" if one.final is not None else " (as seen live)"
        table = outcome_table(one.outcome, exercise, flags=told_of(one))
        click.echo(f"{one.number}. {table}{kind}")
        if one.said_too_much:
            click.echo(f"  ! {one.said_count} counted aloud; the set as a whole did not confirm it")


def _session_object(session: "StoredSession") -> dict[str, Any]:
    from sensorhub.sessions.stages.as_json import outcome_as_json

    return {
        "session": session.name,
        "person": session.person,
        "started": session.started.utc.isoformat(timespec="seconds"),
        "plan": session.info.plan,
        "simulated": session.info.simulated,
        "open": session.is_open,
        "interrupted": session.interrupted,
        "sensors": [
            {"placement": s.placement.value, "uri": s.uri, "device": s.device_id}
            for s in session.sensors
        ],
        "answers": [{"kind": a.kind.value, "text": a.text} for a in session.answers],
        "notices": [{"code": n.code.value, "text": n.text} for n in session.notices],
        "sets": [
            {
                "set": s.number,
                "exercise": s.exercise,
                "side": s.side.value,
                "prescribed": {
                    "reps": s.prescribed.repetitions,
                    "hold_s": s.prescribed.hold_s,
                    "duration_s": s.prescribed.duration_s,
                },
                "final": s.final is not None,
                "said_count": s.said_count,
                "outcome": None if s.outcome is None else outcome_as_json(s.outcome),
            }
            for s in session.sets
        ],
    }
