"""Does an excursion leave home and come back to it, or does it come from, or lead, elsewhere?

Somebody who lies down, and later gets up, passes through the poses of the exercise; small movements
lie wholly within the way. What tells a foot of a repetition from a place passed through is that
the segment turns round there, or stays: nobody begins a repetition from full movement.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sensorhub.exercises.trace.cycles import Cycle
from sensorhub.exercises.trace.path import Path
from sensorhub.exercises.trace.stretches import stretches_of
from sensorhub.model.events import FloatArray
from sensorhub.motion.orientation import unit

ELSEWHERE_RAD, ELSEWHERE_SHARE = math.radians(10.0), 0.5
"""A pose this far (or this share of the usual size) from where repetitions begin, end or have
their top is another one."""

POSTURE_RAD = math.radians(45.0)
"""Start poses further apart than this are different postures: real ones scatter by 34 (p95)."""

NEXT = 2
"""So many cycles before and after one tell where its home is."""

WHOLE_SHARE = 0.6
"""Of the usual size: smaller excursions must leave home and come back to it."""

STAY_S = 0.2
"""A rest before or after repetitions is at least so long; a place passed through has no such
moment."""

STAY_SHARE, STAY_RADPS = 0.25, 0.052
"""Slower than this share of the excursion's fastest, or than 3 degrees a second, is a stay."""


def elsewhere_rad(size_rad: float) -> float:
    """How far from the usual pose of a movement of this size another pose begins."""
    return max(ELSEWHERE_RAD, ELSEWHERE_SHARE * size_rad)


def of_the_set(
    path: Path, angle_rad: FloatArray, cycles: Sequence[Cycle], *, size_rad: float
) -> list[Cycle]:
    """The cycles in the set's posture that leave home and come back to it.

    The first and the last one of a set may lack one of the two: who is in a hurry lies down right
    into the first repetition, or gets up from the last. These must reach the usual size and top.
    """
    there = [
        c for c, same in zip(cycles, in_one_posture(path, cycles, size_rad), strict=True) if same
    ]
    feet = feet_at_home(path, angle_rad, there, size_rad=size_rad)
    tops = path.up[[c.peak for c in there]]
    kept = []
    for k, (cycle, home) in enumerate(zip(there, feet, strict=True)):
        if not all(home):
            near_top = _near_next(tops, k, elsewhere_rad(size_rad))
            if not any(home) or not near_top or cycle.size_rad < WHOLE_SHARE * size_rad:
                continue
        kept.append(cycle)
    return kept


def feet_at_home(
    path: Path, angle_rad: FloatArray, cycles: Sequence[Cycle], *, size_rad: float
) -> list[tuple[bool, bool]]:
    """For each cycle whether it starts from home, and whether it ends there.

    Home is where those next to it have their valleys, so that a strap that slips changes nothing.
    One alone has nothing to be compared with.

    Args:
        angle_rad: the movement's angle at every tick.
    """
    if len(cycles) < 2:
        return [(True, True)] * len(cycles)
    turns = path.up[[[c.before, c.after] for c in cycles]]
    reach = elsewhere_rad(size_rad)
    if _all_near(turns, reach):
        return [(True, True)] * len(cycles)
    homes = _homes(turns, reach)
    near = np.any(_distance_rad(turns[:, None], homes[:, :, None]) < reach, axis=1).tolist()
    return [
        (
            starts or _stays(path, home, reach, cycle, _way_up(angle_rad, cycle)),
            ends or _stays(path, home, reach, cycle, _way_down(angle_rad, cycle)),
        )
        for cycle, home, (starts, ends) in zip(cycles, homes, near, strict=True)
    ]


def feet_alike(path: Path, cycles: Sequence[Cycle], *, size_rad: float) -> list[tuple[bool, bool]]:
    """The same told by where the feet themselves are, for cycles with other movements between."""
    feet = path.up[[[c.start, c.end] for c in cycles]]
    home = unit(np.median(feet.reshape(-1, 3), axis=0)[None, :])[0]
    near = _distance_rad(feet, home) < elsewhere_rad(size_rad)
    return [(bool(a), bool(b)) for a, b in near]


def in_one_posture(path: Path, cycles: Sequence[Cycle], size_rad: float) -> list[bool]:
    """For each cycle whether it is done in the posture that most of them are done in.

    A strap that slips turns home by less than a posture does.
    """
    if len(cycles) < 3:
        return [True] * len(cycles)
    feet = path.up[[[c.start, c.end] for c in cycles]].mean(axis=1)
    feet /= np.linalg.norm(feet, axis=1)[:, None]
    near = feet @ feet.T > math.cos(max(POSTURE_RAD, elsewhere_rad(size_rad)))
    most = near[int(np.argmax(near.sum(axis=1)))]
    return [bool(m) for m in most]


def _all_near(turns: FloatArray, reach_rad: float) -> bool:
    """Whether the valleys, shape (m, 2, 3), lie so close together that all are near any home.

    A median of poses lies in the box that holds them, and its pose at most twice the box's diagonal
    from each of them.
    """
    box = np.ptp(turns.reshape(-1, 3), axis=0)
    return 2.0 * math.sqrt(float(box @ box)) < 2.0 * math.sin(0.5 * min(math.pi, reach_rad))


def _homes(turns: FloatArray, reach_rad: float) -> FloatArray:
    """For each of m cycles where those next to it (and itself) have their valleys, (m, 2, 3).

    Twice the same, unless those before it and those after it are apart, where the strap slipped.

    Args:
        turns: the valleys before and after each cycle, shape (m, 2, 3).
        reach_rad: poses further apart are two.
    """
    # Beyond the ends of the set one pose below all others and one above all, which leaves every
    # median where it is.
    beyond = np.broadcast_to(np.array([[-math.inf], [math.inf]]), (NEXT, 2, 3))
    every = np.concatenate([beyond, turns, beyond])
    joint, before, after = (
        _median_pose(every, offsets + NEXT, len(turns))
        for offsets in (np.arange(-NEXT, NEXT + 1), np.arange(-NEXT, 1), np.arange(NEXT + 1))
    )
    apart = _distance_rad(before, after) > reach_rad
    apart[[0, -1]] = False  # nothing before or after it to compare with
    both = np.stack([before, after], axis=1)
    return np.where(apart[:, None, None], both, joint[:, None])


def _median_pose(turns: FloatArray, offsets: NDArray[np.intp], count: int) -> FloatArray:
    """The median of the cycles at these offsets from each of the first ``count``, (count, 3)."""
    near = turns[np.arange(count)[:, None] + offsets].reshape(count, 2 * len(offsets), 3)
    near.sort(axis=1)
    return unit(0.5 * (near[:, len(offsets) - 1] + near[:, len(offsets)]))


def _near_next(tops: FloatArray, k: int, reach_rad: float) -> bool:
    """Whether a cycle has its top where those next to it have theirs.

    Where those before it and those after it are apart, as the strap slipped, either will do.
    """
    before, after = tops[max(0, k - NEXT) : k], tops[k + 1 : k + NEXT + 1]
    near = [np.concatenate([before, after])]
    if len(before) and len(after):
        one, other = unit(np.array([np.median(before, axis=0), np.median(after, axis=0)]))
        if float(_distance_rad(one, other)) > reach_rad:
            near = [before, after]
    poses = unit(np.array([np.median(poses, axis=0) for poses in near]))
    return bool((_distance_rad(poses, tops[k]) < reach_rad).any())


def _way_up(angle: FloatArray, cycle: Cycle) -> slice:
    """From the valley before to where the excursion last was below half its height."""
    low = angle[cycle.before : cycle.peak] < angle[cycle.peak] - 0.5 * cycle.size_rad
    return slice(cycle.before, cycle.before + 1 + int(np.flatnonzero(low)[-1]))


def _way_down(angle: FloatArray, cycle: Cycle) -> slice:
    """From where the excursion first is below half its height to the valley after."""
    low = angle[cycle.peak : cycle.after + 1] < angle[cycle.peak] - 0.5 * cycle.size_rad
    return slice(cycle.peak + int(np.argmax(low)), cycle.after + 1)


def _stays(path: Path, homes: FloatArray, reach_rad: float, cycle: Cycle, part: slice) -> bool:
    """Whether it stays near one of these homes, shape (2, 3), for a moment."""
    fastest = float(path.speed_radps[cycle.start : cycle.end + 1].max())
    slow = path.speed_radps[part] < max(STAY_RADPS, STAY_SHARE * fastest)
    near = _distance_rad(path.up[part], homes[:, None]) < reach_rad
    return any(longest_run(slow & there) * path.tick_s >= STAY_S for there in near)


def longest_run(mask: NDArray[np.bool_]) -> int:
    """Length of the longest stretch that is True throughout."""
    return max((stop - first for first, stop in stretches_of(mask)), default=0)


def _distance_rad(up: FloatArray, home: FloatArray) -> FloatArray:
    away = up - home
    return np.asarray(2.0 * np.arcsin(np.minimum(1.0, 0.5 * np.sqrt((away * away).sum(axis=-1)))))
