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

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from calibration.alignment import Alignment, Method, with_forwards
from sensorhub.model.events import FloatArray
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement, Side
from sensorhub.motion.heading import main_lean, relative_heading_rad, turned_rad

SEEN_SHARE = math.sin(math.radians(45.0))
"""Gravity shows turning about an axis that is within 45 degrees of horizontal."""

TOGETHER_S = 0.1
"""Ticks of two sensors further apart than this are not of one moment."""

LYING_FORWARDS = {"supine": 1.0, "prone": -1.0}
"""Postures in which a segment's front faces up (or down) tell the heading by themselves."""


EXTENDING = ("quadruped", "half_kneeling")
"""Postures that hold the thigh upright, and from which it goes backwards."""

LEAST_LEAN_RAD = {"thigh": math.radians(6.0), "pelvis": math.radians(10.0)}
"""A segment that leaned less than this all the time did not show its sagittal plane: side to side
the pelvis lists by 5 degrees in walking."""


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
        thigh = _Segment.gather(self._blocks[self._thigh])
        if thigh is None:
            return HipTrack(np.zeros(0), np.zeros(0))
        alignment = self._with_heading(self._alignments[self._thigh], thigh.up, segment="thigh")
        if not alignment.heading_known:
            return HipTrack(thigh.time_s, np.full(len(thigh.time_s), math.nan))
        rotation = np.array(alignment.rotation)
        elevation_rad = _sagittal_rad(thigh.up @ rotation.T, thigh.time_s)
        track = HipTrack(thigh.time_s, elevation_rad)
        pelvis = _Segment.gather(self._blocks[Placement.PELVIS])
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
        return self._with_pelvis(track, thigh, rotation, pelvis, np.array(known.rotation))

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
        thigh: "_Segment",
        thigh_rotation: FloatArray,
        pelvis: "_Segment",
        pelvis_rotation: FloatArray,
    ) -> HipTrack:
        thigh_up, pelvis_up = thigh.up @ thigh_rotation.T, pelvis.up @ pelvis_rotation.T
        pelvis_rad = _sagittal_rad(pelvis_up, track.time_s)
        visible = (np.abs(thigh_up[:, 2]) < SEEN_SHARE) & (np.abs(pelvis_up[:, 2]) < SEEN_SHARE)
        flexion = np.where(visible, track.elevation_rad - pelvis_rad, np.nan)
        if thigh.orientation is None or pelvis.orientation is None:
            return replace(track, flexion_rad=flexion)
        adduction, rotation = np.full_like(flexion, np.nan), np.full_like(flexion, np.nan)
        mirror = -1.0 if self._left else 1.0
        for run in _runs(track.time_s, np.isfinite(pelvis.up[:, 0])):
            joint = _joint(
                track.time_s[run],
                _to_earth(thigh.orientation[run], thigh_rotation),
                _to_earth(pelvis.orientation[run], pelvis_rotation),
            )
            turned = np.arctan2(-joint[:, 0, 1], joint[:, 1, 1])
            # The same turn of the circle as the inclinations, where those are known.
            turns = np.round((flexion[run] - turned) / (2.0 * math.pi))
            turned = turned + 2.0 * math.pi * np.where(np.isfinite(turns), turns, 0.0)
            flexion[run] = np.where(visible[run], flexion[run], turned)
            adduction[run] = mirror * np.arcsin(np.clip(joint[:, 2, 1], -1.0, 1.0))
            rotation[run] = mirror * np.arctan2(-joint[:, 2, 0], joint[:, 2, 2])
        return replace(track, flexion_rad=flexion, adduction_rad=adduction, rotation_rad=rotation)


@dataclass(frozen=True, slots=True)
class _Segment:
    """One sensor's ticks as columns."""

    time_s: FloatArray
    up: FloatArray
    orientation: FloatArray | None

    @classmethod
    def gather(cls, blocks: Sequence[MotionBlock]) -> "_Segment | None":
        if not blocks:
            return None
        quats = [b.orientation for b in blocks if b.orientation is not None]
        return cls(
            np.concatenate([b.time_s for b in blocks]),
            np.concatenate([b.up for b in blocks]),
            np.concatenate(quats) if len(quats) == len(blocks) else None,
        )

    def at(self, time_s: FloatArray) -> "_Segment":
        """Between the two nearest ticks in time, straight; NaN where none is near."""
        right = np.clip(np.searchsorted(self.time_s, time_s), 1, max(1, len(self.time_s) - 1))
        left = right - 1
        if len(self.time_s) == 1:
            right = left
        before_s, after_s = self.time_s[left], self.time_s[right]
        early, late = np.abs(time_s - before_s), np.abs(after_s - time_s)
        near = np.minimum(early, late) <= TOGETHER_S
        span_s = np.where(after_s > before_s, after_s - before_s, 1.0)
        part = np.clip((time_s - before_s) / span_s, 0.0, 1.0)
        # At the edge of a gap only one of the two is of this moment.
        part = np.where(early > TOGETHER_S, 1.0, np.where(late > TOGETHER_S, 0.0, part))[:, None]
        up = _unit((1.0 - part) * self.up[left] + part * self.up[right])
        up[~near] = np.nan
        if self.orientation is None:
            return _Segment(time_s, up, None)
        one, two = self.orientation[left], self.orientation[right]
        two = np.where((one * two).sum(axis=1, keepdims=True) < 0.0, -two, two)
        return _Segment(time_s, up, _unit((1.0 - part) * one + part * two))


def _sagittal_rad(up: FloatArray, time_s: FloatArray) -> FloatArray:
    """The lean of ``up`` (segment frame) forwards, in -pi .. pi at first, then continuous.

    After a gap the turn of the circle is chosen anew: no joint goes round.
    """
    angle = np.arctan2(up[:, 0], up[:, 1])
    for run in _runs(time_s, np.isfinite(angle)):
        angle[run] = np.unwrap(angle[run])
    return angle


def _runs(time_s: FloatArray, known: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[slice]:
    """Stretches of known ticks without a hole."""
    breaks = np.flatnonzero(~known[1:] | ~known[:-1] | (np.diff(time_s) > 2.0 * TOGETHER_S)) + 1
    edges = [0, *breaks.tolist(), len(time_s)]
    runs = [slice(a, b) for a, b in itertools.pairwise(edges)]
    return [run for run in runs if run.stop > run.start and bool(known[run.start])]


def _to_earth(orientation: FloatArray, rotation: FloatArray) -> FloatArray:
    """Segment to earth, (n, 3, 3), from sensor-to-earth quaternions (n, 4)."""
    w, x, y, z = orientation.T
    sensor = np.empty((len(orientation), 3, 3))
    sensor[:, 0, 0] = 1.0 - 2.0 * (y * y + z * z)
    sensor[:, 0, 1] = 2.0 * (x * y - w * z)
    sensor[:, 0, 2] = 2.0 * (x * z + w * y)
    sensor[:, 1, 0] = 2.0 * (x * y + w * z)
    sensor[:, 1, 1] = 1.0 - 2.0 * (x * x + z * z)
    sensor[:, 1, 2] = 2.0 * (y * z - w * x)
    sensor[:, 2, 0] = 2.0 * (x * z - w * y)
    sensor[:, 2, 1] = 2.0 * (y * z + w * x)
    sensor[:, 2, 2] = 1.0 - 2.0 * (x * x + y * y)
    return np.asarray(sensor @ rotation.T)


def _joint(time_s: FloatArray, thigh: FloatArray, pelvis: FloatArray) -> FloatArray:
    """The thigh in the pelvis's frame, (n, 3, 3), the headings brought together."""
    heading = relative_heading_rad(thigh, pelvis, time_s)
    joint: FloatArray = np.einsum("nji,njk->nik", pelvis, turned_rad(thigh, heading))
    return joint


def _unit(rows: FloatArray) -> FloatArray:
    length = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
    out: FloatArray = rows / np.maximum(length, 1e-12)
    return out
