"""Bytes cut, damaged, truncated, doubled and mixed with others', for every driver, very often.

Short sessions, cut short, so that a hundred thousand examples a driver are a matter of minutes:
``SENSORHUB_EXAMPLES=100000``, as ``make long`` has it.
"""

import random
from functools import cache

import numpy as np
import pytest
from device_bench import Bench, driver_of
from hypothesis import given, settings
from hypothesis import strategies as st
from test_devices import EXAMPLES, byte_streams, check_live_indices, cut, damaged, told

from firmware_sim.families import FAMILIES
from sensorhub.devices.base import DeviceFamily, LinkCounters
from sensorhub.model.events import BytesRejected, DeviceEvent, SamplesArrived, SamplesLost
from sensorhub.model.link import Record

SHORT_S = 3.0
FIRST_SAMPLES = 60
SHARES = (0.0, 0.01, 0.05, 0.3, 1.0)


@cache
def short_session(family: str) -> tuple[Record, ...]:
    """From the first greeting to the first samples: settling in is where most can go wrong."""
    bench = Bench(family, scenario="standing_still", jitter_ms=80.0).run(SHORT_S)
    bench.hang_up()
    decoder, arrived = driver_of(family).new_decoder(), 0
    for number, record in enumerate(bench.records, 1):
        events = decoder.feed(record)
        arrived += sum(len(e.acc_mps2) for e in events if isinstance(e, SamplesArrived))
        if arrived >= FIRST_SAMPLES:
            return tuple(bench.records[:number])
    raise AssertionError(f"{family} streamed {arrived} samples in {SHORT_S:g} s")


def fed(driver: DeviceFamily, records: list[Record]) -> tuple[list[DeviceEvent], LinkCounters]:
    decoder = driver.new_decoder()
    return [event for record in records for event in decoder.feed(record)], decoder.counters


@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(seed=st.integers(0, 2**48))
def test_whatever_comes_is_told_once_however_it_was_cut(name: str, seed: int) -> None:
    """Never raises; the same events for every split; indices ascend; counters add up."""
    driver, draw = driver_of(name), random.Random(seed)
    whole = short_session(name)
    # Mostly the beginning of a session: where it breaks off is one more thing to try.
    some = whole[: 1 + int(len(whole) * draw.random() ** 2)]
    records = damaged(list(some), draw, share=draw.choice(SHARES))
    events, counters = fed(driver, records)
    check_live_indices(events)
    samples = [event for event in events if isinstance(event, SamplesArrived)]
    assert all(np.isfinite(event.acc_mps2).all() for event in samples)
    assert counters.received == sum(len(event.acc_mps2) for event in samples)
    assert counters.lost <= sum(one.count for one in events if isinstance(one, SamplesLost))
    rejected = sum(one.count for one in events if isinstance(one, BytesRejected))
    assert counters.rejected_bytes == rejected
    if lanes := byte_streams(driver):
        again, same = fed(driver, cut(records, lanes, draw))
        assert told(again) == told(events)
        assert same == counters
