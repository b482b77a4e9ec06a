"""A walk goes on where strides are doubtful only, and ends where somebody stops or lies down."""

import math

import numpy as np

from sensorhub.exercises.locomotion.strides import Strides, continued

TICK_S = 0.04
UPRIGHT = np.tile([0.0, 0.0, 1.0], (1500, 1))


def strides(start_s: float, end_s: float, *, sure: bool) -> Strides:
    return Strides(round(start_s / TICK_S), round(end_s / TICK_S), sure)


SURE, LATER = strides(0.0, 6.0, sure=True), strides(12.0, 18.0, sure=True)


def test_doubtful_strides_between_sure_ones_are_of_the_walk() -> None:
    doubtful = [strides(s, s + 6.0, sure=False) for s in (2.0, 4.0, 6.0, 8.0, 10.0)]
    assert continued([*doubtful, LATER, SURE], UPRIGHT, TICK_S) == [SURE, *doubtful, LATER]


def test_after_a_stop_nothing_goes_on() -> None:
    after_a_stop = strides(6.5, 9.5, sure=False)
    assert continued([SURE, after_a_stop], UPRIGHT, TICK_S) == [SURE]


def test_nothing_is_a_walk_without_sure_strides() -> None:
    assert continued([strides(0.0, 6.0, sure=False)], UPRIGHT, TICK_S) == []


def test_a_walk_ends_within_moments_of_its_last_sure_strides() -> None:
    ending = [strides(s, s + 6.0, sure=False) for s in (2.0, 4.0, 6.0, 8.0)]
    assert continued([SURE, *ending], UPRIGHT, TICK_S) == [SURE, *ending[:2]]


def test_who_moves_on_in_another_posture_does_not_walk() -> None:
    up = UPRIGHT.copy()
    up[round(3.0 / TICK_S) :] = [0.0, math.sin(0.8), math.cos(0.8)]
    moving = strides(3.0, 8.0, sure=False)
    assert continued([strides(0.0, 3.0, sure=True), moving], up, TICK_S) == [
        strides(0.0, 3.0, sure=True)
    ]
