"""Parts of the command line below the commands: sensors, plans, tables."""

import itertools
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sensorhub.cli.app import cli
from sensorhub.cli.context import Context
from sensorhub.cli.outcome_table import outcome_table
from sensorhub.cli.plan import plan
from sensorhub.cli.plans import find_plan, plan_minutes, plan_of_one, usual_dose
from sensorhub.cli.run import run, sensors_for
from sensorhub.coach.dose import Dose
from sensorhub.coach.library import plan_texts
from sensorhub.coach.plan import usual_sides
from sensorhub.exercises.definition import find_exercise, load_library
from sensorhub.model.errors import InputError
from sensorhub.model.outcomes import (
    Breath,
    Evidence,
    FlagCode,
    Hold,
    QualityFlag,
    Repetition,
    RepetitionKind,
    SetOutcome,
    Step,
)
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import Gap
from sensorhub.sessions.stages.headline import headline
from sensorhub.sessions.stages.told import told_flags
from sensorhub.sessions.store.registry import RegisteredSensor
from sensorhub.sessions.store.store import Store
from sensorhub.transports.uri import SerialUri


@pytest.mark.parametrize("name", load_library())
def test_every_exercise_makes_a_plan_of_one_with_a_usual_dose(name: str) -> None:
    exercise = find_exercise(name)
    plan = plan_of_one(exercise, side=None)
    assert [s.side for s in plan.planned_sets()] == list(usual_sides(exercise.sides))
    given = usual_dose(exercise)
    assert [given.reps, given.hold_s, given.duration_s].count(None) == 2
    assert plan_minutes(plan) >= 1


def test_a_side_that_an_exercise_does_not_have_is_refused() -> None:
    with pytest.raises(InputError, match="no side of its own") as caught:
        plan_of_one(find_exercise("squat"), side=Side.LEFT)
    assert "--side" in caught.value.hint


def test_given_doses_replace_the_usual_one() -> None:
    squat = find_exercise("squat")
    assert plan_of_one(squat, side=None, reps=7).items[0].dose == Dose(reps=7)
    stretch = find_exercise("kneeling_hip_flexor_stretch")
    plan = plan_of_one(stretch, side=Side.LEFT, hold_s=12.0, sets=3)
    assert plan.items[0].dose == Dose(hold_s=12.0)
    assert len(plan.planned_sets()) == 3


@pytest.mark.parametrize("name", plan_texts())
def test_plans_that_come_with_the_hub_are_found_by_name(name: str) -> None:
    assert find_plan(name).id == name


def a_flag(start_s: float, code: FlagCode = FlagCode.GAP) -> QualityFlag:
    return QualityFlag(code, Placement.PELVIS, start_s, start_s + 1.0, f"{code} at {start_s}")


def test_the_table_says_everything_once() -> None:
    outcome = SetOutcome(
        exercise="squat",
        side=Side.RIGHT,
        start_s=0.0,
        end_s=60.0,
        repetitions=(
            Repetition(1.0, 2.0, 3.0, 1.0),
            Repetition(4.0, 5.0, 6.0, 0.5, kind=RepetitionKind.PARTIAL, sure=False, phase="x"),
        ),
        holds=(Hold(7.0, 20.0, 12.5, 0.3),),
        breaths=(Breath(21.0, 25.0, 2.0, 2.0, 0.1, sure=False),),
        steps=(Step(26.0, 27.0, "out"),),
        gaps=(Gap(Placement.PELVIS, 1.0, 2.0), Gap(Placement.PELVIS, 3.0, 4.0)),
        flags=(a_flag(1.0), a_flag(3.0), a_flag(5.0, FlagCode.CLIPPING)),
    )
    text = outcome_table(outcome, find_exercise("squat"), flags=told_flags(outcome))
    assert text.splitlines()[0] == (
        "Squat, right: 1 repetition and 1 partial and 1 hold, 12.5 s held and 1 breath and 1 step"
    )
    assert "partial unsure x" in text
    assert "57.3" in text
    assert "2.0 s of data from the pelvis are missing, in 2 gaps." in text
    assert text.count("!") == 2
    assert all(line == line.rstrip() for line in text.splitlines())


def test_nothing_found_is_said_as_nothing() -> None:
    assert headline(SetOutcome("squat", Side.BOTH, 0.0, 1.0)) == "0 repetitions"


def test_what_was_paced_is_never_called_held() -> None:
    paced = Hold(0.0, 5.0, 5.0, float("nan"), evidence=Evidence.GUIDED)
    said = headline(SetOutcome("kegel_squeeze", Side.NONE, 0.0, 9.0, holds=(paced,)))
    assert "not measured" in said
    assert "held" not in said


def test_registered_sensors_are_used_where_none_is_given(tmp_path: Path) -> None:
    plan = plan_of_one(find_exercise("squat"), side=None)
    store = tmp_path / "sessions.sqlite"
    with pytest.raises(InputError, match="sensors add"):
        sensors_for(plan, (), store=store)
    thigh = RegisteredSensor("leg", "serial:/dev/ttyACM0", "omp", Placement.THIGH_LEFT, "77FF")
    with Store(store, now_ns=itertools.count().__next__) as opened:
        opened.registry.add(thigh)
    used = sensors_for(plan, (), store=store)
    assert used.uris == {Placement.THIGH_LEFT: SerialUri("/dev/ttyACM0")}
    assert [sensor.device_id for sensor in used.registered.values()] == ["77FF"]
    given = sensors_for(plan, ("thigh_right=leg", "pelvis=ble:OM-1"), store=store)
    assert list(given.uris) == [Placement.THIGH_RIGHT, Placement.PELVIS]
    assert list(given.registered) == [Placement.THIGH_RIGHT]


@pytest.mark.parametrize("name", ["kegel_squeeze", "abdominal_hollowing"])
def test_what_needs_no_sensor_waits_for_none(name: str, tmp_path: Path) -> None:
    exercise = find_exercise(name)
    plan = plan_of_one(exercise, side=None)
    store = tmp_path / "sessions.sqlite"
    assert not sensors_for(plan, (), store=store).uris
    with pytest.raises(InputError, match="none is registered"):
        sensors_for(plan_of_one(find_exercise("squat"), side=None), (), store=store)
    with Store(store, now_ns=itertools.count().__next__) as opened:
        for where in (Placement.THIGH_LEFT, Placement.BELLY):
            uri = f"serial:/dev/{where}"
            opened.registry.add(RegisteredSensor(where, uri, "omp", where, device_id=where))
    # Where one adds something it is used: a belly sensor sees breathing beside the hub's pace.
    useful = [where for where in (Placement.BELLY,) if where in exercise.placements]
    assert list(sensors_for(plan, (), store=store).uris) == useful


def test_files_that_cannot_be_written_are_named_before_the_exercises(tmp_path: Path) -> None:
    (tmp_path / "README.txt").touch()
    (tmp_path / "file").touch()
    asked = ["squat", "--sensor", "thigh_right=serial:/dev/nowhere", "--to"]
    context = Context(data_dir=tmp_path / "data")
    for folder, said in (
        (tmp_path, "has README.txt already"),
        (tmp_path / "file", "is not a folder"),
    ):
        with pytest.raises(InputError, match=said):
            CliRunner().invoke(run, [*asked, str(folder)], obj=context, catch_exceptions=False)


def test_the_plan_file_in_the_help_can_be_copied(tmp_path: Path) -> None:
    shown = CliRunner().invoke(plan, ["--help"]).output
    copied = tmp_path / "mine.toml"
    copied.write_text(textwrap.dedent(shown.partition("A plan file:\n")[2]), encoding="utf-8")
    told = [item.exercise for item in find_plan(str(copied)).items]
    assert told == ["squat", "kneeling_hip_flexor_stretch"]


def test_no_number_on_the_command_line_may_be_nan() -> None:
    def options(command: click.Command) -> Iterator[click.Parameter]:
        yield from command.params
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None
                yield from options(found)

    ranges = [option for option in options(cli) if isinstance(option.type, click.FloatRange)]
    assert len(ranges) >= 5
    for option in ranges:
        with pytest.raises(click.BadParameter, match="not a number"):
            option.type.convert("nan", option, None)
