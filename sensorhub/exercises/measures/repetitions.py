"""Measures of one repetition: its phases, how fast, how smooth, how straight."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sensorhub.exercises.measures.motion import SegmentMotion, angle_rad, turning_rate_radps
from sensorhub.exercises.measures.smoothness import ldlj, sparc
from sensorhub.exercises.measures.stillness import sway_and_tremor
from sensorhub.exercises.trace.edges import LEAST_REST_RADPS, REST_SHARE, SHORTEST_HOLD_S
from sensorhub.exercises.trace.movement import Movement, folds, through
from sensorhub.model.events import FloatArray
from sensorhub.model.outcomes import Repetition, RepetitionKind

LEAST_HOLD_S = 1.0
"""Shorter holds say nothing about sway."""

LEAST_ROM_RAD = math.radians(3.0)
"""Of a smaller repetition nothing but its range and its times is said."""


class _Phases(NamedTuple):
    """Ticks of one repetition: ``[start, arrive)`` raising, ``[leave, end]`` lowering."""

    start: int
    arrive: int
    leave: int
    end: int


def usual_movement(motion: SegmentMotion, repetitions: Sequence[Repetition]) -> Movement | None:
    """The way from the usual start pose to the usual greatest excursion, full repetitions."""
    full = [r for r in repetitions if r.kind is RepetitionKind.FULL]
    if not full or not len(motion.path):
        return None
    starts = motion.at_each(np.array([r.start_s for r in full]))
    peaks = motion.at_each(np.array([r.peak_s for r in full]))
    return through(motion.path.up[starts].mean(axis=0), motion.path.up[peaks].mean(axis=0))


def repetition_measures(
    motion: SegmentMotion,
    repetitions: Sequence[Repetition],
    *,
    usual: Movement | None,
    next_starts_s: Sequence[float | None],
) -> list[dict[str, float]]:
    """The measures of each repetition.

    Args:
        motion: of the segment they were counted on.
        usual: the set's way, see :func:`usual_movement`.
        next_starts_s: when the next one begins, for each; None: it is the last.
    """
    found: list[dict[str, float]] = [
        {} if next_s is None else {"resting_s": max(0.0, next_s - one.end_s)}
        for one, next_s in zip(repetitions, next_starts_s, strict=True)
    ]
    ways = _ways(motion, repetitions, usual, found)
    moved = [
        _moved(motion, way, angle, rate)
        for way, (angle, rate) in zip(ways, _along(motion, ways), strict=True)
    ]
    # Spectra, averages and eigenvalues of all repetitions at once: they cost a tenth that way.
    speeds = [speed for one in moved for speed in one.speeds]
    smoothness = zip(
        sparc(speeds, tick_s=motion.tick_s), ldlj(speeds, tick_s=motion.tick_s), strict=True
    )
    shares = _off_axis_shares(motion.moments([one.part for one in moved]))
    for seen, share in zip(moved, shares, strict=True):
        for way in ("raising", "lowering"):
            for name, value in zip(("sparc", "ldlj"), next(smoothness), strict=True):
                if value is not None:
                    seen.found[f"{way}_{name}"] = value
        if share is not None:
            seen.found["off_axis_share"] = share
    return found


class _Way(NamedTuple):
    """A repetition that is whole and large enough to say more of it.

    Attributes:
        found: its measures so far.
        part: its ticks; ``peak`` is the one of its greatest excursion.
        movement: from its own start pose to its own peak.
    """

    one: Repetition
    found: dict[str, float]
    part: slice
    peak: int
    movement: Movement


class _Moved(NamedTuple):
    """How fast the segment turned while raising, and while lowering."""

    found: dict[str, float]
    part: slice
    speeds: tuple[FloatArray, FloatArray]


def _ways(
    motion: SegmentMotion,
    repetitions: Sequence[Repetition],
    usual: Movement | None,
    found: Sequence[dict[str, float]],
) -> list[_Way]:
    """Those of which more is to be said; start and peak along the set's way go into ``found``."""
    ups, tick_of = motion.path.up, motion.at_each
    starts, peaks = (
        tick_of(np.array(times_s))
        for times_s in ([r.start_s for r in repetitions], [r.peak_s for r in repetitions])
    )
    angles = np.zeros((2, len(starts)))
    if usual is not None:
        angles = np.stack([usual.folded_angle_rad(ups[at]) for at in (starts, peaks)])
    parts = motion.parts([r.start_s for r in repetitions], [r.end_s for r in repetitions])
    ways = []
    for one, mine, part, start, peak, (start_rad, peak_rad) in zip(
        repetitions, found, parts, starts.tolist(), peaks.tolist(), angles.T.tolist(), strict=True
    ):
        if part.stop - part.start < 3 or not motion.is_whole(part):
            continue
        own = through(ups[start], ups[peak])
        if own is None:
            continue
        if usual is not None:
            mine["start_angle_rad"], mine["peak_angle_rad"] = start_rad, peak_rad
        if one.rom_rad >= LEAST_ROM_RAD:
            ways.append(_Way(one, mine, part, peak - part.start, own))
    return ways


def _along(motion: SegmentMotion, ways: Sequence[_Way]) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Angle and rate of each along its own movement; all at once, as each alone is short."""
    if not ways:
        return
    parts = [way.part for way in ways]
    count = np.array([part.stop - part.start for part in parts])
    stops = np.cumsum(count)
    up = np.concatenate([motion.up[part] for part in parts])
    toward, home = (
        np.repeat(np.array(axes), count, axis=0)
        for axes in ([w.movement.toward for w in ways], [w.movement.home for w in ways])
    )
    angle = np.arctan2(np.einsum("ij,ij->i", up, toward), np.einsum("ij,ij->i", up, home))
    firsts = [0, *stops.tolist()]
    if folds(angle):
        for first, stop in pairwise(firsts):
            angle[first:stop] = np.unwrap(angle[first:stop])
    rate = turning_rate_radps(angle, stops, motion.tick_s)
    for first, stop in pairwise(firsts):
        yield angle[first:stop], rate[first:stop]


def _moved(motion: SegmentMotion, way: _Way, angle: FloatArray, rate: FloatArray) -> _Moved:
    """Puts the measures that need nothing but this repetition into ``found``."""
    found, part = way.found, way.part
    # Plain floats: of so few numpy's own maximum takes longer.
    angles, rates = angle.tolist(), rate.tolist()
    phases = _phases(rates, peak=way.peak)
    found |= _times(motion, part, phases, way.one)
    raising, lowering = slice(phases.start, phases.arrive + 1), slice(phases.leave, phases.end + 1)
    if phases.arrive > phases.start:
        found["peak_rate_up_radps"] = max(0.0, max(rates[raising]))
        found["mean_rate_up_radps"] = (angles[phases.arrive] - angles[phases.start]) / (
            (phases.arrive - phases.start) * motion.tick_s
        )
    if phases.end > phases.leave:
        found["peak_rate_down_radps"] = max(0.0, -min(rates[lowering]))
        found["mean_rate_down_radps"] = (angles[phases.leave] - angles[phases.end]) / (
            (phases.end - phases.leave) * motion.tick_s
        )
    if found["holding_s"] >= LEAST_HOLD_S:
        held = slice(part.start + phases.arrive, part.start + phases.leave + 1)
        for name, number in sway_and_tremor(motion, held).items():
            if name in ("sway_rad", "tremor_radps"):
                found[name] = number
    speed = motion.turning_radps[part]
    return _Moved(found, part, (speed[raising], speed[lowering]))


def _off_axis_shares(moments: FloatArray) -> list[float | None]:
    """Parts of the squared angular rate that are not about its main axis.

    Args:
        moments: shape (m, 3, 3), see :meth:`SegmentMotion.moments`.
    """
    about = np.linalg.eigvalsh(moments)
    return [
        1.0 - main / total if total > 0.0 else None
        for main, total in zip(about[:, -1].tolist(), about.sum(axis=1).tolist(), strict=True)
    ]


def pelvis_share(pelvis: SegmentMotion, one: Repetition) -> float | None:
    """How far the pelvis tilted between start and peak, as a share of the repetition's range."""
    part = pelvis.part(one.start_s, one.end_s)
    if part.stop - part.start < 3 or not pelvis.is_whole(part) or one.rom_rad < LEAST_ROM_RAD:
        return None
    start, peak = pelvis.path.up[pelvis.at(one.start_s)], pelvis.path.up[pelvis.at(one.peak_s)]
    return angle_rad(start, peak) / one.rom_rad


def _phases(rates: list[float], *, peak: int) -> _Phases:
    """From the fastest moments towards the peak until each has come to rest (see ``edges.py``)."""
    peak = min(max(1, peak), len(rates) - 2)
    raising, lowering = rates[: peak + 1], rates[peak:]
    up, down = raising.index(max(raising)), peak + lowering.index(min(lowering))
    arrive, slow = up, max(LEAST_REST_RADPS, REST_SHARE * rates[up])
    while arrive < peak and rates[arrive] > slow:
        arrive += 1
    leave, slow = down, max(LEAST_REST_RADPS, -REST_SHARE * rates[down])
    while leave > peak and -rates[leave] > slow:
        leave -= 1
    return _Phases(0, arrive, leave, len(rates) - 1)


def _times(
    motion: SegmentMotion, part: slice, phases: _Phases, one: Repetition
) -> dict[str, float]:
    """Raising, holding and lowering: together they last as long as the repetition."""
    time_s, start = motion.path.time_s, part.start
    arrive_s, leave_s = float(time_s[start + phases.arrive]), float(time_s[start + phases.leave])
    if leave_s - arrive_s < SHORTEST_HOLD_S:
        arrive_s = leave_s = min(max(one.peak_s, one.start_s), one.end_s)
    return {
        "raising_s": arrive_s - one.start_s,
        "holding_s": leave_s - arrive_s,
        "lowering_s": one.end_s - leave_s,
    }
