"""The demonstration on the page: it begins when somebody looks, and is served until Ctrl-C.

The simulated person does not wait for ever, so they come when the page is open and not before.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sensorhub.coach.plan import Plan
from sensorhub.coach.questions import Asking
from sensorhub.coach.texts import DEFAULT_LANGUAGE
from sensorhub.daemon.demo import ANSWERS, COACH, Comparison, compare, how_fast, simulator
from sensorhub.daemon.run import Tell
from sensorhub.daemon.screen.live_view import View
from sensorhub.daemon.serve import ServeSettings, Serving, serving, stop_signals
from sensorhub.daemon.serving.hub import HubSettings
from sensorhub.exports.base import THERAPIST, export_session, find_export
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import STORE_NAME

LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class WebDemo:
    """What is shown, and where it goes.

    Attributes:
        folder: session, CSV and truth are left there.
        screen: the terminal, which shows it as well.
    """

    plan: Plan
    folder: Path
    speed: float
    seed: int
    port: int
    screen: View


def run_web_demo(
    demo: WebDemo, *, tell: Tell, on_ready: Callable[[Serving], None]
) -> list[Comparison]:
    """Serve, do the plan with a simulated person, write the files, go on serving until Ctrl-C.

    Args:
        on_ready: called when the page can be opened.

    Returns:
        Truth against CSV; empty when it was ended before that.

    Raises:
        EnvironmentProblemError: the simulator or the page does not start.
    """
    return asyncio.run(_serve(demo, tell, on_ready))


async def _serve(
    demo: WebDemo, tell: Tell, on_ready: Callable[[Serving], None]
) -> list[Comparison]:
    hub = HubSettings(
        sensors={},
        data_dir=demo.folder / "data",
        speed=demo.speed,
        simulated=True,
        coach=COACH,
        asking=Asking.PAIN,
        answers=ANSWERS,
        screen=demo.screen,
    )
    settings = ServeSettings(hub, port=demo.port, plans={demo.plan.id: demo.plan})
    async with serving(settings, tell=tell) as running:
        with stop_signals(running.hub) as stop:
            tell(f"SIMULATED person and sensors, {how_fast(demo.speed)}.")
            on_ready(running)
            tell("The session begins when the page is open. Ctrl-C ends it.\n")
            ended = asyncio.create_task(stop.wait())
            shown = asyncio.create_task(_show(demo, running, tell))
            await asyncio.wait({shown, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not shown.done():
                shown.cancel()
                await asyncio.gather(shown, return_exceptions=True)
                return []
            compared = shown.result()
            tell(f"\nStill to be seen: {running.address}   Ctrl-C ends it.")
            await ended
            return compared


async def _show(demo: WebDemo, running: Serving, tell: Tell) -> list[Comparison]:
    while not running.board.viewers:  # noqa: ASYNC110 (looked at seldom, and only here)
        await asyncio.sleep(LOOK_S)
    start = simulator(demo.folder, scenario=demo.plan.id, speed=demo.speed, seed=demo.seed)
    simulated = await asyncio.to_thread(start.__enter__)
    csv_folder = demo.folder / "csv"
    with contextlib.ExitStack() as ending:
        ending.push(start)
        running.hub.wear(simulated.sensors)
        running.hub.start(running.person, demo.plan, language=DEFAULT_LANGUAGE)
        session = await running.hub.wait()
    if session is None:
        return []
    store = StoreReader(demo.folder / "data" / STORE_NAME)
    export = find_export(THERAPIST)
    for path in export_session(store, session.name, csv_folder, export=export, overwrite=True):
        tell(f"Written: {path}")
    return compare(simulated.truth, csv_folder / "repetitions.csv")
