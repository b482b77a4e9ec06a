"""The planned motion of one person: where the body goes next, and what is known about it."""

import math

import numpy as np

from firmware_sim.body.overlays import Oscillation
from firmware_sim.body.postures import Posture, posture, way
from firmware_sim.body.rotations import Array
from firmware_sim.body.skeleton import CHANNELS, Channel, mirror, segment, up_in
from firmware_sim.body.track import Track
from firmware_sim.scenario.loader import PersonTraits, Scenario
from firmware_sim.scenario.truth import Truth

_SWAY: tuple[tuple[Channel, float], ...] = (  # RMS in quiet standing, rad or m
    (Channel.TILT, 0.006),
    (Channel.LIST, 0.004),
    (Channel.AXIAL, 0.004),
    (Channel.RIGHT_FLEXION, 0.004),
    (Channel.RIGHT_ADDUCTION, 0.003),
    (Channel.LEFT_FLEXION, 0.004),
    (Channel.LEFT_ADDUCTION, 0.003),
    (Channel.TRUNK_FLEXION, 0.005),
    (Channel.X, 0.002),  # ahead and to the left of the person, whichever way they face
    (Channel.Y, 0.002),
)
_SWAY_SINES = 3
STILL_RADPS = math.radians(5.0)  # slower than this a limb looks still


class Plan:
    """Tracks planned so far, and the primitives everything a person does is made of."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.traits: PersonTraits = scenario.traits
        self.rng = np.random.default_rng([seed, 0xB0D1])
        self._breath_rng = np.random.default_rng([seed, 0xB4EA])
        self.posture: Posture = posture(scenario.posture, scenario.side)
        self._place = np.zeros(2)  # x, y in the room
        self._heading = scenario.traits.heading_rad
        self.offset = np.zeros(CHANNELS)  # how the last return missed the start pose
        self.main = Track(self.rest_values(), self.posture.base)
        self.breath = Track(np.zeros(1))
        self.slips: dict[str, Track] = {}
        self.truth = Truth(scenario.name, seed)
        self.leak = np.clip(self.rng.standard_normal((2, 3)), -1.5, 1.5)
        self._habit = np.zeros(CHANNELS)
        joints = slice(Channel.TILT, Channel.LEFT_ROTATION + 1)
        self._habit[joints] = scenario.traits.habit_rad * np.clip(
            self.rng.standard_normal(joints.stop - joints.start), -2.0, 2.0
        )
        count = len(_SWAY)
        self._sway_hz = self.rng.uniform(0.08, 0.9, (count * _SWAY_SINES, 1))
        self._sway_phase = self.rng.uniform(0.0, 2.0 * math.pi, (count * _SWAY_SINES, 1))
        weights = 1.0 / np.sqrt(self._sway_hz).reshape(count, _SWAY_SINES)
        weights *= math.sqrt(2.0) / np.linalg.norm(weights, axis=1, keepdims=True)
        self._sway_weights = weights * np.array([[a] for _, a in _SWAY]) * scenario.traits.sway
        self._sway_channels = [c for c, _ in _SWAY]

    # -- planning ---------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        """The end of what is planned."""
        return self.main.end_s

    def rest_values(self) -> Array:
        """The present posture at the present place."""
        values = self.posture.values + self.offset
        values[Channel.X] += self._place[0]
        values[Channel.Y] += self._place[1]
        values[Channel.HEADING] = self._heading
        return values

    def stay(self, seconds: float) -> None:
        """Does nothing."""
        self.main.stay(seconds)

    def move(self, change: Array, seconds: float, *, side: str = "right") -> None:
        """To the posture plus ``change`` (channels,), which is written for the right leg."""
        self.main.ramp(self.rest_values() + self.turned(change, side=side), seconds)

    def turned(self, change: Array, *, side: str) -> Array:
        """A change written for the right leg and heading 0, for ``side`` and this heading."""
        out = mirror(change) if side == "left" else change.copy()
        ahead, left = out[Channel.X], out[Channel.Y]
        c, s = math.cos(self._heading), math.sin(self._heading)
        out[Channel.X], out[Channel.Y] = c * ahead - s * left, s * ahead + c * left
        return out

    def go(self, name: str, side: str) -> None:
        """To a posture, through whatever lies between, with the pauses of a person."""
        for there, seconds in way(self.posture, posture(name, side)):
            self.posture = there
            self.offset = np.zeros(CHANNELS)
            took = seconds * float(np.clip(self.rng.normal(1.0, 0.12), 0.7, 1.5))
            self.main.ramp(self.rest_values(), took, base=there.base)
            self.stay(self.rng.uniform(0.15, 0.5))

    def travel(self, ahead_m: float, right_m: float, seconds: float) -> None:
        """Moves the whole body through the room, facing as it does."""
        c, s = math.cos(self._heading), math.sin(self._heading)
        self._place += np.array([c * ahead_m + s * right_m, s * ahead_m - c * right_m])
        self.main.ramp(self.rest_values(), seconds)

    def step_aside(self, right_m: float) -> None:
        """From now on the body's place is ``right_m`` further to the right (no motion yet)."""
        c, s = math.cos(self._heading), math.sin(self._heading)
        self._place += np.array([s * right_m, -c * right_m])

    def turn(self, angle_rad: float, seconds: float) -> None:
        """Turns on the spot, positive to the left."""
        self._heading += angle_rad
        self.main.ramp(self.rest_values(), seconds)

    def slip(self, placement: str) -> Track:
        """How a sensor has slipped against its segment: a rotation vector over time."""
        return self.slips.setdefault(placement, Track(np.zeros(3)))

    def shake_sensor(self, placement: str, seconds: float, *, amplitude_rad: float) -> None:
        """Hands at a strap: the sensor wobbles for ``seconds`` from now on."""
        track = self.slip(placement)
        for axis in range(3):
            hz = self.rng.uniform(1.2, 4.0, (3, 1))
            phases = self.rng.uniform(0.0, 2.0 * math.pi, (3, 1))
            size = np.array([[amplitude_rad * self.rng.uniform(0.5, 1.2)]])
            channel = (Channel(axis),)
            start = self.now_s
            track.lay(Oscillation(start, start + seconds, channel, size, hz, phases))

    def breathe_until(self, time_s: float) -> None:
        """Goes on breathing quietly, in whole breaths."""
        while self.breath.end_s < time_s:
            period = float(np.clip(self._breath_rng.normal(4.2, 0.4), 2.8, 6.5))
            depth = math.radians(1.2) * float(np.clip(self._breath_rng.normal(1, 0.15), 0.5, 1.6))
            self.one_breath(period * 0.40, period * 0.48, period * 0.12, depth)

    def one_breath(self, inhale_s: float, exhale_s: float, pause_s: float, depth: float) -> None:
        """One breath of ``depth`` rad at the belly wall."""
        self.breath.ramp(np.array([depth]), inhale_s)
        self.breath.ramp(np.zeros(1), exhale_s)
        self.breath.stay(pause_s)

    # -- looking at it ----------------------------------------------------------------------

    def evaluate(self, times_s: Array) -> tuple[Array, Array]:
        """Coordinates (channels, n) and pelvis base (4, n) at ascending planned times."""
        values, bases = self.main.evaluate(times_s)
        waves = np.sin(2.0 * math.pi * self._sway_hz * times_s + self._sway_phase)
        count = len(self._sway_channels)
        waves = waves.reshape(count, _SWAY_SINES, times_s.size)
        sway = np.einsum("csn,cs->cn", waves, self._sway_weights)
        sway *= values[Channel.SWAY]
        heading = values[Channel.HEADING]
        if heading.any():
            c, s = np.cos(heading), np.sin(heading)
            ahead, left = sway[-2].copy(), sway[-1].copy()
            sway[-2], sway[-1] = c * ahead - s * left, s * ahead + c * left
        values[self._sway_channels] += sway
        values += self._habit[:, None]
        values[Channel.BELLY] += self.breath.evaluate(times_s)[0][0]
        return values, bases

    def up_path(
        self, start_s: float, end_s: float, *, placement: str, overlays: bool
    ) -> tuple[Array, Array]:
        """Times (n,) and the vertical in a segment (3, n): what was meant, without sway."""
        count = max(3, math.ceil((end_s - start_s) / 0.005) + 1)
        times = np.linspace(start_s, end_s, count)
        track = self.main
        values, bases = track.evaluate(times) if overlays else track.planned(times)
        values += self._habit[:, None]
        orientation, _, _ = segment(placement, values, bases)
        return times, up_in(orientation)


def angles_between(up: Array, reference: Array) -> Array:
    """Angles in rad between unit vectors (3, n) and one unit vector (3,)."""
    # atan2 keeps small angles exact where arccos does not
    cross = np.cross(up.T, reference)
    return np.asarray(np.arctan2(np.linalg.norm(cross, axis=1), reference @ up))
