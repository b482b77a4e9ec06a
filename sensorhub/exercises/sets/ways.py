"""Either end of a movement can be home: which of the two ways to count it is the right one?

The right way explains the first departure and the last return. But who stands before a set of
step-ups and after it, or lies with straight legs before bridges, rests near the pose of the top:
counted from there, every gap between two repetitions is one, and so are getting ready and leaving.
Then anatomy says which end is home, where the sensor shows how the thigh lies, or that it rises.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Protocol, TypeVar

import numpy as np

from sensorhub.exercises.definition import Posture
from sensorhub.exercises.locomotion.walking import not_walking
from sensorhub.exercises.sets.arrivals import feet_alike, feet_at_home
from sensorhub.exercises.sets.lifts import CLEAR, rise
from sensorhub.exercises.trace.cycles import HEIGHT_SHARE, Cycle
from sensorhub.exercises.trace.path import Path
from sensorhub.exercises.trace.rests import angle_between_rad
from sensorhub.exercises.trace.stretches import stretches_of
from sensorhub.exercises.trace.zigzag import turning_points
from sensorhub.model.events import FloatArray

CLEAR_SHARE = 0.6
"""Excursions that decide which way round the movement goes: larger than bounces."""

UPRIGHT_RAD, SEATED_RAD = math.radians(30.0), math.radians(50.0)
"""Who stands has the thigh within the one of where it is on average in walking, who sits has not
within the other."""

TURNED_RAD, TURNED_SHARE = math.radians(6.0), 0.5
"""A top is nearer to upright than the start by this, and by this share of the movement's size, or
the movement goes aside."""

ASTRAY_SHARE = 0.5
"""Repetitions of one set come nearer to upright by alike shares of their size; this much less is a
leg that passes it, as a stride does."""

REST_S, REST_SHARE = 1.5, 0.25
"""A rest is at least so long, and keeps within this share of the movement's size."""

NEXT = 2
"""So many cycles at either end tell where their starts and tops are: a strap may slip between."""


class Way(Protocol):
    """One way to count: its cycles, their usual size, and the angle along it at every tick."""

    @property
    def cycles(self) -> tuple[Cycle, ...]:
        """In order."""

    @property
    def size_rad(self) -> float:
        """Usual size of a cycle."""

    @property
    def angle_rad(self) -> FloatArray:
        """Shape (n,)."""


_W = TypeVar("_W", bound=Way)


def right_way(
    path: Path,
    ways: Sequence[_W],
    upright_up: FloatArray | None,
    *,
    posture: Posture,
    rises: bool,
    toward_upright: int,
    alternating: bool,
) -> _W | None:
    """The way to count that anatomy allows; where it allows both, the one that leaves home.

    None where there is none: bending and sitting down are the same as lifts from their tops.

    Args:
        ways: one or both.
        upright_up: where "up" is as the person stands, sensor frame; None: not known.
        posture: how the body is at the start of a repetition.
        rises: see ``Rules``, and likewise the others.
    """
    seated = _off_the_feet(path, ways) if posture is Posture.SITTING else ways
    possible = [w for w in seated if not _is_wrong_way(path, w.cycles, upright_up, toward_upright)]
    best = _from_home(path, possible, alternating=alternating)
    if best is None or not rises or abs(risen := rise(path, best.angle_rad, best.cycles)) < CLEAR:
        return best
    on_feet = toward_upright > 0 and posture in (Posture.SITTING, Posture.STANDING)
    others = [w for w in (ways if on_feet else possible) if w is not best]
    rising = best if risen > 0.0 else next(iter(others), None)
    # People do rest on their feet, before a set and after it.
    if rising is None or on_feet or not begins_at_the_top(path, rising.cycles):
        return rising
    return None


def begins_at_the_top(path: Path, cycles: Sequence[Cycle]) -> bool:
    """Whether all that was recorded begins and ends with a rest where cycles have their tops.

    Nobody rests with a leg lifted before a set and after it, without having been where the lifts
    begin. Who bends or sits down stands then.
    """
    ticks = round(REST_S / path.tick_s)
    for near, back in ((cycles[:NEXT], False), (cycles[-NEXT:], True)):
        home, top = path.mean_up([c.start for c in near]), path.mean_up([c.peak for c in near])
        close = math.cos(REST_SHARE * angle_between_rad(home, top))
        up = path.up[::-1] if back else path.up
        high = stretches_of(up @ top > close, shortest=ticks)
        if not high or bool((up[: high[0][0]] @ home > close).any()):
            return False
    return True


def astray(
    path: Path, cycles: Sequence[Cycle], upright_up: FloatArray | None, *, toward_upright: int
) -> list[bool]:
    """For each cycle whether it passes upright, or goes aside, where the others lead toward it.

    Or away from it, as the exercise asks for. Stepping off at the end of a set looks so.
    """
    if upright_up is None or not toward_upright or not cycles:
        return [False] * len(cycles)
    shares = []
    for cycle in cycles:
        home, top = path.up[cycle.start], path.up[cycle.peak]
        nearer_rad = angle_between_rad(home, upright_up) - angle_between_rad(top, upright_up)
        shares.append(toward_upright * nearer_rad / max(1e-9, angle_between_rad(home, top)))
    usual = median(shares)
    return [usual > TURNED_SHARE and share < usual - ASTRAY_SHARE for share in shares]


def _is_wrong_way(
    path: Path, cycles: Sequence[Cycle], upright_up: FloatArray | None, toward_upright: int
) -> bool:
    """Whether cycles lead away from upright that should lead toward it, or the reverse."""
    if upright_up is None or not toward_upright:
        return False
    home, top = path.mean_up([c.start for c in cycles]), path.mean_up([c.peak for c in cycles])
    nearer_rad = angle_between_rad(home, upright_up) - angle_between_rad(top, upright_up)
    least_rad = max(TURNED_RAD, TURNED_SHARE * angle_between_rad(home, top))
    return -toward_upright * nearer_rad > least_rad


def _from_home(path: Path, ways: Sequence[_W], *, alternating: bool) -> _W | None:
    """Of the two ways to count one movement, the one that leaves home and comes back.

    The right way explains the first departure and the last return, the wrong way round neither. A
    recording that was cut off on one side leaves a tie: then the pose it began in is home.
    """
    if len(ways) < 2:
        return ways[0] if ways else None
    own = {id(e): _without_arrivals(path, e, _clear(e), alternating=alternating) for e in ways}
    one, other = sorted(ways, key=lambda e: own[id(e)][0].start)
    gained = _travel_rad(one, own[id(one)]) - _travel_rad(one, own[id(other)])
    return other if gained < -0.5 * one.size_rad else one


def _off_the_feet(path: Path, ways: Sequence[_W]) -> Sequence[_W]:
    """The way to count that starts from a chair, where the other one starts from standing.

    How "up" lies in standing is known where the person walked.
    """
    walking = ~not_walking(path)
    if not walking.any() or len(ways) < 2:
        return ways
    upright = path.up[walking].mean(axis=0)
    upright /= np.linalg.norm(upright)
    cosines = [float(path.mean_up([c.start for c in e.cycles]) @ upright) for e in ways]
    stands = max(cosines) > math.cos(UPRIGHT_RAD) and min(cosines) < math.cos(SEATED_RAD)
    return [ways[cosines.index(min(cosines))]] if stands else ways


def _clear(found: Way) -> list[Cycle]:
    """A way's large cycles: no bounces among them."""
    clear = [c for c in found.cycles if c.size_rad > CLEAR_SHARE * found.size_rad]
    return clear or list(found.cycles)


def _without_arrivals(
    path: Path, found: Way, cycles: list[Cycle], *, alternating: bool
) -> list[Cycle]:
    """Without a first or last cycle that comes from, or leads to, elsewhere than home."""
    if len(cycles) < 3:
        return cycles
    if alternating:
        home = feet_alike(path, cycles, size_rad=found.size_rad)
    else:
        home = feet_at_home(path, found.angle_rad, cycles, size_rad=found.size_rad)
    first, last = int(not all(home[0])), len(cycles) - int(not all(home[-1]))
    return cycles[first:last]


def _travel_rad(found: Way, cycles: Sequence[Cycle]) -> float:
    """All movement from the first to the last of these cycles, but for the smallest."""
    angle = found.angle_rad[cycles[0].start : cycles[-1].end + 1]
    corners = turning_points(angle, HEIGHT_SHARE * found.size_rad)
    inner = sum(abs(b.value - a.value) for a, b in pairwise(corners))
    return inner if corners else float(np.ptp(angle))
