"""The few vector operations that calibration needs, in numpy."""

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def unit(vector: NDArray[np.float64]) -> FloatArray:
    """The vector at length one. Raises ValueError for a vector without direction."""
    length = math.sqrt(float(vector @ vector))
    if not 0.0 < length < math.inf:
        raise ValueError("a vector of length zero, or not finite, has no direction")
    out: FloatArray = vector / length
    return out


def angle_rad(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The angle between two vectors, exact near 0 and near 180 degrees alike."""
    cross = np.cross(one, other)
    return math.atan2(math.sqrt(float(cross @ cross)), float(one @ other))


def across(vector: NDArray[np.float64], *, axis: FloatArray) -> FloatArray:
    """The part of a vector, or of each row, at right angles to the unit vector ``axis``."""
    along = vector @ axis
    out: FloatArray = vector - (along[..., None] if vector.ndim > 1 else along) * axis
    return out


def as_rows(matrix: NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
    """A matrix as plain nested tuples, for frozen values."""
    return tuple(tuple(float(x) for x in row) for row in matrix)
