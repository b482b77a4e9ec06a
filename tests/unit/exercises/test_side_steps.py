"""Which of the thigh's excursions are side steps, and which of them pauses keep apart."""

import math
from dataclasses import replace

import numpy as np

from sensorhub.exercises.detectors.side_steps import BACK, OUT, without_strays
from sensorhub.exercises.trace.cycles import Cycle
from sensorhub.exercises.trace.edges import Edges
from sensorhub.exercises.trace.path import Path

TICK_S = 0.05
Step = tuple[Cycle, Edges]


def path(*, walks: tuple[tuple[float, float], ...] = ()) -> Path:
    n = round(120.0 / TICK_S)
    up, still = np.tile([0.0, 0.0, 1.0], (n, 1)), np.zeros(n)
    return Path(TICK_S * np.arange(n), up, still, still, TICK_S, (slice(0, n),), walks)


def step(start_s: float, degrees: float, lasts_s: float = 1.5) -> Step:
    first, ticks = round(start_s / TICK_S), round(lasts_s / TICK_S)
    size = math.radians(degrees)
    peak, last = first + ticks // 2, first + ticks
    cycle = Cycle(first, peak, last, size, size, size, before=first, after=last)
    edges = Edges(start_s, start_s + 0.5 * lasts_s, start_s + lasts_s, 0.0, 0.5 * lasts_s)
    return cycle, edges


def walk_outs(count: int, *, first_s: float, rest_s: float = 1.2) -> list[Step]:
    """Wide steps out, narrow ones back 0.4 s later."""
    each_s = 3.4 + rest_s
    return [
        one
        for k in range(count)
        for one in (step(first_s + k * each_s, 18.0), step(first_s + k * each_s + 1.9, 4.0))
    ]


def ways(steps: list[Step]) -> list[str]:
    return [OUT if cycle.size_rad > math.radians(8.0) else BACK for cycle, _ in steps]


def kept(steps: list[Step], where: Path | None = None) -> list[Step]:
    return without_strays(path() if where is None else where, steps, ways(steps))[0]


def test_a_set_is_kept_whole() -> None:
    steps = walk_outs(8, first_s=5.0)
    assert kept(steps) == steps


def test_a_swing_after_a_pause_that_does_not_come_back_is_none() -> None:
    steps = walk_outs(6, first_s=20.0)
    assert kept([step(10.0, 17.0), *steps]) == steps
    assert kept([*steps, step(60.0, 17.0)]) == steps
    assert kept([*steps, step(60.0, 4.0)]) == steps


def test_out_and_back_after_a_pause_must_be_like_the_others() -> None:
    steps = walk_outs(6, first_s=20.0)
    slow, narrow = [step(60.0, 18.0, 3.6), step(64.5, 4.0)], [step(60.0, 11.0), step(62.0, 4.0)]
    assert kept([*steps, *slow]) == steps
    assert kept([*steps, *narrow]) == steps
    alike = [step(60.0, 16.0, 1.8), step(62.2, 4.5)]
    assert kept([*steps, *alike]) == [*steps, *alike]


def test_long_rests_between_all_of_them_are_no_pauses() -> None:
    steps = walk_outs(6, first_s=5.0, rest_s=9.0)
    steps[4] = step(5.0 + 2 * 12.4, 11.0)
    assert kept(steps) == steps


def test_a_way_back_too_small_to_be_seen_is_no_pause() -> None:
    steps = walk_outs(8, first_s=5.0)
    unseen = [*steps[:5], *steps[6:]]
    assert kept(unseen) == unseen


def test_who_stepped_out_comes_back_before_walking_off() -> None:
    steps = walk_outs(6, first_s=5.0)
    end_s = steps[-1][1].end_s
    assert kept(steps, path(walks=((end_s + 0.5, end_s + 20.0),))) == steps


def test_what_follows_a_walk_at_once_and_is_small_belongs_to_it() -> None:
    steps = walk_outs(6, first_s=20.0)
    settling = step(17.0, 4.0)
    where = path(walks=((3.0, 16.5),))
    assert kept([settling, *steps], where) == steps


def test_what_only_a_stray_stood_by_is_alone_without_it() -> None:
    steps = walk_outs(6, first_s=20.0)
    after_s = steps[-1][1].end_s + 1.0
    wide = step(after_s, 30.0)
    stray = step(after_s + 2.0, 4.0)
    among = path(walks=((stray[1].start_s, stray[1].start_s + 15.0),))
    assert kept([*steps, wide, stray], replace(among)) == steps
