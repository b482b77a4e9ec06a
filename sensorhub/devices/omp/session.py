"""What the packets of one OMP sensor mean: who it is, which stream runs, what arrives of it.

BLE reads its characteristics through separate doors, so packets of different lanes may overtake
each other by a moment: samples may come before the answer to START, an answer before the note that
its question left. Samples that cannot be placed yet are therefore held, a bounded number of them.
"""

from collections import deque
from collections.abc import Callable

from sensorhub.devices.omp.caps import CapabilityReader
from sensorhub.devices.omp.events import (
    OmpBackfillEnded,
    OmpCapabilities,
    OmpLogText,
    OmpResponse,
    OmpStatus,
    OmpTime,
)
from sensorhub.devices.omp.stream import SampleStream, StartGrant, Tally
from sensorhub.devices.omp.sync import TimeExchanges
from sensorhub.model.events import (
    BatteryReported,
    BytesRejected,
    DeviceEvent,
    DeviceIdentified,
    DeviceNotice,
    DeviceNoticeKind,
    StreamStarted,
)
from sensorhub.model.units import NS_PER_S
from sensorhub.protocol import packets, tlv
from sensorhub.protocol.capabilities import Capabilities
from sensorhub.protocol.control import (
    Op,
    Request,
    Response,
    ResponseJoiner,
    Status,
    check_complete,
)
from sensorhub.protocol.envelope import Channel
from sensorhub.protocol.malformed import MalformedPacketError
from sensorhub.protocol.packets import (
    SAMPLE_LAYOUTS,
    EventCode,
    EventPacket,
    SampleFlag,
    SamplesPacket,
    StatusPacket,
    TimePacket,
)

_MAX_HELD = 128
_STATUS_FRESH_NS = 5 * NS_PER_S
_MAX_LOG_TEXT = 200
_DATA = Channel.DATA
_FLAG_STREAM, _FLAG_BACKFILL = int(SampleFlag.STREAM), int(SampleFlag.BACKFILL)
_FLAGS_NOT_LIVE = _FLAG_STREAM | _FLAG_BACKFILL
_WITHOUT_ACC = frozenset(kind for kind, layout in SAMPLE_LAYOUTS.items() if not layout.acc)

_NOTICES = {
    EventCode.BUTTON: DeviceNoticeKind.BUTTON,
    EventCode.CLIP: DeviceNoticeKind.CLIPPING,
    EventCode.RING_OVERRUN: DeviceNoticeKind.RING_OVERRUN,
    EventCode.LOW_BATTERY: DeviceNoticeKind.LOW_BATTERY,
    EventCode.SENSOR_FAULT: DeviceNoticeKind.SENSOR_FAULT,
    EventCode.MARK: DeviceNoticeKind.MARK,
    EventCode.CUE_PLAYED: DeviceNoticeKind.CUE_PLAYED,
}


class OmpSession:
    """Packets in, events appended to the list given. Bytes that tell nothing are counted."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._joiner = ResponseJoiner()
        self._exchanges = TimeExchanges()
        self._caps = CapabilityReader()
        self._identity: tuple[str, int] | None = None
        self._stream: SampleStream | None = None
        self._held: deque[SamplesPacket] = deque()
        self._status: tuple[StatusPacket, int] | None = None
        self._clock_us = 0  # the latest device time told; only ever used to unwrap to the nearest
        self._now_ns = 0
        self._events: list[DeviceEvent] = []
        self._channels: dict[Channel, Callable[[bytes], None]] = {
            Channel.CONTROL: self._on_control,
            Channel.DATA: self._on_data,
            Channel.BULK: self._on_bulk,
            Channel.LOG: self._on_log,
            Channel.SMP: self._on_update,
        }
        self._answers: dict[int, Callable[[Response], None]] = {
            Op.HELLO: self._greeted,
            Op.GET_CAPS: self._capabilities_piece,
            Op.START: self._started,
            Op.STOP: self._stopped,
            Op.BACKFILL: self._backfill_answered,
        }

    def begin(self, now_ns: int, events: list[DeviceEvent]) -> None:
        """From here on events carry this time and are appended to this list."""
        self._now_ns = now_ns
        self._events = events

    def received(self, channel: Channel, packet: bytes) -> None:
        """Take one packet from the device."""
        stream = self._stream
        if (
            channel is _DATA
            and stream is not None
            and stream.take_due(packet, self._now_ns, self._events)
        ):
            return  # nearly always
        try:
            self._channels[channel](packet)
        except MalformedPacketError as error:
            self.reject(len(packet), str(error))

    def received_capabilities(self, data: bytes) -> None:
        """Take the whole capability map, read from its own characteristic."""
        self._guard(self._on_capabilities, data)

    def sent(self, packet: bytes) -> None:
        """Take one request that left for the device."""
        self._guard(self._on_request, packet)

    def link_changed(self) -> None:
        """The link came or went: forget what was half done; the stream waits to be confirmed."""
        cut = self._joiner.reset()
        if cut:
            self.reject(cut, "cut off by a lost link")
        self._exchanges.reset()
        self._caps.reset()
        self._drop_held()
        self._status = None
        if self._stream is not None:
            self._stream.suspend()

    def emit(self, event: DeviceEvent) -> None:
        """Append an event."""
        self._events.append(event)

    def reject(self, count: int, reason: str) -> None:
        """Count bytes that were no packet, and say so."""
        self.tally.rejected_bytes += count
        self.emit(BytesRejected(self._now_ns, count, reason))

    def _guard(self, handle: Callable[[bytes], None], packet: bytes) -> None:
        try:
            handle(packet)
        except MalformedPacketError as error:
            self.reject(len(packet), str(error))

    # -- packets ---------------------------------------------------------------------------------

    def _on_control(self, packet: bytes) -> None:
        for item in self._joiner.push(Response.decode(packet)):
            if isinstance(item, Response):
                self._answer(item)
            else:
                self.reject(item.count, item.reason)

    def _on_data(self, packet: bytes) -> None:
        first = packet[0] if packet else -1
        if first in SAMPLE_LAYOUTS:
            samples, stream = SamplesPacket.decode(packet), self._stream
            if samples.flags & _FLAGS_NOT_LIVE or samples.kind in _WITHOUT_ACC:
                _check_samples(samples, backfilled=False)
            if stream is not None and stream.ready(self._now_ns):
                stream.live(samples, self._now_ns, self._clock_us, self._events)
            else:
                self._hold(samples)
        elif first == packets.STATUS_MARK:
            self._on_status(StatusPacket.decode(packet))
        elif first == packets.TIME_MARK:
            self._on_time(TimePacket.decode(packet))
        elif first == packets.EVENT_MARK:
            self._on_event(EventPacket.decode(packet))
        else:
            raise MalformedPacketError("unknown packet")

    def _on_bulk(self, packet: bytes) -> None:
        if packet and packet[0] == packets.EVENT_MARK:
            event = EventPacket.decode(packet)
            if event.code != EventCode.BACKFILL_ENDED:
                raise MalformedPacketError("event on the wrong lane")
            self.emit(OmpBackfillEnded(self._now_ns, complete=event.arg == 0))
            return
        samples = SamplesPacket.decode(packet)
        _check_samples(samples, backfilled=True)
        if self._stream is None or not self._stream.confirmed:
            raise MalformedPacketError("back-filled samples nobody asked for")
        self._stream.bulk(samples, self._now_ns, self._events)

    def _on_log(self, packet: bytes) -> None:
        text = packet[:_MAX_LOG_TEXT].decode("utf-8", "replace")
        text = "".join(c if c.isprintable() else " " for c in text).strip()
        self.emit(OmpLogText(self._now_ns, text))

    def _on_update(self, _packet: bytes) -> None:
        raise MalformedPacketError("firmware-update packet")  # we never ask for one

    def _hold(self, samples: SamplesPacket) -> None:
        """Samples that cannot be placed yet."""
        self._held.append(samples)
        if len(self._held) > _MAX_HELD:
            oldest = self._held.popleft()
            self.reject(len(oldest.encode()), "samples of no known stream")
        self._release_held()

    def _on_status(self, status: StatusPacket) -> None:
        self._clock_us = status.t_us
        self._status = (status, self._now_ns)
        self.emit(OmpStatus(self._now_ns, status))
        self.emit(
            BatteryReported(
                self._now_ns,
                percent=status.percent if status.percent <= 100 else None,
                millivolts=status.battery_mv or None,
            )
        )
        self._release_held()

    def _on_time(self, packet: TimePacket) -> None:
        self._clock_us = packet.t2_us
        observed = self._exchanges.answered(packet, self._now_ns)
        if observed is not None:
            self.emit(observed)
        self.emit(OmpTime(self._now_ns, packet.tid))

    def _on_event(self, event: EventPacket) -> None:
        self._clock_us = event.t_us
        if event.code == EventCode.CHARGER:
            on = DeviceNoticeKind.CHARGER_ON if event.arg else DeviceNoticeKind.CHARGER_OFF
            self.emit(DeviceNotice(self._now_ns, on, event.arg))
        elif event.code in _NOTICES:
            kind = _NOTICES[EventCode(event.code)]
            self.emit(DeviceNotice(self._now_ns, kind, event.arg))
        else:
            raise MalformedPacketError("unknown event")

    def _on_capabilities(self, packet: bytes) -> None:
        self._known_capabilities(self._caps.piece(-1, len(packet), packet))

    # -- requests and answers --------------------------------------------------------------------

    def _on_request(self, packet: bytes) -> None:
        request = Request.decode(packet)
        if request.op == Op.TIME_SYNC:
            observed = self._exchanges.asked(request.tid, self._now_ns)
            if observed is not None:
                self.emit(observed)
        elif request.op == Op.GET_CAPS:
            self._caps.asked(request.tid, request.tlvs.get(tlv.CAPS_OFFSET) or 0)
        elif request.op == Op.BACKFILL and self._stream is not None:
            span = request.tlvs.need(tlv.SPAN)
            self._stream.asked(span.first, span.length)

    def _answer(self, answer: Response) -> None:
        handle = self._answers.get(answer.op)
        try:
            check_complete(answer)
            if handle is not None:
                handle(answer)
        except MalformedPacketError as error:
            # An answer that cannot be used is a refusal, so that the controller does not wait.
            self.reject(len(answer.encode()), str(error))
            answer = Response(answer.op, answer.tid, Status.INTERNAL)
        self.emit(OmpResponse(self._now_ns, answer))

    def _greeted(self, answer: Response) -> None:
        if answer.status is not Status.OK:
            return
        device_id = answer.tlvs.need(tlv.DEVICE_ID).hex()
        boot = answer.tlvs.need(tlv.BOOT)
        self._caps.expected_hash = answer.tlvs.get(tlv.CAPS_HASH)
        known = self._caps.known
        if known is not None and known.hash != self._caps.expected_hash:
            self._caps.known = None
        same_boot = self._identity == (device_id, boot)
        self._identity = (device_id, boot)
        self._identify()
        stream = self._stream
        if stream is None:
            return
        if same_boot and answer.tlvs.get(tlv.RUNNING_SESSION) == stream.grant.session:
            stream.confirm()
            self._release_held()
        elif not stream.confirmed or not same_boot:
            self._stream = None

    def _capabilities_piece(self, answer: Response) -> None:
        if answer.status is Status.OK:
            total, data = answer.tlvs.need(tlv.CAPS_TOTAL), answer.tlvs.need(tlv.CAPS_BYTES)
            self._known_capabilities(self._caps.piece(answer.tid, total, data))

    def _started(self, answer: Response) -> None:
        running = answer.status is Status.ALREADY
        if answer.status is not Status.OK and not running:
            return
        grant = StartGrant.read(answer.tlvs)
        stream = self._stream
        if stream is not None and stream.grant.session == grant.session:
            stream.confirm()
        else:
            self._stream = SampleStream(grant, self.tally, from_start=not running)
            self.emit(
                StreamStarted(
                    self._now_ns,
                    stream=grant.session,
                    period_s=grant.period_us / 1e6,
                    first_index=grant.first_index,
                    first_device_time_s=None if grant.first_us is None else grant.first_us / 1e6,
                    has_gyroscope=grant.gyr_scale_radps is not None,
                )
            )
        self._release_held()

    def _stopped(self, answer: Response) -> None:
        if answer.status is not Status.OK:
            return
        if self._stream is not None and self._stream.confirmed:
            self._stream.stop(answer.tlvs.need(tlv.LATEST_INDEX), self._now_ns, self._events)
        else:
            self._drop_held()
        self.emit(DeviceNotice(self._now_ns, DeviceNoticeKind.STREAM_STOPPED))

    def _backfill_answered(self, answer: Response) -> None:
        if self._stream is None:
            return
        if answer.status is Status.OK:
            granted = answer.tlvs.need(tlv.GRANTED)
            self._stream.evicted_of_asked(granted.first, self._now_ns, self._events)
        elif answer.status is Status.EVICTED:
            self._stream.evicted_of_asked(packets.NO_INDEX, self._now_ns, self._events)

    # -- helpers ---------------------------------------------------------------------------------

    def _release_held(self) -> None:
        stream, status = self._stream, self._status
        if stream is None or not stream.confirmed or not self._held:
            return
        if not stream.ready(self._now_ns):
            if status is None or self._now_ns - status[1] > _STATUS_FRESH_NS:
                return
            stream.anchor(status[0])
        while self._held:
            samples = self._held.popleft()
            try:
                stream.live(samples, self._now_ns, self._clock_us, self._events)
            except MalformedPacketError as error:
                self.reject(len(samples.encode()), str(error))

    def _drop_held(self) -> None:
        for samples in self._held:
            self.reject(len(samples.encode()), "samples of no known stream")
        self._held.clear()

    def _known_capabilities(self, known: Capabilities | None) -> None:
        if known is not None:
            self.emit(OmpCapabilities(self._now_ns, known))
            self._identify()

    def _identify(self) -> None:
        if self._identity is None:
            return
        device_id, boot = self._identity
        known = self._caps.known
        model, firmware = ("", "") if known is None else (known.model, known.firmware)
        self.emit(DeviceIdentified(self._now_ns, device_id, model, firmware, boot))


def _check_samples(samples: SamplesPacket, *, backfilled: bool) -> None:
    if samples.flags & _FLAG_STREAM:
        raise MalformedPacketError("samples of an unknown stream number")
    if bool(samples.flags & _FLAG_BACKFILL) is not backfilled:
        raise MalformedPacketError("samples on the wrong lane")
    if not SAMPLE_LAYOUTS[samples.kind].acc:
        raise MalformedPacketError("samples without acceleration")
