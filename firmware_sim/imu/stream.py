"""A running IMU: samples on demand, in bounded memory, the same however they are asked for."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from firmware_sim.body.rotations import Array, from_rotation_vector, multiply, rotate
from firmware_sim.body.skeleton import segment
from firmware_sim.body.track import Track
from firmware_sim.imu.kinematics import felt
from firmware_sim.imu.mounting import Mounting, Wobble, joint_angles
from firmware_sim.imu.parts import G_MPS2, PartSpec, Specimen

CHUNK_S = 0.36  # generated at once: below the wearer's look-ahead
INTERNAL_HZ = 1000.0
"""How often the body is looked at; far above anything that a worn sensor feels."""


class Mover(Protocol):
    """The body a sensor is worn on."""

    def state(self, times_s: Array) -> tuple[Array, Array]: ...

    def slip(self, placement: str) -> Track | None: ...


@dataclass(frozen=True, slots=True)
class Scales:
    """Units of the registers."""

    acc_lsb_mps2: float
    gyr_lsb_radps: float


class Stream:
    """One run of one mounted chip. Sample ``k`` is taken at ``first_s + k * period_s``.

    The body is sampled at ``internal_hz`` or more, turned into an ideal IMU's signals, low-passed
    (second order, 0.45 of the output rate, as in the chips), decimated, spoiled and rounded.
    Everything happens in chunks on a fixed grid, so how reads are split changes nothing. Chunks
    longer than ``CHUNK_S`` are quicker, but ask for a future that a waiting person does not know.
    """

    def __init__(
        self,
        mover: Mover,
        placement: str,
        *,
        mounting: Mounting,
        spec: PartSpec,
        specimen: Specimen,
        scales: Scales,
        first_s: float,
        period_s: float,
        rng: np.random.Generator,
        chunk_s: float = CHUNK_S,
        internal_hz: float = INTERNAL_HZ,
    ) -> None:
        self.first_s = first_s
        self.period_s = period_s
        self._mover, self._placement, self._mounting = mover, placement, mounting
        self._spec, self._specimen, self._scales = spec, specimen, scales
        self._rng = rng
        self._over = max(2, math.ceil(period_s * internal_hz))
        self._dt_s = period_s / self._over
        self._chunk = max(1, int(chunk_s / period_s))
        self._wobble = Wobble(mounting.tissue, rate_hz=1.0 / self._dt_s)
        self._sos = signal.butter(2, 0.9 / self._over, output="sos")
        self._zi: Array | None = None
        self._next = -2  # internal index of the next point of the body
        self._tail: tuple[Array, Array, Array] | None = None
        self._ready: Array = np.empty((6, 0))
        self._given = 0  # how much of _ready was handed out
        self._made = 0  # samples spoiled so far

    @property
    def true_period_us(self) -> float:
        """World microseconds between samples."""
        return 1e6 * self.period_s

    def read(self, count: int) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        """The next samples: int16 (count, 6) acc xyz gyr xyz in LSB, and clipped (count,)."""
        lsb = np.repeat((self._scales.acc_lsb_mps2, self._scales.gyr_lsb_radps), 3)
        rounded = np.rint(self._take(count).T / lsb)
        clipped = ((rounded > 32767) | (rounded < -32768)).any(axis=1)
        return np.clip(rounded, -32768, 32767).astype(np.int16), clipped

    def read_si(self, count: int) -> Array:
        """The next samples before rounding: (count, 6), m/s2 and rad/s."""
        return self._take(count).T.copy()

    def _take(self, count: int) -> Array:
        parts: list[Array] = []
        missing = count
        while missing > 0:
            if self._given == self._ready.shape[1]:
                self._ready, self._given = self._next_chunk(), 0
            part = self._ready[:, self._given : self._given + missing]
            self._given += part.shape[1]
            missing -= part.shape[1]
            parts.append(part)
        return np.concatenate(parts, axis=1) if parts else np.empty((6, 0))

    def _next_chunk(self) -> Array:
        if self._tail is None:
            self._tail = self._points(2)
        before = self._tail
        points = self._points(self._chunk * self._over)
        q, p, jolt = (np.concatenate(pair, axis=1) for pair in zip(before, points, strict=True))
        self._tail = (q[:, -2:], p[:, -2:], jolt[:, -2:])
        force, rate = felt(q, p, dt_s=self._dt_s, jolt_mps2=jolt[:, 1:-1])
        ideal = np.concatenate((force, rate))
        if self._zi is None:
            settled = signal.sosfilt_zi(self._sos)[:, None, :]
            self._zi = settled * ideal[None, :, :1]
        smooth, self._zi = signal.sosfilt(self._sos, ideal, axis=1, zi=self._zi)
        # the first of the differentiated points lies one before the chunk's first sample
        return self._spoil(smooth[:, 1 :: self._over])

    def _points(self, count: int) -> tuple[Array, Array, Array]:
        """The sensor's orientation, position and jolt at the next ``count`` internal points."""
        index = np.arange(self._next, self._next + count, dtype=np.float64)
        times = self.first_s + self._dt_s * index
        self._next += count
        values, base = self._mover.state(times)
        body, origin, jolt = segment(self._placement, values, base)
        mount, tissue = self._mounting, self._mounting.tissue
        angles = joint_angles(self._placement, values)
        gains = np.array([[tissue.flexion_gain], [tissue.adduction_gain], [tissue.rotation_gain]])
        skin = gains * angles + self._wobble(angles)
        lever = mount.lever_m + np.array([[0.0], [tissue.slide_m_per_rad], [0.0]]) * angles[0]
        turn: Array = skin[[1, 2, 0]]  # about X, Y, Z
        if mount.drift_radps is not None:
            turn = turn + mount.drift_radps * times
        if mount.slip_rad is not None:
            turn = turn + mount.slip_rad * np.clip((times - mount.slip_s) / 0.5, 0.0, 1.0)
        slip = self._mover.slip(self._placement)
        if slip is not None:
            turn = turn + slip.evaluate(times)[0]
        orientation = multiply(multiply(body, from_rotation_vector(turn)), mount.rotation)
        return orientation, origin + rotate(body, lever), jolt

    def _spoil(self, ideal: Array) -> Array:
        chip, spec = self._specimen, self._spec
        count = ideal.shape[1]
        times = self.first_s + self.period_s * np.arange(self._made, self._made + count)
        self._made += count
        warmth = chip.warm_up_k * -np.expm1(-np.maximum(times, 0.0) / chip.warm_up_s)
        noise = self._rng.standard_normal((count, 6)).T * math.sqrt(0.5 / self.period_s)
        acc = chip.acc_matrix @ ideal[:3] + chip.acc_offset_mps2
        acc += chip.acc_slope_mps2_per_k * warmth + spec.acc_noise_mps2_rthz * noise[:3]
        gyr = chip.gyr_matrix @ ideal[3:] + chip.gyr_offset_radps
        gyr += chip.gyr_slope_radps_per_k * warmth + spec.gyr_noise_radps_rthz * noise[3:]
        return np.concatenate((acc, gyr))


def scales(spec: PartSpec, *, acc_range_g: int, gyr_range_dps: int) -> Scales:
    """The registers' units at these ranges."""
    return Scales(
        acc_lsb_mps2=spec.acc_lsb_g[acc_range_g] * G_MPS2,
        gyr_lsb_radps=math.radians(spec.gyr_lsb_dps[gyr_range_dps]),
    )
