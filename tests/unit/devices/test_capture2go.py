"""Capture2Go against the maker's own package: it packs and we read, we write and it reads."""

import struct

import capture2go
import numpy as np
import pytest
from capture2go import pkg
from family_feed import Feed, cut, told
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorhub.devices.base import Controller, ControllerState, StreamSettings
from sensorhub.devices.capture2go.family import FAMILY
from sensorhub.model.events import (
    BatteryReported,
    BytesRejected,
    ClockObserved,
    DeviceIdentified,
    DeviceNotice,
    SamplesLost,
)

DATA_CLASSES = [
    one
    for header, one in sorted(pkg.packages.items())
    if 0x0221 <= header <= 0x0256 and header & 0xF in range(1, 7)
]
i16 = st.integers(-32768, 32767)


@st.composite
def samples(draw: st.DrawFn) -> pkg.AbstractPackage:
    kind = draw(st.sampled_from(DATA_CLASSES))
    package = kind()
    package.timestamp = draw(st.integers(0, 2**62))
    for name in ("gyr", "acc", "mag"):
        column = getattr(package, name, None)
        for k in range(0 if column is None else len(column)):
            column[k] = draw(i16)
    package.quat = draw(st.integers(0, 2**64 - 1))
    package.delta = draw(i16)
    package.errorFlags = draw(st.integers(0, 31))
    return package


@settings(max_examples=150, deadline=None)
@given(package=samples())
def test_samples_are_decoded_as_by_the_maker(package: pkg.AbstractPackage) -> None:
    feed = Feed("capture2go", "serial")
    feed.got(package.pack())
    [ours] = feed.samples
    # the package's orientation is not of interest here, and not any 64 bits are one
    package.quat = 0
    theirs = package.parse()
    assert ours.gyr_radps is not None
    np.testing.assert_allclose(ours.acc_mps2, theirs["acc"].reshape(-1, 3), rtol=1e-12)
    np.testing.assert_allclose(ours.gyr_radps, theirs["gyr"].reshape(-1, 3), rtol=1e-12)
    assert ours.period_s == 1 / package.rate
    assert ours.device_time_s == pytest.approx(package.timestamp / 1e9, rel=1e-12)
    flags = package.errorFlags
    clipped = pkg.ERROR_FLAG_ACC_CLIPPING | pkg.ERROR_FLAG_GYR_CLIPPING
    assert ours.clipped == bool(flags & clipped)


@pytest.mark.parametrize("one", DATA_CLASSES, ids=lambda one: one.__name__)
def test_every_data_package_with_rates_and_accelerations_is_understood(
    one: type[pkg.AbstractPackage],
) -> None:
    feed = Feed("capture2go", "serial")
    feed.got(one().pack())
    assert len(feed.samples) == 1
    assert feed.decoder.counters.rejected_bytes == 0


def test_all_other_packages_are_passed_by() -> None:
    feed = Feed("capture2go", "serial")
    for one in pkg.packages.values():
        if one not in DATA_CLASSES and one is not pkg.DataFullFixedRt:
            feed.got(one().pack())
    assert feed.samples == []
    assert feed.decoder.counters.rejected_bytes == 0


def test_who_it_is_and_how_it_is() -> None:
    info = pkg.DataDeviceInfo(1, b"1234ab", b"C2G-2", b"3", b"1.4.0", b"2025-01-01")
    feed = Feed("capture2go", "serial")
    feed.got(info.pack())
    assert feed.events[0] == DeviceIdentified(feed.now_ns, "1234ab", "C2G-2", "1.4.0")
    for battery in (90, 90 + 128, 91 + 128, 80):
        feed.got(pkg.DataStatus(sensorState=2, battery=battery).pack())
    levels = [e.percent for e in feed.events if isinstance(e, BatteryReported)]
    notices = [e.kind.value for e in feed.events if isinstance(e, DeviceNotice)]
    assert levels == [90, 90, 91, 80]
    assert notices == ["charger_on", "charger_off"]


def packed(k: int, rate: int = 100) -> bytes:
    one = pkg.DataFull6DPacked100Hz if rate == 100 else pkg.DataFull6DPacked200Hz
    return bytes(one(timestamp=10**12 + k * 80_000_000 * 100 // rate).pack())


def test_a_missing_package_is_a_gap_by_its_time() -> None:
    feed = Feed("capture2go", "serial")
    for k in (0, 1, 4, 5):
        feed.later(0.08).got(packed(k))
    assert [e.count for e in feed.events if isinstance(e, SamplesLost)] == [16]
    assert feed.decoder.counters.received == 32


streams = st.lists(
    st.one_of(samples().map(lambda one: bytes(one.pack())), st.binary(max_size=40)), max_size=6
).map(b"".join)


@settings(max_examples=100, deadline=None)
@given(data=streams, cuts=st.lists(st.integers(0, 2000), max_size=10))
def test_law_of_bytes(data: bytes, cuts: list[int]) -> None:
    whole = told("capture2go", [data])
    assert told("capture2go", cut(data, cuts)) == whole
    assert told("capture2go", [bytes((byte,)) for byte in data]) == whole


@settings(max_examples=100, deadline=None)
@given(before=st.binary(max_size=300), at=st.integers(0, 122), bit=st.integers(0, 7))
def test_no_damaged_package_is_believed_and_the_next_whole_one_is_found(
    before: bytes, at: int, bit: int
) -> None:
    damaged = bytearray(packed(0))
    damaged[at] ^= 1 << bit
    feed = Feed("capture2go", "serial")
    feed.got(before + bytes(damaged))
    assert feed.samples == []
    feed.got(bytes(300))  # more than any package that may seem to have begun
    feed.got(packed(1))
    assert len(feed.samples) == 1
    rejected = [e.count for e in feed.events if isinstance(e, BytesRejected)]
    assert sum(rejected) == len(before) + len(damaged) + 300


@given(sizes=st.lists(st.integers(1, 240), min_size=1, max_size=20), rt=st.integers(0, 3))
def test_notifications_carry_the_stream_and_packages_that_cannot_wait(
    sizes: list[int], rt: int
) -> None:
    """The maker's own unpacker is fed the same notifications."""
    stream = b"".join(packed(k) for k in range(6))
    urgent = [pkg.DataStatus(sensorState=2, battery=50 + k) for k in range(rt)]
    feed, theirs = Feed("capture2go"), capture2go.Unpacker()
    at, notifications = 0, []
    for size in [*sizes, len(stream)]:
        notifications += [b"\xff" + stream[at : at + size]] if at < len(stream) else []
        at += size
    head = bytes((0xFF - rt,)) + b"".join(bytes(one.pack()) for one in urgent)
    notifications[-1] = head + notifications[-1][1:]
    for data in notifications:
        feed.got(data)
        theirs.feed(theirs.extractRtPackages(data))
    kinds = [type(package).__name__ for package in theirs]
    assert kinds.count("DataStatus") == rt
    assert sum(isinstance(e, BatteryReported) for e in feed.events) == rt
    assert len(feed.samples) == 6 == kinds.count("DataFull6DPacked100Hz")
    assert feed.decoder.counters.rejected_bytes == 0


def test_a_broken_urgent_package_costs_its_notification_only() -> None:
    feed = Feed("capture2go")
    broken = bytearray(pkg.DataStatus(battery=50).pack())
    broken[9] ^= 1
    feed.got(b"\xfe" + bytes(broken))
    feed.got(b"\xff" + packed(0))
    assert len(feed.samples) == 1
    assert feed.decoder.counters.rejected_bytes == len(broken)


class Sensor:
    """The maker's package classes as the other end of the conversation."""

    def __init__(self, rate_hz: float = 100.0, max_payload: int | None = None) -> None:
        self.controller: Controller = FAMILY.new_controller(StreamSettings(rate_hz=rate_hz))
        self.feed = Feed("capture2go", "serial" if max_payload is None else "data")
        self.unpacker = capture2go.Unpacker()
        self.max_payload = max_payload
        self.heard: list[pkg.AbstractPackage] = []
        self.controller.link_up(self.feed.now_ns, max_payload)

    def listen(self) -> list[pkg.AbstractPackage]:
        for out in self.controller.poll(self.feed.now_ns):
            assert out.channel == ("serial" if self.max_payload is None else "command")
            assert self.max_payload is None or len(out.data) <= self.max_payload
            self.feed.said(out.data, lane=out.channel)
            self.unpacker.feed(out.data)
        said = list(self.unpacker)
        self.heard += said
        return said

    def say(self, package: pkg.AbstractPackage) -> None:
        head = b"" if self.max_payload is None else b"\xff"
        for event in self.feed.got(head + bytes(package.pack())):
            self.controller.handle(event, self.feed.now_ns)

    def open(self) -> None:
        answers = {
            pkg.CmdGetDeviceInfo: pkg.DataDeviceInfo(1, b"1234ab"),
            pkg.CmdStopStreamingAndClearBuffer: pkg.AckStopStreamingAndClearBuffer(),
            pkg.CmdSetMeasurementMode: pkg.DataMeasurementMode(),
            pkg.CmdStartStreaming: pkg.AckStartStreaming(),
        }
        for _ in answers:
            [said] = self.listen()
            self.say(answers[type(said)])


@pytest.mark.parametrize("max_payload", [None, 244, 20])
@pytest.mark.parametrize(("rate_hz", "mode"), [(200, 1), (100, 2), (52, 3), (10, 4)])
def test_the_maker_understands_what_we_say(
    rate_hz: float, mode: int, max_payload: int | None
) -> None:
    sensor = Sensor(rate_hz, max_payload)
    sensor.open()
    assert sensor.controller.state is ControllerState.STREAMING
    [asked] = [one for one in sensor.heard if isinstance(one, pkg.CmdSetMeasurementMode)]
    set_to = asked.parse()
    assert set_to.pop("fullPackedMode") == mode
    assert set_to.pop("statusMode") == 1
    assert set_to.pop("disableMagData") is True
    assert not any(set_to.values())


def test_a_round_trip_is_an_observation_of_the_clock() -> None:
    sensor = Sensor()
    sensor.open()
    [trip] = sensor.listen()
    assert isinstance(trip, pkg.DataClockRoundtrip)
    left_ns = sensor.feed.now_ns
    sensor.feed.later(0.030)
    trip.sensorReceiveTimestamp, trip.sensorSendTimestamp = 70_000_000_000, 70_002_000_000
    sensor.say(trip)
    [seen] = [e for e in sensor.feed.events if isinstance(e, ClockObserved)]
    assert seen.device_time_s == pytest.approx(70.001, abs=1e-9)
    assert seen.hub_time_s == pytest.approx(left_ns / 1e9 + 0.015, abs=1e-6)
    assert seen.uncertainty_s == pytest.approx(0.014, abs=1e-9)
    sensor.say(trip)  # seen twice
    assert sum(isinstance(e, ClockObserved) for e in sensor.feed.events) == 1


def test_the_light_is_lit_for_a_cue() -> None:
    sensor = Sensor()
    sensor.open()
    sensor.listen()
    sensor.controller.cue(sensor.feed.now_ns, "start")
    [light] = sensor.listen()
    assert isinstance(light, pkg.CmdSetLedMode)
    assert light.parse() == {
        "notifyStartTimestamp": 0,
        "notifyEndTimestamp": 300_000_000,
        "endTimestampIsRelative": True,
    }


def test_a_sensor_that_is_recording_says_so() -> None:
    sensor = Sensor()
    sensor.listen()
    sensor.say(pkg.DataDeviceInfo(1, b"1234ab"))
    for command in (pkg.CmdStopStreamingAndClearBuffer, pkg.CmdSetMeasurementMode):
        assert [type(one) for one in sensor.listen()] == [command]
        error = pkg.SensorError(pkg.ErrorCode.WRONG_STATE, command.header)
        sensor.say(error)
    assert sensor.controller.state is ControllerState.FAILED
    assert "recording" in str(sensor.controller.failure)


def test_stop() -> None:
    sensor = Sensor()
    sensor.open()
    sensor.controller.request_stop(sensor.feed.now_ns)
    assert [type(one) for one in sensor.listen()] == [pkg.CmdStopStreaming]
    sensor.say(pkg.AckStopStreaming())
    assert sensor.controller.state is ControllerState.STOPPED


def test_frame_is_as_published() -> None:
    """02, CRC-32 over header and payload, length of the payload alone, header."""
    sensor = Sensor()
    [out] = sensor.controller.poll(sensor.feed.now_ns)
    start, _, length, header = struct.unpack("<BIBH", out.data)
    assert (start, length, header) == (2, 0, 0x0070)
    assert out.data == bytes(pkg.CmdGetDeviceInfo().pack())


def test_a_sensor_switched_on_anew_keeps_its_own_time() -> None:
    """Samples and round trips are on one clock, also when that has begun anew."""
    feed = Feed("capture2go", "serial")
    for k in range(3):
        feed.later(0.08).got(packed(k))
    anew = pkg.DataFull6DPacked100Hz(timestamp=2_500_000_000)
    feed.later(5.0).got(bytes(anew.pack()))
    assert feed.samples[-1].device_time_s == pytest.approx(2.5, abs=1e-6)
    assert feed.samples[-1].stream != feed.samples[0].stream
