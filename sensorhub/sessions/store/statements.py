"""What the store's tables are told. Each function runs inside its caller's transaction."""

import secrets
import sqlite3
from datetime import UTC, datetime

from sensorhub import __version__
from sensorhub.model.errors import StoreError
from sensorhub.model.outcomes import SetOutcome
from sensorhub.sessions.store.outcome_json import encode_outcome
from sensorhub.sessions.store.values import (
    Answer,
    Moment,
    Notice,
    ResultKind,
    SensorInfo,
    SessionInfo,
)

PSEUDONYM_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that look like another


def insert_session(db: sqlite3.Connection, info: SessionInfo, started: Moment) -> tuple[int, str]:
    day = started.utc.date().isoformat()
    numbers = [
        int(name.removeprefix(f"{day}-"))
        for (name,) in db.execute("SELECT name FROM session WHERE name GLOB ?", (f"{day}-*",))
    ]
    name = f"{day}-{max(numbers, default=0) + 1}"
    cursor = db.execute(
        "INSERT INTO session (name, person_id, plan, software, simulated, started_ns, started_utc,"
        " started_boottime_ns, boot_id, synchronised) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            name,
            _person_row(db, info.person),
            info.plan,
            info.software or __version__,
            info.simulated,
            started.hub_ns,
            started.utc.isoformat(timespec="milliseconds"),
            started.boottime_ns,
            started.boot_id,
            started.synchronised,
        ),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid, name


def insert_person(db: sqlite3.Connection) -> str:
    """A new person under a random pseudonym: names are kept nowhere."""
    pseudonym = "P-" + "".join(secrets.choice(PSEUDONYM_LETTERS) for _ in range(6))
    db.execute("INSERT INTO person (pseudonym) VALUES (?)", (pseudonym,))
    return pseudonym


def _person_row(db: sqlite3.Connection, pseudonym: str) -> int:
    """The person of that pseudonym; where none is given the first of this store, made if needed."""
    if pseudonym:
        found = db.execute("SELECT id FROM person WHERE pseudonym = ?", (pseudonym,)).fetchone()
        if found is None:
            raise StoreError(f"There is no person {pseudonym}.", hint="Add the person first.")
        return int(found[0])
    found = db.execute("SELECT id FROM person ORDER BY id LIMIT 1").fetchone()
    if found is None:
        insert_person(db)
        found = db.execute("SELECT id FROM person ORDER BY id LIMIT 1").fetchone()
    return int(found[0])


def session_row(db: sqlite3.Connection, name: str) -> int:
    found = db.execute("SELECT id FROM session WHERE name = ?", (name,)).fetchone()
    if found is None:
        raise StoreError(f"There is no session {name}.", hint="See sensorhub sessions list.")
    return int(found[0])


def insert_sensor(db: sqlite3.Connection, session_row: int, sensor: SensorInfo) -> int:
    row = db.execute(
        "INSERT INTO sensor (session_id, placement, uri, family, device_id, calibration, alignment)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            session_row,
            sensor.placement.value,
            sensor.uri,
            sensor.family,
            sensor.device_id,
            sensor.calibration,
            sensor.alignment,
        ),
    ).lastrowid
    assert row is not None
    return row


def insert_outcome(
    db: sqlite3.Connection, session_row: int, number: int, kind: ResultKind, outcome: SetOutcome
) -> None:
    db.execute(
        "INSERT INTO outcome (set_id, kind, detector_version, software, written_utc, outcome)"
        " SELECT id, ?, ?, ?, ?, ? FROM exercise_set WHERE session_id = ? AND number = ?",
        (
            kind.value,
            outcome.detector_version,
            __version__,
            datetime.now(UTC).isoformat(timespec="seconds"),
            encode_outcome(outcome),
            session_row,
            number,
        ),
    )


def insert_answer(db: sqlite3.Connection, session_row: int, answer: Answer) -> None:
    db.execute(
        "INSERT INTO answer (session_id, set_number, exercise, side, kind, text, answered_ns)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            session_row,
            answer.set_number,
            answer.exercise,
            answer.side.value,
            answer.kind.value,
            answer.text,
            answer.answered_ns,
        ),
    )


def insert_notice(db: sqlite3.Connection, session_row: int, notice: Notice) -> None:
    db.execute(
        "INSERT INTO notice (session_id, code, text, noticed_ns, count) VALUES (?, ?, ?, ?, ?)",
        (session_row, notice.code.value, notice.text, notice.noticed_ns, notice.count),
    )


def insert_calibration(db: sqlite3.Connection, sensor: str, document: str) -> None:
    db.execute(
        "INSERT INTO calibration (sensor, stored_utc, software, document) VALUES (?, ?, ?, ?)",
        (sensor, datetime.now(UTC).isoformat(timespec="seconds"), __version__, document),
    )


def close_session(db: sqlite3.Connection, session_row: int, ended_ns: int) -> None:
    db.execute(
        "UPDATE exercise_set SET ended_ns = max(started_ns, ?)"
        " WHERE session_id = ? AND ended_ns IS NULL",
        (ended_ns, session_row),
    )
    db.execute(
        "UPDATE session SET ended_ns = ? WHERE id = ? AND ended_ns IS NULL",
        (ended_ns, session_row),
    )
