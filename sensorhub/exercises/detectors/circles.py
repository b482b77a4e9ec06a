"""Turns of a leaning direction: circles that a segment describes, with their sense."""

import itertools
import math
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from sensorhub.exercises.detectors.swings import LEAST_TOGETHER, lone
from sensorhub.exercises.trace.movement import along_greatest_variance
from sensorhub.exercises.trace.path import Path, smooth, turning_speed_radps
from sensorhub.exercises.trace.stretches import stretches_of
from sensorhub.exercises.trace.zigzag import turning_points
from sensorhub.model.events import FloatArray

ROUND_SHARE = 0.2
"""A path whose width is less than this share of its length is to and fro, not round."""

OUTSIDE = 0.8
"""A circle's radius is 1.4 standard deviations; inside about half of it lies the way in and out."""

DRIFT_S = 24.0
"""The middle of the circles may wander; it is taken over about so long: several turns, since that
of two or three swings with them."""

POSTURE_RAD = math.radians(35.0)
"""Pelvic circles lean at most 30 degrees; a segment further away is in another posture."""

ALIKE_SIZE, ALIKE_TIME = 2.0, 2.2
"""Turns of a set have the same size and take the same time within these factors."""

CALM_S, REST_S, REST_SHARE = 0.25, 1.0, 0.3
"""Slower than this share of the usual speed for at least so long is a rest; speed is averaged."""

JOLT = 4.0
"""Faster than so many times the usual speed is no part of a circle: a turn in half the usual time,
half as fast again where it is fastest, has three."""

WHOLE_SHARE, LAST_SHARE = 0.75, 0.6
"""A turn counts when this share of it was seen, ... the last of several when that was: who circles
comes back to where the circles began, and the first and the last way there is slow or not round."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One full turn; ``counterclockwise`` as seen by someone looking at the wearer's up side."""

    start_s: float
    peak_s: float
    end_s: float
    range_rad: float
    counterclockwise: bool


def turns_of(path: Path, *, least_rad: float) -> list[Turn]:
    """All full turns, in order of time; ``least_rad`` is the smallest diameter that counts."""
    found: list[Turn] = []
    for piece in path.pieces:
        for start, stop in _in_one_posture(path, piece):
            part = path.part(start, stop)
            for first, last in _without_rests(part, least_rad):
                found += _turns_of_piece(part.part(first, last), least_rad)
    return _alike(found)


def _alike(turns: list[Turn]) -> list[Turn]:
    """Without what is no turn like the others: two runs put together, somebody settling."""
    if len(turns) < LEAST_TOGETHER:
        return turns
    usual_rad = median(t.range_rad for t in turns)
    usual_s = median(t.end_s - t.start_s for t in turns)
    kept = [
        turn
        for turn in turns
        if 1.0 / ALIKE_SIZE < turn.range_rad / usual_rad < ALIKE_SIZE
        and 1.0 / ALIKE_TIME < (turn.end_s - turn.start_s) / usual_s < ALIKE_TIME
    ]
    alone = lone([t.peak_s for t in kept])
    return [t for t, is_alone in zip(kept, alone, strict=True) if not is_alone]


def _in_one_posture(path: Path, piece: slice) -> list[tuple[int, int]]:
    """The stretches of a piece to look for circles in.

    Walking hips circle as well, and lying down or getting up is larger than any circle: a stretch
    ends where its usual pose is left.
    """
    walks = np.zeros(piece.stop - piece.start + 2, bool)
    for walk in path.walks:
        first, last = np.searchsorted(path.time_s[piece], walk)
        walks[first + 1 : last + 1] = True
    walks[[0, -1]] = True
    found = []
    edges = np.flatnonzero(np.diff(walks)).tolist()
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        up = path.up[piece.start + start : piece.start + stop]
        usual = np.median(up, axis=0)
        near = up @ (usual / max(1e-9, float(np.linalg.norm(usual)))) > math.cos(POSTURE_RAD)
        offset = piece.start + start
        found += [(offset + a, offset + b) for a, b in stretches_of(near)]
    return found


def _without_rests(path: Path, least_rad: float) -> list[tuple[int, int]]:
    """The stretches in which the segment moves: circles go on without a rest."""
    speed, usual = _speeds_radps(path, least_rad)
    moving = speed > max(_slowest_radps(least_rad), REST_SHARE * usual)
    jolted = _jolted(path, usual)
    longest = REST_S / path.tick_s
    stretches: list[tuple[int, int]] = []
    for a, b in stretches_of(moving):
        if stretches and a - stretches[-1][1] < longest:
            stretches[-1] = (stretches[-1][0], b)
        else:
            stretches.append((a, b))
    return [
        (a + first, a + last)
        for a, b in stretches
        for first, last in stretches_of(~jolted[a:b])
        if (last - first) * path.tick_s > 1.0
    ]


def _speeds_radps(path: Path, least_rad: float) -> tuple[FloatArray, float]:
    """How fast the segment leans, calmly, at every tick, and usually while it moves."""
    speed = smooth(turning_speed_radps(path.up, path.tick_s), CALM_S / path.tick_s)
    moving = speed[speed > _slowest_radps(least_rad)]
    return speed, float(np.median(moving)) if len(moving) else math.inf


def _jolted(path: Path, usual_radps: float) -> NDArray[np.bool_]:
    return np.asarray(turning_speed_radps(path.up, path.tick_s) > JOLT * usual_radps)


def _slowest_radps(least_rad: float) -> float:
    """The slowest circle worth counting takes 20 s."""
    return math.pi * least_rad / 20.0


def _turns_of_piece(path: Path, least_rad: float) -> list[Turn]:
    movement = along_greatest_variance(path.up)
    if movement is None:
        return []
    # Seen from the tip of "up", toward and across are x and y: a turn from x to y is counter-
    # clockwise there. The body leans the opposite way of what "up" does in the sensor: half a
    # turn apart, the same sense.
    x, y = path.up @ movement.toward, path.up @ movement.across
    moving = _moving(path, x, y, least_rad)
    if moving is None:
        return []
    first, last = moving
    x, y = x - _middle(x, path.tick_s, first, last), y - _middle(y, path.tick_s, first, last)
    long, wide = float(np.std(x[first:last])), float(np.std(y[first:last]))
    if wide < ROUND_SHARE * long:
        return []
    outside = first + np.flatnonzero(np.hypot(x / long, y / wide)[first:last] > OUTSIDE)
    if len(outside) < 2:
        return []
    first, last = int(outside[0]), int(outside[-1]) + 1
    phase = np.unwrap(np.arctan2(y / wide, x / long))[first:last]
    found = []
    corners = turning_points(phase, math.pi)
    for a, b in itertools.pairwise(corners):
        # Between two runs somebody may rest in the middle, where there is no phase to speak of.
        low, high = np.searchsorted(outside, (first + a.index, first + b.index + 1))
        if high - low < 2:
            continue
        begin, end = int(outside[low]) - first, int(outside[high - 1]) - first
        found += _split(path, phase, first, begin, end, (x, y), least_rad)
    return found


def _moving(path: Path, x: FloatArray, y: FloatArray, least_rad: float) -> tuple[int, int] | None:
    """First and last tick of the part in which there is movement of the least size."""
    speed = np.hypot(np.gradient(x), np.gradient(y)) / path.tick_s
    moves = np.flatnonzero(speed > _slowest_radps(least_rad))
    if len(moves) < 2:
        return None
    return int(moves[0]), int(moves[-1]) + 1


def _middle(values: FloatArray, tick_s: float, first: int, last: int) -> FloatArray:
    """The slowly wandering middle of the movement, from its own range, end values held."""
    width = max(1, min(last - first, round(DRIFT_S / tick_s)))
    inner = values[first:last]
    half = width // 2
    padded = np.concatenate([np.full(half, 0.0), inner, np.full(half, 0.0)])
    weight = np.concatenate([np.zeros(half), np.ones(len(inner)), np.zeros(half)])
    sums = np.concatenate([[0.0], np.cumsum(padded)])
    counts = np.concatenate([[0.0], np.cumsum(weight)])
    n = len(inner)
    span = 2 * half + 1
    stop = np.minimum(np.arange(n) + span, len(padded))
    mean = (sums[stop] - sums[:n]) / np.maximum(1.0, counts[stop] - counts[:n])
    return np.concatenate([np.full(first, mean[0]), mean, np.full(len(values) - last, mean[-1])])


def _split(
    path: Path,
    phase: FloatArray,
    offset: int,
    begin: int,
    end: int,
    xy: tuple[FloatArray, FloatArray],
    least_rad: float,
) -> list[Turn]:
    """The full turns of a run in one sense."""
    run = phase[begin : end + 1]
    way = abs(float(run[-1] - run[0])) / (2.0 * math.pi)
    count = math.floor(way)
    count += int(way - count >= (LAST_SHARE if count else WHOLE_SHARE))
    if count == 0:
        return []
    forward = np.abs(run - run[0]) / (2.0 * math.pi)
    rising = np.maximum.accumulate(forward)
    marks = [int(np.searchsorted(rising, k)) for k in range(count)]
    marks.append(min(int(np.searchsorted(rising, count)), len(run) - 1))
    x, y = xy
    turns = []
    for a, b in itertools.pairwise(marks):
        lo, hi = offset + begin + a, offset + begin + b
        size = float(np.ptp(x[lo : hi + 1])), float(np.ptp(y[lo : hi + 1]))
        if max(size) < least_rad:
            continue
        peak = lo + int(np.argmax(x[lo : hi + 1]))
        turns.append(
            Turn(
                float(path.time_s[lo]),
                float(path.time_s[peak]),
                float(path.time_s[hi]),
                max(size),
                bool(run[-1] > run[0]),
            )
        )
    return turns
