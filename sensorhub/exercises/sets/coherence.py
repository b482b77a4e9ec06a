"""Is what was found a set? Exercise repeats one movement; housekeeping and fidgeting do not.

People repeat an exercise far more alike than they would think: the scatter below stays under 0.55
over all runs of three to five repetitions of real sets (0.37 over 99 of 100), and under 0.35 over
whole sets. What somebody does by the way - turning over, settling, getting up - has 0.9 usually.
"""

import math
from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from sensorhub.exercises.locomotion.walking import not_walking
from sensorhub.exercises.trace.cycles import Cycle, share_of_way
from sensorhub.exercises.trace.edges import Edges
from sensorhub.exercises.trace.path import Path
from sensorhub.motion.orientation import lengths

MOST_SCATTER = 0.7
"""More than this is no set; between what real sets show and what moving about shows."""

MOST_SCATTER_OF_FEW = 0.58
"""The same for up to five: real ones stay under 0.55, and chance is alike more easily."""

MOST_SCATTER_OF_SMALL = 0.35
"""The same for two that are small for the exercise: 95 of 100 real pairs are as much alike."""

MOST_OF_IT = 0.75
"""Repetitions are this part, at least, of all that moves in a set well done, ..."""

ELSE_SCATTER, BETWEEN_SCATTER = 0.7, 0.9
"""... and for what is missing before and after it, or between its first repetition and its last,
so much more alike must they be: by chance something of all that is done always is a little."""

QUICKEST_S = 0.75
"""Nobody repeats a movement of the whole leg 80 times a minute: a strap that is shaken into place,
or a leg that is scratched, moves so."""

TINY_RAD, TINY_LASTS_S = math.radians(3.0), 1.5
"""A leg that hardly moves is lifted with effort, and slowly; what twitches is no exercise."""

SMALL_LASTS_S = 1.0
"""So is one that is lifted a little only, for the exercise."""

SOME = 5

TIME_WEIGHT = 0.5
"""Tempo varies about twice as much as size, in sets well done as well."""

WANDER_RAD = math.radians(1.0)
"""Poses wander this much by themselves, however small the movement."""

FEW = 2
"""So few repetitions show little scatter to judge by."""

FEW_SIZE_SHARE = 0.4
"""... and one alone is believed if it has this share of what bodies usually do in the exercise."""

MOST_BESIDES_ONE = 0.1
"""... and little else was done: nothing shows that it was meant to be one. So strict is what finds
it to be three fifths of all that moved."""

BREAK_S = 20.0
"""What is done in a break as long as this says nothing of the set."""

ARRIVAL_S = 2.0
"""Small excursions within this time of a walk belong to it: putting a chair down, settling."""


def is_set(
    path: Path,
    cycles: Sequence[Cycle],
    edges: Sequence[Edges],
    *,
    usual_rad: float,
    strictness_share: float = 0.0,
) -> bool:
    """Whether full repetitions are one movement repeated; a single one must be about as large as
    usual, two small ones very much alike; all of it the more alike the more else was done.

    Args:
        usual_rad: what most bodies do in the exercise.
        strictness_share: see :func:`strictness`.
    """
    size_rad = median(c.size_rad for c in cycles)
    lasts_s = median(e.end_s - e.start_s for e in edges)
    large = size_rad >= FEW_SIZE_SHARE * usual_rad
    slowly_s = QUICKEST_S if large else SMALL_LASTS_S
    if lasts_s < (TINY_LASTS_S if size_rad < TINY_RAD else slowly_s):
        return False
    if len(cycles) == 1:
        return large and strictness_share <= MOST_BESIDES_ONE
    most = MOST_SCATTER_OF_FEW if len(cycles) <= SOME else MOST_SCATTER
    if len(cycles) <= FEW and not large:
        most = MOST_SCATTER_OF_SMALL
    return scatter(path, cycles, edges) <= most - strictness_share


def scatter(path: Path, cycles: Sequence[Cycle], edges: Sequence[Edges]) -> float:
    """How unlike each other full repetitions are, without unit; 0 for identical ones.

    The sum of the variation of their sizes, (half) that of their durations, and the usual angle
    by which start and top poses differ from one to the next, as a share of the usual size.
    """
    if len(cycles) < 2:
        return 0.0
    sizes = [c.size_rad for c in cycles]
    times_s = [e.end_s - e.start_s for e in edges]
    usual_rad = median(sizes)
    apart = [
        max(0.0, _apart_rad(path, ticks) - WANDER_RAD) / usual_rad
        for ticks in ([c.start for c in cycles], [c.peak for c in cycles])
    ]
    return _variation(sizes) + TIME_WEIGHT * _variation(times_s) + sum(apart)


def strictness(path: Path, cycles: Sequence[Cycle]) -> float:
    """By how much less scatter is believed, without unit, as other things were done as well."""
    besides = not_walking(path)
    of_all = share_of_way(path, cycles, besides=besides) or 1.0
    of_run = share_of_run(path, cycles, besides)
    return max(0.0, ELSE_SCATTER * (MOST_OF_IT - of_all), BETWEEN_SCATTER * (MOST_OF_IT - of_run))


def share_of_run(path: Path, cycles: Sequence[Cycle], besides: NDArray[np.bool_]) -> float:
    """The cycles' part of the way that "up" has gone from the first of them to the last one.

    However small the movement: who exercises rests between repetitions, who stands about sways
    between larger excursions as much as in them. Long breaks are left out, but a few have none.
    """
    step = np.zeros(len(path))
    change = np.diff(path.up, axis=0)
    step[1:] = lengths(change)
    step[[p.start for p in path.pieces]] = 0.0
    gone = np.concatenate([[0.0], np.cumsum(step * besides)])
    starts, ends = (
        np.array(ticks, int) for ticks in zip(*((c.start, c.end) for c in cycles), strict=True)
    )
    close = path.time_s[starts[1:]] - path.time_s[ends[:-1]] < BREAK_S
    since = starts.copy()
    since[1:] = np.where(close | (len(cycles) <= SOME), ends[:-1], starts[1:])
    total = float((gone[ends + 1] - gone[since + 1]).sum())
    return sum(c.rise_rad + c.fall_rad for c in cycles) / total if total > 0.0 else 1.0


def by_the_way(path: Path, edges: Sequence[Edges], full: Sequence[bool]) -> list[bool]:
    """For each repetition whether it belongs to a walk rather than to the set.

    Small ones next to a walk do; so do one or two between two walks, if there are more elsewhere,
    and all of them where the person walks off after every one or two.
    """
    walks = [sum(end_s <= edge.peak_s for _, end_s in path.walks) for edge in edges]
    if len(set(walks)) > FEW and max(walks.count(w) for w in set(walks)) <= FEW:
        return [True] * len(edges)
    found = []
    for k, edge in enumerate(edges):
        near = any(
            start_s - ARRIVAL_S < edge.end_s and edge.start_s < end_s + ARRIVAL_S
            for start_s, end_s in path.walks
        )
        between = 0 < walks[k] < len(path.walks)
        alone = walks.count(walks[k]) <= FEW < len(edges) - walks.count(walks[k])
        found.append((near and not full[k]) or (between and alone))
    return found


def _apart_rad(path: Path, ticks: Sequence[int]) -> float:
    """From one repetition to the next, so that a strap that slips once changes nothing.

    Divided by the root of two, as by chance the difference of two is so much larger than that of
    one from the mean.
    """
    steps = np.diff(path.up[list(ticks)], axis=0)
    chords = np.sqrt((steps * steps).sum(axis=1))
    apart_rad: list[float] = (2.0 * np.arcsin(np.minimum(1.0, 0.5 * chords))).tolist()
    return median(apart_rad) / math.sqrt(2.0)


def _variation(values: Sequence[float]) -> float:
    return float(np.std(values)) / max(1e-12, float(np.mean(values)))
