"""Where sessions are kept: room on the disk, the right to write, the database library."""

import os

from sensorhub.daemon.doctor.base import Ground, Row, Verdict, nearest_existing

LOW_MB, WANTED_MB = 100, 1000
"""Three sensors write some 20 MB an hour."""

STRICT_SINCE = (3, 37, 0)
WAL_BUG = ((3, 7, 0), (3, 51, 2))
"""Two connections that write at the same instant can damage the file (sqlite.org/wal.html)."""


async def check_disk(ground: Ground) -> list[Row]:
    """Free space where the sessions are."""
    try:
        disk = ground.disk(ground.data_dir)
    except OSError as error:
        found = f"{ground.data_dir}: the free space cannot be known ({error.strerror or error})."
        return [Row("disk", Verdict.UNKNOWN, found)]
    free_mb = disk.free // 1_000_000
    found = f"{free_mb} MB of {disk.total // 1_000_000} MB are free for {ground.data_dir}."
    if free_mb < LOW_MB:
        return [Row("disk", Verdict.FAIL, found, "Free some space: an hour takes some 20 MB.")]
    if free_mb < WANTED_MB:
        return [Row("disk", Verdict.WARN, found, "Free some space soon.")]
    return [Row("disk", Verdict.OK, found)]


async def check_data_dir(ground: Ground) -> list[Row]:
    """The right to write there, and to read what is there."""
    existing, folder = nearest_existing(ground.data_dir), ground.data_dir.absolute()
    if not existing.is_dir():
        return [Row("data", Verdict.FAIL, f"{existing} is no folder.", "Choose one with --data.")]
    if not os.access(existing, os.W_OK | os.X_OK):
        found = f"You may not write to {existing}."
        return [Row("data", Verdict.FAIL, found, "Choose another with --data, or mend its rights.")]
    if ground.store_problem:
        return [Row("data", Verdict.FAIL, ground.store_problem)]
    return [Row("data", Verdict.OK, f"Sessions are kept in {folder}.")]


async def check_sqlite(ground: Ground) -> list[Row]:
    """Its version, and the known bug of a long range of them."""
    version = ground.sqlite_version
    found = f"SQLite {'.'.join(map(str, version))}"
    if version < STRICT_SINCE:
        return [
            Row("SQLite", Verdict.FAIL, found, "Too old: 3.37 at least, such as Debian 12 has.")
        ]
    if WAL_BUG[0] <= version <= WAL_BUG[1]:
        found += " has the WAL-reset bug; sensorhub keeps clear of it: one program, one writer."
        todo = "Do not write to the store with other programs."
        return [Row("SQLite", Verdict.OK, found, todo)]
    return [Row("SQLite", Verdict.OK, found)]
