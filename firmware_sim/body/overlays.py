"""Movements that are added on top of the planned poses: gait, tremor, circles, jolts, fidgeting.

Each is a pure function of time that fades in and out smoothly, so that differentiating it twice is
harmless. ``add`` works on ascending times and touches only its own stretch of them.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from firmware_sim.body.rotations import Array
from firmware_sim.body.skeleton import Channel
from firmware_sim.body.track import minimum_jerk


def stretch(times_s: Array, start_s: float, end_s: float) -> slice:
    """Which of the ascending times lie in ``[start_s, end_s)``."""
    low, high = np.searchsorted(times_s, (start_s, end_s))
    return slice(int(low), int(high))


def envelope(times_s: Array, start_s: float, end_s: float, fade_s: float) -> Array:
    """0 at both ends, 1 between, minimum-jerk fades of ``fade_s`` (at most half of it all)."""
    fade = min(fade_s, 0.5 * (end_s - start_s))
    edge = np.minimum(times_s - start_s, end_s - times_s) / fade
    return minimum_jerk(np.minimum(np.maximum(edge, 0.0), 1.0))


@dataclass(frozen=True, slots=True)
class Oscillation:
    """Sines of several frequencies on several channels: tremor, scratching, fidgeting.

    ``amplitudes`` has shape (channels, 1): the RMS of the sum is ``amplitude / sqrt(2)``;
    ``frequencies_hz`` and ``phases_rad`` have shape (k, 1).
    """

    start_s: float
    end_s: float
    channels: tuple[Channel, ...]
    amplitudes: Array
    frequencies_hz: Array
    phases_rad: Array
    fade_s: float = 0.4

    def add(self, times_s: Array, values: Array) -> None:
        """Adds the oscillation within its time."""
        part = stretch(times_s, self.start_s, self.end_s)
        t = times_s[part]
        if not t.size:
            return
        angles = 2.0 * math.pi * self.frequencies_hz * (t - self.start_s) + self.phases_rad
        wave = np.sin(angles).sum(axis=0) / math.sqrt(len(self.frequencies_hz))
        wave *= envelope(t, self.start_s, self.end_s, self.fade_s)
        for channel, amplitude in zip(self.channels, self.amplitudes, strict=True):
            values[channel, part] += amplitude * wave


def tremor(
    start_s: float,
    end_s: float,
    *,
    amplitude_rad: float,
    frequency_hz: float,
    channels: tuple[Channel, ...],
    rng: np.random.Generator,
) -> Oscillation:
    """A shaking around ``frequency_hz`` whose strength waxes and wanes as tremor does."""
    spread = np.array([[0.94], [0.98], [1.0], [1.03], [1.07]])
    phases = rng.uniform(0.0, 2.0 * math.pi, (5, 1))
    shares = np.linspace(1.0, 0.4, len(channels)).reshape(-1, 1)
    return Oscillation(
        start_s, end_s, channels, amplitude_rad * shares, frequency_hz * spread, phases
    )


@dataclass(frozen=True, slots=True)
class Cycles:
    """``cosine cos(phase) + sine sin(phase)`` while the phase runs through whole turns.

    The phase is a clamped cubic spline through the turns' boundaries: every turn takes its own
    time, and it starts and stops without a jolt. The fade leads from rest to the circle and back.
    """

    start_s: float
    end_s: float
    cosine: Array
    sine: Array
    phase: CubicSpline
    fade_s: float

    def add(self, times_s: Array, values: Array) -> None:
        """Adds the circling within its time."""
        part = stretch(times_s, self.start_s, self.end_s)
        t = times_s[part]
        if not t.size:
            return
        fade = self.fade_s
        scale = envelope(t, self.start_s, self.end_s, fade)
        phase = self.phase(np.minimum(np.maximum(t, self.start_s + fade), self.end_s - fade))
        values[:, part] += self.cosine[:, None] * (scale * np.cos(phase))
        values[:, part] += self.sine[:, None] * (scale * np.sin(phase))


def cycles(boundaries_s: Array, *, cosine: Array, sine: Array, fade_s: float) -> Cycles:
    """Turns between consecutive ``boundaries_s``."""
    turns = 2.0 * math.pi * np.arange(len(boundaries_s))
    spline = CubicSpline(boundaries_s, turns, bc_type="clamped")
    start, end = float(boundaries_s[0]) - fade_s, float(boundaries_s[-1]) + fade_s
    return Cycles(start, end, cosine, sine, spline, fade_s)


@dataclass(frozen=True, slots=True)
class Jolt:
    """The ring of an impact: a damped sine on one channel (m/s2, or rad for a cough)."""

    start_s: float
    channel: Channel
    amplitude: float
    frequency_hz: float = 18.0
    decay_s: float = 0.03

    @property
    def end_s(self) -> float:
        """When it has died away to a thousandth."""
        return self.start_s + 7.0 * self.decay_s

    def add(self, times_s: Array, values: Array) -> None:
        """Adds the ring within its time."""
        part = stretch(times_s, self.start_s, self.end_s)
        t = times_s[part] - self.start_s
        if t.size:
            ring = np.exp(-t / self.decay_s) * np.sin(2.0 * math.pi * self.frequency_hz * t)
            values[self.channel, part] += self.amplitude * ring


@dataclass(frozen=True, slots=True)
class Gait:
    """Walking on the spot of a moving pelvis: the forward way itself is a ramp of the track.

    Sagittal hip motion is a mean and two harmonics of the stride; the legs are half a stride apart.
    """

    start_s: float
    end_s: float
    stride_hz: float
    swing_rad: float
    phase_rad: float
    fade_s: float = 0.7

    def add(self, times_s: Array, values: Array) -> None:
        """Adds the gait within its time."""
        part = stretch(times_s, self.start_s, self.end_s)
        t = times_s[part]
        if not t.size:
            return
        scale = envelope(t, self.start_s, self.end_s, self.fade_s)
        phase = 2.0 * math.pi * self.stride_hz * (t - self.start_s) + self.phase_rad
        c1, s1 = np.cos(phase), np.sin(phase)
        c2, s2 = c1 * c1 - s1 * s1, 2.0 * s1 * c1
        swing = self.swing_rad * scale
        lift = 0.18 * swing * c2 + 0.20 * swing
        view = values[:, part]  # basic slicing: a view, so adding to it adds to values
        view[Channel.RIGHT_FLEXION] += swing * c1 + lift
        view[Channel.LEFT_FLEXION] += lift - swing * c1
        view[Channel.RIGHT_ADDUCTION] += 0.18 * swing * s1
        view[Channel.LEFT_ADDUCTION] -= 0.18 * swing * s1
        view[Channel.RIGHT_ROTATION] += 0.15 * swing * c1
        view[Channel.LEFT_ROTATION] -= 0.15 * swing * c1
        view[Channel.LIST] += 0.14 * swing * s1
        view[Channel.AXIAL] += 0.18 * swing * c1
        view[Channel.TILT] += 0.05 * swing * c2 - 0.08 * swing
        view[Channel.TRUNK_AXIAL] -= 0.25 * swing * c1
        view[Channel.Z] += 0.022 * scale * s2


def heel_strikes(gait: Gait, *, strength_mps2: float, rng: np.random.Generator) -> list[Jolt]:
    """The jolts of a gait: a leg lands a quarter stride after its swing was furthest ahead."""
    out = []
    for channel, offset in ((Channel.JOLT_RIGHT, 0.08), (Channel.JOLT_LEFT, 0.58)):
        shift = (offset - gait.phase_rad / (2.0 * math.pi)) % 1.0
        time = gait.start_s + shift / gait.stride_hz
        while time < gait.end_s:
            inside = min(time - gait.start_s, gait.end_s - time) / gait.fade_s
            amplitude = strength_mps2 * min(1.0, inside) * rng.uniform(0.7, 1.3)
            out.append(Jolt(time, channel, amplitude))
            time += 1.0 / gait.stride_hz
    return out
