"""The session store, reading side: any number of readers, at any time, also while a session runs.

Every method opens the store read-only, reads one consistent state of it, and closes it again.
"""

import difflib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sensorhub.model.errors import InputError, StoreError
from sensorhub.model.link import Record
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.sessions.store.database import reading
from sensorhub.sessions.store.outcome_json import decode_outcome
from sensorhub.sessions.store.rawlog import CODEC_VERSION, DamagedChunkError, unpack
from sensorhub.sessions.store.values import (
    Answer,
    AnswerKind,
    Moment,
    Notice,
    NoticeCode,
    Prescription,
    ResultKind,
    SensorInfo,
    SessionInfo,
    StoredSession,
    StoredSet,
)

LAST = "last"
"""Stands for the latest session wherever a session's name is asked for."""


@dataclass(frozen=True, slots=True)
class RawLog:
    """All records of one sensor in the order they were logged; damaged chunks are left out."""

    records: tuple[Record, ...]
    damaged_chunks: int = 0


class StoreReader:
    """Reads the store at ``path``.

    Every method raises StoreError when there is no store or it cannot be read, and InputError
    with the nearest names when there is no session of that name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> tuple[str, ...]:
        """Names of all sessions, the oldest first."""
        with reading(self.path) as db:
            return _names(db)

    def session(self, name: str) -> StoredSession:
        """One session with everything but its raw records; ``last`` is the latest."""
        with reading(self.path) as db:
            return _session(db, _find(db, name), self.path)

    def sessions(self) -> tuple[StoredSession, ...]:
        """All sessions, the oldest first."""
        with reading(self.path) as db:
            return tuple(_session(db, name, self.path) for name in _names(db))

    def sessions_of(self, person: str, *, latest: int) -> tuple[StoredSession, ...]:
        """At most ``latest`` sessions of the person with that pseudonym, the oldest first."""
        with reading(self.path) as db:
            names = [
                name
                for (name,) in db.execute(
                    "SELECT s.name FROM session s JOIN person p ON p.id = s.person_id"
                    " WHERE p.pseudonym = ? ORDER BY s.id DESC LIMIT ?",
                    (person, latest),
                )
            ]
            return tuple(_session(db, name, self.path) for name in reversed(names))

    def people(self) -> tuple[str, ...]:
        """Pseudonyms of everybody this store knows, who came first first."""
        with reading(self.path) as db:
            return tuple(p for (p,) in db.execute("SELECT pseudonym FROM person ORDER BY id"))

    def unfinished(self) -> tuple[str, ...]:
        """Sessions that are open, or closed without final results and without saying why."""
        with reading(self.path) as db:
            return tuple(
                name
                for (name,) in db.execute(
                    "SELECT name FROM session s WHERE ended_ns IS NULL OR ("
                    " EXISTS (SELECT 1 FROM exercise_set e WHERE e.session_id = s.id AND NOT EXISTS"
                    "  (SELECT 1 FROM outcome o WHERE o.set_id = e.id AND o.kind = ?))"
                    " AND NOT EXISTS (SELECT 1 FROM notice n WHERE n.session_id = s.id"
                    "  AND n.code = ?))"
                    " ORDER BY id",
                    (ResultKind.FINAL.value, NoticeCode.NOT_ANALYSED.value),
                )
            )

    def calibration(self, sensor: str) -> str:
        """The latest calibration of a sensor, as JSON; empty where there is none.

        Args:
            sensor: what it calls itself, or its URI where it has no name.
        """
        with reading(self.path) as db:
            found = db.execute(
                "SELECT document FROM calibration WHERE sensor = ? ORDER BY id DESC LIMIT 1",
                (sensor,),
            ).fetchone()
            return "" if found is None else str(found[0])

    def last_record_ns(self, name: str) -> int | None:
        """Hub time of the latest record of any sensor of a session; None: it has none."""
        with reading(self.path) as db:
            found = db.execute(
                "SELECT max(c.last_ns) FROM chunk c JOIN sensor n ON n.id = c.sensor_id"
                " JOIN session s ON s.id = n.session_id WHERE s.name = ?",
                (_find(db, name),),
            ).fetchone()
            return None if found[0] is None else int(found[0])

    def raw_log(self, name: str, placement: Placement) -> RawLog:
        """Everything one sensor of a session sent and was sent; empty where it was not worn."""
        damaged: list[int] = []
        records = tuple(self.records(name, placement, on_damage=damaged.append))
        return RawLog(records, len(damaged))

    def records(
        self,
        name: str,
        placement: Placement,
        *,
        on_damage: Callable[[int], None] | None = None,
    ) -> Iterator[Record]:
        """The same record by record; of a long session only one chunk is in memory at a time.

        ``on_damage`` is told of each chunk that cannot be read how many records it had.
        """
        with reading(self.path) as db:
            cursor = db.execute(
                "SELECT c.codec, c.crc32, c.data, c.records FROM chunk c"
                " JOIN sensor n ON n.id = c.sensor_id JOIN session s ON s.id = n.session_id"
                " WHERE s.name = ? AND n.placement = ? ORDER BY c.id",
                (_find(db, name), placement.value),
            )
            for codec, crc32, data, count in cursor:
                if codec != CODEC_VERSION:
                    raise StoreError(
                        f"Session {name} was written by a newer version.", hint="Update sensorhub."
                    )
                try:
                    yield from unpack(data, crc32=crc32)
                except DamagedChunkError:
                    if on_damage is not None:
                        on_damage(count)


def _names(db: sqlite3.Connection) -> tuple[str, ...]:
    return tuple(name for (name,) in db.execute("SELECT name FROM session ORDER BY id"))


def _find(db: sqlite3.Connection, name: str) -> str:
    names = _names(db)
    if name == LAST and names:
        return names[-1]
    if name in names:
        return name
    if not names:
        raise InputError("There are no sessions yet.", hint="sensorhub run makes one.")
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.6) or names[-1:]
    raise InputError(
        f"There is no session {name!r}.", hint=f"Did you mean {' or '.join(near)}, or {LAST}?"
    )


def _session(db: sqlite3.Connection, name: str, path: Path) -> StoredSession:
    cursor = db.execute(
        "SELECT s.id, pseudonym, plan, software, simulated, started_ns, started_utc,"
        " started_boottime_ns, boot_id, synchronised, ended_ns"
        " FROM session s JOIN person p ON p.id = s.person_id WHERE s.name = ?",
        (name,),
    )
    row = cursor.fetchone()
    try:
        return StoredSession(
            name=name,
            person=row[1],
            info=SessionInfo(row[2], row[3], bool(row[4])),
            started=Moment(
                hub_ns=row[5],
                utc=datetime.fromisoformat(row[6]),
                boottime_ns=row[7],
                boot_id=row[8],
                synchronised=None if row[9] is None else bool(row[9]),
            ),
            ended_ns=row[10],
            sensors=_sensors(db, row[0]),
            sets=_sets(db, row[0]),
            answers=_answers(db, row[0]),
            notices=_notices(db, row[0]),
        )
    except ValueError as error:
        raise StoreError(
            f"Session {name} in {path} is damaged or was written by a newer version: {error}.",
            hint="Update sensorhub; if that does not help, restore the store from a backup.",
        ) from error


def _sensors(db: sqlite3.Connection, session_row: int) -> tuple[SensorInfo, ...]:
    cursor = db.execute(
        "SELECT placement, uri, family, device_id, calibration, alignment"
        " FROM sensor WHERE session_id = ? ORDER BY placement",
        (session_row,),
    )
    return tuple(SensorInfo(Placement(row[0]), *row[1:]) for row in cursor)


def _sets(db: sqlite3.Connection, session_row: int) -> tuple[StoredSet, ...]:
    cursor = db.execute(
        "SELECT id, number, exercise, side, prescribed_repetitions, prescribed_hold_s,"
        " prescribed_duration_s, started_ns, ended_ns, said_count"
        " FROM exercise_set WHERE session_id = ? ORDER BY number",
        (session_row,),
    )
    return tuple(
        StoredSet(
            number=row[1],
            exercise=row[2],
            side=Side(row[3]),
            prescribed=Prescription(row[4], row[5], row[6]),
            started_ns=row[7],
            ended_ns=row[8],
            said_count=row[9],
            live=_outcome(db, row[0], ResultKind.LIVE),
            final=_outcome(db, row[0], ResultKind.FINAL),
        )
        for row in cursor.fetchall()
    )


def _outcome(db: sqlite3.Connection, set_row: int, kind: ResultKind) -> SetOutcome | None:
    found = db.execute(
        "SELECT outcome FROM outcome WHERE set_id = ? AND kind = ? ORDER BY id DESC LIMIT 1",
        (set_row, kind.value),
    ).fetchone()
    return None if found is None else decode_outcome(found[0])


def _answers(db: sqlite3.Connection, session_row: int) -> tuple[Answer, ...]:
    cursor = db.execute(
        "SELECT kind, text, answered_ns, set_number, exercise, side FROM answer"
        " WHERE session_id = ? ORDER BY id",
        (session_row,),
    )
    return tuple(
        Answer(AnswerKind(kind), text, answered_ns, number, exercise, Side(side))
        for kind, text, answered_ns, number, exercise, side in cursor
    )


def _notices(db: sqlite3.Connection, session_row: int) -> tuple[Notice, ...]:
    cursor = db.execute(
        "SELECT code, text, noticed_ns, count FROM notice WHERE session_id = ? ORDER BY id",
        (session_row,),
    )
    return tuple(Notice(NoticeCode(row[0]), *row[1:]) for row in cursor)
