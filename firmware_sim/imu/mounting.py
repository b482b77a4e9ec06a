"""How a sensor sits on its segment: turned anyhow, off the bone, on soft tissue."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import signal

from firmware_sim.body.rotations import IDENTITY, Array, about, multiply, random_rotation
from firmware_sim.body.skeleton import Channel
from firmware_sim.fields import InputError

LEVER_M = {  # from the segment's joint (skeleton.segment), segment frame, usual places
    "thigh_right": (0.05, -0.22, 0.07),
    "thigh_left": (0.05, -0.22, -0.07),
    "pelvis": (-0.08, 0.05, 0.0),
    "belly": (0.13, 0.02, 0.0),
    "chest": (0.11, 0.28, 0.0),
}


@dataclass(frozen=True, slots=True)
class SoftTissue:
    """Skin and muscle between strap and bone, as gains on the joint's angles.

    The ranges are those of the literature's summary: 3-8 % of flexion, 10-30 % of the long-axis
    rotation, and a wobble of a lightly damped mass at 10-15 Hz.
    """

    flexion_gain: float = 0.05
    adduction_gain: float = 0.04
    rotation_gain: float = -0.2  # the skin stays behind the bone
    slide_m_per_rad: float = 0.012
    wobble_gain: float = 3.0
    wobble_hz: float = 12.0
    wobble_damping: float = 0.25


RIGID = SoftTissue(0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Mounting:
    """Where and how one sensor is worn.

    Attributes:
        rotation: sensor to segment, (4, 1).
        lever_m: (3, 1) from the segment's joint, segment frame.
        drift_radps: creeping of the strap, rotation vector rate in the segment frame, (3, 1).
        slip_rad, slip_s: a sudden turn of the strap at a time, rotation vector (3, 1).
    """

    rotation: Array
    lever_m: Array
    tissue: SoftTissue = SoftTissue()
    drift_radps: Array | None = None
    slip_rad: Array | None = None
    slip_s: float = 0.0


def mounting(
    placement: str,
    how: str,
    rng: np.random.Generator,
    *,
    tissue: SoftTissue | None = None,
    drift_deg_per_min: float = 0.0,
    slip_deg: float = 0.0,
    slip_s: float = 0.0,
) -> Mounting:
    """A mounting in words: ``identity``, ``random``, or ``x,y,z``: turns in degrees about the axes.

    ``tissue`` None draws a person's own. Drift is about the segment's left-right axis, where it
    disturbs most; slip is round the segment's long axis, as straps do.

    Raises:
        InputError: ``how`` is none of these.
    """
    drawn = random_rotation(rng)
    softness = rng.uniform(0.6, 1.5, 5)
    if how == "random":
        rotation = drawn
    elif how == "identity":
        rotation = IDENTITY
    else:
        rotation = _turned(how)
    lever = np.array(LEVER_M[placement]).reshape(3, 1)
    lever = lever + rng.uniform(-0.02, 0.02, (3, 1))
    usual = SoftTissue()
    own = SoftTissue(
        flexion_gain=usual.flexion_gain * softness[0],
        adduction_gain=usual.adduction_gain * softness[1],
        rotation_gain=usual.rotation_gain * softness[2],
        slide_m_per_rad=usual.slide_m_per_rad * softness[3],
        wobble_gain=usual.wobble_gain * softness[4],
        wobble_hz=usual.wobble_hz * float(rng.uniform(0.85, 1.25)),
    )
    drift = math.radians(drift_deg_per_min) / 60.0
    return Mounting(
        rotation=rotation,
        lever_m=lever,
        tissue=own if tissue is None else tissue,
        drift_radps=np.array([[0.0], [0.0], [drift]]) if drift else None,
        slip_rad=np.array([[0.0], [math.radians(slip_deg)], [0.0]]) if slip_deg else None,
        slip_s=slip_s,
    )


def joint_angles(placement: str, values: Array) -> Array:
    """The angles (3, n) that pull at the skin under the sensor: about Z, X and Y of the segment."""
    if placement == "thigh_right":
        return values[Channel.RIGHT_FLEXION : Channel.RIGHT_ROTATION + 1]
    if placement == "thigh_left":
        signs = np.array([[1.0], [-1.0], [-1.0]])
        return signs * values[Channel.LEFT_FLEXION : Channel.LEFT_ROTATION + 1]
    if placement == "pelvis":
        return values[Channel.TILT : Channel.AXIAL + 1]
    signs = np.array([[-1.0], [1.0], [1.0]])
    return signs * values[Channel.TRUNK_FLEXION : Channel.TRUNK_AXIAL + 1]


class Wobble:
    """A damped mass on skin: angle in, extra angle out; carries its state from block to block.

    The relative motion of a mass on a spring whose base turns by x obeys
    ``y'' + 2 d w y' + w^2 y = -x''``: a second-order high-pass with gain -1.
    """

    def __init__(self, tissue: SoftTissue, *, rate_hz: float) -> None:
        w, d = 2.0 * math.pi * tissue.wobble_hz, tissue.wobble_damping
        b, a = signal.bilinear([-1.0, 0.0, 0.0], [1.0, 2.0 * d * w, w * w], rate_hz)
        self._b, self._a, self._gain = b, a, tissue.wobble_gain
        self._state: Array | None = None

    def __call__(self, angles_rad: Array) -> Array:
        """Extra angles (3, n) for consecutive joint angles (3, n)."""
        if self._gain == 0.0:
            return np.zeros_like(angles_rad)
        if self._state is None:
            settled = signal.lfilter_zi(self._b, self._a)
            self._state = angles_rad[:, :1] * settled
        wobble, self._state = signal.lfilter(self._b, self._a, angles_rad, zi=self._state)
        return np.asarray(self._gain * wobble)


def _turned(how: str) -> Array:
    try:
        angles = [math.radians(float(word)) for word in how.split(",")]
    except ValueError:
        angles = []
    if len(angles) != 3 or not all(math.isfinite(a) for a in angles):
        raise InputError(
            f"a mounting is identity, random or three angles in degrees like 0,90,0, not {how!r}"
        )
    x, y, z = (about(axis, np.array([angle])) for axis, angle in enumerate(angles))
    return multiply(multiply(x, y), z)
