"""``sensorhub sensors`` and a run with what it registered, over a simulated BlueZ and a pty."""

import asyncio
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from counting_peer import PROFILE, CountingPeer
from link_rig import run as run_scenario
from link_rig import system_bus
from visits import Program, Simulation, sensorhub, simulation, squats_on_cue

from firmware_sim.bluez import AirTiming, BusError, FakeBlueZ, NoReply, ble_room, bluez_error
from firmware_sim.families import DeviceSetup, make_device
from firmware_sim.links.world import World
from firmware_sim.person import Person, SensorSetup
from firmware_sim.scenario.loader import load_scenario
from sensorhub.daemon.sensors import add as sensors_add
from sensorhub.daemon.sensors.add import Bonding, Wish, add_sensor, make_bond
from sensorhub.daemon.sensors.bluez import BLUEZ, ask_objects, bond_of
from sensorhub.model.errors import DeviceError
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.registry import RegisteredSensor, registered_sensors
from sensorhub.sessions.store.store import Store
from sensorhub.transports.ble import BleTransport
from sensorhub.transports.ble_radio import BleRadio

SPEED = 8.0
REPS = 2


@contextmanager
def program(*arguments: str | Path, data: Path, sim: Simulation | None = None) -> Iterator[Program]:
    one = sensorhub(*arguments, data=data, env=None if sim is None else sim.env)
    try:
        yield one
    finally:
        one.end()


def done(*arguments: str | Path, data: Path, sim: Simulation | None = None, code: int = 0) -> str:
    """Everything it said, on either stream, once it ended with this code."""
    with program(*arguments, data=data, sim=sim) as one:
        assert one.wait() == code, one.output + one.errors
    return one.output + one.errors


def listed(data: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done("sensors", "--json", data=data))["sensors"]
    return found


def change(data: Path, sensor: RegisteredSensor) -> None:
    """Register it as it is here, whatever was registered under its name."""
    path = data / "sessions.sqlite"
    with Store(path, now_ns=itertools.count().__next__) as store:
        store.registry.forget(sensor.name)
        store.registry.add(sensor)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Simulation]:
    """Two sensors in the air; somebody who squats on the signal."""
    with simulation(
        tmp_path,
        scenario=squats_on_cue(tmp_path, reps=REPS, extra="tempo_s = 4.0\n"),
        sensors=[f"thigh_right@ble:{tmp_path}/bus", f"pelvis@ble:{tmp_path}/bus"],
        speed=SPEED,
    ) as sim:
        yield sim


def test_added_by_scan_used_without_being_named_and_a_neighbours_is_refused(
    tmp_path: Path, house: Simulation
) -> None:
    data, speed = tmp_path / "data", f"--speed={SPEED:g}"
    look = ("sensors", "add", "--seconds=2", speed)
    both = done(*look, data=data, sim=house, code=2)
    assert "More than one sensor" in both
    names = {where: uri.removeprefix("ble:") for where, uri in house.uris.items()}
    assert all(name in both for name in names.values())

    said = done(
        *look, names["thigh_right"], "--name=leg", "--placement=thigh_right", data=data, sim=house
    )
    assert "Registered 'leg'" in said
    [leg] = listed(data)
    assert leg["uri"].startswith("ble:")
    assert leg["uri"].endswith("?family=omp")
    assert names["thigh_right"] not in leg["uri"], "pinned by its name, which anybody can take"
    assert (leg["placement"], leg["bonded"], leg["calibrated_on"]) == ("thigh_right", True, None)
    assert leg["device_id"]
    assert leg["firmware"]
    assert 0 < leg["battery_percent"] <= 100
    # The other is the only new one now; the first cannot be added again.
    assert "Registered" in done(*look, data=data, sim=house)
    assert "registered already" in done(*look, names["pelvis"], data=data, sim=house, code=2)
    done("sensors", "forget", names["pelvis"], data=data)
    assert [one["name"] for one in listed(data)] == ["leg"]

    path = data / "sessions.sqlite"
    [registered] = registered_sensors(path)
    change(data, replace(registered, firmware="old", battery_percent=None, seen=None))
    done("run", "squat", f"--reps={REPS}", "--no-questions", speed, data=data, sim=house)
    session = StoreReader(path).session("last")
    assert [(s.placement, s.device_id) for s in session.sensors] == [
        ("thigh_right", leg["device_id"])
    ]
    outcome = session.sets[0].outcome
    assert outcome is not None
    assert outcome.full_repetitions == REPS
    [after] = listed(data)
    assert after["last_seen"] is not None
    assert (after["firmware"], after["battery_percent"]) == (
        leg["firmware"],
        leg["battery_percent"],
    )

    # Somebody else's sensor answers under the address: one sentence, and no session of it.
    change(data, replace(registered, device_id="0000000000000000"))
    refused = done("run", "squat", "--no-questions", speed, data=data, sim=house, code=1)
    assert "Another sensor answers as 'leg'" in refused
    assert "Traceback" not in refused
    assert StoreReader(path).names() == (session.name,)
    refused = done("sensors", "list", data=data)
    assert "leg" in refused


def test_a_bond_that_this_computer_no_longer_holds_closes_the_door(
    tmp_path: Path, house: Simulation
) -> None:
    """The simulated computer never had one; the store says that there must be one."""
    data, speed = tmp_path / "data", f"--speed={SPEED:g}"
    target = house.uris["thigh_right"]
    done(
        "sensors",
        "add",
        target,
        "--no-bond",
        "--name=leg",
        "--seconds=2",
        speed,
        data=data,
        sim=house,
    )
    [leg] = registered_sensors(data / "sessions.sqlite")
    assert not leg.bonded
    change(data, replace(leg, bonded=True))
    refused = done("run", "squat", "--sensor=thigh_right=leg", speed, data=data, sim=house, code=1)
    assert "no longer holds the bond" in refused
    assert StoreReader(data / "sessions.sqlite").names() == ()


def test_another_sensor_on_the_same_cable_is_refused(tmp_path: Path) -> None:
    data, speed = tmp_path / "data", f"--speed={SPEED:g}"
    for seed in (1, 2):
        with simulation(
            tmp_path,
            scenario="standing_still",
            sensors=[f"pelvis@pty:{tmp_path}/pelvis"],
            speed=SPEED,
            seed=seed,
        ) as sim:
            if seed == 1:
                said = done("sensors", "add", sim.uris["pelvis"], speed, data=data)
                assert "no bond" in said
                [one] = registered_sensors(data / "sessions.sqlite")
                again = done("sensors", "add", sim.uris["pelvis"], speed, data=data, code=2)
                assert "registered already" in again
                continue
            for what in (
                ("run", "pelvic_tilt", f"--sensor=pelvis={one.name}", "--no-questions"),
                ("calibrate", one.name, "--seconds=60"),
            ):
                refused = done(*what, speed, data=data, code=1)
                assert f"Another sensor answers as {one.name!r}" in refused
    assert StoreReader(data / "sessions.sqlite").names() == ()


QUICK = AirTiming(advertise_s=0.05, connect_s=0.02, resolve_s=0.02, disconnect_s=0.02)
ADDRESS = "C0:00:00:00:00:01"


def bonding(tmp_path: Path, spoil: "dict[str, BusError | NoReply]") -> tuple[object, FakeBlueZ]:
    """What became of a bond with a connected sensor (or the error), with these calls spoilt."""
    kept: list[object] = []
    rooms: list[FakeBlueZ] = []

    async def scenario() -> None:
        peer = CountingPeer(ADDRESS, "COUNT-1")
        with system_bus(tmp_path / "bus"):
            async with ble_room(
                {"COUNT-1": peer}, World(speed=4.0), tmp_path / "bus", timing=QUICK
            ) as bluez:
                rooms.append(bluez)
                transport = BleTransport("COUNT-1", PROFILE, radio=BleRadio())
                await transport.open()
                for member, action in spoil.items():
                    bluez.fault(member, action)
                try:
                    kept.append(await make_bond(ADDRESS))
                    kept.append(bond_of(await ask_objects(BLUEZ), ADDRESS))
                except DeviceError as error:
                    kept.append(error)
                await transport.close()

    run_scenario(scenario)
    return kept, rooms[0]


def test_a_bond_is_made_and_can_be_read_back(tmp_path: Path) -> None:
    (result, said), _ = bonding(tmp_path, {})  # type: ignore[misc]
    assert (result, said) == (Bonding.BONDED, True)


@pytest.mark.parametrize("error", ["AuthenticationFailed", "NotSupported"])
def test_a_sensor_that_makes_no_bond_is_known_to_have_none(tmp_path: Path, error: str) -> None:
    (result, said), _ = bonding(tmp_path, {"Pair": bluez_error(error, "no")})  # type: ignore[misc]
    assert (result, said) == (Bonding.CANNOT, False)


@pytest.mark.parametrize(
    "spoil",
    [
        {"Pair": bluez_error("Failed", "something")},
        {"Pair": bluez_error("AlreadyExists", "so it says, and holds none")},
        {"Pair": NoReply()},
        {"RegisterAgent": bluez_error("Failed", "no agent")},
        {"GetManagedObjects": bluez_error("Failed", "no")},
    ],
)
def test_where_nobody_knows_that_is_no_answer(
    tmp_path: Path, spoil: "dict[str, BusError | NoReply]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sensorhub.daemon.sensors.bluez.PAIR_PATIENCE_S", 0.3)
    (result,), _ = bonding(tmp_path, spoil)  # type: ignore[misc]
    assert isinstance(result, DeviceError)
    assert "--no-bond" in str(result)


def test_who_answers_only_over_a_bond_is_bonded_with_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensors_add, "SILENT_WALL_S", 0.5)
    worn = Person(load_scenario("standing_still")).wear("thigh_right", SensorSetup(part="lsm6dso"))
    peer = make_device("polar_h10", DeviceSetup("thigh_right", worn, now_us=-1_000_000), "ble").peer
    address, speed = peer.advertisement.address, 3.0

    async def scenario() -> None:
        with system_bus(tmp_path / "bus"):
            async with ble_room(
                {"H10": peer}, World(speed=speed), tmp_path / "bus", timing=QUICK
            ) as bluez:
                bluez.mute(address, "control")
                bluez.fault("Pair", lambda: bluez.mute(address), times=1)
                with Store(tmp_path / "store.sqlite", now_ns=itertools.count().__next__) as store:
                    added = await add_sensor(
                        Wish(address, listen_s=1.0, speed=speed),
                        store=store,
                        registered=(),
                        tell=lambda _: None,
                    )
                assert added.bonded
                assert [member for member, _ in bluez.calls].count("Pair") == 1

    run_scenario(scenario)


def test_adding_says_what_it_does_not_find(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with simulation(
        tmp_path,
        scenario="standing_still",
        sensors=[f"pelvis@ble:{tmp_path}/bus"],
        speed=SPEED,
    ) as sim:
        assert "was not heard" in done(
            "sensors", "add", "NOBODY", "--seconds=1", data=data, sim=sim, code=1
        )
    for arguments, says in (
        (("add", "replay:x"), "no sensor"),
        (("add", "serial:ttyACM0"), "whole path"),
        (("add", "--placement=thig"), "thigh"),
        (("place", "nobody", "pelvis"), "nobody"),
        (("name", "nobody", "x"), "nobody"),
        (("forget", "nobody"), "nobody"),
    ):
        assert says in done("sensors", *arguments, data=data, code=2)
    assert "No sensor is registered" in done("sensors", data=data)


def test_a_sensor_of_another_family_is_told_why(tmp_path: Path) -> None:
    """It connects and has not what the family needs: said, not registered."""

    async def scenario() -> None:
        peer = CountingPeer(ADDRESS, "OM-SILENT")
        before, sensors_add.MEET_WALL_S = sensors_add.MEET_WALL_S, 2.0
        try:
            with system_bus(tmp_path / "bus"):
                async with ble_room({"x": peer}, World(speed=4.0), tmp_path / "bus", timing=QUICK):
                    with Store(tmp_path / "s.sqlite", now_ns=itertools.count().__next__) as store:
                        wish = sensors_add.Wish(f"ble:{ADDRESS}?family=omp", listen_s=0.5)
                        with pytest.raises(OSError, match="lacks the channel"):
                            await sensors_add.add_sensor(
                                wish, store=store, registered=(), tell=lambda _: None
                            )
        finally:
            sensors_add.MEET_WALL_S = before

    asyncio.run(scenario())
