"""The whole data folder as one file: for a new card, a new hub, a bad day.

Databases are copied by SQLite's own backup, so that a session may be running meanwhile.
"""

import hashlib
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from sensorhub import __version__
from sensorhub.model.errors import EnvironmentProblemError, InputError
from sensorhub.sessions.backup.format import (
    BLOCK_BYTES,
    MANIFEST,
    SQLITE_HEADER,
    Kept,
    Manifest,
    is_backed_up,
    is_name,
    to_json,
)

Progress = Callable[[int, int], None]
"""Told bytes done and bytes in all."""


def write_backup(
    data_dir: Path,
    to: Path,
    *,
    progress: Progress | None = None,
    on_left_out: Callable[[Path], None] | None = None,
) -> Manifest:
    """Write everything below ``data_dir`` to the new file ``to``, which appears when it is whole.

    A session may be running: its database is copied as it was at one moment. ``on_left_out`` is
    told of each file whose name a backup cannot carry (an editor's ``plan.toml~``).

    Raises:
        InputError: there is nothing to back up; ``to`` exists.
        EnvironmentProblemError: a file cannot be read, ``to`` cannot be written, the disk is full.
    """
    if to.exists():
        raise InputError(f"{to} exists already.", hint="Choose another name, or move it away.")
    names = list(names_in(data_dir, on_left_out=on_left_out))
    if not names:
        raise InputError(
            f"There is nothing to back up in {data_dir}.", hint="Nothing has been recorded yet."
        )
    with (
        disk_sentences(to),
        tempfile.TemporaryDirectory(prefix=".backup-", dir=to.parent) as folder,
    ):
        part = Path(folder) / "part"
        total = sum((data_dir / name).stat().st_size for name in names)
        done = 0
        kept: list[Kept] = []
        with zipfile.ZipFile(part, "x", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name in names:
                with _still(data_dir / name, Path(folder)) as source:
                    kept.append(_pack(archive, name, source))
                done += (data_dir / name).stat().st_size
                if progress is not None:
                    progress(done, max(done, total))
            made = datetime.now(UTC).isoformat(timespec="seconds")
            manifest = Manifest(__version__, made, tuple(kept))
            archive.writestr(MANIFEST, to_json(manifest))
        part.chmod(0o600)
        sync(part)
        part.rename(to)
    return manifest


def names_in(data_dir: Path, *, on_left_out: Callable[[Path], None] | None = None) -> Iterator[str]:
    """What is backed up, in a settled order; links are not followed out of the folder."""
    if not data_dir.is_dir():
        return
    for path in sorted(data_dir.rglob("*")):
        name = path.relative_to(data_dir).as_posix()
        if path.is_file() and not path.is_symlink() and is_backed_up(name):
            if is_name(name):
                yield name
            elif on_left_out is not None:
                on_left_out(path)


@contextmanager
def _still(path: Path, scratch: Path) -> Iterator[BinaryIO]:
    """The file, held still: a database as a copy of one moment, any other file as it is."""
    with path.open("rb") as file:
        if file.read(len(SQLITE_HEADER)) != SQLITE_HEADER:
            file.seek(0)
            yield file
            return
    copy = scratch / "copy"
    uri = path.resolve().as_uri() + "?mode=ro"
    with (
        closing(sqlite3.connect(uri, uri=True)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
        # A single file, without a log beside it: that is what will be put in place.
        target.execute("PRAGMA journal_mode = DELETE")
    try:
        with copy.open("rb") as file:
            yield file
    finally:
        copy.unlink()


def _pack(archive: zipfile.ZipFile, name: str, source: BinaryIO) -> Kept:
    digest, size = hashlib.sha256(), 0
    with archive.open(name, "w", force_zip64=True) as out:
        while block := source.read(BLOCK_BYTES):
            digest.update(block)
            size += len(block)
            out.write(block)
    return Kept(name, size, digest.hexdigest())


@contextmanager
def disk_sentences(path: Path) -> Iterator[None]:
    try:
        yield
    except EnvironmentProblemError:
        raise
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise EnvironmentProblemError(
            f"{path} cannot be written: {why}.",
            hint="Check the permissions and the free space; nothing stored was changed.",
        ) from error


def sync(path: Path) -> None:
    """Wait until the file's bytes are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
