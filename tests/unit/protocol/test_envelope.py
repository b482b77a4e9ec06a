"""Envelopes of the serial line: limits, rejections, resynchronisation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.protocol.envelope import (
    MAX_ENVELOPE,
    MAX_PACKET,
    Channel,
    Enveloped,
    EnvelopeReader,
    wrap,
)
from sensorhub.protocol.malformed import RejectedBytes

packets = st.binary(min_size=1, max_size=MAX_PACKET)
channels = st.sampled_from(Channel)


@given(channels, packets)
def test_what_is_wrapped_is_read(channel: Channel, packet: bytes) -> None:
    serial = wrap(channel, packet)
    assert serial.count(0) == 1
    assert len(serial) - 1 <= MAX_ENVELOPE
    assert EnvelopeReader().push(serial) == [Enveloped(channel, packet)]


@pytest.mark.parametrize("size", [0, MAX_PACKET + 1])
def test_packets_of_impossible_size_are_not_wrapped(size: int) -> None:
    with pytest.raises(ValueError, match="1 to 512"):
        wrap(Channel.DATA, bytes(size))


def test_a_final_full_block_may_end_with_a_code_byte() -> None:
    """Encoders leave the 01 after a final block of 254 bytes out; decoders accept it."""
    packet = next(
        candidate
        for candidate in (bytes([fill]) * 249 for fill in range(1, 256))
        if 0 not in wrap(Channel.DATA, candidate)[:-1]
        and len(wrap(Channel.DATA, candidate)) == 1 + 254 + 1
    )
    serial = wrap(Channel.DATA, packet)
    longer = serial[:-1] + b"\x01\x00"
    assert EnvelopeReader().push(longer) == [Enveloped(Channel.DATA, packet)]


def test_empty_envelopes_are_ignored() -> None:
    assert EnvelopeReader().push(b"\x00\x00\x00") == []


@pytest.mark.parametrize(
    ("serial", "reason"),
    [
        (b"\x05ab\x00", "bad COBS"),
        (wrap(Channel.DATA, b"abc")[:-2] + b"\xee\x00", "bad CRC"),
        (b"\x03ab\x00", "bad length"),
    ],
)
def test_broken_envelopes_are_counted(serial: bytes, reason: str) -> None:
    assert EnvelopeReader().push(serial) == [RejectedBytes(len(serial) - 1, reason)]


def test_an_unknown_channel_is_counted() -> None:
    serial = wrap(6, b"abc")  # type: ignore[arg-type]
    assert EnvelopeReader().push(serial) == [RejectedBytes(len(serial) - 1, "unknown channel")]


@pytest.mark.parametrize("split", [1, 7, 600, 5000])
def test_a_run_without_end_is_dropped_and_the_next_packet_found(split: int) -> None:
    stream = b"\x55" * 4000 + b"\x00" + wrap(Channel.LOG, b"hello")
    reader = EnvelopeReader()
    found = []
    for at in range(0, len(stream), split):
        found += reader.push(stream[at : at + split])
    assert found == [
        RejectedBytes(4000, "no end within 520 bytes"),
        Enveloped(Channel.LOG, b"hello"),
    ]


def test_exactly_520_bytes_are_still_looked_at() -> None:
    reader = EnvelopeReader()
    assert reader.push(b"\x55" * 520 + b"\x00") == [RejectedBytes(520, "bad COBS")]
    assert reader.push(b"\x55" * 521 + b"\x00") == [RejectedBytes(521, "no end within 520 bytes")]


def test_reset_tells_what_it_drops() -> None:
    reader = EnvelopeReader()
    reader.push(b"abc")
    assert reader.reset() == 3
    assert reader.push(wrap(Channel.DATA, b"x")) == [Enveloped(Channel.DATA, b"x")]
