"""Opening the store's file: one writer, any number of readers, SQLite's errors as sentences.

Debian's SQLite has the WAL-reset bug (two connections that write or checkpoint at the same instant
can corrupt the file, fixed in 3.51.3), so a lock file beside the store admits a single writing
process, that process has a single writing connection, and only that one checkpoints. The lock is
released by the system however the process ends.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sensorhub.model.errors import StoreError
from sensorhub.sessions.store.schema import (
    APPLICATION_ID,
    MIGRATIONS,
    Migration,
    check_readable,
    migrate,
)

READ_TIMEOUT_S = 5.0

FULL = sqlite3.SQLITE_FULL


class WriterLock:
    """Held by the one process that may write; released by ``release`` or the end of the process."""

    def __init__(self, store: Path) -> None:
        path = store.with_name(store.name + ".lock")
        with _sentences(store):
            store.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise StoreError(
                f"The session store {store} is in use by another sensorhub.",
                hint="End the other one first, or choose another folder with --data.",
            ) from None

    def release(self) -> None:
        """Let others write."""
        os.close(self._file)


def connect_writer(
    path: Path, *, max_pages: int | None = None, migrations: Sequence[Migration] = MIGRATIONS
) -> sqlite3.Connection:
    """The one writing connection; brings the tables up to date. Hold a :class:`WriterLock`.

    The connection may be handed to one other thread, never used by two.

    Args:
        max_pages: refuse to grow beyond this many pages of 4096 bytes; None: the disk is the limit.

    Raises:
        StoreError: the file cannot be opened or written, is no store, is damaged, or is newer.
    """
    with _sentences(path):
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            _refuse_foreign(connection, path)
            # WAL: readers never wait for the writer. FULL: a commit survives the power cut that
            # NORMAL would forget. Checkpoints run when we say, on this connection.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            # A log is appended, hardly ever read back: two megabytes of pages would only fill up.
            connection.execute("PRAGMA cache_size = -512")
            connection.execute("PRAGMA foreign_keys = ON")
            # What is deleted is overwritten: these are a person's data.
            connection.execute("PRAGMA secure_delete = ON")
            if max_pages is not None:
                connection.execute(f"PRAGMA max_page_count = {max_pages:d}")
            migrate(connection, path, migrations=migrations)
        except BaseException:
            connection.close()
            raise
    path.chmod(0o600)
    return connection


@contextmanager
def reading(path: Path, *, oldest: int = len(MIGRATIONS)) -> Iterator[sqlite3.Connection]:
    """A read-only connection; every read within sees the same state of the store.

    Args:
        oldest: the oldest format of the store that the caller can read.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    with _sentences(path):
        if not path.exists():
            raise StoreError(
                f"There is no session store at {path}.", hint="Nothing has been recorded yet."
            )
        if path.is_dir():
            raise StoreError(
                f"The session store {path} is a folder.",
                hint="Move it away, or choose another folder with --data.",
            )
        connection = sqlite3.connect(
            _read_only_uri(path), uri=True, isolation_level=None, timeout=READ_TIMEOUT_S
        )
        try:
            _refuse_foreign(connection, path)
            check_readable(connection, path, oldest=oldest)
            connection.execute("BEGIN")
            yield connection
        finally:
            connection.close()


def unreadable(path: Path) -> StoreError | None:
    """Why there is no store of any version at this path; None: there is one."""
    try:
        with reading(path, oldest=1):
            return None
    except StoreError as error:
        return error


def sentence(error: sqlite3.Error | OSError, path: Path) -> StoreError:
    """What went wrong with the store, and what to do, for people."""
    if isinstance(error, OSError):
        return StoreError(
            f"The session store {path} cannot be used: {error.strerror or error}.",
            hint="Check the folder's permissions, or choose another with --data.",
        )
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    text, hint = _SENTENCES.get(
        code, (f"cannot be used: {error}", "Nothing stored was changed; try again.")
    )
    return StoreError(f"The session store {path} {text}.", hint=hint)


_SENTENCES = {
    sqlite3.SQLITE_FULL: (
        "cannot grow: the disk is full",
        "Free some space; what is stored is safe.",
    ),
    sqlite3.SQLITE_READONLY: (
        "cannot be written",
        "Check the permissions of the file and its folder, or choose another with --data.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened",
        "Check the folder's permissions, or choose another with --data.",
    ),
    sqlite3.SQLITE_PERM: ("may not be opened", "Check the permissions of the file."),
    sqlite3.SQLITE_BUSY: ("is in use by another program", "End it, then try again."),
    sqlite3.SQLITE_LOCKED: ("is in use by another program", "End it, then try again."),
    sqlite3.SQLITE_NOTADB: (
        "is not a session store",
        "Move the file away, or choose another folder with --data.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "is damaged",
        "Copy it to a safe place; the sqlite3 program's .recover command reads what is left.",
    ),
    sqlite3.SQLITE_IOERR: (
        "could not be read or written: the disk reports an error",
        "Check the card or disk; copy the store to a safe place.",
    ),
}


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    try:
        yield
    except StoreError:
        raise
    except (sqlite3.Error, OSError) as error:
        raise sentence(error, path) from error


def _refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables == 0:
        return
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != APPLICATION_ID:
        raise StoreError(
            f"{path} is a database of another program.",
            hint="Move it away, or choose another folder with --data.",
        )


def _read_only_uri(path: Path) -> str:
    """``immutable`` only where nobody can be writing: no log beside it, and none could be made."""
    uri = path.resolve().as_uri() + "?mode=ro"
    has_log = path.with_name(path.name + "-wal").exists()
    if not has_log and not os.access(path.parent, os.W_OK):
        uri += "&immutable=1"
    return uri
