"""Samples from the device's memory: what is granted, what gives way, what is gone."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omp_rig import BACKFILLED, LOST, SECOND_US, Bench, device, indices, streaming, tlv

from firmware_sim.omp.tables import Op


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
