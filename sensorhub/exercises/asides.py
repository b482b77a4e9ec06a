"""What was done apart from the set: before it, after it, or in a break, and unlike its repetitions.

Somebody who settles, puts a chair down or turns over now and then moves a limb as the exercise
does. There is a pause between that and the set, and it goes aslant, starts from another pose, or
is slower. People tire, rest and shift as well: so a whole repetition is believed, whatever it looks
like, unless it stands alone between a walk and the set; and the first and the last are believed
without a pause.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from sensorhub.exercises.cycles import Cycle
from sensorhub.exercises.edges import Edges
from sensorhub.exercises.path import Path
from sensorhub.exercises.rests import angle_between_rad
from sensorhub.model.events import FloatArray

PAUSE_S, PAUSE_RESTS = 3.0, 3.0
"""A pause is at least so long, and so many times the usual rest."""

LONE = 2
"""Between two pauses so few repetitions stand alone."""

NEXT = 4
"""An excursion is compared with so many whole repetitions next to it; fewer say nothing."""

ASLANT_RAD = math.radians(15.0)
"""Further off the set's plane than 99 of 100 simulated repetitions; real first ones reach 24."""

ELSEWHERE_RAD, ELSEWHERE_SHARE = math.radians(9.0), 0.15
"""A start or end so far from where those next to it have theirs is rare: 95 of 100 simulated
repetitions keep within 3 degrees, 99 within 11."""

SLOWER = 1.1
"""A smaller movement takes less time, if it is the same one; longer by this ratio is another."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A repetition as found, by how much it leaves the set's plane, and whether it is full."""

    cycle: Cycle
    edges: Edges
    spread_rad: float
    full: bool

    @property
    def lasts_s(self) -> float:
        """How long it takes."""
        return self.edges.end_s - self.edges.start_s


def done_apart(path: Path, found: Sequence[Candidate]) -> list[bool]:
    """For each candidate, in order of time, whether it was done apart from the set."""
    apart = [False] * len(found)
    whole = [k for k, one in enumerate(found) if one.full]
    if len(whole) <= NEXT:
        return apart
    pause_s = max(PAUSE_S, PAUSE_RESTS * _usual_rest_s(found))
    # From both ends inwards, as long as there is something apart: the set is what remains.
    for order in (range(len(found)), range(len(found) - 1, -1, -1)):
        for k in order:
            if not _is_apart(path, found, k, whole, pause_s):
                break
            apart[k] = True
    for k in _lone(found, pause_s):
        apart[k] = apart[k] or _is_apart(path, found, k, whole, pause_s)
    return apart


def _lone(found: Sequence[Candidate], pause_s: float) -> list[int]:
    """Those few that stand between two pauses."""
    bounds = [k for k in range(1, len(found)) if _rest_s(found[k - 1], found[k]) > pause_s]
    lone: list[int] = []
    for first, stop in zip([0, *bounds], [*bounds, len(found)], strict=True):
        if first > 0 and stop < len(found) and stop - first <= LONE:
            lone += range(first, stop)
    return lone


def _is_apart(
    path: Path, found: Sequence[Candidate], k: int, whole: Sequence[int], pause_s: float
) -> bool:
    one = found[k]
    paused = min(_rest_s(a, b) for a, b in _neighbours(found, k)) > pause_s
    believed = one.full and not (0 < k < len(found) - 1 and _by_a_walk(path, found, k))
    if believed or not paused:
        return False
    near = sorted((j for j in whole if j != k), key=lambda j: abs(j - k))[:NEXT]
    usual_s = median(found[j].lasts_s for j in near)
    usual_rad = median(found[j].cycle.size_rad for j in near)
    home = _pose(path, [found[j].cycle.start for j in near])
    off_rad = max(
        angle_between_rad(home, path.up[one.cycle.start]),
        angle_between_rad(home, path.up[one.cycle.end]),
    )
    return (
        one.spread_rad > ASLANT_RAD
        or off_rad > max(ELSEWHERE_RAD, ELSEWHERE_SHARE * usual_rad)
        or one.lasts_s > SLOWER * usual_s
    )


def _by_a_walk(path: Path, found: Sequence[Candidate], k: int) -> bool:
    """Whether the person walked just before or just after it."""
    return any(
        a.edges.end_s < end_s and start_s < b.edges.start_s
        for a, b in _neighbours(found, k)
        for start_s, end_s in path.walks
    )


def _neighbours(found: Sequence[Candidate], k: int) -> list[tuple[Candidate, Candidate]]:
    pairs = [(found[k - 1], found[k])] if k else []
    return pairs + ([(found[k], found[k + 1])] if k + 1 < len(found) else [])


def _rest_s(before: Candidate, after: Candidate) -> float:
    return after.edges.start_s - before.edges.end_s


def _usual_rest_s(found: Sequence[Candidate]) -> float:
    return max(0.0, median(_rest_s(a, b) for a, b in pairwise(found)))


def _pose(path: Path, ticks: Sequence[int]) -> FloatArray:
    mean: FloatArray = np.median(path.up[list(ticks)], axis=0)
    return mean / max(1e-12, float(np.linalg.norm(mean)))
