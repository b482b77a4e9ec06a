"""The skeleton: named coordinates, and where each segment is for given coordinates.

Frames: earth is x forward, y left, z up. Segments follow ISB (Wu 2002): X anterior, Y proximal
(up when standing), Z to the person's right, for both sides. Hip angles are flexion, adduction and
internal rotation, positive for both legs.
"""

import enum
import math

import numpy as np

from firmware_sim.body.rotations import (
    Array,
    about,
    cardan_zxy,
    conjugate,
    multiply,
    rotate,
)


class Channel(enum.IntEnum):
    """The body's coordinates. Angles in rad, positions in m, the rest as said."""

    X = 0  # pelvis position in the room
    Y = 1
    Z = 2
    HEADING = 3  # about the vertical, positive to the left
    TILT = 4  # pelvis about its Z: positive leans back (posterior tilt)
    LIST = 5  # pelvis about its X: positive lowers the right side
    AXIAL = 6  # pelvis about its Y: positive turns to the left
    RIGHT_FLEXION = 7
    RIGHT_ADDUCTION = 8
    RIGHT_ROTATION = 9
    LEFT_FLEXION = 10
    LEFT_ADDUCTION = 11
    LEFT_ROTATION = 12
    TRUNK_FLEXION = 13  # chest against pelvis, positive bends forward
    TRUNK_SIDE = 14  # positive bends to the right
    TRUNK_AXIAL = 15  # positive turns to the left
    BELLY = 16  # the belly wall's pitch, positive breathed in
    SWAY = 17  # scale of the never-ending small movements, 1 = quiet standing
    JOLT_RIGHT = 18  # impact through the right leg, m/s2 upwards
    JOLT_LEFT = 19


CHANNELS = len(Channel)
ANGLES = slice(Channel.TILT, Channel.SWAY)
"""The channels that are joint angles."""
PLACEMENTS = ("thigh_right", "thigh_left", "pelvis", "belly", "chest")

STANDING: Array = np.array([[math.sqrt(0.5)], [math.sqrt(0.5)], [0.0], [0.0]])
"""Pelvis to earth when standing and facing x: X ahead, Y up, Z to the right (earth -y)."""

HIP_OFFSET_M = 0.09  # hip joint centre beside the mid-hip point
LUMBAR_M = np.array([[-0.03], [0.09], [0.0]])  # where the trunk bends, from mid-hip
BELLY_HEAVE_M_PER_RAD = 0.25  # the wall rises as it tips: 1 cm at 2.3 degrees

# Share of a leg's heel strike that reaches the segment.
_JOLT = {
    "thigh_right": (1.0, 0.35),
    "thigh_left": (0.35, 1.0),
    "pelvis": (0.55, 0.55),
    "belly": (0.45, 0.45),
    "chest": (0.35, 0.35),
}
_MIRRORED_PAIRS = (
    (Channel.RIGHT_FLEXION, Channel.LEFT_FLEXION),
    (Channel.RIGHT_ADDUCTION, Channel.LEFT_ADDUCTION),
    (Channel.RIGHT_ROTATION, Channel.LEFT_ROTATION),
    (Channel.JOLT_RIGHT, Channel.JOLT_LEFT),
)
_MIRRORED_SIGNS = (
    Channel.Y,
    Channel.HEADING,
    Channel.LIST,
    Channel.AXIAL,
    Channel.TRUNK_SIDE,
    Channel.TRUNK_AXIAL,
)


def mirror(values: Array) -> Array:
    """The same pose seen in a mirror: left and right legs exchanged. Shape (channels, ...)."""
    out = values.copy()
    for right, left in _MIRRORED_PAIRS:
        out[right], out[left] = values[left], values[right]
    for channel in _MIRRORED_SIGNS:
        out[channel] = -values[channel]
    return out


def mirror_base(base: Array) -> Array:
    """A pelvis base orientation (relative to standing) seen in the same mirror."""
    return np.asarray(base * np.array([[1.0], [-1.0], [-1.0], [1.0]]))


def pelvis_orientation(values: Array, base: Array) -> Array:
    """Pelvis to earth (4, n); ``base`` (4, n) turns the standing pelvis into the posture."""
    posture = multiply(STANDING, base)
    leaned = multiply(
        posture,
        cardan_zxy(values[Channel.TILT], values[Channel.LIST], values[Channel.AXIAL]),
    )
    heading = values[Channel.HEADING]
    if heading.any():
        return multiply(about(2, heading), leaned)
    return leaned


def hip_rotation(values: Array, *, left: bool) -> Array:
    """Thigh to pelvis (4, n)."""
    if left:
        return cardan_zxy(
            values[Channel.LEFT_FLEXION],
            -values[Channel.LEFT_ADDUCTION],
            -values[Channel.LEFT_ROTATION],
        )
    return cardan_zxy(
        values[Channel.RIGHT_FLEXION],
        values[Channel.RIGHT_ADDUCTION],
        values[Channel.RIGHT_ROTATION],
    )


def segment(placement: str, values: Array, base: Array) -> tuple[Array, Array, Array]:
    """Orientation to earth (4, n), joint origin in earth (3, n) m, jolt (3, n) m/s2 in earth.

    The origin is the hip joint for a thigh, mid-hip for the pelvis, the lumbar joint for belly
    and chest.
    """
    pelvis = pelvis_orientation(values, base)
    origin = values[Channel.X : Channel.Z + 1]
    right, left = _JOLT[placement]
    jolt = np.zeros_like(origin)
    jolt[2] = right * values[Channel.JOLT_RIGHT] + left * values[Channel.JOLT_LEFT]
    if placement == "pelvis":
        return pelvis, origin, jolt
    if placement.startswith("thigh_"):
        is_left = placement == "thigh_left"
        hip = np.array([[0.0], [0.0], [-HIP_OFFSET_M if is_left else HIP_OFFSET_M]])
        thigh = multiply(pelvis, hip_rotation(values, left=is_left))
        return thigh, origin + rotate(pelvis, hip), jolt
    origin = origin + rotate(pelvis, LUMBAR_M)
    bend = 0.5 if placement == "belly" else 1.0
    breath = values[Channel.BELLY] * (1.0 if placement == "belly" else 0.4)
    trunk = cardan_zxy(
        breath - bend * values[Channel.TRUNK_FLEXION],
        bend * values[Channel.TRUNK_SIDE],
        bend * values[Channel.TRUNK_AXIAL],
    )
    trunk = multiply(pelvis, trunk)
    heave = np.zeros_like(origin)
    heave[0] = BELLY_HEAVE_M_PER_RAD * breath
    return trunk, origin + rotate(trunk, heave), jolt


def up_in(orientation: Array) -> Array:
    """The upward vertical in segment coordinates, shape (3, n)."""
    return rotate(conjugate(orientation), np.array([[0.0], [0.0], [1.0]]))
