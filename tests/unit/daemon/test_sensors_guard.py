"""The guard: nothing of another sensor gets through, everything of the right one does, in order."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import numpy as np
import pytest

from sensorhub.daemon.links.opening import LinkCallbacks
from sensorhub.daemon.sensors.guard import IDENTIFY_S, MAX_HELD, SensorGuard, guarded
from sensorhub.model.errors import DeviceError
from sensorhub.model.events import BatteryReported, DeviceEvent, DeviceIdentified, SamplesArrived
from sensorhub.model.link import Record, RecordKind
from sensorhub.model.units import NS_PER_S
from sensorhub.sessions.store.registry import RegisteredSensor, Sighted

PINNED = RegisteredSensor("mine", "ble:C0:00:00:00:00:01?family=omp", "omp", None, "77FF")
BY_CABLE = RegisteredSensor("mine", "serial:/dev/ttyACM0", "omp", None, "77FF")
NAMELESS = RegisteredSensor("mine", "ble:C0:00:00:00:00:01?family=thingy52", "thingy52")
BONDED = RegisteredSensor("mine", PINNED.uri, "omp", None, "77FF", bonded=True)

UP = Record(RecordKind.LINK_UP, "", b"", 0)
DOWN = Record(RecordKind.LINK_DOWN, "", b"", 0)
DATA = Record(RecordKind.RECEIVED, "data", b"x", 0)
ME = DeviceIdentified(0, "77FF", "model", "1.0")
OTHER = DeviceIdentified(0, "BAD1")


def samples(at_s: float = 0.0) -> SamplesArrived:
    return SamplesArrived(round(at_s * NS_PER_S), 1, 0, 0.0, 0.01, np.zeros((1, 3)), None)


class Told:
    """Stands where the registry does."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Sighted]] = []

    def sighted(self, name: str, sighted: Sighted) -> None:
        self.said.append((name, sighted))


class Rig:
    def __init__(self, sensor: RegisteredSensor, bond: Callable[[str], bool | None] | None = None):
        self.through: list[Record | DeviceEvent] = []
        self.told = Told()
        self.asked: list[str] = []
        self.answered = asyncio.Event()

        async def ask(address: str) -> bool | None:
            self.asked.append(address)
            self.answered.set()
            return None if bond is None else bond(address)

        then = LinkCallbacks(self.through.append, self.through.append, lambda _: None)
        registry = self.told
        guard = SensorGuard(sensor, then=then, registry=registry, ask_bond=ask)  # type: ignore[arg-type]
        self.callbacks = guard.callbacks

    def feed(self, *things: Record | DeviceEvent) -> None:
        for one in things:
            (self.callbacks.sink if isinstance(one, Record) else self.callbacks.on_event)(one)  # type: ignore[arg-type]


def test_the_right_sensor_is_heard_whole_and_in_order() -> None:
    rig = Rig(PINNED)
    first = (UP, DATA, samples(), DATA)
    rig.feed(*first)
    assert rig.through == []
    rig.feed(ME, DATA, samples(0.1), DOWN)
    assert [type(one) for one in rig.through] == [
        *map(type, first),
        DeviceIdentified,
        Record,
        SamplesArrived,
        Record,
    ]


def test_of_another_nothing_gets_through_and_the_link_ends_with_one_sentence() -> None:
    rig = Rig(PINNED)
    rig.feed(UP, DATA, samples())
    with pytest.raises(DeviceError) as refused:
        rig.feed(OTHER)
    assert "'mine'" in str(refused.value)
    assert "BAD1" in str(refused.value)
    assert "77FF" in str(refused.value)
    assert "forget" in refused.value.hint
    rig.feed(DOWN)  # how the link says goodbye
    with pytest.raises(DeviceError):
        rig.feed(DATA)
    assert rig.through == []
    assert rig.told.said == []


def test_another_that_comes_later_on_the_same_link_is_refused_too() -> None:
    rig = Rig(PINNED)
    rig.feed(UP, ME, DATA)
    with pytest.raises(DeviceError):
        rig.feed(OTHER)
    assert OTHER not in rig.through


def test_after_a_lost_link_a_cable_is_asked_again_an_address_is_not() -> None:
    by_cable, by_address = Rig(BY_CABLE), Rig(PINNED)
    for rig in (by_cable, by_address):
        rig.feed(UP, ME, DOWN)
        before = len(rig.through)
        rig.feed(UP, DATA)
        assert len(rig.through) == before + (0 if rig is by_cable else 2)
    with pytest.raises(DeviceError):
        by_cable.feed(OTHER)
    assert DATA not in by_cable.through


def test_what_a_nameless_one_sent_is_gone_when_the_right_one_takes_its_place() -> None:
    theirs = Record(RecordKind.RECEIVED, "data", b"not mine", 0)
    rig = Rig(BY_CABLE)
    rig.feed(UP, theirs, samples(), DOWN, UP, DATA, ME)
    assert rig.through == [UP, DATA, ME]


def test_one_that_never_says_who_it_is_is_refused_in_time() -> None:
    rig = Rig(PINNED)
    rig.feed(UP, samples(5.0), samples(5.0 + IDENTIFY_S))
    with pytest.raises(DeviceError, match="does not say who it is"):
        rig.feed(samples(5.1 + IDENTIFY_S))
    rig.feed(DOWN)
    assert rig.through == []


def test_what_is_held_back_is_bounded() -> None:
    rig = Rig(PINNED)
    rig.feed(UP, *[DATA] * (MAX_HELD - 1))
    with pytest.raises(DeviceError):
        rig.feed(DATA)


def test_a_kind_that_has_no_name_is_known_by_its_address() -> None:
    rig = Rig(NAMELESS)
    rig.feed(UP, DATA)
    assert rig.through == [UP, DATA]


def test_the_registry_hears_what_was_learned_once_it_is_sure() -> None:
    rig = Rig(PINNED)
    rig.feed(UP, BatteryReported(0, 80), samples())
    assert rig.told.said == []
    rig.feed(ME, samples(), BatteryReported(0, 80), BatteryReported(0, 79))
    names = {name for name, _ in rig.told.said}
    assert names == {"mine"}
    said = [(s.model, s.firmware, s.battery_percent) for _, s in rig.told.said]
    assert said == [("model", "1.0", 80), ("model", "1.0", 79)]
    rig.feed(DOWN)
    assert len(rig.told.said) == 3
    assert all(isinstance(s.seen, datetime) for _, s in rig.told.said)


@pytest.mark.parametrize(("bond", "through"), [(True, True), (False, False), (None, False)])
def test_a_bond_that_is_gone_or_unknown_closes_the_door(bond: bool | None, through: bool) -> None:
    async def scenario() -> Rig:
        rig = Rig(BONDED, lambda _: bond)
        rig.feed(UP, ME, DATA)
        assert rig.through == []
        await rig.answered.wait()
        if through:
            rig.feed(DATA)
        else:
            with pytest.raises(DeviceError, match="bond"):
                rig.feed(DATA)
            rig.feed(DOWN)
        return rig

    rig = asyncio.run(scenario())
    assert rig.asked == ["C0:00:00:00:00:01"]
    assert rig.through == ([UP, ME, DATA, DATA] if through else [])
    assert bool(rig.told.said) is through


def test_a_sensor_that_nobody_registered_has_no_guard() -> None:
    then = LinkCallbacks(print, print, print)  # type: ignore[arg-type]
    assert guarded(None, then) is then
