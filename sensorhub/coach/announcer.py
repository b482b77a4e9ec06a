"""Announces a set: what, which side, where the sensor goes, how it is done; and when to begin."""

from collections.abc import Mapping
from dataclasses import dataclass

from sensorhub.coach.plan import PlannedSet
from sensorhub.coach.prompts import Blank, Prompt, PromptKey
from sensorhub.coach.settings import CoachSettings
from sensorhub.model.placement import Placement, Side

SWITCH_STILL_S = 4.0
"""A sensor that was put on the other leg has come to rest: longer than a pause of the hands."""

MOVED_S = 0.5


@dataclass(frozen=True, slots=True)
class Brief:
    """What the coach must know of an exercise.

    Attributes:
        asked_s: what one repetition should at least take; None: no pace is asked for.
        one_sensor: its only sensor is worn on one thigh and has to be put on the other leg.
        paced: the hub paces it and says the numbers.
    """

    asked_s: float | None = None
    one_sensor: bool = False
    paced: bool = False


class Announcer:
    """Says what comes next, and knows when the person can be ready for it."""

    def __init__(self, settings: CoachSettings, briefs: Mapping[str, Brief]) -> None:
        self._settings = settings
        self._briefs = briefs
        self._explained: set[str] = set()
        self._last: PlannedSet | None = None
        self._worn_side: Side | None = None
        self._shortest_s = 0.0
        self._switching = False
        self._moved = False

    def announce(self, planned: PlannedSet) -> list[Prompt]:
        """What is said before this set."""
        last, self._last = self._last, planned
        first = planned.exercise not in self._explained
        self._explained.add(planned.exercise)
        self._shortest_s = self._settings.prepare_s + (self._settings.how_s if first else 0.0)
        one_sided = planned.side in (Side.LEFT, Side.RIGHT)
        moves = one_sided and self.brief(planned).one_sensor
        self._switching, self._moved = moves and planned.side is not self._worn_side, False
        same = last is not None and last.exercise == planned.exercise
        other = same and one_sided and last is not None and last.side is not planned.side
        prompts = [_what(PromptKey.OTHER_SIDE if other else PromptKey.GET_READY, planned)]
        if self._switching:
            leg = Placement.THIGH_LEFT if planned.side is Side.LEFT else Placement.THIGH_RIGHT
            prompts.append(Prompt(PromptKey.SWITCH_SIDE, {"placement": leg}))
        if first:
            prompts.append(Prompt(PromptKey.HOW, {"exercise": planned.exercise}))
        return [*prompts, Prompt(PromptKey.KEEP_STILL)]

    def explain_again(self, planned: PlannedSet) -> None:
        """How it is done is said once more when it is announced next."""
        self._explained.discard(planned.exercise)

    def is_ready(self, *, waited_s: float, still_s: float) -> bool:
        """The person is still, and had the time (and took the sensor to the other leg)."""
        self._moved = self._moved or still_s < waited_s - MOVED_S
        if self._switching and (not self._moved or still_s < SWITCH_STILL_S):
            return False
        return waited_s >= self._shortest_s and still_s >= self._settings.still_s

    def begun(self, planned: PlannedSet) -> None:
        """The set announced last has begun: the sensor is where it was wanted."""
        if self._switching:
            self._worn_side, self._switching = planned.side, False

    def brief(self, planned: PlannedSet) -> Brief:
        """What is special about the exercise."""
        return self._briefs.get(planned.exercise, Brief())


def about(planned: PlannedSet) -> dict[str, Blank]:
    """The blanks that say which set is meant."""
    return {"exercise": planned.exercise, "side": planned.side}


def _what(key: PromptKey, planned: PlannedSet) -> Prompt:
    which: dict[str, Blank] = {"number": planned.number, "of": planned.of, "dose": planned.dose}
    return Prompt(key, {**about(planned), **which})
