"""How far the running set is, against its dose, from what is seen live; and what to say of it."""

import math
from collections.abc import Iterable

from sensorhub.coach.cues import HoldCues, count_cues
from sensorhub.coach.dose import Dose
from sensorhub.coach.pace import PaceWatch, Tempo
from sensorhub.coach.prompts import Prompt, PromptKey
from sensorhub.coach.recount import Heard
from sensorhub.coach.settings import SET_LIMIT_S
from sensorhub.coach.states import Trigger
from sensorhub.model.live import LiveState

HOLD_TOLERANCE_S = 0.5
"""A hold this much short of its dose counts as done: the error a hold's timing may have."""

CONFIRM_S = 4.0
"""How long an unsure last repetition is waited for: the next movement would decide it."""

STILL_S = 0.7
"""The last repetition is over when nothing has moved for so long: it is counted before its end."""

LOWER_S = 3.0
"""How long its end is waited for. Who goes straight on has begun the next one by then."""

RELEASE_S = 5.0
"""How long after the dose a person has to come out of a hold before the set is closed."""

MOVED_RAD = math.radians(4.0)
"""A change of angle that shows somebody is at work, even if nothing was counted."""


class SetProgress:
    """Follows one set. Feed it every :class:`LiveState`; ask it what to say and when to end.

    Args:
        asked_s: what one repetition should at least take; None: no pace is asked for.
        paced: the hub itself paces the set and says the numbers.
    """

    def __init__(
        self, dose: Dose, *, now_s: float, asked_s: float | None = None, paced: bool = False
    ) -> None:
        self._dose = dose
        self._paced = paced
        self._began_s = now_s
        self._now_s = now_s
        self._active_s = now_s
        self._reached_s: float | None = None
        self._live: LiveState | None = None
        self._banked_s = 0.0
        self._angle_rad: float | None = None
        self._pace = None if asked_s is None or dose.reps is None else PaceWatch(asked_s)
        self._hold_cues = None if dose.hold_s is None else HoldCues(dose.hold_s)
        self._half_said = False
        self._most = 0

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

    @property
    def tempo(self) -> Tempo | None:
        """How fast the person moves; None where no pace is asked for."""
        return None if self._pace is None else self._pace.tempo(self._now_s)

    def done(self) -> Dose:
        """What was done, in the dose's own unit."""
        if self._dose.reps is not None:
            return Dose(reps=int(self.amount))
        if self._dose.hold_s is not None:
            return Dose(hold_s=self.amount)
        return Dose(duration_s=self.amount)

    def heard(self, why: Trigger) -> Heard | None:
        """What was said aloud of the set that ends now; None where the hub paced it."""
        if self._paced:
            return None
        return Heard(self.done(), self._most, tried=why in (Trigger.IDLE, Trigger.TOO_LONG))

    def left(self) -> Dose | None:
        """What is still to be done of the dose, in whole seconds; None: as good as nothing."""
        if self._dose.reps is not None:
            reps = self._dose.reps - int(self.amount)
            return Dose(reps=reps) if reps >= 1 else None
        left_s = float(math.floor(self._target() - self.amount))
        if left_s < 1.0:
            return None
        return Dose(hold_s=left_s) if self._dose.hold_s is not None else Dose(duration_s=left_s)

    def update(self, now_s: float, live: LiveState | None) -> list[Prompt]:
        """Take in what is seen now (times in hub seconds); returns what is to be said."""
        before = 0 if self._live is None else self._live.count
        self._now_s = now_s
        if live is not None:
            self._take(now_s, live)
        self._see_dose()
        return self._prompts(before)

    def recount(self, now_s: float, seen: Iterable[LiveState]) -> None:
        """The set so far is known better now: what was seen, moment by moment, replaces it.

        Nothing is said of it: cues are for what happens now.
        """
        self._now_s = now_s
        self._banked_s, self._live = 0.0, None
        for live in seen:
            self._take(now_s, live)
        self._see_dose()
        if self._pace is not None:
            self._pace.skip(int(self.amount))
        if self._hold_cues is not None:
            self._hold_cues.skip(self.held_s)

    def over(self, now_s: float, *, frozen: bool, idle_s: float) -> Trigger | None:
        """Why the set is over; None while it goes on.

        Args:
            frozen: nothing can be seen now, so nobody is idle.
            idle_s: so long without any movement, and nobody is at work any more.
        """
        if now_s - self._began_s >= SET_LIMIT_S:
            return Trigger.TOO_LONG
        if self._finished(now_s):
            return Trigger.DOSE_DONE
        if frozen or self._dose.duration_s is not None:
            self._active_s = now_s
        return Trigger.IDLE if now_s - self._active_s >= idle_s else None

    def _finished(self, now_s: float) -> bool:
        """The dose is reached and what was under way has come to its end."""
        if self._reached_s is None:
            return False
        waited_s = now_s - self._reached_s
        if self._dose.reps is not None:
            live = self._live
            if live is not None and live.unsure > 0:
                return waited_s >= CONFIRM_S
            unseen = live is None or live.angle_rad is None
            return unseen or now_s - self._active_s >= STILL_S or waited_s >= LOWER_S
        if self._dose.hold_s is not None:
            return self._holding_s() == 0.0 or waited_s >= RELEASE_S
        return True

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

    def _see_dose(self) -> None:
        if self.amount < self._target() - (HOLD_TOLERANCE_S if self._dose.hold_s else 0.0):
            self._reached_s = None
        elif self._reached_s is None:
            self._reached_s = self._now_s

    def _prompts(self, before: int) -> list[Prompt]:
        if self._hold_cues is not None:
            holding = self._holding_s() > 0.0
            return self._hold_cues.update(self.held_s, holding=holding, now_s=self._now_s)
        if self._dose.reps is None:
            if self._half_said or self.amount < self._target() / 2:
                return []
            self._half_said = True
            return [Prompt(PromptKey.HALF_WAY)]
        if self._paced:
            return []
        count = 0 if self._live is None else self._live.count
        due = count_cues(before, count, of=self._dose.reps)
        if due:
            self._most = max(self._most, count)
        if self._pace is not None and self._pace.count(count, self._now_s) and not self.reached:
            due.append(Prompt(PromptKey.SLOWER))
        return due
