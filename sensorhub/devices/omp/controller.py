"""The host's side of the conversation with one OMP sensor: decides what to say, and when.

Purely from decoded events and the time it is told. Where it stands and where an answer leads is the
table in :mod:`sensorhub.devices.omp.states`; what a phase wants said next is ``_plan``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sensorhub.devices.base import ControllerState, Outgoing, StreamSettings
from sensorhub.devices.omp.backfill import BackfillPlanner
from sensorhub.devices.omp.caps import CapabilityAsking
from sensorhub.devices.omp.decoder import SERIAL_LANE
from sensorhub.devices.omp.events import OmpBackfillEnded, OmpResponse, OmpStatus, OmpTime
from sensorhub.devices.omp.exchange import Exchange
from sensorhub.devices.omp.refusals import PASSING, busy_error, forgotten_error, refusal_error
from sensorhub.devices.omp.schedule import (
    SYNC_BURST,
    SYNC_BURST_ON_RESUME,
    PendingCue,
    SyncSchedule,
)
from sensorhub.devices.omp.settings import config_requests, cue_tlvs
from sensorhub.devices.omp.states import PUBLIC_STATE, TRANSITIONS, Happening, Phase
from sensorhub.model.errors import LinkLostError, SensorhubError
from sensorhub.model.events import DeviceEvent, SamplesArrived, SamplesLost, StreamStarted
from sensorhub.model.units import NS_PER_S
from sensorhub.protocol import tlv
from sensorhub.protocol.control import VERSION_SPOKEN, Op, Response, Status
from sensorhub.protocol.envelope import Channel, wrap
from sensorhub.protocol.packets import StatusBit
from sensorhub.protocol.tlv import NO_TLVS, Tlvs

FORGOTTEN_NS = 1 * NS_PER_S
DRAIN_AFTER_NS = 200_000_000
DRAIN_WITHIN_NS = 30 * NS_PER_S
_IDLE_STATUSES_BEFORE_RESTART = 2


@dataclass(frozen=True, slots=True)
class _Wish:
    """A request to send as soon as ``at_ns`` has come; without ``op`` only a wish to be polled."""

    at_ns: int
    op: Op | None
    tlvs: Tlvs = NO_TLVS


class OmpController:
    """See :class:`sensorhub.devices.base.Controller`."""

    def __init__(self, settings: StreamSettings) -> None:
        self._settings = settings
        self._phase = Phase.DOWN
        self._failure: Exception | None = None
        self._lost: LinkLostError | None = None
        self._exchange = Exchange(patience_factor=settings.patience_factor)
        self._backfill = BackfillPlanner(patience_factor=settings.patience_factor)
        self._session: tuple[bytes, int, int] | None = None  # device, boot, session: ours
        self._greeted: tuple[bytes, int] | None = None
        self._caps = CapabilityAsking()
        self._config: list[Tlvs] = []
        self._start_tlvs = NO_TLVS
        self._max_packet: int | None = None
        self._opening = b""
        self._stop_wanted = False
        self._cue = PendingCue()
        self._sync = SyncSchedule()
        self._drain_until_ns = 0
        self._idle_statuses = 0
        self._live_ns = 0  # when live samples came last
        self._now_ns = 0
        self._on_enter: dict[Phase, Callable[[], None]] = {
            Phase.CAPS: self._enter_caps,
            Phase.SYNC: self._enter_sync,
            Phase.CONFIG: self._enter_config,
            Phase.STREAM: self._enter_stream,
            Phase.DRAIN: self._enter_drain,
        }
        self._on_event: dict[type[DeviceEvent], Callable[[Any], None]] = {
            OmpResponse: self._response,
            OmpTime: self._time,
            OmpStatus: self._status,
            OmpBackfillEnded: lambda _event: self._backfill.ended(),
            StreamStarted: lambda _event: self._backfill.give_up(),  # on the stream before
            SamplesLost: lambda event: self._backfill.lost(event, self._now_ns),
            SamplesArrived: self._samples,
        }
        self._on_answer: dict[Op, Callable[[Response], None]] = {
            Op.HELLO: self._hello_answered,
            Op.GET_CAPS: self._caps_answered,
            Op.SET_CONFIG: self._config_answered,
            Op.START: self._start_answered,
            Op.STOP: self._stop_answered,
            Op.TIME_SYNC: self._sync_refused,
            Op.BACKFILL: self._backfill_answered,
            Op.CUE: self._cue_answered,
        }

    # -- the contract ----------------------------------------------------------------------------

    @property
    def state(self) -> ControllerState:
        """How far the conversation is."""
        return PUBLIC_STATE[self._phase]

    @property
    def phase(self) -> Phase:
        """The same, finer."""
        return self._phase

    @property
    def failure(self) -> Exception | None:
        """Why the state is FAILED."""
        return self._failure

    def link_up(self, now_ns: int, max_payload: int | None) -> None:
        """The link is open; ``max_payload`` None: a byte stream."""
        self._now_ns = now_ns
        self._max_packet = max_payload
        self._opening = b"\x00" if max_payload is None else b""
        self._happen(Happening.LINK_UP)

    def link_down(self, now_ns: int) -> None:
        """The link is gone."""
        self._now_ns = now_ns
        self._exchange.reset()
        self._backfill.link_down()
        self._lost = None
        self._cue.drop()
        self._happen(Happening.LINK_DOWN)

    def handle(self, event: DeviceEvent, now_ns: int) -> None:
        """Take what the decoder made of the device's bytes."""
        self._now_ns = now_ns
        handler = self._on_event.get(type(event))
        if handler is not None:
            handler(event)
            self._settle()

    def request_stop(self, now_ns: int) -> None:
        """Stop politely; while a lost link leaves our session running, on the next link."""
        self._now_ns = now_ns
        self._stop_wanted = True
        if self._phase is Phase.STREAM:
            self._happen(Happening.STOP_WANTED)
        elif self._session is None and self._phase is not Phase.START:
            self._happen(Happening.NOTHING_TO_STOP)

    def cue(self, now_ns: int, pattern: str) -> None:
        """Signal the person on the sensor itself; a newer cue replaces one not sent yet."""
        self._now_ns = now_ns
        if self._phase is Phase.STREAM:
            self._cue.say(pattern, now_ns)

    def poll(self, now_ns: int) -> list[Outgoing]:
        """Return what to write now; LinkLostError when the device no longer answers."""
        self._now_ns = now_ns
        if self._lost is not None:
            lost, self._lost = self._lost, None
            raise lost
        out: list[Outgoing] = []
        again = self._exchange.overdue(now_ns)
        if again is not None:
            out.append(self._outgoing(again))
        self._settle()
        wish = self._wish()
        if wish is not None and wish.op is not None and now_ns >= wish.at_ns:
            out.append(self._outgoing(self._ask(wish.op, wish.tlvs)))
        return out

    def next_poll_ns(self) -> int | None:
        """When ``poll`` has something to do if nothing arrives."""
        if self._lost is not None:
            return self._now_ns
        if self._exchange.is_open:
            return self._exchange.deadline_ns
        wish = self._plan()
        return None if wish is None else max(wish.at_ns, self._exchange.not_before_ns)

    # -- moving on -------------------------------------------------------------------------------

    def _happen(self, happening: Happening) -> None:
        to = TRANSITIONS.get((self._phase, happening))
        if to is None:
            return
        self._phase = to
        enter = self._on_enter.get(to)
        if enter is not None:
            enter()

    def _enter_caps(self) -> None:
        if not self._caps.begin():
            self._happen(Happening.CAPS_DONE)

    def _enter_sync(self) -> None:
        self._sync.begin_burst(SYNC_BURST)

    def _enter_config(self) -> None:
        self._config, self._start_tlvs = config_requests(self._settings, self._max_packet)
        if not self._config:
            self._happen(Happening.CONFIGURED)

    def _enter_stream(self) -> None:
        self._idle_statuses = 0
        self._sync.begin_settling(self._now_ns)
        if self._stop_wanted:
            self._happen(Happening.STOP_WANTED)

    def _enter_drain(self) -> None:
        self._session = None
        self._exchange.not_before_ns = self._now_ns + DRAIN_AFTER_NS
        self._drain_until_ns = self._now_ns + DRAIN_WITHIN_NS
        self._settle()

    def _settle(self) -> None:
        """Move on where a phase has nothing left to do."""
        if self._phase is Phase.SYNC and not self._sync.burst and not self._exchange.is_open:
            self._happen(Happening.SYNCED)
        elif self._phase is Phase.DRAIN:
            if self._now_ns >= self._drain_until_ns:
                self._backfill.give_up()
            if self._backfill.idle:
                self._happen(Happening.DRAINED)

    def _fail(self, error: SensorhubError) -> None:
        self._failure = error
        self._happen(Happening.REFUSED)

    # -- what to say -----------------------------------------------------------------------------

    def _wish(self) -> _Wish | None:
        if self._exchange.is_open or self._now_ns < self._exchange.not_before_ns:
            return None
        return self._plan()

    def _plan(self) -> _Wish | None:
        """What the phase wants said next, whatever else is going on."""
        now_ns = self._now_ns
        match self._phase:
            case Phase.HELLO:
                return _Wish(now_ns, Op.HELLO, Tlvs((tlv.VERSION.item(VERSION_SPOKEN),)))
            case Phase.CAPS:
                offset = tlv.CAPS_OFFSET.item(self._caps.offset)
                return _Wish(now_ns, Op.GET_CAPS, Tlvs((offset,)))
            case Phase.SYNC:
                return _Wish(now_ns, Op.TIME_SYNC)
            case Phase.CONFIG:
                return _Wish(now_ns, Op.SET_CONFIG, self._config[0])
            case Phase.START:
                return _Wish(now_ns, Op.START, self._start_tlvs)
            case Phase.STOP | Phase.CLEAR:
                return _Wish(now_ns, Op.STOP)
            case Phase.STREAM:
                pattern = self._cue.fresh(now_ns)
                if pattern is not None:
                    return _Wish(now_ns, Op.CUE, cue_tlvs(pattern))
                return self._memory_or_sync()
            case Phase.DRAIN:
                return self._memory_or_sync()
        return None

    def _ask(self, op: Op, tlvs: Tlvs) -> bytes:
        if op is Op.BACKFILL:
            self._backfill.asked(tlvs.need(tlv.SPAN), self._now_ns)
        elif op is Op.CUE:
            self._cue.drop()
        elif op is Op.TIME_SYNC:
            self._sync.asked(self._now_ns)
        return self._exchange.ask(op, tlvs, self._now_ns)

    def _outgoing(self, packet: bytes) -> Outgoing:
        if self._max_packet is not None:
            return Outgoing("control", packet)
        opening, self._opening = self._opening, b""
        return Outgoing(SERIAL_LANE, opening + wrap(Channel.CONTROL, packet))

    def _memory_or_sync(self) -> _Wish:
        sync = _Wish(self._sync.due_ns, Op.TIME_SYNC)
        span = self._backfill.next_span(self._now_ns)
        if span is not None:
            memory = _Wish(self._now_ns, Op.BACKFILL, Tlvs((tlv.SPAN.item(span),)))
        else:
            due_ns = self._backfill.due_ns()
            memory = _Wish(sync.at_ns if due_ns is None else due_ns, None)
        return sync if sync.at_ns <= memory.at_ns else memory

    # -- what came of it -------------------------------------------------------------------------

    def _response(self, event: OmpResponse) -> None:
        answer = event.response
        if not self._exchange.answered(answer.op, answer.tid):
            return
        op = Op(answer.op)
        if answer.status in PASSING and op not in (Op.BACKFILL, Op.CUE):
            if self._exchange.put_off(self._now_ns):
                self._lost = busy_error(op)
            return
        self._exchange.taken()
        if answer.status is Status.WRONG_STATE and self._is_forgotten():
            self._lost = forgotten_error()
            return
        self._on_answer[op](answer)

    def _is_forgotten(self) -> bool:
        """It took a pause of ours for a lost link: only a new greeting brings it back."""
        return self._phase is Phase.STREAM and self._now_ns - self._live_ns > FORGOTTEN_NS

    def _hello_answered(self, answer: Response) -> None:
        if answer.status is not Status.OK:
            self._fail(refusal_error(Op.HELLO, answer.status))
            return
        if answer.tlvs.need(tlv.VERSION).major != VERSION_SPOKEN.major:
            self._fail(refusal_error(Op.HELLO, Status.VERSION))
            return
        self._greeted = (answer.tlvs.need(tlv.DEVICE_ID), answer.tlvs.need(tlv.BOOT))
        self._caps.greeted(answer.tlvs.get(tlv.CAPS_HASH))
        running = answer.tlvs.get(tlv.RUNNING_SESSION)
        if running is not None and self._session == (*self._greeted, running):
            self._sync.begin_burst(SYNC_BURST_ON_RESUME)
            self._happen(Happening.GREETED_OURS)
            return
        self._session = None
        self._backfill.give_up()
        if self._stop_wanted:
            self._happen(Happening.NOTHING_TO_STOP)
        else:
            idle = running is None
            self._happen(Happening.GREETED_IDLE if idle else Happening.GREETED_FOREIGN)

    def _caps_answered(self, answer: Response) -> None:
        if self._caps.answered(answer):
            self._happen(Happening.CAPS_DONE)

    def _config_answered(self, answer: Response) -> None:
        if answer.status is not Status.OK:
            self._fail(refusal_error(Op.SET_CONFIG, answer.status))
            return
        self._config = self._config[1:]
        if not self._config:
            self._happen(Happening.CONFIGURED)

    def _start_answered(self, answer: Response) -> None:
        session = answer.tlvs.get(tlv.SESSION)
        ours = None if self._greeted is None or session is None else (*self._greeted, session)
        if answer.status is Status.OK or (
            answer.status is Status.ALREADY and ours == self._session
        ):
            self._session = ours
            self._happen(Happening.STARTED)
        elif answer.status is Status.ALREADY:
            self._happen(Happening.FOREIGN_RUNNING)
        else:
            self._fail(refusal_error(Op.START, answer.status))

    def _stop_answered(self, answer: Response) -> None:
        if answer.status not in (Status.OK, Status.ALREADY):
            self._fail(refusal_error(Op.STOP, answer.status))
        elif self._phase is Phase.CLEAR:
            self._happen(Happening.NOTHING_TO_STOP if self._stop_wanted else Happening.CLEARED)
        else:
            self._happen(Happening.STOP_CONFIRMED)

    def _samples(self, event: SamplesArrived) -> None:
        if not event.backfilled:
            self._live_ns = self._now_ns
        self._backfill.arrived(event, self._now_ns)

    def _time(self, event: OmpTime) -> None:
        if self._exchange.answered(Op.TIME_SYNC, event.tid):
            self._exchange.taken()

    def _sync_refused(self, answer: Response) -> None:
        """One exchange less; the next has its own number."""

    def _status(self, event: OmpStatus) -> None:
        if self._phase is not Phase.STREAM or event.status.bits & StatusBit.STREAMING:
            self._idle_statuses = 0
            return
        # One may have been on its way while we started; two mean that the device gave up by itself.
        self._idle_statuses += 1
        if self._idle_statuses >= _IDLE_STATUSES_BEFORE_RESTART:
            self._session = None
            self._happen(Happening.STREAM_ENDED)

    def _backfill_answered(self, answer: Response) -> None:
        if answer.status is Status.OK:
            self._backfill.granted(answer.tlvs.need(tlv.GRANTED), self._now_ns)
        else:
            self._backfill.refused(answer.status, self._now_ns)

    def _cue_answered(self, answer: Response) -> None:
        if answer.status is Status.UNSUPPORTED:
            self._cue.unable()
