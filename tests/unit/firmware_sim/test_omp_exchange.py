"""One request after the other: repeats, floods, and any bytes whatsoever."""

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omp_requests_rig import ALREADY, BUSY, GOOD, LOW, OK, PARAMETER, SENSOR, STATE, bench
from omp_rig import HELLO, SECOND_US, Bench, device

from firmware_sim.omp.tables import Op


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
