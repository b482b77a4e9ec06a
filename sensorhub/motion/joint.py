"""Which way a pelvis faces, told by the thigh that hangs from it: both carry the hip joint.

Where a body speeds up, its hip joint does, and with it what both sensors feel. Each knows its
accelerations only in an earth frame of its own heading; the turn about the vertical that makes the
two agree is the turn between the headings. (Weygers and Kok 2020 constrain a whole filter by the
same fact; here one angle is fitted to a whole movement.)
"""

import math
from dataclasses import dataclass

import numpy as np

from sensorhub.model.events import FloatArray
from sensorhub.motion.segment import SegmentMotion, runs, to_earth

LEVER_M = (0.05, 0.40)
"""A thigh sensor is so far below the hip."""

SMOOTH_S = 0.12

LEAST_MPS2 = 0.3
"""Horizontal acceleration, root mean square: steps and lunges have 0.5 to 1.2, squats 0.3."""

LEAST_TICKS = 12


@dataclass(frozen=True, slots=True)
class Facing:
    """Where the thigh's forwards is on the pelvis.

    Attributes:
        forwards: unit vector, shape (3,), in the pelvis sensor's frame.
        agreement: 0 .. 1, how much of the two accelerations is one.
    """

    forwards: FloatArray
    agreement: float


def facing_of_pelvis(
    thigh: SegmentMotion, thigh_rotation: FloatArray, pelvis: SegmentMotion
) -> Facing | None:
    """Forwards on the pelvis, as the thigh says it; None where too little was seen.

    In a neutral hip both face the same way; over a whole movement the thigh is taken to.

    Args:
        thigh_rotation: sensor to segment, shape (3, 3).
        pelvis: at the thigh's ticks; unknown ones NaN.
    """
    if thigh.orientation is None or thigh.rate_radps is None or pelvis.orientation is None:
        return None
    pieces = [
        _piece(thigh, thigh_rotation, pelvis, run)
        for run in runs(thigh.time_s, np.isfinite(pelvis.up[:, 0]))
        if run.stop - run.start >= LEAST_TICKS
    ]
    if not pieces:
        return None
    lever_m = _lever_m(pieces)
    forwards, agreed, seen, felt, ticks = np.zeros(3), 0.0, 0.0, 0.0, 0
    for piece in pieces:
        hip = _horizontal(piece.thigh_mps2 - lever_m * piece.turning)
        own = _horizontal(piece.pelvis_mps2)
        # Headings differ from piece to piece: a gap lets each begin anew.
        product = complex(np.vdot(hip, own))
        agreed += abs(product)
        seen += float(np.vdot(own, own).real)
        felt += float(np.vdot(hip, hip).real)
        ticks += len(own)
        forwards += abs(product) * _on_pelvis(piece, np.angle(product))
    length = math.sqrt(float(forwards @ forwards))
    if length == 0.0 or math.sqrt(seen / ticks) < LEAST_MPS2:
        return None
    return Facing(forwards / length, agreed / math.sqrt(seen * felt))


@dataclass(frozen=True, slots=True)
class _Piece:
    """Ticks without a hole, earth frames of the two sensors' own headings.

    ``turning``: the acceleration that turning gives a point one metre down the thigh.
    """

    thigh_mps2: FloatArray
    pelvis_mps2: FloatArray
    turning: FloatArray
    thigh_forwards: FloatArray
    pelvis_to_earth: FloatArray


def _piece(
    thigh: SegmentMotion, thigh_rotation: FloatArray, pelvis: SegmentMotion, run: slice
) -> _Piece:
    assert thigh.orientation is not None
    assert pelvis.orientation is not None
    assert thigh.rate_radps is not None
    tick_s = float(np.median(np.diff(thigh.time_s[run])))
    sensor, pelvis_to_earth = (
        to_earth(orientation[run], np.eye(3))
        for orientation in (thigh.orientation, pelvis.orientation)
    )
    rate, down = thigh.rate_radps[run], -thigh_rotation[1]
    lever = np.cross(np.gradient(rate, tick_s, axis=0), down)
    lever += np.cross(rate, np.cross(rate, down))

    def felt(to: FloatArray, values: FloatArray) -> FloatArray:
        in_earth = _smooth(np.einsum("nij,nj->ni", to, values), SMOOTH_S / tick_s)
        return np.asarray(in_earth - in_earth.mean(axis=0))

    # The segment's axis to the right is the most level one, and forwards is at right angles to it.
    right = np.einsum("nij,j->ni", sensor, thigh_rotation[2])
    forwards = np.stack([-right[:, 1], right[:, 0]], axis=1)
    return _Piece(
        felt(sensor, thigh.acc_mps2[run]),
        felt(pelvis_to_earth, pelvis.acc_mps2[run]),
        felt(sensor, lever),
        forwards,
        pelvis_to_earth,
    )


def _on_pelvis(piece: _Piece, heading_rad: float) -> FloatArray:
    """The thigh's mean forwards in the pelvis sensor's frame."""
    turned = _horizontal(piece.thigh_forwards) * np.exp(1j * heading_rad)
    level = np.stack([turned.real, turned.imag, np.zeros(len(turned))], axis=1)
    mean: FloatArray = np.einsum("nji,nj->ni", piece.pelvis_to_earth, level).mean(axis=0)
    length = max(1e-9, math.sqrt(float(mean @ mean)))
    return np.asarray(mean / length)


def _lever_m(pieces: list[_Piece]) -> float:
    """How far below the hip the sensor is: told by the vertical, which both share."""
    difference = np.concatenate([p.thigh_mps2[:, 2] - p.pelvis_mps2[:, 2] for p in pieces])
    turning = np.concatenate([p.turning[:, 2] for p in pieces])
    power = float(turning @ turning)
    lever_m = float(difference @ turning) / power if power > 0.0 else 0.0
    return min(max(lever_m, LEVER_M[0]), LEVER_M[1])


def _horizontal(vectors: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.complex128]]:
    out: np.ndarray[tuple[int], np.dtype[np.complex128]] = vectors[:, 0] + 1j * vectors[:, 1]
    return out


def _smooth(values: FloatArray, width: float) -> FloatArray:
    """Centred Gaussian average along the first axis, ``width`` in ticks, ends held."""
    half = max(1, math.ceil(3.0 * width))
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) / width) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(values, ((half, half), (0, 0)), mode="edge")
    return np.stack([np.convolve(c, kernel, mode="valid") for c in padded.T], axis=1)
