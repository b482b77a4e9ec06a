"""Settings, requests, answers in parts; what is refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.protocol import tlv
from sensorhub.protocol.control import (
    Op,
    Request,
    Response,
    ResponseJoiner,
    Status,
    check_complete,
)
from sensorhub.protocol.malformed import MalformedPacketError, RejectedBytes
from sensorhub.protocol.tlv import Tlvs

ITEMS = (
    tlv.RATE_MHZ.item(100_000),
    tlv.ACC_RANGE_G.item(8),
    tlv.NAME.item(b"thigh"),
    tlv.SPAN.item(tlv.IndexSpan(4, 5)),
    (0x7E, b"unknown, to be ignored"),
)
unique_items = st.lists(st.tuples(st.integers(0x60, 0xFF), st.binary(max_size=20)), max_size=8).map(
    tuple
)


@given(unique_items)
def test_settings_round_trip(items: tuple[tuple[int, bytes], ...]) -> None:
    assert Tlvs.decode(Tlvs(items).encode()) == Tlvs(items)


@given(st.binary(max_size=60))
def test_any_bytes_are_settings_or_malformed(data: bytes) -> None:
    try:
        found = Tlvs.decode(data)
    except MalformedPacketError:
        return
    assert found.encode() == data


@pytest.mark.parametrize(
    "data",
    [
        b"\x11",
        b"\x11\x04\x00",
        b"\x11\x03\x00\x00\x00",
        bytes.fromhex("110400000000") * 2,
        b"\x16\x00",
    ],
    ids=["half a header", "cut off", "wrong length", "twice", "empty format"],
)
def test_broken_settings(data: bytes) -> None:
    with pytest.raises(MalformedPacketError):
        Tlvs.decode(data)


def test_names_are_at_most_13_bytes() -> None:
    with pytest.raises(MalformedPacketError):
        tlv.NAME.item(b"fourteen bytes")


def test_a_longer_format_is_read_by_its_first_byte() -> None:
    assert Tlvs.decode(bytes.fromhex("16021299")).get(tlv.FORMAT) == 0x12


def test_unknown_settings_are_ignored_unless_critical() -> None:
    assert Tlvs(((0x7F, b""),)).unknown_critical is None
    assert Tlvs(((0x80, b""),)).unknown_critical == 0x80
    with pytest.raises(MalformedPacketError, match="critical"):
        check_complete(Response(Op.STATUS, 1, Status.OK, Tlvs(((0x80, b""),))))


def test_an_answer_that_lacks_what_it_grants_is_incomplete() -> None:
    with pytest.raises(MalformedPacketError, match="latest index"):
        check_complete(Response(Op.STOP, 1, Status.OK))
    check_complete(Response(Op.STOP, 1, Status.BUSY))


@pytest.mark.parametrize("data", [b"", b"\x05"])
def test_requests_have_two_bytes(data: bytes) -> None:
    with pytest.raises(MalformedPacketError):
        Request.decode(data)


@pytest.mark.parametrize("data", [b"", b"\xf0\x01\x01\x00", b"\xf1\x01\x01\x00\x00"])
def test_answers_have_five_bytes_and_a_mark(data: bytes) -> None:
    with pytest.raises(MalformedPacketError):
        Response.decode(data)


@given(st.sets(st.integers(1, len(ITEMS) - 1)))
def test_an_answer_in_parts_is_the_same_answer(cuts: set[int]) -> None:
    edges = [0, *sorted(cuts), len(ITEMS)]
    parts = [ITEMS[a:b] for a, b in pairwise(edges)]
    joiner = ResponseJoiner()
    found = []
    for number, part in enumerate(parts):
        more = number < len(parts) - 1
        found += joiner.push(Response(Op.GET_CONFIG, 9, Status.OK, Tlvs(part), more))
    assert found == [Response(Op.GET_CONFIG, 9, Status.OK, Tlvs(ITEMS))]


def test_an_interrupted_answer_is_dropped_and_the_next_one_kept() -> None:
    joiner = ResponseJoiner()
    half = Response(Op.GET_CONFIG, 9, Status.OK, Tlvs(ITEMS[:1]), more=True)
    assert joiner.push(half) == []
    whole = Response(Op.STOP, 10, Status.BUSY)
    assert joiner.push(whole) == [
        RejectedBytes(len(half.encode()), "response interrupted"),
        whole,
    ]


def test_an_answer_without_end_is_dropped() -> None:
    joiner = ResponseJoiner()
    part = Response(Op.GET_CAPS, 1, Status.OK, Tlvs(((0x70, bytes(200)),)), more=True)
    found = [item for _ in range(100) for item in joiner.push(part)]
    assert found
    assert all(isinstance(item, RejectedBytes) for item in found)


def test_a_setting_twice_in_different_parts_spoils_the_answer() -> None:
    joiner = ResponseJoiner()
    part = Response(Op.GET_CONFIG, 1, Status.OK, Tlvs(ITEMS[:1]), more=True)
    joiner.push(part)
    last = Response(Op.GET_CONFIG, 1, Status.OK, Tlvs(ITEMS[:1]))
    (spoilt,) = joiner.push(last)
    assert isinstance(spoilt, RejectedBytes)
    assert spoilt.count == len(part.encode()) + len(last.encode())
