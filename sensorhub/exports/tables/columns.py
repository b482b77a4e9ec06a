"""Short names for the kinds of columns, and the columns and sentences that tables share."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from sensorhub.exports.tables.table import Cell, Column, Kind
from sensorhub.model.outcomes import Evidence
from sensorhub.model.placement import Side
from sensorhub.sessions.store.values import StoredSession, StoredSet

Row = TypeVar("Row")

SIDES = tuple(side.value for side in Side)
EVIDENCE = tuple(evidence.value for evidence in Evidence)
EVIDENCE_MEANING = (
    "How this is known: measured by a sensor, inferred from one, or guided: the hub paced it and"
    " nothing was measured."
)
GAP_MEANING = "Time within {} for which some sensor's data is missing. 0: nothing is missing."
MDC_MEANING = (
    "Minimal detectable change: a smaller difference between two such angles may be measurement"
    " error. 2.77 times the largest standard error that Pua et al. 2008 found when one clinician"
    " measured passive hip range of motion twice in people with hip osteoarthritis; the sensor's"
    " own figure has not been measured. Empty: not known; it is given only for tests of hip"
    " flexion, extension and abduction."
)


class AboutSet(Protocol):
    """A row that belongs to a set."""

    @property
    def session(self) -> StoredSession: ...

    @property
    def set(self) -> StoredSet: ...


SetLike = TypeVar("SetLike", bound=AboutSet)


def about_set() -> tuple[Column[SetLike], ...]:
    """The columns every row about a set begins with."""
    return (
        text("session", "Name of the session.", lambda row: row.session.name, required=True),
        whole(
            "set_number",
            "Number of the set within the session, from 1.",
            lambda row: row.set.number,
            minimum=1,
            required=True,
        ),
        text("exercise", "Id of the exercise.", lambda row: row.set.exercise, required=True),
        text(
            "side",
            "Side of the body the set was done on.",
            lambda row: row.set.side.value,
            choices=SIDES,
            required=True,
        ),
    )


def text(
    name: str,
    meaning: str,
    value: Callable[[Row], str | None],
    *,
    choices: tuple[str, ...] = (),
    required: bool = False,
) -> Column[Row]:
    """A column of texts."""
    return Column(name, Kind.TEXT, meaning, value, choices=choices, required=required)


def whole(
    name: str,
    meaning: str,
    value: Callable[[Row], int | None],
    *,
    minimum: int = 0,
    maximum: int | None = None,
    required: bool = False,
) -> Column[Row]:
    """A column of whole numbers, not negative unless said."""
    return Column(
        name, Kind.WHOLE, meaning, value, minimum=minimum, maximum=maximum, required=required
    )


def number(
    name: str,
    meaning: str,
    value: Callable[[Row], Cell],
    *,
    unit: str = "",
    decimals: int = 3,
) -> Column[Row]:
    """A column of numbers."""
    return Column(name, Kind.NUMBER, meaning, value, unit=unit, decimals=decimals)


def seconds(
    name: str,
    meaning: str,
    value: Callable[[Row], float | None],
    *,
    decimals: int = 3,
    minimum: int | None = None,
    required: bool = False,
) -> Column[Row]:
    """A column of seconds."""
    return Column(
        name,
        Kind.NUMBER,
        meaning,
        value,
        unit="seconds",
        decimals=decimals,
        minimum=minimum,
        required=required,
    )


def degrees(
    name: str, meaning: str, value: Callable[[Row], float | None], *, decimals: int = 1
) -> Column[Row]:
    """A column of angles. ``value`` gives degrees: this is the human edge."""
    return Column(name, Kind.NUMBER, meaning, value, unit="degrees", decimals=decimals)


def moment(
    name: str, meaning: str, value: Callable[[Row], datetime | None], *, required: bool = False
) -> Column[Row]:
    """A column of wall-clock times."""
    return Column(name, Kind.TIME, meaning, value, required=required)


def yes_no(
    name: str, meaning: str, value: Callable[[Row], bool | None], *, required: bool = False
) -> Column[Row]:
    """A column of ``yes`` and ``no``."""
    return Column(name, Kind.YES_NO, meaning, value, required=required)
