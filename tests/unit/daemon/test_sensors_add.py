"""Adding a sensor: what the registry would refuse in the end is said before it is met."""

import asyncio
import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from sensorhub.daemon.sensors import add as sensors_add
from sensorhub.daemon.sensors.add import Wish, add_sensor
from sensorhub.model.errors import InputError
from sensorhub.model.placement import Placement
from sensorhub.sessions.store.registry import RegisteredSensor, registered_sensors
from sensorhub.sessions.store.store import Store

LEG = RegisteredSensor(
    "leg", "serial:/dev/ttyACM0?family=omp", "omp", Placement.THIGH_LEFT, device_id="77FF"
)
OTHER = Wish("serial:/dev/ttyACM1?family=omp", "other", Placement.PELVIS)


@pytest.mark.parametrize(
    "wish",
    [
        replace(OTHER, name="LEG"),
        replace(OTHER, name=" leg "),
        replace(OTHER, placement=Placement.THIGH_LEFT),
        replace(OTHER, target=LEG.uri),
    ],
)
def test_what_the_registry_would_refuse_is_said_before_anything_is_met(
    wish: Wish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def met(*_: object, **__: object) -> None:
        raise AssertionError("a sensor was met that could not be registered")

    monkeypatch.setattr(sensors_add, "_meet", met)
    path = tmp_path / "sessions.sqlite"
    with Store(path, now_ns=itertools.count().__next__) as store:
        store.registry.add(LEG)
        with pytest.raises(InputError, match="already") as early:
            asyncio.run(
                add_sensor(
                    wish, store=store, registered=registered_sensors(path), tell=lambda _: None
                )
            )
        late = RegisteredSensor(wish.name.strip(), wish.target, "omp", wish.placement)
        with pytest.raises(InputError) as refused:
            store.registry.add(late)
    assert str(early.value) == str(refused.value)
