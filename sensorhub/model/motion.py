"""What the motion stage hands to the detectors: orientation at a steady tick.

Columns, not objects: a block is a handful of arrays, because a set is judged as a whole when it
ends. ``heard`` gives what live code listens to, and ``ticks`` everything, one instant at a time in
plain floats, for code that walks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorhub.model.events import FloatArray
from sensorhub.model.often import made_often
from sensorhub.model.placement import Placement
from sensorhub.model.samples import Gap

Vec3 = tuple[float, float, float]
Quat = tuple[float, float, float, float]


class MotionTick(NamedTuple):
    """The motion of one segment at one instant. A named tuple: it is made 25 times a second.

    Attributes:
        time_s: hub clock live, the recording's clock offline.
        up: unit vector against gravity, sensor frame: where a resting accelerometer points.
        rate_radps: angular rate, sensor frame, rest bias removed; None without gyroscope.
        acc_mps2: specific force, sensor frame, averaged over the tick.
        orientation: unit quaternion w x y z, sensor to an earth frame with z up whose heading is
            arbitrary and drifts; None without gyroscope.
        settled: False while the orientation cannot be trusted (start-up, after a long gap).
    """

    time_s: float
    up: Vec3
    rate_radps: Vec3 | None
    acc_mps2: Vec3
    orientation: Quat | None
    settled: bool = True


class Heard(NamedTuple):
    """Ticks as live code listens to them: plain floats, ready before any column is.

    Attributes:
        time_s: as in :class:`MotionTick`.
        up: as there.
    """

    time_s: list[float]
    up: list[Vec3]


@made_often
@dataclass(frozen=True, slots=True)
class MotionBlock:
    """Consecutive ticks of one segment, 25-50 a second (fewer only if the sensor itself is slower).

    Attributes:
        time_s: shape (n,), ascending; n may be zero.
        up: shape (n, 3), see :class:`MotionTick`, as all that follow.
        rate_radps: shape (n, 3), or None without gyroscope.
        acc_mps2: shape (n, 3).
        orientation: shape (n, 4), or None without gyroscope.
        settled: shape (n,), bool.
        gaps: data missing before or between these ticks; what was bridged (at most 0.2 s) is
            reported here as well.
        clipped: at least one value sat at the end of the sensor's range.
        averaged: of how many samples each tick's rate and acceleration are the mean.
    """

    placement: Placement
    time_s: FloatArray
    up: FloatArray
    rate_radps: FloatArray | None
    acc_mps2: FloatArray
    orientation: FloatArray | None
    settled: NDArray[np.bool_]
    gaps: tuple[Gap, ...] = ()
    clipped: bool = False
    averaged: int = 1

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def first_s(self) -> float:
        """Time of the first tick; there must be one."""
        return float(self.time_s[0])

    @property
    def last_s(self) -> float:
        """Time of the last tick; there must be one."""
        return float(self.time_s[-1])

    @property
    def has_gyroscope(self) -> bool:
        """Whether ``rate_radps`` is known."""
        return self.rate_radps is not None

    @property
    def heard(self) -> Heard:
        """The ticks as live code listens to them."""
        ups: list[Vec3] = self.up.tolist()
        return Heard(self.time_s.tolist(), ups)

    def heard_every(self, step: int, *, first: int) -> list[tuple[float, Vec3]]:
        """Time and up of every ``step``-th tick from ``first`` on, as ``heard`` has them."""
        ups: list[Vec3] = self.up[first::step].tolist()
        return list(zip(self.time_s[first::step].tolist(), ups, strict=True))

    @property
    def turning_radps(self) -> list[float]:
        """How fast the segment turns at each tick, about whatever axis.

        Without gyroscope 0, as "up" alone does not tell; infinite where nothing is settled.
        """
        turning = np.zeros(len(self.time_s))
        if self.rate_radps is not None:
            turning = np.sqrt((self.rate_radps * self.rate_radps).sum(axis=1))
        turning[~self.settled] = np.inf
        found: list[float] = turning.tolist()
        return found

    def part(self, first: int, stop: int, *, gaps: tuple[Gap, ...]) -> "MotionBlock":
        """The ticks ``[first, stop)`` with these gaps."""
        rows = slice(first, stop)
        return MotionBlock(
            self.placement,
            self.time_s[rows],
            self.up[rows],
            None if self.rate_radps is None else self.rate_radps[rows],
            self.acc_mps2[rows],
            None if self.orientation is None else self.orientation[rows],
            self.settled[rows],
            gaps,
            self.clipped and stop > first,
            self.averaged,
        )

    @classmethod
    def from_ticks(
        cls,
        placement: Placement,
        ticks: Sequence[MotionTick],
        *,
        gaps: tuple[Gap, ...] = (),
        clipped: bool = False,
    ) -> "MotionBlock":
        """The same ticks as columns. All or none of the ticks have a gyroscope."""
        rates = [t.rate_radps for t in ticks if t.rate_radps is not None]
        quats = [t.orientation for t in ticks if t.orientation is not None]
        return cls(
            placement,
            np.array([t.time_s for t in ticks], dtype=float),
            np.array([t.up for t in ticks], dtype=float).reshape(-1, 3),
            np.array(rates, dtype=float).reshape(-1, 3) if rates else None,
            np.array([t.acc_mps2 for t in ticks], dtype=float).reshape(-1, 3),
            np.array(quats, dtype=float).reshape(-1, 4) if quats else None,
            np.array([t.settled for t in ticks], dtype=bool),
            gaps,
            clipped,
        )

    @property
    def ticks(self) -> tuple[MotionTick, ...]:
        """The ticks one by one, made anew at every call."""
        n = len(self.time_s)
        none = [None] * n
        rates = none if self.rate_radps is None else map(tuple, self.rate_radps.tolist())
        quats = none if self.orientation is None else map(tuple, self.orientation.tolist())
        return tuple(
            map(
                MotionTick,
                self.time_s.tolist(),
                map(tuple, self.up.tolist()),
                rates,
                map(tuple, self.acc_mps2.tolist()),
                quats,
                self.settled.tolist(),
            )
        )
