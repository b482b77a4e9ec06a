"""Where a walk goes on: windows that swing on as the sure ones do, without being sure themselves.

Turns, doors and furniture make strides uneven, and a soft step carries nobody visibly. Somebody who
swings on in the same posture and does not rest between is walking still.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sensorhub.model.events import FloatArray
from sensorhub.motion.orientation import unit

CONTINUES_S = 15.0
"""Between two walks that are sure, so much may pass in strides that are not."""

ENDS_S = 4.0
"""Before the first sure strides, and after the last, uneven ones last no longer."""

SAME_POSTURE = math.cos(math.radians(20.0))
"""Walkers stay upright: the middle of their strides stays where it was."""


@dataclass(frozen=True, slots=True)
class Strides:
    """To and fro from tick ``first`` to ``last``, like strides; ``sure``: nothing else is so."""

    first: int
    last: int
    sure: bool


def continued(seen: Iterable[Strides], up: FloatArray, tick_s: float) -> list[Strides]:
    """The sure ones, and those that go on from them, in order.

    Args:
        up: where "up" is at every tick, sensor frame, shape (n, 3).
    """
    ordered = sorted(seen, key=lambda s: s.first)
    sure = [k for k, s in enumerate(ordered) if s.sure]
    if not sure:
        return []
    kept = set(sure)
    for low, high in pairwise([-1, *sure, len(ordered)]):
        between = list(range(low + 1, high))
        after = _run(ordered, [low, *between], up) if low >= 0 else []
        before = _run(ordered, [high, *reversed(between)], up) if high < len(ordered) else []
        joined = len(after) == len(before) == len(between) and low >= 0 and high < len(ordered)
        if joined and ordered[high].first - ordered[low].last <= CONTINUES_S / tick_s:
            kept.update(between)
            continue
        few = ENDS_S / tick_s
        kept.update(k for k in after if ordered[k].last <= ordered[low].last + few)
        kept.update(k for k in before if ordered[k].first >= ordered[high].first - few)
    return [ordered[k] for k in sorted(kept)]


def _run(seen: Sequence[Strides], order: Sequence[int], up: FloatArray) -> list[int]:
    """Of those in that order, the first one given, how far each continues the one before."""
    middle = _middle(seen[order[0]], up)
    run = []
    for k, following in pairwise(order):
        one, other = seen[k], seen[following]
        touch = one.first <= other.last and other.first <= one.last
        if not touch or float(middle @ _middle(other, up)) < SAME_POSTURE:
            break
        run.append(following)
    return run


def _middle(strides: Strides, up: FloatArray) -> FloatArray:
    middle: FloatArray = unit(up[strides.first : strides.last + 1].mean(axis=0)[None, :])[0]
    return middle
