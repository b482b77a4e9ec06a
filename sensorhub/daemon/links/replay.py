"""A recorded sensor, played back as if it streamed now; to its users, a link like any other."""

import asyncio
from collections.abc import Callable

from sensorhub.daemon.links.state import LinkPhase, LinkStatus
from sensorhub.devices.base import DeviceFamily, LinkCounters
from sensorhub.model.events import DeviceEvent, SamplesArrived
from sensorhub.model.link import Record, RecordKind
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.replay import RecordFile, played_back


class ReplayLink:
    """Hands a file's records to the sink and the decoder at the pace at which they once came.

    No controller runs: what was written to the sensor then is in the records. :meth:`run` returns
    at the end of the file.
    """

    def __init__(
        self,
        name: str,
        *,
        recorded: RecordFile,
        family: DeviceFamily,
        clock: HubClock,
        sink: Callable[[Record], None],
        on_event: Callable[[DeviceEvent], None],
        on_status: Callable[[LinkStatus], None] | None = None,
    ) -> None:
        self._recorded = recorded
        self._clock = clock
        self._sink = sink
        self._on_event = on_event
        self._on_status = on_status
        self._decoder = family.new_decoder()
        self._status = LinkStatus(LinkPhase.WAITING, name)
        self._work: asyncio.Task[None] | None = None
        self._stop_asked = asyncio.Event()

    @property
    def status(self) -> LinkStatus:
        return self._status

    @property
    def counters(self) -> LinkCounters:
        return self._decoder.counters

    @property
    def dropped_chunks(self) -> int:
        """A file drops nothing."""
        return 0

    async def run(self) -> None:
        """Play to the end, or until :meth:`stop`."""
        if self._stop_asked.is_set():
            return
        self._work = asyncio.create_task(self._play())
        try:
            await self._work
        except asyncio.CancelledError:
            me = asyncio.current_task()
            if not self._stop_asked.is_set() or me is None or me.cancelling():
                raise
        finally:
            self._show(LinkPhase.STOPPED)

    async def stop(self) -> None:
        """End now."""
        self._stop_asked.set()
        if self._work is None:
            self._show(LinkPhase.STOPPED)
        elif not self._work.done():
            self._work.cancel()
            await asyncio.wait({self._work})

    def cue(self, pattern: str) -> None:
        """Nobody wears a recording."""

    async def _play(self) -> None:
        async for record in played_back(self._recorded.records, self._clock):
            self._sink(record)
            if record.kind is RecordKind.LINK_UP:
                self._show(LinkPhase.CONNECTING)
            elif record.kind is RecordKind.LINK_DOWN:
                self._show(LinkPhase.SEARCHING)
            for event in self._decoder.feed(record):
                if isinstance(event, SamplesArrived):
                    self._show(LinkPhase.STREAMING)
                self._on_event(event)

    def _show(self, phase: LinkPhase) -> None:
        if phase is not self._status.phase:
            self._status = LinkStatus(phase, self._status.name)
            if self._on_status is not None:
                self._on_status(self._status)
