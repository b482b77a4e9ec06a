"""From an explained set to its repetitions: what else looks like one is left out here.

The explanation knows only sizes and directions. This is where time comes in: a repetition takes
about as long as the others, does not come in a walking rhythm with heel strikes, and a set that
consists of one or two excursions must be most of what the person did.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from sensorhub.exercises.cycles import Cycle
from sensorhub.exercises.edges import Edges, edges_of
from sensorhub.exercises.judge import Explanation, Rules, spread_rad
from sensorhub.exercises.path import Path
from sensorhub.model.events import FloatArray

WALK_SHAKE_MPS2 = 1.0
"""Quick changes of acceleration at the thigh: walking 1.5 and more, the quickest real squats and
sit-to-stands 0.4."""

WALK_PERIOD_S = 1.9
"""The slowest stride of somebody who walks across a room."""

WALK_STRIDES = 3
"""So many quick shaking excursions in a row are walking; one or two may be hurried repetitions."""

FEW = 2
"""Up to this many repetitions are believed only if the person did little else."""

FEW_SHARE = 0.4
"""... meaning that they are at least this share of all turning that was seen."""

LONGER = 4.0
"""A repetition takes at most so many times as long as the others, ..."""

LONGER_S = 10.0
"""... unless it is no longer than this."""


@dataclass(frozen=True, slots=True)
class Selected:
    """One repetition: its cycle, its edges, whether it went all the way, and whether it is sure."""

    cycle: Cycle
    edges: Edges
    full: bool
    sure: bool


def select(path: Path, found: Explanation, rules: Rules, *, partial_share: float) -> list[Selected]:
    """The repetitions of an explained set, in order."""
    cycles = [*found.cycles, *_unfinished(path, found)]
    edges = edges_of(path, found.angle_rad, cycles)
    both = [
        (c, e)
        for c, e in zip(cycles, edges, strict=True)
        if rules.shortest_s <= e.end_s - e.start_s <= rules.longest_s
    ]
    if not both:
        return []
    usual_s = median(e.end_s - e.start_s for _, e in both)
    walking = _walking(path, both)
    chosen = []
    for (cycle, edge), walks in zip(both, walking, strict=True):
        share, lasts_s = cycle.rise_rad / found.size_rad, edge.end_s - edge.start_s
        full = share >= partial_share
        hurried = lasts_s < 0.4 * usual_s
        if walks or lasts_s > max(LONGER_S, LONGER * usual_s) or (hurried and not full):
            continue
        straight = spread_rad(path, cycle, found.movement) < math.radians(30.0)
        chosen.append(Selected(cycle, edge, full, sure=straight and share < 1.5 and not hurried))
    if len(chosen) <= FEW and _share(path, chosen) < FEW_SHARE:
        return []
    return chosen


def _unfinished(path: Path, found: Explanation) -> list[Cycle]:
    """The repetition under way when the data ended, if it had reached its top."""
    usual_ticks = median(c.end - c.start for c in found.cycles)
    last = found.open_end
    if last is None or last.rise_rad < 0.6 * found.size_rad:
        return []
    if len(path) - last.start > 1.5 * usual_ticks:
        return []
    return [last]


def _walking(path: Path, both: Sequence[tuple[Cycle, Edges]]) -> list[bool]:
    """Which cycles are strides: quick, shaking, and several in a row."""
    stride = []
    for cycle, edge in both:
        shake = float(np.median(path.shake_mps2[cycle.start : cycle.end + 1]))
        stride.append(edge.end_s - edge.start_s < WALK_PERIOD_S and shake > WALK_SHAKE_MPS2)
    walking = [False] * len(stride)
    run = 0
    for k, is_stride in enumerate([*stride, False]):
        if is_stride:
            run += 1
            continue
        if run >= WALK_STRIDES:
            walking[k - run : k] = [True] * run
        run = 0
    return walking


def _share(path: Path, chosen: Sequence[Selected]) -> float:
    """The chosen cycles' part of the way that "up" has gone in the whole set."""
    own = sum(c.cycle.rise_rad + c.cycle.fall_rad for c in chosen)
    total = 0.0
    for piece in path.pieces:
        total += _way_rad(path.up[piece][:: max(1, round(0.2 / path.tick_s))])
    return own / total if total > 0.0 else 0.0


def _way_rad(up: FloatArray) -> float:
    """Length of a path of directions, in strides of a fifth of a second so that noise is none."""
    step = np.diff(up, axis=0)
    length = np.sqrt((step * step).sum(axis=1))
    return float(length[length > math.radians(1.0)].sum())
