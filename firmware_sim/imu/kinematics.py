"""From where a sensor is to what an ideal IMU there would feel."""

import numpy as np

from firmware_sim.body.rotations import Array, conjugate, multiply, rotate, to_rotation_vector

GRAVITY_MPS2 = np.array([[0.0], [0.0], [9.80665]])


def felt(
    orientation: Array, position_m: Array, *, dt_s: float, jolt_mps2: Array | float = 0.0
) -> tuple[Array, Array]:
    """Specific force (3, n-2) m/s2 and angular rate (3, n-2) rad/s in the sensor frame.

    From consecutive sensor orientations (4, n), sensor to earth, and positions (3, n) in earth,
    ``dt_s`` apart, for all but the first and last. The second difference of the sensor's own
    position contains every lever-arm term (centripetal and tangential); ``jolt_mps2`` (3, n-2) is
    acceleration too short for the positions to show.
    """
    moved = position_m[:, 2:] - 2.0 * position_m[:, 1:-1] + position_m[:, :-2]
    acceleration = moved / (dt_s * dt_s) + jolt_mps2
    inward = conjugate(orientation[:, 1:-1])
    force = rotate(inward, acceleration + GRAVITY_MPS2)
    turned = multiply(conjugate(orientation[:, :-2]), orientation[:, 2:])
    # over two intervals, centred: the mean rate to second order, in the frame of the middle
    return force, to_rotation_vector(turned) / (2.0 * dt_s)
