"""One placement's motion over a whole set."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensorhub.model.events import FloatArray
from sensorhub.model.placement import Placement
from sensorhub.model.samples import Gap


@dataclass(frozen=True, slots=True)
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

    def __len__(self) -> int:
        return len(self.time_s)
