"""A person doing a scenario: the body at any time, the truth up to any time, and felt cues."""

from collections.abc import Iterator

import numpy as np

from firmware_sim.body.rotations import Array
from firmware_sim.body.track import Track
from firmware_sim.scenario.activities import act
from firmware_sim.scenario.loader import Act, Perform, Rest, Scenario, Take, Wait
from firmware_sim.scenario.plan import Plan
from firmware_sim.scenario.sets import perform
from firmware_sim.scenario.truth import Truth

LOOKAHEAD_S = 0.4
"""How far ahead of the present the body may be asked for without making a person slow: less than
any reaction time."""

_REACTION_S = (0.50, 0.75)
_SAME_CUE_S = 2.0  # cues this close are one: two sensors that vibrate together


class Performer:
    """Plays a scenario. Deterministic in (scenario, seed, times of the cues).

    The motion is planned as far as somebody looked. Each felt cue ends one ``wait``: the one under
    way, a reaction time later, or the next one if the person is busy (one cue is remembered).
    """

    def __init__(self, scenario: Scenario, *, seed: int = 0) -> None:
        self.scenario = scenario
        self._plan = Plan(scenario, seed)
        self._cue_rng = np.random.default_rng([seed, 0xC0E])
        self._script = self._play()
        self._waiting: tuple[float, float | None] | None = None  # since, time-out
        self._cue_s: float | None = None
        self._last_cue_s = -1e9
        self._horizon_s = 0.0
        self._over = False
        first = scenario.steps[0]
        if isinstance(first, Perform) and first.movement.kind == "breath":
            # breathed out and ready: the recording begins with the exercise's own breaths
            self._plan.breath.stay_until(scenario.lead_in_s)

    @property
    def finished_s(self) -> float | None:
        """When the scenario was over, None while it is not known."""
        return self._plan.now_s if self._over else None

    @property
    def waiting(self) -> bool:
        """Is the person waiting for a cue, as far as the motion is planned?"""
        return self._waiting is not None

    def cue(self, time_s: float) -> None:
        """The person feels a cue at world time ``time_s``."""
        if time_s - self._last_cue_s < _SAME_CUE_S:
            return
        self._last_cue_s = time_s
        felt = time_s + float(self._cue_rng.uniform(*_REACTION_S))
        # what somebody has already seen cannot be changed any more
        self._cue_s = max(felt, self._horizon_s)

    def advance(self, until_s: float) -> None:
        """Plans the motion at least up to ``until_s``."""
        plan = self._plan
        while plan.now_s < until_s and not self._over:
            if self._waiting is not None and not self._released(until_s):
                break
            item = next(self._script, self)
            if item is self:
                self._over = True
            elif isinstance(item, Wait):
                self._waiting = (plan.now_s, item.timeout_s)
        plan.breathe_until(until_s)
        self._horizon_s = max(self._horizon_s, until_s)

    def state(self, times_s: Array) -> tuple[Array, Array]:
        """Coordinates (channels, n) and pelvis base (4, n) at ascending world times in s."""
        self.advance(float(times_s[-1]))
        return self._plan.evaluate(times_s)

    def slip(self, placement: str) -> Track | None:
        """How the sensor there has slipped so far, None if it never did."""
        return self._plan.slips.get(placement)

    def truth(self, until_s: float | None = None) -> Truth:
        """What has happened by ``until_s`` (by the end of what anybody looked at)."""
        return self._plan.truth.until(self._horizon_s if until_s is None else until_s)

    def _released(self, until_s: float) -> bool:
        assert self._waiting is not None
        since, timeout = self._waiting
        release = float("inf") if timeout is None else since + timeout
        if self._cue_s is not None:
            release = min(release, max(self._cue_s, since + 0.2))
        if release > until_s:
            return False
        if self._cue_s is not None and self._cue_s <= release:
            self._cue_s = None
        self._plan.main.stay_until(release)
        self._waiting = None
        return True

    def _play(self) -> Iterator[object]:
        self._plan.stay(self.scenario.lead_in_s)
        yield None
        for step in self.scenario.steps:
            match step:
                case Rest():
                    self._plan.stay(step.duration_s)
                    yield None
                case Take():
                    self._plan.go(step.posture, step.side)
                    yield None
                case Wait():
                    yield step
                case Act():
                    yield from act(self._plan, step)
                case Perform():
                    yield from perform(self._plan, step)
        self._plan.stay(self.scenario.lead_out_s)
        yield None
