"""At the ends of a set strangers are told from the careless, the tired and the partial."""

from dataclasses import dataclass

import numpy as np
import pytest
from counting_person import busy, doing, watch

from sensorhub.exercises.sets.asides import Candidate
from sensorhub.exercises.sets.strangers import strangers
from sensorhub.exercises.trace.cycles import Cycle
from sensorhub.exercises.trace.edges import Edges
from sensorhub.exercises.trace.path import Path
from sensorhub.model.outcomes import RepetitionKind
from sensorhub.model.placement import Side

TICK_S, EACH_S = 0.05, 4.0
USUAL = (-8.0, 8.0)


@dataclass(frozen=True)
class Swing:
    """From one lean to another, in degrees, in so many seconds, so far off the plane."""

    low: float = USUAL[0]
    top: float = USUAL[1]
    lasts_s: float = 1.8
    spread: float = 0.0
    aside: float = 0.0

    @property
    def size(self) -> float:
        return self.top - self.low


def strange(swings: list[Swing]) -> list[bool]:
    """Which of these, one every four seconds, are strangers."""
    n = round(EACH_S * (len(swings) + 1) / TICK_S)
    lean, aside = np.zeros(n), np.zeros(n)
    found = []
    for k, swing in enumerate(swings):
        peak = round((k + 0.5) * EACH_S / TICK_S)
        low = peak + round(swing.lasts_s / TICK_S)
        lean[peak], lean[low] = swing.top, swing.low
        aside[peak] = aside[low] = swing.aside
        size = float(np.radians(swing.size))
        cycle = Cycle(low, peak, low, size, size, size, before=peak, after=low)
        start_s = k * EACH_S
        edges = Edges(start_s, peak * TICK_S, start_s + 3.5, 0.0, swing.lasts_s)
        full = swing.size > 10.0
        found.append(Candidate(cycle, edges, float(np.radians(swing.spread)), full))
    x, y = np.radians(lean), np.radians(aside)
    up = np.stack([np.sin(x), np.sin(y), np.sqrt(1.0 - np.sin(x) ** 2 - np.sin(y) ** 2)], axis=1)
    still = np.zeros(n)
    path = Path(TICK_S * np.arange(n), up, still, still, TICK_S, (slice(0, n),))
    return strangers(path, found)


SET = [Swing()] * 8
OTHER = Swing(-2.0, 12.0, lasts_s=3.0, spread=22.0, aside=4.0)


@pytest.mark.parametrize(
    "one",
    [
        OTHER,
        Swing(spread=25.0, aside=5.0),  # aslant, elsewhere
        Swing(-3.0, 14.0, lasts_s=3.0),  # elsewhere, in another time
        Swing(-2.0, 4.0, lasts_s=3.0),  # smaller, and yet much slower
        Swing(12.0, 18.0, lasts_s=1.5),  # small, and not between the ends
    ],
)
def test_two_signs_at_an_end_are_enough(one: Swing) -> None:
    assert strange([one, *SET]) == [True] + [False] * 8
    assert strange([*SET, one]) == [False] * 8 + [True]


@pytest.mark.parametrize(
    "one",
    [
        Swing(spread=25.0),  # aslant: a first one that looks for its way
        Swing(lasts_s=3.5),  # slow: the last one of somebody who is tired
        Swing(-3.0, 13.0),  # the same from another pose
        Swing(-14.0, 14.0),  # as far as it goes
        Swing(-8.0, -1.0, lasts_s=1.2),  # half of the way
        Swing(-3.0, 3.0, lasts_s=1.2),  # a small one
    ],
)
def test_one_sign_is_believed(one: Swing) -> None:
    assert not any(strange([one, *SET]))
    assert not any(strange([*SET, one]))


def test_within_the_set_nothing_is_strange() -> None:
    assert not any(strange([*SET[:4], OTHER, *SET[4:]]))


def test_strangers_come_in_groups_and_hide_the_doubtful() -> None:
    doubtful = Swing(-3.0, 13.0)
    found = strange([doubtful, OTHER, *SET, *SET, doubtful])
    assert found == [True, True] + [False] * 17


def test_the_careless_are_allowed_more() -> None:
    rng = np.random.default_rng(3)
    careless = [
        Swing(
            USUAL[0] + 2.0 * float(rng.normal()),
            USUAL[1] + 2.0 * float(rng.normal()),
            lasts_s=1.8 * float(np.exp(0.3 * rng.normal())),
        )
        for _ in range(14)
    ]
    assert not any(strange([*careless, Swing(-3.0, 14.0, lasts_s=2.7)]))


def test_a_third_of_a_set_is_no_stranger_to_it() -> None:
    assert not any(strange([OTHER] * 3 + SET[:5]))


@pytest.mark.parametrize(
    ("exercise", "seed"), [("pelvic_tilt", 0), ("pelvic_tilt", 2), ("pelvic_tilt_side", 1)]
)
def test_settling_before_and_after_is_no_cycle(exercise: str, seed: int) -> None:
    around, rest = busy("fidget", 12.0), "[[step]]\nrest_s = 3.0\n"
    scenario = around + rest + doing(exercise, reps=10) + rest + around
    seen = watch(exercise, scenario, side=Side.NONE, placements=("pelvis",), seed=seed)
    assert (seen.full, seen.partial) == (10, 0)


@pytest.mark.parametrize("number", [1, 6])
def test_a_small_cycle_at_an_end_of_the_set_is_partial(number: int) -> None:
    for exercise in ("pelvic_tilt", "pelvic_tilt_side"):
        for seed in (0, 1, 2):
            scenario = doing(exercise, reps=6, partial=[number], partial_amplitude=0.45)
            seen = watch(exercise, scenario, side=Side.NONE, placements=("pelvis",), seed=seed)
            assert (seen.full, seen.partial) == (5, 1)
            assert seen.outcome.repetitions[number - 1].kind is RepetitionKind.PARTIAL
