"""Polar: the published bytes, decoded exactly; the conversation with both kinds of sensor."""

import random
import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vector_table import Row, identity, rows

from sensorhub.devices.base import Controller, ControllerState, StreamSettings
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
from sensorhub.model.errors import DeviceError, LinkLostError
from sensorhub.model.events import DeviceEvent, SamplesArrived, SamplesLost
from sensorhub.model.link import Record, RecordKind
from sensorhub.model.units import RADPS_PER_DPS, STANDARD_GRAVITY_MPS2
from sensorhub.protocol.malformed import MalformedPacketError

MG = 1e-3 * STANDARD_GRAVITY_MPS2


def received(lane: str, data: bytes, at_ms: float = 1.0) -> Record:
    return Record(RecordKind.RECEIVED, lane, data, round(at_ms * 1e6))


@pytest.mark.parametrize("row", rows("frame"), ids=identity)
def test_published_frame(row: Row) -> None:
    want = row.want
    bits = bytes.fromhex(want.get("factor_bits", ""))
    factor = struct.unpack("<f", bits)[0] if bits else want.get("factor", 1.0)
    frame = read_frame(bytes.fromhex(want["data"]), factor=factor)
    assert frame.last_ns == want["last_ns"]
    first = frame.values[: len(want["values"])]
    assert first == pytest.approx(np.array(want["values"]), rel=0, abs=want.get("within", 0))
    assert len(frame.values) == want.get("rows", len(want["values"]))
    assert np.abs(frame.values).max() <= want.get("widest", np.inf)


@pytest.mark.parametrize("row", rows("settings"), ids=identity)
def test_published_settings(row: Row) -> None:
    found = read_settings(bytes.fromhex(row.want["data"]))
    assert {setting.name: list(values) for setting, values in found.items()} == row.want["want"]


def test_published_answer() -> None:
    answer = read_answer(bytes.fromhex("F001020000FFFFFF"))
    assert answer == Answer(Op.GET_SETTINGS, Kind.ACC, 0, False, b"\xff\xff\xff")


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


OFFERED = write_settings({Setting.RATE_HZ: 100, Setting.RANGE: 8})


def answers_to(op: int, kind: int) -> list[bytes]:
    """An H10 that keeps to the common settings; nothing runs."""
    if kind == Kind.GYRO:
        return [bytes((0xF0, op, kind, 3))]
    if op == Op.STOP:
        return [bytes((0xF0, op, kind, 6, 0))]
    head = bytes((0xF0, op, kind, 0))
    return [head + b"\0" + OFFERED] if op == Op.GET_SETTINGS else [head + b"\0\x01"]


def talk(answer: Callable[[int, int], list[bytes]]) -> tuple[Controller, list[tuple[int, int]]]:
    """Hold the opening conversation with a sensor that answers so; what it was asked, in turn."""
    controller, decoder = FAMILY.new_controller(StreamSettings()), FAMILY.new_decoder()
    controller.link_up(0, 244)
    asked: list[tuple[int, int]] = []
    for now_ns in range(40):
        for outgoing in controller.poll(now_ns):
            op, kind = outgoing.data[:2]
            asked.append((op, kind))
            events = decoder.feed(Record(RecordKind.SENT, "control", outgoing.data, now_ns))
            for data in answer(op, kind):
                events += decoder.feed(received("control", data))
            for event in events:
                controller.handle(event, now_ns)
    return controller, asked


@pytest.mark.parametrize(("status", "word"), [(13, "charger"), (8, "rate"), (10, "small")])
def test_a_refusal_ends_it_and_says_why(status: int, word: str) -> None:
    controller, _ = talk(
        lambda op, kind: (
            [bytes((0xF0, op, kind, status))] if op == Op.START else answers_to(op, kind)
        )
    )
    assert controller.state is ControllerState.FAILED
    assert isinstance(controller.failure, DeviceError)
    assert word in str(controller.failure)
    assert "start of acceleration" in str(controller.failure)


def test_an_h10_starts() -> None:
    controller, asked = talk(answers_to)
    assert controller.state is ControllerState.STREAMING
    assert asked[-1] == (Op.START, Kind.ACC)


def test_choices_in_several_answers() -> None:
    """Twenty bytes a packet: the settings come in pieces, each with a head of its own."""

    def answer(op: int, kind: int) -> list[bytes]:
        if (op, kind) != (Op.GET_SETTINGS, Kind.ACC):
            return answers_to(op, kind)
        head = bytes((0xF0, op, kind, 0))
        return [head + b"\1" + OFFERED[:3], head + b"\1" + OFFERED[3:4], head + b"\0" + OFFERED[4:]]

    controller, _ = talk(answer)
    assert controller.state is ControllerState.STREAMING


def test_a_question_asked_again_between_two_parts_of_its_answer() -> None:
    """Each part is acknowledged on its way, so none is missing: it only was slow."""
    decoder = FAMILY.new_decoder()
    head = bytes((0xF0, Op.GET_SETTINGS, Kind.ACC, 0))
    ask = Record(RecordKind.SENT, "control", bytes((Op.GET_SETTINGS, Kind.ACC)), 0)
    events: list[DeviceEvent] = []
    for record in (
        ask,
        received("control", head + b"\1" + OFFERED[:3]),
        ask,
        received("control", head + b"\0" + OFFERED[3:]),
        received("control", head + b"\0" + OFFERED),
    ):
        events += decoder.feed(record)
    assert [e.data for e in events if isinstance(e, Answered)] == [OFFERED, OFFERED]


def test_a_start_whose_answer_was_lost_is_made_again() -> None:
    """It says that it does that already, and with what factor nobody knows."""
    runs = False

    def answer(op: int, kind: int) -> list[bytes]:
        nonlocal runs
        if kind == Kind.ACC and op == Op.START:
            runs, ran = True, runs
            return [bytes((0xF0, op, kind, 6))] if ran else answers_to(op, kind)
        if kind == Kind.ACC and op == Op.STOP:
            runs = len(asked_stop) < 1  # another host's stream that survives the first stop
            asked_stop.append(op)
        return answers_to(op, kind)

    asked_stop: list[int] = []
    controller, asked = talk(answer)
    assert controller.state is ControllerState.STREAMING
    assert asked[-3:] == [(Op.START, Kind.ACC), (Op.STOP, Kind.ACC), (Op.START, Kind.ACC)]


def test_an_answer_without_end_is_rejected() -> None:
    decoder = FAMILY.new_decoder()
    piece = bytes((0xF0, Op.GET_SETTINGS, Kind.ACC, 0, 1)) + bytes(200)
    for _ in range(20):
        assert not any(isinstance(e, Answered) for e in decoder.feed(received("control", piece)))
    decoder.feed(Record(RecordKind.LINK_DOWN, "", b"", 0))
    assert decoder.counters.rejected_bytes > 0


def test_what_a_silent_sensor_needs_is_said() -> None:
    controller = FAMILY.new_controller(StreamSettings())
    controller.link_up(0, 244)
    caught = None
    for second in range(60):
        try:
            controller.poll(second * 10**9)
        except LinkLostError as error:
            caught = error
            break
    assert caught is not None
    assert "choices of acceleration" in str(caught)
    assert "sensorhub sensors add" in caught.hint
