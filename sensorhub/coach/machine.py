"""The coach: takes a person through the sets of a plan. A pure state machine.

It is told the time and what the sensors see (:class:`Situation`), and answers with actions. Every
state is left by time alone if nothing else happens, so that it can never be stuck.
"""

from collections.abc import Mapping, Sequence

from sensorhub.coach.actions import (
    Action,
    Ask,
    BeginSet,
    EndSet,
    Finish,
    LeaveOut,
    Note,
    Say,
    Situation,
)
from sensorhub.coach.agenda import Agenda
from sensorhub.coach.announcer import Announcer, Brief, about
from sensorhub.coach.checking import PlacementCheck
from sensorhub.coach.cues import SignalCues
from sensorhub.coach.interview import Interview, PainRule
from sensorhub.coach.pace import Tempo
from sensorhub.coach.plan import PlannedSet, refuse_beyond_caps
from sensorhub.coach.progress import SetProgress
from sensorhub.coach.prompts import Prompt, PromptKey
from sensorhub.coach.questions import Advice, Asking, Question, QuestionId
from sensorhub.coach.settings import MAX_HURTS, PAUSE_LIMIT_S, SESSION_LIMIT_S, CoachSettings
from sensorhub.coach.states import BACK, KEYS, TRANSITIONS, CoachState, Trigger
from sensorhub.model.live import LiveState

READY_SAID_S = 2.0
"""A placement check that took longer says when it is over."""

_ADVICE = {Advice.NOW: PromptKey.DOCTOR_NOW, Advice.SOON: PromptKey.DOCTOR_SOON}
_QUIET = (CoachState.CHECKING, CoachState.PREPARING, CoachState.RESTING)

NO_BRIEFS: Mapping[str, Brief] = {}

__all__ = ["Coach", "CoachState", "Trigger"]


class Coach:
    """Takes a person through ``sets``, one after the other.

    Args:
        sets: what is to be done, in order; may be empty (then it is done at once).
        now_s: hub clock at the start.
        settings: times; see there for what cannot be set.
        asking: which questions are asked.
        briefs: what is special about exercises, by id.
        sensors: some set looks at a sensor; they are checked first.

    Raises:
        InputError: a set asks for more than any plan may.
    """

    def __init__(
        self,
        sets: Sequence[PlannedSet],
        *,
        now_s: float,
        settings: CoachSettings | None = None,
        asking: Asking = Asking.NOTHING,
        briefs: Mapping[str, Brief] = NO_BRIEFS,
        sensors: bool = True,
    ) -> None:
        refuse_beyond_caps(sets)
        self._settings = settings or CoachSettings()
        self._agenda = Agenda(sets)
        self._announcer = Announcer(self._settings, briefs)
        self._state = CoachState.CHECKING
        self._opened = False
        self._first = CoachState.CHECKING if sensors else CoachState.PREPARING
        self._began_s = self._since_s = now_s
        self._then = CoachState.CHECKING  # what comes after the questions
        self._back = CoachState.CHECKING  # where the pause ends
        self._interview = Interview(asking)
        self._pain = PainRule()
        self._check = PlacementCheck()
        self._progress: SetProgress | None = None
        self._signal = SignalCues()
        self._advice: Prompt | None = None
        self._stopped = False

    @property
    def state(self) -> CoachState:
        """Where in the session the person is."""
        return self._state

    @property
    def current(self) -> PlannedSet | None:
        """The set being prepared, run or just rested from; None where there is none."""
        return None if self._state is CoachState.DONE else self._agenda.current

    @property
    def next_set(self) -> PlannedSet | None:
        """What comes after the current set."""
        return None if self._state is CoachState.DONE else self._agenda.upcoming

    @property
    def question(self) -> Question | None:
        """What the person is asked now, None when nothing is asked."""
        return self._interview.question if self._state is CoachState.ASKING else None

    @property
    def advice(self) -> Prompt | None:
        """What has to stay in sight: see a doctor."""
        return self._advice

    @property
    def held_s(self) -> float:
        """Seconds held in the running set so far, the hold under way included."""
        return 0.0 if self._progress is None else self._progress.held_s

    @property
    def tempo(self) -> Tempo | None:
        """How fast the person moves; None where no pace is asked for, or no set runs."""
        return None if self._progress is None else self._progress.tempo

    @property
    def remaining_hold_s(self) -> float | None:
        """Seconds still to be held; None where the running set is no hold."""
        planned = self._agenda.taken
        if self._progress is None or planned is None or planned.dose.hold_s is None:
            return None
        return max(0.0, planned.dose.hold_s - self._progress.held_s)

    def remaining_rest_s(self, now_s: float) -> float | None:
        """Seconds of rest still to go at this hub time; None unless resting."""
        if self._state is not CoachState.RESTING or self._agenda.taken is None:
            return None
        return max(0.0, self._agenda.taken.rest_s - (now_s - self._since_s))

    def tick(self, situation: Situation) -> list[Action]:
        """Tell what is seen now; returns what is to be done now, in order."""
        now_s = situation.now_s
        actions: list[Action] = []
        if self._state is CoachState.DONE:
            return actions
        if not self._opened:
            actions += self._open(now_s)
        actions += [Say(prompt) for prompt in self._cues(situation)]
        trigger = self._trigger(situation)
        return actions if trigger is None else actions + self._fire(trigger, now_s)

    def recount(self, seen: Sequence[LiveState], *, now_s: float) -> None:
        """What was seen of the running set is this now, moment by moment; nothing is said of it."""
        if seen and self._progress is not None:
            self._progress.recount(now_s, seen)

    def key(self, trigger: Trigger, *, now_s: float) -> list[Action]:
        """What the person wants (one of :data:`KEYS`, or OVER for the program); others nothing."""
        if trigger not in KEYS and trigger is not Trigger.OVER:
            return []
        # It may be pressed before anything was looked at.
        begun = [] if self._opened else self._open(now_s)
        return begun + self._fire(trigger, now_s)

    def answer(self, question_id: QuestionId, value: str, *, now_s: float) -> list[Action]:
        """The person's answer to the open question; one that is not open (any more) is ignored.

        An empty answer leaves the question unanswered.

        Raises:
            InputError: it is no answer to that question; it stays open.
        """
        question = self.question
        if question is None or question.id is not question_id:
            return []
        answer = question.read(value)
        if not answer:
            return self._fire(Trigger.KEY_SKIP, now_s)
        about_set = bool(question.exercise)  # no set is begun while a question is open
        note = self._agenda.note(question.id, answer) if about_set else Note(question.id, answer)
        actions: list[Action] = [note]
        if stop := self._pain.judge(question, answer):
            self._advice = Prompt(stop)
            return [*actions, *self._fire(Trigger.PAIN, now_s)]
        self._interview.drop()
        if advice := question.advice_for(answer):
            self._advice = Prompt(_ADVICE[advice])
            return [*actions, *self._fire(Trigger.ADVICE, now_s)]
        return actions + self._ask_on(now_s)

    # What happens by itself.

    def _open(self, now_s: float) -> list[Action]:
        self._opened = True
        if not self._agenda.has_more:
            return self._enter(CoachState.DONE, now_s)
        self._interview.ask_first()
        return self._go(self._first, now_s)

    def _cues(self, now: Situation) -> list[Prompt]:
        if self._progress is not None:
            lost = now.lost or not now.sensors_ready
            due = self._signal.update(now.now_s, lost=lost)
            return due + self._progress.update(now.now_s, now.live)
        if self._state in _QUIET:
            return self._check.prompts(now.sensors, now_s=now.now_s)
        return []

    def _trigger(self, now: Situation) -> Trigger | None:
        waited_s = now.now_s - self._since_s
        if now.now_s - self._began_s >= SESSION_LIMIT_S:
            return Trigger.OVER
        match self._state:
            case CoachState.ASKING:
                limit_s = self._interview.limit_s(self._settings.answer_s)
                return Trigger.KEY_NEXT if waited_s >= limit_s else None
            case CoachState.CHECKING:
                return self._checking(now, waited_s)
            case CoachState.PREPARING:
                return self._preparing(now, waited_s)
            case CoachState.RUNNING:
                assert self._progress is not None
                # Without a signal nothing can be seen to move: only the set's limit ends it.
                frozen, idle_s = not now.sensors_ready, self._settings.idle_s
                return self._progress.over(now.now_s, frozen=frozen, idle_s=idle_s)
            case CoachState.RESTING:
                return None if self.remaining_rest_s(now.now_s) else Trigger.RESTED
            case CoachState.PAUSED:
                return Trigger.TOO_LONG if waited_s >= PAUSE_LIMIT_S else None
        return None

    def _checking(self, now: Situation, waited_s: float) -> Trigger | None:
        if self._check.passed(now.sensors):
            return Trigger.CHECKED
        return Trigger.TOO_LONG if waited_s >= self._settings.check_limit_s else None

    def _preparing(self, now: Situation, waited_s: float) -> Trigger | None:
        if waited_s >= self._settings.prepare_limit_s:
            return Trigger.TOO_LONG
        settled = self._announcer.is_ready(waited_s=waited_s, still_s=now.still_s)
        return Trigger.STILL if settled and now.sensors_ready and not now.lost else None

    # Leaving a state and entering the next.

    def _fire(self, trigger: Trigger, now_s: float) -> list[Action]:
        if (self._state, trigger) not in TRANSITIONS or self._refuses(trigger):
            return []
        target = TRANSITIONS[self._state, trigger]
        actions = self._leave(trigger)
        if trigger is Trigger.HURT:
            actions = self._hurt() + actions
            if self._agenda.hurts >= MAX_HURTS:
                self._advice = Prompt(PromptKey.KEEPS_HURTING)
                return actions + self._stop(Trigger.PAIN, now_s)
        if target is CoachState.DONE:
            return actions + self._stop(trigger, now_s)
        if target is CoachState.ASKING:
            return actions + self._ask_on(now_s)
        if target is BACK:
            target = self._then
            if self._state is CoachState.PAUSED:
                self._advice = None
                target = self._then if self._back is CoachState.ASKING else self._back
                actions.append(Say(Prompt(PromptKey.GO_ON)))
        return actions + self._go(self._onward(target), now_s)

    def _refuses(self, trigger: Trigger) -> bool:
        """Doing a set once more is not always allowed; saying something once more is."""
        again = trigger is Trigger.KEY_REPEAT
        once_more = again and self._state in (CoachState.RUNNING, CoachState.RESTING)
        return once_more and not self._agenda.may_repeat()

    def _leave(self, trigger: Trigger) -> list[Action]:
        """What ends with the state that is left."""
        if trigger in (Trigger.KEY_PAUSE, Trigger.ADVICE) and self._state is not CoachState.PAUSED:
            self._back = self._state
        if trigger is Trigger.KEY_QUESTIONS:
            self._interview.ask_guide()
        if self._state is CoachState.PREPARING:
            return self._leave_preparing(trigger)
        if self._state is CoachState.RUNNING:
            return self._leave_running(trigger)
        if self._state is CoachState.RESTING and trigger is Trigger.KEY_REPEAT:
            self._agenda.repeat()
        if self._state is CoachState.ASKING and trigger in (Trigger.KEY_NEXT, Trigger.KEY_SKIP):
            self._interview.drop()
        return []

    def _leave_preparing(self, trigger: Trigger) -> list[Action]:
        planned = self._agenda.taken
        assert planned is not None
        if trigger in (Trigger.KEY_SKIP, Trigger.TOO_LONG, Trigger.HURT):
            return [Say(Prompt(PromptKey.SKIPPED, about(planned))), LeaveOut(planned, trigger)]
        if trigger in (Trigger.KEY_PAUSE, Trigger.KEY_QUESTIONS, Trigger.KEY_REPEAT):
            self._agenda.put_off()
        if trigger is Trigger.KEY_REPEAT:
            self._announcer.explain_again(planned)
        return []

    def _leave_running(self, trigger: Trigger) -> list[Action]:
        planned, progress, self._progress = self._agenda.taken, self._progress, None
        assert planned is not None
        assert progress is not None
        left = progress.left()
        if trigger is Trigger.KEY_REPEAT:
            self._agenda.repeat()
        elif trigger is Trigger.KEY_PAUSE and left is not None:
            # A set has no holes: what is left of the dose is a set of its own.
            self._agenda.put_off_rest(left)
            self._back = CoachState.PREPARING
        else:
            self._back = CoachState.RESTING
            if self._agenda.is_last_of_exercise():
                self._interview.ask_after(planned.exercise)
        key = PromptKey.SET_DONE if progress.reached else PromptKey.SET_SHORT
        said = Prompt(key, {**about(planned), "done": progress.done()})
        heard = progress.heard(trigger)
        return [EndSet(planned, trigger, progress.reached, heard), Say(said)]

    def _hurt(self) -> list[Action]:
        """Record it, ask how much, and do no more of what hurt."""
        planned = self._agenda.current
        dropped = self._agenda.hurt()
        if self._back is CoachState.PREPARING:
            self._back = CoachState.RESTING
        if planned is not None:
            self._interview.ask_hurt(planned.exercise)
        return [
            self._agenda.note(QuestionId.HURT, "yes"),
            Say(Prompt(PromptKey.HURT)),
            *(LeaveOut(one, Trigger.HURT) for one in dropped),
        ]

    def _onward(self, target: CoachState) -> CoachState:
        """Where it goes on: without a set left, to the end."""
        if target in (CoachState.PREPARING, CoachState.RESTING) and not self._agenda.has_more:
            self._interview.ask_last()
            return CoachState.DONE
        return target

    def _stop(self, trigger: Trigger, now_s: float) -> list[Action]:
        """The programme ends before its end."""
        self._interview.clear()
        self._stopped = True
        if trigger is Trigger.PAIN and self._advice is not None:
            return [Say(self._advice), *self._enter(CoachState.DONE, now_s)]
        # Who stops in the middle of questions wants no more of them.
        if trigger is Trigger.KEY_STOP and self._state is not CoachState.ASKING:
            self._interview.ask_last()
        return [Say(Prompt(PromptKey.STOPPED)), *self._go(CoachState.DONE, now_s)]

    def _go(self, target: CoachState, now_s: float) -> list[Action]:
        """To ``target``; questions that are open come first."""
        question = self._interview.question
        if question is None or target is CoachState.PAUSED:
            return self._enter(target, now_s)
        self._then = target
        self._state, self._since_s = CoachState.ASKING, now_s
        return [Ask(question)]

    def _ask_on(self, now_s: float) -> list[Action]:
        self._since_s = now_s
        question = self._interview.question
        return self._fire(Trigger.ANSWERED, now_s) if question is None else [Ask(question)]

    def _enter(self, target: CoachState, now_s: float) -> list[Action]:
        waited_s, self._since_s = now_s - self._since_s, now_s
        before, self._state = self._state, target
        if target is CoachState.RUNNING:
            return self._begin(now_s)
        actions: list[Action] = [Say(p) for p in self._entering(target, before, waited_s)]
        return [*actions, Finish()] if target is CoachState.DONE else actions

    def _entering(self, target: CoachState, before: CoachState, waited_s: float) -> list[Prompt]:
        match target:
            case CoachState.CHECKING:
                return [Prompt(PromptKey.CHECKING)]
            case CoachState.PREPARING:
                said = before is CoachState.CHECKING and waited_s >= READY_SAID_S
                ready = [Prompt(PromptKey.SENSORS_READY)] if said else []
                return ready + self._announcer.announce(self._agenda.take())
            case CoachState.RESTING:
                rest_s = 0.0 if self._agenda.taken is None else self._agenda.taken.rest_s
                return [Prompt(PromptKey.REST, {"seconds": round(rest_s)})] if rest_s >= 1 else []
            case CoachState.PAUSED:
                advice = [] if self._advice is None else [self._advice]
                return [*advice, Prompt(PromptKey.PAUSED)]
            case _:
                return [] if self._stopped else [Prompt(PromptKey.ALL_DONE)]

    def _begin(self, now_s: float) -> list[Action]:
        planned = self._agenda.taken
        assert planned is not None
        self._announcer.begun(planned)
        brief = self._announcer.brief(planned)
        self._progress = SetProgress(
            planned.dose, now_s=now_s, asked_s=brief.asked_s, paced=brief.paced
        )
        self._signal = SignalCues(hold=planned.dose.hold_s is not None)
        self._agenda.begin()
        return [Say(Prompt(PromptKey.BEGIN)), BeginSet(planned)]
