"""Which movement does a set repeat, and which of its excursions are repetitions?

Nobody demonstrates the movement and nobody says how the sensor is worn. The answer is the movement
(a great circle of directions, see ``movement.py``) that explains the set best: many excursions of
one size and one direction from one home pose. Each stretch of the set makes a proposal, so that
what happened before the set, or between repetitions, spoils only the proposals of its own stretch.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sensorhub.exercises.definition import Posture, Range
from sensorhub.exercises.locomotion.walking import not_walking, walked
from sensorhub.exercises.sets.arrivals import of_the_set
from sensorhub.exercises.sets.upright import upright_of
from sensorhub.exercises.sets.ways import right_way
from sensorhub.exercises.trace.cycles import Cycle, cycles_of, mirrored, share_of_way
from sensorhub.exercises.trace.movement import Movement, along_greatest_variance, through
from sensorhub.exercises.trace.path import Path, quantile
from sensorhub.exercises.trace.zigzag import TurningPoint, turning_points
from sensorhub.model.events import FloatArray

SPREAD_RAD = math.radians(40.0)
"""How far off the set's plane a repetition may go: real ones keep within about 35 degrees."""

WANDER_RAD = math.radians(2.0)
"""A resting pose wanders this much by itself; small repetitions are not judged crooked by it."""

LARGEST_SHARE = 1.8
"""Excursions larger than this share of the usual size are something else."""

FULL_SHARE = 0.6
"""Excursions of at least this share of the usual size went all the way."""

FINE_SHARE = 0.1
"""Turning points are first collected down to this share of the range seen."""

STRETCH_S = 24.0
"""Length of the stretches that make proposals: a few repetitions of any tempo."""

SHORT_STRETCH_S = 8.0
"""The same where all that was recorded is a few of them, or where the longer ones told of no set:
getting into position and up again must not be part of every one."""

ALIKE = 0.95
"""Cosine of the 18 degrees within which two planes, or two home poses, are one."""

GUESSES = 3
"""So many of the best proposals are tried on the whole set at once ..."""

MOST_GUESSES = 9
"""... and at most so many altogether, while none of them turns out to be a set."""

PLAIN_SHARE = 0.85
"""A movement whose repetitions are this share of all turning has no rival."""

ROUNDS = 3
"""Size and cycles agree after so many looks, or nearly."""

AGREED = math.cos(math.radians(2.0))
"""Planes that differ by this cosine (2 degrees) give the same angles, and the same cycles."""

SHORTEST_TICKS = 12
"""Half a second: nothing can be said of less."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is known of the exercise beforehand.

    Attributes:
        range: what bodies do in it.
        shortest_s: quicker excursions are something else.
        longest_s: slower ones were given up.
        ignore_share: excursions below this share of the usual size do not count.
        alternating: another movement lies between two of these, so that the valleys are its
            business and say nothing of home.
        posture: how the body is at the start of a repetition.
        rises: the sensor rises on the way out.
        toward_upright: the thigh comes nearer to upright on the way out (1), goes away from it
            (-1), or neither (0).
    """

    range: Range
    shortest_s: float
    longest_s: float
    ignore_share: float
    alternating: bool = False
    posture: Posture = Posture.ANY
    rises: bool = False
    toward_upright: int = 0


@dataclass(frozen=True, slots=True)
class Explanation:
    """A set explained by one movement.

    Attributes:
        angle_rad: along the movement at every tick.
        size_rad: usual size of its repetitions.
        cycles: the excursions that are repetitions of it, in order.
        open_end: the excursion under way when the data ended, if there is one.
        score: how much it explains; only good for comparing.
    """

    movement: Movement
    angle_rad: FloatArray
    size_rad: float
    cycles: tuple[Cycle, ...]
    open_end: Cycle | None
    score: float


def explain(path: Path, rules: Rules) -> Explanation | None:
    """The best explanation of a whole set; None where nothing was repeated."""
    return next(explanations(path, rules), None)


def explanations(path: Path, rules: Rules) -> Iterator[Explanation]:
    """Explanations of a whole set, the best one first.

    The others are for whoever finds that the best one is no set: lying down and getting up is a
    large movement, and a few small repetitions explain less than it.
    """
    if len(path) < SHORTEST_TICKS:
        return
    upright = upright_of(path) if rules.toward_upright else None
    plain = _plain(path, rules, upright)
    if plain is not None:
        yield plain
    for stretch_s in (STRETCH_S, SHORT_STRETCH_S):
        if stretch_s == STRETCH_S and len(path) * path.tick_s <= 2.0 * STRETCH_S:
            continue
        guesses = [
            guess
            for part, movement in _proposals(path, stretch_s)
            for guess in _seen(part, movement, rules)
        ]
        guesses.sort(key=lambda g: -g.score)
        different = _different(guesses)
        for first in range(0, min(len(different), MOST_GUESSES), GUESSES):
            tried = different[first : first + GUESSES]
            refined = [_refined(path, g.movement, g.size_rad, rules, upright) for g in tried]
            found = [e for e in refined if e is not None]
            yield from sorted(found, key=lambda e: -e.score)


def _plain(path: Path, rules: Rules, upright: FloatArray | None) -> Explanation | None:
    """The movement of greatest variance where nearly all turning is its repetitions.

    Then there is nothing left for another one to explain better, and nobody need look for it.
    """
    movement = along_greatest_variance(path.up[not_walking(path)])
    if movement is None:
        return None
    found = _refined(path, movement, _reach_rad(movement.angle_rad(path)), rules, upright)
    if found is None or share_of_way(path, found.cycles) < PLAIN_SHARE:
        return None
    return found


def _different(guesses: Sequence[Explanation]) -> list[Explanation]:
    """Without those that say nearly what a better one says; either way round is the same."""
    kept: list[Explanation] = []
    for guess in guesses:
        if not any(_alike(guess, better) for better in kept):
            kept.append(guess)
    return kept


def _alike(one: Explanation, other: Explanation) -> bool:
    same_plane = abs(float(one.movement.across @ other.movement.across)) > ALIKE
    near_home = float(one.movement.home @ other.movement.home) > ALIKE
    return same_plane and near_home and 0.7 < one.size_rad / other.size_rad < 1.4


def spreads_rad(path: Path, cycles: Sequence[Cycle], movement: Movement) -> list[float]:
    """For each cycle the angle between where it went and the movement's plane of turning."""
    away = path.up[[c.peak for c in cycles]] - path.up[[c.start for c in cycles]]
    length = np.sqrt((away * away).sum(axis=1))
    aside = np.maximum(0.0, np.abs(away @ movement.across) - WANDER_RAD)
    share = aside / np.maximum(length, WANDER_RAD)
    found: list[float] = np.where(
        length > WANDER_RAD, np.arcsin(np.minimum(1.0, share)), 0.0
    ).tolist()
    return found


def _proposals(path: Path, stretch_s: float) -> Iterator[tuple[Path, Movement]]:
    """The movement of greatest variance of the whole set, and of every stretch: walks left out."""
    n = len(path)
    width = min(n, round(stretch_s / path.tick_s))
    starts = np.linspace(0, n - width, math.ceil(n / width)).astype(int).tolist()
    for part in [path, *(path.part(s, s + width) for s in starts if width < n)]:
        movement = along_greatest_variance(part.up[not_walking(part)])
        if movement is not None:
            yield part, movement


def _seen(part: Path, movement: Movement, rules: Rules) -> list[Explanation]:
    """What a proposal explains of its own stretch, counted either way."""
    angle = movement.angle_rad(part)
    return _both_ways(part, movement, angle, _reach_rad(angle), rules)


def _reach_rad(angle: FloatArray) -> float:
    """How far a movement goes, but for its rarest angles."""
    ordered = np.sort(angle)
    return quantile(ordered, 0.97) - quantile(ordered, 0.03)


def _refined(
    path: Path, movement: Movement, size: float, rules: Rules, upright: FloatArray | None
) -> Explanation | None:
    """A guess over the whole set, its movement and size taken from the cycles it finds."""
    best: Explanation | None = None
    for _ in range(2):
        ways = _both_ways(path, movement, movement.angle_rad(path), size, rules)
        found = (
            ways
            if rules.alternating
            else [e for way in ways if (e := _out_and_back(path, way)) is not None]
        )
        best = right_way(
            path,
            found,
            upright,
            posture=rules.posture,
            rises=rules.rises,
            toward_upright=rules.toward_upright,
            alternating=rules.alternating,
        )
        if best is None:
            return None
        typical = [c for c in best.cycles if c.size_rad > FULL_SHARE * best.size_rad]
        home = path.up[[c.start for c in typical]].mean(axis=0)
        top = path.up[[c.peak for c in typical]].mean(axis=0)
        before, movement = movement, through(home, top) or best.movement
        size = best.size_rad
        if abs(float(before.across @ movement.across)) > AGREED:
            break
    return best


def _out_and_back(path: Path, found: Explanation) -> Explanation | None:
    """With those cycles only that leave home and come back; None where there are none."""
    cycles = of_the_set(path, found.angle_rad, found.cycles, size_rad=found.size_rad)
    if len(cycles) == len(found.cycles):
        return found
    if not cycles:
        return None
    size = _usual_size(cycles)
    return replace(found, cycles=tuple(cycles), size_rad=size, score=_score(path, cycles, size))


def _both_ways(
    path: Path, movement: Movement, angle: FloatArray, size_rad: float, rules: Rules
) -> list[Explanation]:
    """The movement's cycles counted from either end of it: which end is home is not known."""
    fine = turning_points(angle, max(FINE_SHARE * size_rad, 0.3 * rules.range.least_rad))
    found = []
    for way, points, signed in (
        (movement, fine, angle),
        (movement.reversed(), mirrored(fine), -angle),
    ):
        cycles, last, usual = _settled_cycles(path, signed, way, points, size_rad, rules)
        if cycles:
            score = _score(path, cycles, usual)
            found.append(Explanation(way, signed, usual, tuple(cycles), last, score))
    return found


def _settled_cycles(
    path: Path,
    angle: FloatArray,
    movement: Movement,
    points: list[TurningPoint],
    size_rad: float,
    rules: Rules,
) -> tuple[list[Cycle], Cycle | None, float]:
    """Cycles, the unfinished one at the end, and their usual size.

    Size and cycles depend on each other: repeated until they agree.
    """
    cycles: list[Cycle] = []
    last: Cycle | None = None
    for _ in range(ROUNDS):
        every = cycles_of(
            angle, points, size_rad=size_rad, least_height_rad=0.5 * rules.range.least_rad
        )
        right_size = [
            c
            for c in every
            if c.finished and rules.ignore_share <= c.size_rad / size_rad <= LARGEST_SHARE
        ]
        walks = walked(path, right_size)
        spreads = spreads_rad(path, right_size, movement)
        cycles = [
            c
            for c, walk, spread in zip(right_size, walks, spreads, strict=True)
            if not walk and spread <= SPREAD_RAD
        ]
        last = every[-1] if every and not every[-1].finished else None
        if not cycles:
            return [], None, size_rad
        usual = _usual_size(cycles)
        if abs(usual - size_rad) < 0.02 * size_rad:
            break
        size_rad = usual
    if not rules.range.least_rad <= size_rad <= rules.range.most_rad:
        return [], None, size_rad
    return cycles, last, size_rad


def _usual_size(cycles: list[Cycle]) -> float:
    """Size of the full repetitions: partial ones, if there are any, are the smaller ones."""
    sizes = sorted(c.size_rad for c in cycles)
    return sizes[int(0.6 * (len(sizes) - 1) + 0.5)]


def _score(path: Path, cycles: list[Cycle], size_rad: float) -> float:
    """Number times size times time away from home, few repetitions counting for little.

    The time (at most 4 s each) keeps tremor, which is quick and plentiful, from winning.
    """
    away = sum(min(4.0, float(path.time_s[c.end] - path.time_s[c.start])) for c in cycles)
    n = len(cycles)
    return size_rad * away * n / (n + 2)
