"""``sensorhub serve``: the composition of store, hub, page and network, and their common end."""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sensorhub.coach.plan import Plan
from sensorhub.daemon.links.opening import family_of
from sensorhub.daemon.screen.voice import SPEECH_NAME
from sensorhub.daemon.sensors.desk import SensorDesk
from sensorhub.daemon.serving.hub import Hub, HubSettings
from sensorhub.daemon.serving.listening import LOOPBACK, Listening, address_for_others, bound
from sensorhub.daemon.serving.tls import TlsFiles
from sensorhub.daemon.serving.watchdog import ServiceManager, Sign, Watchdog, keep_fed
from sensorhub.exports.tables.detectable import detectable_change_deg
from sensorhub.sessions.stages.finish import recover
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import STORE_NAME, Store
from sensorhub.speech.cache import SpeechCache
from sensorhub.speech.espeak import can_speak
from sensorhub.speech.voice import LANGUAGES
from sensorhub.transports.hubclock import HubClock
from sensorhub.web.access import ACCESS_NAME, AccessBook
from sensorhub.web.app import create_app
from sensorhub.web.board import Board
from sensorhub.web.codes import CODES_NAME, CodeBook
from sensorhub.web.drawings import all_drawings
from sensorhub.web.files import load_static
from sensorhub.web.gate import known_names
from sensorhub.web.page import Page
from sensorhub.web.pairing import PAIRING_NAME, Pairing
from sensorhub.web.plan_book import PlanBook
from sensorhub.web.roles import Role
from sensorhub.web.sounds import SoundBook

DEFAULT_PORT = 8765

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """How the page is served.

    Attributes:
        host: the address for others; a loopback address: this computer only.
        port: 0: any that is free.
        pair: make a PIN at the start also when devices are paired already.
        first_pin: while nothing is paired, make a PIN at the start without being asked. Not for a
            service: its words end up in a log.
        plans: plans that everybody has beside their own, by id.
        tls: certificate and key; None: plain http.
    """

    hub: HubSettings
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    pair: bool = False
    first_pin: bool = True
    plans: Mapping[str, Plan] = field(default_factory=dict)
    tls: TlsFiles | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """A hub that serves.

    Attributes:
        link: address with the PIN of a first device in it, where there is a PIN.
        person: the first person of the store.
        watchdog: looks at the visit's pictures and at the store's writer.
    """

    hub: Hub
    board: Board
    address: str
    link: str
    person: str
    watchdog: Watchdog


async def serve(
    settings: ServeSettings, *, tell: Tell, on_ready: Callable[[Serving], None]
) -> None:
    """Serve until Ctrl-C or SIGTERM; a running visit is closed in order.

    Args:
        on_ready: called when the page can be opened.

    Raises:
        StoreError: the store cannot be used.
        EnvironmentProblemError: the address cannot be listened on.
    """
    async with serving(settings, tell=tell) as running:
        with stop_signals(running.hub) as stop:
            on_ready(running)
            manager = ServiceManager()
            fed = asyncio.create_task(keep_fed(manager, running.watchdog))
            manager.ready("serving the page")
            await stop.wait()
            manager.stopping()
            fed.cancel()
            await asyncio.gather(fed, return_exceptions=True)


@contextlib.asynccontextmanager
async def serving(settings: ServeSettings, *, tell: Tell) -> AsyncIterator[Serving]:
    """Everything that serves, for as long as the block lasts. Raises as :func:`serve`."""
    for uri in settings.hub.sensors.values():
        family_of(uri)
    data_dir = settings.hub.data_dir
    clock = HubClock(speed=settings.hub.speed)
    loop = asyncio.get_running_loop()

    def on_problem(problem: object) -> None:  # from the writer's thread
        text = "Recording works again." if problem is None else f"!! Not recording: {problem}"
        loop.call_soon_threadsafe(tell, text)

    path = data_dir / STORE_NAME
    with Store(path, now_ns=clock.now_ns, on_problem=on_problem) as store:
        for recovered in await asyncio.to_thread(recover, store):
            how = "was cut off" if recovered.cut_off else "was not finished"
            tell(f"Session {recovered.session.name} {how}; it is closed now.")
        reader = StoreReader(path)
        people = reader.people()
        person = people[0] if people else store.add_person()
        access = AccessBook(data_dir / ACCESS_NAME, now=time.time)
        pairing = Pairing(data_dir / PAIRING_NAME, now=time.time)
        voices = {name: replace(settings.hub.voice, language=name) for name in LANGUAGES}
        sounds = SoundBook(SpeechCache(data_dir / SPEECH_NAME), voices) if can_speak() else None
        board = Board(wall_ms=lambda: time.time() * 1000.0, speed=settings.hub.speed, sounds=sounds)
        hub = Hub(settings.hub, store=store, board=board, clock=clock)
        desk = SensorDesk(store, hold=hub.held, wear=hub.wear, speed=settings.hub.speed)
        bound(settings.host, 0).close()  # an address that is not ours is said now, not later
        first = bound(LOOPBACK, settings.port)
        scheme = "http" if settings.tls is None else "https"
        address = f"{scheme}://{address_for_others(settings.host)}:{first.getsockname()[1]}/"
        page = Page(
            hub=hub,
            board=board,
            store=reader,
            access=access,
            pairing=pairing,
            codes=CodeBook(data_dir / CODES_NAME, now=time.time),
            plans=PlanBook(data_dir, always=settings.plans),
            static=load_static(),
            drawings=all_drawings(),
            sounds=sounds,
            address=address,
            desk=desk if settings.hub.from_registry else None,
            detectable_deg=detectable_change_deg,
        )
        # Who asks for a PIN wants to pair another device: that opens the network for as long as the
        # PIN is good. Without one it opens with the first device.
        listening = Listening(
            create_app(page, names=known_names([socket.gethostname(), settings.host])),
            first=first,
            host=settings.host,
            may_open=lambda: bool(access.grants) or pairing.wanted_from_afar,
            on_open=lambda: tell(f"On the network: {address}"),
            tls=settings.tls,
        )
        pin = ""
        if settings.pair or (settings.first_pin and not access.grants):
            role = Role.PATIENT if access.grants else Role.ADMIN
            pin = pairing.invite(role, person, from_afar=settings.pair)
        running = asyncio.create_task(listening.run())
        running.add_done_callback(lambda task: _tell_why(task, tell))
        try:
            signs = {"session": hub.sign, "store": lambda: Sign(*store.progress)}
            link = f"{address}#pin={pin}" if pin else ""
            yield Serving(hub, board, address, link, person, Watchdog(signs))
        finally:
            await desk.close()
            await hub.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await listening.stop()


def _tell_why(listening: asyncio.Task[None], tell: Tell) -> None:
    """This computer is still served when the network cannot be; it must be known all the same."""
    if not listening.cancelled() and (error := listening.exception()) is not None:
        tell(f"!! {error}")


@contextlib.contextmanager
def stop_signals(hub: Hub) -> Iterator[asyncio.Event]:
    """Ctrl-C and SIGTERM end it in order; a second time without waiting for the sensors."""
    stop = asyncio.Event()

    def end() -> None:
        hub.interrupt()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.remove_signal_handler(number)
