"""The law of bytes: however a byte stream was split on its way in, the events are the same."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omp_logs import comparable, serial_log

from sensorhub.devices.omp.decoder import OmpDecoder
from sensorhub.model.events import (
    BytesRejected,
    ClockObserved,
    DeviceEvent,
    DeviceNotice,
    LinkChanged,
    SamplesArrived,
    SamplesLost,
    StreamStarted,
)
from sensorhub.model.link import Record, RecordKind


def decoded(records: Iterable[Record]) -> list[object]:
    decoder = OmpDecoder()
    return comparable([event for record in records for event in decoder.feed(record)])


def runs() -> list[list[Record]]:
    """The log as runs of received records (one arrival time each) and single other records."""
    found: list[list[Record]] = []
    for record in serial_log():
        received = record.kind is RecordKind.RECEIVED
        if received and found and found[-1][0].kind is RecordKind.RECEIVED:
            found[-1].append(record)
        else:
            found.append([record])
    return found


def split(run: Sequence[Record], cuts: Sequence[int]) -> list[Record]:
    """The bytes of a run of received records, cut elsewhere; they arrive together, at its end."""
    if run[0].kind is not RecordKind.RECEIVED:
        return list(run)
    last = run[-1]
    whole = b"".join(record.data for record in run)
    edges = sorted({0, len(whole), *(cut % len(whole) for cut in cuts)})
    return [replace(last, data=whole[a:b]) for a, b in pairwise(edges)]


WHOLE = decoded(record for run in runs() for record in split(run, ()))


def test_the_log_tells_of_everything() -> None:
    decoder = OmpDecoder()
    events: list[DeviceEvent] = []
    for record in serial_log():
        events += decoder.feed(record)
    kinds = {type(event) for event in events}
    assert kinds >= {
        BytesRejected,
        ClockObserved,
        DeviceNotice,
        LinkChanged,
        SamplesArrived,
        SamplesLost,
        StreamStarted,
    }
    counters = decoder.counters
    assert counters.received + counters.lost == 110
    assert counters.received == 98


@pytest.mark.parametrize("size", [1, 2, 3, 64])
def test_fixed_pieces(size: int) -> None:
    pieces = [
        record
        for run in runs()
        for record in split(run, range(0, 1_000_000, size)[: 10_000 // size])
    ]
    assert decoded(pieces) == WHOLE


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10_000), max_size=60))
def test_any_pieces(cuts: list[int]) -> None:
    assert decoded(record for run in runs() for record in split(run, cuts)) == WHOLE


def test_the_same_log_gives_the_same_events_twice() -> None:
    assert decoded(serial_log()) == decoded(serial_log())
