"""Angles to gravity, signed and continuous past 90 degrees."""

import numpy as np

from sensorhub.model.events import FloatArray


def plane_angle_rad(up: FloatArray, *, start: FloatArray, toward: FloatArray) -> FloatArray:
    """The angle ``up`` (n, 3) has travelled from ``start`` (3,) in the plane with ``toward`` (3,).

    Both are unit vectors at right angles. The arc tangent of both components does not fold at 90
    degrees, where the arc sine of one of them does; the result is unwrapped over time.
    """
    along = up[:, 0] * toward[0] + up[:, 1] * toward[1] + up[:, 2] * toward[2]
    still = up[:, 0] * start[0] + up[:, 1] * start[1] + up[:, 2] * start[2]
    return np.unwrap(np.arctan2(along, still))
