"""Which leg did it: repetitions seen by the sensors on both thighs, told apart or put together."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sensorhub.exercises.sets.selection import Selected
from sensorhub.model.placement import Placement


@dataclass(frozen=True, slots=True)
class LegRepetition:
    """One repetition and the sensor that saw it best."""

    placement: Placement
    one: Selected


def of_both_legs(
    legs: Sequence[tuple[Placement, Sequence[Selected]]],
) -> list[LegRepetition]:
    """All repetitions of several sensors in order of time, each counted once.

    When one leg lunges the other thigh turns as well, but less: of repetitions at the same time
    the larger one is meant.
    """
    every = [LegRepetition(placement, one) for placement, found in legs for one in found]
    in_order = sorted(every, key=_start_s)
    if all(a.one.edges.end_s <= b.one.edges.start_s for a, b in pairwise(in_order)):
        return in_order
    every.sort(key=lambda r: -r.one.cycle.size_rad)
    kept: list[LegRepetition] = []
    for candidate in every:
        if not any(_overlap(candidate.one, other.one) for other in kept):
            kept.append(candidate)
    return sorted(kept, key=_start_s)


def _start_s(repetition: LegRepetition) -> float:
    return repetition.one.edges.start_s


def _overlap(a: Selected, b: Selected) -> bool:
    """Whether two repetitions share more than half of the shorter one's time."""
    shared_s = min(a.edges.end_s, b.edges.end_s) - max(a.edges.start_s, b.edges.start_s)
    shorter_s = min(a.edges.end_s - a.edges.start_s, b.edges.end_s - b.edges.start_s)
    return shared_s > 0.5 * shorter_s
