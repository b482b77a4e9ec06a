"""The coach's parts: pace, button, placement check, questions, plans as text, what can be said."""

from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.coach.actions import Ask, Say, Situation
from sensorhub.coach.checking import AGAIN_S, PATIENCE_S, PlacementCheck, SensorSeen
from sensorhub.coach.cues import LATELY_S, SignalCues
from sensorhub.coach.dose import Dose
from sensorhub.coach.library import plan_texts
from sensorhub.coach.machine import Coach
from sensorhub.coach.pace import PaceWatch
from sensorhub.coach.plan import Plan, PlanItem, parse_plan
from sensorhub.coach.plan_text import plan_text
from sensorhub.coach.prompts import PromptKey
from sensorhub.coach.questions import (
    Advice,
    Asking,
    QuestionId,
    QuestionKind,
    find_question,
    guide_questions,
)
from sensorhub.coach.sayable import sayable
from sensorhub.coach.states import CoachState, Trigger
from sensorhub.coach.taps import TOGETHER_S, Taps
from sensorhub.coach.texts import languages, load_texts
from sensorhub.exercises.definition import load_library
from sensorhub.model.errors import InputError
from sensorhub.model.live import LiveState
from sensorhub.model.placement import Placement

LIBRARY = load_library()
SIDES = {name: exercise.sides for name, exercise in LIBRARY.items()}


# Pace.


def test_a_slow_person_is_left_in_peace() -> None:
    watch = PaceWatch(3.0)
    assert not any(watch.count(count, 2.9 * count) for count in range(1, 30))
    assert watch.tempo(29 * 2.9 + 1.0).current_s == pytest.approx(1.0)


def test_a_withdrawn_or_late_count_is_no_tempo() -> None:
    watch = PaceWatch(3.0)
    for count, now_s in ((1, 1.0), (2, 2.0), (1, 2.1), (2, 2.2), (6, 2.3)):
        assert not watch.count(count, now_s)
    assert watch.tempo(3.0).last_s is None


# The sensor's button.


@pytest.mark.parametrize(
    ("presses", "state", "means"),
    [
        (1, CoachState.PREPARING, Trigger.KEY_NEXT),
        (1, CoachState.RUNNING, None),
        (2, CoachState.RUNNING, Trigger.KEY_PAUSE),
        (2, CoachState.PAUSED, Trigger.KEY_PAUSE),
        (3, CoachState.RUNNING, Trigger.HURT),
        (7, CoachState.RESTING, Trigger.HURT),
    ],
)
def test_presses_mean_one_thing_once(
    presses: int, state: CoachState, means: Trigger | None
) -> None:
    taps = Taps()
    for number in range(presses):
        taps.press(10.0 + 0.3 * number)
        assert taps.due(10.0 + 0.3 * number + 0.1, state=state) is None
    later_s = 10.0 + 0.3 * presses + TOGETHER_S
    assert taps.due(later_s, state=state) is means
    assert taps.due(later_s + 1.0, state=state) is None


# The placement check and the signal.


def test_a_missing_sensor_is_named_now_and_then_and_a_hopeless_one_once() -> None:
    missing = SensorSeen(Placement.PELVIS, ready=False)
    for sensor, times in ((missing, 3), (replace(missing, hopeless=True), 1)):
        check = PlacementCheck()
        said = [
            prompt
            for tenth in range(round(10 * (PATIENCE_S + 2 * AGAIN_S + 1)))
            for prompt in check.prompts([sensor], now_s=tenth / 10)
        ]
        assert [prompt.key for prompt in said] == [PromptKey.SENSOR_MISSING] * times


def test_a_short_silence_is_no_missing_sensor() -> None:
    check = PlacementCheck()
    for second in range(60):
        sensor = SensorSeen(Placement.PELVIS, ready=second % 4 == 0)
        assert not check.prompts([sensor], now_s=float(second))


def test_a_flaky_link_is_no_parrot() -> None:
    cues = SignalCues()
    said = []
    for tenth in range(round(LATELY_S * 10)):
        lost = tenth % 15 < 6
        said += cues.update(tenth / 10, lost=lost)
    assert [prompt.key for prompt in said] == [PromptKey.SIGNAL_LOST, PromptKey.SIGNAL_BACK]


def test_only_who_holds_a_pose_is_told_to_keep_it() -> None:
    texts = load_texts("en", library=load_library())
    (moving,) = SignalCues().update(0.0, lost=True)
    (holding,) = SignalCues(hold=True).update(0.0, lost=True)
    assert "keep the pose" in texts.prompt(holding)
    assert "keep" not in texts.prompt(moving)
    assert "start position" in texts.prompt(moving)


# Questions.


def test_the_guides_questions_are_read_from_their_file() -> None:
    assert len(guide_questions()) == len({question.id for question in guide_questions()})
    doctors = {q.id for q in guide_questions() if q.advice}
    assert doctors == {QuestionId.BLADDER_BOWEL, QuestionId.NUMBNESS, QuestionId.PAIN_WORD}


def test_several_options_are_stored_in_their_own_order() -> None:
    question = find_question(QuestionId.WHERE)
    assert question.read(" groin , hip_side,groin") == "hip_side,groin"
    assert question.read("  ") == ""
    with pytest.raises(InputError):
        question.read("groin,nose")
    assert question.advice_for("groin") is None
    assert find_question(QuestionId.NUMBNESS).advice_for("yes") is Advice.NOW


@given(st.sampled_from(QuestionId), st.text(max_size=600))
def test_any_text_is_an_answer_or_a_clear_refusal(question_id: QuestionId, text: str) -> None:
    question = find_question(question_id)
    try:
        answer = question.read(text)
    except InputError:
        return
    assert answer == question.read(answer)
    if answer and question.kind is not QuestionKind.TEXT:
        assert set(answer.split(",")) <= set(question.options)


def test_what_no_file_or_terminal_takes_is_dropped_from_own_words() -> None:
    comment = find_question(QuestionId.COMMENT)
    said = comment.read("ouch\ud83d \x1b[31mhere\x00,\nthe \u202eleft leg, süß 🙂")
    assert said == "ouch [31mhere, the left leg, süß 🙂"
    assert comment.read("\ud83d\x1b") == "", "nothing is left: no answer"


# Plans as text.


def items() -> st.SearchStrategy[PlanItem]:
    seconds = st.floats(1.0, 120.0)
    doses = st.one_of(
        st.builds(Dose, reps=st.integers(1, 50)),
        st.builds(Dose, hold_s=seconds),
        st.builds(Dose, duration_s=seconds),
    )
    return st.sampled_from(sorted(SIDES)).flatmap(
        lambda name: st.builds(
            PlanItem,
            exercise=st.just(name),
            sides=st.lists(st.sampled_from(SIDES[name]), min_size=1, unique=True).map(tuple),
            sets=st.integers(1, 10),
            dose=doses,
            rest_s=st.floats(0.0, 600.0),
        )
    )


plans = st.builds(
    Plan,
    id=st.just("mine"),
    title=st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)
    .map(str.strip)
    .filter(bool),
    items=st.lists(items(), min_size=1, max_size=6).map(tuple),
)


@given(plans)
def test_a_plan_written_and_read_is_the_same_plan(plan: Plan) -> None:
    assert parse_plan(plan_text(plan), plan_id="mine", sides=SIDES) == plan


@pytest.mark.parametrize("name", plan_texts())
def test_the_plans_that_come_with_the_hub_can_be_edited(name: str) -> None:
    plan = parse_plan(plan_texts()[name], plan_id=name, sides=SIDES)
    assert parse_plan(plan_text(plan), plan_id=name, sides=SIDES) == plan


def test_a_plan_beyond_the_caps_is_not_written() -> None:
    item = PlanItem("squat", SIDES["squat"], 1, Dose(reps=51), 20.0)
    with pytest.raises(InputError):
        plan_text(Plan("mine", "Mine", (item,)))


# What can be said ahead of time.


def live_of(dose: Dose, second: float) -> LiveState:
    return LiveState(
        count=int(second / 3) if dose.reps else 0,
        partial=0,
        unsure=0,
        hold_s=second if dose.hold_s and second < dose.hold_s + 2 else None,
        angle_rad=None,
        target_rad=None,
    )


def a_whole_session(plan: Plan) -> Iterator[Say | Ask]:
    """Everybody answers, every set is done."""
    coach = Coach(plan.planned_sets(), now_s=0.0, asking=Asking.EVERYTHING)
    now_s, began_s = 0.0, 0.0
    while coach.state is not CoachState.DONE:
        now_s += 0.25
        current, running = coach.current, coach.state is CoachState.RUNNING
        began_s = began_s if running else now_s
        live = live_of(current.dose, now_s - began_s) if running and current else None
        actions = coach.tick(Situation(now_s, True, 10.0, live))
        if coach.question is not None:
            options = coach.question.options
            harmless = [o for o in options if o not in coach.question.advice]
            actions += coach.answer(coach.question.id, (harmless or [""])[0], now_s=now_s)
        yield from (a for a in actions if isinstance(a, Say | Ask))


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", ["daily-hip", "demo"])
def test_all_of_an_undisturbed_session_can_be_said_ahead_of_time(name: str, language: str) -> None:
    texts = load_texts(language, library=LIBRARY)
    plan = parse_plan(plan_texts()[name], plan_id=name, sides=SIDES)
    known = set(sayable(plan, texts))
    said = {
        texts.question(action.question).ask
        if isinstance(action, Ask)
        else texts.prompt(action.prompt)
        for action in a_whole_session(plan)
    }
    assert len(said) > 30
    assert said <= known


def test_texts_come_with_the_package() -> None:
    names = {entry.name for entry in files("sensorhub.coach.texts").iterdir()}
    assert {f"{language}.toml" for language in languages()} <= names
