"""Adding a sensor on the page: who may, what is refused, what a running session is kept from."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from web_rig import HOST, Rig

from sensorhub.model.errors import InputError, TransportError
from sensorhub.web.app import create_app
from sensorhub.web.ports import BusyError, KnownSensor, Looked, OfferedSensor
from sensorhub.web.roles import Role

CHANGES = ("look", "add", "place", "forget")
BODY = {"target": "ble:AA?family=omp", "name": "leg", "placement": "pelvis"}


@dataclass
class FakeDesk:
    """Remembers what it was asked; ``trouble`` is raised instead."""

    trouble: Exception | None = None
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def known(self) -> Sequence[KnownSensor]:
        return [KnownSensor("leg", "thigh_right", "omp", 80)]

    async def look(self) -> Looked:
        self._note("look")
        return Looked([OfferedSensor(BODY["target"], "OMP-1", "bluetooth", -60)])

    async def add(self, target: str, *, name: str, placement: str) -> KnownSensor:
        self._note("add", target, name, placement)
        return KnownSensor(name, placement, "omp")

    async def place(self, name: str, placement: str) -> None:
        self._note("place", name, placement)

    async def forget(self, name: str) -> None:
        self._note("forget", name)

    def _note(self, *asked: str) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.asked.append(asked)


@pytest.fixture
def desk(hub: Rig) -> FakeDesk:
    made = FakeDesk()
    hub.app = create_app(replace(hub.page, desk=made), names={HOST.partition(":")[0]})
    return made


@pytest.mark.parametrize("role", [Role.THERAPIST, Role.ADMIN])
def test_who_looks_after_the_hub_changes_its_sensors(hub: Rig, desk: FakeDesk, role: Role) -> None:
    client = hub.client(role)
    assert client.get("/api/sensors/known").json()["sensors"][0]["name"] == "leg"
    for what in CHANGES:
        assert client.post(f"/api/sensors/{what}", json=BODY).status_code == 200
    assert desk.asked == [
        ("look",),
        ("add", *BODY.values()),
        ("place", "leg", "pelvis"),
        ("forget", "leg"),
    ]


def test_a_patient_changes_none_and_is_not_told_them(hub: Rig, desk: FakeDesk) -> None:
    client = hub.client(Role.PATIENT)
    assert client.get("/api/sensors/known").status_code == 403
    for what in CHANGES:
        assert client.post(f"/api/sensors/{what}", json=BODY).status_code == 403
    assert desk.asked == []


@pytest.mark.parametrize(
    ("trouble", "status", "code"),
    [
        (BusyError(), 409, "busy_sensors"),
        (InputError("The sensor 'leg' is worn there already."), 422, "input"),
        (TransportError("No adapter."), 503, "environment"),
    ],
)
@pytest.mark.parametrize("what", CHANGES)
def test_what_cannot_be_is_said(
    hub: Rig, desk: FakeDesk, what: str, trouble: Exception, status: int, code: str
) -> None:
    desk.trouble = trouble
    answer = hub.client(Role.ADMIN).post(f"/api/sensors/{what}", json=BODY)
    assert (answer.status_code, answer.json()["error"]) == (status, code)


@pytest.mark.parametrize("what", CHANGES)
def test_a_hub_that_was_given_its_sensors_keeps_them(hub: Rig, what: str) -> None:
    client = hub.client(Role.ADMIN)
    assert client.get("/api/sensors/known").json()["can_change"] is False
    answer = client.post(f"/api/sensors/{what}", json=BODY)
    assert (answer.status_code, answer.json()["error"]) == (409, "sensors_given")


@pytest.mark.parametrize("bad", [{}, {**BODY, "name": 7}, {**BODY, "target": "x" * 300}])
def test_only_texts_of_a_length_are_taken(hub: Rig, desk: FakeDesk, bad: object) -> None:
    assert hub.client(Role.ADMIN).post("/api/sensors/add", json=bad).status_code == 400
    assert desk.asked == []
