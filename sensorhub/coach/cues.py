"""What is said while a set runs: every count, and the seconds of a hold as they are measured."""

from sensorhub.coach.prompts import Prompt, PromptKey

COUNTDOWN_S = (15, 10, 5, 3, 2, 1)
"""Seconds to go that are said aloud; the rest of a hold is silence."""

RELEASE_AT_S = 0.05
AGAIN_S = 5.0
"""How often a person who came out of a hold too early is asked back."""


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
