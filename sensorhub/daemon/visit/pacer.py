"""What the hub says while it paces an exercise that no sensor sees: hold, how strongly, let go."""

from sensorhub.coach.prompts import Prompt, PromptKey
from sensorhub.exercises.definition import Exercise
from sensorhub.exercises.detectors.guided import Moment, Phase, Schedule
from sensorhub.exercises.thresholds import GuidedThresholds


class Pacer:
    """Says each hold and each rest of a guided set once, when it begins."""

    def __init__(self, schedule: Schedule, *, start_s: float) -> None:
        self._schedule = schedule
        self._start_s = start_s
        self._said: tuple[int, Phase] | None = None

    def say(self, now_s: float) -> Prompt | None:
        """What is to be said at this hub time; None when nothing has changed."""
        moment = self._schedule.at(now_s - self._start_s)
        if (moment.number, moment.phase) == self._said:
            return None
        self._said = (moment.number, moment.phase)
        return _prompt(moment)


def pacer_for(exercise: Exercise, *, start_s: float) -> Pacer | None:
    """A pacer where the exercise is guided, None where it is measured."""
    thresholds = exercise.thresholds
    if not isinstance(thresholds, GuidedThresholds):
        return None
    return Pacer(Schedule(thresholds), start_s=start_s)


def _prompt(moment: Moment) -> Prompt:
    if moment.phase is Phase.REST:
        return Prompt(PromptKey.PACED_REST)
    if moment.strength_percent is None:
        return Prompt(PromptKey.PACED_HOLD, {"count": moment.number})
    how = {"count": moment.number, "percent": moment.strength_percent}
    return Prompt(PromptKey.PACED_HOLD_AT, how)
