"""Samples of one sensor to ticks of one segment: orientation at 25-50 Hz, gaps declared.

The ticks depend on the samples alone, not on how they were split into blocks: groups of samples
are counted from the start of a timeline, the filter is sequential, and everything else is plain
arithmetic element by element (no sums whose order could differ, no vectorised transcendentals).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sensorhub.model.events import FloatArray
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement
from sensorhub.model.samples import Gap, SampleBlock
from sensorhub.motion.gaps import interpolate, samples_to_bridge
from sensorhub.motion.inclination import CentredInclination
from sensorhub.motion.orientation import OrientationFilter, VqfFilter
from sensorhub.motion.stretch import Stretch, group_mean, joined

TICK_RATE_HZ = 25.0
"""At least this many ticks a second (unless the sensor is slower), fewer than twice as many."""

SETTLE_S = 2.0
"""The first stretch of a timeline, judged as a whole before its ticks are given out."""

INCLINED_WORK_S = 0.2
"""Without a gyroscope ticks wait for later samples anyway: they are made several at a time."""

_SAME_CLOCK_S = 1e-7
"""Blocks of one timeline whose stamps agree this well are on one and the same grid."""


@dataclass(slots=True)
class _Pending:
    """Samples that wait for more of them."""

    acc: list[FloatArray] = field(default_factory=list)
    gyr: list[FloatArray] = field(default_factory=list)
    count: int = 0


class MotionTracker:
    """One sensor's motion, for as long as it streams.

    Args:
        placement: where the sensor is worn; blocks of other placements are refused (ValueError).
        work_s: samples are collected for so long before the filter runs; where nobody waits for
            the ticks, a longer time is cheaper. The ticks are the same.
        tick_rate_hz: at least so many ticks a second, unless the sensor is slower.
    """

    def __init__(
        self, placement: Placement, *, work_s: float = 0.0, tick_rate_hz: float = TICK_RATE_HZ
    ) -> None:
        self._placement = placement
        self._tick_rate_hz = tick_rate_hz
        self._work_s = work_s
        self._worthwhile = self._settling = 1
        self._at_once = False  # the filter runs as soon as samples complete a tick
        self._collecting = False  # many blocks are coming: the filter waits for all of them
        self._bias_radps: FloatArray | None = None  # known beforehand
        self.nothing = _nothing(placement)
        """What is given out, as this very object, while there is nothing to tell."""
        self._period_s = 0.0
        self._group = 1
        self._has_gyroscope = True
        self._filter: OrientationFilter | None = None
        self._stretch = Stretch(placement, group=1, tick_s=1.0)
        self._inclination = CentredInclination(half_width=1)
        self._settled = False
        self._pending = _Pending()
        self._last: SampleBlock | None = None
        self._anchor_s = 0.0
        self._anchor_count = 0
        self._open = 0  # samples of the group that is not complete, the pending ones included
        self._times_s: list[float] = []  # of all groups' middle samples that are no tick yet
        self._done: list[MotionBlock] = []
        self._gaps: list[Gap] = []
        self._clipped = False

    def push(self, block: SampleBlock) -> MotionBlock:
        """Take in consecutive samples; the ticks they complete (often none)."""
        if block.placement is not self._placement:
            raise ValueError(f"samples of {block.placement} given to the {self._placement} tracker")
        if len(block.acc_mps2) == 0:
            return self.nothing if self._collecting else self._collect()
        if self._at_once and not self._collecting:
            motion = self._heard_at_once(block)
            if motion is not None:
                return motion
        self._continue_or_restart(block)
        if block.clipped:
            self._clipped = True
        self._append(block.start_s, block.acc_mps2, block.gyr_radps)
        self._last = block
        if self._collecting:
            return self.nothing
        if self._pending.count >= self._worthwhile:
            self._work()
        elif not (self._done or self._gaps or self._clipped):
            return self.nothing  # nearly always, where nobody waits for the ticks
        return self._collect()

    def push_all(self, blocks: Sequence[SampleBlock]) -> MotionBlock:
        """The same for many blocks at once, the filter run once: much cheaper, the same ticks."""
        self._collecting = True
        for block in blocks:
            self.push(block)
        self._collecting = False
        self._work()
        return self._collect()

    def anew(self) -> "MotionTracker":
        """Another tracker of this sensor, without any motion yet; it knows the gyroscope's bias."""
        other = MotionTracker(self._placement, work_s=self._work_s, tick_rate_hz=self._tick_rate_hz)
        other._bias_radps = self._bias_radps if self._filter is None else self._filter.bias_radps()
        return other

    def flush(self) -> MotionBlock:
        """The ticks still held back, at the end of a recording or before a pause."""
        self._drain()
        return self._collect()

    def _continue_or_restart(self, block: SampleBlock) -> None:
        """Bridge what is missing before the block, or begin a new timeline."""
        has_gyroscope = block.gyr_radps is not None
        same = self._period_s == block.period_s and self._has_gyroscope == has_gyroscope
        gap, last = block.gap_before, self._last
        if same and gap is None and last is not None:
            return  # nearly always
        missing: int | None = 0
        if gap is not None:
            self._gaps.append(gap)
            missing = samples_to_bridge(gap, period_s=block.period_s)
        if not same or missing is None or last is None:
            self._restart(block)
        elif missing:
            bridge_acc = interpolate(last.acc_mps2[-1], block.acc_mps2[0], count=missing)
            bridge_gyr = None
            if last.gyr_radps is not None and block.gyr_radps is not None:
                bridge_gyr = interpolate(last.gyr_radps[-1], block.gyr_radps[0], count=missing)
            self._append(block.start_s - missing * block.period_s, bridge_acc, bridge_gyr)

    def _restart(self, block: SampleBlock) -> None:
        self._drain()
        bias = self._bias_radps
        if self._filter is not None and block.gyr_radps is not None:
            bias = self._filter.bias_radps()
        self._period_s = block.period_s
        self._has_gyroscope = block.gyr_radps is not None
        self._group = max(1, int(1.0 / (self._tick_rate_hz * block.period_s) + 1e-6))
        self._filter = VqfFilter(block.period_s, bias_radps=bias) if self._has_gyroscope else None
        tick_s = self._group * block.period_s
        self._stretch = Stretch(self._placement, group=self._group, tick_s=tick_s)
        self._inclination = CentredInclination.for_tick(tick_s)
        self._settled = False
        work_s = self._work_s if self._has_gyroscope else max(self._work_s, INCLINED_WORK_S)
        self._worthwhile = max(1, int(work_s / block.period_s))
        self._at_once = False
        self._settling = self._whole_groups(int(SETTLE_S / block.period_s))
        self._pending = _Pending()
        self._anchor_s = block.start_s
        self._anchor_count = 0
        self._open = 0
        self._times_s = []

    def _heard_at_once(self, block: SampleBlock) -> MotionBlock | None:
        """The ticks of a block that goes on where the last one ended, as nearly every one does.

        None where it does not, or completes no tick: then nothing has been done.
        """
        acc, gyr = block.acc_mps2, block.gyr_radps
        count = len(acc)
        if (
            block.gap_before is not None
            or block.clipped
            or gyr is None
            or block.period_s != self._period_s
            or self._pending.count
            or self._open + count < self._group
        ):
            return None
        self._last = block
        times_s = self._take_times(self._count_in(block.start_s, count))
        assert self._filter is not None  # there is a gyroscope
        found = self._filter.update(acc, gyr)
        stretch = self._stretch if not self._stretch.is_full else self._next_stretch()
        return stretch.hear(acc, gyr, found, times_s)

    def _count_in(self, start_s: float, count: int) -> int:
        """Place samples on the timeline; return how many ticks they complete."""
        group, period_s, anchor_s = self._group, self._period_s, self._anchor_s
        first = self._anchor_count
        if not -_SAME_CLOCK_S <= start_s - (anchor_s + first * period_s) <= _SAME_CLOCK_S:
            self._anchor_s, anchor_s, first = start_s, start_s, 0
        end = self._anchor_count = first + count
        middle = first + (group // 2 - self._open) % group
        while middle < end:
            self._times_s.append(anchor_s + middle * period_s)
            middle += group
        ticks, self._open = divmod(self._open + count, group)
        return ticks

    def _take_times(self, ticks: int) -> list[float]:
        """The times of the next ticks; the others stay."""
        times_s = self._times_s
        if len(times_s) == ticks:
            self._times_s = []
            return times_s
        self._times_s = times_s[ticks:]
        return times_s[:ticks]

    def _next_stretch(self) -> Stretch:
        """Where the next samples go."""
        if self._stretch.is_full:
            self._stretch = self._stretch.successor()
        return self._stretch

    def _append(self, start_s: float, acc: FloatArray, gyr: FloatArray | None) -> None:
        count, pending = len(acc), self._pending
        self._count_in(start_s, count)
        pending.acc.append(acc)
        if gyr is not None:
            pending.gyr.append(gyr)
        pending.count += count

    def _work(self) -> None:
        """Turn pending samples into ticks, as far as waiting for more cannot improve them."""
        if self._filter is None:
            if self._pending.count >= max(self._worthwhile, self._group):
                self._incline()
            return
        if not self._settled:
            if self._pending.count < self._settling:
                return
            self._filter_pending(self._settling)
        count = self._pending.count
        # What completes no tick may as well wait: sensors that send single samples are many.
        if count >= self._worthwhile and self._stretch.open_count + count >= self._group:
            self._filter_pending(count)

    def _drain(self) -> None:
        """All that is pending, ready or not (the rest of an unfinished group gives no tick)."""
        self._work()  # what waited only because more was coming
        if self._filter is None:
            if self._pending.count >= self._group:
                self._incline()
            if self._last is not None:
                self._emit_inclined(*self._inclination.flush())
            return
        if not self._settled and self._pending.count >= self._group:
            self._filter_pending(self._whole_groups(self._pending.count))
        if self._settled and self._pending.count:
            self._filter_pending(self._pending.count)

    def _whole_groups(self, count: int) -> int:
        return max(1, count // self._group) * self._group

    def _take(self, count: int) -> tuple[FloatArray, FloatArray | None]:
        """The first ``count`` pending samples; the others stay."""
        pending = self._pending
        acc, gyr = joined(pending.acc), joined(pending.gyr) if pending.gyr else None
        rest = pending.count - count
        self._pending = _Pending()
        if rest:
            self._pending.acc = [acc[count:]]
            self._pending.gyr = [] if gyr is None else [gyr[count:]]
            self._pending.count = rest
            acc, gyr = acc[:count], None if gyr is None else gyr[:count]
        return acc, gyr

    def _filter_pending(self, count: int) -> None:
        """Run the filter over the first pending samples."""
        acc, gyr = self._take(count)
        assert gyr is not None  # only asked where there is a gyroscope
        self._filter_on(acc, gyr)
        self._at_once = not self._work_s

    def _filter_on(self, acc: FloatArray, gyr: FloatArray) -> None:
        """Run the filter over the next samples, and give out the ticks they complete."""
        sensor = self._filter
        assert sensor is not None  # only asked where there is a gyroscope
        acc, gyr = np.ascontiguousarray(acc), np.ascontiguousarray(gyr)
        found = sensor.update(acc, gyr) if self._settled else sensor.settle(acc, gyr)
        self._settled = True
        stretch = self._next_stretch()
        ticks = (stretch.open_count + len(acc)) // self._group
        times_s = self._take_times(ticks)
        if not self._work_s:
            fresh = stretch.hear(acc, gyr, found, times_s)
        else:
            stretch.add(acc, gyr, found, times_s)
            fresh = stretch.latest(ticks)
        if ticks:
            self._done.append(fresh)

    def _incline(self) -> None:
        """Ticks of a sensor without gyroscope."""
        count = self._whole_groups(self._pending.count)
        acc, _ = self._take(count)
        ticks = count // self._group
        times_s = np.array(self._take_times(ticks))
        self._emit_inclined(*self._inclination.push(times_s, group_mean(acc, self._group)))

    def _emit_inclined(self, time_s: FloatArray, acc: FloatArray, up: FloatArray) -> None:
        settled = np.ones(len(time_s), dtype=bool)
        self._done.append(MotionBlock(self._placement, time_s, up, None, acc, None, settled))

    def _collect(self) -> MotionBlock:
        """What is finished, as one block."""
        done = self._done
        if not self._gaps and not self._clipped:
            if not done:
                return self.nothing
            if len(done) == 1:
                self._done = []
                return done[0]
        done, self._done = done or [self.nothing], []
        gaps, self._gaps = tuple(self._gaps), []
        clipped, self._clipped = self._clipped, False
        rates = [b.rate_radps for b in done if b.rate_radps is not None]
        quats = [b.orientation for b in done if b.orientation is not None]
        if len(rates) != len(done):  # a sensor that lost its gyroscope between two timelines
            rates, quats = [], []
        return MotionBlock(
            self._placement,
            np.concatenate([b.time_s for b in done]),
            np.concatenate([b.up for b in done]),
            np.concatenate(rates) if rates else None,
            np.concatenate([b.acc_mps2 for b in done]),
            np.concatenate(quats) if quats else None,
            np.concatenate([b.settled for b in done]),
            gaps,
            clipped,
            max(b.averaged for b in done),
        )


def _nothing(placement: Placement) -> MotionBlock:
    none = np.zeros((0, 3))
    return MotionBlock(placement, np.zeros(0), none, None, none, None, np.zeros(0, dtype=bool))
