"""What the decoders of simple families share: records told apart, rejects, link changes."""

from abc import ABC, abstractmethod
from dataclasses import replace

from sensorhub.devices.base import LinkCounters
from sensorhub.devices.common.rejects import Rejects
from sensorhub.model.events import DeviceEvent, LinkChanged
from sensorhub.model.link import Record, RecordKind


class LaneDecoder(ABC):
    """A :class:`sensorhub.devices.base.Decoder`; a family says what its bytes mean."""

    def __init__(self) -> None:
        self.rejects = Rejects()

    @property
    def counters(self) -> LinkCounters:
        """Totals over everything fed so far."""
        return replace(self.samples, rejected_bytes=self.rejects.total)

    @property
    @abstractmethod
    def samples(self) -> LinkCounters:
        """Samples received, lost and duplicate."""

    @abstractmethod
    def received(self, lane: str, data: bytes, now_ns: int) -> list[DeviceEvent]:
        """What the device sent; bytes that tell nothing are rejected."""

    def sent(self, lane: str, data: bytes, now_ns: int) -> list[DeviceEvent]:  # noqa: ARG002 - for families that need it
        """What the hub wrote."""
        return []

    def unlinked(self, now_ns: int) -> list[DeviceEvent]:  # noqa: ARG002 - for families that need it
        """The link came or went: forget what was half said."""
        return []

    def feed(self, record: Record) -> list[DeviceEvent]:
        """Return what this record tells. Never raises; bytes that tell nothing are counted."""
        now_ns = record.host_time_ns
        match record.kind:
            case RecordKind.RECEIVED:
                return self.received(record.channel, record.data, now_ns)
            case RecordKind.SENT:
                return self.sent(record.channel, record.data, now_ns)
            case RecordKind.LINK_UP:
                change = LinkChanged(now_ns, up=True)
            case RecordKind.LINK_DOWN:
                reason = record.data.decode("utf-8", "replace")
                change = LinkChanged(now_ns, up=False, reason=reason)
        return [*self.unlinked(now_ns), *self.rejects.tell(now_ns), change]
