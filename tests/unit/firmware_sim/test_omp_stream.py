"""Sampling, live packets, lingering, backfill, status, events, power: the device over time."""

import itertools
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omp_rig import HELLO, SECOND_US, Bench, RampImu, Samples, device, tlv

from firmware_sim.omp.tables import NEXT_STATE, Op, SessionEvent, SessionState

LOST, CLIPPED, JUMP, BACKFILLED = 1 << 4, 1 << 5, 1 << 6, 1 << 3
RATE_104 = 1e6 / 104 * 1.001  # true period of the bench's IMU at 104 Hz, us


def indices(packets: list[Samples]) -> list[int]:
    """The index that each sample names itself."""
    return [ay * 32768 + ax for packet in packets for ax, ay, *_ in packet.values]


def streaming(*, mtu: int = 247, body: bytes = b"", **options: object) -> Bench:
    imu = options.pop("imu", None)
    sensor = device(imu, **options)  # type: ignore[arg-type]
    host = Bench(sensor.ble, mtu=mtu).connect()
    assert host.ask(Op.START, body).status == 0
    return host


def test_every_sample_comes_once_in_order_with_its_own_time() -> None:
    sensor = device(ppm=50.0)
    host = Bench(sensor.ble).connect()
    start = host.ask(Op.START)
    host.wait(30 * SECOND_US)
    last = host.ask(Op.STOP).u32(0x31)
    packets = host.samples()
    assert indices(packets) == list(range(last + 1))
    index = 0
    for packet in packets:
        assert packet.seq == index & 0xFFFF
        true_us = start.u64(0x25) + index * RATE_104 * 1.00005
        assert abs(packet.t0 - true_us) <= 2
        index += len(packet.values)
    # The true rate is 0.1 % off, so the promise of each packet holds to far less than a period.
    assert not any(packet.flags for packet in packets)


def test_scales_and_period_are_those_granted() -> None:
    host = Bench(device().ble).connect()
    answer = host.ask(Op.START, tlv(0x12, "H", 4) + tlv(0x13, "H", 2000) + tlv(0x11, "I", 208_000))
    scale = {kind: struct.unpack("<f", answer.tlvs[kind])[0] for kind in (0x21, 0x22)}
    assert scale == {0x21: 4 / 32768, 0x22: np.float32(2000 / 32768 * 1.15)}
    assert answer.u32(0x20) == round(1e9 / 208)
    assert answer.u32(0x23) == 0


def test_accelerometer_only() -> None:
    host = Bench(device().ble).connect()
    answer = host.ask(Op.START, tlv(0x16, "B", 0x12))
    assert 0x22 not in answer.tlvs
    host.wait(SECOND_US)
    assert {packet.kind for packet in host.samples()} == {0x12}
    assert {len(value) for packet in host.samples() for value in packet.values} == {3}


@pytest.mark.parametrize(
    ("mtu", "batch", "latency_ms", "expected"),
    [
        (247, 0, 40, 5),  # 40 ms at 104 Hz: the first and four more
        (247, 4, 1000, 4),
        (247, 0, 5000, 19),
        (128, 0, 5000, 9),
        (23, 0, 40, 1),
        (247, 0, 0, 1),
        (65, 30, 5000, 4),
    ],
)
def test_when_a_packet_is_sent(mtu: int, batch: int, latency_ms: int, expected: int) -> None:
    body = tlv(0x14, "B", batch) + tlv(0x15, "H", latency_ms)
    host = streaming(mtu=mtu, body=body)
    host.wait(10 * SECOND_US)
    counts = [len(packet.values) for packet in host.samples()]
    assert len(counts) > 10
    # The first packets carry what waited for the START response to be confirmed.
    assert set(counts[5:]) == {expected}


def test_samples_wait_for_the_confirmed_start_response() -> None:
    host = Bench(device().ble, mtu=23).connect()
    host.send(Op.START)
    host.wait(2 * SECOND_US)
    confirmed = max(t for t, lane, _ in host.log if lane == "control")
    first = min(t for t, _, data in host.log if data[0] >> 4 == 1)
    assert first >= confirmed + 15_000
    assert indices(host.samples())[0] == 0


def test_stop_sends_what_waits_before_its_response_and_nothing_after() -> None:
    host = streaming(body=tlv(0x15, "H", 60_000))
    host.wait(0.1 * SECOND_US)
    assert host.samples() == []
    since = len(host.log)
    last = host.ask(Op.STOP).u32(0x31)
    host.wait(3 * SECOND_US)
    lanes = [(lane, data[0] >> 4) for _, lane, data in host.log[since:]]
    assert lanes[0] == ("data", 1)
    assert lanes.index(("control", 15)) == sum(lane == ("data", 1) for lane in lanes)
    assert indices(host.samples()) == list(range(last + 1))


def test_sessions_begin_anew() -> None:
    host = Bench(device().ble).connect()
    sessions = []
    for _ in range(3):
        sessions.append(host.ask(Op.START).u32(0x24))
        since = len(host.log)
        host.wait(SECOND_US)
        assert indices(host.samples(since=since))[0] == 0
        host.ask(Op.STOP)
    assert len(set(sessions)) == 3
    assert 0 not in sessions


def test_clipping_and_lost_samples_are_flagged() -> None:
    host = streaming(imu=RampImu(clip_at=frozenset((150, 151, 700))))
    device_ = host.peer._device
    host.wait(4 * SECOND_US)
    device_.lose_samples(host.now, 20)
    host.wait(6 * SECOND_US)
    packets = host.samples()
    seen = indices(packets)
    missing = sorted(set(range(seen[-1] + 1)) - set(seen))
    assert missing == list(range(missing[0], missing[0] + 20))
    (after,) = (packet for packet in packets if packet.flags & LOST)
    assert indices([after])[0] == missing[-1] + 1
    clipped = [packet for packet in packets if packet.flags & CLIPPED]
    assert [{150, 151, 700} & set(indices([packet])) for packet in clipped] in (
        [{150, 151}, {700}],
        [{150}, {151}, {700}],
    )
    assert [event.code for event in host.events()] == [2, 2]


def test_a_line_too_slow_costs_whole_live_packets_and_the_ring_keeps_them() -> None:
    host = streaming(mtu=23, body=tlv(0x11, "I", 833_000))
    host.wait(5 * SECOND_US)
    last = host.ask(Op.STOP).u32(0x31)
    seen = indices(host.samples())
    assert seen == sorted(set(seen))
    missing = sorted(set(range(last + 1)) - set(seen))
    assert len(missing) > 1000
    # No live packet claims that what it left out is lost for good.
    assert not any(packet.flags & LOST for packet in host.samples())
    host.ask(Op.BACKFILL, tlv(0x30, "II", 0, last + 1))
    host.wait(120 * SECOND_US)
    assert indices(host.samples("bulk")) == list(range(last + 1))


# Lingering


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


# Backfill


def test_backfill_is_flagged_full_packets_and_ended_by_its_event() -> None:
    host = streaming()
    host.wait(5 * SECOND_US)
    host.ask(Op.STOP)
    answer = host.ask(Op.BACKFILL, tlv(0x30, "II", 100, 50) + tlv(0x10, "B", 0))
    host.wait(SECOND_US)
    assert struct.unpack("<II", answer.tlvs[0x32]) == (100, 149)
    packets = host.samples("bulk")
    assert [len(packet.values) for packet in packets] == [19, 19, 12]
    assert all(packet.flags == BACKFILLED for packet in packets)
    assert indices(packets) == list(range(100, 150))
    live_t0 = {packet.seq: packet.t0 for packet in host.samples()}
    compared = [packet for packet in packets if packet.seq in live_t0]
    assert compared
    assert all(packet.t0 == live_t0[packet.seq] for packet in compared)
    (event,) = host.events("bulk")
    assert (event.code, event.arg, event.index) == (10, 0, 149)
    assert host.on("bulk")[-1][0] == 0x21


def test_backfill_gives_way_to_live_packets() -> None:
    host = streaming()
    host.wait(10 * SECOND_US)
    since = len(host.log)
    host.ask(Op.BACKFILL, tlv(0x30, "II", 0, 900))
    host.wait(10 * SECOND_US)
    order = [lane for _, lane, data in host.log[since:] if data[0] >> 4 == 1]
    live = 0
    for lane in order:
        if lane == "bulk":
            assert live >= 2
            live = 0
        else:
            live += 1
    assert indices(host.samples("bulk")) == list(range(900))


def test_one_backfill_at_a_time_and_cancelling() -> None:
    host = streaming()
    assert host.ask(Op.BACKFILL_CANCEL).status == 6
    host.wait(20 * SECOND_US)
    assert host.ask(Op.BACKFILL, tlv(0x30, "II", 0, 2000)).status == 0
    assert host.ask(Op.BACKFILL, tlv(0x30, "II", 0, 10)).status == 7
    host.wait(SECOND_US)
    assert host.ask(Op.BACKFILL_CANCEL).status == 0
    host.wait(SECOND_US)
    (event,) = host.events("bulk")
    sent = indices(host.samples("bulk"))
    assert (event.code, event.arg, event.index) == (10, 1, sent[-1])
    assert host.ask(Op.BACKFILL, tlv(0x30, "II", 0, 10)).status == 0


def test_backfill_cancelled_before_its_first_packet_has_no_last_index() -> None:
    host = streaming()
    host.wait(5 * SECOND_US)
    # Streaming: the first bulk packet waits for two live ones; cancel before they come.
    host.send(Op.BACKFILL, tlv(0x30, "II", 0, 100))
    host.wait(400)
    host.send(Op.BACKFILL_CANCEL)
    host.wait(SECOND_US)
    (event,) = host.events("bulk")
    assert (event.arg, event.index) == (1, 0xFFFFFFFF)
    assert host.samples("bulk") == []


@pytest.mark.parametrize(
    ("first", "count", "granted"),
    [
        (0, 10, None),  # evicted
        (0, 10**9, "oldest..newest"),
        (10**6, 5, None),  # not yet acquired
        (4_294_967_295, 4_294_967_295, None),
    ],
)
def test_what_is_granted(first: int, count: int, granted: str | None) -> None:
    host = streaming(ring_bytes=1200)  # a hundred samples
    host.wait(10 * SECOND_US)
    answer = host.ask(Op.BACKFILL, tlv(0x30, "II", first, count))
    if granted is None:
        assert (answer.status, answer.tlvs) == (12, {})
    else:
        low, high = struct.unpack("<II", answer.tlvs[0x32])
        assert high - low == 99
        assert high > 1000


def test_samples_evicted_while_a_backfill_runs_are_skipped_and_flagged() -> None:
    host = streaming(ring_bytes=1200, body=tlv(0x15, "H", 1000))
    host.wait(3 * SECOND_US)
    answer = host.ask(Op.BACKFILL, tlv(0x30, "II", 0, 10**6))
    first, last = struct.unpack("<II", answer.tlvs[0x32])
    host.wait(10 * SECOND_US)
    packets = host.samples("bulk")
    seen = indices(packets)
    assert seen == sorted(set(seen))
    assert first <= seen[0]
    assert seen[-1] <= last
    assert len(seen) < last - first + 1
    expected = first
    for packet in packets:
        assert bool(packet.flags & LOST) == (indices([packet])[0] != expected)
        expected = indices([packet])[-1] + 1
    assert host.events("bulk")[-1].code == 10


def test_a_lost_link_ends_a_backfill_without_event() -> None:
    host = streaming()
    host.wait(20 * SECOND_US)
    host.ask(Op.BACKFILL, tlv(0x30, "II", 0, 2000))
    host.drop()
    host.wait(SECOND_US)
    host.connect()
    since = len(host.log)
    host.wait(5 * SECOND_US)
    assert host.on("bulk", since) == []
    assert host.ask(Op.BACKFILL, tlv(0x30, "II", 0, 10)).status == 0


def test_what_fell_out_of_the_ring_unsent_is_said() -> None:
    host = streaming(ring_bytes=1200)
    host.wait(5 * SECOND_US)
    assert not host.status()[-1] & 0b100  # all that fell out had been sent
    host.drop()
    host.wait(5 * SECOND_US)
    host.connect()
    host.wait(2 * SECOND_US)
    assert host.status()[-1] & 0b100
    host.ask(Op.STOP)
    host.ask(Op.START)
    host.wait(2 * SECOND_US)
    assert not host.status()[-1] & 0b100


@given(
    st.lists(
        st.tuples(st.floats(0.05, 6.0), st.floats(0.05, 6.0), st.booleans()), min_size=1, max_size=5
    ),
    st.sampled_from((23, 65, 247)),
    st.sampled_from((0, 1, 4)),
)
@settings(max_examples=25, deadline=None)
def test_nothing_is_lost_while_the_ring_holds(
    outages: list[tuple[float, float, bool]], mtu: int, batch: int
) -> None:
    """Conservation: live, backfilled and never sampled make up every index."""
    sensor = device()
    host = Bench(sensor.ble, mtu=mtu).connect()
    host.ask(Op.START, tlv(0x14, "B", batch))
    lost = 0
    for streamed_s, away_s, hole in outages:
        host.wait(streamed_s * SECOND_US)
        if hole:
            sensor.lose_samples(host.now, 7)
            lost += 7
        host.drop()
        host.wait(away_s * SECOND_US)
        host.connect()
    host.wait(SECOND_US)
    last = host.ask(Op.STOP).u32(0x31)
    host.ask(Op.BACKFILL, tlv(0x30, "II", 0, last + 1))
    host.wait(300 * SECOND_US)
    held = indices(host.samples("bulk"))
    live = indices(host.samples())
    assert live == sorted(set(live))
    assert held == sorted(set(held))
    assert set(live) <= set(held)
    assert last + 1 - len(held) == lost


def test_looking_rarely_gives_the_same_bytes() -> None:
    """A link that polls once a second sees what one that polls at every chance sees."""

    def run(*, often: bool) -> list[bytes]:
        sensor = device(ppm=-30.0)
        host = Bench(sensor.ble).connect()
        host.ask(Op.START)
        since = len(host.log)
        if often:
            host.wait(20 * SECOND_US)
        else:
            for _ in range(20):
                host.now += SECOND_US
                host._poll()
        return [data for _, _, data in host.log[since:]]

    assert run(often=True) == run(often=False)


# Status, battery, cue, power


def test_status_once_a_second() -> None:
    host = streaming()
    since = len(host.log)
    host.wait(20 * SECOND_US)
    times = [struct.unpack("<Q", d[2:10])[0] for d in host.on("data", since) if d[0] == 0x32]
    assert len(times) == 20
    assert {b - a for a, b in itertools.pairwise(times)} == {SECOND_US}
    assert host.status()[-1] == 1
    assert host.status()[1] == pytest.approx(20 * 104, abs=10)


def test_no_status_before_ready_or_without_data() -> None:
    host = Bench(device().ble).connect(hello=False)
    host.wait(5 * SECOND_US)
    assert host.log == []
    quiet = Bench(device().ble).connect(lanes="control")
    since = len(quiet.log)
    quiet.wait(5 * SECOND_US)
    assert quiet.log[since:] == []


def test_battery_runs_down_and_charges() -> None:
    sensor = device(battery_percent=50.0)
    host = Bench(sensor.ble).connect(lanes="control data bulk battery")
    host.ask(Op.START, tlv(0x11, "I", 26_000))
    host.wait(1200 * SECOND_US)
    drained = host.status()
    assert drained[3] == 48
    assert set(host.on("battery")[-1]) == {drained[3]}
    sensor.set_charging(host.now, charging=True)
    host.wait(1200 * SECOND_US)
    charged = host.status()
    assert charged[3] > 60
    assert charged[2] > drained[2]
    assert charged[-1] & 0b10
    assert [(event.code, event.arg) for event in host.events()] == [(4, 1)]
    assert sensor.ble.services[1].characteristics[0].value == bytes((charged[3],))


def test_the_button_is_an_event() -> None:
    sensor = device()
    host = Bench(sensor.ble).connect()
    sensor.press_button(host.now)
    host.wait(1000)
    assert [(event.code, event.arg, event.index) for event in host.events()] == [(1, 0, 0xFFFFFFFF)]


def cue(haptic: int = 80, on: int = 200, off: int = 100, repeats: int = 3, red: int = 0) -> bytes:
    return tlv(0x40, "BBBBHHB", red, 0, 0, haptic, on, off, repeats)


def cued() -> tuple[Bench, list[int]]:
    noticed: list[int] = []
    from firmware_sim.omp.device import OmpDevice, identity_of

    sensor = OmpDevice(identity_of("thigh_right"), RampImu(), on_cue=noticed.append)
    return Bench(sensor.ble).connect(), noticed


def test_a_cue_is_felt_and_played() -> None:
    host, noticed = cued()
    sensor = host.peer._device
    answer = host.ask(Op.CUE, cue())
    assert noticed == [answer.u64(0x42)]
    assert sensor.output(host.now).haptic == 80
    host.wait(200_000)
    assert sensor.output(host.now).haptic == 0
    host.wait(100_000)
    assert sensor.output(host.now).haptic == 80
    host.wait(SECOND_US)
    assert sensor.output(host.now).haptic == 0
    (event,) = host.events()
    assert (event.code, event.t) == (8, noticed[0] + 900_000)


def test_a_cue_at_a_time() -> None:
    host, noticed = cued()
    at = host.now + 5 * SECOND_US
    answer = host.ask(Op.CUE, cue() + tlv(0x41, "Q", at))
    assert answer.u64(0x42) == at
    host.wait(4 * SECOND_US)
    assert noticed == []
    host.wait(2 * SECOND_US)
    assert noticed == [at]
    past = host.ask(Op.CUE, cue() + tlv(0x41, "Q", 17))
    assert past.u64(0x42) == pytest.approx(host.now, abs=50_000)
    assert len(noticed) == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (cue(on=5000, off=0, repeats=1), 0),
        (cue(on=4000, off=1001, repeats=1), 9),
        (cue(on=200, off=100, repeats=17), 9),
        (cue(on=65535, off=65535, repeats=0), 0),
        (cue() + tlv(0x41, "Q", 9_000_000), 0),
        (cue() + tlv(0x41, "Q", 12_000_000), 9),
        (cue() + tlv(0x41, "Q", 2**64 - 1), 9),
    ],
)
def test_cue_limits(body: bytes, status: int) -> None:
    host, _ = cued()
    assert host.ask(Op.CUE, body).status == status


def test_a_new_cue_replaces_and_zero_repeats_cancel() -> None:
    host, noticed = cued()
    later = tlv(0x41, "Q", 5 * SECOND_US)
    host.ask(Op.CUE, cue() + later)
    host.ask(Op.CUE, cue(haptic=0, red=100) + tlv(0x41, "Q", 6 * SECOND_US))
    host.wait(8 * SECOND_US)
    assert noticed == [6 * SECOND_US]
    host.ask(Op.CUE, cue() + tlv(0x41, "Q", 12 * SECOND_US))
    assert host.ask(Op.CUE, cue(repeats=0)).status == 0
    host.wait(6 * SECOND_US)
    assert len(noticed) == 1
    assert [event.code for event in host.events()] == [8]


def test_the_motor_stops_with_the_link_and_with_silence() -> None:
    host, _ = cued()
    sensor = host.peer._device
    host.ask(Op.CUE, cue(on=4000, off=0, repeats=1, red=50))
    host.drop()
    assert (sensor.output(host.now).haptic, sensor.output(host.now).red) == (0, 50)
    host, _ = cued()
    sensor = host.peer._device
    host.wait(SECOND_US)
    host.ask(Op.CUE, cue(on=4000, off=0, repeats=1) + tlv(0x41, "Q", 10 * SECOND_US))
    host.wait(9.5 * SECOND_US)  # of them ten since the host last spoke are over soon
    assert sensor.output(host.now).haptic == 80
    host.wait(SECOND_US)
    assert sensor.output(host.now).haptic == 0


@pytest.mark.parametrize("op", [Op.RESET, Op.SLEEP])
def test_power_off_answers_first_and_is_a_new_boot(op: Op) -> None:
    sensor = device(wake_after_s=4.0)
    host = Bench(sensor.ble).connect()
    boot = host.ask(Op.HELLO, HELLO).tlvs[0x03]
    host.ask(Op.SET_CONFIG, tlv(0x15, "H", 7))
    assert host.ask(op).status == 0
    host.wait(100_000)
    assert not host.peer.reachable(host.now)
    assert host.send(Op.STATUS) is None
    host.drop()
    assert not host.peer.reachable(host.now)
    host.wait((2 if op is Op.RESET else 5) * SECOND_US)
    assert host.peer.reachable(host.now)
    host.connect(hello=False)
    hello = host.ask(Op.HELLO, HELLO)
    assert hello.tlvs[0x03] != boot
    assert host.ask(Op.GET_CONFIG).u16(0x15) == 40
    host.ask(Op.STATUS)
    assert host.status()[0] < 5 * SECOND_US


def test_a_sleeping_device_waits_for_its_button() -> None:
    sensor = device()
    host = Bench(sensor.ble).connect()
    host.ask(Op.SLEEP)
    host.drop()
    host.wait(3600 * SECOND_US)
    assert not host.peer.reachable(host.now)
    sensor.press_button(host.now)
    host.wait(2 * SECOND_US)
    assert host.peer.reachable(host.now)


def test_a_reboot_stays_away_until_the_link_has_noticed() -> None:
    host = streaming()
    host.wait(SECOND_US)
    host.peer._device.reboot(host.now)
    host.wait(30 * SECOND_US)  # long awake again
    assert not host.peer.reachable(host.now)
    host.drop()
    assert host.peer.reachable(host.now)
    host.connect(hello=False)
    assert 0x05 not in host.ask(Op.HELLO, HELLO).tlvs
    assert host.ask(Op.BACKFILL, tlv(0x30, "II", 0, 5)).status == 12


# The serial line


def test_ten_silent_seconds_lose_a_serial_link_and_hello_resumes() -> None:
    from firmware_sim.omp.framing import FrameReader, encode_frame

    sensor = device()
    peer, now = sensor.serial, 0
    reader = FrameReader(frozenset(range(1, 6)))
    frames: list[tuple[int, bytes]] = []

    def run(us: int) -> None:
        nonlocal now
        end = now + us
        while (due := peer.next_poll_us()) is not None and due <= end:
            now = max(now, due)
            for sent in peer.poll(now):
                frames.extend((f.channel, f.packet) for f in reader.push(sent.data))
        now = end
        for sent in peer.poll(now):
            frames.extend((f.channel, f.packet) for f in reader.push(sent.data))

    def tell(packet: bytes) -> None:
        peer.receive("serial", encode_frame(1, packet), now)
        run(50_000)

    peer.link_up(0, mtu=None)
    run(1000)
    assert [channel for channel, _ in frames] == [4]  # a greeting in the log, nothing else
    tell(b"\x01\x01" + HELLO)
    tell(b"\x05\x02")
    for tid in range(3, 6):
        run(4 * SECOND_US)
        tell(bytes((8, tid)))
    run(9 * SECOND_US)
    assert frames[-1][1][0] >> 4 == 1
    run(5 * SECOND_US)
    quiet = len(frames)
    run(10 * SECOND_US)
    assert len(frames) == quiet
    tell(b"\x08\x09")
    assert frames[-1] == (1, b"\xf0\x08\x09\x05\x00")
    resumed = len(frames)
    tell(b"\x01\x0a" + HELLO)
    run(SECOND_US)
    assert [packet[0] for _, packet in frames[resumed : resumed + 3]] == [0xF0, 0x32, 0x11]
    # A HELLO in the middle of a stream starts the link anew, not the session.
    again = len(frames)
    tell(b"\x01\x0a" + HELLO)
    run(SECOND_US)
    kinds = [packet[0] for _, packet in frames[again:]]
    assert kinds[kinds.index(0xF0) + 1] == 0x32
    assert 0x11 in kinds
    peer.link_down(now)
    assert peer.poll(now) == []


def test_a_slow_line_paces_and_keeps_order() -> None:
    from firmware_sim.omp.device import OmpDevice, identity_of
    from firmware_sim.omp.framing import encode_frame

    sensor = OmpDevice(identity_of("belly"), RampImu(), baud=9600)
    peer, now = sensor.serial, 0
    peer.link_up(0, mtu=None)
    for packet in (b"\x01\x01" + HELLO, b"\x05\x02"):
        peer.receive("serial", encode_frame(1, packet), now)
        now += 100_000
        peer.poll(now)
    sent = 0
    while now < 10 * SECOND_US:
        due = peer.next_poll_us()
        assert due is not None
        now = max(due, now)
        sent += sum(len(out.data) for out in peer.poll(now))
    assert 4_000 < sent <= 960 * 10 * 1.1
