"""The desk that registers sensors while the hub serves: never under a session, never by halves."""

import asyncio
import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sensorhub.daemon.sensors import desk as sensors_desk
from sensorhub.daemon.sensors.add import Wish
from sensorhub.daemon.sensors.desk import SensorDesk
from sensorhub.model.errors import InputError
from sensorhub.model.placement import Placement
from sensorhub.sessions.store.registry import RegisteredSensor, registered_sensors
from sensorhub.sessions.store.store import STORE_NAME, Store
from sensorhub.transports.uri import BleUri
from sensorhub.web.ports import BusyError

NEAR = BleUri("AA:BB:CC:DD:EE:01", "omp")


class Room:
    """A hub's side of the desk: what it wears, and whether somebody exercises."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.worn: dict[Placement, str] = {}
        self.busy = False
        self.desk = SensorDesk(store, hold=self.hold, wear=self.wear, speed=1.0)

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        if self.busy:
            raise BusyError
        self.busy = True
        try:
            yield
        finally:
            self.busy = False

    def wear(self, uris: Any, registered: Any) -> None:
        assert uris.keys() == registered.keys()
        self.worn = {place: str(uri) for place, uri in uris.items()}


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    async def heard() -> tuple[list[Any], str]:
        return [(NEAR, "OMP-1", -60)], ""

    async def add(wish: Wish, *, store: Store, **_: Any) -> RegisteredSensor:
        made = RegisteredSensor(wish.name, wish.target, "omp", wish.placement, device_id=wish.name)
        store.registry.add(made)
        return made

    monkeypatch.setattr(sensors_desk, "_heard", heard)
    monkeypatch.setattr(sensors_desk, "serial_ports", list)
    monkeypatch.setattr(sensors_desk, "add_sensor", add)
    with Store(tmp_path / STORE_NAME, now_ns=itertools.count().__next__) as store:
        yield Room(store)


def names(room: Room) -> list[str]:
    return [sensor.name for sensor in registered_sensors(room.store.path)]


async def added(room: Room, *, placement: str = "thigh_left") -> None:
    await room.desk.look()
    await room.desk.add(str(NEAR), name="leg", placement=placement)


def test_a_sensor_that_is_added_placed_and_forgotten_is_what_the_next_visit_wears(
    room: Room,
) -> None:
    async def story() -> None:
        await added(room)
        assert room.worn == {Placement.THIGH_LEFT: str(NEAR)}
        assert (await room.desk.look()).found == (), "it is registered: not offered again"
        await room.desk.place("leg", "pelvis")
        assert room.worn == {Placement.PELVIS: str(NEAR)}
        await room.desk.place("leg", "")
        assert room.worn == {}
        await room.desk.forget("leg")

    asyncio.run(story())
    assert names(room) == []


def test_only_what_was_found_can_be_added(room: Room) -> None:
    async def story() -> None:
        for target in (str(NEAR), "serial:/etc/passwd", "replay:last"):
            with pytest.raises(InputError, match="was not found"):
                await room.desk.add(target, name="leg", placement="")

    asyncio.run(story())
    assert names(room) == []


def test_a_place_or_name_that_is_taken_is_refused(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        await added(room, placement="pelvis")
        other = BleUri("AA:BB:CC:DD:EE:02", "omp")

        async def heard() -> tuple[list[Any], str]:
            return [(other, "OMP-2", -70)], ""

        monkeypatch.setattr(sensors_desk, "_heard", heard)
        await room.desk.look()
        for name, placement in (("other", "pelvis"), ("LEG", "thigh_right")):
            with pytest.raises(InputError, match=r"worn on the pelvis already|called"):
                await room.desk.add(str(other), name=name, placement=placement)
        with pytest.raises(InputError, match="no place"):
            await room.desk.add(str(other), name="other", placement="head")

    asyncio.run(story())
    assert names(room) == ["leg"]


def test_nothing_changes_while_somebody_exercises(room: Room) -> None:
    async def story() -> None:
        await added(room)
        room.busy = True
        for change in (
            room.desk.look(),
            room.desk.place("leg", "pelvis"),
            room.desk.forget("leg"),
        ):
            with pytest.raises(BusyError):
                await change

    asyncio.run(story())
    assert room.worn == {Placement.THIGH_LEFT: str(NEAR)}


def test_the_hub_ends_in_the_middle_and_nothing_is_registered(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        meeting = asyncio.Event()

        async def never(wish: Wish, **_: Any) -> RegisteredSensor:
            meeting.set()
            await asyncio.Event().wait()
            raise AssertionError(wish)

        monkeypatch.setattr(sensors_desk, "add_sensor", never)
        await room.desk.look()
        adding = asyncio.create_task(room.desk.add(str(NEAR), name="leg", placement=""))
        await meeting.wait()
        assert room.busy
        await room.desk.close()
        with pytest.raises(asyncio.CancelledError):
            await adding
        assert not room.busy

    asyncio.run(story())
    assert names(room) == []
