"""Exercises no sensor can see: the hub paces them, the person does them, nothing is measured.

A schedule of holds and rests, and nothing else, decides what counts; every hold carries
``evidence=guided``. A sensor on the belly adds what it can see beside that: how still the person
lay and how they breathed. A recording that no hub paced has no holds here.
"""

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sensorhub.exercises.detectors.base import DetectorSetup, Findings
from sensorhub.exercises.detectors.breath import BreathDetector
from sensorhub.exercises.thresholds import BreathThresholds, GuidedThresholds
from sensorhub.model.live import LiveEvent, LiveState
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import Evidence, Hold


class Phase(enum.StrEnum):
    """What the person is asked to do."""

    HOLD = "hold"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant of the schedule.

    Attributes:
        number: of the hold under way or just done, from 1.
        remaining_s: until the phase changes.
        strength_percent: of the greatest effort, None where it does not matter.
    """

    number: int
    phase: Phase
    remaining_s: float
    strength_percent: int | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Hold, rest, hold, rest ... from the start of the set, for as long as it lasts."""

    thresholds: GuidedThresholds

    @property
    def period_s(self) -> float:
        """From the beginning of one hold to the beginning of the next."""
        return self.thresholds.hold_s + self.thresholds.rest_s

    def at(self, elapsed_s: float) -> Moment:
        """What is asked for, so long after the start."""
        number, within_s = divmod(max(elapsed_s, 0.0), self.period_s)
        holding = within_s < self.thresholds.hold_s
        return Moment(
            number=int(number) + 1,
            phase=Phase.HOLD if holding else Phase.REST,
            remaining_s=(self.thresholds.hold_s if holding else self.period_s) - within_s,
            strength_percent=self.strength_percent(int(number) + 1),
        )

    def done(self, elapsed_s: float) -> int:
        """Holds that are over by then."""
        # A nanosecond's grace: sums of tenths do not meet their ends exactly.
        return max(0, int((elapsed_s + self.thresholds.rest_s + 1e-9) / self.period_s))

    def strength_percent(self, number: int) -> int | None:
        """How strong the given hold (from 1) is to be, of the greatest effort."""
        strengths = self.thresholds.strengths
        return strengths[(number - 1) % len(strengths)] if strengths else None

    def holds(self, *, start_s: float, end_s: float) -> tuple[Hold, ...]:
        """The holds that were paced to their end between two moments on the hub's clock."""
        holds = []
        for number in range(1, self.done(end_s - start_s) + 1):
            began_s = start_s + (number - 1) * self.period_s
            strength = self.strength_percent(number)
            holds.append(
                Hold(
                    start_s=began_s,
                    end_s=began_s + self.thresholds.hold_s,
                    held_s=self.thresholds.hold_s,
                    angle_rad=math.nan,
                    evidence=Evidence.GUIDED,
                    measures={} if strength is None else {"strength_percent": float(strength)},
                )
            )
        return tuple(holds)


def new_detector(setup: DetectorSetup) -> "GuidedDetector":
    """A detector for one set. Raises TypeError for an exercise without guided thresholds."""
    return GuidedDetector(setup)


class GuidedDetector:
    """Follows the pace that the hub gives, and watches the belly where a sensor lies on it."""

    def __init__(self, setup: DetectorSetup) -> None:
        thresholds = setup.exercise.thresholds
        if not isinstance(thresholds, GuidedThresholds):
            raise TypeError(f"{setup.exercise.id} has no guided thresholds")
        self._schedule = Schedule(thresholds)
        self._paced_s: tuple[float, float] | None = None
        watched = (*setup.primary, *setup.optional)[:1]
        self._placement = watched[0] if watched else None
        self._breathing = (
            None
            if self._placement is None
            else BreathDetector(self._placement, thresholds=BreathThresholds(), live=False)
        )
        self._norms_mps2: list[float] = []

    def pace(self, *, start_s: float, now_s: float) -> None:
        """The hub paces this set: since when, until now (its clock). Call it as time goes by."""
        self._paced_s = (start_s, now_s)

    def push(self, block: MotionBlock) -> Sequence[LiveEvent]:
        """Motion of the belly: looked at, never counted."""
        if self._breathing is not None and block.placement is self._placement:
            self._breathing.push(block)
            acc = block.acc_mps2
            self._norms_mps2 += np.sqrt((acc * acc).sum(axis=1)).tolist()
        return ()

    def state(self) -> LiveState:
        """Paced holds so far, and the seconds of the one under way."""
        if self._paced_s is None:
            return LiveState(0, 0, 0, hold_s=None, angle_rad=None, target_rad=None)
        elapsed_s = self._paced_s[1] - self._paced_s[0]
        moment = self._schedule.at(elapsed_s)
        holding = moment.phase is Phase.HOLD
        return LiveState(
            count=self._schedule.done(elapsed_s),
            partial=0,
            unsure=0,
            hold_s=self._schedule.thresholds.hold_s - moment.remaining_s if holding else None,
            angle_rad=None,
            target_rad=None,
        )

    def finish(self) -> Findings:
        """What was paced, as the person's own word; what the belly showed, as measures."""
        holds: tuple[Hold, ...] = ()
        if self._paced_s is not None:
            holds = self._schedule.holds(start_s=self._paced_s[0], end_s=self._paced_s[1])
        return Findings(holds=holds, measures=self._beside())

    def _beside(self) -> dict[str, float]:
        """Breathing and stillness of the belly; empty without a sensor there."""
        if self._breathing is None or len(self._norms_mps2) < 2:
            return {}
        seen = self._breathing.finish().measures
        kept = ("breath_rate_per_min", "breath_depth_rad")
        measures = {name: seen[name] for name in kept if name in seen}
        measures["movement_sd_mps2"] = float(np.std(self._norms_mps2))
        return measures
