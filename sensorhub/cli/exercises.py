"""``sensorhub exercises``: list the exercises, or show one."""

import json

import click

EPILOG = """\b
Examples:
  sensorhub exercises
  sensorhub exercises squat
  sensorhub exercises --json"""


@click.command(epilog=EPILOG)
@click.argument("exercise_id", required=False, metavar="[ID]")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def exercises(exercise_id: str | None, *, as_json: bool) -> None:
    """List the exercises, or show one: how it is done and what the sensor sees of it."""
    from sensorhub.cli.plans import usual_dose
    from sensorhub.exercises.definition import find_exercise, load_library

    chosen = list(load_library().values()) if exercise_id is None else [find_exercise(exercise_id)]
    if as_json:
        rows = [
            {
                "id": e.id,
                "title": e.title,
                "start": e.start,
                "movement": e.movement,
                "easier": e.easier,
                "placements": list(e.primary),
                "optional_placements": list(e.optional),
                "sides": [s.value for s in e.sides],
                "evidence": e.evidence.value,
            }
            for e in chosen
        ]
        click.echo(json.dumps(rows if exercise_id is None else rows[0], ensure_ascii=False))
        return
    if exercise_id is None:
        width = max((len(e.id) for e in chosen), default=0)
        for e in chosen:
            where = " or ".join(e.primary) or "no sensor"
            click.echo(f"{e.id:{width}}  {e.title}  [{where}, {e.evidence}]")
        return
    e = chosen[0]
    where = " or ".join(e.primary) or "nothing"
    also = f"; also useful: {', '.join(e.optional)}" if e.optional else ""
    click.echo(f"{e.title} ({e.id})\n")
    for label, text in (
        ("Start", e.start),
        ("Movement", e.movement),
        ("Easier", e.easier),
        ("Usual", f"{usual_dose(e)}, {', '.join(s.value for s in e.sides)}"),
        ("Sensor on", f"{where}{also}"),
        ("Known by", f"{e.evidence}"),
    ):
        if text:
            click.echo(click.wrap_text(text, 90, f"{label + ':':11}", " " * 11))
