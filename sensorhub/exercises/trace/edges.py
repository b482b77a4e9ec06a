"""When a repetition truly begins, is held, and ends: from how fast the segment turns.

The valley between two repetitions lies anywhere in the rest between them. A repetition begins where
its burst of turning leaves rest and ends where the last one has come to rest; what is still
between the two bursts is the hold. Between repetitions without a rest it is the slowest moment.
"""

from dataclasses import dataclass

import numpy as np

from sensorhub.exercises.trace.cycles import Cycle
from sensorhub.exercises.trace.path import Path
from sensorhub.model.events import FloatArray
from sensorhub.model.often import made_often

REST_SHARE = 0.1
"""Slower than this share of the burst's fastest is rest: the foot of a minimum-jerk movement."""

LEAST_REST_RADPS = 0.052
"""3 degrees a second: breathing, swaying and a gyroscope's noise turn a limb at rest as fast."""

TOP_SHARE = 0.3
"""Within this share of its size below its peak a cycle is at its top."""

NEXT_SHARE = 0.75
"""Beyond the feet of a cycle, whatever rises again by a quarter of its size is not part of it."""

SHORTEST_HOLD_S = 0.25
"""A turning point that is no hold is this long below those speeds as well."""


@made_often
@dataclass(frozen=True, slots=True)
class Edges:
    """Times of one repetition.

    Attributes:
        hold_s: how long it stayed at the top, 0 where it was turned round at once.
        half_width_s: how long it was above half its height.
    """

    start_s: float
    peak_s: float
    end_s: float
    hold_s: float
    half_width_s: float


@dataclass(frozen=True, slots=True)
class _Ticks:
    """A set tick by tick in plain floats: what is looked at lies close by, as a rule.

    Attributes:
        rate_radps: how fast the movement's angle changes; ``speed_radps`` is the segment's turning.
    """

    time_s: list[float]
    angle_rad: list[float]
    rate_radps: list[float]
    speed_radps: list[float]

    @classmethod
    def of(cls, path: Path, angle_rad: FloatArray) -> "_Ticks":
        rate = np.abs(np.gradient(angle_rad)) / path.tick_s if len(angle_rad) > 1 else angle_rad
        return cls(
            path.time_s.tolist(), angle_rad.tolist(), rate.tolist(), path.speed_radps.tolist()
        )


def edges_of(path: Path, angle_rad: FloatArray, cycles: list[Cycle]) -> list[Edges]:
    """The true edges of cycles in order of time.

    Args:
        angle_rad: the movement's angle at every tick.
    """
    ticks = _Ticks.of(path, angle_rad)
    time_s, speed, rate = ticks.time_s, ticks.speed_radps, ticks.rate_radps
    bursts = [_bursts(ticks, c) for c in cycles]
    found = []
    for k, (cycle, (up, down)) in enumerate(zip(cycles, bursts, strict=True)):
        before = max(path.piece_of(up).start, bursts[k - 1][1] if k else 0)
        last = bursts[k + 1][0] if k + 1 < len(bursts) else len(path) - 1
        after = min(path.piece_of(down).stop - 1, last)
        high = ticks.angle_rad[cycle.peak] - NEXT_SHARE * cycle.size_rad
        before = _last_above(angle_rad, high, before, cycle.start)
        after = _first_above(angle_rad, high, cycle.end, after)
        start = _rest(path, time_s, speed, up, before, rate[up])
        end = _rest(path, time_s, speed, down, after, rate[down])
        arrive = _rest(path, time_s, rate, up, cycle.peak, rate[up])
        leave = _rest(path, time_s, rate, down, cycle.peak, rate[down])
        hold = max(0.0, leave - arrive)
        held = hold if hold >= SHORTEST_HOLD_S else 0.0
        found.append(Edges(start, time_s[cycle.peak], end, held, _half_width_s(ticks, cycle)))
    return found


def whole_cycles(
    path: Path, angle_rad: FloatArray, swings: list[tuple[int, int]]
) -> list[tuple[float, float]]:
    """Start and end of cycles that swing to both sides of the start pose.

    Such a cycle leaves the start pose, which lies about half way between its two ends, goes to one
    end and to the other, and comes back. Who does not rest in the start pose passes through it.

    Args:
        swings: of each cycle the tick of its peak and that of the other end after it.
    """
    ticks = _Ticks.of(path, angle_rad)
    found = []
    for k, (peak, low) in enumerate(swings):
        piece = path.piece_of(peak)
        first = max(piece.start, swings[k - 1][1] if k else 0)
        last = min(piece.stop - 1, swings[k + 1][0] if k + 1 < len(swings) else len(path) - 1)
        top, bottom = float(angle_rad[peak]), float(angle_rad[low])
        # The swing out is fastest a quarter below the peak, the swing back a quarter above the
        # other end; each begins or ends with the rest next to that moment.
        out = _last_below(angle_rad, top - 0.25 * (top - bottom), first, peak)
        back = _first_above(angle_rad, bottom + 0.25 * (top - bottom), low, last)
        found.append(
            (
                _start_pose_s(path, angle_rad, ticks, out, first, (bottom, top)),
                _start_pose_s(path, angle_rad, ticks, back, last, (bottom, top)),
            )
        )
    return found


def _start_pose_s(
    path: Path,
    angle: FloatArray,
    ticks: _Ticks,
    fast: int,
    limit: int,
    ends: tuple[float, float],
) -> float:
    """When the start pose was left for a swing, or reached by it: at rest there, or in passing."""
    fastest_radps = ticks.rate_radps[fast]
    moment_s = _rest(path, ticks.time_s, ticks.speed_radps, fast, limit, fastest_radps)
    middle, size = 0.5 * (ends[0] + ends[1]), ends[1] - ends[0]
    if abs(float(np.interp(moment_s, path.time_s, angle)) - middle) < 0.3 * size:
        return moment_s
    if limit > fast:
        return ticks.time_s[_first_above(angle, middle, fast, limit)]
    return ticks.time_s[_last_below(angle, middle, limit, fast)]


def _bursts(ticks: _Ticks, cycle: Cycle) -> tuple[int, int]:
    """The fastest moments of the first way up and of the last way down.

    First and last: at the top it may bounce.
    """
    angle, top, leave = ticks.angle_rad, cycle.start, cycle.end
    high = angle[cycle.peak] - TOP_SHARE * cycle.size_rad
    while angle[top] < high:
        top += 1
    while angle[leave] < high:
        leave -= 1
    return _fastest(ticks, cycle.start, top), _fastest(ticks, leave, cycle.end)


def _fastest(ticks: _Ticks, first: int, last: int) -> int:
    """The (first) tick in ``[first, last]`` at which the angle changes fastest."""
    rates = ticks.rate_radps[first : last + 1]
    return first + rates.index(max(rates))


def _half_width_s(ticks: _Ticks, cycle: Cycle) -> float:
    """How long the cycle was above half its height, without a break."""
    angle, first, last = ticks.angle_rad, cycle.peak, cycle.peak
    level = angle[cycle.peak] - 0.5 * cycle.size_rad
    while first > cycle.start and angle[first] > level:
        first -= 1
    while last < cycle.end and angle[last] > level:
        last += 1
    return ticks.time_s[last] - ticks.time_s[first]


def _last_above(angle: FloatArray, level: float, first: int, last: int) -> int:
    """The last tick in ``[first, last]`` above the level, else ``first``: another excursion."""
    above = (angle[first : last + 1] > level).nonzero()[0]
    return first + int(above[-1]) if len(above) else first


def _last_below(angle: FloatArray, level: float, first: int, last: int) -> int:
    """The last tick in ``[first, last]`` below the level, else ``first``."""
    below = (angle[first : last + 1] < level).nonzero()[0]
    return first + int(below[-1]) if len(below) else first


def _first_above(angle: FloatArray, level: float, first: int, last: int) -> int:
    """The first tick in ``[first, last]`` above the level, else ``last``."""
    above = (angle[first : last + 1] > level).nonzero()[0]
    return first + int(above[0]) if len(above) else last


def _rest(
    path: Path, time_s: list[float], speed: list[float], burst: int, limit: int, fastest: float
) -> float:
    """When rest is reached, going from the burst towards the limit; else the slowest moment.

    Where the data begin or end in full movement, their beginning or end.
    """
    threshold = max(LEAST_REST_RADPS, REST_SHARE * fastest)
    step = 1 if limit >= burst else -1
    k = burst
    while speed[k] > threshold:
        if k == limit:
            if any(limit in (p.start, p.stop - 1) for p in path.pieces):
                return time_s[limit]
            return time_s[min(range(burst, limit + step, step), key=speed.__getitem__)]
        k += step
    if k == burst:
        return time_s[burst]
    before, slow = speed[k - step], speed[k]
    share = (before - threshold) / max(1e-12, before - slow)
    return time_s[k - step] + share * (time_s[k] - time_s[k - step])
