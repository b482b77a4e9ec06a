"""A live session: records to the log, events to ticks, ticks to counts, counts to coach and screen.

No asyncio in here and no clock of its own: links call :meth:`LiveSession.on_record` and
:meth:`LiveSession.on_event`, a loop calls :meth:`LiveSession.tick` some times a second.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sensorhub.coach.actions import (
    Action,
    Ask,
    BeginSet,
    EndSet,
    Finish,
    Note,
    Say,
    Situation,
)
from sensorhub.coach.checking import SensorSeen
from sensorhub.coach.dose import Dose
from sensorhub.coach.machine import Coach, Trigger
from sensorhub.coach.plan import PlannedSet
from sensorhub.coach.prompts import Prompt, PromptKey
from sensorhub.coach.questions import Asking, Question, QuestionId, QuestionKind
from sensorhub.coach.said import Said, note
from sensorhub.coach.settings import CoachSettings
from sensorhub.coach.snapshot import SensorView, Snapshot
from sensorhub.coach.taps import Taps
from sensorhub.coach.texts import DEFAULT_LANGUAGE, Texts, load_texts
from sensorhub.daemon.screen.live_view import View
from sensorhub.daemon.visit.catching_up import catch_up
from sensorhub.daemon.visit.closing import ClosingSets
from sensorhub.daemon.visit.pacer import Pacer, pacer_for
from sensorhub.daemon.visit.pipeline import SensorPipeline
from sensorhub.daemon.visit.planning import briefs_for, doable_sets, is_paced
from sensorhub.daemon.visit.running_set import RunningSet
from sensorhub.exercises.definition import Exercise
from sensorhub.model.events import (
    DeviceEvent,
    DeviceIdentified,
    DeviceNotice,
    DeviceNoticeKind,
)
from sensorhub.model.link import Record
from sensorhub.model.live import LiveKind, LiveState
from sensorhub.model.placement import Placement, Side
from sensorhub.model.units import NS_PER_S
from sensorhub.sessions.stages.correction import read_calibration
from sensorhub.sessions.store.store import SessionLog
from sensorhub.sessions.store.values import Prescription

SAID_KEPT = 6
"""So many of the last things said go with every picture."""

COUNTED = (LiveKind.REP_COUNTED, LiveKind.BREATH_COUNTED, LiveKind.STEP_COUNTED)

FRESH_S = 1.5
"""Ticks older than this say nothing about now."""

Cue = Callable[[Placement, str], None]

FindCalibration = Callable[[str], str]
"""The calibration (JSON) of a sensor by what it calls itself; empty where there is none."""


@dataclass(frozen=True, slots=True)
class LinkView:
    """What a link tells the session about itself; ``problem`` and ``hint`` in English."""

    state: str
    lost_since_s: float | None = None
    problem: str = ""
    hint: str = ""
    gave_up: bool = False
    code: str = ""


class LiveSession:
    """Everything between the links and the person.

    Args:
        sets: what is to be done; those that no worn sensor can measure are left out, and said.
        library: exercises by id.
        placements: where sensors are worn.
        log: the open session in the store.
        view: the screen.
        texts: the language of the session, English if not given.
        asking: which questions are asked.
        cue: lets one sensor signal the person, as a set begins and ends.
        now_ns: hub clock.
        began_s: hub time that the screen counts from.
        calibrations: what is known of the sensors by how they are reached (JSON), until they say
            who they are.
        find_calibration: asked when a sensor has said who it is.

    Attributes:
        typed: what has been typed of an answer, to be shown.

    Raises:
        InputError: nothing of the plan can be done with these sensors.
    """

    def __init__(
        self,
        sets: Sequence[PlannedSet],
        *,
        library: Mapping[str, Exercise],
        placements: Sequence[Placement],
        log: SessionLog,
        view: View,
        cue: Cue,
        now_ns: Callable[[], int],
        began_s: float,
        settings: CoachSettings | None = None,
        simulated: bool = False,
        texts: Texts | None = None,
        asking: Asking = Asking.NOTHING,
        calibrations: Mapping[Placement, str] | None = None,
        find_calibration: FindCalibration | None = None,
    ) -> None:
        self._library = library
        self._texts = texts or load_texts(DEFAULT_LANGUAGE, library=library)
        self.typed = ""
        self._said: deque[Said] = deque(maxlen=SAID_KEPT)
        self._worn = tuple(placements)
        self._log = log
        self._view = view
        self._cue = cue
        self._now_ns = now_ns
        self._simulated = simulated
        self._began_s = began_s
        known = calibrations or {}
        self._pipelines = {
            p: SensorPipeline(p, calibration=read_calibration(known.get(p, ""))) for p in placements
        }
        self._find_calibration = find_calibration or (lambda _: "")
        self._links = {p: LinkView("starting") for p in placements}
        self._running: RunningSet | None = None
        self._pacer: Pacer | None = None
        self._closing = ClosingSets(log, self._texts, tell=self._tell)
        self._finished = False
        self._arrived_ns = 0
        self._counted_ns: int | None = None  # arrival of what completed the last happening
        doable = doable_sets(sets, library=library, placements=self._worn)
        for planned in sets:
            if planned not in doable:
                blanks = {"exercise": planned.exercise, "side": planned.side}
                self._tell(self._texts.said(Prompt(PromptKey.NO_SENSOR, blanks)))
        # Asked of the analyzers now: what they need to load is not loaded in the middle of a set.
        self._needs = {_what(s): self._new_set(s).placements for s in doable}
        self._taps = Taps()
        self._set_number = 0
        self._coach = Coach(
            doable,
            now_s=self._now_s(),
            settings=settings,
            asking=asking,
            briefs=briefs_for(doable, library=library, placements=self._worn),
            sensors=any(self._needs.values()),
        )

    @property
    def question(self) -> Question | None:
        """What the person is asked now, None when nothing is asked."""
        return self._coach.question

    @property
    def done(self) -> bool:
        """The coach has finished and every set is closed."""
        return self._finished and self._running is None and not self._closing.sets

    def on_record(self, placement: Placement, record: Record) -> None:
        """Log what came or went, before anyone interprets it."""
        self._arrived_ns = record.host_time_ns
        self._log.append(placement, record)

    def on_event(self, placement: Placement, event: DeviceEvent) -> bool:
        """Take in what a device said; True: something was counted, and wants to be shown."""
        counted = False
        if isinstance(event, DeviceIdentified):
            document = self._find_calibration(event.device_id)
            self._pipelines[placement].calibration = read_calibration(document)
            self._log.identify_sensor(placement, device_id=event.device_id, calibration=document)
        if isinstance(event, DeviceNotice) and event.kind is DeviceNoticeKind.BUTTON:
            self._taps.press(self._now_s())
        for block in self._pipelines[placement].push(event):
            for running in (*self._closing.sets, *([self._running] if self._running else [])):
                if placement in running.placements:
                    happened = running.push(block)
                    if any(event.kind in COUNTED for event in happened):
                        self._counted_ns, counted = self._arrived_ns, True
        return counted

    def on_link(self, placement: Placement, link: LinkView) -> None:
        """Take in what a link says of itself."""
        self._links[placement] = link

    def key(self, trigger: Trigger) -> None:
        """What the person wants: a key, a tap, a button on the page."""
        self._do(self._coach.key(trigger, now_s=self._now_s()))

    def answer(self, question_id: QuestionId, value: str) -> None:
        """The person answered; what is not asked (any more) is ignored. Empty: rather not say.

        Raises:
            InputError: it is no answer to that question, which stays open.
        """
        self._do(self._coach.answer(question_id, value, now_s=self._now_s()))

    def tick(self) -> None:
        """Let time pass: the coach decides, ending sets are closed, the screen is drawn."""
        now_s = self._now_s()
        seen = catch_up(self._pipelines.values(), self._closing.sets, self._running, now_s=now_s)
        self._coach.recount(seen, now_s=now_s)
        live = None if self._running is None else self._running.state(now_s)
        if self._pacer is not None and (prompt := self._pacer.say(now_s)):
            self._tell(self._texts.said(prompt))
        # What is seen is shown before anything is said about it.
        self._view.show(self._snapshot(now_s, live))
        if tapped := self._taps.due(now_s, state=self._coach.state):
            self.key(tapped)
        self._do(self._coach.tick(self._situation(now_s, live)))
        latest_s = {p: pipeline.latest_s for p, pipeline in self._pipelines.items()}
        self._closing.close_due(now_s, latest_s)

    def stop(self) -> None:
        """Close what is open, at once and without questions; for the end of the program."""
        self.key(Trigger.OVER)
        self._closing.close_all()

    def _do(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, Say):
                self._tell(self._texts.said(action.prompt))
            elif isinstance(action, Ask):
                self._ask(action.question)
            elif isinstance(action, Note):
                self._tell(note(f"  noted: {action.answer}"))
                self._note(action)
            elif isinstance(action, BeginSet):
                self._begin(action.planned)
            elif isinstance(action, EndSet):
                self._end(action)
            elif isinstance(action, Finish):
                self._finished = True

    def _note(self, said: Note) -> None:
        planned = said.planned
        self._log.answer(
            said.kind,
            said.answer,
            answered_ns=self._now_ns(),
            set_number=self._set_number if said.of_set else 0,
            exercise="" if planned is None else planned.exercise,
            side=Side.NONE if planned is None else planned.side,
        )

    def _begin(self, planned: PlannedSet) -> None:
        now_ns = self._now_ns()
        number = self._log.begin_set(
            planned.exercise,
            planned.side,
            started_ns=now_ns,
            prescribed=_prescription(planned.dose),
        )
        self._set_number = number
        self._counted_ns = None
        self._running = self._new_set(planned, number=number, start_s=now_ns / NS_PER_S)
        exercise = self._library[planned.exercise]
        self._pacer = pacer_for(exercise, start_s=now_ns / NS_PER_S)
        self._signal(planned, "start")

    def _new_set(self, planned: PlannedSet, *, number: int = 0, start_s: float = 0.0) -> RunningSet:
        exercise = self._library[planned.exercise]
        return RunningSet(planned, exercise, worn=self._worn, number=number, start_s=start_s)

    def _end(self, end: EndSet) -> None:
        assert self._running is not None
        running, self._running, self._pacer = self._running, None, None
        now_s = self._now_s()
        running.end(now_s)
        self._closing.add(running, end.heard)
        self._signal(end.planned, "stop")

    def _signal(self, planned: PlannedSet, pattern: str) -> None:
        """One sensor signals, not all: two would be felt as two signals."""
        now_s = self._now_s()
        order = [*self._needs[_what(planned)], *self._worn]
        flowing = [p for p in order if now_s - self._pipelines[p].latest_s < FRESH_S]
        for placement in (flowing or order)[:1]:
            self._cue(placement, pattern)

    def _situation(self, now_s: float, live: LiveState | None) -> Situation:
        planned = self._coach.current
        # The one that counts first is the one to wait for. What the hub paces waits for none.
        paced = planned is None or is_paced(self._library[planned.exercise])
        needed = () if planned is None or paced else self._needs[_what(planned)][:1]
        pipelines = [self._pipelines[p] for p in needed]
        still_s = min((pipeline.still_s for pipeline in pipelines), default=now_s - self._began_s)
        used = {placement for needs in self._needs.values() for placement in needs}
        return Situation(
            now_s=now_s,
            sensors_ready=all(self._is_fresh(p, now_s) for p in needed),
            still_s=still_s,
            live=live,
            lost=any(self._links[p].lost_since_s is not None for p in needed),
            sensors=[self._seen(p, now_s) for p in self._worn if p in used],
        )

    def _is_fresh(self, placement: Placement, now_s: float) -> bool:
        return now_s - self._pipelines[placement].latest_s < FRESH_S

    def _seen(self, placement: Placement, now_s: float) -> SensorSeen:
        return SensorSeen(
            placement,
            ready=self._is_fresh(placement, now_s),
            hopeless=self._links[placement].gave_up,
            battery_percent=self._pipelines[placement].battery_percent,
        )

    def _ask(self, question: Question) -> None:
        text = self._texts.question(question)
        self._tell(Said(text.ask))
        if question.kind in (QuestionKind.CHOICE, QuestionKind.CHOICES):
            options = (f"{n} {words}" for n, words in enumerate(text.options.values(), start=1))
            self._tell(note(f"  {',  '.join(options)}"))

    def _tell(self, said: Said) -> None:
        self._said.append(said)
        self._view.say(said, elapsed_s=self._now_s() - self._began_s)

    def _snapshot(self, now_s: float, live: LiveState | None) -> Snapshot:
        coach = self._coach
        planned = coach.current
        return Snapshot(
            elapsed_s=now_s - self._began_s,
            state=coach.state,
            title="" if planned is None else self._texts.exercise(planned.exercise).title,
            planned=planned,
            live=live,
            banked_hold_s=coach.held_s,
            remaining_rest_s=coach.remaining_rest_s(now_s),
            sensors=[self._sensor(p, now_s) for p in self._worn],
            simulated=self._simulated,
            question=coach.question,
            remaining_hold_s=coach.remaining_hold_s,
            tempo=coach.tempo,
            next_set=coach.next_set,
            advice=coach.advice,
            said=tuple(self._said),
            counted_age_s=None if self._counted_ns is None else now_s - self._counted_ns / NS_PER_S,
            typed=self.typed,
        )

    def _sensor(self, placement: Placement, now_s: float) -> SensorView:
        link, pipeline = self._links[placement], self._pipelines[placement]
        since_s = link.lost_since_s
        return SensorView(
            placement=placement,
            state=link.state,
            lost_s=None if since_s is None else max(0.0, now_s - since_s),
            arrived_share=pipeline.arrived_share,
            battery_percent=pipeline.battery_percent,
            problem=link.problem,
            hint=link.hint,
            code=link.code,
            gave_up=link.gave_up,
            advice=self._texts.trouble(link.code, f"{link.problem} {link.hint}".strip()),
            age_s=now_s - pipeline.latest_s if math.isfinite(pipeline.latest_s) else None,
        )

    def _now_s(self) -> float:
        return self._now_ns() / NS_PER_S


def _prescription(dose: Dose) -> Prescription:
    return Prescription(repetitions=dose.reps, hold_s=dose.hold_s, duration_s=dose.duration_s)


def _what(planned: PlannedSet) -> tuple[str, Side]:
    return planned.exercise, planned.side
