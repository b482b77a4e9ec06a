"""Time stamps to equally spaced samples: gaps are found, jitter is not taken for gaps."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.sessions.recordings.timeline import even_out

RATES_HZ = st.sampled_from([10.0, 25.0, 50.0, 99.7, 100.0, 128.0, 200.0, 1000.0])


def starts_s(stamps: np.ndarray) -> list[float]:
    timeline = even_out(stamps)
    return [stretch.start_s for stretch in timeline.stretches]


@given(rate_hz=RATES_HZ, count=st.integers(20, 3000), start_s=st.sampled_from([0.0, -3.0, 1.6e9]))
def test_a_clean_grid_stays_what_it_is(rate_hz: float, count: int, start_s: float) -> None:
    timeline = even_out(start_s + np.arange(count) / rate_hz)
    (stretch,) = timeline.stretches
    assert timeline.period_s == pytest.approx(1 / rate_hz, rel=1e-4)
    assert stretch.start_s == pytest.approx(start_s, abs=1e-6)
    assert (stretch.first, stretch.last, stretch.count) == (0, count, count)
    assert stretch.source_index is None


@given(
    rate_hz=RATES_HZ,
    decimals=st.integers(3, 6),
    lost=st.sets(st.integers(1, 398), max_size=40),
)
def test_on_a_grid_every_lost_sample_is_a_gap(
    rate_hz: float, decimals: int, lost: set[int]
) -> None:
    if rate_hz == 1000.0 and decimals == 3:
        decimals = 4  # stamps as coarse as the period itself say nothing about single samples
    index = np.array([k for k in range(400) if k not in lost])
    timeline = even_out(np.round(index / rate_hz, decimals))
    runs = 1 + sum(b - a > 1 for a, b in itertools.pairwise(index))
    if decimals == 3 and rate_hz in {99.7, 128.0}:
        assert timeline.period_s == pytest.approx(1 / rate_hz, rel=0.01)
    else:
        assert timeline.period_s == pytest.approx(1 / rate_hz, rel=1e-3)
    assert len(timeline.stretches) == runs
    assert sum(stretch.count for stretch in timeline.stretches) == len(index)


@given(
    rate_hz=st.sampled_from([25.0, 50.0, 100.0]),
    jitter_share=st.floats(0.05, 0.45),
    seed=st.integers(0, 2**32 - 1),
)
def test_jitter_is_no_gap_and_the_samples_stay(
    rate_hz: float, jitter_share: float, seed: int
) -> None:
    jitter_s = jitter_share / rate_hz
    noise_s = np.random.default_rng(seed).uniform(-jitter_s, jitter_s, 1000)
    timeline = even_out(np.sort(np.arange(1000) / rate_hz + noise_s))
    (stretch,) = timeline.stretches
    assert stretch.source_index is None
    assert timeline.period_s == pytest.approx(1 / rate_hz, rel=1e-3)
    assert stretch.start_s == pytest.approx(0.0, abs=jitter_s)


def test_a_long_gap_is_found_among_jitter() -> None:
    noise_s = np.random.default_rng(1).uniform(-0.01, 0.01, 1000)
    stamps = np.arange(1000) * 0.04 + noise_s
    stamps[500:] += 0.7
    timeline = even_out(stamps)
    first, second = timeline.stretches
    assert (first.last, second.first) == (500, 500)
    gap_s = second.start_s - (first.start_s + first.count * timeline.period_s)
    assert gap_s == pytest.approx(0.7, abs=0.01)


def test_late_delivery_is_no_gap() -> None:
    """A phone that hands over samples late, in bursts, has lost nothing."""
    due_s = np.arange(2000) * 0.005
    burst = np.random.default_rng(2).random(2000) < 0.1
    late_s = np.where(burst, 0.02, 0.0)
    stamps = np.maximum.accumulate(due_s + late_s) + np.arange(2000) * 1e-7
    timeline = even_out(stamps)
    assert len(timeline.stretches) == 1
    assert timeline.period_s == pytest.approx(0.005, rel=1e-3)


def test_uneven_sampling_is_interpolated_at_the_true_times() -> None:
    """Half of the file at 100 Hz, half at 80: the samples move onto one even grid."""
    stamps = np.concatenate([np.arange(500) * 0.01, 5.0 + np.arange(400) * 0.0125])
    timeline = even_out(stamps)
    (stretch,) = timeline.stretches
    assert timeline.resampled
    assert stretch.source_index is not None
    values = np.interp(stretch.source_index, np.arange(900), np.sin(stamps))
    times_s = stretch.start_s + timeline.period_s * np.arange(stretch.count)
    assert np.max(np.abs(values - np.sin(times_s))) < 0.01


@given(st.lists(st.floats(0.0005, 3.0), min_size=12, max_size=200), st.data())
def test_whatever_the_stamps_no_sample_is_lost_or_invented(
    steps_s: list[float], data: st.DataObject
) -> None:
    stamps = np.cumsum(steps_s)
    timeline = even_out(stamps)
    edges = [(stretch.first, stretch.last) for stretch in timeline.stretches]
    assert edges[0][0] == 0
    assert edges[-1][1] == len(stamps)
    assert all(a[1] == b[0] for a, b in itertools.pairwise(edges))
    assert timeline.period_s > 0
    for stretch in timeline.stretches:
        if stretch.source_index is None:
            assert stretch.count == stretch.last - stretch.first
        else:
            assert stretch.source_index.min() >= 0
            assert stretch.source_index.max() <= stretch.last - stretch.first - 1
