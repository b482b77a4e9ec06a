"""The hub around a visit: what the board and the watchdog are told at its edges."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensorhub.coach.dose import Dose
from sensorhub.coach.plan import Plan, PlanItem
from sensorhub.coach.questions import Asking
from sensorhub.coach.states import Trigger
from sensorhub.daemon.links.state import LinkPhase, LinkStatus
from sensorhub.daemon.serving import hub as hub_module
from sensorhub.daemon.serving.hub import Hub, HubSettings
from sensorhub.daemon.visit import visit as visit_module
from sensorhub.model.errors import InputError
from sensorhub.model.placement import Placement, Side
from sensorhub.sessions.store.store import STORE_NAME, Store
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.uri import parse_uri
from sensorhub.web.board import Board, Kind

HOLLOWING = Plan(
    "mine", "Mine", (PlanItem("abdominal_hollowing", (Side.NONE,), 1, Dose(reps=2), 5.0),)
)


class SlowLink:
    """A link that says when it is asked to stop, and does so when it is let."""

    status = LinkStatus(LinkPhase.WAITING, "slow")

    def __init__(self) -> None:
        self.asked, self.may = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        await self.may.wait()

    async def stop(self) -> None:
        self.asked.set()
        await self.may.wait()

    def cue(self, pattern: str) -> None: ...


@contextlib.contextmanager
def a_hub(folder: Path) -> Iterator[tuple[Hub, Board]]:
    clock, board = HubClock(), Board(wall_ms=lambda: 0.0)
    sensors = {Placement.BELLY: parse_uri("serial:/dev/nowhere?family=omp")}
    with Store(folder / STORE_NAME, now_ns=clock.now_ns) as store:
        settings = HubSettings(sensors, folder, asking=Asking.NOTHING)
        yield Hub(settings, store=store, board=board, clock=clock), board


def test_links_that_take_long_to_end_are_no_standstill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        link = SlowLink()
        monkeypatch.setattr(visit_module.LinkMaker, "make", lambda *_: link)
        with a_hub(tmp_path) as (hub, _):
            hub.start(hub.add_person(), HOLLOWING, language="en")
            async with asyncio.timeout(60):
                while not hub.sign().busy:  # noqa: ASYNC110 (the hub has no event for it)
                    await asyncio.sleep(0.01)
                hub.press(Trigger.KEY_STOP)
                await link.asked.wait()
                assert not hub.sign().busy, "nothing is drawn any more"
                link.may.set()
                await hub.close()

    asyncio.run(story())


def test_a_visit_that_cannot_be_built_leaves_the_board_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise InputError("No such device.")

    monkeypatch.setattr(hub_module, "Visit", refuse)
    with a_hub(tmp_path) as (hub, board):
        person = hub.add_person()
        with pytest.raises(InputError):
            hub.start(person, HOLLOWING, language="en")
        assert json.loads(board.frame_for(person, fresh=True))["kind"] == Kind.IDLE
        assert hub.running_for is None
