"""Is the hub still at work? A process that answers but no longer records must be started again.

The service manager's watchdog is fed only while everything that has something to do gets on with
it: the samples' way in and the store's writer. Being idle is fine; being busy and standing still is
not. The protocol is sd_notify(3): datagrams of ``KEY=value`` lines to ``$NOTIFY_SOCKET``.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

FEEDS = 4
"""So often in its time the watchdog is fed: a feed that comes late costs nothing."""

STILL_LOOKS = 2

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sign:
    """How far something has come. ``beat`` changes with every step; ``busy``: there is work."""

    beat: int
    busy: bool


class Watchdog:
    """Looks at signs of life, one look against those before."""

    def __init__(self, signs: Mapping[str, Callable[[], Sign]]) -> None:
        self._signs = dict(signs)
        self._seen: dict[str, Sign] = {}
        self._still: dict[str, int] = {}

    def stuck(self) -> tuple[str, ...]:
        """The names of those that were busy and did nothing at :data:`STILL_LOOKS` looks in a row.

        Each against the look before it: one long step is not enough.
        """
        now = {name: sign() for name, sign in self._signs.items()}
        self._still = {
            name: self._still.get(name, 0) + 1 if sign.busy and self._seen.get(name) == sign else 0
            for name, sign in now.items()
        }
        self._seen = now
        return tuple(name for name, looks in self._still.items() if looks >= STILL_LOOKS)


class ServiceManager:
    """What the service manager (systemd) is told; without one nothing happens.

    Args:
        environ: where ``NOTIFY_SOCKET`` and ``WATCHDOG_USEC`` stand; a name that begins with ``@``
            is in the abstract namespace.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        name = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name
        usec = environ.get("WATCHDOG_USEC", "")
        self._watchdog_s = int(usec) / 1e6 if usec.isdecimal() else None

    @property
    def feed_s(self) -> float | None:
        """Seconds between two feeds; None: there is no watchdog."""
        return None if self._watchdog_s is None else self._watchdog_s / FEEDS

    def ready(self, status: str) -> None:
        """The service is up."""
        self._tell(f"READY=1\nSTATUS={_line(status)}")

    def status(self, text: str) -> None:
        """What the service is doing, for ``systemctl status``: no name, no measurement."""
        self._tell(f"STATUS={_line(text)}")

    def alive(self) -> None:
        """Feed the watchdog."""
        self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """The service is ending in order."""
        self._tell("STOPPING=1")

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link:
                link.connect(self._address)
                link.sendall(text.encode())
        except OSError as error:
            _LOG.warning("the service manager cannot be told: %s", error)


async def keep_fed(manager: ServiceManager, watchdog: Watchdog) -> None:
    """Feed the watchdog until cancelled, as long as nothing is stuck."""
    if manager.feed_s is None:
        return
    while True:
        stuck = watchdog.stuck()
        if stuck:
            _LOG.error("no progress: %s; not feeding the watchdog", ", ".join(stuck))
        else:
            manager.alive()
        await asyncio.sleep(manager.feed_s)


def _line(text: str) -> str:
    return " ".join(text.split())
