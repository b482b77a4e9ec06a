"""The form of a backup: a zip archive of the data folder's files, and a list of them.

``backup.json`` names each file with its size and SHA-256. An archive comes from outside: what it
says is checked before any of it is believed.
"""

import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sensorhub.model.errors import InputError

FORMAT = 1
MANIFEST = "backup.json"
MAX_FILES = 10_000
MAX_MANIFEST_BYTES = 4 << 20
MAX_FILE_BYTES = 64 << 30
"""Years of sessions; an archive that promises more is not one of ours."""

_LEFT_OUT = re.compile(r"\.lock$|-wal$|-shm$|-journal$|\.backup$|^\.|^speech/")
"""What is made again by itself, belongs to a running process, or is a backup already."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*){0,3}")
SQLITE_HEADER = b"SQLite format 3\0"
BLOCK_BYTES = 1 << 20
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""All that reading an archive raises where a byte of it is wrong."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One file of a backup. ``name`` is its path below the data folder, with slashes."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    software: str
    made_utc: str
    files: tuple[Kept, ...]


def is_backed_up(name: str) -> bool:
    """Whether a file of the data folder belongs into a backup; ``name`` with slashes."""
    hidden = any(part.startswith(".") for part in name.split("/"))
    return not hidden and not _LEFT_OUT.search(name)


def is_name(name: str) -> bool:
    """Whether a backup may hold a file of that name: no absolute path, no way up, no oddity."""
    return _NAME.fullmatch(name) is not None


def read_manifest(file: Path) -> Manifest:
    """What ``file`` holds. Raises InputError when it is no backup that this program can restore."""
    with opened(file) as archive:
        return manifest_of(archive, file)


@contextmanager
def opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """The archive. Raises InputError when it is none."""
    try:
        archive = zipfile.ZipFile(file)
    except UNREADABLE as error:
        raise InputError(
            f"{file} is not a backup.", hint="sensorhub backup FILE makes one."
        ) from error
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}.") from error
    with archive:
        # Other ways to pack have errors of their own, and are not ours.
        if any(one.compress_type not in _PACKED for one in archive.infolist()):
            raise damaged(file, "it is packed in a way that no backup is")
        yield archive


def manifest_of(archive: zipfile.ZipFile, file: Path) -> Manifest:
    """The list of files of an opened backup. Raises InputError as :func:`read_manifest`."""
    table = _table(archive, file)
    if not isinstance(table, dict) or not isinstance(table.get("format"), int):
        raise damaged(file, "it does not say its format")
    if table["format"] > FORMAT:
        raise InputError(
            f"{file} was made by a newer sensorhub ({table.get('software')}).",
            hint="Update sensorhub first.",
        )
    return _from_table(table, file)


def _table(archive: zipfile.ZipFile, file: Path) -> object:
    try:
        size_bytes = archive.getinfo(MANIFEST).file_size
        text = archive.read(MANIFEST) if size_bytes <= MAX_MANIFEST_BYTES else b""
        return json.loads(text)
    except (*UNREADABLE, OSError) as error:
        raise InputError(
            f"{file} is not a backup.", hint="sensorhub backup FILE makes one."
        ) from error


def _from_table(table: Mapping[str, Any], file: Path) -> Manifest:
    rows = table.get("files")
    if not isinstance(rows, list) or not 0 < len(rows) <= MAX_FILES:
        raise damaged(file, "its list of files is none")
    kept: dict[str, Kept] = {}
    for row in rows:
        match row:
            case {"name": str(name), "size_bytes": int(size), "sha256": str(digest)}:
                pass
            case _:
                raise damaged(file, "its list of files is none")
        # A name from outside: never an absolute path, never a way up, never a file of ours.
        if not is_name(name) or not is_backed_up(name) or name in kept:
            raise damaged(file, "it holds a file with a name that no backup has")
        if not 0 <= size <= MAX_FILE_BYTES:
            raise damaged(file, f"{name} is too large")
        kept[name] = Kept(name, size, digest)
    return Manifest(str(table.get("software")), str(table.get("made_utc")), tuple(kept.values()))


def to_json(manifest: Manifest) -> str:
    """The text of ``backup.json``."""
    table = {
        "format": FORMAT,
        "software": manifest.software,
        "made_utc": manifest.made_utc,
        "files": [
            {"name": kept.name, "size_bytes": kept.size_bytes, "sha256": kept.sha256}
            for kept in manifest.files
        ],
    }
    return json.dumps(table, indent=1) + "\n"


def damaged(file: Path, why: str) -> InputError:
    """The error that says so."""
    return InputError(f"{file} is damaged: {why}.", hint="Nothing was changed; use another backup.")
