"""What a device does while its link is away, and how a session is resumed."""

import struct

import pytest
from omp_rig import HELLO, SECOND_US, Bench, device, indices, streaming, tlv

from firmware_sim.omp.tables import NEXT_STATE, Op, SessionEvent, SessionState


def test_the_table_of_states_is_the_specification_s() -> None:
    idle, live, linger = SessionState.IDLE, SessionState.STREAMING, SessionState.LINGER
    e = SessionEvent
    expected = {
        (idle, e.START): live,
        (live, e.STOP): idle,
        (linger, e.STOP): idle,
        (live, e.LINK_LOST): linger,
        (live, e.BATTERY_LOW): idle,
        (live, e.SENSOR_FAULT): idle,
        (linger, e.RESUMED): live,
        (linger, e.LINGER_OVER): idle,
        (linger, e.BATTERY_LOW): idle,
        (linger, e.SENSOR_FAULT): idle,  # ours: no samples, nothing to linger for
    }
    assert expected == NEXT_STATE


@pytest.mark.parametrize("way", ["link", "data"])
def test_resume_status_first_then_live_from_the_next_sample(way: str) -> None:
    host = streaming()
    host.wait(3 * SECOND_US)
    before = indices(host.samples())
    since = len(host.log)
    if way == "link":
        host.drop()
        host.wait(7 * SECOND_US)
        host.connect(hello=False)
        hello = host.ask(Op.HELLO, HELLO)
        assert 0x05 in hello.tlvs
    else:
        host.peer.subscribe("data", host.now, enabled=False)
        host.wait(7 * SECOND_US)
        host.peer.subscribe("data", host.now, enabled=True)
    host.wait(2 * SECOND_US)
    data = [d for _, lane, d in host.log[since:] if lane == "data"]
    assert data[0][0] == 0x32
    latest = struct.unpack("<QIHBB", data[0][2:])[1]
    after = indices(host.samples(since=since))
    assert after[0] == latest + 1
    assert after == list(range(after[0], after[-1] + 1))
    # What is missing is in the ring, all of it.
    gap = (before[-1] + 1, after[0] - before[-1] - 1)
    granted = host.ask(Op.BACKFILL, tlv(0x30, "II", *gap))
    assert struct.unpack("<II", granted.tlvs[0x32]) == (gap[0], after[0] - 1)
    host.wait(10 * SECOND_US)
    assert indices(host.samples("bulk")) == list(range(gap[0], after[0]))


def test_the_resumed_session_is_the_same() -> None:
    host = streaming()
    session = host.ask(Op.START).tlvs[0x24]  # status 6 carries it
    host.wait(SECOND_US)
    host.drop()
    host.wait(59 * SECOND_US)
    host.connect(hello=False)
    assert host.ask(Op.HELLO, HELLO).tlvs[0x05] == session


def test_linger_ends_after_a_minute_with_an_empty_ring() -> None:
    host = streaming()
    host.wait(SECOND_US)
    host.drop()
    host.wait(60 * SECOND_US)
    host.connect(hello=False)
    assert 0x05 not in host.ask(Op.HELLO, HELLO).tlvs
    assert host.ask(Op.STOP).status == 6
    assert host.ask(Op.BACKFILL, tlv(0x30, "II", 0, 100)).status == 12


def test_stop_while_lingering_keeps_the_ring() -> None:
    host = streaming()
    host.wait(2 * SECOND_US)
    host.peer.subscribe("data", host.now, enabled=False)
    host.wait(2 * SECOND_US)
    since = len(host.log)
    last = host.ask(Op.STOP).u32(0x31)
    assert host.samples(since=since) == []
    host.ask(Op.BACKFILL, tlv(0x30, "II", 0, 10**6))
    host.wait(10 * SECOND_US)
    assert indices(host.samples("bulk")) == list(range(last + 1))


@pytest.mark.parametrize("link", ["up", "down"])
def test_low_battery_ends_the_session(link: str) -> None:
    sensor = device()
    host = Bench(sensor.ble).connect()
    host.ask(Op.START)
    host.wait(SECOND_US)
    if link == "down":
        host.drop()
    sensor.set_battery(host.now, 2.0)
    host.wait(2 * SECOND_US)
    assert [event.code for event in host.events()] == ([5] if link == "up" else [])
    if link == "down":
        host.connect()
    assert host.ask(Op.STOP).status == 6
    assert host.ask(Op.START).status == 13
    held = host.ask(Op.BACKFILL, tlv(0x30, "II", 0, 10)).status
    assert held == (0 if link == "up" else 12)


def test_sensor_fault_ends_the_session() -> None:
    sensor = device()
    host = Bench(sensor.ble).connect()
    host.ask(Op.START)
    host.wait(SECOND_US)
    sensor.break_sensor(host.now)
    host.wait(2 * SECOND_US)
    assert [event.code for event in host.events()] == [6]
    assert host.ask(Op.START).status == 14
    assert host.status()[-1] & 0b1000
