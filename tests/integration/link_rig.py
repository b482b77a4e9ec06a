"""A simulated OMP sensor behind a link, and our supervisor on the other side of it.

The sensor's samples name their own index, so that nothing can be missing or doubled unseen.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firmware_sim.fault_script import Fault, Kind
from firmware_sim.omp.core import DeviceOptions
from firmware_sim.omp.device import OmpDevice, identity_of
from firmware_sim.signals import ImuSettings
from sensorhub.daemon.links.link import SensorLink
from sensorhub.daemon.links.state import LinkPhase, LinkStatus
from sensorhub.daemon.links.timing import LinkTiming
from sensorhub.devices.base import DeviceFamily
from sensorhub.devices.omp.family import FAMILY
from sensorhub.model.events import DeviceEvent, SamplesArrived
from sensorhub.model.link import Record
from sensorhub.model.units import STANDARD_GRAVITY_MPS2
from sensorhub.transports.base import Transport
from sensorhub.transports.hubclock import HubClock

PATIENCE_S = 120.0


class IndexStream:
    """Sample ``k``: ax = k mod 32768."""

    def __init__(self, settings: ImuSettings) -> None:
        self.true_period_us = 1e9 / settings.rate_mhz
        self._next = 0

    def read(self, count: int) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        values = np.zeros((count, 6), np.int16)
        values[:, 0] = np.arange(self._next, self._next + count) % 32768
        self._next += count
        return values, np.zeros(count, np.bool_)


@dataclass
class IndexImu:
    rates_mhz: tuple[int, ...] = (50_000, 100_000)
    acc_ranges_g: tuple[int, ...] = (8,)
    gyr_ranges_dps: tuple[int, ...] = (1000,)

    def acc_lsb_g(self, range_g: int) -> float:
        return range_g / 32768

    def gyr_lsb_dps(self, range_dps: int) -> float:
        return range_dps / 32768

    def start(self, settings: ImuSettings, world_us: int) -> IndexStream:
        return IndexStream(settings)


LARGE_RING_BYTES = 1 << 20


def omp_device(
    placement: str = "thigh_right", *, baud: int | None = 115200, ring_bytes: int = 1 << 17
) -> OmpDevice:
    options = DeviceOptions(ppm=40.0, seed=7, ring_bytes=ring_bytes)
    return OmpDevice(identity_of(placement), IndexImu(), options=options, baud=baud)


def disconnects(count: int, *, seed: int) -> tuple[list[Fault], float]:
    """Breaks of 1 to 20 s, with 3 to 5 s between them; and when all is over, world seconds."""
    rng = random.Random(seed)
    faults, at_s = [], 10.0
    for _ in range(count):
        lasts_s = rng.uniform(1.0, 20.0)
        faults.append(Fault(Kind.DISCONNECT, at_s=at_s, duration_s=lasts_s))
        at_s += lasts_s + rng.uniform(3.0, 5.0)
    return faults, at_s


@dataclass
class Listener:
    """Keeps what a link says, and lets a test wait for it without sleeping."""

    records: list[Record] = field(default_factory=list)
    events: list[DeviceEvent] = field(default_factory=list)
    statuses: list[LinkStatus] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def record(self, record: Record) -> None:
        self.records.append(record)

    def event(self, event: DeviceEvent) -> None:
        self.events.append(event)
        self.news.set()

    def status(self, status: LinkStatus) -> None:
        self.statuses.append(status)
        self.news.set()

    @property
    def phases(self) -> list[LinkPhase]:
        return [status.phase for status in self.statuses]

    async def until(self, holds: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not holds():
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            told = "\n".join(str(status) for status in self.statuses[-8:])
            raise AssertionError(f"waited in vain; the last that was said:\n{told}") from None

    async def streaming(self, *, new_samples: int = 30) -> None:
        """Wait until live samples have come anew."""
        before = self.live_samples()
        await self.until(lambda: self.live_samples() >= before + new_samples)

    def live_samples(self) -> int:
        return sum(len(e.acc_mps2) for e in self.samples() if not e.backfilled)

    def samples(self) -> list[SamplesArrived]:
        return [event for event in self.events if isinstance(event, SamplesArrived)]

    def indices(self) -> list[int]:
        """Every sample's index, in order of arrival, checked against what the sample says."""
        out: list[int] = []
        for event in self.samples():
            said = np.rint(event.acc_mps2[:, 0] / (8 * STANDARD_GRAVITY_MPS2 / 32768)).astype(int)
            indices = event.first_index + np.arange(len(said))
            assert (said == indices % 32768).all()
            out.extend(indices.tolist())
        return out


@asynccontextmanager
async def supervised(
    transport: Transport,
    clock: HubClock,
    *,
    timing: LinkTiming | None = None,
    family: DeviceFamily = FAMILY,
) -> AsyncIterator[tuple[SensorLink, Listener]]:
    """A running link; stopped and awaited at the end."""
    listener = Listener()
    link = SensorLink(
        "the test sensor",
        transport=transport,
        family=family,
        clock=clock,
        sink=listener.record,
        on_event=listener.event,
        on_status=listener.status,
        timing=timing,
    )
    running = asyncio.create_task(link.run())
    try:
        yield link, listener
        async with asyncio.timeout(PATIENCE_S):
            await link.stop()
            await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@contextmanager
def system_bus(path: Path) -> Iterator[None]:
    """Point this process's BlueZ client at a bus of our own."""
    before = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS")
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={path}"
    try:
        yield
    finally:
        if before is None:
            del os.environ["DBUS_SYSTEM_BUS_ADDRESS"]
        else:
            os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = before


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(2 * PATIENCE_S):
            await scenario()

    asyncio.run(main())
