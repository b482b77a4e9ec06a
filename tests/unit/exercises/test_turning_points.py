"""Turning points: one by one or all at once, coarser ones from finer ones."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sensorhub.exercises.trace.zigzag import ZigZag, higher_turning_points, turning_points

signals = hnp.arrays(
    np.float64,
    st.integers(3, 200),
    elements=st.floats(-1.0, 1.0, allow_nan=False, width=32),
    unique=True,
)


@given(signals, st.floats(0.01, 1.0))
def test_the_whole_signal_gives_what_one_by_one_gives(signal: np.ndarray, height: float) -> None:
    zigzag = ZigZag(height)
    one_by_one = [p for v in signal.tolist() if (p := zigzag.push(v)) is not None]
    last = zigzag.pending()
    assert turning_points(signal, height) == [*one_by_one, *([last] if last else [])]


@given(signals, st.floats(0.01, 0.3), st.floats(1.0, 4.0))
def test_coarse_ones_can_be_had_from_fine_ones(
    signal: np.ndarray, height: float, factor: float
) -> None:
    fine = turning_points(signal, height)
    coarse = turning_points(signal, height * factor)
    if len(coarse) > 1:
        assert higher_turning_points(fine, height * factor) == coarse


@given(signals, st.floats(0.01, 1.0))
def test_peaks_and_valleys_alternate_and_lie_apart(signal: np.ndarray, height: float) -> None:
    found = turning_points(signal, height)
    for before, after in itertools.pairwise(found):
        assert before.is_peak is not after.is_peak
        assert before.index < after.index
        assert abs(after.value - before.value) >= height
        assert signal[after.index] == after.value


def test_a_slow_drift_makes_no_turning_points() -> None:
    assert len(turning_points(np.linspace(0.0, 10.0, 500), 0.1)) == 2


def test_height_is_what_it_must_come_back() -> None:
    signal = np.array([0.0, 1.0, 0.8, 1.2, 0.0])
    assert [p.value for p in turning_points(signal, 0.5)] == [0.0, 1.2, 0.0]
    assert [p.value for p in turning_points(signal, 0.15)] == [0.0, 1.0, 0.8, 1.2, 0.0]
    assert turning_points(np.array([1.0]), 0.5) == []
    assert turning_points(np.zeros(5), 0.5) == pytest.approx([])
