"""What the page asks of the running hub. The daemon answers; nothing here knows how."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sensorhub.coach.plan import Plan
from sensorhub.coach.questions import QuestionId
from sensorhub.coach.states import KEYS, Trigger

PRESSABLE = KEYS
"""What a person can press on the page while a plan runs."""


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


@dataclass(frozen=True, slots=True)
class OfferedSensor:
    """A sensor that was found and is not registered.

    Attributes:
        target: names it to :meth:`SensorPort.add`.
        name: what it calls itself.
        rssi_dbm: how loud it is, for Bluetooth.
    """

    target: str
    name: str
    how: str
    rssi_dbm: int | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found; ``problem``: why nobody could listen for Bluetooth, empty: somebody did."""

    found: Sequence[OfferedSensor]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class KnownSensor:
    """A registered sensor; ``placement`` is empty where that changes."""

    name: str
    placement: str
    family: str
    battery_percent: int | None = None


class BusyError(Exception):
    """Somebody exercises already: one visit at a time."""


class HubPort(Protocol):
    """The running hub."""

    @property
    def running_for(self) -> str | None:
        """Pseudonym of the person who exercises now; None: nobody does."""
        ...

    def sensors(self) -> Sequence[SensorStatus]:
        """The sensors that a visit would use."""
        ...

    def start(self, person: str, plan: Plan, *, language: str, interview: bool) -> None:
        """Begin a visit. Raises BusyError, or InputError where nothing of it can be done.

        ``interview``: with the guide's questions, which the first visit asks anyway.
        """
        ...

    def press(self, key: Trigger) -> None:
        """A key of the person who exercises; nothing happens where it means nothing now."""
        ...

    def answer(self, question: QuestionId, value: str) -> None:
        """An answer; what is not asked (any more) is ignored. Empty: rather not say.

        Raises InputError where it is no answer to that question, which then stays open.
        """
        ...

    def add_person(self) -> str:
        """Make a new person; returns the random pseudonym. Raises StoreError."""
        ...


class SensorPort(Protocol):
    """The registered sensors of a hub that serves. Changes raise BusyError while a visit runs."""

    def known(self) -> Sequence[KnownSensor]:
        """All of them."""
        ...

    async def look(self) -> Looked:
        """Find those that could be added. Takes some seconds."""
        ...

    async def add(self, target: str, *, name: str, placement: str) -> KnownSensor:
        """Meet one that was found, and register it. Raises InputError, TransportError, DeviceError.

        An empty name: what it calls itself. An empty placement: not said.
        """
        ...

    async def place(self, name: str, placement: str) -> None:
        """Say where it is usually worn; empty: not said. Raises InputError."""
        ...

    async def forget(self, name: str) -> None:
        """Register it no longer. Raises InputError."""
        ...
