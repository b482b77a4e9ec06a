"""``sensorhub plan``: show a plan, or check a plan file."""

import json
from pathlib import Path

import click

EPILOG = """\b
Examples:
  sensorhub plan show
  sensorhub plan show daily-hip
  sensorhub plan check mine.toml

\b
A plan file:
  version = 1
  title = "After my operation"
  rest_s = 30
  [[item]]
  exercise = "squat"
  sets = 2
  reps = 10        # or hold_s = 20, or duration_s = 60
  [[item]]
  exercise = "kneeling_hip_flexor_stretch"
  sides = ["right"]
  hold_s = 20"""


@click.group(epilog=EPILOG)
def plan() -> None:
    """Show a plan, or check a plan file."""


@plan.command()
@click.argument("name", required=False, metavar="[PLAN]")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def show(name: str | None, *, as_json: bool) -> None:
    """Show a plan by its name or file; without one, list the plans that come with the hub."""
    from sensorhub.cli.plans import find_plan, plan_minutes
    from sensorhub.coach.dose import counted
    from sensorhub.coach.library import plan_texts
    from sensorhub.exercises.definition import load_library
    from sensorhub.model.words import many

    if name is None:
        plans = [find_plan(known) for known in plan_texts()]
        if as_json:
            click.echo(json.dumps([{"id": p.id, "title": p.title} for p in plans]))
            return
        for known in plans:
            count = len(known.planned_sets())
            click.echo(
                f"{known.id:12}  {known.title}: {many(count, 'set')}, {plan_minutes(known)} min"
            )
        return
    found = find_plan(name)
    sets = found.planned_sets()
    if as_json:
        rows = [
            {
                "exercise": s.exercise,
                "side": s.side.value,
                "set": s.number,
                "of": s.of,
                "reps": s.dose.reps,
                "hold_s": s.dose.hold_s,
                "duration_s": s.dose.duration_s,
                "rest_s": s.rest_s,
            }
            for s in sets
        ]
        click.echo(json.dumps({"id": found.id, "title": found.title, "sets": rows}))
        return
    library = load_library()
    click.echo(
        f"{found.title} ({found.id}): {many(len(sets), 'set')}, about {plan_minutes(found)} min"
    )
    for number, item in enumerate(found.items, start=1):
        exercise = library[item.exercise]
        sides = " and ".join(s.value for s in item.sides if s.value in ("left", "right"))
        where = " or ".join(exercise.primary) or "no sensor"
        click.echo(
            f"{number:3}. {exercise.title}{', ' if sides else ''}{sides}: "
            f"{item.sets} x {item.dose.words(counted(exercise))}, rest {item.rest_s:g} s  [{where}]"
        )


@plan.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Say whether a plan file can be used, and if not, what is wrong with it."""
    from sensorhub.cli.plans import plan_minutes, read_plan
    from sensorhub.model.words import many

    found = read_plan(file)
    count = len(found.planned_sets())
    click.echo(
        f"{file}: good. {found.title}: {many(count, 'set')}, about {plan_minutes(found)} min."
    )
