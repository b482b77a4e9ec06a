"""Sampling and live packets: every sample once, in order, with its own time."""

import struct

import numpy as np
import pytest
from omp_rig import (
    CLIPPED,
    LOST,
    RATE_104,
    SECOND_US,
    Bench,
    RampImu,
    device,
    indices,
    streaming,
    tlv,
)

from firmware_sim.omp.tables import Op


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
