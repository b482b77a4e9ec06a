"""What the device refuses: every operation, every refusal, and in which order they are checked."""

import zlib

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omp_requests_rig import (
    ALREADY,
    EVICTED,
    GOOD,
    LENGTH,
    OK,
    PARAMETER,
    STATE,
    UNKNOWN,
    UNSUPPORTED,
    VERSION,
    WANTED,
    bench,
)
from omp_rig import HELLO, SECOND_US, Bench, device, tlv

from firmware_sim.omp.tables import OPS, REFUSED, Op, SessionState


def test_hello_says_who_it_is() -> None:
    host = bench()
    answer = host.ask(Op.HELLO, HELLO)
    assert answer.tlvs[0x01] == b"\x01\x00"
    assert len(answer.tlvs[0x02]) == 8
    assert answer.u32(0x03) != 0
    assert answer.u16(0x04) == 247
    assert answer.u32(0x06) == zlib.crc32(host.peer.services[0].characteristics[3].value)
    assert 0x05 not in answer.tlvs


def test_hello_of_another_major_version_is_refused_with_ours() -> None:
    host = Bench(device().ble).connect(hello=False)
    answer = host.ask(Op.HELLO, b"\x01\x02\x02\x00")
    assert (answer.status, answer.tlvs) == (VERSION, {0x01: b"\x01\x00"})
    assert host.ask(Op.GET_CONFIG).status == STATE
    assert host.ask(Op.HELLO, b"\x01\x02\x01\x63").status == OK


def test_a_second_transport_is_busy_while_the_first_is_ready() -> None:
    sensor = device()
    ble = Bench(sensor.ble).connect()
    sensor.serial.link_up(ble.now, mtu=None)
    from firmware_sim.omp.framing import Frame, FrameReader, encode_frame

    def ask_serial() -> list[Frame]:
        sensor.serial.poll(ble.now)
        sensor.serial.receive("serial", encode_frame(1, b"\x01\x09" + HELLO), ble.now)
        ble.wait(10_000)
        data = b"".join(sent.data for sent in sensor.serial.poll(ble.now))
        return FrameReader(frozenset(range(1, 6))).push(data)

    assert ask_serial() == [Frame(1, b"\xf0\x01\x09\x07\x00")]
    ble.drop()
    (answer,) = ask_serial()[:1]
    assert answer.packet[3] == OK


@pytest.mark.parametrize("op", [op for op in Op if op is not Op.HELLO])
def test_nothing_but_hello_before_ready(op: Op) -> None:
    host = Bench(device().ble).connect(hello=False)
    # Unknown, malformed and unsupported requests alike: this check comes first.
    assert host.ask(op, GOOD.get(op, b"")).status == STATE
    assert host.ask(0x55).status == STATE
    assert host.ask(op, b"\x30").status == STATE


@given(st.integers(0, 255).filter(lambda op: op not in tuple(Op)), st.binary(max_size=30))
@settings(max_examples=40)
def test_unknown_operations(op: int, body: bytes) -> None:
    assert bench().ask(op, body).status == UNKNOWN


@pytest.mark.parametrize("op", [op for op in Op if not OPS[op].free])
def test_cut_parameters(op: Op) -> None:
    # Before the critical, the missing and the unsupported.
    assert bench().ask(op, b"\xff\x01").status == LENGTH
    assert bench().ask(op, b"\x99").status == LENGTH


@pytest.mark.parametrize("op", [op for op in Op if OPS[op].accepted])
def test_wrong_length_of_each_parameter_an_operation_takes(op: Op) -> None:
    for kind in OPS[op].accepted:
        body = bytes((kind, 15)) + bytes(15)
        assert bench().ask(op, body + b"\xee\x00").status == LENGTH, kind.name


@pytest.mark.parametrize("op", [op for op in Op if OPS[op].implemented])
def test_unknown_parameters_are_ignored_unless_critical(op: Op) -> None:
    host = bench()
    good = GOOD.get(op, b"")
    if op is Op.BACKFILL_CANCEL:
        expected = ALREADY
    elif op is Op.BACKFILL:
        expected = EVICTED
    else:
        expected = {Op.STOP: ALREADY, Op.MARK: STATE}.get(op, OK)
    assert host.ask(op, b"\x80\x00" + good).status == UNSUPPORTED
    if op is not Op.TIME_SYNC:
        assert host.ask(op, b"\x7f\x02\x01\x02" + good + b"\x7f\x00").status == expected


@pytest.mark.parametrize("op", [op for op in Op if OPS[op].required])
def test_missing_and_duplicate_parameters(op: Op) -> None:
    assert bench().ask(op).status == PARAMETER
    assert bench().ask(op, GOOD[op] * 2).status == PARAMETER


@pytest.mark.parametrize("op", [Op.CAL, Op.VENDOR])
def test_not_implemented(op: Op) -> None:
    assert bench().ask(op).status == UNSUPPORTED


def test_vendor_payload_is_free() -> None:
    assert bench().ask(Op.VENDOR, b"\x99\x99\x99").status == UNSUPPORTED


@pytest.mark.parametrize(
    "op", [op for op in Op if OPS[op].feature is not None and OPS[op].implemented]
)
def test_optional_operations_may_be_absent(op: Op) -> None:
    poor = bench(features=frozenset())
    assert poor.ask(op, GOOD.get(op, b"")).status == UNSUPPORTED
    assert poor.ask(op, b"\x30").status == LENGTH
    capabilities = poor.peer.services[0].characteristics[3].value
    assert cbor2.loads(capabilities)[8] == 0


@pytest.mark.parametrize(
    ("op", "body"),
    [
        (Op.GET_CONFIG, tlv(0x10, "B", 1)),
        (Op.SET_CONFIG, tlv(0x10, "B", 7)),
        (Op.START, tlv(0x10, "B", 1)),
        (Op.BACKFILL, WANTED + tlv(0x10, "B", 1)),
        (Op.BACKFILL, tlv(0x30, "II", 5, 0)),
        (Op.GET_CAPS, tlv(0x07, "H", 0xFFFF)),
        (Op.CUE, tlv(0x40, "BBBBHHB", 101, 0, 0, 0, 1, 1, 1)),
        (Op.CUE, tlv(0x40, "BBBBHHB", 0, 0, 0, 255, 1, 1, 1)),
        (Op.NAME, b"\x52\x02\xff\xfe"),
        (Op.SET_WALLCLOCK, tlv(0x50, "Q", 1 << 63)),
    ],
)
def test_bad_values(op: Op, body: bytes) -> None:
    assert bench().ask(op, body).status == PARAMETER


@pytest.mark.parametrize("op", [op for op in Op if OPS[op].notify is not None])
def test_what_needs_notifications(op: Op) -> None:
    lane = OPS[op].notify
    host = Bench(device().ble).connect(lanes="control")
    assert host.ask(op, GOOD.get(op, b"")).status == STATE, lane


def in_state(state: SessionState) -> Bench:
    host = bench()
    if state is not SessionState.IDLE:
        assert host.ask(Op.START).status == OK
        host.wait(SECOND_US)
    if state is SessionState.LINGER:
        host.peer.subscribe("data", host.now, enabled=False)
        host.wait(SECOND_US)
    return host


@pytest.mark.parametrize("state", SessionState)
@pytest.mark.parametrize("op", [Op.SET_CONFIG, Op.SLEEP, Op.STOP, Op.MARK, Op.GET_CONFIG, Op.CUE])
def test_session_states(op: Op, state: SessionState) -> None:
    allowed = REFUSED.get((op, state), OK)
    assert in_state(state).ask(op, GOOD.get(op, b"")).status == allowed


def test_the_table_of_refusals_is_the_specification_s() -> None:
    running = (SessionState.STREAMING, SessionState.LINGER)
    expected = {(Op.SET_CONFIG, s): STATE for s in running} | {
        (Op.SLEEP, s): STATE for s in running
    }
    expected |= {(Op.START, s): ALREADY for s in running}
    expected |= {(Op.STOP, SessionState.IDLE): ALREADY, (Op.MARK, SessionState.IDLE): STATE}
    assert expected == REFUSED


def test_start_while_running_tells_of_the_running_session() -> None:
    host = bench()
    started = host.ask(Op.START, tlv(0x11, "I", 52_000))
    again = host.ask(Op.START, tlv(0x11, "I", 208_000))
    assert again.status == ALREADY
    assert again.tlvs == started.tlvs
