"""Raw log chunks: what goes in comes out, and nothing else is ever taken for one."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorhub.model.link import Record, RecordKind
from sensorhub.sessions.store.rawlog import MAX_PLAIN_BYTES, DamagedChunkError, pack, unpack

RECORDS = st.lists(
    st.builds(
        Record,
        kind=st.sampled_from(RecordKind),
        channel=st.sampled_from(["serial", "data", "control", "größer"]),
        data=st.binary(max_size=300),
        host_time_ns=st.integers(-(2**62), 2**62),
    ),
    min_size=1,
    max_size=40,
)


@given(RECORDS)
def test_what_goes_in_comes_out(records: list[Record]) -> None:
    chunk = pack(records)
    assert unpack(chunk.blob, crc32=chunk.crc32) == records
    times_ns = [record.host_time_ns for record in records]
    assert (chunk.records, chunk.first_ns, chunk.last_ns) == (
        len(records),
        min(times_ns),
        max(times_ns),
    )


@given(RECORDS, st.data())
def test_a_changed_byte_is_noticed(records: list[Record], data: st.DataObject) -> None:
    chunk = pack(records)
    spot = data.draw(st.integers(0, len(chunk.blob) - 1))
    change = data.draw(st.integers(1, 255))
    damaged = bytearray(chunk.blob)
    damaged[spot] ^= change
    with pytest.raises(DamagedChunkError):
        unpack(bytes(damaged), crc32=chunk.crc32)


@settings(max_examples=300)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_refused_or_parsed(content: bytes, squeezed: bool) -> None:
    """Even with a right checksum, as somebody who wants to do harm would give it."""
    blob = zlib.compress(content) if squeezed else content
    try:
        records = unpack(blob, crc32=zlib.crc32(blob))
    except DamagedChunkError:
        return
    assert all(isinstance(record, Record) for record in records)


@given(RECORDS)
def test_bytes_after_the_end_are_noticed(records: list[Record]) -> None:
    plain = zlib.decompress(pack(records).blob)
    for wrong in (plain + b"\0", plain[:-1]):
        blob = zlib.compress(wrong)
        with pytest.raises(DamagedChunkError):
            unpack(blob, crc32=zlib.crc32(blob))


def test_a_bomb_is_not_blown_up() -> None:
    blob = zlib.compress(bytes(MAX_PLAIN_BYTES + 1))
    assert len(blob) < 1 << 20
    with pytest.raises(DamagedChunkError, match="does not end"):
        unpack(blob, crc32=zlib.crc32(blob))
