"""Movesense GSP: the published packets, time that wraps, answers that get lost."""

import struct

import numpy as np
import pytest
from family_feed import Feed
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.devices.base import ControllerState, StreamSettings
from sensorhub.devices.common.script import Answered
from sensorhub.devices.movesense import FAMILY, RATES_HZ, MovesenseDecoder
from sensorhub.model.errors import DeviceError, LinkLostError
from sensorhub.model.events import (
    BatteryReported,
    BytesRejected,
    DeviceIdentified,
    SamplesArrived,
    SamplesLost,
    StreamStarted,
)
from sensorhub.model.link import Record, RecordKind

SUBSCRIBE_52 = b"\x01\x63/Meas/IMU6/52"
OK = "0163c800"


def packet(milliseconds: int, values: list[float], *, reference: int = 0x63) -> bytes:
    head = struct.pack("<BBI", 2, reference, milliseconds % (1 << 32))
    return head + struct.pack(f"<{len(values)}f", *values)


def still(milliseconds: int, count: int = 4) -> bytes:
    return packet(milliseconds, [0.0, 0.0, 9.8] * count + [1.0, 2.0, 3.0] * count)


@pytest.mark.parametrize(("count", "rate_hz"), [(4, 52), (8, 104)])
def test_without_our_command_the_rate_follows_from_the_packet(count: int, rate_hz: int) -> None:
    feed = Feed("movesense")
    feed.got(still(1000, count))
    assert feed.samples[0].period_s == 1 / rate_hz


def test_hello_tells_who_it_is_and_has_no_status() -> None:
    feed = Feed("movesense")
    feed.said("0064")
    feed.got(b"\x01\x64\x01213430000123\0Movesense\x00AA:BB\x00GSP\x002.1.0\0")
    identified, answered = feed.events
    assert identified == DeviceIdentified(feed.now_ns, "213430000123", "Movesense", "2.1.0")
    assert answered == Answered(feed.now_ns, "hello", data=b"\x01")


@pytest.mark.parametrize("status", [200, 201, 400, 404, 503])
def test_answers_are_tied_to_their_question_by_reference(status: int) -> None:
    feed = Feed("movesense")
    feed.said(SUBSCRIBE_52)
    [answer] = feed.got(struct.pack("<BBH", 1, 0x63, status))
    assert isinstance(answer, Answered)
    assert answer.about == "subscribe"
    assert bool(answer.refusal) == (status >= 300)
    assert feed.got(struct.pack("<BBH", 1, 0x07, status)) == []  # nobody asked


def test_battery() -> None:
    feed = Feed("movesense")
    feed.said(b"\x04\x65/System/Energy/Level")
    feed.got("0165c80055")
    assert BatteryReported(feed.now_ns, 85) in feed.events


@given(
    start_ms=st.integers(0, (1 << 32) - 1),
    losses=st.lists(st.integers(0, 30), min_size=1, max_size=20),
)
def test_gaps_are_counted_from_time_also_where_it_wraps(start_ms: int, losses: list[int]) -> None:
    feed = Feed("movesense")
    feed.said(SUBSCRIBE_52)
    position = 0
    for lost in losses:
        feed.got(still(round(start_ms + position * 1000 / 52)))
        position += 4 + 4 * lost
        feed.later((4 + 4 * lost) / 52)
    counters = feed.decoder.counters
    assert counters.received == 4 * len(losses)
    assert counters.lost == 4 * sum(losses[:-1])
    assert sum(isinstance(event, StreamStarted) for event in feed.events) == 1
    assert sum(e.count for e in feed.events if isinstance(e, SamplesLost)) == counters.lost
    indices = [i for e in feed.samples for i in range(e.first_index, e.first_index + 4)]
    assert indices == sorted(set(indices))


def test_a_packet_in_two_notifications() -> None:
    whole = still(1000, 16)
    feed = Feed("movesense")
    feed.said(b"\x01\x63/Meas/IMU6/208")
    assert not any(isinstance(e, SamplesArrived) for e in feed.got(whole[:244]))
    feed.got(b"\x03\x63" + whole[244:])
    assert len(feed.samples[0].acc_mps2) == 16
    one = Feed("movesense")
    one.said(b"\x01\x63/Meas/IMU6/208")
    one.got(whole)
    assert repr(one.samples) == repr(feed.samples)


@pytest.mark.parametrize("room", [20, 146, 148, 150, 156])
@pytest.mark.parametrize(("rate_hz", "count"), [(104, 8), (208, 16)])
def test_a_packet_in_as_many_parts_as_it_takes(room: int, rate_hz: int, count: int) -> None:
    """148 bytes look like a whole packet of six: with the time, three of them acceleration."""
    values = [float(k) for k in range(6 * count)]
    whole = packet(1000, values)
    feed = Feed("movesense")
    feed.said(f"/Meas/IMU6/{rate_hz}".encode().join((b"\x01\x63", b"")))
    for kind, at in zip([2] + [3] * 99, range(2, len(whole), room), strict=False):
        feed.got(bytes((kind, 0x63)) + whole[at : at + room])
    [samples] = feed.samples
    assert samples.acc_mps2.ravel().tolist() == values[: 3 * count]
    assert samples.gyr_radps is not None
    assert np.degrees(samples.gyr_radps).ravel() == pytest.approx(values[3 * count :])


def test_firmware_that_sends_fewer_samples_at_a_time_is_believed() -> None:
    feed = Feed("movesense")
    feed.said(b"\x01\x63/Meas/IMU6/104")
    for number in range(4):
        feed.later(4 / 104).got(still(1000 + round(number * 4000 / 104)))
    assert [len(one.acc_mps2) for one in feed.samples] == [4, 4, 4, 4]
    assert feed.decoder.counters.lost == 0


def test_a_first_part_alone_that_looks_whole_misleads_for_one_packet_only() -> None:
    """The very first packet loses its second part; the next ones are whole again."""
    feed = Feed("movesense")
    feed.said(b"\x01\x63/Meas/IMU6/104")
    for number in range(4):
        whole = still(1000 + round(number * 8000 / 104), 8)
        feed.later(8 / 104).got(whole[:150])
        if number:
            feed.got(b"\x03\x63" + whole[150:])
    assert [len(one.acc_mps2) for one in feed.samples][-2:] == [8, 8]
    assert feed.samples[-1].acc_mps2[:, 2] == pytest.approx(9.8)


def test_hello_may_be_answered_as_if_it_were_samples() -> None:
    feed = Feed("movesense")
    feed.said("0064")
    feed.got(b"\x02\x64\x01213430000123\0Movesense\x00AA:BB\x00GSP\x002.3.1\0")
    identified, answered = feed.events
    assert identified == DeviceIdentified(feed.now_ns, "213430000123", "Movesense", "2.3.1")
    assert answered == Answered(feed.now_ns, "hello", data=b"\x01")


def test_a_second_part_that_never_comes_costs_that_packet_only() -> None:
    feed = Feed("movesense")
    feed.said(b"\x01\x63/Meas/IMU6/208")
    feed.got(still(1000, 16)[:244])
    feed.later(16 / 208).got(still(1077, 16))
    assert len(feed.samples) == 1
    assert feed.decoder.counters.rejected_bytes == 244


@given(bits=st.lists(st.integers(0, 2**32 - 1), min_size=24, max_size=24))
def test_any_bits_may_come(bits: list[int]) -> None:
    """Signalling nan as well, which numpy warns of."""
    feed = Feed("movesense")
    feed.got(b"\x02\x63" + struct.pack("<25I", 1000, *bits))
    for samples in feed.samples:
        assert np.isfinite(samples.acc_mps2).all()
    assert Feed("movesense").got(b"\x02\x63" + struct.pack("<25I", 1000, *[0x7F800001] * 24)) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e30])
def test_numbers_that_no_sensor_says_are_refused(value: float) -> None:
    feed = Feed("movesense")
    feed.got(packet(1000, [value] + [0.0] * 23))
    assert feed.samples == []
    feed.got(still(1077))
    rejected = [e for e in feed.events if isinstance(e, BytesRejected)]
    assert sum(e.count for e in rejected) == 102
    assert len(feed.samples) == 1


class Line:
    """Controller and decoder, with answers given by hand."""

    def __init__(self, rate_hz: float = 100.0) -> None:
        self.controller = FAMILY.new_controller(StreamSettings(rate_hz=rate_hz))
        self.decoder = MovesenseDecoder()
        self.now_ns = 10**12
        self.said: list[bytes] = []
        self.controller.link_up(self.now_ns, 244)

    def asked(self) -> list[bytes]:
        out = self.controller.poll(self.now_ns)
        for one in out:
            self.said.append(one.data)
            self._feed(RecordKind.SENT, one.channel, one.data)
        return [one.data for one in out]

    def answer(self, data: bytes | str) -> None:
        raw = bytes.fromhex(data) if isinstance(data, str) else data
        self._feed(RecordKind.RECEIVED, "data", raw)

    def _feed(self, kind: RecordKind, lane: str, data: bytes) -> None:
        for event in self.decoder.feed(Record(kind, lane, data, self.now_ns)):
            self.controller.handle(event, self.now_ns)


def greeted(line: Line) -> Line:
    assert line.asked() == [b"\x00\x64"]
    line.answer(b"\x01\x64\x01123\0Movesense\0\0\0\0")
    assert line.asked() == [b"\x02\x63"]
    line.answer("01639401")  # there was no subscription: 404
    return line


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_the_nearest_rate_is_subscribed(rate_hz: float) -> None:
    line = greeted(Line(rate_hz * 1.04))
    assert line.asked() == [f"\x01\x63/Meas/IMU6/{rate_hz:.0f}".encode()]
    line.answer(OK)
    assert line.controller.state is ControllerState.STREAMING


def test_only_a_sensor_of_this_protocol_is_asked_for_its_battery() -> None:
    """The same bytes erase the logbook of the maker's older example."""
    battery = b"\x04\x65/System/Energy/Level"
    line = greeted(Line())
    line.asked()
    line.answer(OK)
    assert line.asked() == [battery]
    older = Line()
    older.asked()
    older.answer(b"\x01\x64Hello")
    for _ in range(200):
        assert battery not in older.asked()
        older.now_ns += 10**9
        if older.controller.state is ControllerState.STARTING and b"\x01" in older.said[-1][:1]:
            older.answer(still(1000, 8))
    assert older.controller.state is ControllerState.STREAMING


def test_a_lost_answer_is_asked_for_again() -> None:
    line = greeted(Line())
    first = line.asked()
    line.now_ns += 10**9
    assert line.asked() == first
    line.answer(OK)
    assert line.controller.state is ControllerState.STREAMING


def test_samples_are_an_answer_to_subscribe() -> None:
    line = greeted(Line())
    line.asked()
    line.answer(still(1000, 8))
    assert line.controller.state is ControllerState.STREAMING


def test_a_sensor_that_never_answers_is_given_up() -> None:
    line = Line()
    for _ in range(4):
        assert line.asked() == [b"\x00\x64"]
        line.now_ns += 10**9
    with pytest.raises(LinkLostError) as caught:
        line.asked()
    assert caught.value.hint


def test_a_firmware_without_the_resource_is_a_device_error() -> None:
    line = greeted(Line())
    line.asked()
    line.answer("01639401")
    assert line.controller.state is ControllerState.FAILED
    assert isinstance(line.controller.failure, DeviceError)
    assert "404" in str(line.controller.failure)


def test_stopping_unsubscribes_and_does_not_insist() -> None:
    line = greeted(Line())
    line.asked()
    line.answer(OK)
    line.controller.request_stop(line.now_ns)
    assert line.asked() == [b"\x02\x63"]
    for _ in range(6):
        line.now_ns += 10**9
        line.asked()
    assert line.controller.state is ControllerState.STOPPED
