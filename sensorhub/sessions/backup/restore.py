"""A backup's files back into the data folder.

Everything is checked before anything is touched, and what was there is kept as a backup.
"""

import hashlib
import shutil
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sensorhub.sessions.backup.format import (
    BLOCK_BYTES,
    SQLITE_HEADER,
    UNREADABLE,
    Kept,
    Manifest,
    damaged,
    manifest_of,
    opened,
)
from sensorhub.sessions.backup.write import Progress, disk_sentences, names_in, sync, write_backup
from sensorhub.sessions.store.database import WriterLock, connect_writer
from sensorhub.sessions.store.store import STORE_NAME


def restore_backup(
    file: Path, data_dir: Path, *, progress: Progress | None = None
) -> tuple[Manifest, Path | None]:
    """Put a backup's files into ``data_dir``; what else is there stays.

    Returns what was restored, and the backup that was made of what was there before (None where
    there was nothing).

    Raises:
        InputError: ``file`` is no backup, is damaged, or is newer than this program.
        StoreError: the store is in use.
        EnvironmentProblemError: the folder cannot be written, the disk is full.
    """
    with opened(file) as archive, disk_sentences(data_dir):
        manifest = manifest_of(archive, file)
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = WriterLock(data_dir / STORE_NAME)
        # In the same folder, so that every last step is a rename within one file system.
        waiting = Path(tempfile.mkdtemp(prefix=".restore-", dir=data_dir))
        try:
            total = sum(kept.size_bytes for kept in manifest.files)
            done = 0
            for kept in manifest.files:
                _unpack(archive, kept, waiting, file)
                done += kept.size_bytes
                if progress is not None:
                    progress(done, total)
            _check_databases(waiting, manifest, file)
            before = _keep(data_dir)
            for kept in manifest.files:
                _put(waiting / kept.name, data_dir / kept.name)
        finally:
            shutil.rmtree(waiting, ignore_errors=True)
            lock.release()
    return manifest, before


def _unpack(archive: zipfile.ZipFile, kept: Kept, waiting: Path, file: Path) -> None:
    target = waiting / kept.name
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    try:
        with archive.open(kept.name) as source, target.open("xb") as out:
            while size <= kept.size_bytes and (block := source.read(BLOCK_BYTES)):
                digest.update(block)
                size += len(block)
                out.write(block)
    except UNREADABLE as error:
        raise damaged(file, f"{kept.name} cannot be read") from error
    if (size, digest.hexdigest()) != (kept.size_bytes, kept.sha256):
        raise damaged(file, f"{kept.name} is not what was backed up")
    target.chmod(0o600)


def _check_databases(waiting: Path, manifest: Manifest, file: Path) -> None:
    for kept in manifest.files:
        path = waiting / kept.name
        with path.open("rb") as start:
            if start.read(len(SQLITE_HEADER)) != SQLITE_HEADER:
                continue
        try:
            with closing(sqlite3.connect(path)) as connection:
                answer = connection.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise damaged(file, f"{kept.name} is no whole database") from error
        if answer != "ok":
            raise damaged(file, f"{kept.name} is no whole database")
    if (waiting / STORE_NAME).exists():
        # Refuses a store of another program or of a newer version, and brings an older one along.
        connect_writer(waiting / STORE_NAME).close()


def _keep(data_dir: Path) -> Path | None:
    """A backup of what is there, before any of it is replaced."""
    if next(names_in(data_dir), None) is None:
        return None
    if (data_dir / STORE_NAME).exists():
        # Empties the write-ahead log into the store: a log may not outlive the file it belongs to.
        connect_writer(data_dir / STORE_NAME).close()
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    to = data_dir / f"before-restore-{stamp}.backup"
    write_backup(data_dir, to)
    return to


def _put(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for ending in ("-wal", "-shm"):
        target.with_name(target.name + ending).unlink(missing_ok=True)
    sync(source)
    source.replace(target)
