"""The line between two clocks, from what is known of single instants.

An exchange bounds the hub time of a device instant from both sides: it cannot have happened before
the question left nor after the answer came. An arrival bounds it from above only, but there are
hundreds. So arrivals tell best how the clocks drift apart, exchanges where they stand:

* **Skew**: one weighted line fit with a slope common to both kinds and a level for each (delays
  differ), and a prior that holds it at zero while the observations span too little time to say
  anything. Arrivals can only be late, never early, so those far above the line count little
  (asymmetric Cauchy weights, a few passes).
* **Offset**: the bounds of all exchanges are laid over each other, each widened by what the skew's
  uncertainty may have moved it since; the truth lies where all overlap, and we take the middle.
  This is Marzullo's intersection ("Maintaining the time in a distributed system", 1984) with drift.
  Each direction's shortest delay counts by itself: it needs no exchange in which both were short.
  Without exchanges the offset is the lowest of the bounds from above.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import NamedTuple

import numpy as np

from sensorhub.model.events import FloatArray

SKEW_SIGMA_EXCHANGES = 1e-4
"""Crystals differ by some tens of parts per million."""

SKEW_SIGMA_STAMPED = 1e-3
"""A clock that only arrivals tell of may be a cheap one, without a crystal."""

SKEW_SIGMA_COUNTED = 1e-2
"""No clock at all, only samples counted at a nominal rate."""

LEAST_HALF_S = 5e-4
_LEAST_SKEW_SIGMA = 2e-6
_ARRIVAL_SIGMA_S = 3e-3
_PASSES = 4
_MOST_SIGMAS = 5.0
"""No clock is further off than that: what looks so is late, not drifting."""

_CONFLICT_S = 0.005
_QUICK_S = 0.02


@dataclass(frozen=True, slots=True)
class ClockEstimate:
    """``hub = device + offset_s + skew_ratio * (device - reference_s)``, all in seconds.

    Attributes:
        reference_s: device time at which ``offset_s`` holds.
        skew_ratio: seconds the hub gains on the device per device second, dimensionless.
        uncertainty_s: half-width of what the exchanges leave open at ``reference_s``
            (without exchanges: how far the typical arrival lies above the earliest).
    """

    reference_s: float
    offset_s: float
    skew_ratio: float
    uncertainty_s: float

    def hub_time_s(self, device_time_s: float) -> float:
        """Return the hub time of a device time."""
        return device_time_s + self.offset_s + self.skew_ratio * (device_time_s - self.reference_s)


@dataclass(frozen=True, slots=True)
class Exchange:
    """hub - device lies between ``low_s`` and ``high_s`` at ``device_s``."""

    device_s: float
    low_s: float
    high_s: float

    @property
    def middle_s(self) -> float:
        """The middle of the bounds."""
        return (self.low_s + self.high_s) / 2

    @property
    def half_s(self) -> float:
        """Half their distance, at least half a millisecond."""
        return max((self.high_s - self.low_s) / 2, LEAST_HALF_S)


class Arrival(NamedTuple):
    """hub - device is at most ``high_s`` at ``device_s``. A tuple: many of them become an array."""

    device_s: float
    high_s: float


class Rate(NamedTuple):
    """How the clocks drift apart (seconds a second), and the standard deviation of that."""

    skew_ratio: float
    sigma_ratio: float


def rate_of(exchanges: Sequence[Exchange], arrivals: Sequence[Arrival]) -> Rate:
    """Return the rate from exchanges and the arrivals around them."""
    points = [(one.device_s, one.middle_s, one.half_s) for one in exchanges]
    return _rate(points, arrivals, SKEW_SIGMA_EXCHANGES)


def fit_exchanges(
    exchanges: Sequence[Exchange], arrivals: Sequence[Arrival], rate: Rate
) -> tuple[ClockEstimate, Exchange | None]:
    """Return the estimate at the last exchange, and one to leave out if they contradict.

    Arrivals count only where no exchange had an answer nearly as quick as they: then that side of
    the bounds says nothing, and its middle less.
    """
    device_s, low_s, high_s = np.array([(x.device_s, x.low_s, x.high_s) for x in exchanges]).T
    reference_s = exchanges[-1].device_s
    skew, sigma = rate
    moved_s, drift_s = skew * (reference_s - device_s), sigma * np.abs(reference_s - device_s)
    highs_s, lows_s = high_s + moved_s + drift_s, low_s + moved_s - drift_s
    highest, lowest = int(highs_s.argmin()), int(lows_s.argmax())
    top_s, bottom_s = float(highs_s[highest]), float(lows_s[lowest])
    ceiling_s = min(_bounds_s(arrivals, rate, reference_s), default=math.inf) + _QUICK_S
    if bottom_s <= ceiling_s < top_s:
        top_s = ceiling_s
    half_s = max(abs(top_s - bottom_s) / 2, LEAST_HALF_S)
    estimate = ClockEstimate(reference_s, (top_s + bottom_s) / 2, skew, half_s)
    if top_s >= bottom_s - _CONFLICT_S:
        return estimate, None
    middles_s = np.array([one.middle_s for one in exchanges]) + moved_s
    typical_s = np.sort(middles_s)[len(middles_s) // 2]
    worst = max((highest, lowest), key=lambda k: abs(middles_s[k] - typical_s))
    return estimate, exchanges[worst]


def fit_arrivals(arrivals: Sequence[Arrival], *, skew_sigma_ratio: float) -> ClockEstimate:
    """Return the estimate from arrivals alone, at the last of them.

    Args:
        skew_sigma_ratio: standard deviation of what is known of the rate beforehand, dimensionless.
    """
    reference_s = arrivals[-1].device_s
    rate = _rate([], arrivals, skew_sigma_ratio)
    bounds_s = sorted(_bounds_s(arrivals, rate, reference_s))
    spread_s = bounds_s[len(bounds_s) // 2] - bounds_s[0]
    return ClockEstimate(reference_s, bounds_s[0], rate.skew_ratio, max(spread_s, LEAST_HALF_S))


def _bounds_s(arrivals: Sequence[Arrival], rate: Rate, at_s: float) -> list[float]:
    """What each arrival says of the offset at a device time: it is at most that."""
    skew, sigma = rate
    return [
        high_s + skew * (at_s - device_s) + sigma * abs(at_s - device_s)
        for device_s, high_s in arrivals
    ]


def _rate(
    points: Sequence[tuple[float, float, float]], arrivals: Sequence[Arrival], prior: float
) -> Rate:
    """Return the slope; ``points`` are (time, offset, standard deviation)."""
    sxx0, sxy0 = 0.0, 0.0
    if points:
        time_s, offset_s, sigma_s = np.array(points).T
        sxx0, sxy0 = _moments(time_s - time_s[-1], offset_s - offset_s[-1], sigma_s**-2)
    sxx0 += prior**-2
    most = _MOST_SIGMAS * prior
    slope, sxx = _within(sxy0 / sxx0, most), sxx0
    if arrivals:
        times_s, bounds_s = np.array(arrivals).T
        # Differences first: offsets may be days, what matters is microseconds.
        since_s, above_s = times_s - times_s[-1], bounds_s - bounds_s[-1]
        for _ in range(_PASSES):
            # Most arrivals are late, and a whole batch very late when the hub itself was held up:
            # start from what was known without them, and from the earliest.
            level_s = above_s - slope * since_s
            late_s = level_s - min(level_s.tolist())  # of so few, quicker than numpy's
            weights = 1.0 / (_ARRIVAL_SIGMA_S**2 + late_s * late_s)
            more_xx, more_xy = _moments(since_s, above_s, weights)
            sxx = sxx0 + more_xx
            slope = _within((sxy0 + more_xy) / sxx, most)
    return Rate(slope, max(sxx**-0.5, _LEAST_SKEW_SIGMA))


def _within(slope: float, most: float) -> float:
    return max(-most, min(most, slope))


def _moments(x: FloatArray, y: FloatArray, weights: FloatArray) -> tuple[float, float]:
    """Return the weighted sums of squares and products about the weighted means.

    Sums are exact: the same log gives the same time stamps on every machine.
    """
    total = fsum(weights.tolist())
    dx = x - fsum((weights * x).tolist()) / total
    weighted = weights * dx
    # About the mean of x, the products need no mean of y.
    return fsum((weighted * dx).tolist()), fsum((weighted * y).tolist())
