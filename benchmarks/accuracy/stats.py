"""The few statistics the page needs, each with its confidence interval."""

import math
from collections.abc import Sequence

from scipy.stats import chi2

_Z = 1.959964  # 95 %, both sides


def wilson(hits: int, runs: int) -> tuple[float, float]:
    """95 % interval of a share, from Wilson's score (1927): right near 0 and 1 as well."""
    if not runs:
        return 0.0, 1.0
    share, z2 = hits / runs, _Z * _Z / runs
    middle = (share + z2 / 2.0) / (1.0 + z2)
    half = _Z * math.sqrt(share * (1.0 - share) / runs + z2 / (4.0 * runs)) / (1.0 + z2)
    return max(0.0, middle - half), min(1.0, middle + half)


def at_most(events: int) -> float:
    """Upper end of the 95 % interval of a Poisson count (one side): how many it may have been."""
    return float(0.5 * chi2.ppf(0.95, 2 * (events + 1)))


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean and half of its 95 % interval (normal approximation)."""
    n = len(values)
    middle = math.fsum(values) / n
    if n < 2:
        return middle, math.inf
    variance = math.fsum((v - middle) ** 2 for v in values) / (n - 1)
    return middle, _Z * math.sqrt(variance / n)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of the values do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
