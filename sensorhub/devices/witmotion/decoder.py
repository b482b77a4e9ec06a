"""What the decoders of both WitMotion families share: the link, the registers, when to believe."""

from abc import ABC, abstractmethod

from sensorhub.devices.base import LinkCounters
from sensorhub.devices.witmotion.registers import (
    BATTERY,
    DISPLACEMENT,
    OUTPUT,
    RATE,
    RATES_HZ,
    SERIAL_NUMBER,
    VERSION,
    WitRegisters,
    asked_register,
    register_events,
    serial_number,
    written,
)
from sensorhub.model.events import BytesRejected, DeviceEvent, DeviceIdentified, LinkChanged
from sensorhub.model.link import Record, RecordKind


class WitDecoder(ABC):
    """See :class:`sensorhub.devices.base.Decoder`. A subclass knows packets and samples.

    From the moment in which the rate (or what is sent) is changed until the conversation is over,
    samples are of neither the old nor the new kind, and none is passed on. It is over when the
    battery is asked for.
    """

    def __init__(self, *, lane: str) -> None:
        self._lane = lane
        self._rejected = 0
        self._believed = True
        self._rate_hz: float | None = None
        self._serial_number = self._version = ""
        self._settled = self._displaced = False

    @property
    @abstractmethod
    def counters(self) -> LinkCounters:
        """Totals over everything fed so far."""

    def feed(self, record: Record) -> list[DeviceEvent]:
        """Return what this record tells. Never raises."""
        out: list[DeviceEvent] = []
        now_ns = record.host_time_ns
        if record.kind is RecordKind.RECEIVED:
            if record.channel == self._lane:
                self._received(record.data, now_ns, out)
            else:
                self._reject(len(record.data), "unknown lane", now_ns, out)
        elif record.kind is RecordKind.SENT:
            change = written(record.data)
            if change is not None and change[0] in (RATE, OUTPUT, DISPLACEMENT):
                self._doubt()
            self._sent(record.data)
            if not self._settled and asked_register(record.data) == BATTERY:
                self._settle(now_ns, out)
        elif record.kind is RecordKind.LINK_DOWN:
            self._ended(now_ns, out)
            reason = record.data.decode("utf-8", "replace")
            out.append(LinkChanged(now_ns, up=False, reason=reason))
        else:
            self._ended(now_ns, out)
            self._believed = True
            self._rate_hz = None
            self._settled = self._displaced = False
            out.append(LinkChanged(now_ns, up=True))
        return out

    @abstractmethod
    def _received(self, data: bytes, now_ns: int, out: list[DeviceEvent]) -> None: ...

    def _sent(self, command: bytes) -> None:  # noqa: B027 - only some answers need their question
        """A command has left."""

    @abstractmethod
    def _distrust(self) -> None:
        """What was sampled so far has nothing to do with what will come."""

    @abstractmethod
    def _ended(self, now_ns: int, out: list[DeviceEvent]) -> None:
        """A link came or went: finish what was under way."""

    @abstractmethod
    def _rate_known(self, rate_hz: float, now_ns: int, out: list[DeviceEvent]) -> None:
        """The sensor says its nominal rate."""

    def _register(self, answer: WitRegisters, out: list[DeviceEvent]) -> None:
        out.extend(register_events(answer))
        value = answer.values[0]
        if answer.register == DISPLACEMENT:
            self._displaced = bool(value)
            if value:
                self._doubt()
        elif answer.register == SERIAL_NUMBER:
            self._serial_number = serial_number(answer)
        elif answer.register == VERSION:
            self._version = str(value)
        elif answer.register == RATE:
            self._rate_hz = RATES_HZ.get(value & 0xFF)

    def _settle(self, now_ns: int, out: list[DeviceEvent]) -> None:
        """Nothing is changed any more."""
        self._settled = True
        self._believed = not self._displaced
        if self._serial_number:
            out.append(DeviceIdentified(now_ns, self._serial_number, "WitMotion", self._version))
        if self._rate_hz is not None and self._believed:
            self._rate_known(self._rate_hz, now_ns, out)

    def _doubt(self) -> None:
        self._believed = self._settled = False
        self._distrust()

    def _reject(self, count: int, reason: str, now_ns: int, out: list[DeviceEvent]) -> None:
        if count:
            self._rejected += count
            out.append(BytesRejected(now_ns, count, reason))
