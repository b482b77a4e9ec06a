"""Thigh elevation, and with a pelvis sensor the hip joint's three angles.

Segment frames and joint angles after ISB (Wu 2002; Grood and Suntay 1983): X forwards, Y along the
segment towards the head, Z to the right for both legs;
``R_pelvis^T R_thigh = Rz(flexion) Rx(adduction) Ry(internal rotation)``, for the left leg the last
two negated. Flexion +, adduction +, internal rotation + for both legs; all relative to the standing
pose that the alignment was made in.

Which way a segment faces is measured (swings, poses), told by a lying posture, or learnt from a
movement that the exercise says is sagittal. Where none of these says it, the angles that need it
are absent, and so is rotation where it was only learnt: an error of the one is one of the other.

Flexion is the difference of two inclinations, so it does not drift; where a segment's axis to the
right stands upright (lying on the side) gravity says nothing about it and the gyroscopes' relative
orientation takes over. Adduction and rotation need a gyroscope on both, and the assumption that hip
and pelvis face the same way when the hip is near neutral, which in sitting it never is. Rotation
from a strap round the thigh is a trend only: skin and muscle take up to 20 degrees of it
(Fiorentino 2017).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from calibration.alignment import Alignment, Method, with_forwards
from sensorhub.model.events import FloatArray
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement, Side
from sensorhub.motion.facing import TOLD_BY_POSTURE, back_to_front, bears_weight, with_heading
from sensorhub.motion.joint import facing_of_pelvis
from sensorhub.motion.segment import SegmentMotion, joint_matrices, runs, sagittal_rad, to_earth

SEEN_SHARE = math.sin(math.radians(45.0))
"""Gravity shows turning about an axis that is within 45 degrees of horizontal."""

ELEVATION_SEEN_SHARE = math.sin(math.radians(60.0))
"""Beyond this the sagittal angle of one segment means nothing any more."""

ROW_S = 0.01
"""Rows of angles are at most this far apart (but for gaps)."""

MOVING_UPRIGHT = ("standing", "any")
"""Postures in which legs flex and extend, and the pelvis tilts either way."""

SURELY_FLEXION_RAD = math.radians(45.0)
"""No hip extends this far."""

CLEAR_FACING = 0.75
"""Agreement of thigh and pelvis accelerations in real lunges: 0.81 to 0.94, their facing within 6
degrees of what the lean says; in squats 0.3 to 0.8, and anything. Simulated, getting up from a seat
has 0.90 to 0.96."""

NEAR_FACING = math.cos(math.radians(40.0))

SURELY_SAGITTAL_RAD = math.radians(25.0)
"""No pelvis lists sideways this far on a leg that bends: such a lean shows the plane by itself."""

HALF_TURN = np.array([[-1.0], [1.0], [-1.0]])
"""A segment taken back to front is turned about its long axis."""


@dataclass(frozen=True, slots=True)
class HipTrack:
    """Angles over time, shape (n,) each; NaN where not known, None where never known.

    Attributes:
        elevation_rad: the thigh's angle to gravity in its sagittal plane, flexion +, continuous
            past 90 degrees, 0 in the pose of the alignment. Lying on the side has none.
        flexion_rad: of the hip, flexion +.
        adduction_rad: of the hip, adduction + for both legs.
        rotation_rad: of the hip, internal + for both legs.
        heading_told: both headings were measured, or told by the posture; learnt ones blur how far
            the leg goes sideways.
    """

    time_s: FloatArray
    elevation_rad: FloatArray
    flexion_rad: FloatArray | None = None
    adduction_rad: FloatArray | None = None
    rotation_rad: FloatArray | None = None
    heading_told: bool = False


class HipAngles:
    """Gathers the motion of one thigh (and the pelvis) over a set; angles at the end.

    Args:
        side: which leg; NONE: as the thigh's placement says. Where that does not say it either,
            what differs between left and right is absent.
        thigh: the placement of the thigh sensor.
        alignments: of the thigh and, for hip angles, of the pelvis. One whose heading is not known
            gets it from the movement.
        posture: in which the exercise starts: ``standing``, ``supine``, ``prone``, ``quadruped``...
        sagittal: the exercise moves the thigh in its sagittal plane.
        underneath: lying on the side, this leg is the lower one.

    Raises ValueError when there is no alignment of the thigh.
    """

    def __init__(
        self,
        *,
        side: Side,
        thigh: Placement,
        alignments: Mapping[Placement, Alignment],
        posture: str = "standing",
        sagittal: bool = True,
        underneath: bool = False,
    ) -> None:
        if thigh not in alignments:
            raise ValueError(f"no alignment of {thigh}")
        leg = thigh.side if side not in (Side.LEFT, Side.RIGHT) else side
        # The ISB's signs for the right leg; nobody knows them for a leg of no side.
        self._mirror = {Side.RIGHT: 1.0, Side.LEFT: -1.0}.get(leg)
        self._sagittal = sagittal
        self._underneath = underneath
        self._thigh = thigh
        self._alignments = dict(alignments)
        self._posture = posture
        self._blocks: dict[Placement, list[MotionBlock]] = {thigh: [], Placement.PELVIS: []}

    def push(self, block: MotionBlock) -> None:
        """Take in motion; placements other than the thigh's and the pelvis are passed by."""
        if block.placement in self._blocks and len(block):
            self._blocks[block.placement].append(block)

    def track(self, finer: Mapping[Placement, Sequence[MotionBlock]] | None = None) -> HipTrack:
        """The angles so far; the same however the motion was split.

        At the thigh's ticks, and straight between them every 10 ms or less: a joint that turns at
        200 degrees a second is 8 degrees further at the next tick, and readers take the next row.

        Args:
            finer: the same movement in ticks that are closer together: the angles are taken at
                these. Which way the segments face is still told by the ticks that were pushed.
        """
        thigh, pelvis = self._gathered(self._blocks)
        if thigh is None:
            return HipTrack(np.zeros(0), np.zeros(0))
        rotation, pelvis_rotation = self._facings(thigh, pelvis)
        if finer is not None:
            thigh, pelvis = self._gathered(finer)
            if thigh is None:
                return HipTrack(np.zeros(0), np.zeros(0))
        if rotation is None:
            return _finer(HipTrack(thigh.time_s, np.full(len(thigh.time_s), math.nan)))
        track = HipTrack(thigh.time_s, self._elevation_rad(thigh, rotation))
        if pelvis is None:
            return _finer(track)
        if pelvis_rotation is None:
            if self._posture == "sitting" or not self._sagittal:
                return _finer(track)
            # It stayed upright: whatever its heading, the hip's flexion is the thigh's.
            seen = np.isfinite(pelvis.up[:, 0])
            return _finer(replace(track, flexion_rad=np.where(seen, track.elevation_rad, math.nan)))
        return _finer(self._with_pelvis(track, thigh, rotation, pelvis, pelvis_rotation))

    def _gathered(
        self, blocks: Mapping[Placement, Sequence[MotionBlock]]
    ) -> tuple[SegmentMotion | None, SegmentMotion | None]:
        """Thigh, and pelvis at the thigh's ticks; None where nothing was seen, or not aligned."""
        thigh = SegmentMotion.gather(blocks.get(self._thigh, ()))
        pelvis = SegmentMotion.gather(blocks.get(Placement.PELVIS, ()))
        if thigh is None or pelvis is None or Placement.PELVIS not in self._alignments:
            return thigh, None
        pelvis = pelvis.at(thigh.time_s)
        return thigh, pelvis if np.isfinite(pelvis.up[:, 0]).any() else None

    def _facings(
        self, thigh: SegmentMotion, pelvis: SegmentMotion | None
    ) -> tuple[FloatArray | None, FloatArray | None]:
        """Sensor to segment of thigh and pelvis; None where the heading is not to be had."""
        rotation = self._rotation(self._thigh, thigh.up, segment="thigh")
        if rotation is None or pelvis is None:
            return rotation, None
        track = HipTrack(thigh.time_s, self._elevation_rad(thigh, rotation))
        seen = np.isfinite(pelvis.up[:, 0])
        pelvis_rotation = self._rotation(
            Placement.PELVIS, pelvis.up[seen], segment="pelvis", flexing=_flexes(track)
        )
        return self._faced(track, thigh, rotation, pelvis, pelvis_rotation)

    def _faced(
        self,
        track: HipTrack,
        thigh: SegmentMotion,
        rotation: FloatArray,
        pelvis: SegmentMotion,
        pelvis_rotation: FloatArray | None,
    ) -> tuple[FloatArray, FloatArray | None]:
        """Both rotations, turned back to front where physics says that they were taken so."""
        learnt = not self._alignments[Placement.PELVIS].heading_known
        if self._posture == "sitting" and learnt:
            # Slouching leans back as far as getting up leans forwards: only the thigh can tell.
            told = facing_of_pelvis(thigh, rotation, pelvis)
            if told is None or told.agreement < CLEAR_FACING or pelvis_rotation is None:
                return rotation, None
            return rotation, self._facing(pelvis, pelvis_rotation, told.forwards)
        if self._posture not in MOVING_UPRIGHT:
            return rotation, pelvis_rotation
        flexing = _flexes(track)
        told = facing_of_pelvis(thigh, rotation, pelvis) if learnt else None
        if told is not None and told.agreement > CLEAR_FACING:
            if pelvis_rotation is not None and not flexing:
                # People bend forwards: if the two do not agree, the thigh was taken wrongly.
                if float(pelvis_rotation[0] @ told.forwards) < 0.0:
                    return rotation * HALF_TURN, pelvis_rotation
                return rotation, pelvis_rotation
            found = self._facing(pelvis, pelvis_rotation, told.forwards)
            if found is not None:
                return rotation, found
        if pelvis_rotation is None:
            return rotation, None
        if flexing:
            # A leg that carries bends with the pelvis, a lifted one takes it backwards with it.
            wanted = -1.0 if bears_weight(track.elevation_rad, pelvis) else 1.0
            tilt_rad = sagittal_rad(pelvis.up @ pelvis_rotation.T, track.time_s)
            if learnt and wanted * _together(tilt_rad, track.elevation_rad) < 0.0:
                pelvis_rotation = pelvis_rotation * HALF_TURN
        elif not self._alignments[self._thigh].heading_known and back_to_front(
            thigh, rotation, pelvis, pelvis_rotation
        ):
            rotation = rotation * HALF_TURN
        return rotation, pelvis_rotation

    def _facing(
        self, pelvis: SegmentMotion, pelvis_rotation: FloatArray | None, forwards: FloatArray
    ) -> FloatArray | None:
        """The pelvis's rotation with that heading; its own lean is more exact where it is near.

        None where the lean is too far to be anything but sagittal, and contradicts the heading.
        """
        if pelvis_rotation is not None:
            along = float(pelvis_rotation[0] @ forwards)
            if abs(along) > NEAR_FACING:
                return pelvis_rotation if along > 0.0 else pelvis_rotation * HALF_TURN
            upright = pelvis.up @ self._alignments[Placement.PELVIS].long_axis
            if float(np.nanmin(upright)) < math.cos(SURELY_SAGITTAL_RAD):
                return None
        alignment = with_forwards(
            self._alignments[Placement.PELVIS],
            forwards,
            quality=0.5,
            method=Method.STANDING_AND_MOVEMENT,
        )
        return np.array(alignment.rotation)

    def _rotation(
        self, placement: Placement, up: FloatArray, *, segment: str, flexing: bool = False
    ) -> FloatArray | None:
        """Sensor to segment, shape (3, 3); None where the heading cannot be told."""
        known = with_heading(
            self._alignments[placement],
            up,
            segment=segment,
            posture=self._posture,
            outer_up_sign=self._outer_up_sign(),
            sagittal=self._sagittal,
            flexing=flexing,
        )
        return None if known is None else np.array(known.rotation)

    def _outer_up_sign(self) -> float | None:
        """Lying on the side: 1 where the right side of the body faces up."""
        if self._mirror is None:
            return None
        return -self._mirror if self._underneath else self._mirror

    def _elevation_rad(self, thigh: SegmentMotion, rotation: FloatArray) -> FloatArray:
        """Sagittal angle; NaN while the thigh's axis to the right is nearly upright."""
        if self._posture == "side_lying":
            return np.full(len(thigh.time_s), math.nan)
        up = thigh.up @ rotation.T
        shown = np.abs(up[:, 2]) < ELEVATION_SEEN_SHARE
        return sagittal_rad(np.where(shown[:, None], up, math.nan), thigh.time_s)

    def _told(self) -> bool:
        """Whether both headings are known by more than the movement itself."""
        worn = (self._alignments[self._thigh], self._alignments[Placement.PELVIS])
        return self._posture in TOLD_BY_POSTURE or all(a.heading_known for a in worn)

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
        visible &= self._posture != "side_lying"
        flexion = np.where(visible, track.elevation_rad - pelvis_rad, np.nan)
        if thigh.orientation is None or pelvis.orientation is None:
            return replace(track, flexion_rad=flexion)
        adduction, rotation = np.full_like(flexion, np.nan), np.full_like(flexion, np.nan)
        mirror = math.nan if self._mirror is None else self._mirror
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
        track = replace(track, flexion_rad=flexion)
        if self._mirror is None or (self._posture == "sitting" and not self._sagittal):
            return track
        told = self._told()
        return replace(
            track,
            adduction_rad=adduction,
            rotation_rad=rotation if told else None,
            heading_told=told,
        )


def _flexes(track: HipTrack) -> bool:
    """Whether the thigh goes so far that it can only be flexion."""
    known = track.elevation_rad[np.isfinite(track.elevation_rad)]
    return len(known) > 0 and float(np.percentile(known, 98.0)) > SURELY_FLEXION_RAD


def _together(one: FloatArray, other: FloatArray) -> float:
    """Covariance of two angles where both are known."""
    known = np.isfinite(one) & np.isfinite(other)
    if not known.any():
        return 0.0
    return float(np.mean((one[known] - one[known].mean()) * (other[known] - other[known].mean())))


def _finer(track: HipTrack) -> HipTrack:
    """Rows between the ticks, none in gaps; what is unknown at a tick is unknown up to it."""
    if len(track.time_s) < 2:
        return track
    step_s = float(np.median(np.diff(track.time_s)))
    parts = max(1, math.ceil(step_s / ROW_S - 1e-6))
    fine = []
    for run in runs(track.time_s, np.ones(len(track.time_s), dtype=bool)):
        ticks = np.arange(run.start, run.stop - 1)
        between = (ticks[:, None] + np.arange(parts) / parts).ravel()
        fine.append(np.append(between, run.stop - 1))
    where = np.concatenate(fine)
    whole = np.arange(len(track.time_s), dtype=np.float64)

    def at(values: FloatArray | None) -> FloatArray | None:
        return None if values is None else np.interp(where, whole, values)

    return HipTrack(
        np.interp(where, whole, track.time_s),
        np.interp(where, whole, track.elevation_rad),
        at(track.flexion_rad),
        at(track.adduction_rad),
        at(track.rotation_rad),
        track.heading_told,
    )
