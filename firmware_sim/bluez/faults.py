"""Faults to inject into ``org.bluez``: which call, on which object, how often, and what happens."""

from collections.abc import Callable
from dataclasses import dataclass

from firmware_sim.bluez.bus import BusError


@dataclass(frozen=True, slots=True)
class Delay:
    """Answer later, and then as if nothing had been."""

    seconds: float


@dataclass(frozen=True, slots=True)
class NoReply:
    """Never answer."""


@dataclass(frozen=True, slots=True)
class Abort:
    """Connect, and at once disconnect again: ``le-connection-abort-by-local`` (interference).

    As BlueZ does it: ``Connected`` shows both before the call is answered.
    """


Action = BusError | Delay | NoReply | Abort | Callable[[], None]


@dataclass(slots=True)
class Fault:
    """What to do to the next ``times`` calls of ``member`` on paths that contain ``path``."""

    member: str
    action: Action
    path: str = ""
    times: int = 1

    def takes(self, member: str, path: str) -> bool:
        """Whether this call is hit; counts it if so."""
        if self.times < 1 or member != self.member or self.path not in path:
            return False
        self.times -= 1
        return True


def bluez_error(name: str, text: str = "") -> BusError:
    """An error of BlueZ's own, such as ``InProgress``."""
    return BusError(f"org.bluez.Error.{name}", text)
