"""What is done apart from a set is told from its repetitions; the tired and the resting are not."""

from dataclasses import replace

import numpy as np
import pytest

from sensorhub.exercises.sets.asides import Candidate, done_apart
from sensorhub.exercises.trace.cycles import Cycle
from sensorhub.exercises.trace.edges import Edges
from sensorhub.exercises.trace.path import Path

TICK_S = 0.05
LASTS_S, REST_S = 2.0, 1.0


def candidate(start_s: float, *, full: bool = True, spread_deg: float = 2.0) -> Candidate:
    first = round(start_s / TICK_S)
    ticks = round(LASTS_S / TICK_S)
    size = 0.5 if full else 0.25
    peak, last = first + ticks // 2, first + ticks
    cycle = Cycle(first, peak, last, size, size, size, before=first, after=last)
    edges = Edges(start_s, start_s + 1.0, start_s + LASTS_S, 0.0, 1.0)
    return Candidate(cycle, edges, float(np.radians(spread_deg)), full)


def a_set(*, then: Candidate) -> list[Candidate]:
    return [*(candidate(k * (LASTS_S + REST_S)) for k in range(6)), then]


@pytest.fixture
def path() -> Path:
    n = round(60.0 / TICK_S)
    up = np.tile([0.0, 0.0, 1.0], (n, 1))
    still = np.zeros(n)
    return Path(TICK_S * np.arange(n, dtype=np.float64), up, still, still, TICK_S, (slice(0, n),))


def test_a_small_crooked_one_after_a_pause_is_no_part_of_the_set(path: Path) -> None:
    found = a_set(then=candidate(30.0, full=False, spread_deg=25.0))
    assert done_apart(path, found) == [False] * 6 + [True]
    before = [candidate(0.0, full=False, spread_deg=25.0)]
    before += [candidate(12.0 + k * 3.0) for k in range(6)]
    assert done_apart(path, before) == [True] + [False] * 6


@pytest.mark.parametrize(
    "last",
    [
        candidate(18.0, full=False, spread_deg=25.0),  # no pause
        candidate(30.0, full=False),  # a straight one
        candidate(30.0, spread_deg=25.0),  # all the way
    ],
)
def test_one_sign_alone_is_believed(path: Path, last: Candidate) -> None:
    assert not any(done_apart(path, a_set(then=last)))


def elsewhere(path: Path, tick: int, degrees: float) -> Path:
    """Another pose at one tick: the top of what is compared."""
    up = path.up.copy()
    up[tick] = [np.sin(np.radians(degrees)), 0.0, np.cos(np.radians(degrees))]
    return replace(path, up=up)


def slowly(one: Candidate) -> Candidate:
    return replace(one, edges=replace(one.edges, half_width_s=1.5))


@pytest.mark.parametrize("pair", [False, True])
def test_a_large_one_with_another_top_in_another_time_is_no_part_of_the_set(
    path: Path, pair: bool
) -> None:
    last = [slowly(candidate(30.0))]
    path = elsewhere(path, last[0].cycle.peak, 15.0)
    if pair:
        last.append(slowly(candidate(33.0)))
        path = elsewhere(path, last[1].cycle.peak, -15.0)
    found = [*a_set(then=last[0]), *last[1:]]
    assert done_apart(path, found) == [False] * 6 + [True] * len(last)


def test_a_slipped_strap_or_a_tired_leg_is_part_of_the_set(path: Path) -> None:
    usual, slow = candidate(30.0), slowly(candidate(30.0))
    assert not any(done_apart(elsewhere(path, usual.cycle.peak, 25.0), a_set(then=usual)))
    assert not any(done_apart(path, a_set(then=slow)))


def test_where_a_third_would_be_apart_nothing_large_is(path: Path) -> None:
    found = [candidate(k * 3.0) for k in range(5)]
    for start_s in (25.0, 32.0, 39.0):
        found.append(slowly(candidate(start_s)))
        path = elsewhere(path, found[-1].cycle.peak, 20.0)
    assert not any(done_apart(path, found))


def test_a_whole_one_alone_between_a_walk_and_the_set_is_an_errand(path: Path) -> None:
    lone = candidate(35.0, spread_deg=25.0)
    found = [*a_set(then=lone), *(candidate(42.0 + k * 3.0) for k in range(5))]
    assert not any(done_apart(path, found))
    walked = replace(path, walks=((20.0, 34.0),))
    assert done_apart(walked, found) == [False] * 6 + [True] + [False] * 5
