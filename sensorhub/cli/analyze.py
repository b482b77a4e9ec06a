"""``sensorhub analyze``: count and time an exercise in recorded CSV files."""

import json
import math
from pathlib import Path

import click

EPILOG = """\b
Examples:
  sensorhub analyze recording/ --exercise squat
  sensorhub analyze thigh_right.csv --exercise straight_leg_raise --side right --json
  sensorhub analyze day2/ --exercise squat --align-from standing/ --angles angles.csv

A recording is one CSV a sensor, named after where it was worn (thigh_right.csv, pelvis.csv, ...),
with the columns time_s, acc_x_mps2, acc_y_mps2, acc_z_mps2 and, where there is a gyroscope,
gyr_x_radps, gyr_y_radps, gyr_z_radps."""


@click.command(epilog=EPILOG, short_help="Count and time an exercise in recorded CSV files.")
@click.argument(
    "paths", metavar="DIR|CSV...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--exercise", "exercise_id", metavar="ID", required=True, help="What was done.")
@click.option("--side", type=click.Choice(["left", "right"]), help="The side it was done on.")
@click.option(
    "--align-from",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A recording of standing still with the sensors worn the same way.",
)
@click.option("--from", "from_s", type=float, metavar="S", help="Look from this second on only.")
@click.option("--to", "to_s", type=float, metavar="S", help="Look up to this second only.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@click.option(
    "--angles",
    "angles_csv",
    type=click.Path(path_type=Path),
    metavar="OUT.csv",
    help="Also write the angles over time.",
)
def analyze(
    *,
    paths: tuple[Path, ...],
    exercise_id: str,
    side: str | None,
    align_from: Path | None,
    from_s: float | None,
    to_s: float | None,
    as_json: bool,
    angles_csv: Path | None,
) -> None:
    """Count and time one exercise in a recording: a directory, or single CSV files."""
    from sensorhub.cli.outcome_table import outcome_table
    from sensorhub.exercises.definition import find_exercise
    from sensorhub.model.placement import Side
    from sensorhub.sessions.recordings.recording import read_recording, refuse_to_overwrite
    from sensorhub.sessions.stages.analysis import Span, analyze_blocks
    from sensorhub.sessions.stages.as_json import outcome_as_json
    from sensorhub.sessions.stages.told import told_flags

    exercise = find_exercise(exercise_id)
    span = Span(-math.inf if from_s is None else from_s, math.inf if to_s is None else to_s)
    recording = read_recording(paths)
    if angles_csv is not None:
        refuse_to_overwrite(angles_csv, [*paths, *([align_from] if align_from else [])])
    neutral = None if align_from is None else read_recording([align_from])
    found = analyze_blocks(
        recording.sensors,
        exercise,
        side=None if side is None else Side(side),
        span=span,
        standing=None if neutral is None else neutral.sensors,
    )
    if angles_csv is not None:
        from sensorhub.sessions.stages.angles import angle_track, finer_motion, write_angles

        outcome = found.outcome
        track = angle_track(
            exercise,
            found.motion,
            side=outcome.side,
            alignments=found.alignments,
            finer=finer_motion(recording.sensors, found.motion, span=span),
        )
        write_angles(track, angles_csv)
    if as_json:
        click.echo(json.dumps(outcome_as_json(found.outcome), allow_nan=False))
    else:
        flags = told_flags(found.outcome, span=span)
        click.echo(outcome_table(found.outcome, exercise, flags=flags))
