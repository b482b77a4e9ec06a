"""``sensorhub exercises``: list the exercises, or show one."""

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sensorhub.exercises.definition import Exercise

EPILOG = """\b
Examples:
  sensorhub exercises list
  sensorhub exercises show squat
  sensorhub exercises list --json"""


@click.group(epilog=EPILOG, invoke_without_command=True)
@click.pass_context
def exercises(ctx: click.Context) -> None:
    """List the exercises, or show one."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_exercises, as_json=False)


@exercises.command("list")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_exercises(*, as_json: bool) -> None:
    """List every exercise, the sensor it needs, and how it is known."""
    from sensorhub.exercises.definition import load_library

    library = load_library().values()
    if as_json:
        click.echo(json.dumps([_object(e) for e in library], ensure_ascii=False))
        return
    width = max(len(e.id) for e in library)
    for e in library:
        click.echo(f"{e.id:{width}}  {e.title}  [{_where(e)}, {e.evidence}]")


@exercises.command()
@click.argument("exercise_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def show(exercise_id: str, *, as_json: bool) -> None:
    """Show one exercise: how it is done and what the sensor sees of it."""
    from sensorhub.cli.plans import usual_dose
    from sensorhub.exercises.definition import find_exercise

    e = find_exercise(exercise_id)
    if as_json:
        click.echo(json.dumps(_object(e), ensure_ascii=False))
        return
    also = f"; also useful: {', '.join(e.optional)}" if e.optional else ""
    click.echo(f"{e.title} ({e.id})\n")
    for label, text in (
        ("Start", e.start),
        ("Movement", e.movement),
        ("Easier", e.easier),
        ("Usual", f"{usual_dose(e)}, {', '.join(s.value for s in e.sides)}"),
        ("Sensor on", f"{_where(e)}{also}"),
        ("Known by", f"{e.evidence}"),
    ):
        if text:
            click.echo(click.wrap_text(text, 90, f"{label + ':':11}", " " * 11))


def _where(exercise: "Exercise") -> str:
    return " or ".join(exercise.primary) or "no sensor"


def _object(exercise: "Exercise") -> dict[str, Any]:
    return {
        "id": exercise.id,
        "title": exercise.title,
        "start": exercise.start,
        "movement": exercise.movement,
        "easier": exercise.easier,
        "placements": list(exercise.primary),
        "optional_placements": list(exercise.optional),
        "sides": [side.value for side in exercise.sides],
        "evidence": exercise.evidence.value,
    }
