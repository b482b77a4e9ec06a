"""From a sensor's URI to a link that can be run: the only place that picks transport and family."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sensorhub.daemon.link import LinkTiming, SensorLink
from sensorhub.daemon.link_state import LinkPhase, LinkStatus
from sensorhub.devices.base import Decoder, DeviceFamily
from sensorhub.devices.registry import families, family, recognise
from sensorhub.model.errors import InputError
from sensorhub.model.events import DeviceEvent, SamplesArrived
from sensorhub.model.link import Record
from sensorhub.transports.base import Transport
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.uri import BleUri, ReplayUri, SensorUri, SerialUri

DEFAULT_FAMILY = "omp"
"""A serial port says nothing of what is plugged in: our own protocol, unless told."""


class Link(Protocol):
    """What runs one sensor: :class:`~sensorhub.daemon.link.SensorLink`, or a file played back."""

    @property
    def status(self) -> LinkStatus: ...

    async def run(self) -> None: ...

    async def stop(self) -> None: ...

    def cue(self, pattern: str) -> None: ...


@dataclass(frozen=True, slots=True)
class LinkCallbacks:
    """Where a link's records, events and changes of status go, in this order."""

    sink: Callable[[Record], None]
    on_event: Callable[[DeviceEvent], None]
    on_status: Callable[[LinkStatus], None]


@dataclass(slots=True)
class LinkMaker:
    """Makes links that share one clock and one radio."""

    clock: HubClock
    timing: LinkTiming = field(default_factory=LinkTiming)
    _radio: object = None

    def make(self, name: str, uri: SensorUri, callbacks: LinkCallbacks) -> Link:
        """A link, not begun. Raises InputError when the URI names no family, or no good file."""
        chosen = family_of(uri)
        if isinstance(uri, ReplayUri):
            return ReplayLink(name, uri.path, clock=self.clock, callbacks=callbacks)
        return SensorLink(
            name,
            transport=self._transport(uri, chosen),
            family=chosen,
            clock=self.clock,
            sink=callbacks.sink,
            on_event=callbacks.on_event,
            on_status=callbacks.on_status,
            timing=self.timing,
        )

    def _transport(self, uri: BleUri | SerialUri, chosen: DeviceFamily) -> Transport:
        if isinstance(uri, SerialUri):
            if chosen.serial is None:
                raise InputError(f"{chosen.title} sensors have no serial line.")
            from sensorhub.transports.serial_port import SerialTransport

            baud_rate = uri.baud_rate or chosen.serial.baud_rates[0]
            return SerialTransport(uri.port, baud_rate=baud_rate, clock=self.clock)
        if chosen.ble is None:
            raise InputError(f"{chosen.title} sensors have no Bluetooth.")
        from sensorhub.transports.ble import BleTransport
        from sensorhub.transports.ble_radio import BleRadio

        if not isinstance(self._radio, BleRadio):
            self._radio = BleRadio()  # one for all: one process, one scanner, one lock
        return BleTransport(uri.target, chosen.ble, radio=self._radio, clock=self.clock)


def family_of(uri: SensorUri) -> DeviceFamily:
    """The family that speaks at the other end. Raises InputError."""
    if uri.family is not None:
        return family(uri.family)
    if isinstance(uri, ReplayUri):
        from sensorhub.transports.replay import read_records

        return family(read_records(uri.path).family)
    if isinstance(uri, BleUri) and not uri.is_address:
        return recognise((), uri.target) or families()[DEFAULT_FAMILY]
    return families()[DEFAULT_FAMILY]


class ReplayLink:
    """A file of records, played back at its own pace as if it came from the sensor now."""

    def __init__(self, name: str, path: Path, *, clock: HubClock, callbacks: LinkCallbacks) -> None:
        from sensorhub.transports.replay import read_records

        self._file = read_records(path)
        self._decoder: Decoder = family(self._file.family).new_decoder()
        self._clock = clock
        self._callbacks = callbacks
        self._status = LinkStatus(LinkPhase.WAITING, name)
        self._stopping = False

    @property
    def status(self) -> LinkStatus:
        """Waiting, streaming, then stopped."""
        return self._status

    async def run(self) -> None:
        """Hand out every record at its time; returns at the file's end or after ``stop``."""
        from sensorhub.transports.replay import played_back

        async for record in played_back(self._file.records, self._clock):
            if self._stopping:
                break
            self._callbacks.sink(record)
            for event in self._decoder.feed(record):
                if isinstance(event, SamplesArrived):
                    self._move(LinkPhase.STREAMING)
                self._callbacks.on_event(event)
        self._move(LinkPhase.STOPPED)

    async def stop(self) -> None:
        """End with the next record."""
        self._stopping = True

    def cue(self, pattern: str) -> None:
        """A recording cannot be signalled."""

    def _move(self, phase: LinkPhase) -> None:
        if phase is not self._status.phase:
            self._status = LinkStatus(phase, self._status.name)
            self._callbacks.on_status(self._status)
