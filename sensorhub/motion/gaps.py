"""The gap policy: what is short is bridged and still declared, what is long is a new beginning."""

import numpy as np

from sensorhub.model.events import FloatArray
from sensorhub.model.samples import Gap

LONGEST_BRIDGE_S = 0.2
"""Longer gaps are not bridged: a limb can start and end a movement in them."""


def samples_to_bridge(gap: Gap, *, period_s: float) -> int | None:
    """How many samples to interpolate across the gap; None where it is too long to bridge."""
    if not 0.0 <= gap.duration_s <= LONGEST_BRIDGE_S + 0.5 * period_s:
        return None
    return round(gap.duration_s / period_s)


def interpolate(before: FloatArray, after: FloatArray, *, count: int) -> FloatArray:
    """``count`` rows on the straight line between two rows of shape (3,), both excluded."""
    share = (np.arange(count, dtype=float) + 1.0) / (count + 1.0)
    return before + share[:, None] * (after - before)
