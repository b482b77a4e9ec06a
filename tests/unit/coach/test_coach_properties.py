"""No plan, no sequence of outcomes, losses, keys and answers makes the coach stuck, credits a set
that was not done, or goes beyond a cap."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

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
from sensorhub.coach.announcer import Brief
from sensorhub.coach.checking import SensorSeen
from sensorhub.coach.dose import Dose
from sensorhub.coach.machine import Coach
from sensorhub.coach.plan import PlannedSet
from sensorhub.coach.progress import HOLD_TOLERANCE_S
from sensorhub.coach.questions import Asking, QuestionId
from sensorhub.coach.settings import MAX_HURTS, MAX_REPEATS, SET_LIMIT_S
from sensorhub.coach.states import CoachState, Trigger
from sensorhub.coach.texts import load_texts
from sensorhub.exercises.definition import load_library
from sensorhub.model.live import LiveState
from sensorhub.model.placement import Placement, Side

TEXTS = [load_texts(language, library=load_library()) for language in ("en", "de")]

doses = st.one_of(
    st.builds(Dose, reps=st.integers(1, 50)),
    st.builds(Dose, hold_s=st.floats(1.0, 120.0)),
    st.builds(Dose, duration_s=st.floats(1.0, 600.0)),
)
planned_sets = st.builds(
    PlannedSet,
    exercise=st.sampled_from(["squat", "clam"]),
    side=st.sampled_from([Side.LEFT, Side.RIGHT]),
    number=st.just(0),
    of=st.just(9),
    dose=doses,
    rest_s=st.floats(0.0, 60.0),
)
lives = st.builds(
    LiveState,
    count=st.integers(0, 60),
    partial=st.integers(0, 5),
    unsure=st.integers(0, 3),
    hold_s=st.none() | st.floats(0.0, 130.0),
    angle_rad=st.none() | st.floats(-3.0, 3.0),
    target_rad=st.none(),
)
sensors = st.lists(
    st.builds(
        SensorSeen,
        placement=st.sampled_from(Placement),
        ready=st.booleans(),
        hopeless=st.booleans(),
        battery_percent=st.none() | st.integers(0, 100),
    ),
    max_size=2,
)


# What a person presses often, and what seldom; to stop has a rule of its own: it ends a story.
PRESSED = (
    *[Trigger.KEY_NEXT] * 6,
    *[Trigger.KEY_REPEAT, Trigger.KEY_PAUSE] * 2,
    *(Trigger.KEY_SKIP, Trigger.KEY_QUESTIONS, Trigger.HURT),
)

LONGEST_S = 1000.0
"""No state is kept longer than this by time alone."""


class Held:
    """Counts the seconds held by itself: the peaks between releases."""

    def __init__(self) -> None:
        self.whole_s = 0.0
        self._last_s = 0.0

    def see(self, hold_s: float | None) -> None:
        current_s = hold_s or 0.0
        if hold_s is None or current_s < self._last_s:
            self.whole_s += self._last_s
        self._last_s = current_s

    @property
    def total_s(self) -> float:
        return self.whole_s + self._last_s


class AnySession(RuleBasedStateMachine):
    """A person, sensors and a radio that do whatever they like."""

    @initialize(
        sets=st.lists(planned_sets, max_size=6),
        asking=st.sampled_from(Asking),
        brief=st.builds(
            Brief,
            asked_s=st.none() | st.floats(1.0, 6.0),
            one_sensor=st.booleans(),
            paced=st.booleans(),
        ),
    )
    def begin(self, sets: list[PlannedSet], asking: Asking, brief: Brief) -> None:
        sets = [replace(one, number=number) for number, one in enumerate(sets, start=1)]
        self.allowed = {_name(one): _amount(one.dose) for one in sets}
        self.pain_before = math.inf
        self.now_s = 0.0
        self.open: PlannedSet | None = None
        self.pauses: Counter[tuple[str, Side, int]] = Counter()
        self.finished = 0
        self.hurts = 0
        self.stopped_by_pain = False
        self.hurt: set[tuple[str, Side]] = set()
        self.runs: Counter[tuple[str, Side, int]] = Counter()
        briefs = {one.exercise: brief for one in sets}
        self.coach = Coach(sets, now_s=0.0, asking=asking, briefs=briefs)

    @rule(
        step_s=st.floats(0.01, 60.0),
        ready=st.booleans(),
        lost=st.booleans(),
        still_s=st.floats(0.0, 100.0),
        live=st.none() | lives,
        seen=sensors,
    )
    def time_passes(
        self,
        step_s: float,
        ready: bool,
        lost: bool,
        still_s: float,
        live: LiveState | None,
        seen: list[SensorSeen],
    ) -> None:
        self.now_s += step_s
        shown = live if self.coach.state is CoachState.RUNNING else None
        if shown is not None:
            self.held.see(shown.hold_s)
            self.count = shown.count
        self.check(self.coach.tick(Situation(self.now_s, ready, still_s, shown, lost, seen)))

    @precondition(lambda self: self.open is not None)
    @rule(steps=st.integers(1, 60), step_s=st.floats(0.2, 4.0))
    def the_person_works(self, steps: int, step_s: float) -> None:
        """One repetition, or so many seconds of holding, a step."""
        held_s = 0.0
        for _ in range(steps):
            if self.open is None:
                return
            self.now_s += step_s
            held_s += step_s
            live = LiveState(self.count + 1, 0, 0, held_s, None, None)
            self.held.see(held_s)
            self.count = live.count
            self.check(self.coach.tick(Situation(self.now_s, True, 0.0, live)))

    @rule(key=st.sampled_from(PRESSED))
    def the_person_wants(self, key: Trigger) -> None:
        if key is Trigger.HURT and self.coach.state is not CoachState.DONE:
            self.hurts += 1
        self.check(self.coach.key(key, now_s=self.now_s))

    @precondition(lambda self: self.open is not None)
    @rule(
        key=st.sampled_from([Trigger.KEY_REPEAT, Trigger.KEY_PAUSE, Trigger.HURT]),
        onward=st.integers(0, 6),
    )
    def the_person_stops_short_and_goes_on(self, key: Trigger, onward: int) -> None:
        self.the_person_wants(key)
        for _ in range(onward):
            if self.open is None:
                self.the_person_wants(Trigger.KEY_NEXT)

    @precondition(lambda self: sum(self.runs.values()) > 3)
    @rule(key=st.sampled_from([Trigger.KEY_STOP, Trigger.OVER]))
    def it_is_stopped(self, key: Trigger) -> None:
        self.check(self.coach.key(key, now_s=self.now_s))
        assert self.coach.state in (CoachState.ASKING, CoachState.DONE)

    @precondition(lambda self: self.coach.question is not None)
    @rule(data=st.data())
    def the_person_answers(self, data: st.DataObject) -> None:
        question = self.coach.question
        assert question is not None
        value = data.draw(st.sampled_from(["", *(question.options or ("my own words",))]))
        self.check(self.coach.answer(question.id, value, now_s=self.now_s))

    @rule(question=st.sampled_from(QuestionId))
    def an_answer_comes_too_late(self, question: QuestionId) -> None:
        now = self.coach.question
        if now is None or now.id is not question:
            assert self.coach.answer(question, "3", now_s=self.now_s) == []

    def check(self, actions: Sequence[Action]) -> None:
        for action in actions:
            assert not self.finished, "nothing comes after the end"
            match action:
                case BeginSet(planned):
                    self.begins(planned)
                case EndSet():
                    self.ends(action)
                case LeaveOut(planned, reason):
                    assert self.open is None or planned is not self.open
                    if reason is Trigger.HURT:
                        self.hurt.add((planned.exercise, planned.side))
                case Say(prompt):
                    assert all("{" not in texts.prompt(prompt) for texts in TEXTS)
                case Ask(question):
                    assert all(texts.question(question).ask for texts in TEXTS)
                    assert self.open is None, "nobody is asked in the middle of a set"
                case Note(kind, answer):
                    self.notes(kind, answer)
                case Finish():
                    self.finished += 1
                    assert self.open is None, "finished with a set still running"

    def begins(self, planned: PlannedSet) -> None:
        assert self.open is None, "two sets at once"
        assert not self.stopped_by_pain, "a set was begun after pain stopped the programme"
        assert (planned.exercise, planned.side) not in self.hurt, "what hurt is done once more"
        name = _name(planned)
        assert _amount(planned.dose) <= self.allowed[name] + 1e-6, "more than prescribed, or left"
        self.runs[name] += 1
        assert self.runs[name] <= 1 + MAX_REPEATS + self.pauses[name], "done too often"
        self.open, self.began_s, self.held, self.count = planned, self.now_s, Held(), 0

    def ends(self, end: EndSet) -> None:
        assert self.open == end.planned, "a set ended that never began"
        dose, took_s = end.planned.dose, self.now_s - self.began_s
        assert took_s <= SET_LIMIT_S + 60.0
        if end.complete and dose.reps is not None:
            assert self.count >= dose.reps
        elif end.complete and dose.hold_s is not None:
            assert self.held.total_s >= dose.hold_s - HOLD_TOLERANCE_S - 1e-6
        elif end.complete:
            assert took_s >= _amount(dose) - 1e-6
        if end.reason is Trigger.KEY_PAUSE:
            name = _name(end.planned)
            self.pauses[name] += 1
            done = self.count if dose.reps else self.held.total_s if dose.hold_s else took_s
            self.allowed[name] = _amount(dose) - done
        if end.reason is Trigger.HURT:
            self.hurt.add((end.planned.exercise, end.planned.side))
        self.open = None

    def notes(self, kind: QuestionId, answer: str) -> None:
        assert answer
        if kind in (QuestionId.PAIN_BEFORE, QuestionId.PAIN, QuestionId.PAIN_AFTER):
            pain = int(answer)
            if kind is QuestionId.PAIN_BEFORE or self.pain_before == math.inf:
                self.pain_before = pain
            self.stopped_by_pain = pain >= 7 or pain - self.pain_before >= 2
        elif kind is QuestionId.HURT:
            self.stopped_by_pain = self.hurts >= MAX_HURTS

    @invariant()
    def a_question_is_open_exactly_while_asking(self) -> None:
        assert (self.coach.question is not None) is (self.coach.state is CoachState.ASKING)

    @invariant()
    def it_is_done_exactly_when_it_said_so(self) -> None:
        assert (self.coach.state is CoachState.DONE) is (self.finished == 1)

    @invariant()
    def pain_has_stopped_it(self) -> None:
        assert not self.stopped_by_pain or self.coach.state is CoachState.DONE

    def teardown(self) -> None:
        """Whatever has happened: time alone brings it to its end."""
        if not hasattr(self, "coach"):
            return
        seen, since_s = None, self.now_s
        while self.coach.state is not CoachState.DONE:
            self.now_s += 30.0
            self.check(self.coach.tick(Situation(self.now_s, False, 0.0)))
            now = (self.coach.state, self.coach.question, self.coach.current, self.runs.total())
            seen, since_s = (now, self.now_s) if now != seen else (seen, since_s)
            assert self.now_s - since_s < LONGEST_S, f"stuck while {self.coach.state}"


def _name(planned: PlannedSet) -> tuple[str, Side, int]:
    return planned.exercise, planned.side, planned.number


def _amount(dose: Dose) -> float:
    return float(dose.reps or dose.hold_s or dose.duration_s or 0.0)


AnySession.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestAnySession = AnySession.TestCase
