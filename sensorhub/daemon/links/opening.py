"""From a sensor's URI to a link that can be run: the only place that picks transport and family."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from sensorhub.daemon.links.baud_search import BaudSearch
from sensorhub.daemon.links.link import SensorLink
from sensorhub.daemon.links.replay import ReplayLink
from sensorhub.daemon.links.state import LinkStatus
from sensorhub.daemon.links.timing import LinkTiming
from sensorhub.devices.base import DeviceFamily
from sensorhub.devices.registry import families, family, recognise
from sensorhub.model.errors import InputError
from sensorhub.model.events import DeviceEvent
from sensorhub.model.link import Record
from sensorhub.transports.base import Transport
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.uri import UDP_LISTEN_PORT, BleUri, ReplayUri, SensorUri, SerialUri

DEFAULT_FAMILY = "omp"
"""A serial port says nothing of what is plugged in: our own protocol, unless told."""


class Link(Protocol):
    """What runs one sensor: a :class:`.link.SensorLink`, or a file played back."""

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
    """Makes links that share one clock and one radio.

    Attributes:
        ble_over_sockets: take BLE notifications over sockets (BlueZ's AcquireNotify) instead of
            signals (StartNotify).
    """

    clock: HubClock
    timing: LinkTiming = field(default_factory=LinkTiming)
    ble_over_sockets: bool = False
    _radio: object = None

    def make(self, name: str, uri: SensorUri, callbacks: LinkCallbacks) -> Link:
        """A link, not begun. Raises InputError when the URI names no family, or no good file."""
        if isinstance(uri, ReplayUri):
            return self._replay(name, uri, callbacks)
        chosen = family_of(uri)
        transport = self._transport(uri, chosen)
        on_event = callbacks.on_event
        if isinstance(transport, BaudSearch):  # it must hear which speed was right
            on_event = _both(transport.heard, on_event)
        return SensorLink(
            name,
            transport=transport,
            family=chosen,
            clock=self.clock,
            sink=callbacks.sink,
            on_event=on_event,
            on_status=callbacks.on_status,
            timing=self.timing,
        )

    def _replay(self, name: str, uri: ReplayUri, callbacks: LinkCallbacks) -> Link:
        from sensorhub.transports.replay import read_records

        recorded = read_records(uri.path)
        if uri.family not in (None, recorded.family):
            raise InputError(
                f"{uri.path} was recorded from a sensor of the family {recorded.family}, "
                f"not {uri.family}.",
                hint="Leave family= out.",
            )
        return ReplayLink(
            name,
            recorded=recorded,
            family=family(recorded.family),
            clock=self.clock,
            sink=callbacks.sink,
            on_event=callbacks.on_event,
            on_status=callbacks.on_status,
        )

    def _transport(self, uri: BleUri | SerialUri, chosen: DeviceFamily) -> Transport:
        if isinstance(uri, SerialUri):
            if chosen.serial is None:
                raise InputError(f"{chosen.title} sensors have no serial line.")
            if uri.udp is not None:
                return self._datagrams(uri, uri.udp)
            from sensorhub.transports.serial_port import SerialTransport

            def open_at(baud_rate: int) -> Transport:
                return SerialTransport(uri.port, baud_rate=baud_rate, clock=self.clock)

            rates = (uri.baud_rate,) if uri.baud_rate else chosen.serial.baud_rates
            if len(rates) == 1 or uri.is_network:
                return open_at(rates[0])
            return BaudSearch(rates, open_at=open_at)
        if chosen.ble is None:
            raise InputError(f"{chosen.title} sensors have no Bluetooth.")
        from sensorhub.transports.ble import BleTransport, NotifyPath
        from sensorhub.transports.ble_radio import NAMESAKE_S, BleRadio

        if not isinstance(self._radio, BleRadio):
            # one for all: one process, one scanner, one lock
            self._radio = BleRadio(namesake_s=self.clock.wall_s(NAMESAKE_S))
        path = NotifyPath.SOCKET if self.ble_over_sockets else NotifyPath.SIGNALS
        return BleTransport(
            uri.target, chosen.ble, radio=self._radio, clock=self.clock, notify=path
        )

    def _datagrams(self, uri: SerialUri, sensor: tuple[str, int]) -> Transport:
        from sensorhub.transports.udp import UdpTransport

        host, port = sensor
        listen_port = uri.listen_port or UDP_LISTEN_PORT
        return UdpTransport(host, port, listen_port=listen_port, clock=self.clock)


def _both(
    first: Callable[[DeviceEvent], None], then: Callable[[DeviceEvent], None]
) -> Callable[[DeviceEvent], None]:
    def called(event: DeviceEvent) -> None:
        first(event)
        then(event)

    return called


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
