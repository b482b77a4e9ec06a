"""A hub that is not there, behind the real application: for tests of what is asked of it."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from sensorhub.coach.machine import Trigger
from sensorhub.coach.plan import Plan
from sensorhub.coach.questions import QuestionId
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import STORE_NAME, Store
from sensorhub.web.access import ACCESS_NAME, AccessBook
from sensorhub.web.app import create_app
from sensorhub.web.board import Board
from sensorhub.web.calls import COOKIE
from sensorhub.web.codes import CODES_NAME, CodeBook
from sensorhub.web.drawings import all_drawings
from sensorhub.web.files import load_static
from sensorhub.web.page import Page
from sensorhub.web.pairing import PAIRING_NAME, Pairing
from sensorhub.web.plan_book import PlanBook
from sensorhub.web.ports import BusyError, SensorStatus
from sensorhub.web.roles import Role

HOST = "hub.local:8765"
ORIGIN = {"origin": f"http://{HOST}"}
STATIC, DRAWINGS = load_static(), all_drawings()


class FakeClock:
    """The wall's clock, moved by hand."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class FakeHub:
    """Remembers what it was asked."""

    store: Store
    running_for: str | None = None
    started: list[tuple[str, str, str]] = field(default_factory=list)
    pressed: list[Trigger] = field(default_factory=list)
    answered: list[tuple[QuestionId, str]] = field(default_factory=list)

    def sensors(self) -> Sequence[SensorStatus]:
        return [SensorStatus("thigh_right", "bluetooth", "streaming", 80)]

    def start(self, person: str, plan: Plan, *, language: str, interview: bool) -> None:
        del interview
        if self.running_for is not None:
            raise BusyError
        self.running_for = person
        self.started.append((person, plan.id, language))

    def press(self, key: Trigger) -> None:
        self.pressed.append(key)

    def answer(self, question: QuestionId, value: str) -> None:
        self.answered.append((question, value))

    def add_person(self) -> str:
        return self.store.add_person()


@dataclass
class Rig:
    """The application with everything behind it."""

    page: Page
    hub: FakeHub
    clock: FakeClock
    store: Store
    app: Any
    folder: Path

    def client(self, role: Role | None = None, person: str = "") -> TestClient:
        """A browser; with a role one that is paired."""
        client = TestClient(self.app, base_url=f"http://{HOST}", headers=ORIGIN)
        if role is not None:
            token = self.page.access.pair(role, person or self.person())
            client.cookies.set(COOKIE, token)
        return client

    def person(self, number: int = 0) -> str:
        """Pseudonym of the first, second ... person; made where needed."""
        while len(people := self.page.store.people()) <= number:
            self.store.add_person()
        return people[number]


@contextlib.contextmanager
def rig(folder: Path) -> Iterator[Rig]:
    clock = FakeClock()
    with Store(folder / STORE_NAME, now_ns=lambda: 1_000_000_000) as store:
        hub = FakeHub(store)
        page = Page(
            hub=hub,
            board=Board(wall_ms=lambda: clock() * 1000.0),
            store=StoreReader(folder / STORE_NAME),
            access=AccessBook(folder / ACCESS_NAME, now=clock),
            pairing=Pairing(folder / PAIRING_NAME, now=clock),
            plans=PlanBook(folder),
            codes=CodeBook(folder / CODES_NAME, now=clock),
            static=STATIC,
            drawings=DRAWINGS,
            address=f"http://{HOST}/",
        )
        made = Rig(page, hub, clock, store, create_app(page, names={"hub.local"}), folder)
        made.person()
        yield made


def snapshot_of(count: int, **more: Any) -> Any:
    """A picture of five squats under way."""
    from sensorhub.coach.dose import Dose
    from sensorhub.coach.machine import CoachState
    from sensorhub.coach.plan import PlannedSet
    from sensorhub.coach.snapshot import Snapshot
    from sensorhub.model.live import LiveState
    from sensorhub.model.placement import Side

    values = {
        "elapsed_s": 12.0,
        "state": CoachState.RUNNING,
        "title": "Squat",
        "planned": PlannedSet("squat", Side.BOTH, 1, 1, Dose(reps=5), 20.0),
        "live": LiveState(count, 0, 1, None, 0.5, 1.2),
        "banked_hold_s": 0.0,
        "remaining_rest_s": None,
        "sensors": (),
        "simulated": False,
    }
    return Snapshot(**{**values, **more})
