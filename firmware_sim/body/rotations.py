"""Unit quaternions, w x y z along the first axis: shape (4, n); vectors have shape (3, n).

Quaternions turn body coordinates into the outer frame: ``rotate(q, v_body) = v_outer``. The second
axis broadcasts, so a constant rotation is a (4, 1) array.
"""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

IDENTITY: Array = np.array([[1.0], [0.0], [0.0], [0.0]])


def multiply(a: Array, b: Array) -> Array:
    """Hamilton product ``a b``: first ``b``, then ``a`` (seen from the outer frame)."""
    aw, ax, ay, az = a
    bw, bx, by, bz = b
    return np.stack(
        (
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        )
    )


def conjugate(q: Array) -> Array:
    """The inverse rotation."""
    return np.asarray(q * np.array([[1.0], [-1.0], [-1.0], [-1.0]]))


def rotate(q: Array, v: Array) -> Array:
    """``q v q*``: body coordinates (3, n) to outer coordinates (3, n)."""
    w, x, y, z = q
    vx, vy, vz = v
    tx = 2.0 * (y * vz - z * vy)
    ty = 2.0 * (z * vx - x * vz)
    tz = 2.0 * (x * vy - y * vx)
    return np.stack(
        (
            vx + w * tx + (y * tz - z * ty),
            vy + w * ty + (z * tx - x * tz),
            vz + w * tz + (x * ty - y * tx),
        )
    )


def about(axis: int, angle_rad: Array) -> Array:
    """Rotation by ``angle_rad`` (n,) about the coordinate axis 0 = X, 1 = Y, 2 = Z."""
    half = 0.5 * angle_rad
    q = np.zeros((4, half.size))
    q[0] = np.cos(half)
    q[1 + axis] = np.sin(half)
    return q


def cardan_zxy(z_rad: Array, x_rad: Array, y_rad: Array) -> Array:
    """``Rz Rx Ry``: the joint coordinate system of the hip (Grood & Suntay 1983, Wu 2002)."""
    cz, sz = np.cos(0.5 * z_rad), np.sin(0.5 * z_rad)
    cx, sx = np.cos(0.5 * x_rad), np.sin(0.5 * x_rad)
    cy, sy = np.cos(0.5 * y_rad), np.sin(0.5 * y_rad)
    w, x, y, z = cz * cx, cz * sx, sz * sx, sz * cx
    return np.stack((w * cy - y * sy, x * cy - z * sy, y * cy + w * sy, z * cy + x * sy))


def from_rotation_vector(v: Array) -> Array:
    """Rotation vectors (3, n) in rad to quaternions (4, n)."""
    angle = np.sqrt(np.einsum("ij,ij->j", v, v))
    half = 0.5 * angle
    # sin(a/2)/a with its limit at zero: sinc is smooth there
    scale = 0.5 * np.sinc(half / math.pi)
    return np.concatenate((np.cos(half)[None], v * scale))


def to_rotation_vector(q: Array) -> Array:
    """Quaternions (4, n) to rotation vectors (3, n) of at most pi."""
    q = np.where(q[:1] < 0.0, -q, q)
    sine = np.sqrt(np.einsum("ij,ij->j", q[1:], q[1:]))
    angle = 2.0 * np.arctan2(sine, q[0])
    scale = np.where(sine > 1e-12, angle / np.maximum(sine, 1e-300), 2.0)
    return q[1:] * scale


def random_rotation(rng: np.random.Generator) -> Array:
    """A uniformly distributed rotation, shape (4, 1)."""
    q = rng.standard_normal((4, 1))
    return np.asarray(q / np.linalg.norm(q))
