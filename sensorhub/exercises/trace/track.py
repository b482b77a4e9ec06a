"""One placement's motion over a whole set."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sensorhub.model.events import FloatArray
from sensorhub.model.placement import Placement
from sensorhub.model.samples import Gap


@dataclass(frozen=True)
class Track:
    """All ticks of one placement in a set, as columns (see ``MotionBlock``)."""

    placement: Placement
    time_s: FloatArray
    up: FloatArray
    rate_radps: FloatArray | None
    acc_mps2: FloatArray
    orientation: FloatArray | None
    settled: NDArray[np.bool_]
    gaps: tuple[Gap, ...]
    clipped: bool
    averaged: int = 1

    def __len__(self) -> int:
        return len(self.time_s)

    @cached_property
    def tick_s(self) -> float:
        """The usual time between ticks; 0.04 where there are fewer than two."""
        steps = self.time_s[1:] - self.time_s[:-1]
        return float(np.median(steps)) if len(steps) else 0.04
