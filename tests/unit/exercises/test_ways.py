"""A leg lift raises the sensor, a bend carries it down; where people rest tells them apart."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from sensorhub.exercises.definition import Posture, find_exercise
from sensorhub.exercises.sets.judge import Explanation, Rules, explain
from sensorhub.exercises.sets.lifts import CLEAR, rise
from sensorhub.exercises.sets.ways import astray
from sensorhub.exercises.trace.cycles import Cycle
from sensorhub.exercises.trace.edges import edges_of
from sensorhub.exercises.trace.path import Path, path_of
from sensorhub.exercises.trace.track import Track
from sensorhub.model.events import FloatArray
from sensorhub.model.placement import Placement
from sensorhub.model.units import STANDARD_GRAVITY_MPS2
from tests.unit.exercises.counting_person import busy, doing, watch

TICK_S = 0.04
COUNT = 5
SIZE_RAD = math.radians(25.0)


def moved(*, height_m: float, pauses: Sequence[float], bias_mps2: float = 0.0) -> Track:
    """A thigh that turns out and back five times; its sensor, without a gyroscope, rises so far.

    Args:
        pauses: before, at each top, between, after.
        bias_mps2: of the sensor, more of it the further it turns.
    """
    before_s, top_s, between_s, after_s = pauses
    ramp = 0.5 * (1.0 - np.cos(math.pi * np.arange(0.0, 1.0, TICK_S)))
    still = [np.zeros(round(s / TICK_S)) for s in (before_s, between_s, after_s)]
    one = np.concatenate([ramp, np.ones(round(top_s / TICK_S)), ramp[::-1]])
    way = np.concatenate([still[0], *[one, still[1]] * COUNT, still[2]])
    upwards = height_m * np.gradient(np.gradient(way)) / TICK_S**2
    angle = SIZE_RAD * way
    up = np.stack([np.sin(angle), np.cos(angle), np.zeros_like(angle)], axis=1)
    acc = (STANDARD_GRAVITY_MPS2 + upwards + bias_mps2 * way)[:, None] * up
    time_s: FloatArray = TICK_S * np.arange(len(way), dtype=np.float64)
    settled = np.ones(len(way), bool)
    return Track(Placement.THIGH_RIGHT, time_s, up, None, acc, None, settled, (), False)


def judged(track: Track, *, rises: bool = True) -> Explanation | None:
    limits = find_exercise("straight_leg_raise").range
    assert limits is not None
    rules = Rules(
        limits, 0.5, 25.0, 0.25, posture=Posture.SUPINE, rises=rises, toward_upright=-rises
    )
    return explain(path_of(track), rules)


LIFT = (2.0, 1.0, 1.5, 2.0)
BEND = (3.0, 1.0, 1.5, 3.0)
"""The same times: only the sensor's height differs."""


@pytest.mark.parametrize("bias_mps2", [-0.5, 0.0, 0.5])
def test_what_rises_is_told_from_what_sinks_however_flawed_the_sensor(bias_mps2: float) -> None:
    for height_m in (0.12, -0.12):
        track = moved(height_m=height_m, pauses=LIFT, bias_mps2=bias_mps2)
        found = judged(track, rises=False)
        assert found is not None
        assert (
            rise(path_of(track), found.angle_rad, found.cycles) * math.copysign(1.0, height_m)
            > CLEAR
        )


def test_lifts_are_counted_and_bends_from_standing_are_none() -> None:
    lifted = judged(moved(height_m=0.12, pauses=LIFT))
    assert lifted is not None
    assert len(lifted.cycles) == COUNT
    assert judged(moved(height_m=-0.12, pauses=BEND)) is None


def test_bends_are_what_they_were_to_an_exercise_that_says_nothing_of_height() -> None:
    found = judged(moved(height_m=-0.12, pauses=BEND), rises=False)
    assert found is not None
    assert len(found.cycles) == COUNT


def test_lifts_cut_off_at_both_tops_are_counted_from_below() -> None:
    """The way round that has more departures is wrong: the sensor sinks on the way out."""
    path = path_of(moved(height_m=0.12, pauses=(2.0, 0.5, 1.5, 2.0)))
    at_top = np.flatnonzero(path.up[:, 0] > 0.99 * math.sin(SIZE_RAD))
    cut = path.part(int(at_top[0]) + 5, int(at_top[-1]) - 5)
    limits = find_exercise("straight_leg_raise").range
    assert limits is not None
    rules = Rules(limits, 0.5, 25.0, 0.25, posture=Posture.SUPINE, rises=True, toward_upright=-1)
    found = explain(cut, rules)
    assert found is not None
    assert len(found.cycles) == COUNT - 2
    edges = edges_of(cut, found.angle_rad, list(found.cycles))
    heights: FloatArray = cut.up[:, 0]
    tops = [heights[np.searchsorted(cut.time_s, e.peak_s)] for e in edges]
    assert min(tops) > 0.9 * math.sin(SIZE_RAD)


def test_a_stride_past_upright_is_no_step_up() -> None:
    ups_deg = [*[50.0, 5.0] * 4, -22.0, 22.0]
    up = np.array([[math.sin(math.radians(d)), math.cos(math.radians(d)), 0.0] for d in ups_deg])
    n = len(up)
    path = Path(np.arange(float(n)), up, np.zeros(n), np.zeros(n), 1.0, (slice(0, n),))
    size = math.radians(45.0)
    cycles = [Cycle(k, k + 1, k + 1, size, size, size, k, k + 1) for k in range(0, n, 2)]
    upright = np.array([0.0, 1.0, 0.0])
    assert astray(path, cycles, upright, toward_upright=1) == [False] * 4 + [True]
    assert not any(astray(path, cycles, upright, toward_upright=0))
    assert not any(astray(path, cycles, None, toward_upright=1))


@pytest.mark.parametrize("exercise", ["step_up", "bridge", "squat"])
def test_who_walks_before_and_after_does_no_more_than_was_done(exercise: str) -> None:
    walk = busy("walk", 14.0)
    seen = watch(exercise, walk + doing(exercise, reps=6) + walk)
    assert (seen.full, seen.partial) == (6, 0)
    for found, true in zip(seen.outcome.repetitions, seen.true_repetitions, strict=True):
        assert true.start_s < found.peak_s < true.end_s
