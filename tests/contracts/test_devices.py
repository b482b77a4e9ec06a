"""What every device family promises; a new module in sensorhub/devices is picked up by itself."""

import ast
import math
import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sensorhub.devices
from sensorhub.devices.base import (
    Controller,
    ControllerState,
    Decoder,
    DeviceFamily,
    LinkCounters,
    StreamSettings,
)
from sensorhub.devices.registry import families, family, recognise
from sensorhub.model.errors import InputError, LinkLostError
from sensorhub.model.events import BytesRejected, DeviceEvent
from sensorhub.model.link import Record, RecordKind

FAMILIES = pytest.mark.parametrize("one", families().values(), ids=lambda one: one.name)
PACKAGE = Path(sensorhub.devices.__file__).parent
S = 1_000_000_000


def lanes(one: DeviceFamily) -> list[str]:
    found = [] if one.ble is None else [channel.name for channel in one.ble.channels]
    return [*found, *(["serial"] if one.serial is not None else []), "no such lane"]


records = st.lists(
    st.tuples(st.sampled_from(RecordKind), st.integers(0, 20), st.binary(max_size=80)), max_size=40
)


def log_of(one: DeviceFamily, drawn: list[tuple[RecordKind, int, bytes]]) -> list[Record]:
    names = lanes(one)
    return [
        Record(kind, names[lane % len(names)], data, number * S // 50)
        for number, (kind, lane, data) in enumerate(drawn)
    ]


def test_every_module_with_a_family_is_found() -> None:
    declaring = {
        path.stem
        for path in PACKAGE.glob("*.py")
        if any(
            isinstance(node, ast.Assign)
            and any(isinstance(t, ast.Name) and t.id == "FAMILY" for t in node.targets)
            for node in ast.parse(path.read_text()).body
        )
    }
    assert len(families()) == len(declaring)
    assert "omp" in families()


def test_a_new_family_is_one_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "brandnew.py").write_text(
        "from dataclasses import replace\n"
        "from sensorhub.devices.omp import FAMILY as OMP\n"
        "FAMILY = replace(OMP, name='brandnew', ble=replace(OMP.ble,"
        " service_uuids=('0000feed-0000-1000-8000-00805f9b34fb',), name_prefixes=('NEW-',)))\n"
    )
    monkeypatch.setattr(sensorhub.devices, "__path__", [str(PACKAGE), str(tmp_path)])
    families.cache_clear()
    try:
        assert family("brandnew").name == "brandnew"
        found = recognise(["0000FEED-0000-1000-8000-00805F9B34FB"], None)
        assert found is family("brandnew")
        assert recognise([], "NEW-12") is found
    finally:
        families.cache_clear()


def test_an_unknown_family_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        family("opm")
    assert "omp" in caught.value.hint


def test_nobody_is_recognised_by_nothing() -> None:
    assert recognise([], None) is None
    assert recognise([], "") is None
    assert recognise(["0000180f-0000-1000-8000-00805f9b34fb"], "Headphones") is None


@FAMILIES
def test_a_family_says_what_it_is(one: DeviceFamily) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", one.name)
    assert families()[one.name] is one
    assert one.title
    assert one.evidence in ("vector-tested", "simulated", "hardware-tested")
    assert one.ble is not None or one.serial is not None
    assert all(0.1 <= rate <= 2000 for rate in one.rates_hz)


@FAMILIES
def test_a_family_is_recognised_by_its_own_services(one: DeviceFamily) -> None:
    if one.ble is None:
        pytest.skip("not a radio family")
    for uuid in one.ble.service_uuids:
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", uuid)
        assert recognise([uuid.upper()], None) is one
    names = [channel.name for channel in one.ble.channels]
    assert len(set(names)) == len(names)
    assert any(channel.notify for channel in one.ble.channels)


@FAMILIES
def test_parts_begin_fresh(one: DeviceFamily) -> None:
    decoder: Decoder = one.new_decoder()
    controller: Controller = one.new_controller(StreamSettings())
    assert decoder.counters == LinkCounters()
    assert controller.state is ControllerState.DOWN
    assert controller.failure is None
    assert controller.poll(0) == []
    assert one.new_decoder() is not decoder


@FAMILIES
@settings(max_examples=80, deadline=None)
@given(drawn=records)
def test_no_record_makes_a_decoder_raise(
    one: DeviceFamily, drawn: list[tuple[RecordKind, int, bytes]]
) -> None:
    decoder = one.new_decoder()
    rejected = 0
    for record in log_of(one, drawn):
        for event in decoder.feed(record):
            assert isinstance(event, DeviceEvent)
            assert event.host_time_ns == record.host_time_ns
            if isinstance(event, BytesRejected):
                rejected += event.count
    assert decoder.counters.rejected_bytes == rejected


@FAMILIES
@settings(max_examples=40, deadline=None)
@given(drawn=records)
def test_the_same_records_give_the_same_events(
    one: DeviceFamily, drawn: list[tuple[RecordKind, int, bytes]]
) -> None:
    log = log_of(one, drawn)
    first, second = one.new_decoder(), one.new_decoder()
    for record in log:
        assert repr(first.feed(record)) == repr(second.feed(record))
    assert first.counters == second.counters


@FAMILIES
@pytest.mark.parametrize("max_payload", [None, 20, 244])
def test_a_controller_survives_a_device_that_talks_nonsense(
    one: DeviceFamily, max_payload: int | None
) -> None:
    """Whatever comes: it polls, writes on lanes it has, and gives up only by LinkLostError."""
    if (one.serial if max_payload is None else one.ble) is None:
        pytest.skip("not a link of this family")
    rng = random.Random(5)
    decoder, controller = one.new_decoder(), one.new_controller(StreamSettings())
    names = lanes(one)
    now_ns = S
    for _ in range(300):
        if controller.state is ControllerState.DOWN:
            controller.link_up(now_ns, max_payload)
        now_ns += rng.randrange(S // 2)
        try:
            written = controller.poll(now_ns)
        except LinkLostError:
            controller.link_down(now_ns)
            continue
        for outgoing in written:
            assert outgoing.channel in names
            assert outgoing.data
            if max_payload is not None:
                assert len(outgoing.data) <= max_payload
            _tell(decoder, controller, RecordKind.SENT, outgoing.channel, outgoing.data, now_ns)
        lane = rng.choice(names)
        _tell(decoder, controller, RecordKind.RECEIVED, lane, rng.randbytes(24), now_ns)
        due_ns = controller.next_poll_ns()
        assert due_ns is None or math.isfinite(due_ns)
        controller.cue(now_ns, "start")
    controller.request_stop(now_ns)


def _tell(
    decoder: Decoder, controller: Controller, kind: RecordKind, lane: str, data: bytes, now_ns: int
) -> None:
    for event in decoder.feed(Record(kind, lane, data, now_ns)):
        controller.handle(event, now_ns)
