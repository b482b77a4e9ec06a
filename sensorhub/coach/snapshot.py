"""What any screen shows: one frozen picture of the running session."""

from collections.abc import Sequence
from dataclasses import dataclass

from sensorhub.coach.pace import Tempo
from sensorhub.coach.plan import PlannedSet
from sensorhub.coach.prompts import Prompt
from sensorhub.coach.questions import Question
from sensorhub.coach.said import Said
from sensorhub.coach.states import CoachState
from sensorhub.model.live import LiveState
from sensorhub.model.placement import Placement


@dataclass(frozen=True, slots=True)
class SensorView:
    """One sensor on the screen.

    Attributes:
        state: what the link is doing, in words.
        lost_s: for how long nothing has arrived, None while data flow.
        arrived_share: part of the recent samples that arrived, 0 to 1.
        battery_percent: None where not told.
        problem: why the link gave up or is not to be had, one sentence in English; empty while all
            is well.
        hint: what to do about it, one sentence in English; may be empty.
        code: the same for programs, see :class:`SensorhubError`; empty while all is well.
        advice: problem and hint in the language of the session.
        gave_up: it is not tried any more.
        age_s: since the newest motion, by the hub's clock; None before the first.
    """

    placement: Placement
    state: str
    lost_s: float | None
    arrived_share: float
    battery_percent: int | None
    problem: str = ""
    hint: str = ""
    age_s: float | None = None
    code: str = ""
    advice: str = ""
    gave_up: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The session at one instant.

    Attributes:
        elapsed_s: since the session began.
        title: the current exercise by name in the language of the session, empty when there is
            none.
        planned: the current set: exercise id, side, number, of, dose, rest.
        live: the running set, None when no set runs.
        banked_hold_s: seconds held in this set so far, the hold under way included.
        remaining_rest_s: None unless resting.
        question: what the person is asked now; answered by ``answer(question.id, value)``.
        remaining_hold_s: seconds still to be held of a dose given in seconds held; None for others.
        tempo: None where no pace is asked for, or no set runs.
        next_set: what comes after the current set, None at the end.
        advice: what has to stay in sight until the person goes on or stops (see a doctor ...).
        typed: what has been typed of an answer on the hub's own keyboard.
        said: the last few things said, the oldest first.
        counted_age_s: since the arrival of what completed the latest repetition of the running
            set, by the hub's clock; None before the first.
    """

    elapsed_s: float
    state: CoachState
    title: str
    planned: PlannedSet | None
    live: LiveState | None
    banked_hold_s: float
    remaining_rest_s: float | None
    sensors: Sequence[SensorView]
    simulated: bool
    question: Question | None = None
    remaining_hold_s: float | None = None
    tempo: Tempo | None = None
    next_set: PlannedSet | None = None
    advice: Prompt | None = None
    said: Sequence[Said] = ()
    counted_age_s: float | None = None
    typed: str = ""

    @property
    def exercise(self) -> str:
        """Id of the current exercise, empty when there is none."""
        return "" if self.planned is None else self.planned.exercise

    @property
    def paused(self) -> bool:
        """Nothing counts and nothing runs out until the person goes on (or very long after)."""
        return self.state is CoachState.PAUSED


__all__ = ["SensorView", "Snapshot", "Tempo"]
