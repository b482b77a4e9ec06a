"""The one movement that a set repeats: from a home pose along a great circle of directions.

A sensor in unknown mounting sees where "up" goes. A limb that is raised takes it from a home pose
along (nearly) a great circle of the sphere of directions, and back. ``Movement`` is such a circle;
the angle along it is signed and does not fold past 90 degrees.
"""

import math
from dataclasses import dataclass

import numpy as np

from sensorhub.exercises.trace.path import Path
from sensorhub.model.events import FloatArray


@dataclass(frozen=True, slots=True)
class Movement:
    """A great circle through ``home`` in the direction ``toward``: unit vectors at right angles."""

    home: FloatArray
    toward: FloatArray

    @property
    def across(self) -> FloatArray:
        """The direction at right angles to both: off the movement's plane."""
        (a, b, c), (x, y, z) = self.home.tolist(), self.toward.tolist()
        return np.array([b * z - c * y, c * x - a * z, a * y - b * x])

    def reversed(self) -> "Movement":
        """The same circle, counted the other way."""
        return Movement(self.home, -self.toward)

    def angle_rad(self, path: Path) -> FloatArray:
        """The angle along the movement at every tick, zero at home."""
        angle = self.folded_angle_rad(path.up)
        if folds(angle):
            for piece in path.pieces:
                angle[piece] = np.unwrap(angle[piece])
        return angle

    def folded_angle_rad(self, up: FloatArray) -> FloatArray:
        """The same of directions, shape (n, 3), between -180 and 180 degrees, where it may jump."""
        along, still = np.array((self.toward, self.home)) @ up.T
        return np.asarray(np.arctan2(along, still))


def folds(angle_rad: FloatArray) -> bool:
    """Whether an angle (or one of many, along the last axis) jumps from one side of 180 degrees to
    the other."""
    return float(np.abs(angle_rad[..., 1:] - angle_rad[..., :-1]).max(initial=0.0)) > np.pi


def through(home: FloatArray, top: FloatArray) -> Movement | None:
    """The movement from one direction to another; None where they (nearly) coincide."""
    # Plain floats: a fifth of the time that arrays of three take.
    (a, b, c), (x, y, z) = home.tolist(), top.tolist()
    size = max(1e-12, math.sqrt(a * a + b * b + c * c))
    a, b, c = a / size, b / size, c / size
    along = x * a + y * b + z * c
    x, y, z = x - a * along, y - b * along, z - c * along
    length = math.sqrt(x * x + y * y + z * z)
    if length < 1e-6:
        return None
    return Movement(np.array([a, b, c]), np.array([x / length, y / length, z / length]))


def along_greatest_variance(up: FloatArray) -> Movement | None:
    """The great circle that best holds these directions; its home is their mean.

    None where there is none: fewer than two directions, or all over the sphere.
    """
    if len(up) < 2:
        return None
    mean = up.mean(axis=0)
    length = float(np.linalg.norm(mean))
    if length < 1e-6:
        return None
    mean = mean / length
    tangent = up - (up @ mean)[:, None] * mean
    _values, vectors = np.linalg.eigh(tangent.T @ tangent)
    return through(mean, mean + vectors[:, 2])


def angles_of_greatest_variance(up: FloatArray) -> FloatArray:
    """For many stretches of directions, shape (m, n, 3), the angle along the movement of each.

    Shape (m, n), zero at the mean direction; all zero where there is no such movement. The same as
    :func:`along_greatest_variance` stretch by stretch, and as many times faster as there are.
    """
    # Over an axis in the middle numpy's own mean takes several times as long as this sum.
    mean = np.einsum("mni->mi", up) / up.shape[1]
    length = np.sqrt((mean * mean).sum(axis=1))[:, None]
    home = mean / np.maximum(length, 1e-12)
    still = (up @ home[:, :, None])[..., 0]
    tangent = still[..., None] @ home[:, None, :]
    np.subtract(up, tangent, out=tangent)
    _values, vectors = np.linalg.eigh(tangent.swapaxes(1, 2) @ tangent)
    along = (up @ vectors[:, :, 2:])[..., 0]
    angle = np.arctan2(along, still)
    if folds(angle):
        angle = np.unwrap(angle, axis=1)
    return np.where(length < 1e-6, 0.0, angle)
