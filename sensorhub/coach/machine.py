"""The coach: takes a person through the sets of a plan. A pure state machine.

It is told the time and what the sensors see (:class:`Situation`), and answers with actions. Every
state is left by time alone if nothing else happens, so that it can never be stuck.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sensorhub.coach.plan import PlannedSet
from sensorhub.coach.progress import SetProgress
from sensorhub.coach.prompts import Blank, Prompt, PromptKey
from sensorhub.coach.questions import Question, QuestionId
from sensorhub.coach.settings import SESSION_LIMIT_S, SET_LIMIT_S, CoachSettings
from sensorhub.model.live import LiveState


class CoachState(enum.StrEnum):
    """Where in the session the person is."""

    CHECKING = "checking"  # do all sensors send, are they where they belong, are they charged
    ASKING = "asking"  # a question is open, and nothing else happens
    PREPARING = "preparing"  # taking the start position; a set begins when they are still
    RUNNING = "running"
    PAUSED = "paused"
    RESTING = "resting"
    DONE = "done"


class Trigger(enum.StrEnum):
    """Why a state is left: the person's key, what the sensors see, or time."""

    KEY_NEXT = "next"
    KEY_SKIP = "skip"
    KEY_REPEAT = "repeat"
    KEY_PAUSE = "pause"  # pressed again: go on
    KEY_STOP = "stop"
    HURT = "hurt"  # "that hurt": ends a running set at once, and is recorded
    STILL = "still"
    DOSE_DONE = "dose_done"
    IDLE = "idle"
    TOO_LONG = "too_long"
    RESTED = "rested"


_S, _T = CoachState, Trigger

TRANSITIONS: Mapping[tuple[CoachState, Trigger], CoachState] = MappingProxyType(
    {
        (_S.PREPARING, _T.STILL): _S.RUNNING,
        (_S.PREPARING, _T.KEY_NEXT): _S.RUNNING,
        (_S.PREPARING, _T.KEY_SKIP): _S.PREPARING,  # of the next set
        (_S.PREPARING, _T.TOO_LONG): _S.PREPARING,
        (_S.RUNNING, _T.DOSE_DONE): _S.RESTING,
        (_S.RUNNING, _T.KEY_NEXT): _S.RESTING,
        (_S.RUNNING, _T.KEY_SKIP): _S.RESTING,
        (_S.RUNNING, _T.IDLE): _S.RESTING,
        (_S.RUNNING, _T.TOO_LONG): _S.RESTING,
        (_S.RESTING, _T.RESTED): _S.PREPARING,
        (_S.RESTING, _T.KEY_NEXT): _S.PREPARING,
        (_S.RESTING, _T.KEY_SKIP): _S.PREPARING,
        **{(state, _T.KEY_STOP): _S.DONE for state in (_S.PREPARING, _S.RUNNING, _S.RESTING)},
    }
)
"""Where each trigger leads; what is not listed changes nothing. Without a set left: DONE."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the coach is told, some times a second.

    Attributes:
        now_s: hub clock.
        sensors_ready: the sensors that this exercise needs are streaming and settled.
        still_s: for how long they have been still.
        live: the running set, None when no set runs.
    """

    now_s: float
    sensors_ready: bool
    still_s: float
    live: LiveState | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """Say this to the person now."""

    prompt: Prompt


@dataclass(frozen=True, slots=True)
class BeginSet:
    """A set begins now: mark it, start counting, let the sensor signal it."""

    planned: PlannedSet


@dataclass(frozen=True, slots=True)
class EndSet:
    """The set ends now. ``complete``: the dose was reached, by what was seen live."""

    planned: PlannedSet
    reason: Trigger
    complete: bool


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """A set that was never begun."""

    planned: PlannedSet
    reason: Trigger


@dataclass(frozen=True, slots=True)
class Ask:
    """Put this question to the person; it stays open until it is answered or nobody answers."""

    question: Question


@dataclass(frozen=True, slots=True)
class Note:
    """Record this answer (as :meth:`Question.read` gives it) with the session or its last set."""

    question: Question
    answer: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The session is over."""


Action = Say | Ask | Note | BeginSet | EndSet | LeaveOut | Finish


class Coach:
    """Takes a person through ``sets``, one after the other.

    Args:
        sets: what is to be done, in order; may be empty (then it is done at once).
        now_s: hub clock at the start.
        settings: times; see there for what cannot be set.
    """

    def __init__(
        self,
        sets: Sequence[PlannedSet],
        *,
        now_s: float,
        settings: CoachSettings | None = None,
    ) -> None:
        self._sets = tuple(sets)
        self._settings = settings or CoachSettings()
        self._index = 0
        self._state = CoachState.PREPARING
        self._session_began_s = now_s
        self._since_s = now_s
        self._progress: SetProgress | None = None
        self._announced = False

    @property
    def state(self) -> CoachState:
        """Where in the session the person is."""
        return self._state

    @property
    def current(self) -> PlannedSet | None:
        """The set being prepared, run or just rested from; None when all is done."""
        done = self._state is CoachState.DONE or self._index >= len(self._sets)
        return None if done else self._sets[self._index]

    @property
    def question(self) -> Question | None:
        """What the person is asked now, None when nothing is asked."""
        return None

    @property
    def held_s(self) -> float:
        """Seconds held in the running set so far, the hold under way included."""
        return 0.0 if self._progress is None else self._progress.held_s

    def tick(self, situation: Situation) -> list[Action]:
        """Tell what is seen now; returns what is to be done now, in order."""
        actions: list[Action] = []
        if self._state is CoachState.DONE:
            return actions
        if not self._sets:
            return self._finish(PromptKey.ALL_DONE)
        self._announce(actions)
        if self._progress is not None:
            due = self._progress.update(situation.now_s, situation.live)
            actions.extend(Say(Prompt(key)) for key in due)
        trigger = self._trigger(situation)
        if trigger is not None:
            actions += self._fire(trigger, situation.now_s)
        return actions

    def key(self, trigger: Trigger, *, now_s: float) -> list[Action]:
        """A key of the person: KEY_NEXT, KEY_SKIP or KEY_STOP; others are ignored."""
        if trigger not in (Trigger.KEY_NEXT, Trigger.KEY_SKIP, Trigger.KEY_STOP):
            return []
        return self._fire(trigger, now_s)

    def answer(self, question_id: QuestionId, value: str, *, now_s: float) -> list[Action]:
        """The person's answer to the open question; one that is not open (any more) is ignored.

        Raises:
            InputError: it is no answer to that question; it stays open.
        """
        del question_id, value, now_s
        return []

    def _trigger(self, now: Situation) -> Trigger | None:
        waited_s = now.now_s - self._since_s
        if now.now_s - self._session_began_s >= SESSION_LIMIT_S:
            return Trigger.KEY_STOP
        if self._state is CoachState.PREPARING:
            return self._preparing(now, waited_s)
        if self._state is CoachState.RESTING:
            return Trigger.RESTED if waited_s >= self._sets[self._index].rest_s else None
        assert self._progress is not None
        if waited_s >= SET_LIMIT_S:
            return Trigger.TOO_LONG
        if self._progress.finished(now.now_s):
            return Trigger.DOSE_DONE
        # Without a signal nothing can be seen to move: only the limit of the set ends it.
        idle_s = self._progress.idle_s(now.now_s, frozen=not now.sensors_ready)
        return Trigger.IDLE if idle_s >= self._settings.idle_s else None

    def _preparing(self, now: Situation, waited_s: float) -> Trigger | None:
        if waited_s >= self._settings.prepare_limit_s:
            return Trigger.TOO_LONG
        ready = now.sensors_ready and waited_s >= self._settings.prepare_s
        return Trigger.STILL if ready and now.still_s >= self._settings.still_s else None

    def _fire(self, trigger: Trigger, now_s: float) -> list[Action]:
        target = TRANSITIONS.get((self._state, trigger))
        if target is None:
            return []
        actions = self._leave(trigger)
        if target is CoachState.DONE:
            return actions + self._finish(PromptKey.STOPPED)
        if target is not CoachState.RUNNING and self._index == len(self._sets) - 1:
            return actions + self._finish(PromptKey.ALL_DONE)
        self._since_s = now_s
        planned = self._sets[self._index]
        if target is CoachState.RUNNING:
            self._progress = SetProgress(planned.dose, now_s=now_s)
            actions += [Say(Prompt(PromptKey.BEGIN)), BeginSet(planned)]
        elif target is CoachState.RESTING:
            rest = Prompt(PromptKey.REST, {"seconds": round(planned.rest_s)})
            actions += [Say(rest)] if planned.rest_s >= 1 else []
        else:
            self._index += 1
            self._announced = False
        self._state = target
        self._announce(actions)
        return actions

    def _leave(self, trigger: Trigger) -> list[Action]:
        planned = self._sets[self._index] if self._sets else None
        if planned is None:
            return []
        if self._state is CoachState.PREPARING and trigger not in (Trigger.STILL, Trigger.KEY_NEXT):
            skipped = Prompt(PromptKey.SKIPPED, self._blanks(planned))
            return [Say(skipped), LeaveOut(planned, trigger)]
        if self._state is not CoachState.RUNNING or self._progress is None:
            return []
        progress, self._progress = self._progress, None
        blanks = {**self._blanks(planned), "done": progress.done()}
        key = PromptKey.SET_DONE if progress.reached else PromptKey.SET_SHORT
        return [EndSet(planned, trigger, progress.reached), Say(Prompt(key, blanks))]

    def _finish(self, key: PromptKey) -> list[Action]:
        self._state = CoachState.DONE
        return [Say(Prompt(key)), Finish()]

    def _announce(self, actions: list[Action]) -> None:
        if self._state is CoachState.PREPARING and not self._announced:
            self._announced = True
            planned = self._sets[self._index]
            actions.append(Say(Prompt(PromptKey.GET_READY, self._blanks(planned))))

    def _blanks(self, planned: PlannedSet) -> dict[str, Blank]:
        return {
            "exercise": planned.exercise,
            "side": planned.side,
            "dose": planned.dose,
            "number": planned.number,
            "of": planned.of,
        }
