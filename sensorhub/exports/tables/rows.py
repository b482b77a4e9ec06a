"""What the rows of the therapist's tables are made from: a session, taken apart."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sensorhub.exercises.measures.table import for_people
from sensorhub.exports.tables.table import Cell
from sensorhub.model.outcomes import (
    Breath,
    Evidence,
    FlagCode,
    Hold,
    Measures,
    Repetition,
    SetOutcome,
    Step,
)
from sensorhub.model.placement import Side
from sensorhub.model.samples import Gap
from sensorhub.sessions.store.values import Answer, StoredSession, StoredSet

Item = Repetition | Hold | Breath | Step

ITEM_NAMES: Mapping[type[Item], str] = {
    Repetition: "repetition",
    Hold: "hold",
    Breath: "breath",
    Step: "step",
}

WEAKEST_FIRST = (Evidence.GUIDED, Evidence.INFERRED, Evidence.MEASURED)


@dataclass(frozen=True, slots=True)
class SetRow:
    """One set with the session it belongs to."""

    session: StoredSession
    set: StoredSet

    @property
    def outcome(self) -> SetOutcome | None:
        """Final results, else live ones, else None."""
        return self.set.outcome


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One repetition, hold, breath or step, with its number among its kind in the set."""

    session: StoredSession
    set: StoredSet
    outcome: SetOutcome
    item: Item
    number: int


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One further measure of an item (or of the set: ``item`` is None), in its name's unit."""

    session: StoredSession
    set: StoredSet
    item: Item | None
    number: int | None
    measure: str
    cell: Cell


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer, with its number in the session; ``set`` is None where it is of none begun."""

    session: StoredSession
    answer: Answer
    set: StoredSet | None
    number: int

    @property
    def exercise(self) -> str:
        """Id of the exercise it is about; empty: the whole session."""
        return self.answer.exercise if self.set is None else self.set.exercise

    @property
    def side(self) -> Side | None:
        """Side of the set it is about; None: the whole session."""
        if self.set is None:
            return self.answer.side if self.answer.exercise else None
        return self.set.side


def answer_rows(session: StoredSession) -> Iterator[AnswerRow]:
    """Every answer, in the order they were given."""
    sets = {one.number: one for one in session.sets}
    for number, answer in enumerate(session.answers, start=1):
        yield AnswerRow(session, answer, sets.get(answer.set_number), number)


def set_rows(session: StoredSession) -> Iterator[SetRow]:
    """Every set, in the order they were done."""
    return (SetRow(session, one) for one in session.sets)


def item_rows(session: StoredSession) -> Iterator[ItemRow]:
    """Everything counted or timed, in order of time within each set."""
    for one in session.sets:
        if one.outcome is not None:
            yield from _items_of(session, one, one.outcome)


def measure_rows(session: StoredSession) -> Iterator[MeasureRow]:
    """Every further measure, set by set: the set's own, then its items'."""
    for one in session.sets:
        if one.outcome is None:
            continue
        for name, value in _for_people(one.outcome.measures):
            yield MeasureRow(session, one, None, None, name, value)
        for row in _items_of(session, one, one.outcome):
            for name, value in _for_people(row.item.measures):
                yield MeasureRow(session, one, row.item, row.number, name, value)


def _for_people(measures: Measures) -> Iterator[tuple[str, float]]:
    for inside, number in sorted(measures.items()):
        name, factor = for_people(inside)
        yield name, factor * number


def _items_of(session: StoredSession, one: StoredSet, outcome: SetOutcome) -> Iterator[ItemRow]:
    numbered: list[tuple[int, Item]] = [
        *enumerate(outcome.repetitions, 1),
        *enumerate(outcome.holds, 1),
        *enumerate(outcome.breaths, 1),
        *enumerate(outcome.steps, 1),
    ]
    for number, item in sorted(numbered, key=lambda pair: (pair[1].start_s, pair[1].end_s)):
        yield ItemRow(session, one, outcome, item, number)


def gap_s(gaps: Sequence[Gap], start_s: float, end_s: float) -> float:
    """Seconds of ``[start_s, end_s)`` in which some sensor's data is missing, counted once."""
    pieces = sorted((max(g.start_s, start_s), min(g.end_s, end_s)) for g in gaps)
    total_s, until_s = 0.0, start_s
    for piece_start_s, piece_end_s in pieces:
        total_s += max(0.0, piece_end_s - max(piece_start_s, until_s))
        until_s = max(until_s, piece_end_s)
    return total_s


def weakest_evidence(outcome: SetOutcome) -> Evidence | None:
    """The weakest evidence among a set's items: a set is as sure as that; None: no items."""
    found = {row.evidence for row in _all_items(outcome)}
    return next((evidence for evidence in WEAKEST_FIRST if evidence in found), None)


def flag_codes(outcome: SetOutcome) -> tuple[FlagCode, ...]:
    """Every flag of a set or of one of its items, each once, in the order of their names."""
    found = {flag.code for flag in outcome.flags}
    for item in _all_items(outcome):
        found.update(item.flags)
    return tuple(sorted(found))


def _all_items(outcome: SetOutcome) -> tuple[Item, ...]:
    return (*outcome.repetitions, *outcome.holds, *outcome.breaths, *outcome.steps)
