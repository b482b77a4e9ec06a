"""What every device family keeps, whatever it speaks. New families are picked up by themselves."""

import itertools
import os
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from device_bench import Bench, driver_of
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.families import FAMILIES
from sensorhub.devices.base import ControllerState, DeviceFamily, StreamSettings
from sensorhub.devices.registry import families
from sensorhub.model.errors import LinkLostError
from sensorhub.model.events import (
    BytesRejected,
    ClockObserved,
    DeviceEvent,
    FloatArray,
    SamplesArrived,
    SamplesLost,
    StreamStarted,
)
from sensorhub.model.link import Record, RecordKind
from sensorhub.model.units import STANDARD_GRAVITY_MPS2

EVIDENCE = ("untested", "vector-tested", "simulated", "hardware-tested")
SIMULATED = {driver_of(name).name for name in FAMILIES}
EXAMPLES = int(os.environ.get("SENSORHUB_EXAMPLES", "10"))
SESSION_S, AFTERWARDS_S = 7.0, 4.0


@cache
def session(family: str) -> tuple[Record, ...]:
    """A short session over a link with bursts, hung up at the end."""
    bench = Bench(family, scenario="standing_still", jitter_ms=80.0).run(SESSION_S)
    bench.hang_up()
    return tuple(bench.records)


def byte_streams(driver: DeviceFamily) -> set[str]:
    """Lanes on which a packet may be cut anywhere; on others a notification is a packet."""
    channels = driver.ble.channels if driver.ble is not None else ()
    return {"serial", *(one.name for one in channels if one.stream)}


def decoded(driver: DeviceFamily, records: Iterable[Record]) -> list[DeviceEvent]:
    decoder = driver.new_decoder()
    return [event for record in records for event in decoder.feed(record)]


def told(events: list[DeviceEvent]) -> dict[str, object]:
    """Everything the events say, in a form that does not depend on how they were bundled."""
    rows: dict[int, list[tuple[object, ...]]] = defaultdict(list)
    others: list[str] = []
    rejected = 0
    for event in events:
        if isinstance(event, SamplesArrived):
            gyr = event.gyr_radps if event.gyr_radps is not None else np.zeros((0, 3))
            for k, acc in enumerate(event.acc_mps2):
                rows[event.stream].append(
                    (event.first_index + k, event.period_s, *acc, *gyr[k : k + 1].ravel())
                )
        elif isinstance(event, BytesRejected):
            rejected += event.count
        else:
            others.append(repr(event))
    return {"samples": dict(rows), "others": others, "rejected": rejected}


def check_indices(events: list[DeviceEvent]) -> None:
    """Within a stream live indices ascend, and what they leave out was declared lost."""
    due: dict[int, int] = {}
    for event in events:
        if isinstance(event, StreamStarted):
            due.setdefault(event.stream, event.first_index)
        elif isinstance(event, SamplesLost):
            due[event.stream] = max(due.get(event.stream, 0), event.first_index + event.count)
        elif isinstance(event, SamplesArrived) and not event.backfilled:
            assert event.stream in due, "samples of a stream that never started"
            assert event.first_index == due[event.stream]
            assert len(event.acc_mps2) > 0
            assert np.isfinite(event.acc_mps2).all()
            due[event.stream] = event.first_index + len(event.acc_mps2)


@pytest.mark.parametrize("family", families().values(), ids=families())
def test_it_says_what_it_is_and_claims_nothing_more(family: DeviceFamily) -> None:
    assert [other.title for other in families().values()].count(family.title) == 1
    assert family.evidence in EVIDENCE
    assert family.name in SIMULATED or family.evidence == "untested"
    assert family.clock
    assert family.loss_detection
    assert family.ble is not None or family.serial is not None
    assert list(family.rates_hz) == sorted(family.rates_hz)


@pytest.mark.parametrize("name", FAMILIES)
def test_it_streams_what_the_sensor_feels(name: str) -> None:
    driver = driver_of(name)
    events = decoded(driver, session(name))
    check_indices(events)
    samples = [event for event in events if isinstance(event, SamplesArrived)]
    acc = np.concatenate([event.acc_mps2 for event in samples])
    assert np.median(np.linalg.norm(acc, axis=1)) == pytest.approx(STANDARD_GRAVITY_MPS2, rel=0.03)
    turning = [event.gyr_radps for event in samples if event.gyr_radps is not None]
    if turning:
        assert np.median(np.linalg.norm(np.concatenate(turning), axis=1)) < 0.2
    rate_hz = 1.0 / samples[-1].period_s
    if driver.rates_hz:
        nearest = min(abs(rate_hz / hz - 1.0) for hz in driver.rates_hz)
        assert nearest < 0.05
    assert len(acc) > 0.6 * SESSION_S * rate_hz


@pytest.mark.parametrize("name", FAMILIES)
def test_counters_say_what_the_events_say(name: str) -> None:
    driver = driver_of(name)
    decoder = driver.new_decoder()
    events = [event for record in session(name) for event in decoder.feed(record)]
    counters = decoder.counters
    assert counters.received == sum(
        len(event.acc_mps2) for event in events if isinstance(event, SamplesArrived)
    )
    assert counters.lost == sum(event.count for event in events if isinstance(event, SamplesLost))
    assert counters.rejected_bytes == sum(
        event.count for event in events if isinstance(event, BytesRejected)
    )


@pytest.mark.parametrize("name", FAMILIES)
def test_a_clock_seen_one_way_says_how_unsure_it_is(name: str) -> None:
    observed = [e for e in decoded(driver_of(name), session(name)) if isinstance(e, ClockObserved)]
    assert observed
    assert all(0.0 < event.uncertainty_s < 1.0 for event in observed)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_same_log_twice_says_the_same(name: str) -> None:
    driver = driver_of(name)
    first, second = (decoded(driver, session(name)) for _ in range(2))
    assert list(map(repr, first)) == list(map(repr, second))


def cut(records: Iterable[Record], lanes: set[str], draw: random.Random) -> list[Record]:
    """The same bytes at the same times, in other pieces."""
    pieces: list[Record] = []
    bytewise = draw.random() < 0.3
    for record in records:
        if record.kind is not RecordKind.RECEIVED or record.channel not in lanes:
            pieces.append(record)
            continue
        size = len(record.data)
        places = range(1, size) if bytewise else sorted(draw.sample(range(size), min(3, size)))
        ends = [0, *places, size]
        pieces += [replace(record, data=record.data[a:b]) for a, b in itertools.pairwise(ends)]
    return pieces


@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_law_of_bytes(name: str, seed: int) -> None:
    """However the bytes were split on the way, the events are the same; with damage, too."""
    driver, draw = driver_of(name), random.Random(seed)
    records = list(session(name))
    if draw.random() < 0.7:
        records = damaged(records, draw, share=draw.choice((0.005, 0.05)))
    whole = told(decoded(driver, records))
    assert told(decoded(driver, cut(records, byte_streams(driver), draw))) == whole


def damaged(records: list[Record], draw: random.Random, *, share: float) -> list[Record]:
    """A bad link, or a bad neighbour: the records of which some are lost, doubled or changed."""
    out: list[Record] = []
    for record in records:
        if record.kind is not RecordKind.RECEIVED or draw.random() >= share:
            out.append(record)
            continue
        data = bytearray(record.data)
        match draw.randrange(6):
            case 0:
                continue
            case 1:
                out += [record, record]
            case 2:
                out.append(replace(record, data=bytes(data[: draw.randrange(len(data) + 1)])))
            case 3:
                out += [replace(record, data=draw.randbytes(draw.randrange(200))), record]
            case 4:
                data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
                out.append(replace(record, data=bytes(data)))
            case _:
                lane = draw.choice(("data", "control", "serial", "nobody", "battery"))
                out += [record, replace(record, channel=lane, data=draw.randbytes(30))]
    return out


@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_law_of_garbage(name: str, seed: int) -> None:
    """Nothing raises, no index runs back, and once the damage ends what comes is right again."""
    driver, draw = driver_of(name), random.Random(seed)
    records = session(name)
    first, calm = damage_begins(name)
    spoilt = damaged(list(records[first:calm]), draw, share=draw.choice((0.01, 0.1, 0.5)))
    events = decoded(driver, (*records[:first], *spoilt, *records[calm:]))
    check_live_indices(events)
    assert np.array_equal(last_accelerations(events), last_accelerations(undamaged(name)))


@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_conversation_over_a_bad_link(name: str, seed: int) -> None:
    """With the conversation itself damaged nothing raises but a lost link, as often as it takes."""
    driver, draw = driver_of(name), random.Random(seed)
    records = damaged(list(session(name)), draw, share=draw.choice((0.01, 0.1, 0.5)))
    decoder, controller = driver.new_decoder(), driver.new_controller(StreamSettings())
    controller.link_up(records[0].host_time_ns, 244)
    events: list[DeviceEvent] = []
    for record in records:
        for event in decoder.feed(record):
            controller.handle(event, record.host_time_ns)
            events.append(event)
        try:
            controller.poll(record.host_time_ns)
        except LinkLostError:
            controller.link_down(record.host_time_ns)
            controller.link_up(record.host_time_ns, 244)
    check_live_indices(events)


@cache
def undamaged(name: str) -> list[DeviceEvent]:
    return decoded(driver_of(name), session(name))


def damage_begins(name: str) -> tuple[int, int]:
    """The record after the first samples, and the one with which the link is good again."""
    records, decoder = session(name), driver_of(name).new_decoder()
    calm_ns = records[0].host_time_ns + round((SESSION_S - AFTERWARDS_S) * 1e9)
    calm = next(k for k, record in enumerate(records) if record.host_time_ns > calm_ns)
    for number, record in enumerate(records):
        if any(isinstance(event, SamplesArrived) for event in decoder.feed(record)):
            return min(number + 1, calm), calm
    raise AssertionError("it never streamed")


def last_accelerations(events: list[DeviceEvent]) -> FloatArray:
    rows = [event.acc_mps2 for event in events if isinstance(event, SamplesArrived)]
    return np.concatenate(rows)[-20:]


def check_live_indices(events: list[DeviceEvent]) -> None:
    """Indices never run back within a stream, whatever happened."""
    ends: dict[int, int] = {}
    for event in events:
        if isinstance(event, SamplesArrived) and not event.backfilled:
            assert event.first_index >= ends.get(event.stream, 0)
            assert np.isfinite(event.acc_mps2).all()
            ends[event.stream] = event.first_index + len(event.acc_mps2)


@pytest.mark.parametrize("name", families())
@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=30))
def test_arbitrary_bytes_on_every_lane(name: str, chunks: list[bytes]) -> None:
    driver = families()[name]
    decoder = driver.new_decoder()
    lanes = ["serial", *(one.name for one in (driver.ble.channels if driver.ble else ()))]
    fed = 0
    for number, data in enumerate(chunks):
        for lane in lanes:
            decoder.feed(Record(RecordKind.RECEIVED, lane, data, 1000 * number))
            decoder.feed(Record(RecordKind.SENT, lane, data, 1000 * number))
            fed += len(data)
    # an envelope that is right around a packet that is not counts with it
    assert decoder.counters.rejected_bytes <= 2 * fed


@pytest.mark.parametrize("name", families())
def test_a_silent_device_is_a_lost_link_or_is_waited_for(name: str) -> None:
    """A controller whose device never answers raises LinkLostError, and nothing else."""
    controller = families()[name].new_controller(StreamSettings())
    now_ns = 5_000_000_000
    controller.link_up(now_ns, 244)
    for _ in range(3000):
        due_ns = controller.next_poll_ns()
        if due_ns is None or controller.state is ControllerState.STREAMING:
            return
        now_ns = max(now_ns, due_ns)
        try:
            controller.poll(now_ns)
        except LinkLostError:
            return
    pytest.fail("it asks for ever")


@pytest.mark.parametrize("name", FAMILIES)
def test_it_stops_when_it_is_asked_to(name: str) -> None:
    bench = Bench(name, scenario="standing_still").run(4.0).stop()
    assert bench.controller.state is ControllerState.STOPPED
    assert bench.link_losses == 0


@pytest.mark.parametrize("name", FAMILIES)
def test_small_packets(name: str) -> None:
    """A link that carries only twenty bytes at a time: samples, or a reason why not."""
    bench = Bench(name, scenario="standing_still", mtu=23).run(5.0)
    rejected = bench.decoder.counters.rejected_bytes
    assert bench.samples or bench.link_losses or bench.controller.failure or rejected
