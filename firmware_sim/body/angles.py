"""The body's true angles, as a laboratory would report them."""

import numpy as np

from firmware_sim.body.rotations import Array
from firmware_sim.body.skeleton import Channel, segment, up_in


def thigh_elevation(up: Array) -> Array:
    """Angle of the thigh to gravity in the thigh's own sagittal plane, rad, (n,).

    ``up`` (3, n) is the vertical in thigh coordinates. 0 hanging, positive flexed, +-pi on the way
    past the horizontal to pointing up; continuous through +-90 degrees and unwrapped beyond.
    """
    return np.unwrap(np.arctan2(up[0], up[1]))


def body_angles(values: Array, base: Array, *, side: str) -> dict[str, Array]:
    """Angles of one leg in rad, each (n,): elevation of the thigh and the hip's three (ISB)."""
    flexion = Channel.LEFT_FLEXION if side == "left" else Channel.RIGHT_FLEXION
    up = up_in(segment(f"thigh_{side}", values, base)[0])
    return {
        "thigh_elevation": thigh_elevation(up),
        "thigh_inclination": np.arccos(np.clip(up[1], -1.0, 1.0)),
        "hip_flexion": values[flexion].copy(),
        "hip_adduction": values[flexion + 1].copy(),
        "hip_rotation": values[flexion + 2].copy(),
    }
