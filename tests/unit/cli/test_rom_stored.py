"""``rom`` on the store: one person's trend, never one person against another."""

import itertools
import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sensorhub.cli.context import Context
from sensorhub.cli.rom import rom
from sensorhub.model.errors import InputError
from sensorhub.model.outcomes import Repetition, SetOutcome
from sensorhub.model.placement import Side
from sensorhub.sessions.store.store import STORE_NAME, Store
from sensorhub.sessions.store.values import SessionInfo

RAISE, TURN = "straight_leg_raise", "seated_hip_internal_rotation"


def checked(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(rom, options, obj=Context(data_dir=folder), catch_exceptions=False)


def checks_of(store: Store, person: str, *ranges_deg: float, exercise: str = RAISE) -> None:
    """A session each, of the right leg, with one repetition."""
    for range_deg in ranges_deg:
        log = store.begin_session(SessionInfo(person=person))
        number = log.begin_set(exercise, Side.RIGHT, started_ns=1)
        done = Repetition(1.0, 2.0, 3.0, math.radians(range_deg))
        outcome = SetOutcome(exercise, Side.RIGHT, 0.0, 4.0, repetitions=(done,))
        log.end_set(number, ended_ns=2, live=outcome)
        log.close()


@pytest.fixture
def two_people(tmp_path: Path) -> tuple[str, str]:
    """The first person's checks, and after the first of them somebody else's."""
    with Store(tmp_path / STORE_NAME, now_ns=itertools.count(1).__next__) as store:
        first, second = store.add_person(), store.add_person()
        checks_of(store, first, 60.0)
        checks_of(store, second, 95.0)
        checks_of(store, first, 62.0)
        checks_of(store, second, 97.0)
    return first, second


def test_the_trend_is_of_one_person(tmp_path: Path, two_people: tuple[str, str]) -> None:
    first, second = two_people
    for options, person, now_deg, earlier_deg in (
        ([], first, 62.0, [60.0]),
        (["--person", second], second, 97.0, [95.0]),
        (["--session", "last"], second, 97.0, [95.0]),
    ):
        found = json.loads(checked(tmp_path, *options, "--json").stdout)
        (one,) = found["ranges"]
        assert (found["person"], one["best_deg"], one["earlier_deg"]) == (
            person,
            now_deg,
            earlier_deg,
        )
        assert f" of {person}\n" in checked(tmp_path, *options).stdout


@pytest.mark.parametrize(
    ("exercise", "told"),
    [(RAISE, "+18 since last time, a change"), (TURN, "+18 since last time, how much of it is")],
)
def test_of_rotation_it_tells_no_change(tmp_path: Path, exercise: str, told: str) -> None:
    with Store(tmp_path / STORE_NAME, now_ns=itertools.count(1).__next__) as store:
        checks_of(store, "", 20.0, 38.0, exercise=exercise)
    assert told in checked(tmp_path).stdout


def test_a_person_who_is_unknown_or_has_no_check_is_named(
    tmp_path: Path, two_people: tuple[str, str]
) -> None:
    with pytest.raises(InputError, match="no person 'P-NOBODY'") as caught:
        checked(tmp_path, "--person", "P-NOBODY")
    assert two_people[1] in caught.value.hint
    with Store(tmp_path / STORE_NAME, now_ns=itertools.count(1).__next__) as store:
        third = store.add_person()
    with pytest.raises(InputError, match=f"No stored session of {third}"):
        checked(tmp_path, "--person", third)
    with pytest.raises(InputError, match="--person belongs to neither"):
        checked(tmp_path, "--person", third, "--session", "last")
