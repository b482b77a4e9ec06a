"""What the guard of registered sensors relies on: whoever says who it is, says it on every link."""

import pytest
from device_bench import Bench, driver_of

from firmware_sim.families import FAMILIES
from sensorhub.daemon.links.opening import LinkCallbacks
from sensorhub.daemon.sensors.guard import SensorGuard
from sensorhub.model.errors import DeviceError
from sensorhub.model.events import DeviceEvent, DeviceIdentified, SamplesArrived
from sensorhub.model.link import Record
from sensorhub.sessions.store.registry import RegisteredSensor

TELLING = set(FAMILIES) - {"thingy52", "science_journal"}
"""All but these say a serial number; these are told apart by their address alone."""

OUTAGE_S = (6.0, 8.0)
END_S = 20.0


def talk(family: str) -> Bench:
    return Bench(family, scenario="standing_still", outages_s=[OUTAGE_S]).run(END_S)


def guarded(family: str, bench: Bench, device_id: str) -> list[Record | DeviceEvent]:
    """What gets through of what was recorded, for a sensor that is registered by a cable's name:
    the strictest case, asked anew on every link."""
    through: list[Record | DeviceEvent] = []
    then = LinkCallbacks(through.append, through.append, lambda _: None)
    sensor = RegisteredSensor("mine", "serial:/dev/ttyUSB0", family, None, device_id)
    callbacks = SensorGuard(sensor, then=then).callbacks
    decoder = driver_of(family).new_decoder()
    for record in bench.records:
        callbacks.sink(record)
        for event in decoder.feed(record):
            callbacks.on_event(event)
    return through


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_says_who_it_is_on_every_link_or_never(family: str) -> None:
    bench = talk(family)
    ids = {e.device_id for e in bench.events if isinstance(e, DeviceIdentified)}
    assert len(ids) == (1 if family in TELLING else 0)
    through = guarded(family, bench, next(iter(ids), ""))
    assert [one for one in through if isinstance(one, Record)] == bench.records
    last_ns = [one.host_time_ns for one in through if isinstance(one, SamplesArrived)][-1]
    assert last_ns > bench.records[-1].host_time_ns - 1_000_000_000
    assert sum(isinstance(one, SamplesArrived) for one in through) == len(bench.samples)


@pytest.mark.parametrize("family", sorted(TELLING))
def test_another_of_the_same_family_is_refused_before_a_byte_gets_through(family: str) -> None:
    with pytest.raises(DeviceError, match="Another sensor answers"):
        guarded(family, talk(family), "somebody else's")
