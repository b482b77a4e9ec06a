"""One segment's motion over a set as columns, its angles, and two segments as one joint."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensorhub.model.events import FloatArray
from sensorhub.model.motion import MotionBlock
from sensorhub.motion.heading import relative_heading_rad, turned_rad

TOGETHER_S = 0.1
"""Ticks of two sensors further apart than this are not of one moment."""


@dataclass(frozen=True, slots=True)
class SegmentMotion:
    """One sensor's ticks as columns, see :class:`~sensorhub.model.motion.MotionBlock`."""

    time_s: FloatArray
    up: FloatArray
    acc_mps2: FloatArray
    orientation: FloatArray | None
    rate_radps: FloatArray | None = None

    @classmethod
    def gather(cls, blocks: Sequence[MotionBlock]) -> "SegmentMotion | None":
        """All blocks in a row; None where there is none."""
        if not blocks:
            return None
        quats = [b.orientation for b in blocks if b.orientation is not None]
        rates = [b.rate_radps for b in blocks if b.rate_radps is not None]
        return cls(
            np.concatenate([b.time_s for b in blocks]),
            np.concatenate([b.up for b in blocks]),
            np.concatenate([b.acc_mps2 for b in blocks]),
            np.concatenate(quats) if len(quats) == len(blocks) else None,
            np.concatenate(rates) if len(rates) == len(blocks) else None,
        )

    def at(self, time_s: FloatArray) -> "SegmentMotion":
        """Between the two nearest ticks in time, straight; NaN where none is near. No rates."""
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
        acc = (1.0 - part) * self.acc_mps2[left] + part * self.acc_mps2[right]
        if self.orientation is None:
            return SegmentMotion(time_s, up, acc, None)
        one, two = self.orientation[left], self.orientation[right]
        two = np.where((one * two).sum(axis=1, keepdims=True) < 0.0, -two, two)
        return SegmentMotion(time_s, up, acc, _unit((1.0 - part) * one + part * two))


def sagittal_rad(up: FloatArray, time_s: FloatArray) -> FloatArray:
    """The lean of ``up`` (segment frame) forwards, in -pi .. pi at first, then continuous.

    After a gap the turn of the circle is chosen anew: no joint goes round.
    """
    angle = np.arctan2(up[:, 0], up[:, 1])
    for run in runs(time_s, np.isfinite(angle)):
        angle[run] = np.unwrap(angle[run])
    return angle


def runs(time_s: FloatArray, known: NDArray[np.bool_]) -> list[slice]:
    """Stretches of known ticks without a hole."""
    breaks = np.flatnonzero(~known[1:] | ~known[:-1] | (np.diff(time_s) > 2.0 * TOGETHER_S)) + 1
    edges = [0, *breaks.tolist(), len(time_s)]
    runs = [slice(a, b) for a, b in itertools.pairwise(edges)]
    return [run for run in runs if run.stop > run.start and bool(known[run.start])]


def to_earth(orientation: FloatArray, rotation: FloatArray) -> FloatArray:
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


def joint_matrices(
    time_s: FloatArray, thigh_matrix: FloatArray, pelvis_matrix: FloatArray
) -> FloatArray:
    """The thigh in the pelvis's frame, (n, 3, 3), the headings brought together."""
    heading = relative_heading_rad(thigh_matrix, pelvis_matrix, time_s)
    joint: FloatArray = np.einsum("nji,njk->nik", pelvis_matrix, turned_rad(thigh_matrix, heading))
    return joint


def _unit(rows: FloatArray) -> FloatArray:
    length = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
    out: FloatArray = rows / np.maximum(length, 1e-12)
    return out
