"""Raw samples of a sensor with known faults."""

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
G = 9.80665


def directions() -> FloatArray:
    """Six faces and eight corners up."""
    faces = [sign * axis for axis in np.eye(3) for sign in (1.0, -1.0)]
    corners = [
        np.array([x, y, z]) / math.sqrt(3) for x in (1, -1) for y in (1, -1) for z in (1, -1)
    ]
    return np.array([*faces, *corners])


def spoil(true: FloatArray, *, matrix: FloatArray, bias: FloatArray) -> FloatArray:
    """What a sensor reads that is corrected by matrix (raw - bias)."""
    return np.asarray(true @ np.linalg.inv(matrix).T + bias)


def lower(rng: np.random.Generator, *, size: float) -> FloatArray:
    """A scale and squareness error of the kind that can be seen without knowing directions."""
    return np.asarray(np.eye(3) + np.tril(rng.uniform(-size, size, (3, 3))))


def rotation(rng: np.random.Generator) -> FloatArray:
    """Any rotation, all alike likely."""
    q = rng.normal(size=4)
    w, x, y, z = q / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
