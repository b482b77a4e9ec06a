"""Sample, event, time and status packets: written and read back; wrong lengths refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.protocol.malformed import MalformedPacketError
from sensorhub.protocol.packets import (
    SAMPLE_LAYOUTS,
    EventPacket,
    SamplesPacket,
    StatusPacket,
    TimePacket,
)

u8, u16 = st.integers(0, 0xFF), st.integers(0, 0xFFFF)
u32, u64 = st.integers(0, 0xFFFFFFFF), st.integers(0, 2**64 - 1)


@st.composite
def sample_packets(draw: st.DrawFn) -> SamplesPacket:
    kind = draw(st.sampled_from(sorted(SAMPLE_LAYOUTS)))
    size = 2 * SAMPLE_LAYOUTS[kind].columns
    payload = draw(
        st.integers(1, 20).flatmap(lambda n: st.binary(min_size=n * size, max_size=n * size))
    )
    return SamplesPacket(kind, draw(u8), draw(u16), draw(u32), payload)


@given(sample_packets())
def test_samples_round_trip(packet: SamplesPacket) -> None:
    read = SamplesPacket.decode(packet.encode())
    assert read == packet
    assert read.values().shape == (packet.count, SAMPLE_LAYOUTS[packet.kind].columns)
    assert read.values().tobytes() == packet.payload


@given(st.builds(EventPacket, u8, u8, u32, u64))
def test_events_round_trip(packet: EventPacket) -> None:
    assert EventPacket.decode(packet.encode()) == packet


@given(st.builds(TimePacket, u8, u64, u16))
def test_times_round_trip(packet: TimePacket) -> None:
    assert TimePacket.decode(packet.encode()) == packet


@given(st.builds(StatusPacket, u64, u32, u16, u8, u8))
def test_status_round_trips(packet: StatusPacket) -> None:
    assert StatusPacket.decode(packet.encode()) == packet


@pytest.mark.parametrize("size", [0, 7, 8, 8 + 11, 8 + 13])
def test_sample_packets_hold_whole_samples_at_least_one(size: int) -> None:
    with pytest.raises(MalformedPacketError):
        SamplesPacket.decode((b"\x11" + bytes(600))[:size])


@pytest.mark.parametrize("first", [0x10, 0x16, 0x18, 0x1F, 0x41])
def test_unknown_formats_are_refused(first: int) -> None:
    with pytest.raises(MalformedPacketError):
        SamplesPacket.decode(bytes((first,)) + bytes(7 + 12))


@pytest.mark.parametrize(
    ("kind", "mark", "size"),
    [(EventPacket, 0x21, 16), (TimePacket, 0x31, 12), (StatusPacket, 0x32, 18)],
)
def test_other_packets_have_one_length(kind: type, mark: int, size: int) -> None:
    good = bytes((mark,)) + bytes(size - 1)
    assert kind.decode(good).encode() == good  # type: ignore[attr-defined]
    for bad in (good[:-1], good + b"\x00", b"\x00" + good[1:], b""):
        with pytest.raises(MalformedPacketError):
            kind.decode(bad)  # type: ignore[attr-defined]
