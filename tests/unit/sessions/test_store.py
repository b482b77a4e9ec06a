"""The store: what was acknowledged is there, and every trouble is a sentence."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from store_rig import PELVIS, THIGH, Told, chunks, integrity, some_records

from sensorhub.model.errors import InputError, StoreError
from sensorhub.model.outcomes import Repetition, SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import Store
from sensorhub.sessions.store.values import (
    Answer,
    AnswerKind,
    Notice,
    NoticeCode,
    Prescription,
    SessionInfo,
)


def test_a_whole_session_is_read_back_as_it_was_written(
    path: Path, now_ns: Callable[[], int]
) -> None:
    records = {THIGH.placement: some_records(500), PELVIS.placement: some_records(30)}
    outcome = SetOutcome("squat", Side.BOTH, 1.0, 9.0, repetitions=(Repetition(1, 2, 3, 1.5),))
    with Store(path, now_ns=now_ns) as store:
        log = store.begin_session(SessionInfo("daily-hip", "9.9", simulated=True), [THIGH, PELVIS])
        for placement, many in records.items():
            assert all(log.append(placement, record) for record in many)
        number = log.begin_set(
            "squat", Side.BOTH, started_ns=5, prescribed=Prescription(10, hold_s=2.0)
        )
        log.identify_sensor(THIGH.placement, device_id="77FF")
        log.end_set(number, ended_ns=99, live=outcome)
        second = log.begin_set("bridge", Side.BOTH, started_ns=100)
        log.answer(AnswerKind.PAIN_BEFORE, "3", answered_ns=1)
        log.answer(AnswerKind.PAIN_AFTER, "2", answered_ns=2)
        log.answer(AnswerKind.PAIN_AFTER, "4", answered_ns=3)
        log.answer(AnswerKind.HURT, "yes", answered_ns=4, exercise="clam", side=Side.LEFT)
        log.close()
    reader = StoreReader(path)
    session = reader.session(log.name)
    assert (session.info.plan, session.info.software) == ("daily-hip", "9.9")
    assert session.info.simulated
    assert not session.is_open
    assert session.started == log.started
    assert session.person.startswith("P-")
    assert [s.device_id for s in session.sensors] == ["1A2B", "77FF"]
    assert session.sensors[0] == PELVIS
    assert session.sets[0].prescribed == Prescription(10, 2.0)
    assert (session.sets[0].started_ns, session.sets[0].ended_ns) == (5, 99)
    assert session.sets[0].live == session.sets[0].outcome == outcome
    assert session.sets[1].number == second
    assert session.sets[1].ended_ns == session.ended_ns
    assert session.answer(AnswerKind.PAIN_BEFORE) == "3"
    assert session.answer(AnswerKind.PAIN_AFTER) == "4"
    assert session.answers[-1] == Answer(AnswerKind.HURT, "yes", 4, 0, "clam", Side.LEFT)
    for placement, many in records.items():
        assert list(reader.raw_log(log.name, placement).records) == many
    assert reader.raw_log(log.name, Placement.BELLY).records == ()


def test_names_count_up_and_last_is_the_last(path: Path, now_ns: Callable[[], int]) -> None:
    with Store(path, now_ns=now_ns) as store:
        names = []
        for _ in range(11):
            log = store.begin_session(SessionInfo())
            names.append(log.name)
            log.close()
    reader = StoreReader(path)
    assert reader.names() == tuple(names)
    assert [name.rpartition("-")[2] for name in names] == [str(k) for k in range(1, 12)]
    assert reader.session("last").name == names[-1]
    assert len({session.person for session in reader.sessions()}) == 1
    with pytest.raises(InputError, match="Did you mean"):
        reader.session(names[0] + "x")


def test_flush_acknowledges_what_a_reader_then_sees(path: Path, now_ns: Callable[[], int]) -> None:
    with Store(path, now_ns=now_ns, commit_interval_s=60.0) as store:
        log = store.begin_session(SessionInfo(), [THIGH, PELVIS])
        assert log.flushed_until_ns is None
        for record in some_records(10, first_ns=100):
            log.append(THIGH.placement, record)
        assert log.durable_until_ns(THIGH.placement) is None
        log.flush()
        assert log.durable_until_ns(THIGH.placement) == 109
        assert log.flushed_until_ns == 109
        log.append(PELVIS.placement, some_records(1, first_ns=200)[0])
        assert log.flushed_until_ns is None
        log.flush()
        assert log.flushed_until_ns == 200
        # A second connection, as another process would have, while the session runs:
        assert len(StoreReader(path).raw_log(log.name, THIGH.placement).records) == 10
        assert StoreReader(path).session(log.name).is_open


def test_records_are_committed_without_being_asked(path: Path, now_ns: Callable[[], int]) -> None:
    with Store(path, now_ns=now_ns, commit_interval_s=0.01) as store:
        log = store.begin_session(SessionInfo(), [THIGH])
        log.append(THIGH.placement, some_records(1, first_ns=7)[0])
        reader = StoreReader(path)
        pause = threading.Event()
        for _ in range(2000):
            if reader.raw_log(log.name, THIGH.placement).records:
                return
            pause.wait(0.01)
        pytest.fail("the record was never committed")


def test_a_second_writer_is_refused_and_the_first_goes_on(
    path: Path, now_ns: Callable[[], int]
) -> None:
    with Store(path, now_ns=now_ns) as store:
        with pytest.raises(StoreError, match="in use by another") as caught:
            Store(path, now_ns=now_ns)
        assert caught.value.hint
        store.begin_session(SessionInfo()).close()
    with Store(path, now_ns=now_ns) as store:
        store.begin_session(SessionInfo()).close()


def test_a_full_disk_is_told_nothing_stored_is_harmed_and_it_goes_on_when_there_is_room(
    path: Path, now_ns: Callable[[], int]
) -> None:
    told = Told()
    kept = some_records(200, size=500)
    with Store(
        path,
        now_ns=now_ns,
        on_problem=told,
        commit_interval_s=0.01,
        max_waiting_bytes=400_000,
        max_pages=80,
    ) as store:
        log = store.begin_session(SessionInfo(), [THIGH])
        for record in kept:
            assert log.append(THIGH.placement, record)
        log.flush()
        more = some_records(4000, size=500, first_ns=10_000)
        accepted = [record for record in more if log.append(THIGH.placement, record)]
        told.wait_for(1)
        problem = told.problems[0]
        assert problem is not None
        assert "disk is full" in str(problem)
        assert problem.hint
        assert store.problem is not None
        with pytest.raises(StoreError, match="full"):
            log.flush()
        with pytest.raises(StoreError, match="full"):
            store.begin_session(SessionInfo())
        # Recording went on without waiting; what found no room was counted.
        assert len(accepted) < len(more)
        assert log.records_lost == len(more) - len(accepted)
        # Readers still read everything that was acknowledged.
        stored = StoreReader(path).raw_log(log.name, THIGH.placement).records
        assert list(stored[:200]) == kept
        assert integrity(path) == "ok"
        # Somebody makes room (another connection may not write: the limit is the connection's).
        store._writer._connection.execute("PRAGMA max_page_count = 100000")
        told.wait_for(2)
        assert told.problems[1] is None
        log.close()
    session = StoreReader(path).session("last")
    stored = StoreReader(path).raw_log(log.name, THIGH.placement).records
    assert list(stored) == kept + accepted
    (notice,) = session.notices
    assert notice.code is NoticeCode.RECORDS_LOST
    assert notice.count == len(more) - len(accepted)


def test_a_disk_that_stays_full_is_told_at_the_end(path: Path, now_ns: Callable[[], int]) -> None:
    store = Store(path, now_ns=now_ns, max_pages=40)
    log = store.begin_session(SessionInfo(), [THIGH])
    for record in some_records(1000, size=500):
        log.append(THIGH.placement, record)
    with pytest.raises(StoreError, match="full"):
        log.close()
    with pytest.raises(StoreError, match="full"):
        store.close()
    assert integrity(path) == "ok"
    assert StoreReader(path).unfinished() == (log.name,)
    Store(path, now_ns=now_ns).close()  # the lock is free again


def test_a_closed_store_refuses_politely(path: Path, now_ns: Callable[[], int]) -> None:
    store = Store(path, now_ns=now_ns)
    log = store.begin_session(SessionInfo(), [THIGH])
    store.close()
    assert not log.append(THIGH.placement, some_records(1)[0])
    assert log.records_lost == 1
    with pytest.raises(StoreError, match="closed"):
        log.begin_set("squat", Side.BOTH, started_ns=0)


def test_a_change_that_makes_no_sense_costs_nobody_else_anything(
    path: Path, now_ns: Callable[[], int]
) -> None:
    told = Told()
    with Store(path, now_ns=now_ns, on_problem=told) as store:
        log = store.begin_session(SessionInfo(), [THIGH])
        with pytest.raises(StoreError):
            log.add_sensor(THIGH)  # one sensor a placement
        with pytest.raises(StoreError, match="no session"):
            store.save_final("nobody", {})
        log.begin_set("squat", Side.BOTH, started_ns=1)
        log._writer.post(lambda db: db.execute("INSERT INTO nowhere VALUES (1)"))
        log.begin_set("bridge", Side.BOTH, started_ns=2)
        log.flush()
        told.wait_for(1)
    assert [s.exercise for s in StoreReader(path).session("last").sets] == ["squat", "bridge"]


def test_a_listener_that_fails_stops_nobody(
    path: Path, now_ns: Callable[[], int], caplog: pytest.LogCaptureFixture
) -> None:
    told = Told()

    def listener(problem: StoreError | None) -> None:
        told(problem)
        raise RuntimeError("the screen is gone")

    with Store(path, now_ns=now_ns, on_problem=listener, commit_interval_s=0.01) as store:
        log = store.begin_session(SessionInfo(), [THIGH])
        store._writer._connection.execute("PRAGMA query_only = ON")
        log.append(THIGH.placement, some_records(1)[0])
        told.wait_for(1)
        store._writer._connection.execute("PRAGMA query_only = OFF")
        log.flush()
    assert len(StoreReader(path).raw_log("last", THIGH.placement).records) == 1
    assert "nobody could be told" in caplog.text


def test_the_write_ahead_log_is_emptied_as_it_grows(
    path: Path, now_ns: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sensorhub.sessions.store.writer.CHECKPOINT_BYTES", 200_000)
    with Store(path, now_ns=now_ns) as store:
        log = store.begin_session(SessionInfo(), [THIGH])
        for _ in range(40):
            for record in some_records(50, size=1000):
                log.append(THIGH.placement, record)
            log.flush()
        assert path.with_name(path.name + "-wal").stat().st_size < 600_000
        assert path.stat().st_size > 1_000_000


def test_small_chunks_become_large_ones_and_nothing_changes(
    path: Path, now_ns: Callable[[], int]
) -> None:
    records = some_records(9000, size=20)
    with Store(path, now_ns=now_ns, commit_interval_s=60.0) as store:
        log = store.begin_session(SessionInfo(), [THIGH, PELVIS])
        for k, record in enumerate(records):
            log.append(THIGH.placement, record)
            if k % 300 == 0:
                log.append(PELVIS.placement, record)
                log.flush()
        log.close()
        before = StoreReader(path).raw_log(log.name, PELVIS.placement)
        assert chunks(path) > 50
        store.compact(log.name)
        assert chunks(path) <= 5
        store.compact(log.name)
        reader = StoreReader(path)
        assert list(reader.raw_log(log.name, THIGH.placement).records) == records
        assert reader.raw_log(log.name, PELVIS.placement) == before


def test_a_damaged_chunk_is_counted_and_the_rest_is_read(
    path: Path, now_ns: Callable[[], int]
) -> None:
    records = some_records(90, size=20)
    with Store(path, now_ns=now_ns, commit_interval_s=60.0) as store:
        log = store.begin_session(SessionInfo(), [THIGH])
        for k, record in enumerate(records):
            log.append(THIGH.placement, record)
            if k % 10 == 9:
                log.flush()
        log.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE chunk SET data = zeroblob(9) WHERE id = 4")
    db.close()
    log_read = StoreReader(path).raw_log("last", THIGH.placement)
    assert log_read.damaged_chunks == 1
    assert list(log_read.records) == records[:30] + records[40:]
    with Store(path, now_ns=now_ns) as store:
        store.compact(log.name)
    assert StoreReader(path).raw_log("last", THIGH.placement) == log_read
    assert chunks(path) == 3


def test_final_outcomes_replace_earlier_ones(path: Path, now_ns: Callable[[], int]) -> None:
    first = SetOutcome("squat", Side.BOTH, 0.0, 1.0, detector_version="1")
    second = SetOutcome("squat", Side.BOTH, 0.0, 1.0, detector_version="2")
    with Store(path, now_ns=now_ns) as store:
        log = store.begin_session(SessionInfo())
        number = log.begin_set("squat", Side.BOTH, started_ns=0)
        log.end_set(number, ended_ns=9)
        log.close()
        assert StoreReader(path).unfinished() == (log.name,)
        for outcome in (first, second):
            store.save_final(log.name, {number: outcome})
            assert StoreReader(path).session("last").sets[0].final == outcome
        assert StoreReader(path).unfinished() == ()
        store.add_notice(log.name, Notice(NoticeCode.RECORDS_DAMAGED, "two pieces", 3, 2))
        assert StoreReader(path).session("last").notices[0].count == 2
