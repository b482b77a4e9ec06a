"""A person lying down and breathing, as an accelerometer on the belly feels it."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensorhub.exercises.definition import find_exercise
from sensorhub.exercises.engine import SetAnalyzer
from sensorhub.model.live import LiveEvent
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import Gap, SampleBlock
from sensorhub.motion.tracker import MotionTracker

FloatArray = NDArray[np.float64]
FINE_S = 0.005
G = 9.81


@dataclass(frozen=True)
class Breathing:
    """How somebody breathes, and with what sensor."""

    breaths: int = 8
    period_s: float = 4.0
    depth_deg: float = 3.0
    exhale_to_inhale: float = 1.5
    variation: float = 0.08
    pause_share: float = 0.15
    rate_hz: float = 100.0
    noise_mps2: float = 0.02
    heart_deg: float = 0.1
    drift_share: float = 0.2  # of the depth, in twelve seconds
    lift_m_per_rad: float = 0.05
    still_s: float = 3.0
    gyroscope: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Samples:
    acc: FloatArray
    gyr: FloatArray | None
    period_s: float
    starts_s: tuple[float, ...]


def rotation(rng: np.random.Generator) -> FloatArray:
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return np.asarray(q * np.sign(np.linalg.det(q)))


def minimum_jerk(duration_s: float) -> FloatArray:
    s = np.linspace(0.0, 1.0, max(2, round(duration_s / FINE_S)))
    return np.asarray(s**3 * (10.0 - 15.0 * s + 6.0 * s * s))


def breathe(how: Breathing) -> Samples:
    """The samples, and when each inhalation really began."""
    rng = np.random.default_rng(how.seed)
    still = np.zeros(round(how.still_s / FINE_S))
    parts, starts, now = [still], [], how.still_s
    for _ in range(how.breaths):
        period = how.period_s * math.exp(how.variation * rng.normal())
        depth = how.depth_deg * math.exp(how.variation * rng.normal())
        pause = how.pause_share * period
        inhale = (period - pause) / (1.0 + how.exhale_to_inhale)
        up, down = minimum_jerk(inhale), 1.0 - minimum_jerk(period - pause - inhale)
        parts += [depth * up, depth * down, np.zeros(round(pause / FINE_S))]
        starts.append(now)
        now += sum(len(p) for p in parts[-3:]) * FINE_S
    belly_deg = np.concatenate([*parts, still])
    t = np.arange(len(belly_deg)) * FINE_S
    knots = np.linspace(0.0, t[-1], 2 + round(t[-1] / 12.0))
    drift_deg = how.drift_share * how.depth_deg * np.interp(t, knots, rng.normal(size=len(knots)))
    heart_deg = how.heart_deg * np.sin(2 * math.pi * 1.2 * t)
    angle = np.radians(belly_deg + drift_deg + heart_deg + rng.uniform(-15, 15))
    lift = how.lift_m_per_rad * np.radians(belly_deg)
    lift_mps2 = np.gradient(np.gradient(lift, FINE_S), FINE_S)
    up_vector = np.stack([np.sin(angle), np.zeros_like(angle), np.cos(angle)], axis=1)
    rate = np.zeros_like(up_vector)
    rate[:, 1] = -np.gradient(angle, FINE_S)
    mounting = rotation(rng)
    at = np.round(np.arange(0, len(t) - 1, 1.0 / (how.rate_hz * FINE_S))).astype(int)
    acc = ((G + lift_mps2)[:, None] * up_vector)[at] @ mounting.T
    acc = acc + how.noise_mps2 * rng.normal(size=acc.shape)
    gyr = (rate[at] @ mounting.T) if how.gyroscope else None
    gyr = None if gyr is None else np.ascontiguousarray(gyr + 0.002 * rng.normal(size=gyr.shape))
    return Samples(np.ascontiguousarray(acc), gyr, 1.0 / how.rate_hz, tuple(starts))


def analyse(
    samples: Samples,
    *,
    cuts: tuple[int, ...] = (),
    exercise: str = "tissue_box_breathing",
    live: bool = True,
) -> tuple[SetOutcome, list[LiveEvent]]:
    """The whole way from samples; ``cuts`` are indices where the blocks are split."""
    analyzer = SetAnalyzer(
        find_exercise(exercise), side=Side.NONE, placements=[Placement.BELLY], live=live
    )
    tracker, events = MotionTracker(Placement.BELLY), []
    edges = [0, *sorted(c for c in set(cuts) if 0 < c < len(samples.acc)), len(samples.acc)]
    for first, last in itertools.pairwise(edges):
        block = SampleBlock(
            Placement.BELLY,
            first * samples.period_s,
            samples.period_s,
            samples.acc[first:last],
            None if samples.gyr is None else samples.gyr[first:last],
        )
        events += analyzer.push(tracker.push(block))
    events += analyzer.push(tracker.flush())
    return analyzer.finish(), events


def analyse_with_gap(samples: Samples, *, first: int, last: int) -> SetOutcome:
    """Samples ``[first, last)`` never arrived."""
    analyzer = SetAnalyzer(
        find_exercise("tissue_box_breathing"), side=Side.NONE, placements=[Placement.BELLY]
    )
    tracker, dt = MotionTracker(Placement.BELLY), samples.period_s
    analyzer.push(tracker.push(SampleBlock(Placement.BELLY, 0.0, dt, samples.acc[:first], None)))
    gap = Gap(Placement.BELLY, first * dt, last * dt)
    rest = SampleBlock(Placement.BELLY, last * dt, dt, samples.acc[last:], None, gap_before=gap)
    analyzer.push(tracker.push(rest))
    analyzer.push(tracker.flush())
    return analyzer.finish()
