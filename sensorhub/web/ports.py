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
