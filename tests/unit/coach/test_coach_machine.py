"""The coach: every row of its table, and what it says and asks on the way."""

import itertools
from dataclasses import replace

import pytest

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
from sensorhub.coach.prompts import PromptKey
from sensorhub.coach.questions import Asking, QuestionId
from sensorhub.coach.settings import (
    MAX_HURTS,
    MAX_REPEATS,
    PAUSE_LIMIT_S,
    SESSION_LIMIT_S,
    SET_LIMIT_S,
    CoachSettings,
)
from sensorhub.coach.states import BACK, KEYS, TRANSITIONS, CoachState, Trigger
from sensorhub.model.errors import InputError
from sensorhub.model.live import LiveState
from sensorhub.model.placement import Placement, Side

NOTHING_YET = LiveState(count=0, partial=0, unsure=0, hold_s=None, angle_rad=None, target_rad=None)
THREE = Dose(reps=3)


def a_set(
    dose: Dose = THREE,
    *,
    rest_s: float = 5.0,
    number: int = 1,
    exercise: str = "squat",
    side: Side = Side.BOTH,
) -> PlannedSet:
    return PlannedSet(exercise, side, number, 1, dose, rest_s)


def a_coach(
    *sets: PlannedSet, asking: Asking = Asking.NOTHING, brief: Brief | None = None
) -> Coach:
    briefs = {one.exercise: brief or Brief() for one in sets}
    return Coach(sets, now_s=0.0, asking=asking, briefs=briefs)


def seen(
    at_s: float,
    live: LiveState | None = None,
    *,
    ready: bool = True,
    still_s: float = 0.0,
    lost: bool = False,
    sensors: tuple[SensorSeen, ...] = (),
) -> Situation:
    return Situation(at_s, ready, still_s, live, lost=lost, sensors=sensors)


def running(*sets: PlannedSet, asking: Asking = Asking.NOTHING) -> Coach:
    """Ten seconds after the start, the first set has just begun."""
    coach = a_coach(*(sets or (a_set(), a_set(exercise="bridge"))), asking=asking)
    coach.tick(seen(0.0))
    while coach.state is CoachState.ASKING:
        coach.key(Trigger.KEY_NEXT, now_s=1.0)
    coach.tick(seen(1.0))
    coach.key(Trigger.KEY_NEXT, now_s=10.0)
    assert coach.state is CoachState.RUNNING
    return coach


def of_kind(actions: list[Action], kind: type[Action]) -> list[Action]:
    return [action for action in actions if isinstance(action, kind)]


def said(actions: list[Action]) -> list[PromptKey]:
    return [action.prompt.key for action in actions if isinstance(action, Say)]


def asked(actions: list[Action]) -> list[QuestionId]:
    return [action.question.id for action in actions if isinstance(action, Ask)]


def ended(actions: list[Action]) -> EndSet:
    [end] = of_kind(actions, EndSet)
    assert isinstance(end, EndSet)
    return end


# Getting ready.


def test_a_set_begins_when_the_person_is_still_and_the_sensor_ready() -> None:
    coach = a_coach(a_set())
    assert said(coach.tick(seen(0.0, still_s=60.0))) == [
        PromptKey.CHECKING,
        PromptKey.GET_READY,
        PromptKey.HOW,
        PromptKey.KEEP_STILL,
    ]
    # Long still already, but time to listen and to take the position is always given.
    listening_s = CoachSettings().prepare_s + CoachSettings().how_s
    assert not coach.tick(seen(listening_s - 1.0, still_s=60.0))
    assert not coach.tick(seen(listening_s, ready=False, still_s=60.0))
    assert not coach.tick(seen(listening_s, still_s=1.0))
    # A link lost this instant is known before its samples grow old.
    assert not coach.tick(seen(listening_s, still_s=60.0, lost=True))
    actions = coach.tick(seen(listening_s + 1.0, still_s=2.0))
    assert of_kind(actions, BeginSet)
    assert coach.state is CoachState.RUNNING


def test_the_check_waits_for_every_sensor_and_says_what_is_wrong() -> None:
    coach = a_coach(a_set())
    thigh = SensorSeen(Placement.THIGH_RIGHT, ready=True, battery_percent=9)
    pelvis = SensorSeen(Placement.PELVIS, ready=False)
    assert PromptKey.BATTERY_LOW in said(coach.tick(seen(0.0, sensors=(thigh, pelvis))))
    assert not coach.tick(seen(4.0, sensors=(thigh, pelvis)))
    assert said(coach.tick(seen(6.0, sensors=(thigh, pelvis)))) == [PromptKey.SENSOR_MISSING]
    assert coach.state is CoachState.CHECKING
    there = replace(pelvis, ready=True)
    assert said(coach.tick(seen(7.0, sensors=(thigh, there))))[:2] == [
        PromptKey.SENSORS_READY,
        PromptKey.GET_READY,
    ]


def test_a_sensor_that_gave_up_is_not_waited_for_and_a_slow_one_not_for_ever() -> None:
    given_up = SensorSeen(Placement.PELVIS, ready=False, hopeless=True)
    coach = a_coach(a_set())
    coach.tick(seen(0.0, sensors=(given_up,)))
    assert coach.state is CoachState.PREPARING
    slow = a_coach(a_set())
    for at_s in range(60):
        slow.tick(seen(float(at_s), sensors=(replace(given_up, hopeless=False),)))
        assert slow.state is CoachState.CHECKING
    slow.tick(seen(60.0, sensors=(replace(given_up, hopeless=False),)))
    assert slow.state is CoachState.PREPARING


def test_the_only_sensor_goes_to_the_leg_that_exercises() -> None:
    left, right = (a_set(side=side, exercise="clam") for side in (Side.LEFT, Side.RIGHT))
    coach = a_coach(left, right, brief=Brief(one_sensor=True))
    assert PromptKey.SWITCH_SIDE in said(coach.tick(seen(0.0)))
    # Still since before it was asked for: the sensor has not been touched yet.
    assert not coach.tick(seen(30.0, still_s=40.0))
    assert not coach.tick(seen(40.0, still_s=2.0))
    assert of_kind(coach.tick(seen(43.0, still_s=5.0)), BeginSet)
    coach.key(Trigger.KEY_NEXT, now_s=50.0)
    keys = said(coach.key(Trigger.KEY_NEXT, now_s=51.0))
    assert keys == [PromptKey.OTHER_SIDE, PromptKey.SWITCH_SIDE, PromptKey.KEEP_STILL]


# A running set.


def test_every_repetition_is_counted_aloud_and_the_last_announced() -> None:
    coach = running(a_set(Dose(reps=4)))
    heard = []
    for count in (0, 1, 2, 3, 2, 3, 4):
        live = replace(NOTHING_YET, count=count)
        actions = coach.tick(seen(12.0 + 4.0 * len(heard), live))
        prompts = [action.prompt for action in actions if isinstance(action, Say)]
        heard += [str(prompt.blanks.get("count", prompt.key)) for prompt in prompts]
    assert heard[:7] == ["1", "2", "3", "last_one", "3", "last_one", "4"]


def test_repetitions_end_a_set_once_the_last_is_sure() -> None:
    coach = running()
    live = replace(NOTHING_YET, count=3, unsure=1)
    assert not of_kind(coach.tick(seen(20.0, live)), EndSet)
    live = replace(live, unsure=0)
    end = ended(coach.tick(seen(20.1, live)))
    assert (end.complete, end.reason) == (True, Trigger.DOSE_DONE)


def test_a_withdrawn_last_repetition_is_asked_for_again() -> None:
    coach = running()
    coach.tick(seen(20.0, replace(NOTHING_YET, count=3, unsure=1)))
    for step in range(100):
        live = replace(NOTHING_YET, count=2)
        assert not of_kind(coach.tick(seen(20.1 + step * 0.1, live)), EndSet)
    assert of_kind(coach.tick(seen(31.0, replace(NOTHING_YET, count=3))), EndSet)


def test_an_unsure_last_repetition_is_not_waited_for_for_ever() -> None:
    coach = running()
    live = replace(NOTHING_YET, count=3, unsure=1)
    coach.tick(seen(20.0, live))
    assert of_kind(coach.tick(seen(24.5, live)), EndSet)


def test_a_hold_is_banked_over_interruptions_and_counted_down() -> None:
    coach = running(a_set(Dose(hold_s=18.0)))
    heard = []
    now_s, held = 12.0, [*(s / 2 for s in range(16)), None, None, *(s / 2 for s in range(22))]
    for hold_s in held:
        now_s += 0.5
        live = replace(NOTHING_YET, hold_s=hold_s)
        actions = coach.tick(seen(now_s, live))
        assert not of_kind(actions, EndSet)
        for action in actions:
            if isinstance(action, Say):
                key, blanks = action.prompt.key, action.prompt.blanks
                heard.append(str(blanks["seconds"]) if key is PromptKey.SECONDS_LEFT else key)
    assert heard == ["hold", "15", "hold_again", "10", "5", "3", "2", "1", "release"]
    assert ended(coach.tick(seen(now_s + 1.0, NOTHING_YET))).complete


def test_a_duration_ends_by_itself_and_is_never_idle() -> None:
    coach = running(a_set(Dose(duration_s=200.0)))
    coach.tick(seen(209.0, NOTHING_YET, still_s=500.0))
    assert coach.state is CoachState.RUNNING
    assert ended(coach.tick(seen(210.0, NOTHING_YET, still_s=500.0))).complete


def test_an_idle_set_ends_uncredited_but_a_lost_signal_is_not_idleness() -> None:
    coach = running()
    live = replace(NOTHING_YET, count=1)
    coach.tick(seen(11.0, live))
    assert said(coach.tick(seen(100.0, live, ready=False))) == [PromptKey.SIGNAL_LOST]
    assert coach.state is CoachState.RUNNING
    assert said(coach.tick(seen(140.0, live))) == []
    assert said(coach.tick(seen(140.5, live))) == [PromptKey.SIGNAL_BACK]
    end = ended(coach.tick(seen(146.0, live)))
    assert (end.reason, end.complete) == (Trigger.IDLE, False)


def test_a_signal_lost_in_a_hold_keeps_the_pose() -> None:
    coach = running(a_set(Dose(hold_s=20.0)))
    assert said(coach.tick(seen(11.0, NOTHING_YET, ready=False))) == [PromptKey.SIGNAL_LOST_HOLD]


def test_who_goes_too_fast_is_told_so_now_and_then() -> None:
    coach = a_coach(a_set(Dose(reps=30)), brief=Brief(asked_s=3.0))
    coach.tick(seen(0.0))
    coach.key(Trigger.KEY_NEXT, now_s=10.0)
    told = []
    for count in range(1, 21):
        live = replace(NOTHING_YET, count=count)
        told += (
            [count] if PromptKey.SLOWER in said(coach.tick(seen(10.0 + 1.5 * count, live))) else []
        )
    assert told[0] == 3
    assert all(b - a >= 4 for a, b in itertools.pairwise(told))
    assert coach.tempo is not None
    assert coach.tempo.too_fast


def test_no_set_outlasts_its_limit() -> None:
    coach = running(a_set(Dose(reps=50)))
    for count in range(40):
        coach.tick(seen(10.0 + count * 22.0, replace(NOTHING_YET, count=count)))
        assert coach.state is CoachState.RUNNING
    end = ended(coach.tick(seen(10.0 + SET_LIMIT_S, replace(NOTHING_YET, count=40))))
    assert end.reason is Trigger.TOO_LONG


def test_no_session_outlasts_its_limit() -> None:
    coach = running(asking=Asking.PAIN)
    coach.tick(seen(SESSION_LIMIT_S - 1.0, ready=False))
    assert coach.state is not CoachState.DONE
    assert of_kind(coach.tick(seen(SESSION_LIMIT_S)), Finish)


# Pause, repeat.


def test_a_pause_ends_the_set_and_the_rest_of_its_dose_comes_after_it() -> None:
    coach = running(a_set(Dose(reps=10)))
    coach.tick(seen(20.0, replace(NOTHING_YET, count=4)))
    assert not ended(coach.key(Trigger.KEY_PAUSE, now_s=21.0)).complete
    assert coach.state is CoachState.PAUSED
    coach.tick(seen(21.0 + PAUSE_LIMIT_S - 1.0))
    actions = coach.key(Trigger.KEY_PAUSE, now_s=500.0)
    assert said(actions)[0] is PromptKey.GO_ON
    assert coach.state is CoachState.PREPARING
    assert coach.current == a_set(Dose(reps=6))
    coach.key(Trigger.KEY_NEXT, now_s=510.0)
    assert ended(coach.tick(seen(520.0, replace(NOTHING_YET, count=6)))).complete
    assert coach.state is CoachState.DONE


def test_a_pause_that_nobody_ends_ends_the_session() -> None:
    coach = running()
    coach.key(Trigger.KEY_PAUSE, now_s=20.0)
    assert of_kind(coach.tick(seen(20.0 + PAUSE_LIMIT_S)), Finish)


def test_a_set_is_repeated_so_many_times_and_no_more() -> None:
    coach = running()
    for again in range(MAX_REPEATS):
        assert not ended(coach.key(Trigger.KEY_REPEAT, now_s=20.0 + again)).complete
        assert coach.state is CoachState.PREPARING
        assert coach.current == a_set()
        coach.key(Trigger.KEY_NEXT, now_s=20.5 + again)
    assert coach.key(Trigger.KEY_REPEAT, now_s=30.0) == []
    assert coach.state is CoachState.RUNNING


# Pain.


def with_pain(before: str) -> Coach:
    coach = a_coach(a_set(), a_set(exercise="bridge"), asking=Asking.PAIN)
    assert asked(coach.tick(seen(0.0))) == [QuestionId.PAIN_BEFORE]
    [note, *_] = coach.answer(QuestionId.PAIN_BEFORE, before, now_s=1.0)
    assert note == Note(QuestionId.PAIN_BEFORE, before, of_set=False)
    return coach


def after_one_exercise(before: str, after: str) -> tuple[Coach, list[Action]]:
    coach = with_pain(before)
    coach.tick(seen(2.0))
    coach.key(Trigger.KEY_NEXT, now_s=10.0)
    assert asked(coach.key(Trigger.KEY_NEXT, now_s=20.0)) == [QuestionId.PAIN]
    assert coach.question is not None
    assert coach.question.exercise == "squat"
    return coach, coach.answer(QuestionId.PAIN, after, now_s=21.0)


@pytest.mark.parametrize(
    ("before", "after", "stops"),
    [
        ("3", "3", None),
        ("3", "4", None),
        ("3", "5", PromptKey.PAIN_ROSE),
        ("0", "2", PromptKey.PAIN_ROSE),
        ("6", "7", PromptKey.PAIN_SEVERE),
        ("5", "1", None),
    ],
)
def test_pain_that_rises_or_is_severe_stops_the_programme(
    before: str, after: str, stops: PromptKey | None
) -> None:
    coach, actions = after_one_exercise(before, after)
    assert actions[0] == Note(QuestionId.PAIN, after, of_set=True)
    assert (coach.state is CoachState.DONE) is (stops is not None)
    if stops is None:
        assert coach.state is CoachState.RESTING
        return
    assert said(actions) == [stops]
    assert actions[-1] == Finish()
    assert coach.advice is not None
    assert coach.advice.key is stops


def test_severe_pain_before_the_session_stops_it() -> None:
    coach = with_pain("8")
    assert coach.state is CoachState.DONE


def test_without_an_answer_before_the_first_one_is_what_pain_rises_against() -> None:
    coach, _ = after_one_exercise("0", "0")
    assert coach.state is CoachState.RESTING
    sets = (a_set(), a_set(exercise="bridge"), a_set(exercise="clam"))
    silent = a_coach(*sets, asking=Asking.PAIN)
    silent.tick(seen(0.0))
    silent.tick(seen(CoachSettings().answer_s))
    assert silent.question is None
    silent.tick(seen(61.0))
    silent.key(Trigger.KEY_NEXT, now_s=70.0)
    silent.key(Trigger.KEY_NEXT, now_s=80.0)
    silent.answer(QuestionId.PAIN, "3", now_s=81.0)
    assert silent.state is CoachState.RESTING
    silent.key(Trigger.KEY_NEXT, now_s=82.0)
    silent.key(Trigger.KEY_NEXT, now_s=90.0)
    silent.key(Trigger.KEY_NEXT, now_s=100.0)
    assert said(silent.answer(QuestionId.PAIN, "5", now_s=101.0)) == [PromptKey.PAIN_ROSE]
    assert silent.state is CoachState.DONE


def test_that_hurt_ends_the_set_is_recorded_and_asked_about() -> None:
    again = a_set(number=2)
    coach = running(a_set(), again, a_set(exercise="bridge"))
    coach.tick(seen(15.0, replace(NOTHING_YET, count=1)))
    actions = coach.key(Trigger.HURT, now_s=16.0)
    assert Note(QuestionId.HURT, "yes", of_set=True) in actions
    assert not ended(actions).complete
    assert LeaveOut(again, Trigger.HURT) in actions
    assert asked(actions) == [QuestionId.PAIN]
    coach.answer(QuestionId.PAIN, "4", now_s=17.0)
    assert coach.state is CoachState.RESTING
    assert coach.key(Trigger.KEY_REPEAT, now_s=18.0) == [], "what hurt is not done once more"
    coach.key(Trigger.KEY_NEXT, now_s=19.0)
    assert coach.current == a_set(exercise="bridge")


def bridge_prepared() -> Coach:
    """The squats are done, the bridge is not begun yet."""
    coach = running(a_set(), a_set(exercise="bridge"), a_set(exercise="clam"))
    coach.key(Trigger.KEY_NEXT, now_s=20.0)
    coach.key(Trigger.KEY_NEXT, now_s=21.0)
    assert coach.state is CoachState.PREPARING
    return coach


@pytest.mark.parametrize("paused", [False, True])
def test_what_hurts_before_a_set_is_begun_is_not_noted_of_the_set_before(*, paused: bool) -> None:
    coach = bridge_prepared()
    if paused:
        coach.key(Trigger.KEY_PAUSE, now_s=22.0)
    actions = coach.key(Trigger.HURT, now_s=23.0)
    bridge = a_set(exercise="bridge")
    assert of_kind(actions, Note) == [Note(QuestionId.HURT, "yes", planned=bridge)]
    if paused:
        coach.key(Trigger.KEY_PAUSE, now_s=24.0)
    assert coach.question is not None
    assert coach.question.exercise == "bridge"
    [note, *_] = coach.answer(QuestionId.PAIN, "5", now_s=25.0)
    assert note == Note(QuestionId.PAIN, "5", planned=bridge)


def test_what_hurts_in_the_middle_of_a_paused_set_is_of_that_set() -> None:
    coach = running()
    coach.tick(seen(15.0, replace(NOTHING_YET, count=1)))
    coach.key(Trigger.KEY_PAUSE, now_s=16.0)
    actions = coach.key(Trigger.HURT, now_s=17.0)
    assert of_kind(actions, Note) == [Note(QuestionId.HURT, "yes", of_set=True)]


def test_what_hurts_before_a_set_is_done_once_more_is_of_no_set() -> None:
    coach = running()
    coach.key(Trigger.KEY_REPEAT, now_s=16.0)
    actions = coach.key(Trigger.HURT, now_s=17.0)
    assert of_kind(actions, Note) == [Note(QuestionId.HURT, "yes", planned=a_set())]


def test_what_hurts_before_any_set_was_taken_is_of_the_session() -> None:
    coach = a_coach(a_set())
    assert coach.state is CoachState.CHECKING
    assert of_kind(coach.key(Trigger.HURT, now_s=1.0), Note) == [Note(QuestionId.HURT, "yes")]


def test_hurting_again_and_again_stops_the_programme() -> None:
    names = ("squat", "bridge", "clam", "lunge", "step_up")
    coach = running(*(a_set(exercise=name) for name in names))
    for number in range(1, MAX_HURTS + 1):
        actions = coach.key(Trigger.HURT, now_s=100.0 * number)
        if number < MAX_HURTS:
            coach.answer(QuestionId.PAIN, "1", now_s=100.0 * number + 1)
            coach.key(Trigger.KEY_NEXT, now_s=100.0 * number + 2)
            coach.key(Trigger.KEY_NEXT, now_s=100.0 * number + 3)
    assert said(actions)[-1] is PromptKey.KEEPS_HURTING
    assert coach.state is CoachState.DONE


# Questions.


def test_the_guides_questions_come_one_at_a_time_before_the_session() -> None:
    coach = a_coach(a_set(), asking=Asking.EVERYTHING)
    coach.tick(seen(0.0))
    found = []
    while coach.question is not None:
        found.append(coach.question.id)
        coach.answer(coach.question.id, "", now_s=1.0)
    assert found[0] is QuestionId.BLADDER_BOWEL
    assert found[-1] is QuestionId.PAIN_BEFORE
    assert len(found) == len(set(found)) > 10
    assert coach.state is CoachState.CHECKING


@pytest.mark.parametrize(
    ("question", "answer", "advice"),
    [
        (QuestionId.BLADDER_BOWEL, "yes", PromptKey.DOCTOR_NOW),
        (QuestionId.NUMBNESS, "yes", PromptKey.DOCTOR_NOW),
        (QuestionId.PAIN_WORD, "sharp_severe", PromptKey.DOCTOR_SOON),
    ],
)
def test_what_the_guide_sends_to_a_doctor_is_said_at_once_and_pauses(
    question: QuestionId, answer: str, advice: PromptKey
) -> None:
    coach = a_coach(a_set(), asking=Asking.EVERYTHING)
    coach.tick(seen(0.0))
    while coach.question is not None and coach.question.id is not question:
        coach.answer(coach.question.id, "", now_s=1.0)
    actions = coach.answer(question, answer, now_s=2.0)
    assert said(actions)[0] is advice
    assert coach.state is CoachState.PAUSED
    assert coach.advice is not None
    # It is the person who decides; the remaining questions are then asked.
    coach.key(Trigger.KEY_NEXT, now_s=3.0)
    assert coach.state is CoachState.ASKING
    assert coach.advice is None


def test_an_answer_that_is_none_is_refused_and_a_stale_one_ignored() -> None:
    coach = a_coach(a_set(), asking=Asking.PAIN)
    coach.tick(seen(0.0))
    for wrong in ("11", "lots", "-1", "1,2"):
        with pytest.raises(InputError):
            coach.answer(QuestionId.PAIN_BEFORE, wrong, now_s=1.0)
    assert coach.answer(QuestionId.PAIN_AFTER, "3", now_s=1.0) == []
    assert coach.question is not None


def test_the_questions_can_be_asked_for_and_the_set_comes_after_them() -> None:
    coach = a_coach(a_set())
    coach.tick(seen(0.0))
    assert asked(coach.key(Trigger.KEY_QUESTIONS, now_s=1.0)) == [QuestionId.BLADDER_BOWEL]
    while coach.question is not None:
        coach.key(Trigger.KEY_SKIP, now_s=2.0)
    assert coach.state is CoachState.PREPARING
    assert coach.current == a_set()


def test_stopping_asks_for_pain_once_more_and_the_programs_end_does_not() -> None:
    coach = running(asking=Asking.PAIN)
    assert asked(coach.key(Trigger.KEY_STOP, now_s=20.0)) == [QuestionId.PAIN_AFTER]
    assert of_kind(coach.answer(QuestionId.PAIN_AFTER, "2", now_s=21.0), Finish)
    other = running(asking=Asking.PAIN)
    assert of_kind(other.key(Trigger.OVER, now_s=20.0), Finish)


# The table.


@pytest.mark.parametrize(
    "changes",
    [{"idle_s": 500.0}, {"still_s": 0.0}, {"prepare_s": -1.0}, {"prepare_limit_s": float("nan")}],
)
def test_caps_cannot_be_raised_by_settings(changes: dict[str, float]) -> None:
    with pytest.raises(InputError):
        CoachSettings(**changes)


@pytest.mark.parametrize(
    "dose",
    [Dose(reps=51), Dose(hold_s=121.0), Dose(duration_s=601.0), Dose(hold_s=float("nan")), Dose()],
)
def test_no_set_beyond_the_caps_is_begun(dose: Dose) -> None:
    with pytest.raises(InputError):
        a_coach(a_set(dose))


def brought_to(state: CoachState) -> Coach:
    more = tuple(a_set(exercise=name) for name in ("squat", "bridge", "clam"))
    match state:
        case CoachState.ASKING:
            coach = a_coach(*more, asking=Asking.EVERYTHING)
            coach.tick(seen(0.0))
        case CoachState.CHECKING:
            coach = a_coach(*more)
            coach.tick(seen(0.0, sensors=(SensorSeen(Placement.PELVIS, ready=False),)))
        case CoachState.PREPARING:
            coach = a_coach(*more)
            coach.tick(seen(0.0))
        case _:
            coach = running(*more)
    after = {
        CoachState.RESTING: Trigger.KEY_NEXT,
        CoachState.PAUSED: Trigger.KEY_PAUSE,
        CoachState.DONE: Trigger.KEY_STOP,
    }
    if state in after:
        coach.key(after[state], now_s=20.0)
    assert coach.state is state
    return coach


@pytest.mark.parametrize("state", CoachState)
@pytest.mark.parametrize("key", [*sorted(KEYS), Trigger.OVER])
def test_every_key_does_what_the_table_says(state: CoachState, key: Trigger) -> None:
    coach = brought_to(state)
    coach.key(key, now_s=30.0)
    if coach.state is CoachState.ASKING and state is not CoachState.ASKING:
        # Questions come first; without answers it is as the table says.
        assert key in (Trigger.HURT, Trigger.KEY_QUESTIONS)
        while coach.state is CoachState.ASKING:
            coach.key(Trigger.KEY_NEXT, now_s=31.0)
    expected = TRANSITIONS.get((state, key), state)
    if expected is BACK:
        assert state is CoachState.PAUSED
        expected = CoachState.PREPARING  # of the set that was paused
    assert coach.state is expected


def test_every_state_but_the_last_has_a_way_out_by_time() -> None:
    for state in set(CoachState) - {CoachState.DONE}:
        assert TRANSITIONS[state, Trigger.OVER] is CoachState.DONE
    assert not [at for (at, _) in TRANSITIONS if at is CoachState.DONE]


def test_a_key_before_the_first_look_is_no_surprise() -> None:
    coach = a_coach(a_set())
    coach.key(Trigger.KEY_NEXT, now_s=0.0)
    coach.key(Trigger.KEY_NEXT, now_s=0.1)
    assert coach.state is CoachState.RUNNING
    coach.tick(seen(1.0, NOTHING_YET))
    assert coach.state is CoachState.RUNNING


def test_only_keys_are_keys() -> None:
    coach = running()
    assert not coach.key(Trigger.DOSE_DONE, now_s=30.0)
    assert coach.state is CoachState.RUNNING


def test_without_sets_it_is_done_at_once() -> None:
    coach = a_coach()
    assert of_kind(coach.tick(seen(0.0)), Finish)
    assert coach.current is None
