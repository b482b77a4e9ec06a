"""The device's codec against vectors and packets spelled out by hand."""

import struct

import numpy as np
import pytest
from cobs import cobs
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.omp import framing, wire
from firmware_sim.omp.tables import LAYOUT, LENGTHS, Status, Tlv

# (channel, packet, serial frame): the specification's own vectors, section 12.
VECTORS = {
    "hello": (1, "010701020101", "0c01010701020101a369439700"),
    "hello response": (
        1,
        "f001070000010201000208d0d1d2d3d4d5d6d70304443322110402f700",
        "0501f001070104010201140208d0d1d2d3d4d5d6d70304443322110402f705709592cd00",
    ),
    "start": (
        1,
        "05081001001104a0860100120208001302e803140104",
        "060105081001061104a08601041202080c1302e80314010465432ec900",
    ),
    "start response": (
        1,
        "f005080000200419b8920021040000803922040000fa3c2304000000002404d4c3b2a1",
        "0501f005080106200419b8920321040105803922040105fa3c23040101010b2404d4c3b2a1ee32e7f800",
    ),
    "start refused": (1, "f005090a00", "0601f005090a056c014af000"),
    "time sync": (1, "080a", "0801080a33d08fd600"),
    "time": (
        2,
        "310a404b4c00000000003801",
        "0702310a404b4c010101010738019310dcde00",
    ),
    "status": (
        2,
        "3200404b4c0000000000f4010000930f5101",
        "03023204404b4c0101010103f4010109930f51016049e82400",
    ),
    "event": (
        2,
        "21000100f201000008014c0000000000",
        "030221020103f201010408014c0101010105bd1fbb5d00",
    ),
    "backfill": (
        1,
        "0a0b10010030089001000032000000",
        "06010a0b10010530089001010232010105c5d9b84500",
    ),
    "samples": (
        2,
        "1100feff000001000000000000080a00f6ff00000100ffff01080b00f5ff0100",
        "03021103feff010201010101010103080a03f6ff01020106ffff01080b04f5ff0105c10e6de500",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_serial_vectors(name: str) -> None:
    channel, packet, frame = VECTORS[name]
    assert framing.encode_frame(channel, bytes.fromhex(packet)).hex() == frame
    reader = framing.FrameReader(frozenset(range(1, 6)))
    assert reader.push(bytes.fromhex(frame)) == [framing.Frame(channel, bytes.fromhex(packet))]
    assert reader.dropped == 0


def test_packet_vectors() -> None:
    hello = wire.Reply(
        tlvs=(
            wire.tlv(Tlv.VERSION, 1, 0),
            wire.tlv(Tlv.DEVICE_ID, bytes(range(0xD0, 0xD8))),
            wire.tlv(Tlv.BOOT_ID, 0x11223344),
            wire.tlv(Tlv.ATT_MTU, 247),
        )
    )
    start = wire.Reply(
        tlvs=(
            wire.tlv(Tlv.PERIOD, 9_615_385),
            wire.tlv(Tlv.ACC_SCALE, 8 / 32768),
            wire.tlv(Tlv.GYR_SCALE, 1000 / 32768),
            wire.tlv(Tlv.FIRST_INDEX, 0),
            wire.tlv(Tlv.SESSION, 0xA1B2C3D4),
        )
    )
    two = np.array([(0, 0, 2048, 10, -10, 0), (1, -1, 2049, 11, -11, 1)], np.int16)
    built = {
        "hello response": wire.response_packets(1, 7, hello, max_packet=244),
        "start response": wire.response_packets(5, 8, start, max_packet=244),
        "start refused": wire.response_packets(5, 9, wire.Reply(Status.RATE), max_packet=244),
        "time": [wire.time_packet(10, t2_us=5_000_000, work_us=312)],
        "status": [
            wire.status_packet(
                t_us=5_000_000, latest_index=500, battery_mv=3987, battery_percent=81, bits=1
            )
        ],
        "event": [wire.event_packet(1, 0, latest_index=498, t_us=4_981_000)],
        "samples": [wire.samples_packet(0x11, two, first_index=0xFFFE, t0_us=65536, flags=0)],
    }
    for name, packets in built.items():
        assert [packet.hex() for packet in packets] == [VECTORS[name][1]], name


def test_requests_read_as_the_vectors_mean_them() -> None:
    start = wire.split_tlvs(bytes.fromhex(VECTORS["start"][1])[2:])
    assert start is not None
    meant = {Tlv(kind): LAYOUT[Tlv(kind)].unpack(value) for kind, value in start}
    assert meant == {
        Tlv.STREAM: (0,),
        Tlv.RATE: (100_000,),
        Tlv.ACC_RANGE: (8,),
        Tlv.GYR_RANGE: (1000,),
        Tlv.BATCH_MAX: (4,),
    }
    backfill = wire.split_tlvs(bytes.fromhex(VECTORS["backfill"][1])[2:])
    assert backfill is not None
    assert LAYOUT[Tlv.WANTED].unpack(backfill[1][1]) == (400, 50)


def test_cobs_examples_of_the_specification() -> None:
    assert framing.cobs_encode(bytes.fromhex("11220033")).hex() == "0311220233"
    assert framing.cobs_encode(bytes.fromhex("1122003300")).hex() == "031122023301"


def test_a_full_final_block_ends_without_01_and_is_read_with_it() -> None:
    full = bytes(range(1, 255))
    encoded = framing.cobs_encode(full)
    assert encoded == b"\xff" + full
    assert framing.cobs_decode(encoded) == full
    assert framing.cobs_decode(encoded + b"\x01") == full


@given(
    st.binary(max_size=1200) | st.lists(st.sampled_from([b"\0", b"x" * 254, b"y"])).map(b"".join)
)
def test_cobs_against_another_implementation(data: bytes) -> None:
    assert framing.cobs_encode(data) == cobs.encode(data)
    assert framing.cobs_decode(cobs.encode(data)) == data


@given(st.binary(max_size=600))
def test_cobs_refuses_what_another_implementation_refuses(data: bytes) -> None:
    try:
        expected = cobs.decode(data)
    except cobs.DecodeError:
        expected = None
    assert framing.cobs_decode(data) == expected


@given(
    st.lists(st.tuples(st.sampled_from((1, 5)), st.binary(min_size=1, max_size=512)), max_size=6),
    st.lists(st.integers(0, 4000), max_size=12),
)
def test_frames_survive_any_split(frames: list[tuple[int, bytes]], cuts: list[int]) -> None:
    stream = b"".join(framing.encode_frame(channel, packet) for channel, packet in frames)
    reader = framing.FrameReader(frozenset((1, 5)))
    found, start = [], 0
    for end in [*sorted(min(cut, len(stream)) for cut in cuts), len(stream)]:
        found += reader.push(stream[start:end])
        start = end
    assert [(frame.channel, frame.packet) for frame in found] == frames
    assert reader.dropped == 0


@given(st.lists(st.binary(max_size=700), max_size=8))
def test_garbage_is_dropped_counted_and_bounded(pieces: list[bytes]) -> None:
    reader = framing.FrameReader(frozenset((1, 5)))
    for piece in pieces:
        reader.push(piece)
        assert len(reader._partial) <= framing.MAX_FRAME_BYTES
    # After the next delimiter everything is as new.
    good = framing.encode_frame(1, b"\x01\x07\x01\x02\x01\x01")
    assert reader.push(b"\0" + good)[-1] == framing.Frame(1, b"\x01\x07\x01\x02\x01\x01")


@pytest.mark.parametrize(
    "frame",
    [
        framing.cobs_encode(b"\x01ab\0\0\0\0"),  # checksum
        framing.encode_frame(2, b"ab")[:-1],  # a channel that only the device speaks on
        framing.cobs_encode(b"\x01\0\0\0\0"),  # no packet
        b"\x05a",  # cut
        b"\x01" * 521,  # longer than any frame
    ],
)
def test_each_kind_of_bad_frame_counts_once(frame: bytes) -> None:
    reader = framing.FrameReader(frozenset((1, 5)))
    assert reader.push(frame + b"\0") == []
    assert reader.dropped == 1
    assert reader.push(b"\0\0") == []
    assert reader.dropped == 1


@pytest.mark.parametrize(("channel", "size"), [(0, 1), (6, 1), (1, 0), (1, 513)])
def test_no_frame_is_made_that_nobody_could_read(channel: int, size: int) -> None:
    with pytest.raises(ValueError, match="no frame"):
        framing.encode_frame(channel, bytes(size))


@given(st.binary(max_size=300))
def test_any_bytes_are_parameters_or_not(body: bytes) -> None:
    found = wire.split_tlvs(body)
    if found is not None:
        assert b"".join(bytes((kind, len(value))) + value for kind, value in found) == body


@given(st.lists(st.binary(max_size=13), max_size=12), st.sampled_from((20, 62, 244, 512)))
def test_a_response_is_cut_between_parameters(values: list[bytes], max_packet: int) -> None:
    reply = wire.Reply(Status.OK, tuple(bytes((0x52, len(v))) + v for v in values))
    packets = wire.response_packets(5, 9, reply, max_packet=max_packet)
    assert all(len(packet) <= max_packet for packet in packets)
    assert [packet[4] for packet in packets] == [1] * (len(packets) - 1) + [0]
    assert all(packet[:4] == b"\xf0\x05\x09\x00" for packet in packets)
    bodies = [wire.split_tlvs(packet[5:]) for packet in packets]
    assert [value for body in bodies for _, value in body or []] == values


def test_a_parameter_too_long_for_the_link_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        wire.response_packets(5, 9, wire.Reply(Status.OK, (bytes(16),)), max_packet=20)


def test_every_parameter_has_one_length() -> None:
    assert set(LENGTHS) == set(Tlv)
    # Lengths as the table of section 4 gives them.
    table = "01:2 02:8 03:4 04:2 05:4 06:4 07:2 09:2 10:1 11:4 12:2 13:2 14:1 15:2 16:1 20:4 21:4"
    table += " 22:4 23:4 24:4 25:8 26:4 30:8 31:4 32:8 40:9 41:8 42:8 50:8 51:8 53:2 54:4 55:8"
    expected = {int(k, 16): int(n) for k, n in (pair.split(":") for pair in table.split())}
    assert {int(k): layout.size for k, layout in LAYOUT.items()} == expected


def test_time_saturates() -> None:
    assert struct.unpack("<BBQH", wire.time_packet(1, t2_us=5, work_us=70_000))[3] == 65535


@pytest.mark.parametrize(("mtu", "samples"), [(23, 1), (65, 4), (128, 9), (185, 14), (247, 19)])
def test_samples_that_fit(mtu: int, samples: int) -> None:
    assert wire.fits(12, mtu - 3) == samples
