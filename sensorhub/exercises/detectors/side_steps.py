"""Side steps in order: which are steps at all, and which way each of them leads."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import mean, median

import numpy as np

from sensorhub.exercises.locomotion.walking import SLOWEST_STRIDE_S
from sensorhub.exercises.sets.coherence import by_the_way
from sensorhub.exercises.sets.judge import Explanation
from sensorhub.exercises.trace.cycles import Cycle
from sensorhub.exercises.trace.edges import Edges
from sensorhub.exercises.trace.movement import Movement, along_greatest_variance
from sensorhub.exercises.trace.path import Path
from sensorhub.exercises.trace.zigzag import turning_points
from sensorhub.model.events import FloatArray

OUT, BACK = "out", "back"

DIFFERENT_SHARE = 1.5
"""The wide steps are at least so many times as wide as the narrow ones, or they do not differ."""

ALIKE_SIZE, ALIKE_TIME = 1.35, 2.0
"""A step with no partner differs from the others of its kind by less than these factors, or it is
something else."""

PAUSE_S, PAUSE_RESTS = 3.0, 2.0
"""Between a set and what is no part of it lies a pause: at least so long, and so many times the
usual rest before such a step."""

LONE, LEAST_TOGETHER = 2, 4
"""Up to so many steps out between two pauses stand alone, if the set has so many elsewhere."""

SAME_PLANE = math.cos(math.radians(40.0))
"""Walking swings the thigh forwards, side steps sideways; straps and people are not that exact."""

WIDEST_RAD = math.radians(28.0)
"""The thigh of somebody who walks swings further than that of one who steps aside."""

QUICKEST_S = 0.75
"""Nobody steps sideways and closes the legs again in less, step after step."""

FEW_RESTS, CLEAR_REST_S = 3, 0.3
"""So many rests of each kind, and so much between their medians, tell what follows what."""


def without_sideways_walks(path: Path, found: Explanation) -> Path:
    """Brisk side steps are a way of walking as well: one in the steps' own plane stays counted.

    The steps must be what was taken for strides, not a slower sway of somebody who walks.
    """
    kept = []
    for start_s, end_s in path.walks:
        first, last = np.searchsorted(path.time_s, (start_s, end_s))
        swing = along_greatest_variance(path.up[first:last])
        sideways = (
            swing is not None
            and abs(float(swing.across @ found.movement.across)) > SAME_PLANE
            and _swing_rad(swing, path.up[first:last]) < WIDEST_RAD
            and QUICKEST_S
            < _usual_step_s(found, int(first), int(last), path.tick_s)
            < SLOWEST_STRIDE_S
        )
        if not sideways:
            kept.append((start_s, end_s))
    return replace(path, walks=tuple(kept))


def _swing_rad(swing: Movement, up: FloatArray) -> float:
    """How far it goes from end to end, but for the furthest."""
    low, high = np.percentile(swing.folded_angle_rad(up), (5.0, 95.0))
    return float(high - low)


def _usual_step_s(found: Explanation, first: int, last: int, tick_s: float) -> float:
    """How long one swing to and fro takes between two ticks."""
    corners = turning_points(found.angle_rad[first:last], 0.25 * found.size_rad)
    steps = np.diff([c.index for c in corners])
    return 2.0 * float(np.median(steps)) * tick_s if len(steps) else 0.0


def closed_at_home(found: Explanation) -> Explanation:
    """The legs are closed most of the time: that end of the movement is home."""
    first, last = found.cycles[0], found.cycles[-1]
    angle = found.angle_rad[first.start : last.end + 1]
    low, middle, high = np.percentile(angle, (5.0, 50.0, 95.0))
    if middle - low <= high - middle:
        return found
    return replace(found, movement=found.movement.reversed(), angle_rad=-found.angle_rad)


def directions_of(kept: Sequence[tuple[Cycle, Edges]]) -> list[str]:
    """Out or back for every step, from its size where the sizes fall into two groups."""
    sizes = [cycle.size_rad for cycle, _ in kept]
    order = sorted(sizes)
    gaps = [b / a for a, b in pairwise(order)]
    split = max(range(len(gaps)), key=lambda k: gaps[k], default=0)
    small, large = order[: split + 1], order[split + 1 :]
    if not large or mean(large) < DIFFERENT_SHARE * mean(small) or len(small) < len(order) // 4:
        return [OUT if k % 2 == 0 else BACK for k in range(len(sizes))]
    wide = [size >= large[0] for size in sizes]
    out_is_wide = _leads(wide, [edges for _, edges in kept])
    return [OUT if w is out_is_wide else BACK for w in wide]


def _leads(wide: Sequence[bool], edges: Sequence[Edges]) -> bool:
    """Whether the wide steps lead out: back follows sooner than the next one out; else the first.

    What happened before the set may look like its first step.
    """
    rests_s: dict[bool, list[float]] = {True: [], False: []}
    for k in range(len(wide) - 1):
        if wide[k] is not wide[k + 1]:
            rests_s[wide[k]].append(edges[k + 1].start_s - edges[k].end_s)
    if min(len(rests_s[True]), len(rests_s[False])) < FEW_RESTS:
        return wide[0]
    after_wide_s, after_narrow_s = median(rests_s[True]), median(rests_s[False])
    if abs(after_wide_s - after_narrow_s) < CLEAR_REST_S:
        return wide[0]
    return after_wide_s < after_narrow_s


def without_strays(
    path: Path, kept: Sequence[tuple[Cycle, Edges]], directions: Sequence[str]
) -> tuple[list[tuple[Cycle, Edges]], list[str]]:
    """Without what a walk begins or ends with, and what is unlike the steps of its kind."""
    chosen = list(range(len(kept)))
    while chosen:
        steps, ways = [kept[k] for k in chosen], [directions[k] for k in chosen]
        own = [_belongs(path, steps, ways), _of_the_set(steps, ways)]
        left = [k for k, *good in zip(chosen, *own, strict=True) if all(good)]
        if left == chosen:
            break
        chosen = left  # what was next to a stray may be alone now
    return [kept[k] for k in chosen], [directions[k] for k in chosen]


def _belongs(
    path: Path, kept: Sequence[tuple[Cycle, Edges]], directions: Sequence[str]
) -> list[bool]:
    """For each step whether it is no part of a walk, and has a partner or is like its kind.

    A step out that is followed by one back, or the other way round, has a partner; and whoever
    stepped out comes back before walking off.
    """
    edges = [e for _, e in kept]
    like = _like_their_kind(kept, directions)
    returns = [k > 0 and directions[k - 1] is OUT for k in range(len(kept))]
    errands = by_the_way(
        path, edges, [d is OUT or back for d, back in zip(directions, returns, strict=True)]
    )
    found = []
    for k, edge in enumerate(edges):
        neighbour = k + 1 if directions[k] is OUT else k - 1
        alone = not 0 <= neighbour < len(kept) or directions[neighbour] is directions[k]
        among = any(start_s < edge.peak_s < end_s for start_s, end_s in path.walks)
        found.append(not errands[k] and not among and not (alone and not like[k]))
    return found


def _of_the_set(kept: Sequence[tuple[Cycle, Edges]], directions: Sequence[str]) -> list[bool]:
    """For each step whether it is one of the set, or like it, and not kept apart by pauses.

    Somebody settles before the set and after it, or pulls at a strap in a break: the thigh swings
    out, and does not come back as the band makes it, or does so in another time or not as far.
    """
    like = _like_their_kind(kept, directions)
    bouts = _bouts([e for _, e in kept], directions)
    outs = [sum(directions[k] is OUT for k in bout) for bout in bouts]
    found: list[bool] = []
    for bout, count in zip(bouts, outs, strict=True):
        complete = count > 0 and 2 * count == len(bout)
        apart = count <= LONE and sum(outs) - count >= LEAST_TOGETHER
        believed = not apart or (complete and all(like[k] for k in bout))
        found += [believed] * len(bout)
    return found


def _bouts(edges: Sequence[Edges], directions: Sequence[str]) -> list[range]:
    """Steps without a pause between them, in order.

    Two steps out in a row may have a way back between them that was too small to be seen.
    """
    rests_s = [b.start_s - a.end_s for a, b in pairwise(edges)]
    usual_s = {
        kind: median(r for r, d in zip(rests_s, directions[1:], strict=True) if d is kind)
        for kind in set(directions[1:])
    }
    backs_s = [e.end_s - e.start_s for e, d in zip(edges, directions, strict=True) if d is BACK]
    unseen_s = usual_s.get(BACK, 0.0) + median(backs_s) if backs_s else 0.0
    bounds = []
    for k, rest_s in enumerate(rests_s, 1):
        pause_s = max(PAUSE_S, PAUSE_RESTS * usual_s[directions[k]])
        if directions[k - 1] is OUT is directions[k]:
            pause_s += unseen_s
        if rest_s > pause_s:
            bounds.append(k)
    return [range(a, b) for a, b in pairwise([0, *bounds, len(edges)])]


def _like_their_kind(kept: Sequence[tuple[Cycle, Edges]], directions: Sequence[str]) -> list[bool]:
    """For each step whether it goes about as far, and takes about as long, as those of its kind."""
    sizes = [c.size_rad for c, _ in kept]
    lasts_s = [e.end_s - e.start_s for _, e in kept]
    usual = {
        kind: [
            median(v for v, d in zip(values, directions, strict=True) if d is kind)
            for values in (sizes, lasts_s)
        ]
        for kind in set(directions)
    }
    return [
        1.0 / ALIKE_SIZE < size / usual[d][0] < ALIKE_SIZE
        and 1.0 / ALIKE_TIME < s / usual[d][1] < ALIKE_TIME
        for size, s, d in zip(sizes, lasts_s, directions, strict=True)
    ]
