"""The one thread that writes: batches what comes in, commits it, and says so when it cannot.

Recording must never wait for a disk, so nothing here blocks the caller except :meth:`Writer.call`,
:meth:`Writer.flush` and :meth:`Writer.close`, which say so. What waits is bounded: when the disk is
full or too slow for longer than the buffer lasts, the newest records are refused and counted, the
problem is told once, and writing goes on by itself as soon as it can.
"""

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from sensorhub.model.errors import StoreError
from sensorhub.model.link import Record
from sensorhub.sessions.store.chunks import insert_chunk
from sensorhub.sessions.store.database import sentence

COMMIT_INTERVAL_S = 1.0
"""A record is on the disk at most this much, and one commit, after it came."""
MAX_WAITING_BYTES = 8 << 20
"""Minutes of several sensors: longer than any card's worst pause."""
MAX_WAITING_JOBS = 10_000
RECORD_OVERHEAD_BYTES = 64
CHECKPOINT_BYTES = 4 << 20
CALL_TIMEOUT_S = 30.0

_LOG = logging.getLogger(__name__)

Job = Callable[[sqlite3.Connection], object]


@dataclass(slots=True)
class _Batch:
    """What is committed together: records by sensor row, and changes in order."""

    records: dict[int, list[Record]] = field(default_factory=dict)
    jobs: deque[tuple[Job, Future[object] | None]] = field(default_factory=deque)
    size_bytes: int = 0

    def __bool__(self) -> bool:
        return bool(self.records) or bool(self.jobs)

    def take_all(self, other: "_Batch") -> None:
        for row, records in other.records.items():
            self.records.setdefault(row, []).extend(records)
        self.jobs.extend(other.jobs)
        self.size_bytes += other.size_bytes


class Writer:
    """Owns the writing connection from ``start`` to ``close``.

    Args:
        on_problem: told from the writer's thread when writing begins to fail (the error) and when
            it works again (None); also of a single posted change that was refused.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        *,
        on_problem: Callable[[StoreError | None], None] | None = None,
        commit_interval_s: float = COMMIT_INTERVAL_S,
        max_waiting_bytes: int = MAX_WAITING_BYTES,
    ) -> None:
        self._connection = connection
        self._path = path
        self._on_problem = on_problem
        self._commit_interval_s = commit_interval_s
        self._max_waiting_bytes = max_waiting_bytes
        self._changed = threading.Condition()
        self._waiting = _Batch()
        self._writing_bytes = 0
        self._accepted = 0
        self._durable = 0
        self._refused: dict[int, int] = {}
        self._attempts = 0
        self._checkpoint_bytes = CHECKPOINT_BYTES
        self._urgent = False
        self._closing = False
        self._problem: StoreError | None = None
        self._durable_until_ns: dict[int, int] = {}
        self._thread = threading.Thread(target=self._run, name="session store", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> StoreError | None:
        """Why nothing can be written at present; None while all is well."""
        return self._problem

    @property
    def progress(self) -> tuple[int, bool]:
        """How often writing was tried (a failure counts), and whether something waits for it.

        A writer that has died can try nothing any more and always has something waiting.
        """
        with self._changed:
            waits = bool(self._waiting) or self._writing_bytes > 0
            return self._attempts, waits or not self._thread.is_alive()

    def durable_until_ns(self, sensor_row: int) -> int | None:
        """Hub time of the latest record of a sensor that no power cut can take away."""
        return self._durable_until_ns.get(sensor_row)

    def refused(self, sensor_row: int) -> int:
        """How many records of a sensor were refused because there was no room."""
        return self._refused.get(sensor_row, 0)

    def append(self, sensor_row: int, record: Record) -> bool:
        """Take one record, without waiting; False: there was no room, it is lost and counted."""
        size_bytes = len(record.data) + RECORD_OVERHEAD_BYTES
        with self._changed:
            used_bytes = self._waiting.size_bytes + self._writing_bytes
            if self._closing or used_bytes + size_bytes > self._max_waiting_bytes:
                self._refused[sensor_row] = self._refused.get(sensor_row, 0) + 1
                return False
            if not self._waiting:
                self._changed.notify_all()  # the commit interval begins
            self._waiting.records.setdefault(sensor_row, []).append(record)
            self._waiting.size_bytes += size_bytes
            self._accepted += 1
        return True

    def post(self, job: Job) -> None:
        """Take one change, without waiting; it is committed with or after what came before it.

        Raises:
            StoreError: far too many changes wait already, or the store is closed.
        """
        self._submit(job, None)

    def call(self, job: Job, *, timeout_s: float = CALL_TIMEOUT_S) -> object:
        """Run a change now and wait until it is durable; its result.

        Raises:
            StoreError: it could not be written and is undone; or the disk is so slow that nobody
                knows yet.
        """
        answer: Future[object] = Future()
        self._submit(job, answer)
        try:
            return answer.result(timeout_s)
        except TimeoutError:
            raise StoreError(
                f"The session store {self._path} did not answer within {timeout_s:g} s.",
                hint="The disk is very slow or gone; check it.",
            ) from None
        except sqlite3.Error as error:
            raise sentence(error, self._path) from error

    def flush(self, *, timeout_s: float = CALL_TIMEOUT_S) -> None:
        """Wait until everything taken so far is durable.

        Raises:
            StoreError: it cannot be written at present (it still waits), or not in time.
        """
        deadline_s = time.monotonic() + timeout_s
        with self._changed:
            target, attempts = self._accepted, self._attempts
            self._urgent = True
            self._changed.notify_all()
            while self._durable < target:
                if self._problem is not None and (self._attempts > attempts or self._closing):
                    raise self._problem
                left_s = deadline_s - time.monotonic()
                if left_s <= 0:
                    raise StoreError(
                        f"The session store {self._path} did not write within {timeout_s:g} s.",
                        hint="The disk is very slow or gone; check it.",
                    )
                self._changed.wait(left_s)

    def close(self) -> None:
        """Write what waits if it can be written, checkpoint, and close the connection.

        Raises:
            StoreError: something that was taken could not be written.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        try:
            # The last connection empties the write-ahead log into the store and removes it.
            self._connection.close()
        except sqlite3.Error as error:
            raise sentence(error, self._path) from error
        if self._durable < self._accepted:
            raise self._problem or StoreError(f"The session store {self._path} lost its last part.")

    def _submit(self, job: Job, answer: "Future[object] | None") -> None:
        with self._changed:
            if self._closing or len(self._waiting.jobs) >= MAX_WAITING_JOBS:
                why = "is closed" if self._closing else "cannot keep up"
                raise self._problem or StoreError(f"The session store {self._path} {why}.")
            self._waiting.jobs.append((job, answer))
            self._accepted += 1
            if answer is not None:
                self._urgent = True
            self._changed.notify_all()

    def _run(self) -> None:
        batch = _Batch()
        try:
            while True:
                closing = self._wait_for_work(batch)
                written = not batch or self._commit(batch)
                if closing and not (written and self._waiting):
                    break
        except Exception as error:  # noqa: BLE001 (a writer that died must not look alive)
            self._tell(StoreError(f"Writing to the session store {self._path} failed: {error!r}."))
        finally:
            self._abandon(batch)

    def _wait_for_work(self, batch: _Batch) -> bool:
        """Move what waits into ``batch`` when it is time; whether the writer is being closed."""
        with self._changed:
            while not (self._waiting or batch or self._closing):
                self._changed.wait()
            due_s = time.monotonic() + self._commit_interval_s
            while not self._urgent and not self._closing:
                left_s = due_s - time.monotonic()
                if left_s <= 0:
                    break
                self._changed.wait(left_s)
            self._urgent = False
            batch.take_all(self._waiting)
            self._waiting = _Batch()
            self._writing_bytes = batch.size_bytes
            return self._closing

    def _commit(self, batch: _Batch) -> bool:
        """One transaction; True when all of ``batch`` is durable (and it is emptied)."""
        connection = self._connection
        done: list[tuple[Future[object], object]] = []
        count = sum(map(len, batch.records.values())) + len(batch.jobs)
        try:
            connection.execute("BEGIN IMMEDIATE")
            for job, answer in batch.jobs:
                result = self._try(job, answer)
                if answer is not None and not isinstance(result, _Failed):
                    done.append((answer, result))
            for row, records in batch.records.items():
                insert_chunk(connection, row, records)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            self._refuse_callers(batch, error)
            self._tell(sentence(error, self._path))
            return False
        until_ns = {row: records[-1].host_time_ns for row, records in batch.records.items()}
        batch.records.clear()
        batch.jobs.clear()
        batch.size_bytes = 0
        with self._changed:
            self._attempts += 1
            self._durable += count
            self._writing_bytes = 0
            self._durable_until_ns.update(until_ns)
            self._changed.notify_all()
        self._tell(None)
        for answer, result in done:
            answer.set_result(result)
        self._checkpoint()
        return True

    def _try(self, job: Job, answer: "Future[object] | None") -> object:
        """One change in a savepoint: a mistake of its own is its caller's; trouble with the disk is
        everybody's and is raised."""
        connection = self._connection
        connection.execute("SAVEPOINT job")
        try:
            result = job(connection)
        except Exception as error:
            if _is_trouble_with_the_disk(error):
                raise
            connection.execute("ROLLBACK TO job")
            connection.execute("RELEASE job")
            if answer is not None:
                answer.set_exception(error)
            else:
                self._notify(
                    StoreError(f"The session store {self._path} refused a change: {error}.")
                )
            return _Failed()
        connection.execute("RELEASE job")
        return result

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error as error:
                # Nothing was committed, so nothing stored is harmed; the next BEGIN will tell.
                self._tell(sentence(error, self._path))

    def _refuse_callers(self, batch: _Batch, error: sqlite3.Error) -> None:
        """Whoever waits gets the error at once; what nobody waits for is tried again."""
        kept: deque[tuple[Job, Future[object] | None]] = deque()
        for job, answer in batch.jobs:
            if answer is None:
                kept.append((job, answer))
            elif not answer.done():
                answer.set_exception(error)
        with self._changed:
            self._durable += len(batch.jobs) - len(kept)
        batch.jobs = kept

    def _abandon(self, batch: _Batch) -> None:
        """Take nothing more, and let nobody wait for what will not be written."""
        with self._changed:
            self._closing = True
            batch.take_all(self._waiting)
            self._waiting = _Batch()
            self._changed.notify_all()
        for _, answer in batch.jobs:
            if answer is not None and not answer.done():
                answer.set_exception(self._problem or StoreError("The session store is closed."))

    def _tell(self, problem: StoreError | None) -> None:
        with self._changed:
            before, self._problem = self._problem, problem
            self._attempts += problem is not None
            self._changed.notify_all()
        if (problem is None) != (before is None):
            self._notify(problem)

    def _notify(self, problem: StoreError | None) -> None:
        if self._on_problem is None:
            return
        try:
            self._on_problem(problem)
        except Exception:  # noqa: BLE001 (told in the log; writing must go on)
            _LOG.exception("nobody could be told: %s", problem)

    def _checkpoint(self) -> None:
        """Move the write-ahead log into the store now and then, on this connection only."""
        size_bytes = 0
        try:
            size_bytes = self._path.with_name(self._path.name + "-wal").stat().st_size
            if size_bytes > self._checkpoint_bytes:
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                self._checkpoint_bytes = CHECKPOINT_BYTES
        except (sqlite3.Error, OSError) as error:
            # Everything is durable in the log all the same, which only grows: try again later.
            self._checkpoint_bytes = size_bytes + CHECKPOINT_BYTES
            _LOG.warning("%s", sentence(error, self._path))


def _is_trouble_with_the_disk(error: Exception) -> bool:
    own = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError)
    if not isinstance(error, sqlite3.Error) or isinstance(error, own):
        return False
    return getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_ERROR


class _Failed:
    """Marks a change that was refused and whose caller knows."""
