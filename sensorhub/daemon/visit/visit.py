"""One visit while it runs: the links, and the live session that begins with the first of them.

Where nothing of the plan is measured the session waits for nobody, and needs no sensor.
"""

import asyncio
import logging
from functools import partial

from sensorhub.coach.machine import Trigger
from sensorhub.coach.questions import QuestionId
from sensorhub.coach.said import note
from sensorhub.coach.texts import load_texts
from sensorhub.daemon.links.opening import Link, LinkCallbacks, LinkMaker, family_of
from sensorhub.daemon.links.state import LinkPhase, LinkStatus
from sensorhub.daemon.screen.answer_line import AnswerLine
from sensorhub.daemon.screen.keys import KEYS
from sensorhub.daemon.screen.live_view import LastingView, View
from sensorhub.daemon.sensors.guard import guarded
from sensorhub.daemon.visit.planning import needs_sensor
from sensorhub.daemon.visit.session import LinkView, LiveSession
from sensorhub.daemon.visit.settings import RunSettings
from sensorhub.exercises.definition import load_library
from sensorhub.model.errors import InputError, SensorhubError, TransportError
from sensorhub.model.events import DeviceEvent
from sensorhub.model.link import Record
from sensorhub.model.placement import Placement
from sensorhub.model.units import NS_PER_S
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import SessionLog, Store
from sensorhub.sessions.store.values import SensorInfo, SessionInfo
from sensorhub.transports.hubclock import HubClock

TICK_WALL_S = 0.04
"""The coach looks this often: fast enough for an eye, slow enough for a small computer."""

NOT_FOUND_WALL_S = 30.0
"""How long to look for the first sensor before that is said and the program ends."""

REFUSED_WALL_S = 5.0
"""The same when every link has said why it cannot be had: port in use, no adapter ..."""

STOP_WALL_S = 20.0
"""How long the polite end of the links may take; what is still missing then stays missing."""

_LOG = logging.getLogger(__name__)


class Visit:
    """Runs links and session together. The session begins when the first link comes up.

    Attributes:
        log: the session in the store, None as long as it has not begun.
    """

    def __init__(
        self,
        settings: RunSettings,
        *,
        store: Store,
        view: View,
        clock: HubClock,
    ) -> None:
        self._settings = settings
        self._store = store
        self._view = LastingView(view, on_gone=self.interrupt)
        self._clock = clock
        self._began_s = clock.now_s()
        self._session: LiveSession | None = None
        self._stop = asyncio.Event()
        self._news = asyncio.Event()  # something to be shown at once, or the end
        self._hurry = asyncio.Event()
        self._drawing = False
        self._live_failed = False
        self._line = AnswerLine()
        self._errors: dict[Placement, str] = {}
        self._needs_sensor = needs_sensor(settings.plan, library=load_library())
        self.log: SessionLog | None = None
        maker = LinkMaker(clock)
        self._links: dict[Placement, Link] = {
            placement: maker.make(placement.value, uri, self._callbacks(placement))
            for placement, uri in settings.sensors.items()
        }

    @property
    def stopped(self) -> bool:
        """Somebody stopped it: a key, a signal, a screen that went away."""
        return self._stop.is_set()

    @property
    def drawing(self) -> bool:
        """Whether the session runs, and draws a picture several times a second."""
        return self._drawing

    def say(self, text: str) -> None:
        """Tell the person something."""
        self._view.say(
            note(text, urgent=text.startswith("!!")), elapsed_s=self._clock.now_s() - self._began_s
        )

    def press(self, trigger: Trigger) -> None:
        """The person pressed a key."""
        if self._session is not None:
            self._session.key(trigger)
        elif trigger is Trigger.KEY_STOP:
            self._end()

    def type(self, letter: str) -> None:
        """A letter was typed on the hub's own keyboard: part of an answer, or a key."""
        session = self._session
        question = None if session is None else session.question
        if session is None or question is None or not self._line.takes(letter, question):
            if (trigger := KEYS.get(letter.lower())) is not None:
                self.press(trigger)
            return
        value = self._line.type(letter, question)
        session.typed = self._line.text
        if value is None:
            return
        try:
            session.answer(question.id, value)
        except InputError as error:
            self.say(str(error))

    def answer(self, question_id: QuestionId, value: str) -> None:
        """The person answered; what is not asked (any more) is ignored. Empty: rather not say.

        Raises:
            InputError: it is no answer to that question, which stays open.
        """
        if self._session is not None:
            self._session.answer(question_id, value)

    def interrupt(self) -> None:
        """End in order; asked a second time, without waiting for the sensors."""
        if self._stop.is_set():
            self._hurry.set()
        self._end()

    def why_nothing(self) -> SensorhubError:
        """Why no session began: what the links said."""
        for link in self._links.values():
            if link.status.error is not None:
                return link.status.error
        return TransportError(
            "No sensor was reached.",
            hint="Check that it is charged, near, and not connected to something else.",
        )

    def close_view(self) -> None:
        """Give the screen back."""
        self._view.close()

    async def run(self) -> None:
        """Until the plan is done, somebody stops it, or no link can be had any more."""
        tasks = {asyncio.create_task(link.run()) for link in self._links.values()}
        try:
            if self._needs_sensor:
                await self._until_begun(tasks)
            else:
                self._begin()
            await self._until_done(tasks)
        finally:
            if self._session is not None:
                self._session.stop()
            await self._hang_up(tasks)
        for task in tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    async def _until_begun(self, tasks: set[asyncio.Task[None]]) -> None:
        sensors = (f"{where} ({uri})" for where, uri in self._settings.sensors.items())
        self.say(f"Looking for {' and '.join(sensors)} ...")
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        while self._session is None and not self._stop.is_set():
            refused = all(link.status.error is not None for link in self._links.values())
            patience_s = REFUSED_WALL_S if refused else NOT_FOUND_WALL_S
            if loop.time() - began_s > patience_s or all(task.done() for task in tasks):
                return
            await self._pause()

    async def _until_done(self, tasks: set[asyncio.Task[None]]) -> None:
        self._drawing = True
        try:
            while (session := self._session) is not None and not session.done:
                if self._stop.is_set() or (self._needs_sensor and all(t.done() for t in tasks)):
                    return
                session.tick()
                self._answer_by_script(session)
                await self._pause()
        finally:
            # The links may take their time to end; nothing is drawn meanwhile.
            self._drawing = False

    def _answer_by_script(self, session: LiveSession) -> None:
        answers, question = self._settings.answers, session.question
        if answers is not None and question is not None:
            session.answer(question.id, answers.get(question.id, ""))

    def _end(self) -> None:
        self._stop.set()
        self._news.set()

    async def _pause(self) -> None:
        """Until the next look is due: at once where something was counted, or stopped."""
        try:
            async with asyncio.timeout(TICK_WALL_S):
                await self._news.wait()
        except TimeoutError:
            return  # nothing new: that is the usual case
        if not self._stop.is_set():
            self._news.clear()

    async def _hang_up(self, tasks: set[asyncio.Task[None]]) -> None:
        """Stop all links in order, as long as nobody is in a hurry; then just end them."""
        stops = [asyncio.create_task(link.stop()) for link in self._links.values()]
        hurry = asyncio.create_task(self._hurry.wait())
        stopped = asyncio.create_task(asyncio.wait(stops))
        await asyncio.wait(
            {stopped, hurry}, timeout=STOP_WALL_S, return_when=asyncio.FIRST_COMPLETED
        )
        for work in (stopped, hurry, *stops, *tasks):
            work.cancel()
        await asyncio.gather(stopped, hurry, *stops, *tasks, return_exceptions=True)

    def _callbacks(self, placement: Placement) -> LinkCallbacks:
        callbacks = LinkCallbacks(
            sink=partial(self._on_record, placement),
            on_event=partial(self._on_event, placement),
            on_status=partial(self._on_status, placement),
        )
        return guarded(
            self._settings.registered.get(placement),
            callbacks,
            registry=self._store.registry,
            speed=self._clock.speed,
        )

    def _on_record(self, placement: Placement, record: Record) -> None:
        session = self._session or self._begin()
        session.on_record(placement, record)

    def _on_event(self, placement: Placement, event: DeviceEvent) -> None:
        if self._session is None or self._live_failed:
            return
        try:
            if self._session.on_event(placement, event):
                self._news.set()
        except Exception:  # noqa: BLE001 (a mistake in counting must never end the recording)
            self._live_failed = True
            _LOG.exception("live counting failed")
            self.say(
                "!! Live counting failed and is off. Everything is still recorded and will be "
                "counted at the end."
            )

    def _on_status(self, placement: Placement, status: LinkStatus) -> None:
        said = "" if status.error is None else self._in_words(status.error)
        if said and said != self._errors.get(placement):
            self.say(f"{placement}: {said}")
        self._errors[placement] = said
        if self._session is not None:
            self._show_link(self._session, placement, status)

    def _in_words(self, error: SensorhubError) -> str:
        texts = load_texts(self._settings.language, library=load_library())
        return texts.trouble(error.code, str(error))

    def _show_link(self, session: LiveSession, placement: Placement, status: LinkStatus) -> None:
        lost_ns, error = status.lost_since_ns, status.error
        session.on_link(
            placement,
            LinkView(
                state=status.phase.replace("_", " "),
                lost_since_s=None if lost_ns is None else lost_ns / NS_PER_S,
                problem="" if error is None else error.message,
                hint="" if error is None else error.hint,
                gave_up=status.phase is LinkPhase.GAVE_UP,
                code="" if error is None else error.code,
            ),
        )

    def _begin(self) -> LiveSession:
        settings = self._settings
        kept = StoreReader(self._store.path)
        sensors = [
            SensorInfo(
                placement,
                str(uri),
                family_of(uri).name,
                calibration=kept.calibration(str(uri)),
            )
            for placement, uri in settings.sensors.items()
        ]
        info = SessionInfo(
            plan=settings.plan.id, simulated=settings.simulated, person=settings.person
        )
        library = load_library()
        log = self.log = self._store.begin_session(info, sensors)
        session = self._session = LiveSession(
            settings.plan.planned_sets(),
            library=library,
            placements=tuple(settings.sensors),
            log=log,
            view=self._view,
            cue=lambda placement, pattern: self._links[placement].cue(pattern),
            now_ns=self._clock.now_ns,
            began_s=self._began_s,
            settings=settings.coach,
            simulated=settings.simulated,
            asking=settings.asking,
            texts=load_texts(settings.language, library=library),
            calibrations={sensor.placement: sensor.calibration for sensor in sensors},
            find_calibration=kept.calibration,
        )
        for placement, link in self._links.items():
            self._show_link(session, placement, link.status)
        return session
