"""A live session: records to the log, events to ticks, ticks to counts, counts to coach and screen.

No asyncio in here and no clock of its own: links call :meth:`LiveSession.on_record` and
:meth:`LiveSession.on_event`, a loop calls :meth:`LiveSession.tick` some times a second.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sensorhub.coach.machine import (
    Action,
    BeginSet,
    Coach,
    CoachState,
    EndSet,
    Finish,
    Say,
    Situation,
    Trigger,
)
from sensorhub.coach.plan import Dose, PlannedSet
from sensorhub.coach.prompts import Prompt, PromptKey
from sensorhub.coach.settings import CoachSettings
from sensorhub.daemon.live_view import View
from sensorhub.daemon.pacer import Pacer, pacer_for
from sensorhub.daemon.pipeline import SensorPipeline
from sensorhub.daemon.running_set import RunningSet, can_be_done
from sensorhub.daemon.snapshot import SensorView, Snapshot
from sensorhub.exercises.definition import Exercise
from sensorhub.model.errors import InputError
from sensorhub.model.events import DeviceEvent, DeviceIdentified
from sensorhub.model.link import Record
from sensorhub.model.live import LiveState
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.units import NS_PER_S
from sensorhub.sessions.correction import read_calibration
from sensorhub.sessions.headline import headline
from sensorhub.sessions.process import why_not
from sensorhub.sessions.store import SessionLog
from sensorhub.sessions.values import Prescription
from sensorhub.sessions.wearing import Wearing

FRESH_S = 1.5
"""Ticks older than this say nothing about now."""

Cue = Callable[[Placement, str], None]

FindCalibration = Callable[[str], str]
"""The calibration (JSON) of a sensor by what it calls itself; empty where there is none."""


@dataclass(frozen=True, slots=True)
class LinkView:
    """What a link tells the session about itself."""

    state: str
    lost_since_s: float | None = None


class LiveSession:
    """Everything between the links and the person.

    Args:
        sets: what is to be done; those that no worn sensor can measure are left out, and said.
        library: exercises by id.
        placements: where sensors are worn.
        log: the open session in the store.
        view: the screen.
        cue: lets one sensor signal the person, as a set begins and ends.
        now_ns: hub clock.
        began_s: hub time that the screen counts from.
        calibrations: what is known of the sensors by how they are reached (JSON), until they say
            who they are.
        find_calibration: asked when a sensor has said who it is.

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
        calibrations: Mapping[Placement, str] | None = None,
        find_calibration: FindCalibration | None = None,
    ) -> None:
        self._library = library
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
        self._wearing = Wearing({})
        self._links = {p: LinkView("starting") for p in placements}
        self._running: RunningSet | None = None
        self._pacer: Pacer | None = None
        self._ending: list[RunningSet] = []
        self._rest_until_s: float | None = None
        self._finished = False
        titles = {name: exercise.title for name, exercise in library.items()}
        doable = doable_sets(sets, library=library, placements=self._worn)
        for planned in sets:
            if planned not in doable:
                blanks = {"title": titles[planned.exercise], "side": _side(planned)}
                self._say(Prompt(PromptKey.NO_SENSOR, blanks))
        # Asked of the analyzers now: what they need to load is not loaded in the middle of a set.
        self._needs = {planned: self._new_set(planned).placements for planned in doable}
        self._coach = Coach(doable, titles=titles, now_s=self._now_s(), settings=settings)

    @property
    def done(self) -> bool:
        """The coach has finished and every set is closed."""
        return self._finished and self._running is None and not self._ending

    def on_record(self, placement: Placement, record: Record) -> None:
        """Log what came or went, before anyone interprets it."""
        self._log.append(placement, record)

    def on_event(self, placement: Placement, event: DeviceEvent) -> None:
        """Take in what a device said."""
        if isinstance(event, DeviceIdentified):
            document = self._find_calibration(event.device_id)
            self._pipelines[placement].calibration = read_calibration(document)
            self._log.identify_sensor(placement, device_id=event.device_id, calibration=document)
        for block in self._pipelines[placement].push(event):
            for running in (*self._ending, *([self._running] if self._running else [])):
                if placement in running.placements:
                    running.push(block)

    def on_link(self, placement: Placement, link: LinkView) -> None:
        """Take in what a link says of itself."""
        self._links[placement] = link

    def key(self, trigger: Trigger) -> None:
        """The person pressed a key."""
        self._do(self._coach.key(trigger, now_s=self._now_s()))

    def tick(self) -> None:
        """Let time pass: the coach decides, ending sets are closed, the screen is drawn."""
        now_s = self._now_s()
        live = None if self._running is None else self._running.state(now_s)
        if self._pacer is not None and (text := self._pacer.say(now_s)):
            self._view.say(text, elapsed_s=now_s - self._began_s)
        # What is seen is shown before anything is said about it.
        self._view.show(self._snapshot(now_s, live))
        ready, still_s = self._readiness(now_s)
        self._do(self._coach.tick(Situation(now_s, ready, still_s, live)))
        latest_s = {p: pipeline.latest_s for p, pipeline in self._pipelines.items()}
        for ending in [e for e in self._ending if e.is_complete(now_s, latest_s)]:
            self._close(ending)

    def stop(self) -> None:
        """Close what is open, at once; for the end of the program."""
        self.key(Trigger.KEY_STOP)
        for ending in list(self._ending):
            self._close(ending)

    def _do(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, Say):
                self._say(action.prompt)
            elif isinstance(action, BeginSet):
                self._begin(action.planned)
            elif isinstance(action, EndSet):
                self._end(action.planned)
            elif isinstance(action, Finish):
                self._finished = True

    def _begin(self, planned: PlannedSet) -> None:
        now_ns = self._now_ns()
        number = self._log.begin_set(
            planned.exercise,
            planned.side,
            started_ns=now_ns,
            prescribed=_prescription(planned.dose),
        )
        self._running = self._new_set(planned, number=number, start_s=now_ns / NS_PER_S)
        exercise = self._library[planned.exercise]
        self._pacer = pacer_for(exercise, start_s=now_ns / NS_PER_S)
        self._signal(planned, "start")

    def _new_set(self, planned: PlannedSet, *, number: int = 0, start_s: float = 0.0) -> RunningSet:
        exercise = self._library[planned.exercise]
        return RunningSet(planned, exercise, worn=self._worn, number=number, start_s=start_s)

    def _end(self, planned: PlannedSet) -> None:
        assert self._running is not None
        running, self._running, self._pacer = self._running, None, None
        now_s = self._now_s()
        running.end(now_s)
        self._ending.append(running)
        self._rest_until_s = now_s + planned.rest_s
        self._signal(planned, "stop")

    def _close(self, ending: RunningSet) -> None:
        self._ending.remove(ending)
        outcome: SetOutcome | None = None
        try:
            outcome = ending.finish(self._wearing)
            result = headline(outcome)
        except Exception as error:  # noqa: BLE001 (the log has everything; the end counts again)
            result = why_not(error)
        ended_ns = round(ending.end_s * NS_PER_S)
        self._log.end_set(ending.number, ended_ns=ended_ns, live=outcome)
        title = self._library[ending.planned.exercise].title
        text = f"Set {ending.number}, {title}{_side(ending.planned)}: {result.rstrip('.')}."
        self._view.say(text, elapsed_s=self._now_s() - self._began_s)

    def _signal(self, planned: PlannedSet, pattern: str) -> None:
        """One sensor signals, not all: two would be felt as two signals."""
        now_s = self._now_s()
        order = [*self._needs[planned], *self._worn]
        flowing = [p for p in order if now_s - self._pipelines[p].latest_s < FRESH_S]
        for placement in (flowing or order)[:1]:
            self._cue(placement, pattern)

    def _readiness(self, now_s: float) -> tuple[bool, float]:
        planned = self._coach.current
        needed = () if planned is None else self._needs[planned][:1]
        pipelines = [self._pipelines[p] for p in needed]
        ready = all(now_s - pipeline.latest_s < FRESH_S for pipeline in pipelines)
        # An exercise that needs no sensor has nothing to wait for.
        still_s = min((pipeline.still_s for pipeline in pipelines), default=now_s - self._began_s)
        return ready, still_s

    def _say(self, prompt: Prompt) -> None:
        self._view.say(prompt.text, elapsed_s=self._now_s() - self._began_s)

    def _snapshot(self, now_s: float, live: LiveState | None) -> Snapshot:
        planned = self._coach.current
        state = self._coach.state
        resting = state is CoachState.RESTING and self._rest_until_s is not None
        return Snapshot(
            elapsed_s=now_s - self._began_s,
            state=state,
            title="" if planned is None else self._library[planned.exercise].title,
            planned=planned,
            live=live,
            banked_hold_s=self._coach.held_s,
            remaining_rest_s=max(0.0, (self._rest_until_s or now_s) - now_s) if resting else None,
            sensors=[self._sensor(p, now_s) for p in self._worn],
            simulated=self._simulated,
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
        )

    def _now_s(self) -> float:
        return self._now_ns() / NS_PER_S


def doable_sets(
    sets: Sequence[PlannedSet],
    *,
    library: Mapping[str, Exercise],
    placements: Sequence[Placement],
) -> list[PlannedSet]:
    """The sets that the worn sensors can measure (or that need none), in order.

    Raises:
        InputError: there is none.
    """
    worn = tuple(placements)
    found = [s for s in sets if can_be_done(library[s.exercise], s.side, worn)]
    if not found:
        wanted = {seg for s in sets for seg in library[s.exercise].primary}
        raise InputError(
            f"None of these exercises can be measured with a sensor on {' and '.join(worn)}.",
            hint=f"Wear one on the {' or '.join(sorted(wanted))}, on the side that exercises.",
        )
    return found


def _prescription(dose: Dose) -> Prescription:
    return Prescription(repetitions=dose.reps, hold_s=dose.hold_s, duration_s=dose.duration_s)


def _side(planned: PlannedSet) -> str:
    return f", {planned.side}" if planned.side in (Side.LEFT, Side.RIGHT) else ""
