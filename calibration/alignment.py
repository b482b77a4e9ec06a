"""How a sensor sits on its segment: from poses, from swings, or from both.

Segment frame (ISB, Wu 2002): X forwards, Y along the segment towards the head, Z to the person's
right, for both legs. ``rotation @ v_sensor = v_segment``. Flexing the thigh, and tilting the pelvis
backwards, are turns about +Z.
"""

import enum
import json
import math
from dataclasses import dataclass

import numpy as np

from calibration.errors import CalibrationError
from calibration.reading import Matrix, number, table, text, vectors
from calibration.vectors import FloatArray, across, angle_rad, as_rows, unit

FORMAT = "sensorhub-alignment"
VERSION = 1

LEAST_STILL_S = 1.0
STILL_MPS2 = 0.3
"""Standard deviation of the noisiest axis: people sway, phones are noisy."""
STILL_RADPS = math.radians(8.0)
GRAVITY_MPS2 = 9.81
GRAVITY_TOLERANCE_SHARE = 0.06
"""A worn, uncalibrated sensor may be off by 60 mg; more is not standing still."""

GOOD_SWING_SHARE = 0.85
LEAST_SWING_SHARE = 0.7
"""Part of all turning that follows one axis; marching and squats reach 0.89 to 0.98."""
LEAST_SWING_RADPS = math.radians(20.0)

LARGEST_POSE_ERROR_RAD = math.radians(30.0)
"""Two poses may differ from what was asked by this much: people do not lie like drawings."""

ROTATION_TOLERANCE = 1e-6

X, Y, Z = np.eye(3)


class Method(enum.StrEnum):
    """What an alignment was made from."""

    STANDING = "standing"  # long axis only, the heading round it is arbitrary
    STANDING_AND_SWINGS = "standing_and_swings"
    TWO_POSES = "two_poses"
    STANDING_AND_MOVEMENT = "standing_and_movement"  # heading from the exercise itself


class Pose(enum.StrEnum):
    """Poses a person may be asked for."""

    STANDING = "standing"
    SITTING = "sitting"
    SUPINE = "supine"
    HOOK_LYING = "hook_lying"  # on the back, feet flat, knees bent


POSE_UP: dict[tuple[str, Pose], FloatArray] = {
    ("thigh", Pose.STANDING): Y,
    ("thigh", Pose.SITTING): X,
    ("thigh", Pose.SUPINE): X,
    ("thigh", Pose.HOOK_LYING): np.array([0.5, -math.sqrt(0.75), 0.0]),
    ("pelvis", Pose.STANDING): Y,
    ("pelvis", Pose.SITTING): Y,
    ("pelvis", Pose.SUPINE): X,
    ("pelvis", Pose.HOOK_LYING): X,
}
"""Where up is, in the segment's frame."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """How a sensor sits on its segment.

    Attributes:
        rotation: sensor to segment; its rows are the segment's axes in the sensor frame.
        quality: 1 as good as it gets, 0 just acceptable.
        method: what it was made from.
    """

    rotation: Matrix
    quality: float
    method: Method

    @property
    def heading_known(self) -> bool:
        """False where only the long axis (second row) means anything."""
        return self.method is not Method.STANDING

    @property
    def long_axis(self) -> FloatArray:
        """The segment's Y axis in the sensor frame, shape (3,)."""
        return np.array(self.rotation[1])

    def to_json(self) -> str:
        """The alignment as a versioned JSON object."""
        return json.dumps(
            {
                "format": FORMAT,
                "version": VERSION,
                "rotation": self.rotation,
                "quality": self.quality,
                "method": self.method,
            },
            allow_nan=False,
        )

    @classmethod
    def from_json(cls, document: str) -> "Alignment":
        """Read what :meth:`to_json` wrote. Raises CalibrationError for anything else."""
        found = table(document, format_name=FORMAT, version=VERSION)
        try:
            rotation = vectors(found["rotation"])
            matrix = np.array(rotation)
            off = np.abs(matrix @ matrix.T - np.eye(3)).max()
            if off > ROTATION_TOLERANCE or float(np.linalg.det(matrix)) < 0.0:
                raise ValueError("its matrix is no rotation")
            return cls(rotation, number(found["quality"]), Method(text(found["method"])))
        except (KeyError, TypeError, ValueError) as error:
            raise CalibrationError(
                f"The alignment is damaged: {error}.", hint="Align the sensor again."
            ) from error


def align_standing(
    acc_mps2: FloatArray, gyr_radps: FloatArray | None, *, period_s: float
) -> Alignment:
    """Standing upright and still: gravity is the long axis; the heading stays open.

    Args:
        acc_mps2: shape (n, 3), consecutive samples in the sensor frame; the stillest second counts
            (and what is as still around it).
        gyr_radps: shape (n, 3) or None.

    Raises CalibrationError when the person did not stand still.
    """
    still = _stillest(acc_mps2, gyr_radps, period_s)
    acc = acc_mps2[still]
    mean = acc.mean(axis=0)
    length_mps2 = math.sqrt(float(mean @ mean))
    if abs(length_mps2 / GRAVITY_MPS2 - 1.0) > GRAVITY_TOLERANCE_SHARE:
        raise CalibrationError(
            f"At rest the sensor reads {length_mps2:.2f} m/s2 instead of {GRAVITY_MPS2}.",
            hint="Stand still for two seconds; if that does not help, calibrate the sensor.",
        )
    noise_mps2 = float(acc.std(axis=0).max())
    quality = 1.0 - noise_mps2 / STILL_MPS2
    return Alignment(_rotation(unit(mean), _any_across(mean)), quality, Method.STANDING)


def align_swings(standing: Alignment, gyr_radps: FloatArray, *, segment: str) -> Alignment:
    """Standing, then a few swings in the sagittal plane: their axis is the one to the right.

    The first move is flexion (thigh) or bending forward (pelvis): that decides the sign.

    Args:
        gyr_radps: shape (n, 3), the swings in the sensor frame, rest bias removed.
        segment: ``thigh`` or ``pelvis``.

    Raises CalibrationError when the swings were too small, or in no one plane.
    """
    rates = across(gyr_radps, axis=standing.long_axis)
    values, vectors = np.linalg.eigh(rates.T @ rates)
    axis, share = vectors[:, -1], _share(values)
    along = rates @ axis
    peak_radps = float(np.abs(along).max(initial=0.0))
    if peak_radps < LEAST_SWING_RADPS:
        raise CalibrationError(
            "There were no swings to be seen.", hint="Lift the knee a few times, then stand still."
        )
    if share < LEAST_SWING_SHARE:
        raise CalibrationError(
            f"{share:.0%} of the swings were in one plane; {LEAST_SWING_SHARE:.0%} are needed.",
            hint="Lift the knee straight forwards, without turning the leg.",
        )
    first = int(np.argmax(np.abs(along) > 0.5 * peak_radps))
    flexing = 1.0 if along[first] > 0.0 else -1.0
    right = axis * (flexing if segment == "thigh" else -flexing)
    quality = min(standing.quality, (share - LEAST_SWING_SHARE) / (1.0 - LEAST_SWING_SHARE))
    forwards = np.cross(standing.long_axis, right)
    return Alignment(_rotation(standing.long_axis, forwards), quality, Method.STANDING_AND_SWINGS)


def align_poses(
    first_acc_mps2: FloatArray,
    second_acc_mps2: FloatArray,
    *,
    first: Pose,
    second: Pose,
    segment: str,
) -> Alignment:
    """Two resting poses, for people who cannot stand: gravity fixes one direction, then a plane.

    The thigh needs two of standing, supine (or sitting) and hook lying; the pelvis needs one lying
    and one upright.

    Args:
        first_acc_mps2: shape (3,), mean specific force in the first pose (the more exact one).
        second_acc_mps2: likewise, in the second.

    Raises CalibrationError when these poses say nothing, or were not what was asked for.
    """
    expected = POSE_UP[segment, first], POSE_UP[segment, second]
    wanted_rad = angle_rad(*expected)
    if wanted_rad < math.radians(20.0):
        raise CalibrationError(
            f"{first} and {second} hold the {segment} the same way.",
            hint="Take another second pose.",
        )
    one, two = unit(first_acc_mps2), unit(second_acc_mps2)
    error_rad = abs(angle_rad(one, two) - wanted_rad)
    if error_rad > LARGEST_POSE_ERROR_RAD:
        turned_deg = math.degrees(angle_rad(one, two))
        raise CalibrationError(
            f"Between {first} and {second} the {segment} turned {turned_deg:.0f}"
            f" degrees; about {math.degrees(wanted_rad):.0f} were expected.",
            hint="Take both poses again, and hold still in each.",
        )
    # TRIAD (Black 1964): the first direction exactly, the second fixes the plane.
    measured = _triad(one, two)
    rotation = _triad(*expected) @ measured.T
    quality = 1.0 - error_rad / LARGEST_POSE_ERROR_RAD
    return Alignment(_matrix(rotation), quality, Method.TWO_POSES)


def with_forwards(
    standing: Alignment, forwards_axis: FloatArray, *, quality: float, method: Method
) -> Alignment:
    """The same long axis, with a known heading.

    Args:
        forwards_axis: shape (3,), sensor frame, anything but parallel to the long axis; the part
            across it becomes the segment's X.
    """
    return Alignment(
        _rotation(standing.long_axis, forwards_axis), min(quality, standing.quality), method
    )


def _rotation(long_axis: FloatArray, forwards: FloatArray) -> Matrix:
    x = unit(across(forwards, axis=long_axis))
    return _matrix(np.stack([x, long_axis, np.cross(x, long_axis)]))


def _matrix(rotation: FloatArray) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = as_rows(rotation)
    return (a, b, c), (d, e, f), (g, h, i)


def _any_across(vector: FloatArray) -> FloatArray:
    """Some direction across: the sensor axis that is least along the vector."""
    axis = np.zeros(3)
    axis[int(np.argmin(np.abs(vector)))] = 1.0
    return axis


def _triad(one: FloatArray, two: FloatArray) -> FloatArray:
    third = unit(np.cross(one, two))
    return np.stack([one, np.cross(third, one), third], axis=1)


def _share(values: FloatArray) -> float:
    total = float(values.sum())
    return float(values[-1]) / total if total > 0.0 else 0.0


def _stillest(acc: FloatArray, gyr: FloatArray | None, period_s: float) -> slice:
    """The stillest LEAST_STILL_S, grown while it stays still."""
    width = max(2, round(LEAST_STILL_S / period_s))
    if len(acc) < width:
        raise CalibrationError(
            f"{len(acc) * period_s:.1f} s are too short for an alignment.",
            hint="Stand still for two seconds.",
        )
    windows = np.lib.stride_tricks.sliding_window_view(acc, width, axis=0)
    spread = windows.std(axis=2).max(axis=1)
    best = int(np.argmin(spread))
    turning = 0.0
    if gyr is not None:
        part = gyr[best : best + width]
        turning = float(np.abs(part - part.mean(axis=0)).mean(axis=0).max())
    if float(spread[best]) > STILL_MPS2 or turning > STILL_RADPS:
        raise CalibrationError(
            "The sensor did not hold still long enough.", hint="Stand still for two seconds."
        )
    limit = max(2.0 * float(spread[best]), 0.5 * STILL_MPS2)
    middle = acc[best : best + width].mean(axis=0)
    near = np.abs(acc - middle).max(axis=1) <= 4.0 * limit
    first, last = best, best + width
    while first > 0 and near[first - 1] and spread[max(first - 1, 0)] <= limit:
        first -= 1
    while last < len(acc) and near[last] and spread[last - width] <= limit:
        last += 1
    return slice(first, last)
