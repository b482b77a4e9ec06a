"""What the page asks of the running hub. The daemon answers; nothing here knows how."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sensorhub.coach.plan import Plan


class Key(enum.StrEnum):
    """What a person can press on the page while a plan runs."""

    NEXT = "next"  # begin the set, or end it
    SKIP = "skip"
    AGAIN = "again"  # repeat the set
    PAUSE = "pause"
    RESUME = "resume"
    HURTS = "hurts"  # "that hurt": ends the set
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class SensorStatus:
    """A sensor that the hub knows, whether or not a plan runs.

    Attributes:
        how: the way it is reached, without its address (``Bluetooth``, ``cable``, ``file``).
        state: what its link is doing, empty while no plan runs.
        battery_percent: None where not told.
    """

    placement: str
    how: str
    state: str = ""
    battery_percent: int | None = None


class BusyError(Exception):
    """Somebody exercises already: one visit at a time."""


class HubPort(Protocol):
    """The running hub."""

    @property
    def running_for(self) -> str | None:
        """Pseudonym of the person who exercises now; None: nobody does."""
        ...

    @property
    def closing(self) -> bool:
        """The visit is over and its complete log is being analysed."""
        ...

    def sensors(self) -> Sequence[SensorStatus]:
        """The sensors that a visit would use."""
        ...

    def start(self, person: str, plan: Plan, *, language: str) -> None:
        """Begin a visit. Raises BusyError, or InputError where nothing of it can be done."""
        ...

    def press(self, key: Key) -> None:
        """A key of the person who exercises; nothing happens where it means nothing now."""
        ...

    def answer(self, question: str, value: str) -> bool:
        """An answer to the question that is asked now; False: it cannot be taken."""
        ...

    def add_person(self) -> str:
        """Make a new person; returns the random pseudonym. Raises StoreError."""
        ...
