"""Raw-log records of one OMP sensor to typed events: a pure function of the records so far."""

from collections.abc import Callable

from sensorhub.devices.base import LinkCounters
from sensorhub.devices.omp.session import OmpSession
from sensorhub.model.events import DeviceEvent, LinkChanged
from sensorhub.model.link import Record, RecordKind
from sensorhub.protocol.envelope import Channel, Enveloped, EnvelopeReader

SERIAL_LANE = "serial"
CAPABILITIES_LANE = "capabilities"
_RECEIVED = RecordKind.RECEIVED
BLE_LANES = {"control": Channel.CONTROL, "data": Channel.DATA, "bulk": Channel.BULK}


class OmpDecoder:
    """See :class:`sensorhub.devices.base.Decoder`. BLE lanes carry packets, serial envelopes."""

    def __init__(self) -> None:
        self._session = OmpSession()
        self._inward = EnvelopeReader()
        self._outward = EnvelopeReader()
        self._handlers: dict[RecordKind, Callable[[Record], None]] = {
            RecordKind.SENT: self._sent,
            RecordKind.LINK_UP: self._link_up,
            RecordKind.LINK_DOWN: self._link_down,
        }

    @property
    def counters(self) -> LinkCounters:
        """Totals over everything fed so far."""
        return self._session.tally.snapshot()

    def feed(self, record: Record) -> list[DeviceEvent]:
        """Return what this record tells. Never raises; bytes that tell nothing are counted."""
        events: list[DeviceEvent] = []
        session = self._session
        session.begin(record.host_time_ns, events)
        if record.kind is not _RECEIVED:
            self._handlers[record.kind](record)
        elif (channel := BLE_LANES.get(record.channel)) is not None:
            session.received(channel, record.data)
        else:
            self._received_otherwise(record)
        return events

    def _received_otherwise(self, record: Record) -> None:
        """Bytes that are not a packet of a lane of their own."""
        if record.channel == SERIAL_LANE:
            for item in self._inward.push(record.data):
                if isinstance(item, Enveloped):
                    self._session.received(item.channel, item.packet)
                else:
                    self._session.reject(item.count, item.reason)
        elif record.channel == CAPABILITIES_LANE:
            self._session.received_capabilities(record.data)
        else:
            self._session.reject(len(record.data), "unknown lane")

    def _sent(self, record: Record) -> None:
        if record.channel == SERIAL_LANE:
            for item in self._outward.push(record.data):
                if isinstance(item, Enveloped) and item.channel is Channel.CONTROL:
                    self._session.sent(item.packet)
        elif record.channel == "control":
            self._session.sent(record.data)

    def _link_up(self, record: Record) -> None:
        self._forget_link()
        self._session.emit(LinkChanged(record.host_time_ns, up=True))

    def _link_down(self, record: Record) -> None:
        self._forget_link()
        reason = record.data.decode("utf-8", "replace")
        self._session.emit(LinkChanged(record.host_time_ns, up=False, reason=reason))

    def _forget_link(self) -> None:
        cut = self._inward.reset()
        if cut:
            self._session.reject(cut, "cut off by a lost link")
        self._outward.reset()
        self._session.link_changed()
