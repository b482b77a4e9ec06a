"""A thigh and a pelvis as rigid bodies, worn sensors included, as ideal ticks."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.alignment import Alignment, Method
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement

FloatArray = NDArray[np.float64]
TICK_S = 0.04


def about(axis: int, angle: FloatArray) -> FloatArray:
    """Rotation matrices (n, 3, 3) about one axis."""
    out = np.zeros((len(angle), 3, 3))
    i, j = (axis + 1) % 3, (axis + 2) % 3
    out[:, axis, axis] = 1.0
    out[:, i, i] = out[:, j, j] = np.cos(angle)
    out[:, i, j] = -np.sin(angle)
    out[:, j, i] = np.sin(angle)
    return out


def any_rotation(seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return np.asarray(q * np.sign(np.linalg.det(q)))


def quaternion(matrix: FloatArray) -> FloatArray:
    """w x y z of each matrix, by the largest component (Shepperd)."""
    m = matrix
    four = np.stack(
        [
            1 + m[:, 0, 0] + m[:, 1, 1] + m[:, 2, 2],
            1 + m[:, 0, 0] - m[:, 1, 1] - m[:, 2, 2],
            1 - m[:, 0, 0] + m[:, 1, 1] - m[:, 2, 2],
            1 - m[:, 0, 0] - m[:, 1, 1] + m[:, 2, 2],
        ],
        axis=1,
    )
    a = m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1]
    b = m[:, 1, 0] + m[:, 0, 1], m[:, 0, 2] + m[:, 2, 0], m[:, 2, 1] + m[:, 1, 2]
    rows = {
        0: (four[:, 0], a[0], a[1], a[2]),
        1: (a[0], four[:, 1], b[0], b[1]),
        2: (a[1], b[0], four[:, 2], b[2]),
        3: (a[2], b[1], b[2], four[:, 3]),
    }
    best = four.argmax(axis=1)
    table = np.stack([np.stack(rows[k], axis=1) for k in range(4)])
    q = table[best, np.arange(len(m))]
    return np.asarray(q / np.linalg.norm(q, axis=1, keepdims=True))


@dataclass(frozen=True)
class Body:
    """Joint angles in rad, (n,) each, ISB signs; the pelvis's tilt is positive forwards."""

    flexion: FloatArray
    adduction: FloatArray
    rotation: FloatArray
    tilt: FloatArray
    list_: FloatArray
    left: bool = False
    drop_m: float = 0.0  # of the pelvis, for a horizontal thigh
    sway_m: float = 0.0  # of both, forwards, with the flexion

    @property
    def time_s(self) -> FloatArray:
        return np.arange(len(self.flexion)) * TICK_S

    def segments(self, facing_rad: float = 0.0) -> tuple[FloatArray, FloatArray]:
        """Thigh and pelvis to earth (z up), (n, 3, 3)."""
        # Segment X forwards, Y up, Z right; earth x forwards, y left, z up.
        upright = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
        turn = about(2, np.full(len(self.flexion), facing_rad))
        pelvis = turn @ upright @ about(2, -self.tilt) @ about(0, self.list_)
        mirror = -1.0 if self.left else 1.0
        joint = (
            about(2, self.flexion)
            @ about(0, mirror * self.adduction)
            @ about(1, mirror * self.rotation)
        )
        return np.asarray(pelvis @ joint), np.asarray(pelvis)


def worn(
    body: Body,
    placement: Placement,
    *,
    mounting: FloatArray,
    heading_rad: float = 0.0,
    drift_radps: float = 0.0,
    gyroscope: bool = True,
    facing_rad: float = 0.0,
) -> MotionBlock:
    """The ticks of one sensor; ``mounting`` takes segment vectors to the sensor."""
    thigh, pelvis = body.segments(facing_rad)
    segment = pelvis if placement is Placement.PELVIS else thigh
    t = body.time_s
    height = body.drop_m * np.cos(body.flexion - body.tilt)
    forwards = body.sway_m * np.sin(body.flexion)
    move = np.stack([forwards, np.zeros_like(t), height], axis=1)
    acc = np.gradient(np.gradient(move, TICK_S, axis=0), TICK_S, axis=0)
    acc = np.einsum("nij,nj->ni", about(2, np.full(len(t), facing_rad)), acc)
    force = acc + np.array([0.0, 0.0, 9.81])
    sensor = segment @ mounting.T  # sensor to earth
    turned = about(2, heading_rad + drift_radps * t) @ sensor
    return MotionBlock(
        placement,
        t,
        np.ascontiguousarray(sensor[:, 2]),
        np.zeros((len(t), 3)) if gyroscope else None,
        np.einsum("nji,nj->ni", sensor, force),
        quaternion(turned) if gyroscope else None,
        np.ones(len(t), dtype=bool),
    )


def standing(mounting: FloatArray) -> Alignment:
    """What standing still tells of a sensor mounted like this."""
    long_axis = mounting @ np.array([0.0, 1.0, 0.0])
    across = np.cross(long_axis, [0.3, -0.5, 0.8])
    across /= np.linalg.norm(across)
    rows = np.stack([across, long_axis, np.cross(across, long_axis)])
    return Alignment(tuple(map(tuple, rows.tolist())), 1.0, Method.STANDING)  # type: ignore[arg-type]


def bumps(n: int, *, count: int, height_deg: float) -> FloatArray:
    """Smooth repetitions with rests between."""
    phase = np.linspace(0.0, count, n)
    return np.radians(height_deg) * np.maximum(0.0, np.sin(2 * math.pi * phase)) ** 2
