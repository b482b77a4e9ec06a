"""``sensorhub run``: do a plan or one exercise with real sensors."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sensorhub.cli.context import Context, pass_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorhub.coach.plan import Plan
    from sensorhub.coach.questions import Asking
    from sensorhub.daemon.sensors.worn import WornSensors
    from sensorhub.model.placement import Side

EPILOG = """\b
Examples:
  sensorhub run squat
  sensorhub run squat --sensor thigh_left="right thigh"
  sensorhub run daily-hip --sensor thigh_right=ble:OMP-1A2B
  sensorhub run squat --reps 10 --sensor thigh_right=serial:/dev/ttyACM0
  sensorhub run mine.toml --sensor thigh_left=ble:OMP-1A2B --sensor pelvis=ble:OMP-3C4D
  sensorhub run straight_leg_raise --side right --sensor thigh_right=serial:socket://pi:7000

Without --sensor the sensors that sensorhub sensors lists are used, as far as they help.

Keys while it runs: Enter starts a set or ends it, s skips it, r does it once more, p pauses and
goes on, h says that it hurts and ends the set, ? asks the guide's questions, q stops. Ctrl-C stops
as well: what was recorded is kept and can be exported. Without a terminal nothing is asked."""


@click.command(epilog=EPILOG)
@click.argument("what", metavar="PLAN|EXERCISE")
@click.option(
    "--sensor",
    "sensors",
    metavar="WHERE=NAME|URI",
    multiple=True,
    help="Where a sensor is worn, and which; again for each. [default: the registered ones]",
)
@click.option("--side", type=click.Choice(["left", "right"]), help="One side of a single exercise.")
@click.option("--reps", type=click.IntRange(1), help="Repetitions of a single exercise.")
@click.option("--hold", "hold_s", type=float, metavar="S", help="Seconds to hold.")
@click.option("--sets", type=click.IntRange(1), help="Sets of a single exercise.")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Also write the therapist's files there at the end.",
)
@click.option(
    "--questions/--no-questions",
    "questions",
    default=None,
    help="Ask all the guide's questions first, or nothing. [default: pain before, after each "
    "exercise and at the end; all questions before the very first session]",
)
@click.option(
    "--language",
    default="en",
    envvar="SENSORHUB_LANGUAGE",
    show_default=True,
    help="What the person is spoken to in: en, de.",
)
@click.option("--voice", is_flag=True, help="Speak on the hub's loudspeaker (espeak-ng, aplay).")
@click.option(
    "--rate", "rate_wpm", type=int, default=150, show_default=True, help="Spoken words a minute."
)
@click.option("--volume", type=int, default=80, show_default=True, help="Of the voice, 0 to 100.")
@click.option(
    "--speed",
    type=float,
    default=1.0,
    show_default=True,
    help="For simulated sensors that run faster than the wall clock.",
)
@pass_settings
def run(
    settings: Context,
    *,
    what: str,
    sensors: tuple[str, ...],
    side: str | None,
    reps: int | None,
    hold_s: float | None,
    sets: int | None,
    folder: Path | None,
    questions: bool | None,
    language: str,
    voice: bool,
    rate_wpm: int,
    volume: int,
    speed: float,
) -> None:
    """Do a plan (daily-hip, daily-back, or a .toml file) or one exercise by its id."""
    import sys

    from sensorhub.daemon.run import run_and_export
    from sensorhub.daemon.screen.live_view import view_for
    from sensorhub.daemon.visit.settings import RunSettings
    from sensorhub.exports.base import THERAPIST, check_folder, find_export
    from sensorhub.model.placement import Side
    from sensorhub.speech.voice import Voice

    plan = _plan(
        what, side=None if side is None else Side(side), reps=reps, hold_s=hold_s, sets=sets
    )
    worn = sensors_for(plan, sensors, store=settings.store_path)
    if folder is not None:
        # Before the exercises and not after them: nobody does them twice for the files.
        check_folder(folder, find_export(THERAPIST))
    wanted = RunSettings(
        plan=plan,
        sensors=worn.uris,
        registered=worn.registered,
        data_dir=settings.data_dir,
        speed=speed,
        simulated=speed != 1.0,
        language=language,
        asking=_asking(questions, settings.data_dir),
        voice=Voice(language, rate_wpm, volume) if voice else None,
    )
    run_and_export(wanted, view=view_for(sys.stdout), to=folder, tell=click.echo)


def _asking(wanted: bool | None, data_dir: Path) -> "Asking":
    """What is asked; nothing where nobody can answer."""
    import sys

    from sensorhub.coach.questions import Asking
    from sensorhub.daemon.run import usual_asking

    if wanted is False or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return Asking.NOTHING
    return Asking.EVERYTHING if wanted else usual_asking(data_dir)


def sensors_for(plan: "Plan", texts: "Sequence[str]", *, store: Path) -> "WornSensors":
    """The sensors that were given, or else those registered that the plan has a use for.

    Raises InputError with what it should be.
    """
    from sensorhub.daemon.sensors.worn import WornSensors, registered_worn, worn_sensors
    from sensorhub.daemon.visit.planning import needs_sensor, of_use
    from sensorhub.exercises.definition import load_library
    from sensorhub.sessions.store.registry import registered_sensors

    registered = registered_sensors(store)
    if texts:
        return worn_sensors(texts, registered=registered)
    library = load_library()
    wanted = of_use(plan, library=library)
    placed = {sensor.placement for sensor in registered}
    if not needs_sensor(plan, library=library) and not placed & set(wanted):
        return WornSensors({}, {})
    return registered_worn(registered, wanted=wanted)


def _plan(
    what: str, *, side: "Side | None", reps: int | None, hold_s: float | None, sets: int | None
) -> "Plan":
    from sensorhub.cli.plans import find_plan, plan_of_one
    from sensorhub.coach.library import plan_texts
    from sensorhub.exercises.definition import load_library
    from sensorhub.model.errors import InputError

    library = load_library()
    if what in library:
        return plan_of_one(library[what], side=side, reps=reps, hold_s=hold_s, sets=sets or 1)
    is_plan = what in plan_texts() or what.endswith(".toml") or Path(what).exists()
    if is_plan and any(given is not None for given in (side, reps, hold_s, sets)):
        raise InputError(
            "--side, --reps, --hold and --sets are for a single exercise.",
            hint="A plan says these itself.",
        )
    if not is_plan:
        import difflib

        near = difflib.get_close_matches(what, [*plan_texts(), *library], n=3, cutoff=0.5)
        raise InputError(
            f"There is no plan and no exercise {what!r}.",
            hint=f"Did you mean {' or '.join(near)}?"
            if near
            else "See sensorhub plan show and sensorhub exercises.",
        )
    return find_plan(what)
