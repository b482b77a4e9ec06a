"""``sensorhub rom``: a range-of-motion check, live, from a recording, or as it is in the store."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sensorhub.cli.context import Context, pass_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorhub.exports.range_check import Range
    from sensorhub.model.outcomes import SetOutcome
    from sensorhub.sessions.store.values import StoredSession

EPILOG = """\b
Examples:
  sensorhub rom --sensor thigh_right=ble:OMP-1A2B --sensor pelvis=ble:OMP-3C4D
  sensorhub rom --now
  sensorhub rom --from recording/ --exercise straight_leg_raise --side right
  sensorhub rom --from recording/ --exercise straight_leg_raise --side right --stretch 20 45
  sensorhub rom
  sensorhub rom --session 2026-03-01-1 --json

With sensors (--now takes the registered ones): three repetitions of each movement they can see,
then the table. Without: the table of a stored session (the person's latest with such movements). A
recording holds one movement, or --stretch names the seconds of it: a sensor on the thigh cannot
tell one from another. Beside flexion, extension and abduction stands the minimal detectable
change: a smaller difference may be measurement error; of the others it is not known. One person's
sessions are compared, never two people's."""


@click.command(epilog=EPILOG, short_help="Check the hip's range of motion, and its trend.")
@click.option(
    "--sensor",
    "sensors",
    metavar="WHERE=NAME|URI",
    multiple=True,
    help="Do the check now with this sensor; again for each sensor.",
)
@click.option("--now", is_flag=True, help="Do the check now with the registered sensors.")
@click.option(
    "--from",
    "recording",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A recording instead of a session.",
)
@click.option("--exercise", "exercise_id", metavar="ID", help="What was done in the recording.")
@click.option("--side", type=click.Choice(["left", "right"]), help="The side it was done on.")
@click.option(
    "--stretch",
    type=(float, float),
    metavar="S S",
    help="From which second to which of the recording it was done.",
)
@click.option("--session", "session_name", metavar="NAME", help="A stored session.")
@click.option("--person", metavar="PSEUDONYM", help="Whose range. [default: the first person]")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option(
    "--speed",
    type=float,
    default=1.0,
    show_default=True,
    help="For simulated sensors that run faster than the wall clock.",
)
@pass_settings
def rom(
    settings: Context,
    *,
    sensors: tuple[str, ...],
    now: bool,
    recording: Path | None,
    exercise_id: str | None,
    side: str | None,
    stretch: tuple[float, float] | None,
    session_name: str | None,
    person: str | None,
    as_json: bool,
    speed: float,
) -> None:
    """Best range of each movement and side, left against right, and against earlier sessions."""
    from sensorhub.exports.range_check import ranges_of
    from sensorhub.model.errors import InputError

    if sum(map(bool, (sensors or now, recording, session_name))) > 1:
        raise InputError("--sensor or --now, --from and --session exclude each other.")
    if (exercise_id or side or stretch) and recording is None:
        raise InputError("--exercise, --side and --stretch belong to --from.")
    if person is not None and (recording or session_name):
        raise InputError("--person belongs to neither --from nor --session: they say whose it is.")
    session: StoredSession | None = None
    earlier: Sequence[StoredSession] = ()
    if recording is not None:
        outcomes = [_analysed(recording, exercise_id, side, stretch)]
    else:
        if person is not None:
            _check_known(settings, person)
        if sensors or now:
            session_name = _checked_now(
                settings, sensors, person=person or "", speed=speed, as_json=as_json
            )
        session, earlier = _stored(settings, session_name, person=person)
        outcomes = [one.outcome for one in session.sets if one.outcome is not None]
    ranges = ranges_of(outcomes, earlier=earlier)
    if as_json:
        click.echo(json.dumps(_json(ranges, session), allow_nan=False))
        return
    if session is not None:
        note = ", SIMULATED" if session.info.simulated else ""
        click.echo(f"Session {session.name} of {session.person}{note}")
    for line in _table(ranges):
        click.echo(line)
    if recording is not None and not ranges and stretch is None:
        click.echo("If more was done than this movement: --stretch FROM TO, in seconds.")


def _analysed(
    recording: Path,
    exercise_id: str | None,
    side: str | None,
    stretch: tuple[float, float] | None,
) -> "SetOutcome":
    from sensorhub.exercises.definition import find_exercise
    from sensorhub.exports.range_check import MOVEMENTS
    from sensorhub.exports.tables.detectable import DETECTABLE_DEG
    from sensorhub.model.errors import InputError
    from sensorhub.model.placement import Side
    from sensorhub.model.units import DEG_PER_RAD
    from sensorhub.model.words import many
    from sensorhub.sessions.recordings.recording import read_recording
    from sensorhub.sessions.stages.analysis import WHOLE, Span, analyze_blocks
    from sensorhub.sessions.stages.sets_in import sets_in

    if exercise_id is None:
        raise InputError("Which movement is it?", hint=f"--exercise {' or '.join(MOVEMENTS)}.")
    exercise = find_exercise(exercise_id)
    if exercise.id not in MOVEMENTS:
        raise InputError(
            f"{exercise.title} is no range-of-motion test.", hint=f"Tests: {', '.join(MOVEMENTS)}."
        )
    sensors = read_recording([recording]).sensors
    asked = None if side is None else Side(side)
    span = WHOLE if stretch is None else Span(*stretch)
    outcome = analyze_blocks(sensors, exercise, side=asked, span=span).outcome
    # What is smaller than a change that could be detected is fidgeting, not a test.
    least_deg = DETECTABLE_DEG
    found = sets_in(sensors, exercise, side=asked) if stretch is None else []
    sets = [one for one in found if one.best_rad * DEG_PER_RAD >= least_deg]
    if len(sets) > 1:
        told = ", ".join(
            f"{one.span.start_s:.0f} to {one.span.end_s:.0f} s"
            f" ({many(one.repetitions, 'repetition')}, {one.best_rad * DEG_PER_RAD:.0f} degrees)"
            for one in sets
        )
        raise InputError(
            f"The recording holds more than one set: {told}.",
            hint="Say which is meant: --stretch FROM TO, in seconds.",
        )
    return outcome


def _check_known(settings: Context, person: str) -> None:
    from sensorhub.model.errors import InputError
    from sensorhub.sessions.store.reader import StoreReader

    people = StoreReader(settings.store_path).people()
    if person not in people:
        raise InputError(f"There is no person {person!r}.", hint=f"Known: {', '.join(people)}.")


def _checked_now(
    settings: Context, sensors: "Sequence[str]", *, person: str, speed: float, as_json: bool
) -> str:
    """Run the check as a plan; the name of its session."""
    import sys
    from functools import partial

    from sensorhub.cli.run import sensors_for
    from sensorhub.coach.dose import Dose
    from sensorhub.coach.plan import Plan, PlanItem
    from sensorhub.daemon.run import run_and_export
    from sensorhub.daemon.screen.live_view import view_for
    from sensorhub.daemon.visit.settings import RunSettings
    from sensorhub.exercises.definition import find_exercise
    from sensorhub.exports.range_check import MOVEMENTS, REPETITIONS

    items = tuple(
        PlanItem(name, find_exercise(name).sides, 1, Dose(reps=REPETITIONS), 15.0)
        for name in MOVEMENTS
    )
    plan = Plan("rom", "Range-of-motion check", items)
    worn = sensors_for(plan, sensors, store=settings.store_path)
    wanted = RunSettings(
        plan=plan,
        sensors=worn.uris,
        registered=worn.registered,
        data_dir=settings.data_dir,
        speed=speed,
        simulated=speed != 1.0,
        person=person,
    )
    # Who reads the output with a program gets the result alone; what happens is for the person.
    view = view_for(sys.stderr if as_json else sys.stdout)
    return run_and_export(wanted, view=view, to=None, tell=partial(click.echo, err=as_json)).name


def _stored(
    settings: Context, name: str | None, *, person: str | None
) -> "tuple[StoredSession, Sequence[StoredSession]]":
    """A stored session (the person's latest with such movements), and the same person's before."""
    from sensorhub.exports.range_check import MOVEMENTS
    from sensorhub.model.errors import InputError
    from sensorhub.sessions.store.reader import StoreReader

    store = StoreReader(settings.store_path)
    sessions = store.sessions()
    if name is not None:
        session = store.session(name)
    else:
        whose = person or next(iter(store.people()), "")
        fitting = [
            s
            for s in sessions
            if s.person == whose and any(one.exercise in MOVEMENTS for one in s.sets)
        ]
        if not fitting:
            raise InputError(
                f"No stored session{f' of {whose}' if whose else ''} has a range-of-motion test.",
                hint="Do one: sensorhub rom --now, or --sensor thigh_right=URI.",
            )
        session = fitting[-1]
    names = [s.name for s in sessions]
    before = sessions[: names.index(session.name)]
    # Nobody has a history in common with another person, nor a simulated person with a real one.
    whose_kind = session.person, session.info.simulated
    return session, [s for s in before if (s.person, s.info.simulated) == whose_kind]


def _json(ranges: "Sequence[Range]", session: "StoredSession | None") -> dict[str, object]:
    from sensorhub.exports.range_check import side_difference_share

    return {
        "session": None if session is None else session.name,
        "person": None if session is None else session.person,
        "ranges": [
            {
                "exercise": one.exercise,
                "side": one.side.value,
                "what": one.what,
                "best_deg": round(one.best_deg, 1),
                "mdc_deg": one.mdc_deg,
                "repetitions": one.repetitions,
                "evidence": one.evidence,
                "left_right_difference_share": _rounded(
                    side_difference_share(ranges, one.exercise), 3
                ),
                "earlier_deg": [round(value, 1) for value in one.earlier_deg],
                "change_deg": _rounded(one.change_deg, 1),
                "is_change": one.is_change,
                "flags": list(one.flags),
            }
            for one in ranges
        ],
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


_CHANGES = {
    True: "a change",
    False: "within measurement error",
    None: "how much of it is measurement error is not known",
}


def _table(ranges: "Sequence[Range]") -> list[str]:
    from sensorhub.exercises.definition import find_exercise
    from sensorhub.exports.range_check import side_difference_share

    if not ranges:
        return ["No full repetition of a range-of-motion test was seen."]
    lines = []
    for one in ranges:
        title = find_exercise(one.exercise).title
        error = "" if one.mdc_deg is None else f" (detectable change {one.mdc_deg:g})"
        line = f"{title}, {one.side}: {one.what} {one.best_deg:.0f} degrees{error}"
        line += f", best of {one.repetitions}, {one.evidence}"
        if one.change_deg is not None:
            word = _CHANGES[one.is_change]
            line += f"; {one.change_deg:+.0f} since last time, {word}"
        lines.append(line)
        if one.flags:
            lines.append(f"  ! {' '.join(one.flags)}")
    for exercise in dict.fromkeys(one.exercise for one in ranges):
        share = side_difference_share(ranges, exercise)
        if share is not None:
            smaller = "left" if share > 0.0 else "right"
            title = find_exercise(exercise).title
            lines.append(f"{title}: the {smaller} is {abs(share):.0%} smaller.")
    return lines
