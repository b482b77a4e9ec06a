"""Time stamps to equally spaced samples: which steps are gaps, which are only jitter.

A recording's stamps are rarely a clean grid: they are rounded to milliseconds, taken at arrival
instead of at sampling, or wander with the phone that wrote them. A block of samples is equally
spaced by contract, so the stamps are judged once, for the whole file:

1. *Period.* The median step, refined to the mean of the steps within half a median of it. (A mean
   over all steps would count the gaps, a median alone would keep the rounding.)
2. *Gaps.* A step over 1.5 periods is a gap if it shifts the stamps for good: a sample delivered
   late is followed by short steps that catch up, a lost one is not. So the earliest stamps of the
   tenth of a second on either side are compared. Unless the stamps are a grid (the steps are whole
   multiples of the period), the step must also stand out from their jitter.
3. *Evening out.* Between gaps the stamps are averaged over a fifth of a second, which removes
   jitter and keeps slow wander. If the averaged stamps lie within half a period (or 10 ms) of equal
   spacing, the samples stay exactly as they are and only their times are evened out. Else the
   sampling itself was uneven, and the samples are interpolated linearly onto an even grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sensorhub.model.events import FloatArray

GAP_PERIODS = 1.5
CLEAN_GRID = 0.2  # of a period: stamps this near to multiples of it are a grid with losses
JITTER_QUANTILE = 0.95
JITTER_FACTOR = 3.0
AVERAGE_S = 0.2
STRAIGHT_S = 0.010
STRAIGHT_PERIODS = 0.5


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples ``[first, last)`` of a file without a gap among them.

    Attributes:
        start_s: time of the first sample, or of the first point of the even grid.
        count: how many equally spaced samples the stretch has after evening out.
        source_index: where to interpolate, in samples from ``first``, shape (count,); None where
            the samples stay as they are.
    """

    first: int
    last: int
    start_s: float
    count: int
    source_index: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """What the stamps of one file say.

    Attributes:
        period_s: the one period of all stretches.
        jitter_s: how far 95 % of the steps are from the period, gaps included where they are many.
        stretches: in order of time.
    """

    period_s: float
    jitter_s: float
    stretches: tuple[Stretch, ...]

    @property
    def resampled(self) -> bool:
        """Whether any stretch had to be interpolated."""
        return any(stretch.source_index is not None for stretch in self.stretches)


def even_out(time_s: FloatArray) -> Timeline:
    """Judge the stamps of a file.

    Args:
        time_s: shape (n,) with n >= 3, never decreasing, with a positive median step.
    """
    steps_s = np.diff(time_s)
    period_s = typical_period_s(steps_s)
    jitter_s = float(np.quantile(np.abs(steps_s - period_s), JITTER_QUANTILE))
    breaks = _gap_steps(time_s, steps_s, period_s, jitter_s)
    bounds = [0, *(int(step) + 1 for step in breaks), len(time_s)]
    pieces = [_average_stamps(time_s[a:b], period_s) for a, b in pairwise(bounds)]
    period_s = _common_period_s(pieces, period_s)
    stretches = tuple(
        _stretch(first, piece, period_s) for first, piece in zip(bounds, pieces, strict=False)
    )
    return Timeline(period_s, jitter_s, stretches)


def typical_period_s(steps_s: FloatArray) -> float:
    """The period that most steps agree on; 0 where half of the steps are 0."""
    median_s = float(np.median(steps_s))
    near = steps_s[(steps_s > 0.5 * median_s) & (steps_s < GAP_PERIODS * median_s)]
    return float(np.mean(near)) if len(near) else median_s


def _gap_steps(
    time_s: FloatArray, steps_s: FloatArray, period_s: float, jitter_s: float
) -> Sequence[int]:
    off_grid_s = np.abs(steps_s - period_s * np.round(steps_s / period_s))
    threshold_s = GAP_PERIODS * period_s
    if np.quantile(off_grid_s, JITTER_QUANTILE) > CLEAN_GRID * period_s:
        threshold_s = max(threshold_s, period_s + JITTER_FACTOR * jitter_s)
    suspects = np.flatnonzero(steps_s > threshold_s)
    wander_s = time_s - period_s * np.arange(len(time_s))
    around = max(3, round(0.5 * AVERAGE_S / period_s))
    gaps = []
    for step in suspects:
        before_s = float(wander_s[max(0, step + 1 - around) : step + 1].min())
        after_s = float(wander_s[step + 1 : step + 1 + around].min())
        if after_s - before_s > 0.5 * (steps_s[step] - period_s):
            gaps.append(int(step))
    return gaps


def _average_stamps(time_s: FloatArray, period_s: float) -> FloatArray:
    """Centred moving average whose window shrinks symmetrically towards the ends.

    A symmetric window maps a straight line onto itself, so clean stamps stay what they are.
    """
    count = len(time_s)
    half = np.minimum(np.arange(count), np.arange(count)[::-1])
    half = np.minimum(half, round(0.5 * AVERAGE_S / period_s))
    # Offsets from a straight line keep the running sum small, and with it the rounding error.
    line_s = time_s[0] + period_s * np.arange(count)
    total_s = np.concatenate(([0.0], np.cumsum(time_s - line_s)))
    here = np.arange(count)
    mean_s = (total_s[here + half + 1] - total_s[here - half]) / (2 * half + 1)
    return np.asarray(line_s + mean_s)


def _common_period_s(pieces: Sequence[FloatArray], fallback_s: float) -> float:
    """Least-squares slope over all stretches, each with an offset of its own."""
    above, below = 0.0, 0.0
    for piece in pieces:
        index = np.arange(len(piece)) - 0.5 * (len(piece) - 1)
        above += float(index @ (piece - piece.mean()))
        below += float(index @ index)
    # A picosecond is far below any clock; rounding makes 0.01 s stay 0.01 s.
    return round(above / below, 12) if below > 0 else fallback_s


def _stretch(first: int, stamps_s: FloatArray, period_s: float) -> Stretch:
    count = len(stamps_s)
    index = np.arange(count)
    start_s = round(float(np.mean(stamps_s - period_s * index)), 9)
    bend_s = float(np.max(np.abs(stamps_s - (start_s + period_s * index))))
    if bend_s <= max(STRAIGHT_S, STRAIGHT_PERIODS * period_s):
        return Stretch(first, first + count, start_s, count)
    even_count = int((stamps_s[-1] - stamps_s[0]) / period_s + 1e-6) + 1
    grid_s = stamps_s[0] + period_s * np.arange(even_count)
    source_index = np.interp(grid_s, stamps_s, index.astype(np.float64))
    return Stretch(first, first + count, float(stamps_s[0]), even_count, source_index)
