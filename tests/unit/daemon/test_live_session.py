"""The session between coach, log and screen: what is said is shown, what is answered is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import pytest

from sensorhub.coach.dose import Dose
from sensorhub.coach.plan import PlannedSet
from sensorhub.coach.questions import Asking, QuestionId
from sensorhub.coach.said import Said
from sensorhub.coach.snapshot import Snapshot
from sensorhub.coach.states import CoachState, Trigger
from sensorhub.coach.texts import load_texts
from sensorhub.daemon.visit.session import LinkView, LiveSession
from sensorhub.exercises.definition import load_library
from sensorhub.model.errors import InputError
from sensorhub.model.events import BatteryReported, DeviceNotice, DeviceNoticeKind
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.sessions.store.store import SessionLog
from sensorhub.sessions.store.values import AnswerKind, Prescription

THIGH = Placement.THIGH_RIGHT


@dataclass
class FakeLog:
    """Keeps what the session writes."""

    answers: list[tuple[AnswerKind, str, int]] = field(default_factory=list)
    about: list[tuple[str, Side]] = field(default_factory=list)
    begun: list[tuple[str, Prescription]] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    said_counts: list[int | None] = field(default_factory=list)

    def answer(
        self,
        kind: AnswerKind,
        text: str,
        *,
        answered_ns: int,
        set_number: int,
        exercise: str,
        side: Side,
    ) -> None:
        self.answers.append((kind, text, set_number))
        self.about.append((exercise, side))

    def begin_set(
        self, exercise: str, side: Side, *, started_ns: int, prescribed: Prescription
    ) -> int:
        self.begun.append((exercise, prescribed))
        return len(self.begun)

    def end_set(
        self, number: int, *, ended_ns: int, live: SetOutcome | None, said_count: int | None
    ) -> None:
        self.ended.append(number)
        self.said_counts.append(said_count)


@dataclass
class FakeView:
    """Keeps what is said, and the last picture."""

    said: list[Said] = field(default_factory=list)
    shown: Snapshot | None = None

    def say(self, said: Said, *, elapsed_s: float) -> None:
        self.said.append(said)

    def show(self, snapshot: Snapshot) -> None:
        self.shown = snapshot

    def close(self) -> None: ...


class Room:
    """A session with a clock that only this test moves. Kegel squeezes need no sensor."""

    def __init__(self, *, asking: Asking = Asking.NOTHING, language: str = "en") -> None:
        self.now_ns = 0
        self.log, self.view = FakeLog(), FakeView()
        self.cues: list[tuple[Placement, str]] = []
        library = load_library()
        squeeze = PlannedSet("kegel_squeeze", Side.NONE, 1, 1, Dose(reps=3), 5.0)
        self.session = LiveSession(
            [squeeze, PlannedSet("bridge", Side.BOTH, 1, 1, Dose(reps=5), 5.0)],
            library=library,
            placements=[THIGH],
            log=cast("SessionLog", self.log),
            view=self.view,
            cue=lambda placement, pattern: self.cues.append((placement, pattern)),
            now_ns=lambda: self.now_ns,
            began_s=0.0,
            texts=load_texts(language, library=library),
            asking=asking,
        )

    def passes(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.now_ns += 100_000_000
            self.session.tick()

    def presses_button(self, times: int) -> None:
        for _ in range(times):
            notice = DeviceNotice(self.now_ns, DeviceNoticeKind.BUTTON)
            self.session.on_event(THIGH, notice)
            self.passes(0.3)
        self.passes(1.0)

    @property
    def picture(self) -> Snapshot:
        assert self.view.shown is not None
        return self.view.shown

    def heard(self) -> str:
        return " ".join(said.text for said in self.view.said if said.aloud)


def running(*, language: str = "en") -> Room:
    room = Room(language=language)
    room.session.on_link(
        THIGH, LinkView("gave up", gave_up=True, problem="Gone.", hint="Charge it.")
    )
    room.passes(0.5)
    room.session.key(Trigger.KEY_NEXT)
    room.passes(0.2)
    assert room.picture.state is CoachState.RUNNING
    return room


def test_a_sensor_that_gave_up_says_why_and_what_to_do() -> None:
    [sensor] = running().picture.sensors
    assert (sensor.problem, sensor.hint) == ("Gone.", "Charge it.")


def test_a_paced_set_is_paced_and_credited_by_the_clock_alone() -> None:
    room = running()
    room.passes(40.0)
    assert room.log.begun == [("kegel_squeeze", Prescription(repetitions=3))]
    assert room.log.ended == [1]
    heard = room.heard()
    assert "Hold number 1, at 25 percent of all you can." in heard
    assert "Well done: 3 repetitions." in heard
    assert (room.picture.exercise, room.picture.next_set) == ("bridge", None)


def test_the_same_in_german() -> None:
    room = running(language="de")
    room.passes(40.0)
    assert "Halten, Nummer 1, mit 25 Prozent Ihrer Kraft." in room.heard()
    assert "Gut gemacht: 3 Wiederholungen." in room.heard()


def test_the_button_pauses_and_says_that_it_hurts() -> None:
    room = running()
    room.presses_button(1)
    assert room.picture.state is CoachState.RUNNING
    room.presses_button(2)
    assert room.picture.paused
    room.presses_button(2)
    assert room.picture.state is CoachState.PREPARING
    room.session.key(Trigger.KEY_NEXT)
    room.presses_button(3)
    assert room.log.answers == [(AnswerKind.HURT, "yes", 2)]
    assert room.picture.question is not None
    assert room.picture.question.id is QuestionId.PAIN


def test_answers_are_kept_with_their_set_and_a_wrong_one_is_refused() -> None:
    room = Room(asking=Asking.PAIN)
    room.passes(0.2)
    with pytest.raises(InputError):
        room.session.answer(QuestionId.PAIN_BEFORE, "much")
    room.session.answer(QuestionId.PAIN_BEFORE, "2")
    room.session.on_link(THIGH, LinkView("gave up", gave_up=True))
    room.passes(0.2)
    room.session.key(Trigger.KEY_NEXT)
    room.passes(1.0)
    room.session.key(Trigger.KEY_NEXT)
    room.passes(0.1)
    room.session.answer(QuestionId.PAIN, "4")
    assert room.log.answers == [(AnswerKind.PAIN_BEFORE, "2", 0), (AnswerKind.PAIN, "4", 1)]
    room.passes(0.1)
    assert room.picture.advice is not None
    assert room.picture.state is CoachState.DONE


def test_what_hurt_before_its_set_began_is_kept_under_its_exercise() -> None:
    room = running()
    room.session.key(Trigger.KEY_NEXT)
    room.session.key(Trigger.KEY_NEXT)
    room.passes(0.1)
    assert (room.picture.state, room.picture.exercise) == (CoachState.PREPARING, "bridge")
    room.session.key(Trigger.HURT)
    room.session.answer(QuestionId.PAIN, "5")
    assert room.log.answers == [(AnswerKind.HURT, "yes", 0), (AnswerKind.PAIN, "5", 0)]
    assert room.log.about == [("bridge", Side.BOTH)] * 2


def test_a_nearly_empty_battery_is_said_and_the_end_closes_everything() -> None:
    room = Room()
    room.session.on_event(THIGH, BatteryReported(0, percent=7))
    room.passes(0.2)
    assert "nearly empty" in room.heard()
    room.session.stop()
    assert room.session.done


def test_what_is_urgent_says_so() -> None:
    room = running()
    room.session.key(Trigger.KEY_PAUSE)
    urgent: Mapping[str, bool] = {said.text: said.urgent for said in room.view.said}
    assert urgent["Paused."]
    assert not urgent["Take the start position and keep still."]
