"""Filtered samples on their way to ticks: live code hears them at once, columns are made later.

To make a column of three ticks costs nearly as much as one of three hundred, and nobody looks at
columns while a set runs. So a stretch keeps what the filter gave as it came, the blocks that are
handed out merely say which of its ticks are theirs, and whoever asks the first of them for a column
makes those of all that have come so far.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorhub.model.events import FloatArray
from sensorhub.model.motion import Heard, MotionBlock, Vec3
from sensorhub.model.placement import Placement
from sensorhub.motion.orientation import Orientations, up_in_sensor

LONGEST_TICKS = 512
"""After so many ticks (10 to 20 s) another stretch begins: what is asked for stays small."""


_WIDTHS = (3, 3, 4, 3)
"""Numbers of an acceleration, a rate, an orientation and a bias."""


class Columns(NamedTuple):
    """Ticks as columns, see :class:`~sensorhub.model.motion.MotionBlock`."""

    time_s: FloatArray
    up: FloatArray
    rate_radps: FloatArray
    acc_mps2: FloatArray
    orientation: FloatArray


class Stretch:
    """Consecutive samples of a sensor with a gyroscope; every ``group`` of them make one tick.

    A tick is its group's middle sample in orientation and bias, and the mean of all in acceleration
    and rate. Which samples came together changes nothing.
    """

    def __init__(self, placement: Placement, *, group: int, tick_s: float) -> None:
        self.placement = placement
        self.group, self.tick_s = group, tick_s
        # Acceleration, rate, orientation and bias from the first sample of the first tick that is
        # in no column yet: large portions as they came, small ones that are heard as bytes, one
        # behind the other. Hundreds of small arrays would cost more to keep than to copy.
        self._portions: list[tuple[FloatArray, ...]] = []
        self._heard = tuple(bytearray() for _ in _WIDTHS)
        self._open = 0  # samples of the group that is not complete
        self._time_s: list[float] = []
        self._made: Columns | None = None
        self._waiting: list[list[float]] = []  # the open group's middle orientation, once it is in
        self._before: list[float] | None = None  # the orientation of the last tick heard
        self.is_full = False
        """Whether what comes should go into another stretch."""

    def __len__(self) -> int:
        return len(self._time_s)

    @property
    def open_count(self) -> int:
        """Samples of the group that is not complete."""
        return self._open

    def successor(self) -> "Stretch":
        """An empty stretch that goes on where this one ends: the open group is passed on."""
        self.columns()
        after = Stretch(self.placement, group=self.group, tick_s=self.tick_s)
        after._portions, self._portions = self._portions, []
        after._heard, self._heard = self._heard, after._heard
        after._open, after._waiting = self._open, self._waiting
        after._before = self._before
        return after

    def add(
        self,
        acc_mps2: FloatArray,
        gyr_radps: FloatArray,
        found: Orientations,
        times_s: Sequence[float],
    ) -> None:
        """Take samples the filter has seen.

        Args:
            times_s: of the ticks they complete.
        """
        self._portions.append((acc_mps2, gyr_radps, *found))
        self._time_s += times_s
        self.is_full = len(self._time_s) >= LONGEST_TICKS
        self._open = (self._open + len(acc_mps2)) % self.group

    def latest(self, count: int) -> MotionBlock:
        """The last ``count`` ticks, their columns to be made when somebody asks for them."""
        stop = len(self._time_s)
        return LateMotion(self, stop - count, stop)

    def hear(
        self,
        acc_mps2: FloatArray,
        gyr_radps: FloatArray,
        found: Orientations,
        times_s: list[float],
    ) -> MotionBlock:
        """Take samples as ``add`` does; the ticks they complete, to be heard at once.

        Called for every portion or for none: the orientation of the open group's middle, once it
        has come, waits for the rest of its group.
        """
        group, open_count, ticks = self.group, self._open, self._time_s
        quat, bias = found
        middles: list[list[float]] = quat[(group // 2 - open_count) % group :: group].tolist()
        if self._waiting:
            middles = self._waiting + middles
        count, start, before = len(times_s), len(ticks), self._before
        self._waiting = middles[count:]
        if count:
            self._before = middles[count - 1]
        # An array is a buffer of bytes: this appends its values as they lie in memory.
        accs, gyrs, quats, biases = self._heard
        accs.extend(acc_mps2)
        gyrs.extend(gyr_radps)
        quats.extend(quat)
        biases.extend(bias)
        ticks += times_s
        stop = start + count
        if stop >= LONGEST_TICKS:
            self.is_full = True
        self._open = (open_count + len(acc_mps2)) % group
        return FreshMotion(self, start, stop, times_s, middles, before)

    def time_at(self, tick: int) -> float:
        """Time of one tick."""
        return self._time_s[tick]

    def columns(self) -> Columns:
        """All ticks that are complete."""
        made = self._made
        done = 0 if made is None else len(made.time_s)
        if made is None or done < len(self._time_s):
            more = self._columns_from(done)
            made = self._made = (
                more
                if made is None
                else Columns(*map(np.concatenate, zip(made, more, strict=True)))
            )
        return made

    def _columns_from(self, done: int) -> Columns:
        group = self.group
        whole = (len(self._time_s) - done) * group
        acc, gyr, quat, bias = self._take(whole)
        middle = slice(group // 2, whole, group)
        return Columns(
            np.array(self._time_s[done:]),
            up_in_sensor(quat[middle]),
            group_mean(gyr[:whole], group) - bias[middle],
            group_mean(acc[:whole], group),
            quat[middle],
        )

    def _take(self, whole: int) -> list[FloatArray]:
        """What is kept, of which the first ``whole`` samples need be kept no longer."""
        if self._portions:
            every = [joined(parts) for parts in zip(*self._portions, strict=True)]
            self._portions = [tuple(values[whole:] for values in every)]
            return every
        # The bytes are the arrays' now: what comes is written behind a copy of the rest.
        every = [
            np.frombuffer(values).reshape(-1, width)
            for values, width in zip(self._heard, _WIDTHS, strict=True)
        ]
        self._heard = tuple(
            values[8 * width * whole :] for values, width in zip(self._heard, _WIDTHS, strict=True)
        )
        return every


class LateMotion(MotionBlock):
    """Ticks ``[first, stop)`` of a stretch. A :class:`MotionBlock` whose columns come late."""

    __slots__ = ("first", "stop", "stretch")
    stretch: Stretch
    first: int
    stop: int
    gaps = ()
    clipped = False

    def __init__(self, stretch: Stretch, first: int, stop: int) -> None:
        self.placement = stretch.placement  # type: ignore[misc] # frozen like its parent
        self.stretch = stretch
        self.first, self.stop = first, stop

    def __len__(self) -> int:
        return self.stop - self.first

    @property
    def first_s(self) -> float:
        """See :class:`MotionBlock`, as all that follow."""
        return self.stretch.time_at(self.first)

    @property
    def last_s(self) -> float:
        return self.stretch.time_at(self.stop - 1)

    @property
    def has_gyroscope(self) -> bool:
        return True

    @property
    def time_s(self) -> FloatArray:
        return self.stretch.columns().time_s[self.first : self.stop]

    @property
    def up(self) -> FloatArray:
        return self.stretch.columns().up[self.first : self.stop]

    @property
    def rate_radps(self) -> FloatArray:
        return self.stretch.columns().rate_radps[self.first : self.stop]

    @property
    def acc_mps2(self) -> FloatArray:
        return self.stretch.columns().acc_mps2[self.first : self.stop]

    @property
    def averaged(self) -> int:
        return self.stretch.group

    @property
    def orientation(self) -> FloatArray:
        return self.stretch.columns().orientation[self.first : self.stop]

    @property
    def settled(self) -> NDArray[np.bool_]:
        return np.ones(len(self), dtype=bool)

    def grow(self, other: MotionBlock) -> bool:
        """Take in the ticks that follow in the same stretch; False where others follow.

        Only for whoever made this block (see :func:`growing`): blocks that were handed out stay as
        they are. No column need be made for it.
        """
        if not isinstance(other, LateMotion):
            return False
        if other.stretch is not self.stretch or other.first != self.stop:
            return False
        self.stop = other.stop
        return True

    def copy(self) -> "LateMotion":
        """The same ticks, their columns to be made when somebody asks for them."""
        return LateMotion(self.stretch, self.first, self.stop)


class FreshMotion(LateMotion):
    """Ticks that are heard before they have any columns.

    Args:
        times_s: of the ticks.
        orientations: of the ticks, and perhaps of more that are not complete.
        before: the orientation of the tick before, None at the very first.
    """

    __slots__ = ("_before", "_orientations", "_times_s")

    def __init__(
        self,
        stretch: Stretch,
        first: int,
        stop: int,
        times_s: list[float],
        orientations: list[list[float]],
        before: list[float] | None,
    ) -> None:
        self.placement = stretch.placement  # type: ignore[misc] # frozen like its parent
        self.stretch = stretch
        self.first, self.stop = first, stop
        self._times_s, self._orientations, self._before = times_s, orientations, before

    @property
    def heard(self) -> Heard:
        times_s = self._times_s
        return Heard(times_s, [_up(quat) for quat in self._orientations[: len(times_s)]])

    def heard_every(self, step: int, *, first: int) -> list[tuple[float, Vec3]]:
        times_s, quats = self._times_s, self._orientations
        found = []
        for k in range(first, len(times_s), step):
            found.append((times_s[k], _up(quats[k])))  # noqa: PERF401 - of one or two it is quicker
        return found

    @property
    def turning_radps(self) -> list[float]:
        """From one tick's orientation to the next one's; 0 at the very first."""
        before = self._before
        turning = []
        for one in self._orientations[: len(self)]:
            turned_rad = 0.0 if before is None else _turned_rad(before, one)
            turning.append(turned_rad / self.stretch.tick_s)
            before = one
        return turning


def growing(block: MotionBlock) -> LateMotion | None:
    """The same ticks as a block of the caller's own that can grow; None: their columns are made."""
    return block.copy() if isinstance(block, LateMotion) else None


def group_mean(values: FloatArray, group: int) -> FloatArray:
    """Mean of each group of rows, shape (n, 3); n is a multiple of the group."""
    if group == 1:
        return values
    # Sample by sample, column by column: numpy's sum over a short axis takes five times as long.
    columns = np.ascontiguousarray(values.T)
    total = columns[:, ::group] + columns[:, 1::group]
    for k in range(2, group):
        total += columns[:, k::group]
    return np.ascontiguousarray((total / group).T)


def joined(parts: Sequence[FloatArray]) -> FloatArray:
    """Arrays of shape (n, m), C-contiguous, one below the other."""
    if len(parts) == 1:
        return parts[0]
    # As bytes: for hundreds of small arrays numpy's own way takes three times as long.
    every = bytearray().join(parts)  # type: ignore[arg-type] # an array is a buffer
    return np.frombuffer(every).reshape(-1, parts[0].shape[1])


def _up(quat: list[float]) -> Vec3:
    """The earth's z axis as ``up_in_sensor`` has it, to the same last bit."""
    w, x, y, z = quat
    return 2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)


def _turned_rad(before: list[float], after: list[float]) -> float:
    """The (small) angle between two orientations: twice the chord between their quaternions."""
    chord = math.dist(before, after)
    # A quaternion and its negative are one orientation.
    return 2.0 * chord if chord < 1.0 else 2.0 * math.sqrt(max(0.0, 4.0 - chord * chord))
