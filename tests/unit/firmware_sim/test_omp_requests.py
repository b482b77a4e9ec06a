"""What the device answers: every operation, every refusal, and in which order they are checked."""

import random
import struct
import zlib

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omp_rig import HELLO, SECOND_US, Bench, RampImu, device, tlv

from firmware_sim.omp.tables import OPS, REFUSED, Feature, Op, SessionState

OK, UNKNOWN, LENGTH, PARAMETER, UNSUPPORTED, STATE, ALREADY, BUSY = range(8)
RANGE, RATE, MTU, EVICTED, LOW, SENSOR, VERSION = 9, 10, 11, 12, 13, 14, 15
LABEL, WANTED = tlv(0x53, "H", 5), tlv(0x30, "II", 0, 10)
CUE = tlv(0x40, "BBBBHHB", 100, 0, 0, 80, 200, 100, 3)
# A well-formed request of each operation.
GOOD = {
    Op.HELLO: HELLO,
    Op.GET_CAPS: tlv(0x07, "H", 0),
    Op.GET_CONFIG: tlv(0x10, "B", 0),
    Op.SET_CONFIG: tlv(0x11, "I", 52_000),
    Op.SET_WALLCLOCK: tlv(0x50, "Q", 1_700_000_000_000_000),
    Op.BACKFILL: WANTED,
    Op.CUE: CUE,
    Op.NAME: b"\x52\x03Eva",
    Op.MARK: LABEL,
}


def bench(**options: object) -> Bench:
    return Bench(device(**options).ble).connect()


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


def test_configuration_is_granted_and_kept() -> None:
    host = bench()
    granted = host.ask(
        Op.SET_CONFIG,
        tlv(0x11, "I", 100_000) + tlv(0x12, "H", 3) + tlv(0x13, "H", 501) + tlv(0x14, "B", 9),
    )
    assert (granted.u32(0x11), granted.u16(0x12), granted.u16(0x13)) == (104_000, 4, 1000)
    assert set(granted.tlvs) == set(range(0x10, 0x17))
    changed = host.ask(Op.SET_CONFIG, tlv(0x15, "H", 100))
    assert changed.tlvs == granted.tlvs | {0x15: struct.pack("<H", 100)}
    assert host.ask(Op.GET_CONFIG).tlvs == changed.tlvs
    host.drop()
    host.wait(SECOND_US)
    host.connect()
    assert host.ask(Op.GET_CONFIG).tlvs == changed.tlvs


def test_defaults_after_boot() -> None:
    answer = bench().ask(Op.GET_CONFIG)
    values = (answer.u32(0x11), answer.u16(0x12), answer.u16(0x13), answer.u16(0x15))
    assert values == (104_000, 8, 1000, 40)
    assert (answer.tlvs[0x10], answer.tlvs[0x14], answer.tlvs[0x16]) == (b"\0", b"\0", b"\x11")


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (13_000, 26_000),  # exactly half the lowest
        (12_999, None),
        (78_000, 104_000),  # a tie goes up
        (77_999, 52_000),
        (1_666_000, 833_000),  # twice the highest that the protocol allows
        (1_666_001, None),
        (0, None),
    ],
)
def test_rates(asked: int, granted: int | None) -> None:
    answer = bench().ask(Op.SET_CONFIG, tlv(0x11, "I", asked))
    if granted is None:
        assert (answer.status, answer.tlvs) == (RATE, {})
    else:
        assert answer.u32(0x11) == granted


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (tlv(0x12, "H", 17), RANGE),
        (tlv(0x13, "H", 2001), RANGE),
        (tlv(0x16, "B", 0x14), UNSUPPORTED),
        (tlv(0x16, "B", 0x00), UNSUPPORTED),
        (tlv(0x11, "I", 0) + tlv(0x12, "H", 17), RATE),
    ],
)
def test_refused_configuration_changes_nothing(body: bytes, status: int) -> None:
    host = bench()
    before = host.ask(Op.GET_CONFIG).tlvs
    assert host.ask(Op.SET_CONFIG, tlv(0x15, "H", 7) + body).status == status
    assert host.ask(Op.START, tlv(0x15, "H", 7) + body).status == status
    assert host.ask(Op.GET_CONFIG).tlvs == before
    assert host.ask(Op.STOP).status == ALREADY


def test_a_format_that_does_not_fit_the_packet() -> None:
    from firmware_sim.omp.config import StreamConfig, grant
    from firmware_sim.omp.tables import Status

    assert grant(StreamConfig(), {}, RampImu(), max_packet=19) is Status.MTU_TOO_SMALL
    assert grant(StreamConfig(), {}, RampImu(), max_packet=20) == StreamConfig()


def test_capabilities_in_parts_are_the_characteristic() -> None:
    host = Bench(device().ble, mtu=23).connect()
    whole = host.peer.services[0].characteristics[3].value
    got = b""
    while len(got) < len(whole):
        answer = host.ask(Op.GET_CAPS, tlv(0x07, "H", len(got)))
        assert answer.u16(0x09) == len(whole)
        assert 0 < len(answer.tlvs[0x08]) <= 9
        got += answer.tlvs[0x08]
    assert got == whole
    assert len(whole) <= 512
    assert host.ask(Op.GET_CAPS, tlv(0x07, "H", len(whole))).status == PARAMETER


def test_capability_map() -> None:
    host = bench()
    value = host.peer.services[0].characteristics[3].value
    content = cbor2.loads(value)
    assert value == cbor2.dumps(content, canonical=True)
    assert set(content) == {0, 1, 2, 3, 4, 5, 6, 7, 8}
    assert content[0] == [1, 0]
    assert content[4] == host.ask(Op.HELLO, HELLO).tlvs[0x02]
    (stream,) = content[5]
    assert stream[0] == 0
    assert stream[1] == [0x11, 0x12]
    assert max(stream[2]) <= 1_000_000
    optional = (Feature.WALLCLOCK, Feature.BACKFILL, Feature.CUE, Feature.NAME, Feature.SLEEP)
    assert content[8] == sum(1 << bit for bit in (*optional, Feature.MARK))


def test_a_small_mtu_gets_the_answer_in_whole_parameters() -> None:
    host = Bench(device().ble, mtu=23).connect()
    answer = host.ask(Op.START)
    assert len(answer.packets) > 1
    assert all(len(packet) <= 20 for packet in answer.packets)
    assert set(answer.tlvs) == {0x20, 0x21, 0x22, 0x23, 0x24, 0x25}


def test_time_sync_answers_on_data_only() -> None:
    host = bench(ppm=40.0)
    host.wait(100 * SECOND_US)
    before = len(host.log)
    host.send(Op.TIME_SYNC, tid=77)
    arrived = host.now
    host.wait(10_000)
    new = [(lane, data) for _, lane, data in host.log[before:]]
    assert [lane for lane, _ in new] == ["data"]
    kind, tid, t2, work = struct.unpack("<BBQH", new[0][1])
    assert (kind, tid) == (0x31, 77)
    assert t2 == int(arrived * 1.00004)
    left = next(t for t, lane, data in host.log[before:] if data[0] == 0x31)
    assert abs(work - (left - arrived)) <= 1


def test_status_answers_and_then_reports() -> None:
    host = bench()
    before = len(host.log)
    answer = host.ask(Op.STATUS)
    assert (answer.status, answer.tlvs) == (OK, {})
    assert [lane for _, lane, _ in host.log[before:]] == ["control", "data"]
    _, index, millivolts, percent, bits = host.status()
    assert (index, percent, bits) == (0xFFFFFFFF, 81, 0)
    assert 3900 < millivolts < 4100


def test_wallclock_is_an_offset_and_moves_nothing() -> None:
    host = bench()
    host.wait(7 * SECOND_US)
    utc = 1_700_000_000_000_000
    answer = host.ask(Op.SET_WALLCLOCK, tlv(0x50, "Q", utc))
    (offset,) = struct.unpack("<q", answer.tlvs[0x51])
    assert abs(utc - offset - host.now) < 100_000
    small = host.ask(Op.SET_WALLCLOCK, tlv(0x50, "Q", 0))
    assert struct.unpack("<q", small.tlvs[0x51])[0] < 0


def test_name_is_read_set_and_kept_over_a_reboot() -> None:
    host = bench()
    first = host.ask(Op.NAME).tlvs[0x52].decode()
    assert host.peer.advertisement.name == first
    assert host.ask(Op.NAME, b"\x52\x0dJ\xc3\xbcrgens left").status == OK
    host.ask(Op.RESET)
    host.wait(3 * SECOND_US)
    host.drop()
    host.connect()
    assert host.ask(Op.NAME).tlvs[0x52].decode() == "Jürgens left"
    assert host.peer.advertisement.name == "Jürgens left"
    assert host.ask(Op.NAME, b"\x52\x00").status == OK
    assert host.peer.advertisement.name == first


def test_mark_gives_index_and_time_and_an_event() -> None:
    host = bench()
    host.ask(Op.START)
    host.wait(2 * SECOND_US)
    answer = host.ask(Op.MARK, tlv(0x53, "H", 0x1234))
    (event,) = (event for event in host.events() if event.code == 7)
    assert (event.arg, event.index, event.t) == (0x34, answer.u32(0x54), answer.u64(0x55))


def test_identify_blinks_for_five_seconds() -> None:
    sensor = device()
    host = Bench(sensor.ble).connect()
    assert host.ask(Op.IDENTIFY).status == OK
    seen = set()
    for _ in range(20):
        host.wait(250_000)
        seen.add(sensor.output(host.now).red)
    assert seen == {0, 100}
    host.wait(SECOND_US)
    assert sensor.output(host.now).red == 0


def test_a_repeat_gets_the_same_answer_and_acts_once() -> None:
    host = bench()
    first = host.ask(Op.START, tid=50)
    host.wait(SECOND_US)
    again = host.ask(Op.START, tid=50)
    assert again.packets == first.packets
    stopped = host.ask(Op.STOP, tid=51)
    assert host.ask(Op.STOP, tid=51).packets == stopped.packets
    assert host.ask(Op.STOP, tid=52).status == ALREADY


def test_a_new_link_forgets_the_last_answer() -> None:
    host = bench()
    assert host.ask(Op.GET_CONFIG, tid=9).status == OK
    host.drop()
    host.connect(hello=False)
    assert host.ask(Op.GET_CONFIG, tid=9).status == STATE


def test_hello_and_time_sync_are_never_replayed() -> None:
    host = bench()
    host.ask(Op.START)
    running = host.ask(Op.HELLO, HELLO, tid=3)
    host.ask(Op.STOP)
    idle = host.ask(Op.HELLO, HELLO, tid=3)
    assert 0x05 in running.tlvs
    assert 0x05 not in idle.tlvs
    for _ in range(2):
        host.send(Op.TIME_SYNC, tid=4)
        host.wait(5 * SECOND_US)
    times = [struct.unpack("<BBQH", d)[2] for d in host.on("data") if d[0] == 0x31]
    assert times[1] - times[0] == pytest.approx(5 * SECOND_US, abs=50_000)


def test_one_request_at_a_time() -> None:
    host = bench()
    before = len(host.log)
    host.send(Op.GET_CONFIG, tid=100)
    host.send(Op.GET_CONFIG, tid=100)  # a repeat of the one in work: ignored
    host.send(Op.STATUS, tid=101)  # another: busy
    host.send(Op.STOP, tid=102)  # its state is checked first
    host.send(Op.MARK, tid=103)  # and its form before that
    host.wait(50_000)
    answers = [(d[1], d[2], d[3]) for d in host.on("control", before)]
    assert answers == [
        (Op.GET_CONFIG, 100, OK),
        (Op.STATUS, 101, BUSY),
        (Op.STOP, 102, ALREADY),
        (Op.MARK, 103, PARAMETER),
    ]
    assert host.ask(Op.STATUS, tid=101).status == OK


@pytest.mark.parametrize(("op", "lane"), [(Op.START, "control"), (Op.TIME_SYNC, "data")])
def test_an_answer_that_is_no_longer_wanted_does_not_block(op: Op, lane: str) -> None:
    host = bench()
    host.send(op, tid=30)
    host.peer.subscribe(lane, host.now, enabled=False)
    host.peer.subscribe(lane, host.now, enabled=True)
    if op is Op.START:  # the repeat gets the same answer, and with it the samples begin
        assert host.ask(op, tid=30).status == OK
        host.wait(SECOND_US)
        assert [ax for packet in host.samples() for ax, *_ in packet.values][:3] == [0, 1, 2]
    assert host.ask(Op.GET_CONFIG).status == OK


def test_a_flood_is_bounded_and_over_when_it_is_over() -> None:
    sensor = device()
    host = Bench(sensor.ble).connect()
    for number in range(1000):
        host.send(Op.STATUS, tid=number % 256)
    assert len(sensor.core.ports[0]._waiting) <= 257
    host.wait(5 * SECOND_US)
    assert host.ask(Op.GET_CONFIG, tid=7).status == OK


def test_requests_shorter_than_two_bytes_are_ignored() -> None:
    host = bench()
    before = len(host.log)
    for data in (b"", b"\x07"):
        assert host.peer.receive("control", data, host.now) is None
    host.wait(50_000)
    assert len(host.log) == before


def test_attribute_errors() -> None:
    sensor = device()
    host = Bench(sensor.ble, mtu=23).connect(hello=False, lanes="data bulk")
    assert host.send(Op.HELLO, HELLO) == 0xFD
    host.peer.subscribe("control", host.now, enabled=True)
    assert host.send(Op.HELLO, HELLO + bytes(20)) == 0x0D
    for lane in ("data", "bulk", "capabilities", "battery", "nonsense"):
        assert host.peer.receive(lane, b"\x01\x01", host.now) == 0x03
    assert host.ask(Op.HELLO, HELLO).status == OK


def test_start_needs_battery_and_sensor() -> None:
    sensor = device()
    host = Bench(sensor.ble).connect()
    sensor.break_sensor(host.now)
    sensor.set_battery(host.now, 1.0)
    assert host.ask(Op.START).status == LOW
    sensor.set_battery(host.now, 50.0)
    assert host.ask(Op.START).status == SENSOR
    host.ask(Op.STATUS)
    assert host.status()[-1] == 0b1000


REQUEST = st.one_of(
    st.binary(max_size=60),
    st.builds(
        lambda op, tid, body: bytes((op, tid)) + body,
        st.sampled_from(tuple(Op)),
        st.integers(0, 3),
        st.binary(max_size=24) | st.sampled_from(tuple(GOOD.values())),
    ),
    st.sampled_from([bytes((op, 9)) + GOOD.get(op, b"") for op in Op]),
)
ACTION = st.one_of(
    st.tuples(st.just("write"), REQUEST),
    st.tuples(st.just("wait"), st.sampled_from((0, 300, 20_000, 3_000_000, 70_000_000))),
    st.tuples(
        st.sampled_from(("on", "off")), st.sampled_from(("control", "data", "bulk", "battery", "x"))
    ),
    st.tuples(st.sampled_from(("up", "down", "reboot")), st.none()),
)


@given(st.lists(ACTION, max_size=25), st.sampled_from((23, 65, 247, 517)))
@settings(max_examples=120, deadline=None)
def test_any_order_of_anything_never_raises_and_stays_bounded(
    actions: list[tuple[str, object]], mtu: int
) -> None:
    sensor = device(ring_bytes=6_000)
    host = Bench(sensor.ble, mtu=mtu).connect()
    for name, value in actions:
        match name, value:
            case "write", bytes(data):
                host.peer.receive("control", data, host.now)
            case "wait", int(us):
                host.wait(us)
            case (("on" | "off"), str(lane)):
                host.peer.subscribe(lane, host.now, enabled=name == "on")
            case "up", _:
                host.peer.link_up(host.now, mtu=mtu)
            case "down", _:
                host.peer.link_down(host.now)
            case _:
                sensor.reboot(host.now)
        host.wait(0)
        due = host.peer.next_poll_us()
        assert due is None or due > host.now
    assert all(0 < len(data) <= mtu - 3 for _, _, data in host.log)
    # It is still a sensor: a fresh link answers, once it was woken if it had been sent to sleep.
    host.peer.link_down(host.now)
    host.wait(2 * SECOND_US)
    sensor.press_button(host.now)
    host.wait(2 * SECOND_US)
    host.connect()
    assert host.ask(Op.GET_CONFIG, tid=200).status == OK


@given(st.lists(st.binary(max_size=40), max_size=12), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_any_bytes_on_the_serial_line(pieces: list[bytes], seed: int) -> None:
    from firmware_sim.omp.framing import encode_frame

    sensor = device(seed=seed)
    sensor.serial.link_up(0, mtu=None)
    now = 0
    for piece in pieces:
        now += 10_000
        sensor.serial.receive("serial", piece, now)
        sensor.serial.poll(now)
    sensor.serial.receive("serial", b"\0" + encode_frame(1, b"\x01\x07" + HELLO), now)
    sent = b"".join(s.data for s in sensor.serial.poll(now + 100_000))
    assert b"\xf0" in sent


def test_a_million_random_and_mutated_bytes() -> None:
    from firmware_sim.omp.framing import FrameReader, encode_frame

    source = random.Random(11)
    good = [encode_frame(1, bytes((op, 9)) + GOOD.get(op, b"")) for op in Op]
    sensor = device(ring_bytes=6_000)
    peer, now, fed = sensor.serial, 0, 0
    dropped = lost = boots = 0
    peer.link_up(0, mtu=None)
    while fed < 1_000_000:
        piece = bytearray(b"".join(source.choices(good, k=8)) + source.randbytes(200))
        for _ in range(source.randrange(6)):
            piece[source.randrange(len(piece))] = source.randrange(256)
        fed += len(piece)
        now += 50_000
        peer.receive("serial", bytes(piece), now)
        peer.poll(now)
        dropped = max(dropped, peer.frames_dropped)
        if not peer.reachable(now):  # some of it was RESET and SLEEP
            peer.link_down(now)
            sensor.press_button(now)
            now += 2 * SECOND_US
            boots += 1
            lost += dropped
            dropped = 0
            peer.link_up(now, mtu=None)
    assert lost > 1000
    assert boots > 10
    peer.receive("serial", b"\0" + encode_frame(1, b"\x01\x63" + HELLO), now)
    sent = b"".join(out.data for out in peer.poll(now + SECOND_US))
    answers = FrameReader(frozenset(range(1, 6))).push(sent)
    assert any(frame.packet[:4] == b"\xf0\x01\x63\x00" for frame in answers)
