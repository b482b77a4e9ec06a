"""What is said while a set runs: every count, and the seconds of a hold as they are measured."""

from sensorhub.coach.prompts import Prompt, PromptKey

COUNTDOWN_S = (15, 10, 5, 3, 2, 1)
"""Seconds to go that are said aloud; the rest of a hold is silence."""

RELEASE_AT_S = 0.05
AGAIN_S = 5.0
"""How often a person who came out of a hold too early is asked back."""

BACK_S = 0.5
"""A signal that has been back for so long is back."""

LATELY_S, LOST_AGAIN_S = 10.0, 2.0
"""If the signal was lost so lately, it must be lost for so long to be named again."""


def count_cues(before: int, count: int, *, of: int) -> list[Prompt]:
    """What is said when the count goes from ``before`` to ``count``; nothing when it goes back."""
    if count <= before:
        return []
    due = [Prompt(PromptKey.COUNT, {"count": count})]
    if count == of - 1 and of > 2:
        due.append(Prompt(PromptKey.LAST_ONE))
    return due


class HoldCues:
    """Says a hold of ``dose_s`` seconds: hold, the countdown, release, and come back.

    It goes by the seconds that were measured: somebody who comes out of the pose hears no count.
    """

    def __init__(self, dose_s: float) -> None:
        self._dose_s = dose_s
        self._to_say = [second for second in COUNTDOWN_S if second < dose_s - 1.0]
        self._held = False  # ever
        self._released = False
        self._asked_back_s = float("-inf")

    def update(self, held_s: float, *, holding: bool, now_s: float) -> list[Prompt]:
        """Seconds held so far, and whether the pose is held now; what is to be said."""
        left_s = self._dose_s - held_s
        if self._released:
            return []
        if left_s <= RELEASE_AT_S:
            self._released = True
            return [Prompt(PromptKey.RELEASE)]
        if holding:
            first, self._held = not self._held, True
            due = [second for second in self._to_say if second >= left_s]
            if due:
                # After a jump (data that came late) only the latest is still true.
                self._to_say = self._to_say[len(due) :]
                return [Prompt(PromptKey.SECONDS_LEFT, {"seconds": due[-1]})]
            return [Prompt(PromptKey.HOLD)] if first else []
        if self._held and now_s - self._asked_back_s >= AGAIN_S and left_s > 1.0:
            self._asked_back_s = now_s
            return [Prompt(PromptKey.HOLD_AGAIN, {"seconds": round(left_s)})]
        return []

    def skip(self, held_s: float) -> None:
        """So much is held already, unheard: the seconds up to there are not said any more."""
        self._held = self._held or held_s > 0.0
        self._to_say = [second for second in self._to_say if second < self._dose_s - held_s]


class SignalCues:
    """Says that the signal is lost, and that it is back: at once, but a flaky link is no parrot.

    Args:
        hold: a pose is held, and kept while nothing is seen. Nobody is to stay half way down in a
            squat: who moves waits in the start position.
    """

    def __init__(self, *, hold: bool = False) -> None:
        self._lost_key = PromptKey.SIGNAL_LOST_HOLD if hold else PromptKey.SIGNAL_LOST
        self._since_s: float | None = None  # what is true now began then
        self._lost = False
        self._said_lost = False
        self._said_s = float("-inf")

    def update(self, now_s: float, *, lost: bool) -> list[Prompt]:
        """Whether the needed sensor's signal is lost now; what is to be said of that."""
        if self._since_s is None or lost is not self._lost:
            self._since_s, self._lost = now_s, lost
        lasted_s = now_s - self._since_s
        if lost is self._said_lost or lasted_s < (self._patience_s(now_s) if lost else BACK_S):
            return []
        self._said_lost = lost
        if not lost:
            return [Prompt(PromptKey.SIGNAL_BACK)]
        self._said_s = now_s
        return [Prompt(self._lost_key)]

    def _patience_s(self, now_s: float) -> float:
        return LOST_AGAIN_S if now_s - self._said_s < LATELY_S else 0.0
