"""The coach: never stuck, never credits a set that was not done, every row of its table."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.coach.dose import Dose
from sensorhub.coach.machine import (
    TRANSITIONS,
    Action,
    BeginSet,
    Coach,
    CoachState,
    EndSet,
    Finish,
    LeaveOut,
    Say,
    Situation,
    Trigger,
)
from sensorhub.coach.plan import PlannedSet
from sensorhub.coach.progress import HOLD_TOLERANCE_S
from sensorhub.coach.prompts import PromptKey
from sensorhub.coach.settings import SESSION_LIMIT_S, SET_LIMIT_S, CoachSettings
from sensorhub.coach.texts import load_texts
from sensorhub.exercises.definition import load_library
from sensorhub.model.errors import InputError
from sensorhub.model.live import LiveState
from sensorhub.model.placement import Side

NOTHING_YET = LiveState(count=0, partial=0, unsure=0, hold_s=None, angle_rad=None, target_rad=None)
TEXTS = load_texts("en", library=load_library())
KEYS = (Trigger.KEY_NEXT, Trigger.KEY_SKIP, Trigger.KEY_STOP)


def a_set(dose: Dose, *, rest_s: float = 5.0, number: int = 1) -> PlannedSet:
    return PlannedSet("squat", Side.BOTH, number, 1, dose, rest_s)


def a_coach(*doses: Dose) -> Coach:
    return Coach([a_set(d) for d in doses], now_s=0.0)


def running(dose: Dose) -> Coach:
    coach = a_coach(dose, dose)
    coach.tick(Situation(0.0, sensors_ready=True, still_s=0.0))
    coach.key(Trigger.KEY_NEXT, now_s=10.0)
    assert coach.state is CoachState.RUNNING
    return coach


def of_kind(actions: list[Action], kind: type[Action]) -> list[Action]:
    return [action for action in actions if isinstance(action, kind)]


def test_a_set_begins_when_the_person_is_still_and_the_sensor_ready() -> None:
    coach = a_coach(Dose(reps=3))
    [said] = coach.tick(Situation(0.0, sensors_ready=True, still_s=60.0))
    assert isinstance(said, Say)
    assert said.prompt.key is PromptKey.GET_READY
    assert "Squat, 3 repetitions" in TEXTS.prompt(said.prompt)
    # Long still already, but time to take the position is always given.
    assert not coach.tick(Situation(4.0, sensors_ready=True, still_s=60.0))
    assert not coach.tick(Situation(20.0, sensors_ready=False, still_s=60.0))
    assert not coach.tick(Situation(20.0, sensors_ready=True, still_s=1.0))
    actions = coach.tick(Situation(21.0, sensors_ready=True, still_s=2.0))
    assert of_kind(actions, BeginSet)
    assert coach.state is CoachState.RUNNING


def test_repetitions_end_a_set_once_the_last_is_sure() -> None:
    coach = running(Dose(reps=3))
    live = replace(NOTHING_YET, count=3, unsure=1)
    assert not of_kind(coach.tick(Situation(20.0, True, 0.0, live)), EndSet)
    live = replace(live, unsure=0)
    [end] = of_kind(coach.tick(Situation(20.1, True, 0.0, live)), EndSet)
    assert isinstance(end, EndSet)
    assert end.complete
    assert end.reason is Trigger.DOSE_DONE


def test_a_withdrawn_last_repetition_is_asked_for_again() -> None:
    coach = running(Dose(reps=3))
    coach.tick(Situation(20.0, True, 0.0, replace(NOTHING_YET, count=3, unsure=1)))
    for step in range(100):
        live = replace(NOTHING_YET, count=2)
        assert not of_kind(coach.tick(Situation(20.1 + step * 0.1, True, 0.0, live)), EndSet)
    live = replace(NOTHING_YET, count=3)
    assert of_kind(coach.tick(Situation(31.0, True, 0.0, live)), EndSet)


def test_an_unsure_last_repetition_is_not_waited_for_for_ever() -> None:
    coach = running(Dose(reps=3))
    live = replace(NOTHING_YET, count=3, unsure=1)
    coach.tick(Situation(20.0, True, 0.0, live))
    assert of_kind(coach.tick(Situation(24.5, True, 0.0, live)), EndSet)


def test_a_hold_is_banked_over_interruptions() -> None:
    coach = running(Dose(hold_s=10.0))
    now_s = 20.0
    for held_s in (2.0, 4.0, 6.0, None, 1.0, 3.0):
        now_s += 2.0
        live = replace(NOTHING_YET, hold_s=held_s)
        assert not of_kind(coach.tick(Situation(now_s, True, 0.0, live)), EndSet)
    live = replace(NOTHING_YET, hold_s=4.0)
    actions = coach.tick(Situation(now_s + 1, True, 0.0, live))
    assert [a.prompt.key for a in actions if isinstance(a, Say)][-1] is PromptKey.RELEASE
    [end] = of_kind(coach.tick(Situation(now_s + 2, True, 0.0, NOTHING_YET)), EndSet)
    assert isinstance(end, EndSet)
    assert end.complete


def test_a_duration_ends_by_itself_and_is_never_idle() -> None:
    coach = running(Dose(duration_s=200.0))
    assert not coach.tick(Situation(209.0, True, 500.0, NOTHING_YET)) or (
        coach.state is CoachState.RUNNING
    )
    [end] = of_kind(coach.tick(Situation(210.0, True, 500.0, NOTHING_YET)), EndSet)
    assert isinstance(end, EndSet)
    assert end.complete


def test_an_idle_set_ends_uncredited_but_a_lost_signal_is_not_idleness() -> None:
    coach = running(Dose(reps=3))
    live = replace(NOTHING_YET, count=1)
    coach.tick(Situation(11.0, True, 0.0, live))
    coach.tick(Situation(100.0, False, 0.0, live))
    assert coach.state is CoachState.RUNNING
    coach.tick(Situation(140.0, True, 0.0, live))
    assert coach.state is CoachState.RUNNING
    [end] = of_kind(coach.tick(Situation(146.0, True, 0.0, live)), EndSet)
    assert isinstance(end, EndSet)
    assert (end.reason, end.complete) == (Trigger.IDLE, False)


def test_no_set_outlasts_its_limit() -> None:
    coach = running(Dose(reps=50))
    now_s = 10.0
    for count in range(40):
        now_s = 10.0 + count * 22.0
        coach.tick(Situation(now_s, True, 0.0, replace(NOTHING_YET, count=count)))
        assert coach.state is CoachState.RUNNING
    live = replace(NOTHING_YET, count=40)
    [end] = of_kind(coach.tick(Situation(10.0 + SET_LIMIT_S, True, 0.0, live)), EndSet)
    assert isinstance(end, EndSet)
    assert end.reason is Trigger.TOO_LONG


@pytest.mark.parametrize(
    "changes",
    [{"idle_s": 500.0}, {"still_s": 0.0}, {"prepare_s": -1.0}, {"prepare_limit_s": float("nan")}],
)
def test_caps_cannot_be_raised_by_settings(changes: dict[str, float]) -> None:
    with pytest.raises(InputError):
        CoachSettings(**changes)


def _brought_to(state: CoachState) -> Coach:
    coach = running(Dose(reps=3))
    if state is CoachState.PREPARING:
        coach = a_coach(Dose(reps=3), Dose(reps=3))
        coach.tick(Situation(0.0, True, 0.0))
    elif state is CoachState.RESTING:
        coach.key(Trigger.KEY_NEXT, now_s=20.0)
    elif state is CoachState.DONE:
        coach.key(Trigger.KEY_STOP, now_s=20.0)
    assert coach.state is state
    return coach


@pytest.mark.parametrize("state", CoachState)
@pytest.mark.parametrize("key", KEYS)
def test_every_key_does_what_the_table_says(state: CoachState, key: Trigger) -> None:
    coach = _brought_to(state)
    coach.key(key, now_s=30.0)
    assert coach.state is TRANSITIONS.get((state, key), state)


def test_only_keys_are_keys() -> None:
    coach = running(Dose(reps=3))
    assert not coach.key(Trigger.DOSE_DONE, now_s=30.0)
    assert coach.state is CoachState.RUNNING


def test_without_sets_it_is_done_at_once() -> None:
    coach = Coach([], now_s=0.0)
    assert of_kind(coach.tick(Situation(0.0, True, 0.0)), Finish)
    assert coach.current is None


doses = st.one_of(
    st.builds(Dose, reps=st.integers(1, 50)),
    st.builds(Dose, hold_s=st.floats(1.0, 120.0)),
    st.builds(Dose, duration_s=st.floats(1.0, 600.0)),
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


@given(st.lists(doses, max_size=6), st.booleans(), st.booleans())
def test_time_alone_always_brings_it_to_an_end(
    wanted: list[Dose], ready: bool, still: bool
) -> None:
    coach = a_coach(*wanted)
    actions: list[Action] = []
    now_s = 0.0
    while coach.state is not CoachState.DONE:
        now_s += 10.0
        assert now_s < SESSION_LIMIT_S + 100.0, "stuck"
        still_s = 100.0 if still else 0.0
        actions += coach.tick(Situation(now_s, ready, still_s, NOTHING_YET))
    assert len(of_kind(actions, Finish)) == 1
    assert actions[-1] == Finish()


@given(
    st.lists(doses, min_size=1, max_size=5),
    st.lists(
        st.tuples(
            st.floats(0.01, 60.0),
            st.booleans(),
            st.none() | lives,
            st.none() | st.sampled_from(KEYS),
        ),
        max_size=60,
    ),
)
def test_whatever_happens_sets_are_begun_ended_and_credited_honestly(
    wanted: list[Dose],
    happenings: list[tuple[float, bool, LiveState | None, Trigger | None]],
) -> None:
    coach = a_coach(*wanted)
    now_s, begun, open_since_s, best = 0.0, 0, None, 0.0
    accounted: list[PlannedSet] = []
    for step_s, ready, live, key in happenings:
        now_s += step_s
        seen = live if coach.state is CoachState.RUNNING else None
        if seen is not None and open_since_s is not None:
            best = max(best, float(seen.count))
        actions = (
            coach.tick(Situation(now_s, ready, now_s, seen))
            if key is None
            else coach.key(key, now_s=now_s)
        )
        for action in actions:
            if isinstance(action, BeginSet):
                assert open_since_s is None, "two sets at once"
                open_since_s, best = now_s, 0.0
                begun += 1
            elif isinstance(action, EndSet):
                assert open_since_s is not None, "a set ended that never began"
                dose = action.planned.dose
                if action.complete and dose.reps is not None:
                    assert best >= dose.reps
                if action.complete and dose.duration_s is not None:
                    assert now_s - open_since_s >= dose.duration_s - 1e-6
                open_since_s = None
                accounted.append(action.planned)
            elif isinstance(action, LeaveOut):
                assert open_since_s is None
                accounted.append(action.planned)
            elif isinstance(action, Say):
                assert "{" not in TEXTS.prompt(action.prompt)
            else:
                assert open_since_s is None, "finished with a set still running"
    order = [a_set(d) for d in wanted]
    assert accounted == order[: len(accounted)], "sets are accounted for once, in order"


@given(st.lists(st.none() | st.floats(0.0, 20.0), max_size=40), st.floats(5.0, 30.0))
def test_no_hold_is_credited_beyond_what_was_held(held: list[float | None], dose_s: float) -> None:
    """Credit never exceeds the sum of the peaks between releases."""
    coach = running(Dose(hold_s=dose_s))
    now_s, credited_s, last_s = 10.0, 0.0, 0.0
    for hold_s in held:
        now_s += 0.1
        current_s = hold_s or 0.0
        if hold_s is None or current_s < last_s:
            credited_s += last_s
        last_s = current_s
        live = replace(NOTHING_YET, hold_s=hold_s)
        for action in coach.tick(Situation(now_s, True, 0.0, live)):
            if isinstance(action, EndSet) and action.complete:
                assert credited_s + last_s >= dose_s - HOLD_TOLERANCE_S - 1e-9
                return
