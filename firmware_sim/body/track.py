"""Coordinates over time: a chain of minimum-jerk ramps, with overlays added on top.

A track is planned forward and evaluated anywhere behind its end; beyond its end it rests in its
last pose. Evaluation is a pure function of what was planned, so it may be repeated on any grid.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from firmware_sim.body.rotations import (
    IDENTITY,
    Array,
    conjugate,
    from_rotation_vector,
    multiply,
    to_rotation_vector,
)

_BUCKET_S = 8.0


def minimum_jerk(s: Array) -> Array:
    """``10 s^3 - 15 s^4 + 6 s^5``, s in 0..1 (Flash & Hogan 1985)."""
    return np.asarray(s * s * s * (10.0 + s * (6.0 * s - 15.0)))


class Overlay(Protocol):
    """Something rhythmic or short that is added to the coordinates in ``[start_s, end_s)``."""

    @property
    def start_s(self) -> float: ...

    @property
    def end_s(self) -> float: ...

    def add(self, times_s: Array, values: Array) -> None:
        """Adds to ``values`` (channels, n); must add nothing outside its time."""


@dataclass(frozen=True, slots=True)
class _Ramp:
    start_s: float
    end_s: float
    origin: Array  # (channels, 1)
    change: Array  # (channels, 1)
    base: Array  # (4, 1) pelvis base orientation at the start
    turn_rad: Array  # (3, 1) rotation vector to the base orientation at the end


class Track:
    """Coordinates (``channels``) and one base orientation, planned from ``start_s`` onwards."""

    def __init__(self, start: Array, base: Array = IDENTITY, *, start_s: float = 0.0) -> None:
        column = np.array(start, dtype=float).reshape(-1, 1)
        still = np.zeros((3, 1))
        self._ramps = [_Ramp(start_s - 1.0, start_s, column, column * 0.0, base, still)]
        self._starts = [start_s - 1.0]
        self._overlays: defaultdict[int, list[Overlay]] = defaultdict(list)
        self.end_s = start_s
        self.values: Array = column[:, 0].copy()
        self.base: Array = base

    def stay(self, duration_s: float) -> None:
        """Rests in the last pose."""
        self.end_s += max(0.0, duration_s)

    def stay_until(self, time_s: float) -> None:
        """Rests in the last pose until ``time_s`` (nothing if that has passed)."""
        self.end_s = max(self.end_s, time_s)

    def ramp(self, values: Array, duration_s: float, *, base: Array | None = None) -> None:
        """Moves to ``values`` (channels,) and ``base`` along a minimum-jerk profile."""
        target = self.base if base is None else base
        turn = to_rotation_vector(multiply(conjugate(self.base), target))
        origin = self.values.reshape(-1, 1)
        start, end = self.end_s, self.end_s + duration_s
        change = np.asarray(values, dtype=float).reshape(-1, 1) - origin
        self._ramps.append(_Ramp(start, end, origin.copy(), change, self.base, turn))
        self._starts.append(start)
        self.end_s, self.values, self.base = end, np.array(values, dtype=float), target

    def lay(self, overlay: Overlay) -> None:
        """Adds an overlay; the track's end does not move."""
        first, last = int(overlay.start_s // _BUCKET_S), int(overlay.end_s // _BUCKET_S)
        for bucket in range(first, last + 1):
            self._overlays[bucket].append(overlay)

    def planned(self, times_s: Array) -> tuple[Array, Array]:
        """The ramps alone at ascending times: values (channels, n), base orientation (4, n)."""
        low = max(0, bisect_right(self._starts, float(times_s[0])) - 1)
        high = max(low + 1, bisect_left(self._starts, float(times_s[-1])) + 1)
        ramps = self._ramps[low:high]
        cuts = [0, *np.searchsorted(times_s, self._starts[low + 1 : high]), times_s.size]
        values = np.empty((len(self.values), times_s.size))
        bases = np.empty((4, times_s.size))
        for ramp, a, b in zip(ramps, cuts, cuts[1:], strict=False):
            if a == b:
                continue
            phase = (times_s[a:b] - ramp.start_s) / (ramp.end_s - ramp.start_s)
            share = minimum_jerk(np.minimum(np.maximum(phase, 0.0), 1.0))
            values[:, a:b] = ramp.origin + ramp.change * share
            if ramp.turn_rad.any():
                bases[:, a:b] = multiply(ramp.base, from_rotation_vector(ramp.turn_rad * share))
            else:
                bases[:, a:b] = ramp.base
        return values, bases

    def evaluate(self, times_s: Array) -> tuple[Array, Array]:
        """Ramps and overlays at ascending times: values (channels, n), base orientation (4, n)."""
        values, bases = self.planned(times_s)
        first, last = int(times_s[0] // _BUCKET_S), int(times_s[-1] // _BUCKET_S)
        seen: set[int] = set()
        for bucket in range(first, last + 1):
            for overlay in self._overlays.get(bucket, ()):
                if id(overlay) in seen:
                    continue
                seen.add(id(overlay))
                if overlay.start_s <= times_s[-1] and overlay.end_s >= times_s[0]:
                    overlay.add(times_s, values)
        return values, bases
