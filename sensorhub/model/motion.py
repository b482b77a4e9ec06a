"""What the motion stage hands to the detectors: orientation at a steady tick, in plain floats."""

from dataclasses import dataclass

from sensorhub.model.placement import Placement
from sensorhub.model.samples import Gap

Vec3 = tuple[float, float, float]
Quat = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class MotionTick:
    """The motion of one segment at one instant. Ticks come at 20-50 Hz whatever the sensor's rate.

    Attributes:
        time_s: hub clock live, the recording's clock offline.
        up: unit vector against gravity, sensor frame (what an ideal resting accelerometer points at).
        rate_radps: angular rate, sensor frame, rest bias removed; None without gyroscope.
        acc_mps2: specific force, sensor frame, low-passed against aliasing.
        orientation: unit quaternion w x y z, sensor to an earth frame with z up whose heading is
            arbitrary and drifts; None without gyroscope.
        settled: False until the orientation can be trusted (start-up, after a long gap).
    """

    time_s: float
    up: Vec3
    rate_radps: Vec3 | None
    acc_mps2: Vec3
    orientation: Quat | None
    settled: bool = True


@dataclass(frozen=True, slots=True)
class MotionBlock:
    """Consecutive ticks of one segment.

    ``gap_before`` is set where data is missing between the previous block and this one; what the
    motion stage bridged (at most 0.2 s) is still reported here.
    """

    placement: Placement
    ticks: tuple[MotionTick, ...]
    gap_before: Gap | None = None
    clipped: bool = False
