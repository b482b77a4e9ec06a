"""The hub that serves: one store, one visit at a time, and a board that every page looks at."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sensorhub.coach.machine import Trigger
from sensorhub.coach.plan import Plan
from sensorhub.coach.questions import Asking, QuestionId
from sensorhub.coach.said import Said
from sensorhub.coach.sayable import sayable
from sensorhub.coach.settings import CoachSettings
from sensorhub.coach.snapshot import Snapshot
from sensorhub.coach.texts import load_texts
from sensorhub.daemon.screen.fan_view import FanView
from sensorhub.daemon.screen.live_view import View
from sensorhub.daemon.screen.voice import SPEECH_NAME, VoicedView
from sensorhub.daemon.sensors.desk import how_reached
from sensorhub.daemon.serving.watchdog import Sign
from sensorhub.daemon.visit.planning import doable_sets, needs_sensor, of_use
from sensorhub.daemon.visit.settings import RunSettings
from sensorhub.daemon.visit.visit import Visit
from sensorhub.exercises.definition import load_library
from sensorhub.model.errors import InputError, SensorhubError
from sensorhub.model.placement import Placement
from sensorhub.sessions.stages.finish import finish_session
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.registry import RegisteredSensor
from sensorhub.sessions.store.store import Store
from sensorhub.sessions.store.values import StoredSession
from sensorhub.speech.cache import SpeechCache
from sensorhub.speech.speaker import Speaker
from sensorhub.speech.voice import Voice
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.uri import SensorUri
from sensorhub.web.board import Board, Kind
from sensorhub.web.ports import BusyError, SensorStatus

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HubSettings:
    """What a serving hub needs to know.

    Attributes:
        sensors: that every visit uses.
        registered: those of them that are registered: they must be who they were.
        from_registry: they are all registered ones: the page may add others.
        speed: hub seconds in a second of the wall; other than 1 for simulated sensors only.
        simulated: nobody exercises; said wherever a session is shown.
        asking: what a person is asked, beside the guide's questions before the first session.
        answers: what a simulated person answers at once; None: somebody is asked.
        screen: one more screen beside the page (a terminal).
        voice: how it speaks, in whatever language; in browsers, and where ``loudspeaker`` is True
            also on its own.
    """

    sensors: Mapping[Placement, SensorUri]
    data_dir: Path
    registered: Mapping[Placement, RegisteredSensor] = field(default_factory=dict)
    from_registry: bool = False
    speed: float = 1.0
    simulated: bool = False
    coach: CoachSettings = field(default_factory=CoachSettings)
    asking: Asking = Asking.PAIN
    answers: Mapping[QuestionId, str] | None = None
    screen: View | None = None
    voice: Voice = field(default_factory=Voice)
    loudspeaker: bool = False


class Hub:
    """Runs visits for the page; what :class:`~sensorhub.web.ports.HubPort` asks for.

    Everything but :meth:`add_person` belongs to the event loop.
    """

    def __init__(
        self, settings: HubSettings, *, store: Store, board: Board, clock: HubClock
    ) -> None:
        self._settings = settings
        self._store = store
        self._board = board
        self._clock = clock
        self._visit: Visit | None = None
        self._person: str | None = None
        self._task: asyncio.Task[StoredSession | None] | None = None
        self._latest: Snapshot | None = None
        self._pictures = 0
        self._held = False
        self._speech = SpeechCache(settings.data_dir / SPEECH_NAME)

    @property
    def running_for(self) -> str | None:
        """Pseudonym of the person who exercises now."""
        return self._person

    def sensors(self) -> Sequence[SensorStatus]:
        """The sensors a visit uses, with what is known of them now."""
        seen = {} if self._latest is None else {s.placement: s for s in self._latest.sensors}
        return [
            SensorStatus(
                placement.value,
                how_reached(uri),
                state=seen[placement].state if placement in seen else "",
                battery_percent=seen[placement].battery_percent if placement in seen else None,
            )
            for placement, uri in self._settings.sensors.items()
        ]

    def wear(
        self,
        sensors: Mapping[Placement, SensorUri],
        registered: Mapping[Placement, RegisteredSensor] | None = None,
    ) -> None:
        """Use these sensors from the next visit on; ``registered`` are those that are."""
        self._settings = replace(
            self._settings, sensors=dict(sensors), registered=dict(registered or {})
        )

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """No visit begins while the block lasts. Raises BusyError where one runs, or one holds."""
        if self._held or self._running:
            raise BusyError
        self._held = True
        try:
            yield
        finally:
            self._held = False

    @property
    def _running(self) -> bool:
        return self._task is not None and not self._task.done()

    def start(self, person: str, plan: Plan, *, language: str, interview: bool = False) -> None:
        """Begin a visit. Raises BusyError, or InputError where nothing of it can be done."""
        if self._held or self._running:
            raise BusyError
        settings = self._settings
        library = load_library()
        sensors = settings.sensors
        if not needs_sensor(plan, library=library):
            useful = of_use(plan, library=library)
            sensors = {place: uri for place, uri in sensors.items() if place in useful}
        elif not sensors:
            raise InputError(
                "This hub knows no sensor.",
                hint="Add yours once, on the page about sensors.",
            )
        doable_sets(plan.planned_sets(), library=library, placements=tuple(sensors))
        run = RunSettings(
            plan=plan,
            sensors=sensors,
            data_dir=settings.data_dir,
            registered=settings.registered,
            speed=settings.speed,
            simulated=settings.simulated,
            coach=settings.coach,
            language=language,
            asking=self._asking(person, interview=interview),
            answers=settings.answers,
            person=person,
        )
        page = _PageView(self, self._board, person=person, plan=plan.id)
        view: View = page if settings.screen is None else FanView([page, settings.screen])
        voiced = VoicedView(
            view,
            cache=self._speech,
            voice=replace(settings.voice, language=language),
            speaker=Speaker(now_s=time.monotonic) if settings.loudspeaker else None,
        )
        texts = sayable(plan, load_texts(language, library=library))
        visit = Visit(run, store=self._store, view=voiced, clock=self._clock)
        # From here on nothing can fail: what was begun is seen to its end.
        self._visit, self._person = visit, person
        self._board.show(Kind.SEARCHING, person=person)
        self._task = asyncio.create_task(self._run(visit, person, voiced, texts))

    def _asking(self, person: str, *, interview: bool) -> Asking:
        """The guide's questions come before a person's first session, and when they are wanted."""
        usual = self._settings.asking
        if usual is not Asking.PAIN:
            return usual
        new = not StoreReader(self._store.path).sessions_of(person, latest=1)
        return Asking.EVERYTHING if interview or new else usual

    def press(self, key: Trigger) -> None:
        """A key of the person who exercises."""
        if self._visit is not None:
            self._visit.press(key)

    def answer(self, question: QuestionId, value: str) -> None:
        """An answer; see :meth:`Visit.answer`."""
        if self._visit is not None:
            self._visit.answer(question, value)

    def add_person(self) -> str:
        """Make a new person; may be called from any thread."""
        return self._store.add_person()

    def took(self, snapshot: Snapshot) -> None:
        """The newest picture of the running visit."""
        self._latest = snapshot
        self._pictures += 1

    def sign(self) -> Sign:
        """Whether a session that runs gets on: it draws a picture several times a second."""
        return Sign(self._pictures, busy=self._visit is not None and self._visit.drawing)

    def interrupt(self) -> None:
        """End the running visit in order; a second time, at once."""
        if self._visit is not None:
            self._visit.interrupt()

    async def wait(self) -> StoredSession | None:
        """Until the running visit is over; its session, None where none came of it."""
        return None if self._task is None else await asyncio.shield(self._task)

    async def close(self) -> None:
        """End what runs, and wait for its end."""
        self.interrupt()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(
        self, visit: Visit, person: str, voiced: VoicedView, texts: Sequence[str]
    ) -> StoredSession | None:
        problem = ""
        session: StoredSession | None = None
        # While the sensors are reached and the person gets ready; what is not made by then is made
        # when it is said.
        sounding = asyncio.create_task(voiced.run(texts))
        try:
            problem, session = await self._see_through(visit, person)
        except Exception as error:  # noqa: BLE001 (the hub goes on serving, and says so)
            _LOG.exception("a visit ended badly")
            problem = "The session could not be closed. It will be at the next start."
            if isinstance(error, SensorhubError):
                problem = str(error)
        finally:
            sounding.cancel()
            await asyncio.gather(sounding, return_exceptions=True)
            self._visit = self._person = self._latest = None
            if problem:
                self._board.show(Kind.FAILED, person=person, text=problem)
            else:
                self._board.show(Kind.IDLE, person=None)
        return session

    async def _see_through(self, visit: Visit, person: str) -> tuple[str, StoredSession | None]:
        """The visit, and the end of its session; a sentence where nothing came of it."""
        try:
            await visit.run()
        except SensorhubError as error:
            if visit.log is None:
                return str(error), None
            raise
        finally:
            if visit.log is not None:
                self._board.show(Kind.CLOSING, person=person)
                await asyncio.to_thread(visit.log.close)
        if visit.log is None:
            return ("" if visit.stopped else str(visit.why_nothing())), None
        return "", await asyncio.to_thread(finish_session, self._store, visit.log.name)


class _PageView:
    """The page as a screen of a visit."""

    def __init__(self, hub: Hub, board: Board, *, person: str, plan: str) -> None:
        self._hub = hub
        self._board = board
        self._person = person
        self._plan = plan
        self._begun = False

    def say(self, said: Said, *, elapsed_s: float) -> None:
        """Pictures carry what is said; before the first one, this is all there is to see."""
        del elapsed_s
        if not self._begun:
            self._board.show(Kind.SEARCHING, person=self._person, text=said.text)

    def show(self, snapshot: Snapshot) -> None:
        """Put it on the board."""
        self._begun = True
        self._hub.took(snapshot)
        self._board.publish(snapshot, person=self._person, plan=self._plan)

    def close(self) -> None:
        """Nothing is held back."""
