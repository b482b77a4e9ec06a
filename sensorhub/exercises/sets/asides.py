"""What was done apart from the set: before it, after it, or in a break, and unlike its repetitions.

Somebody who settles, puts a chair down or turns over now and then moves a limb as the exercise
does. There is a pause between that and the set, and it goes aslant, starts from another pose, or
is slower. People tire, rest and shift as well: so one as large as the others is believed unless it
leads elsewhere in another time, or stands alone between a walk and the set; and the first and the
last are believed without a pause.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Protocol, TypeVar

import numpy as np

from sensorhub.exercises.trace.cycles import Cycle
from sensorhub.exercises.trace.edges import Edges
from sensorhub.exercises.trace.path import Path
from sensorhub.exercises.trace.rests import angle_between_rad
from sensorhub.model.events import FloatArray

PAUSE_S, PAUSE_RESTS = 3.0, 3.0
"""A pause is at least so long, and so many times the usual rest."""

LONE = 2
"""Between two pauses, or before or after one, so few repetitions stand alone."""

NEXT = 4
"""An excursion is compared with so many whole repetitions next to it; fewer say nothing."""

ASLANT_RAD = math.radians(15.0)
"""Further off the set's plane than 99 of 100 simulated repetitions; real first ones reach 24."""

ELSEWHERE_RAD, ELSEWHERE_SHARE = math.radians(9.0), 0.15
"""A start or end so far from where those next to it have theirs is rare: 95 of 100 simulated
repetitions keep within 3 degrees, 99 within 11."""

SLOWER = 1.1
"""A smaller movement takes less time, if it is the same one; longer by this ratio is another."""


OTHER_TOP_RAD, OTHER_TOP_SHARE = math.radians(3.0), 0.35
"""A top so far (and this share of the usual size) from where those next to it have theirs is
another one, ..."""

OTHER_TIME = 1.25
"""... if the time above half the height differs by this ratio as well; of real repetitions after a
pause, 99 of 100 keep within each. A strap that slips changes the one, but not the other."""


MOST_SHARE = 0.33
"""Where more whole ones than this share would be apart, all of it is moving about, and whether it
is a set is for ``coherence.py`` to say."""


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


class Found(Protocol):
    """What a candidate is made of, whatever else its finder knows."""

    @property
    def cycle(self) -> Cycle: ...
    @property
    def edges(self) -> Edges: ...
    @property
    def spread_rad(self) -> float: ...
    @property
    def full(self) -> bool: ...


F = TypeVar("F", bound=Found)


def candidates(found: Sequence[Found]) -> list[Candidate]:
    """They as candidates."""
    return [Candidate(one.cycle, one.edges, one.spread_rad, one.full) for one in found]


def without_asides(path: Path, found: Sequence[F]) -> list[F]:
    """Without what was done apart from the set."""
    asides = done_apart(path, candidates(found))
    return [one for one, aside in zip(found, asides, strict=True) if not aside]


def done_apart(path: Path, found: Sequence[Candidate]) -> list[bool]:
    """For each candidate, in order of time, whether it was done apart from the set."""
    apart = [False] * len(found)
    if sum(one.full for one in found) <= NEXT:
        return apart
    groups = _groups(found)
    # From both ends inwards, as long as there is something apart: the set is what remains.
    for order in (groups, groups[::-1]):
        for group in order:
            if len(group) > LONE or not all(_is_apart(path, found, k, group, apart) for k in group):
                break
            for k in group:
                apart[k] = True
    for group in groups[1:-1]:
        if len(group) <= LONE:
            for k in group:
                apart[k] = apart[k] or _is_apart(path, found, k, group, apart)
    whole = [a for a, one in zip(apart, found, strict=True) if one.full]
    if sum(whole) > MOST_SHARE * len(whole):
        return [a and not one.full for a, one in zip(apart, found, strict=True)]
    return apart


def _groups(found: Sequence[Candidate]) -> list[range]:
    """Those without a pause between them, in order."""
    pause_s = max(PAUSE_S, PAUSE_RESTS * _usual_rest_s(found))
    bounds = [k for k in range(1, len(found)) if _rest_s(found[k - 1], found[k]) > pause_s]
    return [range(a, b) for a, b in pairwise([0, *bounds, len(found)])]


def _is_apart(
    path: Path, found: Sequence[Candidate], k: int, group: range, apart: Sequence[bool]
) -> bool:
    """Whether one is unlike the whole ones next to it that are neither in its group nor apart."""
    whole = [j for j, one in enumerate(found) if one.full and j not in group and not apart[j]]
    if len(whole) < NEXT:
        return False
    one = found[k]
    near = [found[j] for j in sorted(whole, key=lambda j: abs(j - k))[:NEXT]]
    usual_rad = median(other.cycle.size_rad for other in near)
    if one.full and not (0 < k < len(found) - 1 and _by_a_walk(path, found, k)):
        top = _pose(path, [other.cycle.peak for other in near])
        top_rad = angle_between_rad(top, path.up[one.cycle.peak])
        time = one.edges.half_width_s / max(1e-9, median(o.edges.half_width_s for o in near))
        other_time = not 1.0 / OTHER_TIME < time < OTHER_TIME
        return top_rad > max(OTHER_TOP_RAD, OTHER_TOP_SHARE * usual_rad) and other_time
    home = _pose(path, [other.cycle.start for other in near])
    off_rad = max(
        angle_between_rad(home, path.up[one.cycle.start]),
        angle_between_rad(home, path.up[one.cycle.end]),
    )
    slow = one.lasts_s > SLOWER * median(other.lasts_s for other in near)
    return (
        slow
        or one.spread_rad > ASLANT_RAD
        or off_rad > max(ELSEWHERE_RAD, ELSEWHERE_SHARE * usual_rad)
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
