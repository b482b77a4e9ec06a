"""Thigh elevation, and with a pelvis sensor the hip joint's three angles.

Segment frames and joint angles after ISB (Wu 2002; Grood and Suntay 1983): X forwards, Y along the
segment towards the head, Z to the right for both legs;
``R_pelvis^T R_thigh = Rz(flexion) Rx(adduction) Ry(internal rotation)``, for the left leg the last
two negated. Flexion +, adduction +, internal rotation + for both legs; all relative to the standing
pose that the alignment was made in.

Flexion is the difference of two inclinations, so it does not drift; where a segment's axis to the
right stands upright (lying on the side) gravity says nothing about it and the gyroscopes' relative
orientation takes over. Adduction and rotation need a gyroscope on both, and the assumption that hip
and pelvis face the same way when the hip is near neutral. Rotation from a strap round the thigh is
a trend only: skin and muscle take up to 20 degrees of it (Fiorentino 2017).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from calibration.alignment import Alignment, Method, with_forwards
from sensorhub.model.events import FloatArray
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement, Side
from sensorhub.motion.heading import forwards_agreement, main_lean
from sensorhub.motion.segment import SegmentMotion, joint_matrices, runs, sagittal_rad, to_earth

SEEN_SHARE = math.sin(math.radians(45.0))
"""Gravity shows turning about an axis that is within 45 degrees of horizontal."""

LYING_FORWARDS = {"supine": 1.0, "prone": -1.0}
"""Postures in which a segment's front faces up (or down) tell the heading by themselves."""


EXTENDING = ("quadruped", "half_kneeling")
"""Postures that hold the thigh upright, and from which it goes backwards."""

LEAST_LEAN_RAD = {"thigh": math.radians(6.0), "pelvis": math.radians(10.0)}
"""A segment that leaned less than this all the time did not show its sagittal plane: side to side
the pelvis lists by 5 degrees in walking."""


SURELY_FLEXION_RAD = math.radians(45.0)

CLEAR_AGREEMENT = 0.3
"""Correlation of thigh and pelvis accelerations in lunges: 0.4 for the front leg, -0.6 for a rear
leg that was taken back to front; squats show none (0.0 to -0.3)."""


@dataclass(frozen=True, slots=True)
class HipTrack:
    """Angles over time, shape (n,) each; NaN where not known, None where never known.

    Attributes:
        elevation_rad: the thigh's angle to gravity in its sagittal plane, flexion +, continuous
            past 90 degrees, 0 in the pose of the alignment.
        flexion_rad: of the hip, flexion +.
        adduction_rad: of the hip, adduction + for both legs.
        rotation_rad: of the hip, internal + for both legs.
    """

    time_s: FloatArray
    elevation_rad: FloatArray
    flexion_rad: FloatArray | None = None
    adduction_rad: FloatArray | None = None
    rotation_rad: FloatArray | None = None


class HipAngles:
    """Gathers the motion of one thigh (and the pelvis) over a set; angles at the end.

    Args:
        side: which leg; NONE: as the thigh's placement says, else taken as right.
        thigh: the placement of the thigh sensor.
        alignments: of the thigh and, for hip angles, of the pelvis. One whose heading is not known
            gets it from the movement.
        posture: in which the exercise starts: ``standing``, ``supine``, ``prone``, ``quadruped``...

    Raises ValueError when there is no alignment of the thigh.
    """

    def __init__(
        self,
        *,
        side: Side,
        thigh: Placement,
        alignments: Mapping[Placement, Alignment],
        posture: str = "standing",
    ) -> None:
        if thigh not in alignments:
            raise ValueError(f"no alignment of {thigh}")
        self._left = (thigh.side if side not in (Side.LEFT, Side.RIGHT) else side) is Side.LEFT
        self._thigh = thigh
        self._alignments = dict(alignments)
        self._posture = posture
        self._blocks: dict[Placement, list[MotionBlock]] = {thigh: [], Placement.PELVIS: []}

    def push(self, block: MotionBlock) -> None:
        """Take in motion; placements other than the thigh's and the pelvis are passed by."""
        if block.placement in self._blocks and len(block):
            self._blocks[block.placement].append(block)

    def track(self) -> HipTrack:
        """The angles so far, at the thigh's ticks; the same however the motion was split."""
        thigh = SegmentMotion.gather(self._blocks[self._thigh])
        if thigh is None:
            return HipTrack(np.zeros(0), np.zeros(0))
        alignment = self._with_heading(self._alignments[self._thigh], thigh.up, segment="thigh")
        if not alignment.heading_known:
            return HipTrack(thigh.time_s, np.full(len(thigh.time_s), math.nan))
        rotation = np.array(alignment.rotation)
        elevation_rad = sagittal_rad(thigh.up @ rotation.T, thigh.time_s)
        track = HipTrack(thigh.time_s, elevation_rad)
        pelvis = SegmentMotion.gather(self._blocks[Placement.PELVIS])
        known = self._alignments.get(Placement.PELVIS)
        if pelvis is None or known is None:
            return track
        pelvis = pelvis.at(thigh.time_s)
        seen = np.isfinite(pelvis.up[:, 0])
        if not seen.any():
            return track
        known = self._with_heading(known, pelvis.up[seen], segment="pelvis")
        if not known.heading_known:
            # It stayed upright: whatever its heading, the hip's flexion is the thigh's.
            return replace(track, flexion_rad=np.where(seen, elevation_rad, math.nan))
        pelvis_rotation = np.array(known.rotation)
        learnt = not self._alignments[self._thigh].heading_known
        if learnt and _back_to_front(track, thigh, rotation, pelvis, pelvis_rotation):
            rotation = rotation * np.array([[-1.0], [1.0], [-1.0]])
            elevation_rad = sagittal_rad(thigh.up @ rotation.T, thigh.time_s)
            track = HipTrack(thigh.time_s, elevation_rad)
        return self._with_pelvis(track, thigh, rotation, pelvis, pelvis_rotation)

    def _with_heading(self, alignment: Alignment, up: FloatArray, *, segment: str) -> Alignment:
        """A heading for an alignment without: from the posture, or the movement if it shows."""
        if alignment.heading_known:
            return alignment
        quality, lying = 0.5, LYING_FORWARDS.get(self._posture)
        if lying is not None:
            forwards = lying * up.mean(axis=0)
        elif self._posture == "side_lying":
            # The leg that moves is the upper one: its outer side faces up.
            right = up.mean(axis=0) * (-1.0 if self._left else 1.0)
            forwards = np.cross(alignment.long_axis, right)
        else:
            seen = main_lean(up, long_axis=alignment.long_axis)
            if seen is None or seen.furthest_rad < LEAST_LEAN_RAD[segment]:
                return alignment
            # Up moves to the front of a flexing thigh, to the back of a pelvis bending forwards.
            extends = segment == "thigh" and self._posture in EXTENDING
            to_front = segment == "thigh" and not extends
            forwards, quality = (1.0 if to_front else -1.0) * seen.lean_axis, seen.share
        return with_forwards(
            alignment, forwards, quality=quality, method=Method.STANDING_AND_MOVEMENT
        )

    def _with_pelvis(
        self,
        track: HipTrack,
        thigh: SegmentMotion,
        thigh_rotation: FloatArray,
        pelvis: SegmentMotion,
        pelvis_rotation: FloatArray,
    ) -> HipTrack:
        thigh_up, pelvis_up = thigh.up @ thigh_rotation.T, pelvis.up @ pelvis_rotation.T
        pelvis_rad = sagittal_rad(pelvis_up, track.time_s)
        visible = (np.abs(thigh_up[:, 2]) < SEEN_SHARE) & (np.abs(pelvis_up[:, 2]) < SEEN_SHARE)
        flexion = np.where(visible, track.elevation_rad - pelvis_rad, np.nan)
        if thigh.orientation is None or pelvis.orientation is None:
            return replace(track, flexion_rad=flexion)
        adduction, rotation = np.full_like(flexion, np.nan), np.full_like(flexion, np.nan)
        mirror = -1.0 if self._left else 1.0
        for run in runs(track.time_s, np.isfinite(pelvis.up[:, 0])):
            joint = joint_matrices(
                track.time_s[run],
                to_earth(thigh.orientation[run], thigh_rotation),
                to_earth(pelvis.orientation[run], pelvis_rotation),
            )
            turned = np.arctan2(-joint[:, 0, 1], joint[:, 1, 1])
            # The same turn of the circle as the inclinations, where those are known.
            turns = np.round((flexion[run] - turned) / (2.0 * math.pi))
            turned = turned + 2.0 * math.pi * np.where(np.isfinite(turns), turns, 0.0)
            flexion[run] = np.where(visible[run], flexion[run], turned)
            adduction[run] = mirror * np.arcsin(np.clip(joint[:, 2, 1], -1.0, 1.0))
            rotation[run] = mirror * np.arctan2(-joint[:, 2, 0], joint[:, 2, 2])
        return replace(track, flexion_rad=flexion, adduction_rad=adduction, rotation_rad=rotation)


def _back_to_front(
    track: HipTrack,
    thigh: SegmentMotion,
    thigh_rotation: FloatArray,
    pelvis: SegmentMotion,
    pelvis_rotation: FloatArray,
) -> bool:
    """Was a thigh's lean backwards taken for flexion? What it shares with the pelvis tells.

    Asked only where the lean itself leaves it open: no hip extends by 45 degrees.
    """
    if thigh.orientation is None or pelvis.orientation is None:
        return False
    if float(np.percentile(track.elevation_rad, 98.0)) > SURELY_FLEXION_RAD:
        return False
    agreed, weight = 0.0, 0
    for run in runs(track.time_s, np.isfinite(pelvis.up[:, 0])):
        agreement = forwards_agreement(
            to_earth(thigh.orientation[run], thigh_rotation),
            thigh.acc_mps2[run] @ thigh_rotation.T,
            to_earth(pelvis.orientation[run], pelvis_rotation),
            pelvis.acc_mps2[run] @ pelvis_rotation.T,
        )
        agreed += agreement * (run.stop - run.start)
        weight += run.stop - run.start
    return weight > 0 and agreed / weight < -CLEAR_AGREEMENT
