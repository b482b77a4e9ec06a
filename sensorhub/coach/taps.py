"""Presses of a sensor's button, as a person on the floor uses it: one, two or three in a row."""

from sensorhub.coach.states import CoachState, Trigger

TOGETHER_S = 0.7
"""Presses closer than this belong together."""


class Taps:
    """Collects presses; once no more follow, tells what they mean.

    Two: pause, and go on again. Three: "that hurt". One: go on to what is next, but never out of a
    running set, because a bump against the floor is one press too.
    """

    def __init__(self) -> None:
        self._count = 0
        self._last_s = 0.0

    def press(self, now_s: float) -> None:
        """The button was pressed at this hub time."""
        self._count += 1
        self._last_s = now_s

    def due(self, now_s: float, *, state: CoachState) -> Trigger | None:
        """What the presses mean, once, when the last of them is over; None: nothing (yet)."""
        if not self._count or now_s - self._last_s < TOGETHER_S:
            return None
        count, self._count = self._count, 0
        if count >= 3:
            return Trigger.HURT
        if count == 2:
            return Trigger.KEY_PAUSE
        return None if state is CoachState.RUNNING else Trigger.KEY_NEXT
