"""The session store, writing side: one process, one connection, one thread (:mod:`.writer`).

What arrives is logged before anyone interprets it. A :class:`SessionLog` is what a running session
writes to: none of its methods waits for the disk unless it says so. Reading is :mod:`.reader`'s.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Self

from sensorhub.model.errors import StoreError
from sensorhub.model.link import Record
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.words import many
from sensorhub.sessions.store.chunks import merge_chunks
from sensorhub.sessions.store.clocks import read_clocks
from sensorhub.sessions.store.database import WriterLock, connect_writer
from sensorhub.sessions.store.registry import Registry
from sensorhub.sessions.store.statements import (
    close_session,
    insert_answer,
    insert_calibration,
    insert_notice,
    insert_outcome,
    insert_person,
    insert_sensor,
    insert_session,
    session_row,
)
from sensorhub.sessions.store.values import (
    NO_PRESCRIPTION,
    Answer,
    AnswerKind,
    Moment,
    Notice,
    NoticeCode,
    Prescription,
    ResultKind,
    SensorInfo,
    SessionInfo,
)
from sensorhub.sessions.store.writer import COMMIT_INTERVAL_S, MAX_WAITING_BYTES, Writer

STORE_NAME = "sessions.sqlite"
"""The store's file name within the data folder."""


class Store:
    """The store, opened for writing. Close it, or use it in a ``with`` statement.

    Args:
        path: the store's file; made with its folder where there is none.
        now_ns: the hub's clock, nanoseconds.
        on_problem: told, from the writer's thread, when writing begins to fail (with the error)
            and when it works again (with None).
        commit_interval_s: how long a record may wait before it is committed.
        max_waiting_bytes: how much may wait in memory while the disk does not take it.
        max_pages: do not let the file grow beyond this many pages of 4096 bytes.

    Raises:
        StoreError: another process writes, or the file cannot be used.
    """

    def __init__(
        self,
        path: Path,
        *,
        now_ns: Callable[[], int],
        on_problem: Callable[[StoreError | None], None] | None = None,
        commit_interval_s: float = COMMIT_INTERVAL_S,
        max_waiting_bytes: int = MAX_WAITING_BYTES,
        max_pages: int | None = None,
    ) -> None:
        self.path = path
        self._now_ns = now_ns
        self._lock = WriterLock(path)
        try:
            connection = connect_writer(path, max_pages=max_pages)
        except BaseException:
            self._lock.release()
            raise
        self._writer = Writer(
            connection,
            path,
            on_problem=on_problem,
            commit_interval_s=commit_interval_s,
            max_waiting_bytes=max_waiting_bytes,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def problem(self) -> StoreError | None:
        """Why nothing can be written at present; None while all is well."""
        return self._writer.problem

    @property
    def progress(self) -> tuple[int, bool]:
        """How often the writer has tried to write, and whether something waits for it."""
        return self._writer.progress

    @property
    def registry(self) -> Registry:
        """The sensors of this house."""
        return Registry(self._writer)

    def close(self) -> None:
        """Write what waits and let others write. Raises StoreError when that was not possible."""
        try:
            self._writer.close()
        finally:
            self._lock.release()

    def begin_session(self, info: SessionInfo, sensors: Sequence[SensorInfo] = ()) -> "SessionLog":
        """Start a session and wait until that is durable."""
        started = read_clocks(self._now_ns)
        row, name = _pair(self._writer.call(lambda db: insert_session(db, info, started)))
        log = SessionLog(self._writer, row, name, self._now_ns, started)
        for sensor in sensors:
            log.add_sensor(sensor)
        return log

    def add_person(self) -> str:
        """Make a new person and wait until that is durable; the random pseudonym."""
        return str(self._writer.call(insert_person))

    def save_final(
        self, session: str, outcomes: Mapping[int, SetOutcome], *, notices: Sequence[Notice] = ()
    ) -> None:
        """Store the final outcomes of a session by set number, and wait until they are durable.

        Earlier final outcomes stay in the store; the latest one counts. ``notices`` become durable
        together with them: all of it or nothing.
        """

        def job(db: sqlite3.Connection) -> None:
            row = session_row(db, session)
            for number, outcome in outcomes.items():
                insert_outcome(db, row, number, ResultKind.FINAL, outcome)
            for notice in notices:
                insert_notice(db, row, notice)

        self._writer.call(job)

    def end_session(self, session: str, *, ended_ns: int, notice: Notice) -> None:
        """Close a session that nobody writes to any more, and the sets still open in it.

        ``notice`` says why; it becomes durable together with the end.
        """

        def job(db: sqlite3.Connection) -> None:
            row = session_row(db, session)
            insert_notice(db, row, notice)
            close_session(db, row, ended_ns)

        self._writer.call(job)

    def add_notice(self, session: str, notice: Notice) -> None:
        """Note something about the log of a session; waits until it is durable."""
        self._writer.call(lambda db: insert_notice(db, session_row(db, session), notice))

    def save_calibration(self, sensor: str, document: str) -> None:
        """Keep a sensor's calibration for all sessions to come; waits until it is durable.

        Args:
            sensor: what the sensor calls itself; its URI where it has no name.
            document: the calibration as JSON.
        """
        self._writer.call(lambda db: insert_calibration(db, sensor, document))

    def compact(self, session: str) -> None:
        """Rewrite the small chunks of a closed session as few large ones, losing nothing.

        Each large chunk replaces its small ones in one transaction. A damaged chunk is left alone,
        and so is the order around it.
        """
        sensors = self._writer.call(
            lambda db: [
                row
                for (row,) in db.execute(
                    "SELECT id FROM sensor WHERE session_id = ?", (session_row(db, session),)
                )
            ]
        )
        assert isinstance(sensors, list)
        for sensor in sensors:
            row: int | None = 0
            while row is not None:
                found = self._writer.call(partial(merge_chunks, sensor_row=sensor, after=row))
                assert found is None or isinstance(found, int)
                row = found


class SessionLog:
    """A running session: sensors, raw records, sets, answers; made by :meth:`Store.begin_session`.

    One thread at a time may use it.
    """

    def __init__(
        self, writer: Writer, row: int, name: str, now_ns: Callable[[], int], started: Moment
    ) -> None:
        self._writer = writer
        self._row = row
        self._now_ns = now_ns
        self._sensor_rows: dict[Placement, int] = {}
        self._last_ns: dict[Placement, int] = {}
        self._set_number = 0
        self.name = name
        self.started = started

    @property
    def records_lost(self) -> int:
        """How many records were refused because neither disk nor memory had room."""
        return sum(map(self._writer.refused, self._sensor_rows.values()))

    def add_sensor(self, sensor: SensorInfo) -> None:
        """Make a sensor known before its first record; waits until that is durable."""
        row = self._writer.call(lambda db: insert_sensor(db, self._row, sensor))
        assert isinstance(row, int)
        self._sensor_rows[sensor.placement] = row

    def identify_sensor(
        self, placement: Placement, *, device_id: str, calibration: str | None = None
    ) -> None:
        """Note what a sensor calls itself, once it has said so, and the calibration it then has.

        ``calibration`` None leaves what was noted when the sensor was added.
        """
        row = self._sensor_rows[placement]
        self._writer.post(
            lambda db: db.execute(
                "UPDATE sensor SET device_id = ?, calibration = coalesce(?, calibration)"
                " WHERE id = ?",
                (device_id, calibration, row),
            )
        )

    def append(self, placement: Placement, record: Record) -> bool:
        """Log one record; False: there was no room for it, it is lost and counted."""
        self._last_ns[placement] = record.host_time_ns
        return self._writer.append(self._sensor_rows[placement], record)

    def durable_until_ns(self, placement: Placement) -> int | None:
        """Hub time of the sensor's latest record that is safe from a power cut; None: none yet."""
        return self._writer.durable_until_ns(self._sensor_rows[placement])

    @property
    def flushed_until_ns(self) -> int | None:
        """Hub time up to which *every* sensor's records are durable; None: not of every sensor yet.

        A sensor that sends nothing does not hold this back once its last record is durable.
        """
        times_ns = []
        for placement, last_ns in self._last_ns.items():
            durable_ns = self.durable_until_ns(placement)
            if durable_ns is None:
                return None
            if durable_ns < last_ns:
                times_ns.append(durable_ns)
        if times_ns:
            return min(times_ns)
        return max(self._last_ns.values(), default=None)

    def begin_set(
        self,
        exercise: str,
        side: Side,
        *,
        started_ns: int,
        prescribed: Prescription = NO_PRESCRIPTION,
    ) -> int:
        """Mark the start of a set; its number, from 1."""
        self._set_number += 1
        number = self._set_number
        self._writer.post(
            lambda db: db.execute(
                "INSERT INTO exercise_set (session_id, number, exercise, side,"
                " prescribed_repetitions, prescribed_hold_s, prescribed_duration_s, started_ns)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    self._row,
                    number,
                    exercise,
                    side.value,
                    prescribed.repetitions,
                    prescribed.hold_s,
                    prescribed.duration_s,
                    started_ns,
                ),
            )
        )
        return number

    def end_set(
        self,
        number: int,
        *,
        ended_ns: int,
        live: SetOutcome | None = None,
        said_count: int | None = None,
    ) -> None:
        """Mark the end of a set, with what the person was shown, and the highest count they heard.

        ``said_count`` None: nothing was counted aloud.
        """

        def job(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE exercise_set SET ended_ns = ?, said_count = ?"
                " WHERE session_id = ? AND number = ?",
                (ended_ns, said_count, self._row, number),
            )
            if live is not None:
                insert_outcome(db, self._row, number, ResultKind.LIVE, live)

        self._writer.post(job)

    def answer(
        self,
        kind: AnswerKind,
        text: str,
        *,
        answered_ns: int,
        set_number: int = 0,
        exercise: str = "",
        side: Side = Side.NONE,
    ) -> None:
        """Note what the person said; see :class:`Answer`."""
        answer = Answer(kind, text, answered_ns, set_number, exercise, side)
        self._writer.post(lambda db: insert_answer(db, self._row, answer))

    def flush(self) -> None:
        """Wait until everything so far is durable. Raises StoreError when it cannot be."""
        self._writer.flush()

    def close(self) -> None:
        """End the session (and a set left open), and wait until that is durable."""
        ended_ns = self._now_ns()
        lost = self.records_lost

        def job(db: sqlite3.Connection) -> None:
            if lost:
                text = f"{many(lost, 'packet')} could not be stored: the disk was full or too slow."
                insert_notice(db, self._row, Notice(NoticeCode.RECORDS_LOST, text, ended_ns, lost))
            close_session(db, self._row, ended_ns)

        self._writer.flush()
        self._writer.call(job)


def _pair(value: object) -> tuple[int, str]:
    assert isinstance(value, tuple)
    row, name = value
    return row, name
