"""Before its first repetition and after its last one a set may have strangers, without a pause.

Who settles on the mat, or stretches afterwards, rocks the pelvis as well: aslant, between other
poses, in another time. One such sign may be chance, or a tired person; two at once, at an end of
the set, are no repetition of it. What is another pose or another time is measured by how much the
set itself varies: careless people are allowed more.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from sensorhub.exercises.sets.asides import ASLANT_RAD, MOST_SHARE, SLOWER, Candidate
from sensorhub.exercises.trace.path import Path
from sensorhub.exercises.trace.rests import angle_between_rad
from sensorhub.model.events import FloatArray
from sensorhub.motion.orientation import unit

NEXT, BETWEEN = 4, 2
"""Each is compared with so many whole ones next to it, but for so many in between: a stranger
seldom comes alone."""

TIMES_USUAL = 3.0
"""A sign is so many times as large as the same is over the set usually, ..."""

POSE_RAD, RATIO = math.radians(3.0), 1.35
"""... and at least so large: the pose at an end of the movement, the ratio of times or sizes."""

SIGNS = 2


@dataclass(frozen=True, slots=True)
class _Unlike:
    """How one differs from those near it: angles, and logarithms of ratios.

    ``start_rad`` and ``top_rad`` of a small one are from anywhere between the others' two ends.
    """

    start_rad: float
    top_rad: float
    size: float
    time: float


def strangers(path: Path, found: Sequence[Candidate]) -> list[bool]:
    """For each candidate, in order of time, whether it is none of the set it comes before or after.

    The start, and the top, of a candidate's cycle are the two ends of its movement.
    """
    none = [False] * len(found)
    if sum(one.full for one in found) <= NEXT:
        return none
    unlike = [_unlike(path, found, k) for k in range(len(found))]
    signs = _signs(found, unlike)
    first, last = _strange(signs), _strange(signs[::-1])
    strange = [k < first or k >= len(found) - last for k in range(len(found))]
    whole = [s for s, one in zip(strange, found, strict=True) if one.full]
    return none if sum(whole) > MOST_SHARE * len(whole) else strange


def _strange(signs: Sequence[int]) -> int:
    """How many at the beginning are strangers: each has a sign, the last of them two or more."""
    count = 0
    for k, number in enumerate(signs, 1):
        if not number:
            break
        if number >= SIGNS:
            count = k
    return count


def _signs(found: Sequence[Candidate], unlike: Sequence[_Unlike]) -> list[int]:
    """For each the number of ways in which it is unlike the others.

    A large one that goes the same way in the same time may be done elsewhere: that is one sign. A
    small one of the same movement lies between its ends and takes less time; its size says nothing.
    """
    whole = [u for u, one in zip(unlike, found, strict=True) if one.full]
    start_rad = max(POSE_RAD, TIMES_USUAL * median(u.start_rad for u in whole))
    top_rad = max(POSE_RAD, TIMES_USUAL * median(u.top_rad for u in whole))
    size = max(math.log(RATIO), TIMES_USUAL * median(abs(u.size) for u in whole))
    time = max(math.log(RATIO), TIMES_USUAL * median(abs(u.time) for u in whole))
    signs = []
    for one, u in zip(found, unlike, strict=True):
        aslant = one.spread_rad > ASLANT_RAD
        elsewhere = (u.start_rad > start_rad) + (u.top_rad > top_rad)
        if one.full:
            other = aslant + (abs(u.time) > time)
            total = other + elsewhere + (abs(u.size) > size)
            signs.append(total if other and elsewhere else min(1, total))
        else:
            slow = (u.time > math.log(SLOWER)) + (u.time > time)
            signs.append(aslant + elsewhere + slow)
    return signs


def _unlike(path: Path, found: Sequence[Candidate], k: int) -> _Unlike:
    others = [j for j, one in enumerate(found) if one.full and j != k]
    others.sort(key=lambda j: abs(j - k))
    near = [found[j] for j in others if abs(j - k) > BETWEEN][:NEXT] or [found[j] for j in others]
    one = found[k]
    start = _median_pose(path, [o.cycle.start for o in near])
    top = _median_pose(path, [o.cycle.peak for o in near])
    own_start, own_top = path.up[one.cycle.start], path.up[one.cycle.peak]
    return _Unlike(
        _off_rad(own_start, start, start if one.full else top),
        _off_rad(own_top, top, top if one.full else start),
        math.log(one.cycle.size_rad / median(o.cycle.size_rad for o in near)),
        math.log(one.edges.half_width_s / median(o.edges.half_width_s for o in near)),
    )


def _median_pose(path: Path, ticks: list[int]) -> FloatArray:
    ordered, n = np.sort(path.up[ticks], axis=0), len(ticks)
    pose: FloatArray = unit(0.5 * (ordered[(n - 1) // 2] + ordered[n // 2])[None, :])[0]
    return pose


def _off_rad(pose: FloatArray, end: FloatArray, other: FloatArray) -> float:
    """How far a pose is from the (short) way between two ends."""
    way = other - end
    share = float((pose - end) @ way) / max(1e-12, float(way @ way))
    nearest = end + min(1.0, max(0.0, share)) * way
    return angle_between_rad(pose, unit(nearest[None, :])[0])
