"""What people do besides: motion of a thigh in which nothing may be counted (all simulated).

``python -m tests.real.negatives`` analyses it as every exercise of the thigh and prints false
repetitions in ten minutes. Who sits down, or bends to the floor, does what a squat or a lunge is
counted by: that is held against other exercises only.
"""

import argparse
import math
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context

import numpy as np
from scipy.signal import lfilter
from scipy.spatial.transform import Rotation

from firmware_sim.body.track import minimum_jerk
from firmware_sim.fields import Fields
from firmware_sim.person import SensorSetup
from firmware_sim.render import render
from firmware_sim.scenario.loader import load_scenario, parse_scenario
from sensorhub.exercises.definition import Posture, load_library
from sensorhub.model.events import FloatArray
from tests.real.takes import Piece, Take, analyzed

EXERCISES = sorted(
    e.id
    for e in load_library().values()
    if e.detector in ("repetition", "compound", "steps") and "thigh" in e.primary
)
FROM_STANDING = {
    e.id
    for e in load_library().values()
    if e.detector == "repetition" and (e.posture is Posture.STANDING or e.id == "sit_to_stand")
}
"""Exercises that bend the hip out of standing, or sit down, as people do all day."""


@dataclass(frozen=True)
class Besides:
    """One recording of no exercise."""

    name: str
    text: str  # a scenario; or the name of one, or of a way to sway
    rate_hz: float
    gyroscope: bool
    seed: int


def _step(activity: str, seconds: float, more: str = "") -> str:
    return f'[[step]]\nactivity = "{activity}"\nduration_s = {seconds}\n{more}\n'


def _pose(posture: str, seconds: float) -> str:
    return f'[[step]]\nposture = "{posture}"\n\n[[step]]\nrest_s = {seconds}\n\n'


WALKS = {
    f"walks at {hz:g} strides a second": _step("walk", 40, f"stride_hz = {hz}")
    for hz in (0.5, 0.6, 0.75, 0.9, 1.1, 1.3, 1.5)
}
SHORT_WALKS = {
    "walks a few steps again and again": "".join(
        _step("walk", s, f"stride_hz = {hz}") + "[[step]]\nrest_s = 3\n\n"
        for s, hz in ((5, 0.8), (7, 0.9), (4, 0.7), (9, 0.85), (6, 0.75))
    ),
    "fetches a chair and sits down": _step("fetch_chair", 16) + _step("sit_down_and_stand_up", 20),
}
STAYS = {
    "stands and shifts weight": _pose("standing", 3) + _step("shift_weight", 30),
    "sits and fidgets": _pose("sitting", 3) + _step("fidget", 30) + _step("scratch", 6),
    "lies and fidgets": _pose("supine", 3) + _step("fidget", 25) + _step("cough", 10),
    "rolls over": _pose("supine", 4) + _step("roll_over", 25),
    "gets into position": "".join(
        _pose(p, s)
        for p, s in (
            ("standing", 4),
            ("sitting", 5),
            ("supine", 8),
            ("side_lying", 4),
            ("prone", 6),
        )
    ),
    "gets up and down": "".join(
        _pose(p, s)
        for p, s in (
            ("supine", 9),
            ("sitting", 3),
            ("standing", 7),
            ("quadruped", 4),
            ("prone", 5),
            ("standing", 4),
        )
    ),
    "picks things up": _pose("standing", 3) + _step("pick_up", 25),
    "walks and picks things up": _step("walk", 12, "stride_hz = 0.9")
    + _step("pick_up", 25)
    + _step("walk", 12, "stride_hz = 0.9"),
    "adjusts the strap": _pose("standing", 3) + _step("adjust_strap", 6, "slip_deg = 15"),
}
EVERYTHING = {**WALKS, **SHORT_WALKS, **STAYS}


LOWERING = (
    "fetches a chair and sits down",
    "gets into position",
    "gets up and down",
    "picks things up",
    "walks and picks things up",
    "transitions",
)


@dataclass(frozen=True)
class Sway:
    """How somebody keeps nearly still, with a thigh that is upright or level.

    Attributes:
        sway_deg: of the thigh, one standard deviation, within a second or two; twice that in 20 s.
        every_s: a movement to another pose, or there and back, comes so often on average ...
        moves_deg: ... and usually is so large.
    """

    upright: bool
    sway_deg: float
    every_s: float
    moves_deg: float


SWAYS = {
    "stands about": Sway(upright=True, sway_deg=0.5, every_s=12.0, moves_deg=3.0),
    "stands restlessly": Sway(upright=True, sway_deg=1.0, every_s=5.0, moves_deg=6.0),
    "sits about": Sway(upright=False, sway_deg=0.15, every_s=15.0, moves_deg=7.0),
}
SWAY_S = 300.0


@cache
def swaying(name: str, seed: int, rate_hz: float) -> tuple[FloatArray, FloatArray]:
    """Specific force and rate of a thigh that is kept nearly still: chance, and nothing repeated.

    Two angles (forward and aside) wander as filtered noise does, with smooth changes of pose at
    random times; the sensor sits a quarter of a metre from the hip, turned anyhow.
    """
    how, rng = SWAYS[name], np.random.default_rng(seed)
    period_s, n = 1.0 / rate_hz, round(SWAY_S * rate_hz)
    time_s = np.arange(n) * period_s
    angles = np.stack(
        [
            np.radians(how.sway_deg)
            * (_wander(n, 1.2 * rate_hz, rng) + 2.0 * _wander(n, 20.0 * rate_hz, rng))
            for _ in range(2)
        ]
    )
    at_s = rng.exponential(how.every_s)
    while at_s < SWAY_S - 5.0:
        size = np.radians(how.moves_deg) * rng.normal(size=(2, 1)) * rng.choice([0.4, 1.0, 2.0])
        lasts_s, back_s = rng.uniform(0.5, 1.6, 2)
        angles += size * minimum_jerk(np.clip((time_s - at_s) / lasts_s, 0.0, 1.0))
        if rng.random() < 0.6:
            home_s = at_s + lasts_s + rng.exponential(1.5)
            share = rng.uniform(0.7, 1.1)
            angles -= share * size * minimum_jerk(np.clip((time_s - home_s) / back_s, 0.0, 1.0))
        at_s += lasts_s + rng.exponential(how.every_s)
    turns = Rotation.random(random_state=seed) * Rotation.from_euler("xz", angles.T)
    up = np.array([0.0, 1.0, 0.0]) if how.upright else np.array([0.0, 0.0, 1.0])
    acc = turns.inv().apply(9.81 * up)
    acc[:, 0] += 0.25 * np.gradient(np.gradient(angles[1], period_s), period_s)
    rate = (turns[:-1].inv() * turns[1:]).as_rotvec() / period_s
    rate = np.concatenate([rate, rate[-1:]])
    return acc + rng.normal(0.0, 0.03, (n, 3)), rate + rng.normal(0.0, 0.003, (n, 3))


def _wander(n: int, ticks: float, rng: np.random.Generator) -> FloatArray:
    """Noise that forgets itself within so many ticks, and is smooth; of standard deviation one."""
    keep = math.exp(-1.0 / ticks)
    rough = lfilter([1.0], [1.0, -keep], rng.normal(0.0, math.sqrt(1.0 - keep * keep), n))
    kernel = np.hanning(2 * max(1, round(0.125 * ticks)) + 1)
    return np.convolve(rough, kernel / kernel.sum(), mode="same")


@cache
def rendered(text: str, seed: int, rate_hz: float) -> tuple[FloatArray, FloatArray]:
    """Specific force and rate of a simulated thigh, the sensor worn anyhow."""
    if text in SWAYS:
        return swaying(text, seed, rate_hz)
    done = (
        parse_scenario(Fields(tomllib.loads(text), "besides"), "besides")
        if "\n" in text
        else load_scenario(text)
    )
    setup = SensorSetup(mount="random")
    one = render(done, rate_hz=rate_hz, seed=seed, setup=setup).sensors["thigh_right"]
    assert one.gyr_radps is not None
    return one.acc_mps2, one.gyr_radps


def walking(take: Take, seconds: float, rng: np.random.Generator, upright: FloatArray) -> Piece:
    """A walk at the take's rate, whose sensor points its axis ``upright`` up as the person stands;
    where it sits around the thigh is left to chance.
    """
    stride_hz = float(rng.choice([0.6, 0.75, 0.9, 1.1]))
    text = _step("walk", seconds, f"stride_hz = {stride_hz}")
    acc, gyr = rendered(text, int(rng.integers(0, 5)), round(1.0 / take.period_s))
    around, _ = Rotation.align_vectors(
        [upright, rng.normal(size=3)], [acc.mean(axis=0), rng.normal(size=3)], weights=[np.inf, 1.0]
    )
    gyroscope = take.pieces[0].gyr is not None
    return Piece(0.0, around.apply(acc), around.apply(gyr) if gyroscope else None)


def besides(seeds: int) -> Iterator[Besides]:
    """All recordings of no exercise."""
    named = {
        **EVERYTHING,
        "walking": "walking",
        "transitions": "transitions",
        **{name: name for name in SWAYS},
    }
    for name, text in named.items():
        for seed in range(seeds):
            for rate_hz, gyroscope in ((100.0, True), (25.0, True), (100.0, False), (50.0, False)):
                yield Besides(name, text, rate_hz, gyroscope, seed)


def recorded(one: Besides) -> Take:
    """As a take without repetitions."""
    acc, gyr = rendered(one.text, one.seed, one.rate_hz)
    piece = Piece(0.0, acc, gyr if one.gyroscope else None)
    return Take(one.name, "squat", 1.0 / one.rate_hz, (piece,), (), 0)


def _try(one: Besides) -> list[tuple[str, str, float, int]]:
    take = recorded(one)
    kind = f"{one.name}{'' if one.gyroscope else ', no gyroscope'}"
    return [(kind, e, take.end_s, counted_as(take, e)) for e in exercises_for(one)]


def exercises_for(one: Besides) -> list[str]:
    """Exercises that this is truly none of."""
    lowers = one.name in LOWERING
    return [e for e in EXERCISES if not (lowers and e in FROM_STANDING)]


def counted_as(take: Take, exercise: str) -> int:
    """How much is found in it."""
    outcome = analyzed(take, exercise=exercise)
    return len(outcome.repetitions) + len(outcome.steps)


def main() -> None:
    """Prints false repetitions by what was done and by exercise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    with get_context("spawn").Pool(options.jobs) as pool:
        rows = [row for rows in pool.imap(_try, besides(options.seeds)) for row in rows]
    for column in (0, 1):
        table: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        for row in rows:
            one = table[str(row[column])]
            one[0] += row[2]
            one[1] += row[3]
            one[2] += row[3] > 0
        for name, (seconds, false, runs) in sorted(table.items(), key=lambda kv: -kv[1][1]):
            per = 600.0 * false / seconds
            sys.stdout.write(
                f"{name:60} {false:5.0f} in {seconds / 60.0:6.1f} min: {per:5.2f} in 10 min, "
                f"{runs:.0f} runs\n"
            )
    seconds, false = sum(r[2] for r in rows), sum(r[3] for r in rows)
    sys.stdout.write(
        f"all: {false} in {seconds / 60.0:.1f} min: {600.0 * false / seconds:.3f} in 10 min\n"
    )


if __name__ == "__main__":
    main()
