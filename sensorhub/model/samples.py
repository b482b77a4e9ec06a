"""Consecutive samples on the hub's clock, and the gaps between them."""

from dataclasses import dataclass

from sensorhub.model.events import FloatArray
from sensorhub.model.often import made_often
from sensorhub.model.placement import Placement


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch ``[start_s, end_s)`` that never arrived. Kept as data to the end."""

    placement: Placement
    start_s: float
    end_s: float
    reason: str = "lost"

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


@made_often
@dataclass(frozen=True, slots=True)
class SampleBlock:
    """Consecutive, equally spaced samples of one IMU; a block never spans a gap.

    Attributes:
        placement: where the sensor is worn.
        start_s: time of the first sample: hub clock live, the recording's own clock offline.
        period_s: time between samples, the same for a whole stream.
        acc_mps2: shape (n, 3), C-contiguous, specific force in the sensor frame.
        gyr_radps: shape (n, 3), C-contiguous, angular rate, sensor frame, or None (no gyroscope).
        gap_before: what is missing between the previous block of this placement and this one.
        clipped: at least one value sits at the end of the sensor's range.
        backfilled: arrived late, from the device's memory.
    """

    placement: Placement
    start_s: float
    period_s: float
    acc_mps2: FloatArray
    gyr_radps: FloatArray | None
    gap_before: Gap | None = None
    clipped: bool = False
    backfilled: bool = False

    def __len__(self) -> int:
        return len(self.acc_mps2)

    @property
    def end_s(self) -> float:
        """Time at which the sample after the last would be due."""
        return self.start_s + len(self.acc_mps2) * self.period_s
