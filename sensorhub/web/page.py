"""What all endpoints share."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from sensorhub.sessions.store.reader import StoreReader
from sensorhub.web.access import AccessBook
from sensorhub.web.board import Board
from sensorhub.web.codes import CodeBook
from sensorhub.web.files import PageFile
from sensorhub.web.pairing import Pairing
from sensorhub.web.plan_book import PlanBook
from sensorhub.web.ports import HubPort, SensorPort
from sensorhub.web.results import DetectableDeg
from sensorhub.web.sounds import SoundBook


def _not_known(_: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Page:
    """The parts behind the page.

    Attributes:
        address: how the page is reached by others, to be shown with a PIN.
        desk: changes the registered sensors; None: this hub was given its sensors at its start.
        sounds: what is served below ``/sound/``; None: this hub cannot speak.
        tracing: held while the log of a set is run again for a picture.
        detectable_deg: see :data:`~sensorhub.web.results.DetectableDeg`.
    """

    hub: HubPort
    board: Board
    store: StoreReader
    access: AccessBook
    pairing: Pairing
    plans: PlanBook
    codes: CodeBook
    static: Mapping[str, PageFile]
    drawings: Mapping[str, PageFile]
    address: str = ""
    desk: SensorPort | None = None
    sounds: SoundBook | None = None
    detectable_deg: DetectableDeg = _not_known
    tracing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
