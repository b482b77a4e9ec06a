"""A sensor family of one letter a sample, and a transport that does what a script says.

Both are whole implementations of their contracts: bytes really go through the supervisor.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import numpy as np

from sensorhub.devices.base import (
    ControllerState,
    DeviceFamily,
    LinkCounters,
    Outgoing,
    SerialProfile,
    StreamSettings,
)
from sensorhub.model.events import DeviceEvent, LinkChanged, SamplesArrived
from sensorhub.model.link import Chunk, Record, RecordKind
from sensorhub.transports.base import LinkInfo
from sensorhub.transports.chunk_queue import ChunkQueue
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.symptoms import Remedy

PERIOD_S = 0.01


class LetterDecoder:
    """``s`` is a sample, ``b`` one from memory, ``x`` the end of a stream; the rest is noise."""

    def __init__(self) -> None:
        self._received = 0

    @property
    def counters(self) -> LinkCounters:
        return LinkCounters(received=self._received)

    def feed(self, record: Record) -> list[DeviceEvent]:
        if record.kind in (RecordKind.LINK_UP, RecordKind.LINK_DOWN):
            return [LinkChanged(record.host_time_ns, record.kind is RecordKind.LINK_UP)]
        if record.kind is not RecordKind.RECEIVED:
            return []
        events: list[DeviceEvent] = []
        for letter in record.data.decode("latin-1"):
            if letter in "sb":
                samples = SamplesArrived(
                    host_time_ns=record.host_time_ns,
                    stream=1,
                    first_index=self._received,
                    device_time_s=None,
                    period_s=PERIOD_S,
                    acc_mps2=np.zeros((1, 3)),
                    gyr_radps=None,
                    backfilled=letter == "b",
                )
                self._received += 1
                events.append(samples)
            elif letter == "x":
                events.append(Stopped(record.host_time_ns))
        return events


@dataclass(frozen=True, slots=True)
class Stopped(DeviceEvent):
    """The device confirmed a stop."""


class LetterController:
    """Says ``go`` when a link comes up, ``stop`` when asked to; waits for ``x`` then."""

    def __init__(self, _settings: StreamSettings) -> None:
        self.state = ControllerState.DOWN
        self.failure: Exception | None = None
        self.calls: list[str] = []
        self._outbox: list[Outgoing] = []

    def link_up(self, now_ns: int, max_payload: int | None) -> None:
        self.calls.append(f"up {max_payload}")
        self.state = ControllerState.STARTING
        self._outbox = [Outgoing("serial", b"go")]

    def link_down(self, now_ns: int) -> None:
        self.calls.append("down")
        self.state = ControllerState.DOWN
        self._outbox.clear()

    def handle(self, event: DeviceEvent, now_ns: int) -> None:
        if isinstance(event, SamplesArrived) and self.state is ControllerState.STARTING:
            self.state = ControllerState.STREAMING
        if isinstance(event, Stopped):
            self.state = ControllerState.STOPPED

    def request_stop(self, now_ns: int) -> None:
        self.calls.append("stop")
        self.state = ControllerState.STOPPING
        self._outbox.append(Outgoing("serial", b"stop"))

    def cue(self, now_ns: int, pattern: str) -> None:
        self._outbox.append(Outgoing("serial", b"cue " + pattern.encode()))

    def fail(self, failure: Exception) -> None:
        self.failure = failure
        self.state = ControllerState.FAILED

    def poll(self, now_ns: int) -> list[Outgoing]:
        out, self._outbox = self._outbox, []
        return out

    def next_poll_ns(self) -> int | None:
        return None


def letter_family() -> tuple[DeviceFamily, list[LetterController]]:
    """The family, and the controllers that will be made of it."""
    made: list[LetterController] = []

    def new_controller(settings: StreamSettings) -> LetterController:
        made.append(LetterController(settings))
        return made[-1]

    family = DeviceFamily(
        name="letters",
        title="Letters",
        new_decoder=LetterDecoder,
        new_controller=new_controller,
        serial=SerialProfile(),
    )
    return family, made


Answer = Callable[["ScriptedTransport", bytes], None]


def streams(transport: "ScriptedTransport", data: bytes) -> None:
    """A device that streams while told to go, and confirms a stop."""
    transport.say(b"s" if data == b"go" else b"x" if data == b"stop" else b"")


@dataclass
class ScriptedTransport:
    """Opens as ``openings`` say, one entry each: an exception to raise, or None to open.

    Past the script it opens. ``answer`` is called with everything written.
    """

    clock: HubClock
    openings: list[BaseException | None] = field(default_factory=list)
    answer: Answer = streams
    write_error: Exception | None = None
    close_error: Exception | None = None
    max_payload: int | None = None
    dropped: int = 0
    opened: int = 0
    closed: int = 0
    is_open: bool = False
    written: list[bytes] = field(default_factory=list)
    mended: list[Remedy] = field(default_factory=list)
    queue: ChunkQueue = field(default_factory=ChunkQueue)

    async def open(self) -> LinkInfo:
        await asyncio.sleep(0)
        self.opened += 1
        trouble = self.openings.pop(0) if self.openings else None
        if trouble is not None:
            raise trouble
        self.queue = ChunkQueue()
        self.is_open = True
        return LinkInfo("scripted", self.max_payload)

    async def write(self, channel: str, data: bytes) -> int:
        if self.write_error is not None:
            error, self.write_error = self.write_error, None
            raise error
        sent_ns = self.clock.now_ns()
        self.written.append(data)
        self.answer(self, data)  # the answer may be there before the write is done
        await asyncio.sleep(0)
        return sent_ns

    def chunks(self) -> AsyncIterator[Chunk]:
        return self.queue

    async def close(self) -> None:
        self.closed += 1
        self.is_open = False
        self.queue.end()
        if self.close_error is not None:
            raise self.close_error

    async def mend(self, remedy: Remedy) -> None:
        assert not self.is_open
        self.mended.append(remedy)

    def say(self, data: bytes) -> None:
        """The device sends."""
        self.queue.put(Chunk("serial", data, self.clock.now_ns()))

    def lose(self, error: Exception) -> None:
        """The link breaks."""
        self.queue.end(error)
