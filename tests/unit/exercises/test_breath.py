"""Breaths: exact counts over bodies and sensors, nothing where nobody breathes, any split alike."""

import math
from dataclasses import replace

import numpy as np
import pytest
from breathing_person import Breathing, Samples, analyse, analyse_with_gap, breathe
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorhub.exercises.detectors.breath_cycles import cycles
from sensorhub.exercises.detectors.breathing import TurningPoints
from sensorhub.model.live import LiveKind
from sensorhub.model.outcomes import FlagCode

bodies = st.builds(
    Breathing,
    breaths=st.integers(5, 10),
    period_s=st.floats(2.5, 9.0),
    depth_deg=st.floats(1.5, 8.0),
    exhale_to_inhale=st.floats(1.0, 4.0),
    pause_share=st.floats(0.0, 0.35),
    rate_hz=st.sampled_from([10.0, 25.0, 52.0, 100.0, 200.0]),
    noise_mps2=st.floats(0.0, 0.05),
    gyroscope=st.booleans(),
    seed=st.integers(0, 10_000),
)


@given(bodies)
@settings(max_examples=30, deadline=None)
def test_every_breath_is_counted_once(how: Breathing) -> None:
    samples = breathe(how)
    outcome, _ = analyse(samples, live=False)
    assert len(outcome.breaths) == how.breaths
    late_s = [b.start_s - true for b, true in zip(outcome.breaths, samples.starts_s, strict=True)]
    if not math.isnan(outcome.breaths[0].inhale_s):
        assert max(map(abs, late_s)) < 0.2 * how.period_s + 0.3


@pytest.mark.parametrize("period_s", [2.0, 12.0, 20.0])
def test_from_panting_to_three_breaths_a_minute(period_s: float) -> None:
    samples = breathe(Breathing(breaths=6, period_s=period_s, variation=0.03))
    outcome, _ = analyse(samples)
    assert len(outcome.breaths) == 6
    assert outcome.measures["breath_rate_per_min"] == pytest.approx(60.0 / period_s, rel=0.1)


@given(st.lists(st.integers(1, 3400), max_size=8), st.booleans())
@settings(max_examples=15, deadline=None)
def test_any_split_gives_the_same_outcome_and_the_same_live_events(
    cuts: list[int], gyroscope: bool
) -> None:
    samples = breathe(Breathing(gyroscope=gyroscope))
    whole, split = analyse(samples), analyse(samples, cuts=tuple(cuts))
    assert split[0].breaths == whole[0].breaths
    assert split[1] == whole[1]


def test_the_belly_that_rises_tells_which_way_is_in() -> None:
    # Breathing out faster than in: only the lift can tell.
    samples = breathe(Breathing(exhale_to_inhale=0.6, pause_share=0.0, noise_mps2=0.01, seed=3))
    outcome, _ = analyse(samples)
    inhale, exhale = (
        np.median([getattr(b, name) for b in outcome.breaths]) for name in ("inhale_s", "exhale_s")
    )
    assert inhale > exhale
    assert all(f.code is not FlagCode.UNSURE for f in outcome.flags)


def test_where_nothing_tells_in_from_out_nothing_is_claimed() -> None:
    how = Breathing(
        exhale_to_inhale=1.0, pause_share=0.0, lift_m_per_rad=0.0, period_s=6.0, variation=0.0
    )
    outcome, _ = analyse(breathe(how))
    assert len(outcome.breaths) == how.breaths
    assert all(math.isnan(b.inhale_s) and math.isnan(b.exhale_s) for b in outcome.breaths)
    assert "inhale_to_exhale_ratio" not in outcome.measures
    assert any(f.code is FlagCode.UNSURE for f in outcome.flags)


def test_long_blows_show_their_ratio() -> None:
    samples = breathe(Breathing(exhale_to_inhale=3.0, pause_share=0.0, period_s=8.0, seed=2))
    outcome, _ = analyse(samples, exercise="tissue_blowing")
    assert len(outcome.breaths) == 8
    assert 0.25 < outcome.measures["inhale_to_exhale_ratio"] < 0.8


def lying_still(seconds: float, *, noise: float, seed: int) -> Samples:
    rng = np.random.default_rng(seed)
    acc = np.tile([0.5, 0.2, 9.79], (round(seconds * 50), 1))
    return Samples(acc + noise * rng.normal(size=acc.shape), None, 0.02, ())


@given(st.integers(0, 1000), st.sampled_from([0.0, 0.01, 0.05, 0.1]))
@settings(max_examples=15, deadline=None)
def test_a_sensor_on_the_table_does_not_breathe(seed: int, noise: float) -> None:
    outcome, events = analyse(lying_still(40.0, noise=noise, seed=seed))
    assert outcome.breaths == ()
    assert events == []
    assert any("No breathing" in f.text for f in outcome.flags)


def test_walking_about_is_no_breathing() -> None:
    t = np.arange(0, 40, 0.02)
    acc = np.stack(
        [
            9.7 + 2.5 * np.sin(2 * math.pi * 1.9 * t),
            1.2 * np.sin(2 * math.pi * 0.95 * t),
            1.0 + 0.8 * np.cos(2 * math.pi * 1.9 * t),
        ],
        axis=1,
    )
    outcome, _ = analyse(Samples(acc, None, 0.02, ()))
    assert outcome.breaths == ()


def test_a_cough_is_neither_a_breath_nor_does_it_cost_one() -> None:
    samples = breathe(Breathing())
    acc = samples.acc.copy()
    for start_s in (samples.starts_s[3] + 2.0, samples.starts_s[5] + 1.0):
        first = round(start_s / samples.period_s)
        bang = np.hanning(30)[:, None] * np.array([2.0, -6.0, 5.0])
        acc[first : first + 30] += bang
    outcome, _ = analyse(replace(samples, acc=acc))
    assert len(outcome.breaths) == 8
    assert 1 <= sum(not b.sure for b in outcome.breaths) <= 4


def test_a_short_hole_is_flagged_and_costs_nothing() -> None:
    samples = breathe(Breathing())
    first = round((samples.starts_s[3] + 2.0) / samples.period_s)
    outcome = analyse_with_gap(samples, first=first, last=first + 60)
    assert len(outcome.breaths) == 8
    assert [FlagCode.GAP in b.flags for b in outcome.breaths].count(True) == 1
    assert outcome.gaps


def test_a_long_hole_takes_its_own_breaths_only() -> None:
    samples = breathe(Breathing(breaths=10))
    first, last = (round(samples.starts_s[i] / samples.period_s) for i in (4, 6))
    outcome = analyse_with_gap(samples, first=first, last=last)
    assert len(outcome.breaths) == 8
    inside = [
        b
        for b in outcome.breaths
        if samples.starts_s[4] < b.start_s + 1.0 < b.end_s - 1.0 and b.end_s < samples.starts_s[6]
    ]
    assert inside == []


def test_half_a_breath_at_the_end_counts_once_it_turns_back() -> None:
    samples = breathe(Breathing(pause_share=0.0, variation=0.0, exhale_to_inhale=1.0))
    last_s = samples.starts_s[-1]
    counts = {}
    for share in (0.25, 0.5, 0.9):
        n = round((last_s + share * 4.0) / samples.period_s)
        counts[share] = len(analyse(replace(samples, acc=samples.acc[:n]))[0].breaths)
    assert (counts[0.25], counts[0.5], counts[0.9]) == (7, 7, 8)


def test_the_live_count_ends_where_the_judgement_does() -> None:
    outcome, events = analyse(breathe(Breathing(seed=1)))
    counted = [e for e in events if e.kind is LiveKind.BREATH_COUNTED]
    assert events[-1].count == len(outcome.breaths) == 8
    late_s = [e.time_s - b.end_s for e, b in zip(counted[-5:], outcome.breaths[-5:], strict=True)]
    assert max(late_s) < 1.5


def test_a_set_that_nobody_closes_is_bounded() -> None:
    samples = lying_still(1900.0, noise=0.01, seed=1)
    thin = Samples(samples.acc[::5], None, 0.1, ())
    outcome, _ = analyse(thin, live=False)
    assert any(f.code is FlagCode.INTERRUPTED for f in outcome.flags)


def test_the_last_breath_ends_at_the_foot_of_its_exhalation() -> None:
    # 2 s of rest, in for 2 s, out for 6 s, rest: nine tenths are out 1.6 s before the end
    time_s = 0.1 * np.arange(120)
    inward, outward = np.clip((time_s - 2.0) / 2.0, 0.0, 1.0), np.clip((time_s - 4.0) / 6.0, 0, 1)
    tilt = 0.05 * (_minimum_jerk(inward) - _minimum_jerk(outward))
    points = np.array([0, 20, 40, 119], np.intp)
    found = TurningPoints(time_s, tilt, points, np.array([1.0, 0.0, 0.0]), 1.0, 0.005, 0.25)
    (breath,) = cycles(found, sign=1.0, shortest_s=1.5)
    assert breath.whole
    assert not breath.followed
    assert breath.end_s == pytest.approx(10.0, abs=0.9)


def _minimum_jerk(s: np.ndarray) -> np.ndarray:
    return np.asarray(s**3 * (10.0 - 15.0 * s + 6.0 * s * s))
