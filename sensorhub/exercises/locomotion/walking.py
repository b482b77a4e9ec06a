"""Walking and running: what carries the person about, whatever is exercised.

A walking thigh (or pelvis) swings to and fro without resting, quickly, not far, and the hip it
hangs from travels: it rises, falls and is jolted with every step. A leg that is lifted quickly
swings as well, but about a hip at rest: then the accelerometer measures gravity and what turning
about one fixed point gives, and nothing else. That difference is tested here. Nothing of it depends
on how the sensor is worn or on which movement the exercise asks for.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from sensorhub.exercises.locomotion.footfalls import rises_twice
from sensorhub.exercises.locomotion.strides import Strides, continued
from sensorhub.exercises.trace.cycles import Cycle
from sensorhub.exercises.trace.movement import angles_of_greatest_variance
from sensorhub.exercises.trace.path import Path, quantile
from sensorhub.exercises.trace.track import Track
from sensorhub.exercises.trace.zigzag import TurningPoint, turning_points_of_each
from sensorhub.model.events import FloatArray
from sensorhub.model.units import STANDARD_GRAVITY_MPS2

WINDOW_S = 6.0
"""Three strides of a slow walker: fewer are not told from a repetition."""

LEAST_TURNS = 5
"""Turning points within a window: two strides."""

SLOWEST_STRIDE_S = 2.6
"""A stride (two steps) of somebody who shuffles across the room."""

SLOW_STRIDE_S = 1.75
"""Strides slower than this are as slow as repetitions: the body must rise twice in each."""

SHAKEN_S = 0.72
"""To and fro quicker than this without a pause is running, or a strap shaken into place: whole
legs are not exercised at that rate."""

LARGEST_STRIDE_RAD = math.radians(55.0)
"""The thigh of somebody walking swings through 35 to 50 degrees."""

RUNNING_STRIDE_S = 0.95
"""Of somebody running, who takes less time than this for a stride, it swings through 60 to 80."""

LEAST_SPEED_RADPS = 0.1
"""Walkers do not rest: 6 degrees a second on average is far below what thigh or pelvis do."""

MOMENT_S = 0.5
"""Longer gaps may hide a rest."""

LEAST_SWING_RAD = math.radians(3.0)
"""A walking pelvis tilts by as little."""

REST_SHARE = 0.3
"""Walkers are at rest (nearly) at most this share of the time; a sine is for a tenth."""

TRAVEL_MPS2 = 0.6
"""Acceleration that no turning about a fixed hip explains: slow indoor walking has 0.8 and more, a
lifted leg 0.1 to 0.5."""

TRAVEL_SHARE = 0.4
"""... and of all acceleration seen; quick lifts leave a fifth to a quarter unexplained."""

BOUNCE_MPS2 = 1.0
"""The same without a gyroscope, where only the change of the acceleration's length is left."""

STEP_S = 1.5
"""First and last step lie within this time of the strides."""

LONGEST_SWING_S = 0.8
"""A walking thigh swings forward, or back, in half a stride; people sit down more slowly."""

EVEN_SHARE = 0.65
"""Strides are alike: the smaller swings are at least this share of the larger ones. A repetition
that bounces at its top has swings of half its size between whole ones."""

LEAST_EVEN_SHARE = 0.4
"""... or this share, where a walk goes on: see ``strides.py``."""


def walked(path: Path, cycles: Sequence[Cycle], *, leading_out: bool = True) -> list[bool]:
    """For each cycle whether the person walked then.

    Args:
        leading_out: so is what leads from a stride into another pose, or back.
    """
    if not path.walks:
        return [False] * len(cycles)
    return [
        any(_inside(path, cycle, walk) for walk in path.walks)
        or _between(path, cycle)
        or (leading_out and _leads_out(path, cycle))
        for cycle in cycles
    ]


def walks_of(path: Path, track: Track) -> tuple[tuple[float, float], ...]:
    """When the person walks or runs: ``(start_s, end_s)``, in order, overlapping ones joined.

    The first and the last step, which are no whole strides, are within; so is a turn or a door.
    """
    found: list[tuple[float, float]] = []
    for strides in continued(_windows(path, track), path.up, path.tick_s):
        start_s = float(path.time_s[strides.first]) - STEP_S
        end_s = float(path.time_s[strides.last]) + STEP_S
        if found and start_s <= found[-1][1]:
            found[-1] = (found[-1][0], max(end_s, found[-1][1]))
        else:
            found.append((start_s, end_s))
    return tuple(found)


def not_walking(path: Path) -> NDArray[np.bool_]:
    """The ticks outside walks."""
    kept = np.ones(len(path), bool)
    for start_s, end_s in path.walks:
        first, last = np.searchsorted(path.time_s, (start_s, end_s))
        kept[first:last] = False
    return kept


def _inside(path: Path, cycle: Cycle, walk: tuple[float, float]) -> bool:
    """Most of a cycle among the strides, or all of a small one within the steps around them."""
    start_s, end_s = float(path.time_s[cycle.start]), float(path.time_s[cycle.end])
    among_s = min(end_s, walk[1] - STEP_S) - max(start_s, walk[0] + STEP_S)
    if among_s > 0.5 * (end_s - start_s):
        return True
    small = cycle.size_rad <= LARGEST_STRIDE_RAD
    return small and walk[0] <= start_s and end_s <= walk[1]


def _between(path: Path, cycle: Cycle) -> bool:
    """From a stride to a stride: somebody stood still between them."""
    feet_s = (float(path.time_s[cycle.start]), float(path.time_s[cycle.end]))
    return all(
        any(start_s + STEP_S <= foot_s <= end_s - STEP_S for start_s, end_s in path.walks)
        for foot_s in feet_s
    )


def _leads_out(path: Path, cycle: Cycle) -> bool:
    """Whether its way up or its way down is the swing of a leg among the strides.

    Who comes from a walk stands otherwise than in the middle of a stride: what is left of the last
    stride, and getting into position for the exercise, look like one excursion.
    """
    start_s, peak_s, end_s = (float(path.time_s[k]) for k in (cycle.start, cycle.peak, cycle.end))
    return any(
        last_s - first_s < LONGEST_SWING_S
        and min(last_s, walk[1] - STEP_S) - max(first_s, walk[0] + STEP_S)
        > 0.5 * (last_s - first_s)
        for walk in path.walks
        for first_s, last_s in ((start_s, peak_s), (peak_s, end_s))
    )


def _windows(path: Path, track: Track) -> Iterator[Strides]:
    """Every window that swings without resting and looks like strides, or nearly."""
    for start, angle, turns in _swinging(path):
        stride_s = _stride_s(angle, turns, path.tick_s)
        if stride_s is None or (even_share := _even_share(turns)) < LEAST_EVEN_SHARE:
            continue
        carried = _carried(track, start, turns, stride_s, path.tick_s)
        even = even_share >= EVEN_SHARE
        if carried or even:
            yield Strides(start + turns[0].index, start + turns[-1].index, carried and even)


def _carried(
    track: Track, start: int, turns: list[TurningPoint], stride_s: float, tick_s: float
) -> bool:
    """Whether the hip travels, or rises with every step."""
    first, last = start + turns[0].index, start + turns[-1].index
    if stride_s >= SHAKEN_S and not _hip_travels(track, first, last + 1, tick_s):
        # Without a gyroscope the steps of slow walkers are all that tells.
        return track.rate_radps is None and rises_twice(track.acc_mps2[start:], turns)
    return stride_s <= SLOW_STRIDE_S or rises_twice(track.acc_mps2[start:], turns)


def _swinging(path: Path) -> Iterator[tuple[int, FloatArray, list[TurningPoint]]]:
    """Windows with enough to and fro: their first ticks, the angle along it, and where it turns."""
    width = round(WINDOW_S / path.tick_s)
    turned = np.concatenate([[0.0], np.cumsum(path.speed_radps)])
    for stretch in _stretches(path):
        end = max(stretch.start + 1, stretch.stop - width // 2)
        starts = np.arange(stretch.start, end, width // 3)
        stops = np.minimum(stretch.stop, starts + width)
        moving = turned[stops] - turned[starts] >= LEAST_SPEED_RADPS * (stops - starts)
        # All windows but the last ones of a stretch are of one length and looked at together.
        for length in sorted(set((stops - starts)[moving].tolist()) - {0}, reverse=True):
            chosen = starts[moving & (stops - starts == length)]
            up = np.concatenate([path.up[start : start + length] for start in chosen.tolist()])
            angles = angles_of_greatest_variance(up.reshape(len(chosen), length, 3))
            ordered = np.sort(angles, axis=1)
            reach = ordered[:, round(0.95 * (length - 1))] - ordered[:, round(0.05 * (length - 1))]
            far = reach >= LEAST_SWING_RAD
            every = turning_points_of_each(angles[far], 0.4 * reach[far])
            for start, angle, turns in zip(chosen[far].tolist(), angles[far], every, strict=True):
                if len(turns) >= LEAST_TURNS:
                    yield start, angle, turns


def _stretches(path: Path) -> Iterator[slice]:
    """Pieces joined where only moments are missing between them: nobody stands still in those."""
    start = 0
    for before, after in pairwise(path.pieces):
        if path.time_s[after.start] - path.time_s[before.stop - 1] > MOMENT_S:
            yield slice(start, before.stop)
            start = after.start
    yield slice(start, len(path))


def _stride_s(angle: FloatArray, turns: Sequence[TurningPoint], tick_s: float) -> float | None:
    """How long a stride takes, where a window swings to and fro as a walker does."""
    stride_s = 2.0 * median(b.index - a.index for a, b in pairwise(turns)) * tick_s
    if stride_s > SLOWEST_STRIDE_S:
        return None
    if stride_s >= RUNNING_STRIDE_S and median(_swings_rad(turns)) > LARGEST_STRIDE_RAD:
        return None
    within = angle[turns[0].index : turns[-1].index + 1]
    rate = np.sort(np.abs(within[1:] - within[:-1]))
    slow = int(np.searchsorted(rate, 0.15 * quantile(rate, 0.95)))
    if slow > REST_SHARE * len(rate):
        return None
    return stride_s


def _even_share(turns: Sequence[TurningPoint]) -> float:
    """The smaller swings as a share of the larger ones."""
    ordered = sorted(_swings_rad(turns))
    return quantile(ordered, 0.25) / quantile(ordered, 0.75)


def _swings_rad(turns: Sequence[TurningPoint]) -> list[float]:
    """How far it goes from turn to turn."""
    return [abs(b.value - a.value) for a, b in pairwise(turns)]


def _hip_travels(track: Track, first: int, last: int, tick_s: float) -> bool:
    """Whether more accelerates the segment than gravity and turning about one fixed point.

    The point (its lever to the sensor) and the accelerometer's bias are fitted by least squares.
    """
    acc = track.acc_mps2[first:last]
    if track.rate_radps is None:
        return float(np.std(np.sqrt((acc * acc).sum(axis=1)))) > BOUNCE_MPS2
    rate = track.rate_radps[first:last]
    turn = _cross(np.gradient(rate, axis=0) / tick_s) + _cross(rate) @ _cross(rate)
    bias = np.broadcast_to(np.eye(3), turn.shape)
    model = np.concatenate([turn, bias], axis=2).reshape(-1, 6)
    seen = (acc - STANDARD_GRAVITY_MPS2 * track.up[first:last]).reshape(-1)
    solution = np.linalg.lstsq(model, seen, rcond=None)[0]
    left = _size(seen - model @ solution)
    return left > TRAVEL_MPS2 and left > TRAVEL_SHARE * _size(seen - model[:, 3:] @ _mean(seen))


def _cross(vectors: FloatArray) -> FloatArray:
    """Matrices (n, 3, 3) that multiply crosswise with vectors (n, 3)."""
    x, y, z = vectors.T
    o = np.zeros_like(x)
    return np.stack([o, -z, y, z, o, -x, -y, x, o], axis=1).reshape(-1, 3, 3)


def _mean(flat: FloatArray) -> FloatArray:
    return np.asarray(flat.reshape(-1, 3).mean(axis=0))


def _size(flat: FloatArray) -> float:
    """Root mean square length of vectors written one after the other."""
    return math.sqrt(3.0 * float(np.mean(flat * flat)))
