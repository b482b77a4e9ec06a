"""What an export is, how it is found, and how its files reach the disk.

An export is one module of this package with a constant ``EXPORT``; nothing else is edited to add
one.
"""

import difflib
import functools
import importlib
import os
import pkgutil
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import sensorhub.exports
from sensorhub.model.errors import EnvironmentProblemError, InputError
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.values import StoredSession

THERAPIST = "therapist"
"""The export one gets when one does not ask for another."""


@dataclass(frozen=True, slots=True)
class Source:
    """What an export may read: the session, and its raw log by way of the store."""

    session: StoredSession
    store: StoreReader


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file of an export; ``content`` is its bytes, in pieces."""

    name: str
    content: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Export:
    """One way to write a session for somebody outside.

    Attributes:
        name: how it is asked for.
        help: one line for the list of exports.
        files: the files it makes of a session: the same session gives the same bytes, always.
            Raises SensorhubError where it cannot.
        names: of the files that it makes of every session, in order; empty where that depends.
        read_together: names of files that whoever reads the folder takes for part of this export,
            though it may be another session's.
    """

    name: str
    help: str
    files: Callable[[Source], Iterator[ExportFile]]
    names: tuple[str, ...] = ()
    read_together: tuple[str, ...] = ()


@functools.cache
def exports() -> Mapping[str, Export]:
    """All exports of this package, by name."""
    found: dict[str, Export] = {}
    for module in pkgutil.iter_modules(sensorhub.exports.__path__):
        export = getattr(
            importlib.import_module(f"sensorhub.exports.{module.name}"), "EXPORT", None
        )
        if isinstance(export, Export):
            if export.name in found:
                raise ValueError(f"two exports are called {export.name}")
            found[export.name] = export
    return MappingProxyType(dict(sorted(found.items())))


def find_export(name: str) -> Export:
    """The export of that name. Raises InputError with the nearest names."""
    known = exports()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=2, cutoff=0.4) or list(known)
    raise InputError(f"There is no export {name!r}.", hint=f"Did you mean {' or '.join(near)}?")


def export_session(
    store: StoreReader, session: str, to: Path, *, export: Export, overwrite: bool = False
) -> list[Path]:
    """Write a session's files into folder ``to`` (made where it is missing); their paths.

    All files are complete before the first one appears under its name: whoever looks never finds
    half a file, and an error leaves everything as it was.

    Raises:
        InputError: no such session; files of that name are there and ``overwrite`` is False; files
            are there that would be read as part of this export; ``to`` is no folder.
        StoreError: the store cannot be read.
        EnvironmentProblemError: the folder cannot be written, the disk is full.
    """
    source = Source(store.session(session), store)
    _need_folder(to)
    try:
        to.mkdir(parents=True, exist_ok=True)
        # In the same folder, so that the last step is a rename within one file system.
        waiting = Path(tempfile.mkdtemp(prefix=".export-", dir=to))
        try:
            names = [_write(waiting, file) for file in export.files(source)]
            _refuse_strange(to, [name for name in export.read_together if name not in names])
            if not overwrite:
                _refuse_existing(to, names, hint="Choose another folder, or say --overwrite.")
            for name in names:
                (waiting / name).replace(to / name)
            _sync_folder(to)
        finally:
            shutil.rmtree(waiting, ignore_errors=True)
    except OSError as error:
        if isinstance(error, EnvironmentProblemError):
            raise
        raise _unwritable(to, error) from error
    return [to / name for name in names]


def check_folder(to: Path, export: Export) -> None:
    """Whether that export's files could be written there: to be asked before they are made.

    Raises:
        InputError: ``to`` is no folder, or has such files already.
        EnvironmentProblemError: nothing can be written there.
    """
    _need_folder(to)
    _refuse_existing(to, export.names, hint="Choose another folder.")
    try:
        to.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=to):
            pass
    except OSError as error:
        raise _unwritable(to, error) from error


def _need_folder(to: Path) -> None:
    if to.exists() and not to.is_dir():
        raise InputError(f"{to} is not a folder.", hint="Name a folder to write to.")


def _unwritable(to: Path, error: OSError) -> EnvironmentProblemError:
    return EnvironmentProblemError(
        f"{to} cannot be written: {error.strerror or error}.",
        hint="Check its permissions and the free space, or choose another folder.",
    )


def _write(folder: Path, file: ExportFile) -> str:
    with (folder / file.name).open("xb") as out:
        for piece in file.content:
            out.write(piece)
        os.fchmod(out.fileno(), 0o600)  # a person's data, for whoever asked for them
        out.flush()
        os.fsync(out.fileno())
    return file.name


def _refuse_existing(to: Path, names: Sequence[str], *, hint: str) -> None:
    there = [name for name in names if (to / name).exists()]
    if there:
        raise InputError(f"{to} has {', '.join(there)} already.", hint=hint)


def _refuse_strange(to: Path, names: Sequence[str]) -> None:
    there = [name for name in names if (to / name).exists()]
    if there:
        raise InputError(
            f"{to} has {', '.join(there)} of another recording, which would be read as part of"
            " this one.",
            hint="Choose another folder, or move that away.",
        )


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
