"""A long session fits into memory: its log is streamed, and compacted in one pass."""

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from store_rig import some_records
from test_finish import THIGH, fake_family, store_session

from sensorhub.model.link import Record
from sensorhub.model.placement import Placement
from sensorhub.sessions.stages.process import sensor_blocks
from sensorhub.sessions.stages.traces import set_trace
from sensorhub.sessions.store.rawlog import unpack
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import Store
from sensorhub.sessions.store.values import SensorInfo, SessionInfo

PACKETS = 4000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.sqlite"


def test_samples_of_a_long_log_take_little_of_the_memory_that_its_records_would(path: Path) -> None:
    reader = StoreReader(path)
    session = reader.session(store_session(path, packets=PACKETS))
    gc.collect()
    tracemalloc.start()
    try:
        records = reader.raw_log(session.name, THIGH.placement).records
        records_bytes, _ = tracemalloc.get_traced_memory()
        assert len(records) == PACKETS
        del records
        tracemalloc.reset_peak()
        at_rest_bytes, _ = tracemalloc.get_traced_memory()
        blocks = sum(1 for _ in sensor_blocks(reader, session, THIGH, find_family=fake_family))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert blocks == PACKETS
    assert peak_bytes - at_rest_bytes < records_bytes / 4


def test_a_picture_of_an_early_set_does_not_decode_the_rest_of_the_session(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = StoreReader(path)
    session = reader.session(store_session(path, packets=PACKETS))
    read: list[Record] = []
    every = StoreReader.records

    def counted(*args: Any, **named: Any) -> Iterator[Record]:
        for record in every(*args, **named):
            read.append(record)
            yield record

    monkeypatch.setattr(StoreReader, "records", counted)
    of_fakes = partial(sensor_blocks, find_family=fake_family)
    monkeypatch.setattr("sensorhub.sessions.stages.traces.sensor_blocks", of_fakes)
    trace = set_trace(reader, session, session.sets[0])
    assert trace.time_s[-1] == pytest.approx(10.0, abs=0.2)
    assert len(read) < PACKETS / 4


@pytest.mark.parametrize("damaged", [False, True])
def test_compacting_unpacks_every_chunk_once_or_twice(
    path: Path, now_ns: Callable[[], int], monkeypatch: pytest.MonkeyPatch, *, damaged: bool
) -> None:
    small = 200
    monkeypatch.setattr("sensorhub.sessions.store.chunks.LARGE_CHUNK_RECORDS", 20)
    info = SensorInfo(Placement.THIGH_RIGHT, "serial:/dev/ttyACM0", "omp")
    records = some_records(5 * small, size=20)
    with Store(path, now_ns=now_ns, commit_interval_s=60.0) as store:
        log = store.begin_session(SessionInfo(), [info])
        for k, record in enumerate(records):
            log.append(info.placement, record)
            if k % 5 == 4:
                log.flush()
        log.close()
        if damaged:
            store._writer.call(
                lambda db: db.execute("UPDATE chunk SET crc32 = 0 WHERE id % 50 = 3")
            )
        before = StoreReader(path).raw_log(log.name, info.placement)
        unpacked: list[int] = []

        def counted(blob: bytes, *, crc32: int) -> list[Record]:
            unpacked.append(crc32)
            return unpack(blob, crc32=crc32)

        monkeypatch.setattr("sensorhub.sessions.store.chunks.unpack", counted)
        store.compact(log.name)
    assert len(unpacked) <= 2 * small
    assert StoreReader(path).raw_log(log.name, info.placement) == before
