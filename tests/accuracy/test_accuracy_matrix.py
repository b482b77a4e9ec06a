"""A small part of the accuracy matrix, with floors: what once counted right goes on doing so.

The whole matrix is ``make accuracy``. Every exercise is here with its usual run, and every
variation with exercises taken in turn; the seeds are not those of the page.
"""

from collections import defaultdict

import pytest

from benchmarks.accuracy.play import Case, cases, exercises, kind_of, play, without_scenario
from benchmarks.accuracy.score import BREATH, HOLD, REPETITION, FalseAlarm, Score
from benchmarks.accuracy.stats import quantile

SEED = 1000
EXACT, WITHIN_ONE = 0.93, 0.97
"""Floors, a little below what is measured here (harder than the page: side steps, of which there is
one exercise, get every variation); docs/accuracy.md has the figures themselves."""

FALSE = 260
"""So many are counted in all while other things are done; the page says during which."""


def _chosen() -> list[Case]:
    """The usual run of every exercise, and every variation once for each kind of movement."""
    by_kind: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for case in cases(seeds=1):
        if case.exercise:
            by_kind[kind_of(case.exercise)].setdefault(case.name, []).append(case.exercise)
    chosen = {Case(exercise, "usual", SEED) for exercise in exercises()}
    for columns in by_kind.values():
        for k, (name, able) in enumerate(columns.items()):
            chosen.add(Case(able[k % len(able)], name, SEED + k))
    return sorted(chosen)


@pytest.fixture(scope="module")
def scores() -> list[Score]:
    return [s for case in _chosen() for s in play(case) if isinstance(s, Score)]


@pytest.fixture(scope="module")
def alarms() -> list[FalseAlarm]:
    idle = [Case("", c.name, SEED) for c in cases(seeds=1) if not c.exercise]
    return [a for case in idle for a in play(case) if isinstance(a, FalseAlarm)]


def test_every_exercise_has_evidence(scores: list[Score]):
    assert without_scenario() == []
    assert {s.exercise for s in scores} == set(exercises())
    assert all(s.wanted > 0 for s in scores)


def test_every_variation_is_played():
    assert {c.name for c in _chosen()} == {c.name for c in cases(seeds=1) if c.exercise}


def test_usual_runs_are_exact_kinds_included(scores: list[Score]):
    usual = [s for s in scores if s.variation == "usual"]
    assert [s for s in usual if not s.exact or not s.kinds_right] == []


def test_counts_with_faults(scores: list[Score]):
    exact = sum(s.exact for s in scores) / len(scores)
    within_one = sum(s.within_one for s in scores) / len(scores)
    assert exact >= EXACT, _wrong(scores)
    assert within_one >= WITHIN_ONE, _wrong(scores)


def test_edges_of_repetitions(scores: list[Score]):
    runs = [s for s in scores if s.kind == REPETITION]
    assert quantile([e for s in runs for e in s.edges_s], 0.5) <= 0.18
    # Sitting up begins with a lean of the trunk, which the thigh does not show: 0.9 s.
    usual = [e for s in runs if s.variation == "usual" for e in s.edges_s]
    assert quantile(usual, 0.5) <= 0.15
    assert quantile(usual, 0.95) <= 1.0


def test_seconds_of_holds(scores: list[Score]):
    # What a hold is whose sensor slips meanwhile is anybody's guess.
    holds = [s for s in scores if s.kind == HOLD and s.variation != "slip"]
    usual = [s for s in holds if s.variation == "usual"]
    for chosen, mean_s, edge_s in ((holds, 0.35, 0.6), (usual, 0.2, 0.3)):
        credited = [e for s in chosen for e in s.credited_s]
        assert sum(credited) / len(credited) <= mean_s
        assert quantile([e for s in chosen for e in s.entering_s], 0.95) <= edge_s
        assert quantile([e for s in chosen for e in s.leaving_s], 0.95) <= edge_s


def test_breaths_are_counted_exactly(scores: list[Score]):
    breaths = [s for s in scores if s.kind == BREATH]
    assert sum(s.exact for s in breaths) >= 0.9 * len(breaths), _wrong(breaths)


def test_nothing_is_counted_while_something_else_is_done(alarms: list[FalseAlarm]):
    assert sum(a.counted for a in alarms) <= FALSE, [a for a in alarms if a.counted]


def _wrong(scores: list[Score]) -> list[str]:
    return [
        f"{s.exercise} {s.variation}: {s.got} of {s.wanted}, {s.false} false"
        for s in scores
        if not s.exact
    ]
