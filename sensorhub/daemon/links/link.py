"""The supervisor of one sensor: keeps a link to it, or keeps trying, and never falls over.

Each record goes to the sink, the raw log, before anyone interprets it. Then the family's decoder
turns it into events, its controller hears them and says what to write next.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from sensorhub.daemon.links.ladder import Ladder, Rung
from sensorhub.daemon.links.state import TRANSITIONS, LinkPhase, LinkStatus, LinkStep
from sensorhub.daemon.links.timing import LinkTiming
from sensorhub.devices.base import ControllerState, DeviceFamily, LinkCounters, StreamSettings
from sensorhub.model.errors import (
    DeviceError,
    InputError,
    LinkLostError,
    SensorhubError,
    TransportError,
)
from sensorhub.model.events import DeviceEvent, SamplesArrived
from sensorhub.model.link import Chunk, Record, RecordKind
from sensorhub.model.units import NS_PER_S
from sensorhub.transports.base import LinkInfo, Transport
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.symptoms import Remedy, Symptom, TroubleLostError

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")
_DOUBLED = 100  # so many samples that came twice, and more than came once, are no chance


class SensorLink:
    """Keeps one sensor streaming.

    Args:
        name: how to call the sensor to a person.
        sink: gets every record first; must be quick, and may raise to end the link.
        on_event: gets every decoded event; must be quick, and may raise to end the link.
        on_status: gets the status each time it changes.

    An exception of a transport never ends :meth:`run`; one that ``sink`` or ``on_event`` raises
    does, after the link was closed.
    """

    def __init__(
        self,
        name: str,
        *,
        transport: Transport,
        family: DeviceFamily,
        clock: HubClock,
        sink: Callable[[Record], None],
        on_event: Callable[[DeviceEvent], None],
        on_status: Callable[[LinkStatus], None] | None = None,
        settings: StreamSettings | None = None,
        timing: LinkTiming | None = None,
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._sink = sink
        self._on_event = on_event
        self._on_status = on_status
        self._timing = (timing or LinkTiming()).at_speed(clock.speed)
        self._decoder = family.new_decoder()
        self._controller = family.new_controller(
            (settings or StreamSettings()).at_speed(clock.speed)
        )
        self._status = LinkStatus(LinkPhase.WAITING, name)
        self._first_try_ns = 0
        self._ladder = Ladder()
        self._by_radio = False
        self._counted = LinkCounters()  # when the link came up
        self._ever_streamed = False
        self._linked = False
        self._last_sign_ns = 0  # the last sample, or when the link came up
        self._last_sample_ns: int | None = None
        self._packet_s = 0.0
        self._stop_by_ns: int | None = None
        self._work: asyncio.Task[None] | None = None
        self._nudge = asyncio.Event()

    @property
    def status(self) -> LinkStatus:
        return self._status

    @property
    def counters(self) -> LinkCounters:
        """What the decoder counted: received + lost = promised."""
        return self._decoder.counters

    @property
    def dropped_chunks(self) -> int:
        """Chunks the transport's bounded queue lost because we were too slow."""
        return self._transport.dropped

    async def run(self) -> None:
        """Search, connect, stream, reconnect; returns once stopped or given up (see ``status``)."""
        if self._status.phase is LinkPhase.STOPPED:
            return
        self._step(LinkStep.BEGUN)
        self._first_try_ns = self._clock.now_ns()
        self._work = asyncio.create_task(self._keep_linked())
        try:
            await self._work
        except asyncio.CancelledError:
            me = asyncio.current_task()
            if self._stop_by_ns is None or me is None or me.cancelling():
                raise  # from outside, not by our own stop
        finally:
            try:
                await self._drop_link("closed by the hub")
            finally:
                self._step(LinkStep.ENDED)

    async def stop(self) -> None:
        """End in order: stop the stream, fetch what is missing, hang up; returns when done."""
        self._step(LinkStep.STOP_ASKED)
        now_ns = self._clock.now_ns()
        if self._stop_by_ns is None:
            self._stop_by_ns = now_ns + _ns(self._timing.stop_s)
        work = self._work
        if work is None or work.done():
            return
        if self._linked:
            self._controller.request_stop(now_ns)
            self._nudge.set()
        else:
            work.cancel()
        await asyncio.wait({work})

    def cue(self, pattern: str) -> None:
        """Let the sensor itself signal the person, where it can."""
        if self._linked:
            self._controller.cue(self._clock.now_ns(), pattern)
            self._nudge.set()

    async def _keep_linked(self) -> None:
        while self._stop_by_ns is None:
            try:
                await self._one_link()
            except (DeviceError, InputError) as error:
                await self._drop_link(str(error))
                self._step(LinkStep.REFUSED, error=error)
                return
            except TransportError as error:
                rung = self._ladder.climb(self._told_apart(error))
                await self._drop_link(str(error))
                self._lost(rung)
                if self._status.phase is not LinkPhase.SEARCHING:
                    return
                await self._mend(rung.remedy)
                await self._clock.sleep(self._backoff_s())

    async def _one_link(self) -> None:
        """From opening a link to its end; ends by raising, or by returning when stopped."""
        info = await self._guarded(self._transport.open())
        self._link_up(info)
        chunks = self._transport.chunks()
        pending: asyncio.Task[Chunk] | None = None
        try:
            while not await self._talk():
                if pending is None:
                    pending = asyncio.create_task(self._next(chunks))
                if await self._came(pending):
                    chunk, pending = pending.result(), None
                    self._record(RecordKind.RECEIVED, chunk.channel, chunk.data, chunk.host_time_ns)
                    self._mind_copies()
                else:
                    self._mind_silence()
        finally:
            if pending is not None:
                pending.cancel()
                await asyncio.gather(pending, return_exceptions=True)

    async def _talk(self) -> bool:
        """Write what the controller wants written; True when there is nothing more to be said."""
        for outgoing in self._controller.poll(self._clock.now_ns()):
            sent_ns = await self._guarded(self._transport.write(outgoing.channel, outgoing.data))
            self._record(RecordKind.SENT, outgoing.channel, outgoing.data, sent_ns)
        match self._controller.state:
            case ControllerState.FAILED:
                failure = self._controller.failure
                if isinstance(failure, DeviceError):
                    raise failure
                raise DeviceError(f"{self._status.name} cannot be used: {failure}") from failure
            case ControllerState.STOPPED:
                return self._stop_by_ns is not None
        return False

    async def _next(self, chunks: AsyncIterator[Chunk]) -> Chunk:
        try:
            return await self._guarded(anext(chunks))
        except StopAsyncIteration:
            raise LinkLostError("The link was closed.") from None

    async def _came(self, pending: "asyncio.Task[Chunk]") -> bool:
        """Wait for a chunk, as long as nobody else needs us; whether it came."""
        self._nudge.clear()
        nudged = asyncio.create_task(self._nudge.wait())
        try:
            await asyncio.wait(
                {pending, nudged},
                timeout=self._clock.wall_s(self._wait_s()),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            nudged.cancel()
        if not pending.done():
            await asyncio.sleep(
                0
            )  # when we are late ourselves, what waits is let in before we judge
        return pending.done()

    def _wait_s(self) -> float:
        now_ns = self._clock.now_ns()
        due_ns = [self._last_sign_ns + _ns(limit_s) for limit_s in self._limits_s()]
        poll_ns = self._controller.next_poll_ns()
        if poll_ns is not None:
            due_ns.append(poll_ns)
        if self._stop_by_ns is not None:
            due_ns.append(self._stop_by_ns)
        return max(0.0, (min(due_ns) - now_ns) / NS_PER_S)

    def _limits_s(self) -> list[float]:
        """The silences that matter in the present phase, shortest first."""
        quiet_s = max(self._timing.quiet_s, 3 * self._packet_s)
        dead_s = max(self._timing.dead_s, 2 * quiet_s)
        match self._status.phase:
            case LinkPhase.CONNECTING:
                return [self._timing.greet_s]
            case LinkPhase.STREAMING:
                return [quiet_s, dead_s]
        return [dead_s]

    def _mind_silence(self) -> None:
        """Nothing came: say so, or give the link up, when it has lasted."""
        now_ns = self._clock.now_ns()
        silent_ns = now_ns - self._last_sign_ns
        limits_s = self._limits_s()
        if silent_ns >= _ns(limits_s[-1]):
            raise self._silence_error()
        if self._stop_by_ns is not None and now_ns >= self._stop_by_ns:
            raise LinkLostError(f"{self._status.name} did not stop in time.")
        if len(limits_s) > 1 and silent_ns >= _ns(limits_s[0]):
            self._step(LinkStep.SILENCE)

    def _silence_error(self) -> LinkLostError:
        if self._status.phase is LinkPhase.CONNECTING and self._by_radio:
            return TroubleLostError(Symptom.MUTE, f"{self._status.name} sends nothing.")
        return TroubleLostError(Symptom.STALLED, f"{self._status.name} sends nothing any more.")

    def _told_apart(self, error: TransportError) -> TransportError:
        """A sensor that stopped answering before its first sample has never said anything."""
        mute = type(error) is LinkLostError and self._status.phase is LinkPhase.CONNECTING
        if mute and self._by_radio:
            return TroubleLostError(Symptom.MUTE, str(error.args[0]), hint=error.hint)
        return error

    def _link_up(self, info: LinkInfo) -> None:
        now_ns = self._clock.now_ns()
        self._linked = True
        self._by_radio = info.max_payload is not None
        self._counted = self._decoder.counters
        self._last_sign_ns = now_ns
        self._step(LinkStep.OPENED)
        self._controller.link_up(now_ns, info.max_payload)
        largest = b"" if info.max_payload is None else info.max_payload.to_bytes(2, "little")
        self._record(RecordKind.LINK_UP, "", largest, now_ns)

    async def _drop_link(self, reason: str) -> None:
        """Close the transport, whatever state it is in, and say so where it was open."""
        try:
            await self._transport.close()
        except Exception:  # noqa: BLE001 - the supervisor outlives whatever a transport does
            _LOG.exception("closing the link to %s failed", self._status.name)
        if self._linked:
            self._linked = False
            now_ns = self._clock.now_ns()
            self._record(RecordKind.LINK_DOWN, "", reason.encode(), now_ns)
            self._controller.link_down(now_ns)

    async def _mend(self, remedy: Remedy) -> None:
        try:
            await self._transport.mend(remedy)
        except Exception:  # noqa: BLE001 - as above
            _LOG.exception("mending the link to %s failed", self._status.name)

    def _record(self, kind: RecordKind, channel: str, data: bytes, host_time_ns: int) -> None:
        record = Record(kind, channel, data, host_time_ns)
        self._sink(record)
        for event in self._decoder.feed(record):
            if isinstance(event, SamplesArrived):
                self._samples(event)
            self._controller.handle(event, self._clock.now_ns())
            self._on_event(event)

    def _samples(self, event: SamplesArrived) -> None:
        self._last_sign_ns = self._last_sample_ns = event.host_time_ns
        self._packet_s = len(event.acc_mps2) * event.period_s
        self._ever_streamed = True
        self._ladder.well_again()
        self._step(LinkStep.SAMPLES)

    def _mind_copies(self) -> None:
        """Copies of everything would wear a link out; a link made anew is rid of them."""
        counters = self._decoder.counters
        twice = counters.duplicate - self._counted.duplicate
        once = counters.received - self._counted.received
        if twice > max(_DOUBLED, once):
            raise TroubleLostError(
                Symptom.DOUBLED, f"Everything {self._status.name} sends arrives twice."
            )

    def _lost(self, rung: Rung) -> None:
        """Note that a link ended or did not open, and whether to go on."""
        limit_s = self._timing.give_up_s
        waited_ns = self._clock.now_ns() - self._first_try_ns
        hopeless = limit_s is not None and not self._ever_streamed and waited_ns >= _ns(limit_s)
        over = hopeless or rung.remedy is Remedy.GIVE_UP
        self._step(LinkStep.REFUSED if over else LinkStep.LOST, error=rung.error)

    def _backoff_s(self) -> float:
        waits_s = self._timing.backoff_s
        return waits_s[min(self._status.attempt, len(waits_s)) - 1]

    async def _guarded(self, work: Awaitable[_T]) -> _T:
        """A transport's own errors pass; anything else it raises counts as a lost link."""
        try:
            return await work
        except (TransportError, DeviceError, InputError, StopAsyncIteration):
            raise
        except Exception as error:
            _LOG.exception("the link to %s failed in an unforeseen way", self._status.name)
            raise LinkLostError(
                f"The link to {self._status.name} failed: {str(error) or type(error).__name__}."
            ) from error

    def _step(self, step: LinkStep, *, error: SensorhubError | None = None) -> None:
        """Move by the table; tell whoever watches when anything changed."""
        old = self._status
        phase = TRANSITIONS[old.phase, step]
        if step is LinkStep.SAMPLES:
            new = replace(old, phase=phase, lost_since_ns=None, attempt=0, error=None)
        elif step in (LinkStep.LOST, LinkStep.REFUSED):
            new = replace(
                old,
                phase=phase,
                lost_since_ns=self._last_sample_ns,
                attempt=old.attempt + 1,
                error=error,
            )
        elif step is LinkStep.OPENED:
            new = replace(old, phase=phase, error=None)
        elif step is LinkStep.SILENCE:
            new = replace(old, phase=phase, lost_since_ns=self._last_sample_ns)
        else:
            new = replace(old, phase=phase)
        if new != old:
            self._status = new
            if phase is LinkPhase.GAVE_UP and error is not None:
                said = {"sensor": new.name, "reason": error.code, "hint": error.hint}
                _LOG.error("%s: gave up (%s): %s", new.name, error.code, error, extra=said)
            if self._on_status is not None:
                self._on_status(new)


def _ns(seconds: float) -> int:
    return round(seconds * NS_PER_S)
