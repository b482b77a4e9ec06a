"""Truth against outcome: one run's figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from firmware_sim.scenario.truth import TrueHold, TrueRepetition, TrueSet
from sensorhub.model.outcomes import Hold, Repetition, SetOutcome

HOLD, REPETITION, BREATH, GUIDED = "hold", "repetition", "breath", "guided"


@dataclass(frozen=True, slots=True)
class Score:
    """One run.

    Attributes:
        wanted: how many repetitions (partial ones included), holds or breaths there were.
        got: how many were found.
        false: found where there was none.
        kinds_right: exact, and full and partial ones and the directions of circles are right too.
        edges_s: errors of every start and end of repetitions and breaths that were found.
        ranges_rad: error of every found repetition's range of motion; positive: found too large.
        credited_s: for every hold found the error of its seconds; likewise entering and leaving.
        seconds: length of the recording.
    """

    exercise: str
    variation: str
    seed: int
    kind: str
    wanted: int
    got: int
    false: int
    kinds_right: bool
    seconds: float
    edges_s: tuple[float, ...] = ()
    credited_s: tuple[float, ...] = ()
    entering_s: tuple[float, ...] = ()
    leaving_s: tuple[float, ...] = ()
    ranges_rad: tuple[float, ...] = ()

    @property
    def exact(self) -> bool:
        """The count is right and nothing in it is false."""
        return self.got == self.wanted and not self.false

    @property
    def within_one(self) -> bool:
        """The count is at most one off."""
        return abs(self.got - self.wanted) <= 1


@dataclass(frozen=True, slots=True)
class FalseAlarm:
    """An activity that is no exercise, analysed as one."""

    exercise: str
    activity: str
    seed: int
    counted: int
    seconds: float


class _Region(Protocol):
    @property
    def start_s(self) -> float: ...

    @property
    def end_s(self) -> float: ...


def score_set(
    exercise: str, variation: str, seed: int, truth: TrueSet, outcome: SetOutcome
) -> Score:
    """The figures of one set."""
    length_s = outcome.end_s - outcome.start_s
    if truth.holds:
        both, false = matched(truth.holds, outcome.holds)
        return Score(
            exercise,
            variation,
            seed,
            HOLD,
            len(truth.holds),
            len(outcome.holds),
            false,
            kinds_right=len(outcome.holds) == len(truth.holds) and not false,
            seconds=length_s,
            credited_s=tuple(abs(g.held_s - t.held_s) for t, g in _holds(both)),
            entering_s=tuple(abs(g.start_s - t.start_s) for t, g in _holds(both)),
            leaving_s=tuple(abs(g.end_s - t.end_s) for t, g in _holds(both)),
        )
    true: Sequence[_Region] = truth.breaths or truth.repetitions
    got: Sequence[_Region] = outcome.breaths if truth.breaths else outcome.repetitions
    both, false = matched(true, got)
    edges = [e for t, g in both for e in (abs(g.start_s - t.start_s), abs(g.end_s - t.end_s))]
    exact = len(got) == len(true) and not false
    alike = bool(truth.breaths) or _kinds(truth) == _found_kinds(truth, outcome)
    return Score(
        exercise,
        variation,
        seed,
        BREATH if truth.breaths else REPETITION,
        len(true),
        len(got),
        false,
        kinds_right=exact and alike,
        seconds=length_s,
        edges_s=tuple(edges),
        ranges_rad=tuple(g.rom_rad - t.rom_rad for t, g in _repetitions(both)),
    )


def score_false(
    exercise: str, activity: str, seed: int, outcome: SetOutcome, seconds: float
) -> FalseAlarm:
    """What was counted although there was nothing."""
    counted = len(outcome.repetitions) + len(outcome.holds)
    return FalseAlarm(exercise, activity, seed, counted, seconds)


def matched(
    true: Sequence[_Region], got: Sequence[_Region]
) -> tuple[list[tuple[_Region, _Region]], int]:
    """Pairs of what was and what was found, and how many found ones are left over.

    As many pairs as overlap and keep the order of time; of these choices the one that overlaps most
    (the usual alignment of two sequences).
    """
    best: list[list[tuple[int, float]]] = [
        [(0, 0.0)] * (len(got) + 1) for _ in range(len(true) + 1)
    ]
    for i, t in enumerate(true, 1):
        for k, g in enumerate(got, 1):
            found = max(best[i - 1][k], best[i][k - 1])
            if (overlap_s := _overlap_s(t, g)) > 0.0:
                count, sum_s = best[i - 1][k - 1]
                found = max(found, (count + 1, sum_s + overlap_s))
            best[i][k] = found
    pairs: list[tuple[_Region, _Region]] = []
    i, k = len(true), len(got)
    while i and k:
        if best[i][k] == best[i - 1][k]:
            i -= 1
        elif best[i][k] == best[i][k - 1]:
            k -= 1
        else:
            i, k = i - 1, k - 1
            pairs.append((true[i], got[k]))
    return pairs[::-1], len(got) - len(pairs)


def _overlap_s(a: _Region, b: _Region) -> float:
    return min(a.end_s, b.end_s) - max(a.start_s, b.start_s)


def _holds(both: Sequence[tuple[_Region, _Region]]) -> list[tuple[TrueHold, Hold]]:
    return [(t, g) for t, g in both if isinstance(t, TrueHold) and isinstance(g, Hold)]


def _repetitions(
    both: Sequence[tuple[_Region, _Region]],
) -> list[tuple[TrueRepetition, Repetition]]:
    return [(t, g) for t, g in both if isinstance(t, TrueRepetition) and isinstance(g, Repetition)]


def _kinds(truth: TrueSet) -> list[tuple[str, str]]:
    return sorted((r.kind, _direction(r.phase)) for r in truth.repetitions)


def _found_kinds(truth: TrueSet, outcome: SetOutcome) -> list[tuple[str, str]]:
    directed = any(_direction(r.phase) for r in truth.repetitions)

    def of(found: Repetition) -> tuple[str, str]:
        return found.kind.value, _direction(found.phase) if directed else ""

    return sorted(of(r) for r in outcome.repetitions)


def _direction(phase: str) -> str:
    return phase if phase in ("cw", "ccw") else ""
