"""Polar: the published bytes, decoded exactly; the conversation with both kinds of sensor."""

import random
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.devices.base import ControllerState, StreamSettings
from sensorhub.devices.common.script import Answered
from sensorhub.devices.polar.family import FAMILY
from sensorhub.devices.polar.frames import (
    Answer,
    Kind,
    Op,
    Setting,
    factor_of,
    read_answer,
    read_frame,
    read_settings,
    write_settings,
)
from sensorhub.model.errors import DeviceError
from sensorhub.model.events import DeviceEvent, SamplesArrived, SamplesLost
from sensorhub.model.link import Record, RecordKind
from sensorhub.model.units import RADPS_PER_DPS, STANDARD_GRAVITY_MPS2
from sensorhub.protocol.malformed import MalformedPacketError

MG = 1e-3 * STANDARD_GRAVITY_MPS2


def received(lane: str, data: bytes, at_ms: float = 1.0) -> Record:
    return Record(RecordKind.RECEIVED, lane, data, round(at_ms * 1e6))


def test_published_acceleration() -> None:
    frame = read_frame(bytes.fromhex("02009435770000000001F7FFFFFFE703F8FFFEFFE503"))
    assert (frame.kind, frame.last_ns) == (Kind.ACC, 2_000_000_000)
    assert frame.values.tolist() == [[-9, -1, 999], [-8, -2, 997]]


def test_published_angular_rate() -> None:
    frame = read_frame(bytes.fromhex("05FFFFFFFFFFFFFF7F80EAFF08000D000301DF00"))
    assert frame.last_ns == 0x7FFFFFFFFFFFFFFF
    assert frame.values.tolist() == [[-22, 8, 13], [-23, 11, 16]]
    doubled = read_frame(bytes.fromhex("05FFFFFFFFFFFFFF7F80EAFF08000D000301DF00"), factor=2.0)
    assert doubled.values.tolist() == [[-44, 16, 26], [-46, 22, 32]]


def test_published_answer_and_settings() -> None:
    answer = read_answer(bytes.fromhex("F001020000FFFFFF"))
    assert answer == Answer(Op.GET_SETTINGS, Kind.ACC, 0, False, b"\xff\xff\xff")
    settings = read_settings(bytes.fromhex("0001340001011000" + "0204F500F401E803D007" + "040103"))
    assert settings == {
        Setting.RATE_HZ: (52,),
        Setting.RESOLUTION_BITS: (16,),
        Setting.RANGE: (245, 500, 1000, 2000),
        Setting.CHANNELS: (3,),
    }


def test_start_of_an_h10() -> None:
    chosen = {Setting.RATE_HZ: 200, Setting.RESOLUTION_BITS: 16, Setting.RANGE: 8}
    request = bytes((Op.START, Kind.ACC)) + write_settings(chosen)
    assert request == bytes.fromhex("02020001C8000101100002010800")


def test_differences_packed_by_hand() -> None:
    """Two blocks, of 3 and of 10 bits: lowest bit first, across bytes, signed; padded to a byte.

    (1, -1, 2) (-4, 3, 0) in 3 bits is 1001 1101 0001 1100 00, read from the left; (-512, 511, -1)
    in ten is 0000 0000 01 11 1111 1110 1111 1111 11.
    """
    head = "02" + "0094357700000000" + "81" + "6400" + "38FF" + "E803"
    frame = read_frame(bytes.fromhex(head + "0302" + "B93800" + "0A01" + "00FEF73F"))
    assert frame.values.tolist() == [
        [100, -200, 1000],
        [101, -201, 1002],
        [97, -198, 1002],
        [-415, 313, 1001],
    ]


def test_compressed_acceleration_in_g_becomes_thousandths() -> None:
    factor = factor_of(read_settings(bytes.fromhex("0501") + struct.pack("<f", 8 / 32768)))
    data = struct.pack("<BQB3h", Kind.ACC, 7, 0x80, 4096, 0, -4096)
    assert read_frame(data, factor=factor).values == pytest.approx(np.array([[1000, 0, -1000]]))
    millis = struct.pack("<BQB3h", Kind.ACC, 7, 0x81, 4096, 0, -4096)
    assert read_frame(millis).values.tolist() == [[4096, 0, -4096]]


@pytest.mark.parametrize(("layout", "size"), [(0, 1), (1, 2), (2, 3)])
def test_plain_acceleration_of_any_width(layout: int, size: int) -> None:
    values = [-(1 << (8 * size - 1)), -1, (1 << (8 * size - 1)) - 1]
    body = b"".join(value.to_bytes(size, "little", signed=True) for value in values)
    frame = read_frame(struct.pack("<BQB", Kind.ACC, 7, layout) + body)
    assert frame.values.tolist() == [values]


def test_angular_rate_as_floats() -> None:
    """The differences are those of the floats' bits."""
    first, second = (1.5, -2.25, 1e-3), (1.625, -2.5, -7.0)
    bits = [struct.unpack("<3i", struct.pack("<3f", *one)) for one in (first, second)]
    packed = 0
    for k, (a, b) in enumerate(zip(*bits, strict=True)):
        packed |= ((b - a) & 0xFFFFFFFF) << (32 * k)
    body = struct.pack("<3f", *first) + bytes((32, 1)) + packed.to_bytes(12, "little")
    frame = read_frame(struct.pack("<BQB", Kind.GYRO, 7, 0x81) + body)
    assert frame.values == pytest.approx(np.array([first, second]))


@given(
    st.lists(st.tuples(*[st.integers(-32768, 32767)] * 3), min_size=1, max_size=40),
    st.randoms(use_true_random=False),
)
def test_compression_is_undone(samples: list[tuple[int, int, int]], draw: random.Random) -> None:
    out = bytearray(struct.pack("<BQB3h", Kind.ACC, 7, 0x81, *samples[0]))
    at = 1
    while at < len(samples):
        count = draw.randint(1, min(9, len(samples) - at))
        deltas = [
            samples[k][axis] - samples[k - 1][axis]
            for k in range(at, at + count)
            for axis in range(3)
        ]
        widest = max(1 + (d if d >= 0 else ~d).bit_length() for d in deltas)
        bits = draw.randint(widest, 20) if widest < 20 else widest
        packed = sum((d & ((1 << bits) - 1)) << (bits * k) for k, d in enumerate(deltas))
        out += bytes((bits, count)) + packed.to_bytes(-(-bits * len(deltas) // 8), "little")
        at += count
    assert read_frame(bytes(out)).values.tolist() == [list(one) for one in samples]


@pytest.mark.parametrize(
    "data",
    [
        "",
        "02",
        "0200943577000000000100",
        "02009435770000000001",
        "000094357700000000010000",
        "0500943577000000008000",
        "02009435770000000080010002000300FF01",
        "020094357700000000800100020003",
    ],
)
def test_what_is_no_frame(data: str) -> None:
    with pytest.raises(MalformedPacketError):
        read_frame(bytes.fromhex(data))


def test_time_is_that_of_the_last_sample_and_gaps_come_from_it() -> None:
    """Ten samples a packet at 100 Hz; the third packet is lost."""
    decoder = FAMILY.new_decoder()
    start = bytes((Op.START, Kind.ACC)) + write_settings({Setting.RATE_HZ: 100})
    decoder.feed(Record(RecordKind.SENT, "control", start, 0))
    decoder.feed(received("control", bytes.fromhex("F002020000")))
    events: list[DeviceEvent] = []
    for packet in (1, 2, 4, 4, 5):
        stamp = 100_000_000 * packet
        body = struct.pack("<30h", *([packet, 0, 1000] * 10))
        data = struct.pack("<BQB", Kind.ACC, stamp, 1) + body
        events += decoder.feed(received("data", data, at_ms=100.0 * packet))
    samples = [event for event in events if isinstance(event, SamplesArrived)]
    assert [one.first_index for one in samples] == [0, 10, 30, 40]
    assert [one.device_time_s for one in samples] == pytest.approx([0.01, 0.11, 0.31, 0.41])
    lost = [event for event in events if isinstance(event, SamplesLost)]
    assert [(one.first_index, one.count) for one in lost] == [(20, 10)]
    assert decoder.counters.duplicate == 10
    assert samples[0].acc_mps2[0] == pytest.approx([MG, 0.0, 1000 * MG])


def test_acceleration_meets_the_rate_of_its_own_instant() -> None:
    """Rate frames lag behind and are cut elsewhere; each value says when it was taken."""
    decoder = FAMILY.new_decoder()
    for kind in (Kind.ACC, Kind.GYRO):
        start = bytes((Op.START, kind)) + write_settings({Setting.RATE_HZ: 100})
        decoder.feed(Record(RecordKind.SENT, "control", start, 0))
        decoder.feed(received("control", bytes((0xF0, Op.START, kind, 0, 0))))
    events: list[DeviceEvent] = []
    for packet in range(6):
        for kind, layout, first in (
            (Kind.ACC, 0x81, 10 * packet),
            (Kind.GYRO, 0x80, 10 * packet - 3),
        ):
            values = [max(0, first + k) for k in range(10)]
            reference = struct.pack(
                "<BQB3h", kind, 10_000_000 * (first + 12), layout, values[0], 0, 0
            )
            deltas = b"".join(bytes((8, 1, values[k] - values[k - 1], 0, 0)) for k in range(1, 10))
            events += decoder.feed(received("data", reference + deltas, at_ms=100.0 * packet))
    rows = 0
    for event in events:
        if isinstance(event, SamplesArrived):
            assert event.gyr_radps is not None
            acc, gyr = event.acc_mps2[:, 0] / MG, event.gyr_radps[:, 0] / RADPS_PER_DPS
            assert gyr == pytest.approx(acc, abs=1e-6)
            rows += len(acc)
    assert 50 <= rows <= 57


@pytest.mark.parametrize(("status", "word"), [(13, "charger"), (8, "rate"), (10, "small")])
def test_a_refusal_ends_it_and_says_why(status: int, word: str) -> None:
    controller = FAMILY.new_controller(StreamSettings())
    controller.link_up(0, 244)
    offered = write_settings({Setting.RATE_HZ: 100, Setting.RANGE: 8})
    for step in range(10):
        asked = controller.poll(step)
        if not asked:
            break
        op, kind = asked[0].data[:2]
        refused = kind == Kind.GYRO or op == Op.STOP
        text = "no" if refused else ""
        if op == Op.START:
            decoder = FAMILY.new_decoder()
            (answer,) = decoder.feed(received("control", bytes((0xF0, op, kind, status))))
            assert isinstance(answer, Answered)
            controller.handle(answer, step)
        else:
            controller.handle(Answered(step, f"{op}/{kind}", text, offered), step)
    assert controller.state is ControllerState.FAILED
    assert isinstance(controller.failure, DeviceError)
    assert word in str(controller.failure)
