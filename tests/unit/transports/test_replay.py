"""Files of records: written and read back, cut off, spoilt, and played in time."""

import asyncio
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorhub.model.errors import InputError, StoreError
from sensorhub.model.link import Record, RecordKind
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.replay import (
    MAX_DATA_BYTES,
    RecordWriter,
    played_back,
    read_records,
    write_records,
)

RECORDS = st.lists(
    st.builds(
        Record,
        st.sampled_from(RecordKind),
        st.text(max_size=20),
        st.binary(max_size=200),
        st.integers(-(2**63), 2**63 - 1),
    ),
    max_size=12,
)
FEW = [
    Record(RecordKind.LINK_UP, "", b"\xf4\x00", 1_000_000_000),
    Record(RecordKind.RECEIVED, "data", b"\x00\x01\x02", 1_010_000_000),
    Record(RecordKind.SENT, "control", b"hello", 1_020_000_000),
    Record(RecordKind.LINK_DOWN, "", "weg: äöü".encode(), 1_030_000_000),
]


@given(RECORDS)
@settings(max_examples=60)
def test_what_is_written_is_read(tmp_path_factory, records):
    path = tmp_path_factory.mktemp("records") / "a.rec"
    write_records(path, records, family="omp")
    back = read_records(path)
    assert (back.family, list(back.records), back.complete) == ("omp", records, True)


def test_a_file_cut_anywhere_gives_what_is_whole(tmp_path):
    path = tmp_path / "a.rec"
    write_records(path, FEW, family="omp")
    whole = path.read_bytes()
    header = whole.index(b"\n") + 1
    complete_with = []
    for size in range(header, len(whole)):
        path.write_bytes(whole[:size])
        back = read_records(path)
        assert list(back.records) == FEW[: len(back.records)]
        if back.complete:
            complete_with.append(len(back.records))
    assert complete_with == [0, 1, 2, 3]  # only at the borders between records


@given(st.data())
@settings(max_examples=150)
def test_spoilt_files_are_refused_or_shorter_never_wrong(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("spoilt") / "a.rec"
    write_records(path, FEW, family="omp")
    spoilt = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(spoilt) - 1))
    spoilt[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(spoilt)
    try:
        back = read_records(path)
    except InputError:
        return
    assert list(back.records) == FEW[: len(back.records)]


@given(st.binary(max_size=300))
def test_arbitrary_bytes_after_the_header_never_raise_anything_else(tmp_path_factory, tail):
    path = tmp_path_factory.mktemp("noise") / "a.rec"
    path.write_bytes(b"sensorhub-records 1 omp\n" + tail)
    try:
        assert len(read_records(path).records) <= len(tail) // 18  # no record is shorter
    except InputError:
        return


def test_a_huge_length_costs_no_memory(tmp_path):
    path = tmp_path / "a.rec"
    path.write_bytes(b"sensorhub-records 1 omp\n" + struct.pack("<II", 2**32 - 1, 0))
    with pytest.raises(InputError, match="damaged after its record number 0"):
        read_records(path)


def test_an_unknown_kind_is_refused(tmp_path):
    body = struct.pack("<BqB", 99, 0, 0)
    path = tmp_path / "a.rec"
    frame = struct.pack("<II", len(body), zlib.crc32(body))
    path.write_bytes(b"sensorhub-records 1 omp\n" + frame + body)
    with pytest.raises(InputError, match="damaged"):
        read_records(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no file of records"),
        (b"time_s,acc_x_mps2\n", "no file of records"),
        (b"x" * 500, "no file of records"),
        (b"sensorhub-records 2 omp\n", "version 2"),
    ],
)
def test_other_files_are_refused(tmp_path, content, says):
    path = tmp_path / "a.rec"
    path.write_bytes(content)
    with pytest.raises(InputError, match=says) as refusal:
        read_records(path)
    assert refusal.value.hint


def test_missing_and_existing_files(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_records(tmp_path / "none.rec")
    with pytest.raises(InputError, match="cannot be read"):
        read_records(tmp_path)
    (tmp_path / "there.rec").touch()
    with pytest.raises(InputError, match="exists already"):
        RecordWriter(tmp_path / "there.rec", family="omp")
    with pytest.raises(StoreError, match="cannot be written"):
        RecordWriter(tmp_path / "no" / "dir.rec", family="omp")
    with pytest.raises(InputError, match="no name"):
        RecordWriter(tmp_path / "new.rec", family="a\nb")


def test_what_is_too_long_is_not_written(tmp_path):
    with (
        RecordWriter(tmp_path / "a.rec", family="omp") as writer,
        pytest.raises(InputError, match="too long"),
    ):
        writer.write(Record(RecordKind.RECEIVED, "data", bytes(MAX_DATA_BYTES + 1), 0))


def test_played_back_at_its_own_pace_from_now():
    async def play():
        clock = HubClock(speed=10.0)
        began = clock.now_ns()
        out = []
        async for record in played_back(FEW, clock):
            assert clock.now_ns() >= record.host_time_ns
            out.append(record)
        assert [r.host_time_ns - out[0].host_time_ns for r in out] == [
            r.host_time_ns - FEW[0].host_time_ns for r in FEW
        ]
        assert out[0].host_time_ns >= began
        assert [(r.kind, r.data) for r in out] == [(r.kind, r.data) for r in FEW]

    asyncio.run(play())
