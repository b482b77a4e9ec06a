"""What every check gets and gives. One module a topic in this package; :mod:`.table` lists them.

A check looks, and says what it saw; it changes nothing and starts no program. Everything it looks
at comes through :class:`Ground`, so that tests can put made-up ground under it.
"""

import enum
import os
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sensorhub.daemon.doctor.kernel_clock import clock_synchronised
from sensorhub.sessions.store.registry import RegisteredSensor


class Verdict(enum.StrEnum):
    """How a row came out."""

    OK = "ok"
    WARN = "warn"  # works, but may not hold
    FAIL = "fail"  # does not work
    UNKNOWN = "unknown"  # cannot be known here


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was looked at: what was found, and what to do about it where that is asked."""

    check: str
    verdict: Verdict
    found: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Disk:
    """The size of a file system and what is free on it, bytes."""

    total: int
    free: int


def disk_of(path: Path) -> Disk:
    """Of the file system that the path is on, or will be. Raises OSError."""
    usage = shutil.disk_usage(nearest_existing(path))
    return Disk(usage.total, usage.free)


def nearest_existing(path: Path) -> Path:
    """The path, or the first folder above it that there is and that can be seen."""
    absolute = path.absolute()
    return next(one for one in (absolute, *absolute.parents) if _is_seen(one))


def _is_seen(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything that checks look at.

    Attributes:
        data_dir: where sessions are kept.
        sensors: the registered ones.
        store_problem: why the session store cannot be read; empty where it can, or is not there.
        root: what ``/proc``, ``/sys``, ``/etc``, ``/var`` and ``/dev`` are below.
        dbus_address: the message bus; None: the system's.
        user_id, group_ids: who runs this.
        sqlite_version: of the library that is in use.
        disk: looks at a file system.
        clock_synchronised: asks the kernel.
    """

    data_dir: Path
    sensors: Sequence[RegisteredSensor] = ()
    store_problem: str = ""
    root: Path = Path("/")
    dbus_address: str | None = None
    user_id: int = field(default_factory=os.geteuid)
    group_ids: frozenset[int] = field(
        default_factory=lambda: frozenset((*os.getgroups(), os.getegid()))
    )
    sqlite_version: tuple[int, ...] = sqlite3.sqlite_version_info
    disk: Callable[[Path], Disk] = disk_of
    clock_synchronised: Callable[[], bool | None] = clock_synchronised

    def path(self, absolute: str) -> Path:
        """A system path on this ground."""
        return self.root / absolute.lstrip("/")

    def text(self, absolute: str) -> str | None:
        """A small text file, without the space around it; None where it cannot be read."""
        return read_text(self.path(absolute))

    @property
    def uses_bluetooth(self) -> bool:
        """Whether a registered sensor needs it."""
        return any(sensor.uri.startswith("ble:") for sensor in self.sensors)


Check = Callable[[Ground], Awaitable[list[Row]]]


def read_text(path: Path) -> str | None:
    """A small text file, without the space around it; None where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip("\0\n\t ")
    except OSError:
        return None


def entries(path: Path) -> list[Path]:
    """What a folder holds, in order; nothing where there is none or it may not be read."""
    try:
        return sorted(path.iterdir())
    except OSError:
        return []
