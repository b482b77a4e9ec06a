"""Measures of a whole set from its full repetitions: consistency, fade, left against right."""

import math
from collections.abc import Sequence
from statistics import fmean

from sensorhub.model.outcomes import Repetition, RepetitionKind
from sensorhub.model.placement import Side

FADE_OF = 3
"""The first and the last so many repetitions are compared."""


def set_measures(repetitions: Sequence[Repetition]) -> dict[str, float]:
    """The measures of a set; those that too few repetitions cannot tell are absent."""
    full = [r for r in repetitions if r.kind is RepetitionKind.FULL]
    if not full:
        return {}
    ranges_rad = [abs(r.rom_rad) for r in full]
    lasts_s = [r.end_s - r.start_s for r in full]
    found = {"mean_rom_rad": _mean(ranges_rad), "mean_tempo_s": _mean(lasts_s)}
    for name, values in (("rom_cv", ranges_rad), ("tempo_cv", lasts_s)):
        if len(values) >= 3 and _mean(values) > 0.0:
            found[name] = _deviation(values) / _mean(values)
    if len(full) >= 2 * FADE_OF:
        found["rom_fade_share"] = 1.0 - _mean(ranges_rad[-FADE_OF:]) / _mean(ranges_rad[:FADE_OF])
        found["tempo_fade_share"] = _mean(lasts_s[-FADE_OF:]) / _mean(lasts_s[:FADE_OF]) - 1.0
    for name in ("off_axis_share", "pelvis_share", "raising_sparc"):
        known = [r.measures[name] for r in full if name in r.measures]
        if known:
            found[f"mean_{name}"] = _mean(known)
    by_side = {
        side: [abs(r.rom_rad) for r in full if r.side is side] for side in (Side.LEFT, Side.RIGHT)
    }
    if all(by_side.values()):
        found["left_right_difference_share"] = difference_share(
            _mean(by_side[Side.LEFT]), _mean(by_side[Side.RIGHT])
        )
    return found


def difference_share(left_rad: float, right_rad: float) -> float:
    """By which share of the larger one the smaller is short of it; positive: the left is."""
    larger = max(left_rad, right_rad)
    return (right_rad - left_rad) / larger if larger > 0.0 else 0.0


def _deviation(values: Sequence[float]) -> float:
    """Standard deviation of a sample."""
    mean = _mean(values)
    return math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1))


def _mean(values: Sequence[float]) -> float:
    return fmean(values)
