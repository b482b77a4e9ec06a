"""A whole visit: recover what was cut off, find the sensors, do the plan, close, analyse, export.

However it ends (done, Ctrl-C, SIGTERM, a sensor that is gone), what was recorded is kept, the
session is closed, and the complete raw log goes through the same stages once more: that is what
is exported.
"""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from sensorhub.coach.questions import Asking
from sensorhub.coach.said import note
from sensorhub.coach.sayable import sayable
from sensorhub.coach.texts import load_texts
from sensorhub.daemon.links.opening import family_of
from sensorhub.daemon.screen.keys import terminal_keys
from sensorhub.daemon.screen.live_view import View
from sensorhub.daemon.screen.voice import speaking
from sensorhub.daemon.visit.planning import doable_sets
from sensorhub.daemon.visit.settings import RunSettings
from sensorhub.daemon.visit.visit import Visit
from sensorhub.exercises.definition import load_library
from sensorhub.exports.base import THERAPIST, export_session, find_export
from sensorhub.model.errors import StoreError
from sensorhub.model.units import NS_PER_S
from sensorhub.model.words import many
from sensorhub.sessions.stages.finish import finish_session, recover
from sensorhub.sessions.stages.headline import set_headline
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import STORE_NAME, Store
from sensorhub.sessions.store.values import StoredSession
from sensorhub.transports.hubclock import HubClock

Tell = Callable[[str], None]


def run_and_export(
    settings: RunSettings,
    *,
    view: View,
    to: Path | None,
    tell: Tell,
    overwrite: bool = False,
) -> StoredSession:
    """Do the plan, say what came of it, and write the therapist's files to ``to`` if given.

    Raises as :func:`run_session` and :func:`~sensorhub.exports.base.export_session`.
    """
    session = asyncio.run(run_session(settings, view=view))
    note = " (SIMULATED)" if session.info.simulated else ""
    tell(f"\nSession {session.name}{note}:")
    for one in session.sets:
        tell(f"  {one.number}. {one.exercise}: {set_headline(one)}")
    for notice in session.notices:
        tell(f"  ! {notice.text}")
    if to is None:
        tell(f"For the therapist: sensorhub export {session.name} --to DIR")
        return session
    store = StoreReader(settings.data_dir / STORE_NAME)
    export = find_export(THERAPIST)
    for path in export_session(store, session.name, to, export=export, overwrite=overwrite):
        tell(f"Written: {path}")
    return session


async def run_session(settings: RunSettings, *, view: View) -> StoredSession:
    """Do the plan; returns when the session is closed and analysed.

    Raises:
        KeyboardInterrupt: it was stopped before any sensor was reached.
        InputError: nothing of the plan can be measured with these sensors, it asks for more than
            any plan may, there is no such language; a bad replay file.
        StoreError: the store cannot be used.
        TransportError: not one sensor could be reached.
    """
    plan, worn = settings.plan, tuple(settings.sensors)
    # All that can be wrong with what was asked is said before anything is written.
    library = load_library()
    doable_sets(plan.planned_sets(), library=library, placements=worn)
    texts = load_texts(settings.language, library=library)
    for uri in settings.sensors.values():
        family_of(uri)
    clock = HubClock(speed=settings.speed)
    loop = asyncio.get_running_loop()
    began_ns = clock.now_ns()

    def say(text: str) -> None:
        view.say(
            note(text, urgent=text.startswith("!!")),
            elapsed_s=(clock.now_ns() - began_ns) / NS_PER_S,
        )

    def on_problem(problem: StoreError | None) -> None:
        # From the writer's thread. The person must know at once that nothing is being kept.
        text = "Recording works again." if problem is None else f"!! Not recording: {problem}"
        loop.call_soon_threadsafe(say, text)

    path = settings.data_dir / STORE_NAME
    with Store(path, now_ns=clock.now_ns, on_problem=on_problem) as store:
        for recovered in recover(store):
            name, sets = recovered.session.name, many(len(recovered.session.sets), "set")
            how = "was cut off" if recovered.cut_off else "was not finished"
            say(f"Session {name} {how}; it is closed now, with {sets}.")
        spoken = sayable(plan, texts) if settings.voice is not None else ()
        async with speaking(
            view, voice=settings.voice, data_dir=settings.data_dir, texts=spoken
        ) as voiced:
            visit = Visit(settings, store=store, view=voiced, clock=clock)
            with _signals(visit), terminal_keys(visit.type):
                try:
                    await visit.run()
                finally:
                    visit.close_view()
        if visit.log is None:
            if visit.stopped:
                raise KeyboardInterrupt
            raise visit.why_nothing()
        visit.log.close()
        return finish_session(store, visit.log.name)


def usual_asking(data_dir: Path) -> Asking:
    """What to ask where somebody can answer: the guide's questions before the first session."""
    try:
        names = StoreReader(data_dir / STORE_NAME).names()
    except StoreError:
        names = ()
    return Asking.PAIN if names else Asking.EVERYTHING


@contextlib.contextmanager
def _signals(visit: Visit) -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal end the session in order; a second time, at once."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, visit.interrupt)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.remove_signal_handler(number)
