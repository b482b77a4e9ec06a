"""Samples of one sensor to ticks of one segment: orientation at 25-50 Hz, gaps declared.

The ticks depend on the samples alone, not on how they were split into blocks: groups of samples
are counted from the start of a timeline, the filter is sequential, and everything else is plain
arithmetic element by element (no sums whose order could differ, no vectorised transcendentals).
"""

from dataclasses import dataclass

import numpy as np

from sensorhub.model.events import FloatArray
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement
from sensorhub.model.samples import Gap, SampleBlock
from sensorhub.motion.gaps import interpolate, samples_to_bridge
from sensorhub.motion.inclination import CentredInclination
from sensorhub.motion.orientation import OrientationFilter, VqfFilter, up_in_sensor

TICK_RATE_HZ = 25.0
"""At least this many ticks a second (unless the sensor is slower), fewer than twice as many."""

SETTLE_S = 2.0
"""The first stretch of a timeline, judged as a whole before its ticks are given out."""

WORK_S = 0.2
"""Samples are collected for this long before the filter runs: half the cost, unheard by anyone."""

_SAME_CLOCK_S = 1e-7
"""Blocks of one timeline whose stamps agree this well are on one and the same grid."""


@dataclass(slots=True)
class _Pending:
    """Samples not yet turned into ticks; the first one starts a group.

    Attributes:
        grid: runs of samples on one time grid: its origin, the first sample's number, how many.
    """

    grid: list[tuple[float, int, int]]
    acc: list[FloatArray]
    gyr: list[FloatArray]
    count: int = 0


class MotionTracker:
    """One sensor's motion, for as long as it streams.

    Args:
        placement: where the sensor is worn; blocks of other placements are refused (ValueError).
        work_s: samples are collected for so long before the filter runs; where nobody waits for
            the ticks, a longer time is cheaper. The ticks are the same.
    """

    def __init__(self, placement: Placement, *, work_s: float = WORK_S) -> None:
        self._placement = placement
        self._work_s = work_s
        self._worthwhile = self._settling = 1
        self._nothing = _nothing(placement)
        self._period_s = 0.0
        self._group = 1
        self._has_gyroscope = True
        self._filter: OrientationFilter | None = None
        self._inclination = CentredInclination(half_width=1)
        self._settled = False
        self._pending = _Pending([], [], [])
        self._last: tuple[FloatArray, FloatArray | None] | None = None
        self._anchor_s = 0.0
        self._anchor_count = 0
        self._done: list[MotionBlock] = []
        self._gaps: list[Gap] = []
        self._clipped = False

    def push(self, block: SampleBlock) -> MotionBlock:
        """Take in consecutive samples; the ticks they complete (often none)."""
        if block.placement is not self._placement:
            raise ValueError(f"samples of {block.placement} given to the {self._placement} tracker")
        if len(block) == 0:
            return self._collect()
        self._continue_or_restart(block)
        self._clipped |= block.clipped
        self._append(block.start_s, block.acc_mps2, block.gyr_radps)
        self._last = (
            block.acc_mps2[-1],
            None if block.gyr_radps is None else block.gyr_radps[-1],
        )
        self._work()
        return self._collect()

    def flush(self) -> MotionBlock:
        """The ticks still held back, at the end of a recording or before a pause."""
        self._drain()
        return self._collect()

    def _continue_or_restart(self, block: SampleBlock) -> None:
        """Bridge what is missing before the block, or begin a new timeline."""
        has_gyroscope = block.gyr_radps is not None
        same = self._period_s == block.period_s and self._has_gyroscope == has_gyroscope
        gap = block.gap_before
        if gap is not None:
            self._gaps.append(gap)
        missing = 0 if gap is None else samples_to_bridge(gap, period_s=block.period_s)
        if not same or missing is None or self._last is None:
            self._restart(block)
        elif missing:
            acc, gyr = self._last
            bridge_acc = interpolate(acc, block.acc_mps2[0], count=missing)
            bridge_gyr = None
            if gyr is not None and block.gyr_radps is not None:
                bridge_gyr = interpolate(gyr, block.gyr_radps[0], count=missing)
            self._append(block.start_s - missing * block.period_s, bridge_acc, bridge_gyr)

    def _restart(self, block: SampleBlock) -> None:
        self._drain()
        bias = None
        if self._filter is not None and block.gyr_radps is not None:
            bias = self._filter.bias_radps()
        self._period_s = block.period_s
        self._has_gyroscope = block.gyr_radps is not None
        self._group = max(1, int(1.0 / (TICK_RATE_HZ * block.period_s) + 1e-6))
        self._filter = VqfFilter(block.period_s, bias_radps=bias) if self._has_gyroscope else None
        tick_s = self._group * block.period_s
        self._inclination = CentredInclination.for_tick(tick_s)
        self._settled = False
        self._worthwhile = max(self._group, int(self._work_s / block.period_s))
        self._settling = self._whole_groups(int(SETTLE_S / block.period_s))
        self._pending = _Pending([], [], [])
        self._anchor_s = block.start_s
        self._anchor_count = 0

    def _append(self, start_s: float, acc: FloatArray, gyr: FloatArray | None) -> None:
        pending, count = self._pending, len(acc)
        due_s = self._anchor_s + self._anchor_count * self._period_s
        if abs(start_s - due_s) > _SAME_CLOCK_S:
            self._anchor_s, self._anchor_count = start_s, 0
        pending.grid.append((self._anchor_s, self._anchor_count, count))
        self._anchor_count += count
        pending.acc.append(acc)
        if gyr is not None:
            pending.gyr.append(gyr)
        pending.count += count

    def _work(self) -> None:
        """Turn pending samples into ticks, as far as waiting for more cannot improve them."""
        if not self._settled and self._filter is not None:
            if self._pending.count < self._settling:
                return
            self._run(self._settling)
        if self._pending.count >= self._worthwhile:
            self._run(self._whole_groups(self._pending.count))

    def _drain(self) -> None:
        """All that is pending, ready or not (the rest of an unfinished group is dropped)."""
        if self._pending.count >= self._group:
            self._run(self._whole_groups(self._pending.count))
        if self._filter is None and self._last is not None:
            self._emit_inclined(*self._inclination.flush())

    def _whole_groups(self, count: int) -> int:
        return max(self._group, count - count % self._group)

    def _run(self, count: int) -> None:
        """Exactly ``count`` pending samples, whole groups, to ticks."""
        pending, group = self._pending, self._group
        acc = _joined(pending.acc)
        gyr = _joined(pending.gyr) if pending.gyr else None
        tick_s = self._tick_times_s(pending.grid, count)
        rest = pending.count - count
        self._pending = _Pending([], [], [])
        if rest:
            left = _Pending(_last_of(pending.grid, rest), [acc[count:]], [], rest)
            left.gyr = [] if gyr is None else [gyr[count:]]
            self._pending = left
        middle = slice(group // 2, count, group)
        if self._filter is None or gyr is None:
            self._emit_inclined(*self._inclination.push(tick_s, _group_mean(acc[:count], group)))
            return
        feed = self._filter.update if self._settled else self._filter.settle
        found = feed(np.ascontiguousarray(acc[:count]), np.ascontiguousarray(gyr[:count]))
        self._settled = True
        quat = found.quat[middle]
        means = _group_mean(np.concatenate((acc[:count], gyr[:count]), axis=1), group)
        rate = means[:, 3:] - found.bias_radps[middle]
        self._emit(tick_s, up_in_sensor(quat), rate, means[:, :3], quat)

    def _tick_times_s(self, grid: list[tuple[float, int, int]], count: int) -> FloatArray:
        """Times of the middle samples of the first ``count`` samples' groups."""
        group, period_s = self._group, self._period_s
        if len(grid) == 1:
            origin_s, first, _ = grid[0]
            index = np.arange(first + group // 2, first + count, group, dtype=np.float64)
            return origin_s + index * period_s
        every = [
            origin_s + np.arange(first, first + n, dtype=np.float64) * period_s
            for origin_s, first, n in _merged(grid)
        ]
        return _joined(every)[group // 2 : count : group]

    def _emit_inclined(self, time_s: FloatArray, acc: FloatArray, up: FloatArray) -> None:
        self._emit(time_s, up, None, acc, None)

    def _emit(
        self,
        time_s: FloatArray,
        up: FloatArray,
        rate: FloatArray | None,
        acc: FloatArray,
        quat: FloatArray | None,
    ) -> None:
        settled = np.ones(len(time_s), dtype=bool)
        self._done.append(MotionBlock(self._placement, time_s, up, rate, acc, quat, settled))

    def _collect(self) -> MotionBlock:
        """What is finished, as one block."""
        if not self._done and not self._gaps and not self._clipped:
            return self._nothing
        done, self._done = self._done or [self._nothing], []
        gaps, self._gaps = tuple(self._gaps), []
        clipped, self._clipped = self._clipped, False
        if len(done) == 1 and not gaps and not clipped:
            return done[0]
        rates = [b.rate_radps for b in done if b.rate_radps is not None]
        quats = [b.orientation for b in done if b.orientation is not None]
        if len(rates) != len(done):  # a sensor that lost its gyroscope between two timelines
            rates, quats = [], []
        return MotionBlock(
            self._placement,
            _joined([b.time_s for b in done]),
            _joined([b.up for b in done]),
            _joined(rates) if rates else None,
            _joined([b.acc_mps2 for b in done]),
            _joined(quats) if quats else None,
            np.concatenate([b.settled for b in done]),
            gaps,
            clipped,
        )


def _joined(parts: list[FloatArray]) -> FloatArray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _merged(grid: list[tuple[float, int, int]]) -> list[tuple[float, int, int]]:
    """Runs that follow each other on one grid, as one."""
    merged = grid[:1]
    for origin_s, first, n in grid[1:]:
        before_s, start, count = merged[-1]
        if before_s == origin_s and start + count == first:
            merged[-1] = (origin_s, start, count + n)
        else:
            merged.append((origin_s, first, n))
    return merged


def _last_of(grid: list[tuple[float, int, int]], count: int) -> list[tuple[float, int, int]]:
    """The runs of the last ``count`` samples."""
    kept: list[tuple[float, int, int]] = []
    for origin_s, first, n in reversed(grid):
        take = min(n, count)
        kept.append((origin_s, first + n - take, take))
        count -= take
        if not count:
            break
    return kept[::-1]


def _nothing(placement: Placement) -> MotionBlock:
    none = np.zeros((0, 3))
    return MotionBlock(placement, np.zeros(0), none, None, none, None, np.zeros(0, dtype=bool))


def _group_mean(values: FloatArray, group: int) -> FloatArray:
    """Mean of each group of rows."""
    if group == 1:
        return values
    total = values.reshape(-1, group, values.shape[1]).sum(axis=1)
    return np.asarray(total / group)
