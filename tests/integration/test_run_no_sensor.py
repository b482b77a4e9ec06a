"""What the hub only paces is done without any sensor: begun at once, kept, told as guided."""

import asyncio
import csv
import io
from pathlib import Path

import pytest

from sensorhub.coach.dose import Dose
from sensorhub.coach.plan import Plan, PlanItem
from sensorhub.coach.questions import Asking
from sensorhub.daemon.run import run_session
from sensorhub.daemon.screen.live_view import PlainView
from sensorhub.daemon.serving.hub import Hub, HubSettings
from sensorhub.daemon.visit.settings import RunSettings
from sensorhub.exports.base import THERAPIST, export_session, find_export
from sensorhub.model.errors import InputError
from sensorhub.model.placement import Placement, Side
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import STORE_NAME, Store
from sensorhub.sessions.store.values import StoredSession
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.uri import SensorUri, parse_uri
from sensorhub.web.board import Board

SPEED = 60.0


def plan_of(exercise: str, side: Side = Side.NONE) -> Plan:
    return Plan("mine", "Mine", (PlanItem(exercise, (side,), 1, Dose(reps=2), 5.0),))


def settings(plan: Plan, folder: Path, sensors: dict[Placement, SensorUri]) -> RunSettings:
    return RunSettings(plan=plan, sensors=sensors, data_dir=folder, speed=SPEED)


@pytest.mark.parametrize("gone", [False, True], ids=["no sensor", "one that is not there"])
def test_a_paced_exercise_is_done_and_kept_without_a_sensor(*, gone: bool, tmp_path: Path) -> None:
    out = io.StringIO()
    nowhere = {Placement.BELLY: parse_uri(f"serial:{tmp_path}/nowhere?family=omp")}
    asked = settings(plan_of("abdominal_hollowing"), tmp_path, nowhere if gone else {})
    session = asyncio.run(run_session(asked, view=PlainView(out)))
    [done] = session.sets
    assert done.final is not None
    assert len(done.final.holds) == 2
    assert len(session.sensors) == gone
    assert "Well done: 2 repetitions." in out.getvalue()
    assert ("Checking your sensors." in out.getvalue()) is gone
    store = StoreReader(tmp_path / STORE_NAME)
    export_session(store, "last", tmp_path / "csv", export=find_export(THERAPIST))
    with (tmp_path / "csv" / "repetitions.csv").open(encoding="utf-8", newline="") as file:
        assert [(row["item"], row["evidence"]) for row in csv.DictReader(file)] == [
            ("hold", "guided"),
            ("hold", "guided"),
        ]


def test_what_is_measured_still_needs_one(tmp_path: Path) -> None:
    asked = settings(plan_of("squat", Side.BOTH), tmp_path, {})
    with pytest.raises(InputError, match="without a sensor"):
        asyncio.run(run_session(asked, view=PlainView(io.StringIO())))
    assert not (tmp_path / STORE_NAME).exists()


def test_the_page_begins_it_without_a_sensor(tmp_path: Path) -> None:
    async def story() -> StoredSession | None:
        clock = HubClock(speed=SPEED)
        with Store(tmp_path / STORE_NAME, now_ns=clock.now_ns) as store:
            asked = HubSettings({}, tmp_path, speed=SPEED, asking=Asking.NOTHING)
            hub = Hub(asked, store=store, board=Board(wall_ms=lambda: 0.0), clock=clock)
            person = hub.add_person()
            with pytest.raises(InputError, match="knows no sensor"):
                hub.start(person, plan_of("squat", Side.BOTH), language="en")
            hub.start(person, plan_of("kegel_squeeze"), language="en")
            return await hub.wait()

    session = asyncio.run(story())
    assert session is not None
    assert [len(one.final.holds) for one in session.sets if one.final is not None] == [2]
