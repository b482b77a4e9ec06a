"""The hub's side in a guest: supervised links over the real BlueZ, and their measures."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import numpy as np
from link_rig import Listener, supervised
from radio import OnAir

from sensorhub.daemon.links.link import SensorLink
from sensorhub.daemon.links.state import LinkPhase
from sensorhub.devices.omp.family import FAMILY
from sensorhub.model.events import SamplesArrived
from sensorhub.model.units import NS_PER_S
from sensorhub.transports.ble import BleTransport, NotifyPath
from sensorhub.transports.ble_radio import BleRadio
from sensorhub.transports.hubclock import HubClock

FIND_S = 20.0


@dataclass
class Linked:
    """One sensor, its link and everything it said."""

    sensor: OnAir
    link: SensorLink
    listener: Listener

    async def resumed(self, *, after: float) -> float:
        """Wait for live samples again; seconds since ``after``, a moment of ``time.monotonic``."""
        await self.listener.streaming()
        assert self.link.status.phase is LinkPhase.STREAMING
        return time.monotonic() - after

    async def lost(self) -> None:
        """Wait until the link is known to be down."""
        down = {LinkPhase.SEARCHING, LinkPhase.CONNECTING}
        await self.listener.until(lambda: self.link.status.phase in down)

    def latencies_ms(self) -> list[float]:
        """From the moment the last sample of a packet was taken to the packet's arrival."""
        out = []
        for event in self.listener.samples():
            if not event.backfilled and event.device_time_s is not None:
                since_boot_s = event.device_time_s + (len(event.acc_mps2) - 1) * event.period_s
                taken_ns = self.sensor.born_ns + since_boot_s * NS_PER_S
                out.append((event.host_time_ns - taken_ns) / 1e6)
        return out

    def copies(self) -> Counter[tuple[int, int]]:
        """How often each sample arrived, by stream and index."""
        return Counter(
            (event.stream, event.first_index + k)
            for event in self.listener.samples()
            for k in range(len(event.acc_mps2))
        )

    def missing(self) -> int:
        """Samples between the first and the last of a stream that never came."""
        return sum(
            max(indices) - min(indices) + 1 - len(indices)
            for indices in _by_stream(self.listener.samples()).values()
        )


def transport(
    sensor: OnAir, radio: BleRadio, clock: HubClock, *, notify: NotifyPath = NotifyPath.SIGNALS
) -> BleTransport:
    """The hub's own transport to a sensor."""
    assert FAMILY.ble is not None
    return BleTransport(
        sensor.name, FAMILY.ble, radio=radio, clock=clock, notify=notify, find_s=FIND_S
    )


@asynccontextmanager
async def linked(
    sensors: Sequence[OnAir], *, notify: NotifyPath = NotifyPath.SIGNALS
) -> AsyncIterator[list[Linked]]:
    """Supervised links to all, streaming; stopped in order at the end."""
    clock, radio = HubClock(), BleRadio()
    async with AsyncExitStack() as stack:
        links = []
        for sensor in sensors:
            way = transport(sensor, radio, clock, notify=notify)
            link, listener = await stack.enter_async_context(supervised(way, clock))
            links.append(Linked(sensor, link, listener))
        await asyncio.gather(*(one.listener.streaming() for one in links))
        yield links


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Median, 99 % and the worst."""
    return {
        "p50": round(float(np.percentile(values, 50)), 3),
        "p99": round(float(np.percentile(values, 99)), 3),
        "max": round(max(values), 3),
        "count": len(values),
    }


def _by_stream(events: Sequence[SamplesArrived]) -> dict[int, set[int]]:
    streams: dict[int, set[int]] = {}
    for event in events:
        first = event.first_index
        streams.setdefault(event.stream, set()).update(range(first, first + len(event.acc_mps2)))
    return streams
