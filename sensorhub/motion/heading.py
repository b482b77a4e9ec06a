"""Which way is forwards on a segment, and how two sensors' headings relate: learnt from movement.

A sensor may sit anywhere round a leg. Standing tells its long axis; the plane in which the segment
then leans away from upright, again and again, is the sagittal plane.
"""

import math
from dataclasses import dataclass

import numpy as np

from sensorhub.model.events import FloatArray

WIDE_SWING = 0.5
"""Half the length of the up vector: 30 degrees out of upright."""

HEADING_WINDOW_S = 10.0
"""Headings drift by a few degrees a minute; a repetition is shorter than this."""

NEUTRAL_RAD = math.radians(15.0)


@dataclass(frozen=True, slots=True)
class Sagittal:
    """What the movement showed.

    Attributes:
        lean_axis: unit vector, shape (3,), sensor frame, across the long axis: towards this the
            direction of gravity moves in the main movement.
        share: part of all leaning that happens along it, 1/2 .. 1.
        furthest_rad: the furthest lean.
    """

    lean_axis: FloatArray
    share: float
    furthest_rad: float


def main_lean(up: FloatArray, *, long_axis: FloatArray) -> Sagittal | None:
    """The line along which a segment leans, its sign towards the greater excursion.

    Not centred on the mean: a lasting lean shows the plane as well as a swinging one, unless the
    segment swings widely (then the way it swings does, wherever it starts from). Where both
    excursions are alike (a walking thigh) the quicker way counts as well: a leg swings forwards
    further than backwards, and faster than it is left behind.

    Args:
        up: shape (n, 3), sensor frame.
        long_axis: shape (3,), the segment's Y in the sensor frame.

    Returns:
        None where the segment never leaned at all.
    """
    lean = up - (up @ long_axis)[:, None] * long_axis
    values, vectors = np.linalg.eigh(lean.T @ lean)
    total = float(values.sum())
    if total <= 0.0:
        return None
    axis = vectors[:, -1]
    steps = np.diff(lean, axis=0)
    _, ways = np.linalg.eigh(steps.T @ steps)
    low, high = (float(v) for v in np.percentile(lean @ ways[:, -1], (2.0, 98.0)))
    if high - low > WIDE_SWING:
        axis = ways[:, -1]
    angle = np.unwrap(np.arctan2(lean @ axis, up @ long_axis))
    low, high = (float(v) for v in np.percentile(angle, (2.0, 98.0)))
    sign = 1.0
    if len(angle) > 1:
        back, forth = (float(v) for v in np.percentile(np.diff(angle), (5.0, 95.0)))
        sign = 1.0 if _one_sided(low, high) + _one_sided(back, forth) >= 0.0 else -1.0
    return Sagittal(sign * axis, float(values[-1]) / total, max(-low, high))


def relative_heading_rad(
    thigh_matrix: FloatArray, pelvis_matrix: FloatArray, time_s: FloatArray
) -> FloatArray:
    """The turn about the vertical that brings the thigh's earth to the pelvis's, tick by tick.

    In a neutral hip both segments face the same way. Near neutral this is taken at its word; away
    from it only the axes to the right are compared, and weigh little; all within a sliding window,
    so that drift is followed and a repetition's own turning is kept.

    Args:
        thigh_matrix: shape (n, 3, 3), segment to earth with z up.
        pelvis_matrix: likewise.
        time_s: shape (n,), no gap longer than the filter bridges.
    """
    thigh, pelvis = (_horizontal(m) for m in (thigh_matrix, pelvis_matrix))
    cosine = np.einsum("ni,ni->n", thigh_matrix[:, 2], pelvis_matrix[:, 2])
    near = np.exp(-0.5 * (np.arccos(np.clip(cosine, -1.0, 1.0)) / NEUTRAL_RAD) ** 2)
    agree = pelvis * np.conj(thigh)
    votes = (0.02 + near) * agree[:, 2] + near * (agree[:, 0] + agree[:, 1])
    step_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 1.0
    half = min(len(votes) - 1, max(1, round(2.5 * HEADING_WINDOW_S / step_s)))
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) * step_s / HEADING_WINDOW_S) ** 2)
    heading: FloatArray = np.angle(
        np.convolve(votes, kernel, mode="full")[half : half + len(votes)]
    )
    return heading


def forwards_agreement(
    thigh_matrix: FloatArray,
    thigh_acc_mps2: FloatArray,
    pelvis_matrix: FloatArray,
    pelvis_acc_mps2: FloatArray,
) -> float:
    """Correlation, -1 .. 1, of what thigh and pelvis feel as acceleration forwards.

    The two are joined at the hip: a body that speeds up forwards carries both with it. Clearly
    negative means that one of the two was taken back to front. Headings cancel out.

    Args:
        thigh_matrix: shape (n, 3, 3), segment to earth with z up.
        thigh_acc_mps2: shape (n, 3), specific force in the segment's frame.
        pelvis_matrix: as for the thigh, at the same instants.
        pelvis_acc_mps2: likewise.
    """
    thigh = _forwards_mps2(thigh_matrix, thigh_acc_mps2)
    pelvis = _forwards_mps2(pelvis_matrix, pelvis_acc_mps2)
    spread = float(thigh @ thigh) * float(pelvis @ pelvis)
    return float(thigh @ pelvis) / math.sqrt(spread) if spread > 0.0 else 0.0


def turned_rad(matrix: FloatArray, heading_rad: FloatArray) -> FloatArray:
    """Segment-to-earth matrices, shape (n, 3, 3), turned about the earth's vertical."""
    cos, sin = np.cos(heading_rad), np.sin(heading_rad)
    out = matrix.copy()
    out[:, 0] = cos[:, None] * matrix[:, 0] - sin[:, None] * matrix[:, 1]
    out[:, 1] = sin[:, None] * matrix[:, 0] + cos[:, None] * matrix[:, 1]
    return out


def _forwards_mps2(to_earth: FloatArray, acc_mps2: FloatArray) -> FloatArray:
    """Horizontal acceleration across the axis to the right, mean removed, shape (n,)."""
    acc = np.einsum("nij,nj->ni", to_earth, acc_mps2)
    right = to_earth[:, :, 2]
    length = np.maximum(np.sqrt(right[:, 0] ** 2 + right[:, 1] ** 2), 1e-9)
    forwards: FloatArray = (acc[:, 1] * right[:, 0] - acc[:, 0] * right[:, 1]) / length
    centred: FloatArray = forwards - forwards.mean()
    return centred


def _one_sided(low: float, high: float) -> float:
    """-1 .. 1: how much further one extreme is than the other, as a share of what lies between."""
    return (high + low) / (high - low) if high > low else 0.0


def _horizontal(matrices: FloatArray) -> np.ndarray[tuple[int, int], np.dtype[np.complex128]]:
    """The horizontal part of each segment axis as a complex number, shape (n, 3)."""
    out: np.ndarray[tuple[int, int], np.dtype[np.complex128]] = matrices[:, 0] + 1j * matrices[:, 1]
    return out
