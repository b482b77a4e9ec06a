"""From an explained set to its repetitions: what else looks like one is left out here.

The explanation knows only sizes and directions. This is where time comes in: a repetition takes
about as long as the others, and a set that consists of one or two excursions must be most of what
the person did. Whether all of it is a set is for ``coherence.py`` to say.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

from sensorhub.exercises.sets.arrivals import elsewhere_rad
from sensorhub.exercises.sets.asides import without_asides
from sensorhub.exercises.sets.coherence import by_the_way, is_set, strictness
from sensorhub.exercises.sets.judge import Explanation, Rules, spreads_rad
from sensorhub.exercises.sets.upright import fits_posture, upright_of
from sensorhub.exercises.sets.ways import CLEAR_SHARE, astray
from sensorhub.exercises.trace.cycles import Cycle, share_of_way
from sensorhub.exercises.trace.edges import Edges, edges_of
from sensorhub.exercises.trace.path import Path
from sensorhub.exercises.trace.rests import angle_between_rad

FEW = ((2, 0.4), (5, 0.12))
"""Up to so many repetitions are believed only if they are at least this share of all turning that
was seen: of real sets of five, three quarters is."""

SECOND_SHARE = 0.25
"""What is not the best explanation of a recording must be this share of all turning ..."""

SECOND_FEW = 2
"""... and more than so many repetitions."""

LONGER = 4.0
"""A repetition takes at most so many times as long as the others, ..."""

LONGER_S = 10.0
"""... unless it is no longer than this."""


TOP_SHARE = 0.8
"""Where the data end, a repetition had reached its top from this share of the usual size on."""

CUT_OFF_SHARE, CUT_OFF_TICKS = 0.15, 5
"""A repetition that ends with the data, to so many ticks, and this share of the usual size short of
where the others begin was cut off."""

HURRIED_SHARE = 0.5
"""A partial repetition takes at least this share of the usual time; less is a bounce."""

SHAKEN_SHARE = 0.25
"""What takes less than this share of the usual time was shaken or scratched, not repeated."""

QUICKER_SHARE = 0.8
"""... or than this, if it is attached to the one before: see below."""

USUAL_REST_S = 0.3
"""Where people rest at least this long between repetitions ..."""

ATTACHED_SHARE = 0.3
"""... a partial one that follows after less than this share of the usual rest is a bounce."""


@dataclass(frozen=True, slots=True)
class Selected:
    """One repetition: its cycle, its edges, whether it went all the way, and whether it is sure.

    ``spread_rad`` is by how much it left the set's plane.
    """

    cycle: Cycle
    edges: Edges
    full: bool
    sure: bool
    spread_rad: float = 0.0


def first_set(
    path: Path,
    explained: Iterable[Explanation],
    rules: Rules,
    *,
    partial_share: float,
    possible: Callable[[Sequence[Edges]], bool] = lambda _: True,
) -> list[Selected]:
    """The repetitions of the first explanation that is a set, in order.

    Where the best explanation is none, the person moved about, and another one is believed only
    if it is a good part of all that was seen.

    Args:
        possible: whether somebody who does this exercise can have moved so, by the sensors' data.
    """
    for number, found in enumerate(explained):
        chosen = select(path, found, rules, partial_share=partial_share)
        if not chosen or not possible([c.edges for c in chosen]):
            continue
        if number == 0 or _good_part(path, chosen):
            return chosen
    return []


def _good_part(path: Path, chosen: Sequence[Selected]) -> bool:
    return len(chosen) > SECOND_FEW and _share(path, chosen) >= SECOND_SHARE


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
    usual = _Usual.of(both, found.size_rad)
    chosen: list[Selected] = []
    spreads = spreads_rad(path, [c for c, _ in both], found.movement)
    for k, ((cycle, edge), spread) in enumerate(zip(both, spreads, strict=True)):
        share, lasts_s = cycle.size_rad / found.size_rad, edge.end_s - edge.start_s
        full = share >= partial_share
        alone = not full and _alone(k, both, partial_share)
        rest_s = edge.start_s - chosen[-1].edges.end_s if chosen else usual.rest_s
        if lasts_s > max(LONGER_S, LONGER * usual.lasts_s):
            continue
        if edge.half_width_s < SHAKEN_SHARE * usual.half_width_s:
            continue
        if alone and usual.bounces(rest_s=rest_s, half_width_s=edge.half_width_s):
            continue
        straight = spread < math.radians(30.0)
        chosen.append(Selected(cycle, edge, full, straight and share < 1.5, spread))
    chosen = _without_errands(path, _not_astray(path, chosen, rules))
    kept = without_asides(path, chosen)
    # What is as large as the others is judged with them: sway is no set without its extremes.
    chosen = [c for c in chosen if c.full or c in kept]
    for few, needed in FEW:
        if len(chosen) <= few and _share(path, chosen) < needed:
            return []
    whole = [c for c in chosen if c.full] or chosen
    cycles, edges = [c.cycle for c in whole], [c.edges for c in whole]
    if not fits_posture(path, cycles, rules.posture, rules.range.most_rad):
        return []
    strict = strictness(path, [c.cycle for c in chosen])
    judge = partial(is_set, path, usual_rad=rules.range.usual_rad, strictness_share=strict)
    if judge(cycles, edges):
        return kept
    # One that the data cut off on its way back says nothing against those before it.
    return kept if _is_cut_off(path, cycles) and judge(cycles[:-1], edges[:-1]) else []


def _alone(k: int, both: Sequence[tuple[Cycle, Edges]], partial_share: float) -> bool:
    """Whether a cycle is small beside those next to it: several in a row are done on purpose."""
    near = [both[j][0].size_rad for j in (k - 1, k + 1) if 0 <= j < len(both)]
    return all(both[k][0].size_rad < partial_share * size for size in near)


def _not_astray(path: Path, chosen: Sequence[Selected], rules: Rules) -> list[Selected]:
    upright = upright_of(path) if rules.toward_upright else None
    cycles = [c.cycle for c in chosen]
    lost = astray(path, cycles, upright, toward_upright=rules.toward_upright)
    return [c for c, leads_off in zip(chosen, lost, strict=True) if not leads_off]


def _without_errands(path: Path, chosen: Sequence[Selected]) -> list[Selected]:
    errands = by_the_way(path, [c.edges for c in chosen], [c.full for c in chosen])
    return [c for c, errand in zip(chosen, errands, strict=True) if not errand]


@dataclass(frozen=True, slots=True)
class _Usual:
    """Medians over a set's cycles."""

    lasts_s: float
    half_width_s: float
    rest_s: float

    @classmethod
    def of(cls, both: Sequence[tuple[Cycle, Edges]], size_rad: float) -> "_Usual":
        edges = [e for c, e in both if c.size_rad > CLEAR_SHARE * size_rad] or [e for _, e in both]
        ends = sorted(e.end_s for _, e in both)
        before = [bisect_right(ends, e.start_s) for e in edges]
        rests = [e.start_s - ends[k - 1] if k else 0.0 for k, e in zip(before, edges, strict=True)]
        return cls(
            median(e.end_s - e.start_s for e in edges),
            median(e.half_width_s for e in edges),
            median(rests),
        )

    def bounces(self, *, rest_s: float, half_width_s: float) -> bool:
        """Whether a small excursion is the bounce of the repetition before it."""
        attached = self.rest_s > USUAL_REST_S and rest_s < ATTACHED_SHARE * self.rest_s
        most = QUICKER_SHARE if attached else HURRIED_SHARE
        return half_width_s < most * self.half_width_s


def _unfinished(path: Path, found: Explanation) -> list[Cycle]:
    """The repetition under way when the data ended, if it had reached its top."""
    usual_ticks = median(c.end - c.start for c in found.cycles)
    last = found.open_end
    if last is None or last.rise_rad < TOP_SHARE * found.size_rad:
        return []
    if len(path) - last.start > 1.5 * usual_ticks:
        return []
    # Getting up, or turning over, leads elsewhere than the repetitions did.
    usual_top = path.mean_up([c.peak for c in found.cycles])
    away_rad = angle_between_rad(path.up[last.peak], usual_top)
    return [last] if away_rad < elsewhere_rad(found.size_rad) else []


def _is_cut_off(path: Path, cycles: Sequence[Cycle]) -> bool:
    """Whether the last of several was still far from where the others begin as the data ended."""
    *others, last = cycles
    if not others or len(path) - last.end > CUT_OFF_TICKS:
        return False
    home = path.mean_up([c.start for c in others])
    size_rad = median(c.size_rad for c in others)
    return angle_between_rad(home, path.up[last.end]) > CUT_OFF_SHARE * size_rad


def _share(path: Path, chosen: Sequence[Selected]) -> float:
    """The chosen cycles' part of the way that "up" has gone in the whole set."""
    return share_of_way(path, [c.cycle for c in chosen])
