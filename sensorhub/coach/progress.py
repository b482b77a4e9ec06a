"""How far the running set is, against its dose, from what is seen live."""

import math

from sensorhub.coach.dose import Dose
from sensorhub.coach.prompts import PromptKey
from sensorhub.model.live import LiveState

HOLD_TOLERANCE_S = 0.5
"""A hold this much short of its dose counts as done: the error a hold's timing may have."""

CONFIRM_S = 4.0
"""How long an unsure last repetition is waited for: the next movement would decide it."""

RELEASE_S = 5.0
"""How long after the dose a person has to come out of a hold before the set is closed."""

MOVED_RAD = math.radians(4.0)
"""A change of angle that shows somebody is at work, even if nothing was counted."""


class SetProgress:
    """Follows one set. Feed it every :class:`LiveState`; ask it what to say and when to end."""

    def __init__(self, dose: Dose, *, now_s: float) -> None:
        self._dose = dose
        self._began_s = now_s
        self._now_s = now_s
        self._active_s = now_s
        self._reached_s: float | None = None
        self._live: LiveState | None = None
        self._banked_s = 0.0
        self._angle_rad: float | None = None
        self._said: set[PromptKey] = set()

    @property
    def reached(self) -> bool:
        """The dose is done (it can be taken back while repetitions are unsure)."""
        return self._reached_s is not None

    @property
    def amount(self) -> float:  # the dose's own unit
        """Repetitions, seconds held, or seconds gone by: what the dose is given in."""
        if self._dose.reps is not None:
            return 0.0 if self._live is None else float(self._live.count)
        if self._dose.hold_s is not None:
            return self.held_s
        return self._now_s - self._began_s

    @property
    def held_s(self) -> float:
        """Seconds held so far, the hold under way included."""
        return self._banked_s + self._holding_s()

    def done(self) -> Dose:
        """What was done, in the dose's own unit."""
        if self._dose.reps is not None:
            return Dose(reps=int(self.amount))
        if self._dose.hold_s is not None:
            return Dose(hold_s=self.amount)
        return Dose(duration_s=self.amount)

    def update(self, now_s: float, live: LiveState | None) -> list[PromptKey]:
        """Take in what is seen now (times in hub seconds); returns what is to be said."""
        self._now_s = now_s
        if live is not None:
            self._take(now_s, live)
        if self.amount < self._target() - (HOLD_TOLERANCE_S if self._dose.hold_s else 0.0):
            self._reached_s = None
        elif self._reached_s is None:
            self._reached_s = now_s
        return self._prompts()

    def finished(self, now_s: float) -> bool:
        """The dose is reached and what was under way has come to its end."""
        if self._reached_s is None:
            return False
        waited_s = now_s - self._reached_s
        if self._dose.reps is not None:
            unsure = self._live is not None and self._live.unsure > 0
            return not unsure or waited_s >= CONFIRM_S
        if self._dose.hold_s is not None:
            return self._holding_s() == 0.0 or waited_s >= RELEASE_S
        return True

    def idle_s(self, now_s: float, *, frozen: bool) -> float:
        """Seconds without any movement; ``frozen`` says that nothing can be seen now."""
        if frozen or self._dose.duration_s is not None:
            self._active_s = now_s
        return now_s - self._active_s

    def _take(self, now_s: float, live: LiveState) -> None:
        before = self._live
        if before is None or (live.count, live.partial) != (before.count, before.partial):
            self._active_s = now_s
        if live.hold_s is not None:
            self._active_s = now_s
        held_before_s = self._holding_s()
        if live.hold_s is None or live.hold_s < held_before_s:
            self._banked_s += held_before_s
        if live.angle_rad is not None and (
            self._angle_rad is None or abs(live.angle_rad - self._angle_rad) > MOVED_RAD
        ):
            self._angle_rad, self._active_s = live.angle_rad, now_s
        self._live = live

    def _holding_s(self) -> float:
        return 0.0 if self._live is None else self._live.hold_s or 0.0

    def _target(self) -> float:
        dose = self._dose
        return float(dose.reps or dose.hold_s or dose.duration_s or 0.0)

    def _prompts(self) -> list[PromptKey]:
        due: list[PromptKey] = []
        if 0.5 <= self.amount / max(self._target(), 1e-9) < 1.0 and self._target() >= 8:
            due.append(PromptKey.HALF_WAY)
        if (
            self._dose.reps is not None
            and self._dose.reps > 2
            and self.amount == self._dose.reps - 1
        ):
            due.append(PromptKey.LAST_ONE)
        if self._dose.hold_s is not None and self.reached:
            due.append(PromptKey.RELEASE)
        fresh = [key for key in due if key not in self._said]
        self._said.update(due)
        return fresh
