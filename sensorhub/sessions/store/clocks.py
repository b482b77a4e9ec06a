"""One instant read on every clock: the hub's, the wall's, the computer's since it started."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

from sensorhub.sessions.store.values import Moment

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd touches this once it has set the clock."""


def read_clocks(now_ns: Callable[[], int]) -> Moment:
    """All clocks, as near to the same instant as consecutive calls are."""
    hub_ns = now_ns()
    wall = datetime.now().astimezone()
    offset = timezone(wall.utcoffset() or timedelta())
    return Moment(
        hub_ns=hub_ns,
        # To the millisecond and by its offset alone, which is how it is stored and exported.
        utc=wall.replace(microsecond=wall.microsecond // 1000 * 1000, tzinfo=offset),
        boottime_ns=time.clock_gettime_ns(time.CLOCK_BOOTTIME),
        boot_id=_boot_id(),
        synchronised=_synchronised(),
    )


def _boot_id() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _synchronised() -> bool | None:
    # Without timesyncd's folder another program keeps the clock, and we cannot tell.
    return SYNCHRONISED.exists() if SYNCHRONISED.parent.exists() else None
