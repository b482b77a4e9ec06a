"""The supervisor of one sensor: what it records, when it gives up, and that nothing ends it."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from link_fakes import LetterController, ScriptedTransport, letter_family

from sensorhub.daemon.links.link import SensorLink
from sensorhub.daemon.links.state import LinkPhase, LinkStatus
from sensorhub.daemon.links.timing import LinkTiming
from sensorhub.devices.base import StreamSettings
from sensorhub.devices.omp.exchange import ANSWER_WITHIN_NS
from sensorhub.model.errors import (
    DeviceError,
    InputError,
    LinkLostError,
    StoreError,
    TransportError,
)
from sensorhub.model.events import DeviceEvent, SamplesArrived
from sensorhub.model.link import Record, RecordKind
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.symptoms import Remedy, Symptom, TroubleError, symptom_of

QUICK = LinkTiming(quiet_s=0.05, dead_s=0.15, greet_s=0.3, backoff_s=(0.01, 0.02, 0.04), stop_s=1.0)
P = LinkPhase


@dataclass
class Bench:
    link: SensorLink
    transport: ScriptedTransport
    controllers: list[LetterController]
    running: "asyncio.Task[None]"
    log: list[Record | DeviceEvent] = field(default_factory=list)
    statuses: list[LinkStatus] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def phases(self) -> list[LinkPhase]:
        return [status.phase for status in self.statuses]

    @property
    def records(self) -> list[Record]:
        return [entry for entry in self.log if isinstance(entry, Record)]

    async def until(self, *phases: LinkPhase) -> LinkStatus:
        """Wait for these phases, in this order, from now on."""
        async with asyncio.timeout(60):
            for phase in phases:
                while self.link.status.phase is not phase:
                    self.news.clear()
                    await self.news.wait()
        return self.link.status


@asynccontextmanager
async def bench(
    transport: ScriptedTransport | None = None,
    *,
    timing: LinkTiming = QUICK,
    sink_error: Exception | None = None,
) -> AsyncIterator[Bench]:
    clock = HubClock()
    transport = transport or ScriptedTransport(clock)
    family, controllers = letter_family()

    def record(entry: Record) -> None:
        b.log.append(entry)
        if sink_error is not None and entry.kind is RecordKind.RECEIVED:
            raise sink_error

    def status(new: LinkStatus) -> None:
        b.statuses.append(new)
        b.news.set()

    link = SensorLink(
        "letters",
        transport=transport,
        family=family,
        clock=clock,
        sink=record,
        on_event=lambda event: b.log.append(event),
        on_status=status,
        timing=timing,
    )
    running = asyncio.get_running_loop().create_future()
    b = Bench(link, transport, controllers, running)
    b.running = asyncio.create_task(link.run())
    try:
        yield b
    finally:
        b.running.cancel()
        await asyncio.gather(b.running, return_exceptions=True)


def play(scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(120):
            await scenario()

    asyncio.run(main())


def scripted(*openings: BaseException | None) -> ScriptedTransport:
    return ScriptedTransport(HubClock(), list(openings))


def test_a_good_life():
    async def scenario() -> None:
        async with bench() as b:
            await b.until(P.STREAMING)
            b.link.cue("short")
            await b.link.stop()
            await b.running
            assert b.phases == [P.SEARCHING, P.CONNECTING, P.STREAMING, P.STOPPING, P.STOPPED]
            assert b.transport.written == [b"go", b"cue short", b"stop"]
            assert not b.transport.is_open
            assert b.controllers[0].calls == ["up None", "stop", "down"]
            assert b.link.counters.received == 1
            assert b.link.status.error is None

    play(scenario)


def test_records_come_before_their_events_and_writes_before_their_answers():
    async def scenario() -> None:
        transport = ScriptedTransport(HubClock(), max_payload=244)
        async with bench(transport) as b:
            await b.until(P.STREAMING)
            await b.link.stop()
            kinds = [(r.kind, r.data) for r in b.records]
            assert kinds == [
                (RecordKind.LINK_UP, b"\xf4\x00"),
                (RecordKind.SENT, b"go"),
                (RecordKind.RECEIVED, b"s"),
                (RecordKind.SENT, b"stop"),
                (RecordKind.RECEIVED, b"x"),
                (RecordKind.LINK_DOWN, b"closed by the hub"),
            ]
            stamps = [r.host_time_ns for r in b.records]
            assert stamps == sorted(stamps)
            for before, after in itertools.pairwise(b.log):
                if isinstance(after, DeviceEvent):
                    assert before.host_time_ns == after.host_time_ns

    play(scenario)


def test_lost_and_found_again_twenty_times():
    async def scenario() -> None:
        async with bench() as b:
            await b.until(P.STREAMING)
            for _ in range(20):
                b.transport.lose(LinkLostError("out of range"))
                status = await b.until(P.SEARCHING)
                assert status.lost_since_ns is not None
                assert str(status.error) == "out of range"
                back = await b.until(P.STREAMING)
                assert (back.lost_since_ns, back.attempt, back.error) == (None, 0, None)
            assert b.transport.opened == 21
            assert b.transport.closed == 20
            downs = [r for r in b.records if r.kind is RecordKind.LINK_DOWN]
            assert [r.data for r in downs] == [b"out of range"] * 20
            assert b.controllers[0].calls == ["up None", *["down", "up None"] * 20]

    play(scenario)


def test_silence_is_told_first_and_then_ends_the_link():
    async def scenario() -> None:
        async with bench() as b:
            await b.until(P.STREAMING)
            status = await b.until(P.SIGNAL_LOST)
            sample = next(e for e in b.log if isinstance(e, SamplesArrived))
            assert status.lost_since_ns == sample.host_time_ns
            assert b.transport.is_open
            b.transport.say(b"s")
            await b.until(P.STREAMING, P.SIGNAL_LOST, P.SEARCHING)
            assert "sends nothing any more" in str(b.link.status.error)
            await b.until(P.STREAMING)

    play(scenario)


def test_bytes_that_are_no_samples_are_no_sign_of_life():
    async def scenario() -> None:
        async with bench() as b:
            await b.until(P.STREAMING)

            async def chatter() -> None:
                while True:
                    b.transport.say(b".")
                    await asyncio.sleep(0.01)

            chatting = asyncio.create_task(chatter())
            await b.until(P.SIGNAL_LOST, P.SEARCHING)
            chatting.cancel()

    play(scenario)


def test_samples_from_memory_are_a_sign_of_life():
    async def scenario() -> None:
        async with bench() as b:
            await b.until(P.STREAMING, P.SIGNAL_LOST)
            b.transport.say(b"b")
            await b.until(P.STREAMING)

    play(scenario)


def test_a_link_without_samples_is_given_up_and_made_anew():
    async def scenario() -> None:
        transport = ScriptedTransport(HubClock(), answer=lambda _t, _data: None)
        async with bench(transport) as b:
            await b.until(P.CONNECTING, P.SEARCHING)
            assert "sends nothing" in str(b.link.status.error)
            assert b.link.status.lost_since_ns is None
            transport.answer = lambda t, _data: t.say(b"s")
            await b.until(P.STREAMING)

    play(scenario)


def test_waits_between_attempts_grow_and_start_anew_after_success():
    openings = [TransportError("no") for _ in range(5)]

    async def scenario() -> None:
        async with bench(scripted(*openings)) as b:
            await b.until(P.STREAMING)
            attempts = [s.attempt for s in b.statuses if s.phase is P.SEARCHING]
            assert attempts == [0, 1, 2, 3, 4, 5]
            waits = [b.link._backoff_s()]
            for attempt in range(1, 6):
                b.link._status = LinkStatus(P.SEARCHING, "letters", attempt=attempt)
                waits.append(b.link._backoff_s())
            assert waits[1:] == [0.01, 0.02, 0.04, 0.04, 0.04]

    play(scenario)


@pytest.mark.parametrize(
    "openings",
    [
        [RuntimeError("a bug below"), KeyError("x"), OSError(5, "EIO")],
        [TimeoutError(), EOFError(), AttributeError("gone")],
        [TransportError("no"), LinkLostError("lost")],
    ],
)
def test_no_exception_of_a_transport_ends_it(openings):
    async def scenario() -> None:
        transport = scripted(*openings)
        transport.close_error = ZeroDivisionError("even closing")
        async with bench(transport) as b:
            await b.until(P.STREAMING)
            transport.lose(MemoryError("while reading"))
            await b.until(P.SEARCHING, P.STREAMING)
            transport.write_error = ValueError("while writing")
            b.link.cue("short")
            await b.until(P.SEARCHING, P.STREAMING)
            transport.queue.end()  # closed by somebody else
            await b.until(P.SEARCHING, P.STREAMING)
            assert all(s.error is None or str(s.error) for s in b.statuses)

    play(scenario)


@pytest.mark.parametrize("error", [StoreError("disk full"), RuntimeError("bug")])
def test_what_the_sink_raises_ends_it_after_the_link_was_closed(error):
    async def scenario() -> None:
        async with bench(sink_error=error) as b:
            with pytest.raises(type(error), match=str(error)):
                await b.running
            assert not b.transport.is_open
            assert b.link.status.phase is P.STOPPED

    play(scenario)


def test_a_device_that_cannot_be_used_is_given_up_with_the_reason():
    async def scenario() -> None:
        async with bench() as b:
            await b.until(P.STREAMING)
            b.controllers[0].fail(DeviceError("speaks version 2", hint="Update."))
            b.transport.say(b"s")
            await b.running
            assert b.link.status.phase is P.GAVE_UP
            assert str(b.link.status.error) == "speaks version 2 Update."
            assert not b.transport.is_open

    play(scenario)


def test_giving_up_is_logged_with_reason_and_hint(caplog: pytest.LogCaptureFixture):
    async def scenario() -> None:
        denied = [TroubleError(Symptom.DENIED), TroubleError(Symptom.DENIED)]
        async with bench(scripted(*denied)) as b:
            await b.running
            assert b.link.status.phase is P.GAVE_UP
            assert b.link.status.error is not None
            assert b.link.status.error.code == "denied"

    play(scenario)
    [told] = [record for record in caplog.records if "gave up" in record.getMessage()]
    assert told.__dict__["reason"] == "denied"
    assert "usermod" in told.__dict__["hint"]
    assert "(denied): You are not allowed" in told.getMessage()


def test_an_unusable_input_is_given_up_at_once():
    async def scenario() -> None:
        async with bench(scripted(InputError("no such thing"))) as b:
            await b.running
            assert b.link.status.phase is P.GAVE_UP
            assert b.transport.opened == 1

    play(scenario)


def test_patience_for_the_first_sample_can_be_limited():
    timing = LinkTiming(backoff_s=(0.005,), give_up_s=0.05)

    async def scenario() -> None:
        transport = scripted(*[TransportError("not there", hint="Plug it in.")] * 100_000)
        async with bench(transport, timing=timing) as b:
            await b.running
            assert 2 <= transport.opened <= 11
            assert b.link.status.phase is P.GAVE_UP
            assert str(b.link.status.error) == "not there Plug it in."

    play(scenario)


@pytest.mark.parametrize("phase", [P.WAITING, P.SEARCHING, P.CONNECTING, P.SIGNAL_LOST])
def test_it_can_be_stopped_in_any_phase(phase):
    async def scenario() -> None:
        transport = ScriptedTransport(HubClock())
        if phase is P.SEARCHING:
            transport.openings = [TransportError("no")] * 1000
        if phase is P.CONNECTING:
            transport.answer = lambda t, data: t.say(b"x" if data == b"stop" else b"")
        async with bench(transport) as b:
            if phase is not P.WAITING:
                await b.until(*([P.STREAMING] if phase is P.SIGNAL_LOST else []), phase)
            await b.link.stop()
            await b.running
            assert b.link.status.phase is P.STOPPED
            assert not transport.is_open
            await b.link.stop()  # once more does no harm

    play(scenario)


def test_a_device_that_does_not_confirm_the_stop_is_left():
    async def scenario() -> None:
        transport = ScriptedTransport(
            HubClock(), answer=lambda t, data: t.say(b"s") if data == b"go" else None
        )
        async with bench(transport) as b:
            await b.until(P.STREAMING)
            await b.link.stop()
            await b.running
            assert b.link.status.phase is P.STOPPED

    play(scenario)


def test_cancelled_from_outside_it_hangs_up():
    async def scenario() -> None:
        async with bench() as b:
            await b.until(P.STREAMING)
            b.running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await b.running
            assert not b.transport.is_open
            assert b.records[-1].kind is RecordKind.LINK_DOWN

    play(scenario)


STEPS = st.lists(
    st.sampled_from(
        ["say s", "say b", "say .", "lose", "end", "bug", "write", "cue", "fail open", "yield"]
    ),
    max_size=25,
)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_whatever_happens_it_goes_on_until_it_is_stopped(steps):
    """Any script of mishaps: still running afterwards, streams again, and stops in order."""

    async def scenario() -> None:
        async with bench() as b:
            b.link._backoff_s = lambda: 0.0  # type: ignore[method-assign]
            for step in steps:
                match step.split():
                    case ["say", letter]:
                        b.transport.say(letter.encode())
                    case ["lose"]:
                        b.transport.lose(LinkLostError("lost"))
                    case ["end"]:
                        b.transport.queue.end()
                    case ["bug"]:
                        b.transport.lose(RuntimeError("bug"))
                    case ["write"]:
                        b.transport.write_error = OSError("write")
                    case ["fail", _]:
                        b.transport.openings.append(TransportError("no"))
                    case ["cue"]:
                        b.link.cue("short")
                    case _:
                        await asyncio.sleep(0)
            await b.until(P.STREAMING)
            assert not b.running.done()
            await b.link.stop()
            await b.running
            assert b.link.status.phase is P.STOPPED
            ups = [
                r.kind for r in b.records if r.kind in (RecordKind.LINK_UP, RecordKind.LINK_DOWN)
            ]
            assert ups == [RecordKind.LINK_UP, RecordKind.LINK_DOWN] * (len(ups) // 2)

    play(scenario)


def test_an_accelerated_clock_does_not_make_us_hectic():
    slow, fast = LinkTiming(give_up_s=20.0), LinkTiming(give_up_s=20.0).at_speed(20.0)
    assert slow.at_speed(1.0) == slow
    for name in ("quiet_s", "dead_s", "greet_s", "stop_s", "give_up_s"):
        assert getattr(fast, name) >= getattr(slow, name)
        assert getattr(fast, name) / 20.0 >= 0.3  # on the wall
    asked = StreamSettings()
    assert asked.at_speed(1.0) == asked
    assert asked.at_speed(20.0).patience_factor * ANSWER_WITHIN_NS / 20.0 >= 0.5e9


def test_remedies_are_carried_out_before_the_next_attempt_and_the_last_gives_up():
    openings = [TroubleError(Symptom.WRONG_LANES) for _ in range(9)]

    async def scenario() -> None:
        async with bench(scripted(*openings)) as b:
            await b.running
            assert b.link.status.phase is P.GAVE_UP
            assert b.transport.mended == [Remedy.FORGET, Remedy.FORGET]
            assert b.transport.opened == 3

    play(scenario)


def test_a_radio_link_without_a_sample_is_mute_and_a_cable_only_silent():
    async def scenario(max_payload: int | None, symptom: Symptom) -> None:
        transport = ScriptedTransport(
            HubClock(), answer=lambda _t, _data: None, max_payload=max_payload
        )
        async with bench(transport) as b:
            await b.until(P.CONNECTING, P.SEARCHING)
            assert b.link.status.error is not None
            assert symptom_of(b.link.status.error) is symptom

    play(lambda: scenario(244, Symptom.MUTE))
    play(lambda: scenario(None, Symptom.STALLED))
