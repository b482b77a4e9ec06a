"""From a sensor's URI to a running link: the one place that picks transports."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from sensorhub.daemon.link import LinkTiming, SensorLink
from sensorhub.daemon.link_state import LinkStatus
from sensorhub.daemon.replay_link import ReplayLink
from sensorhub.devices.base import DeviceFamily, LinkCounters, StreamSettings
from sensorhub.model.errors import InputError
from sensorhub.model.events import DeviceEvent
from sensorhub.model.link import Record
from sensorhub.transports.base import Transport
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.uri import BleUri, ReplayUri, SensorUri, SerialUri

if TYPE_CHECKING:
    from sensorhub.transports.ble_radio import BleRadio


class Link(Protocol):
    """What the session needs of a link, live or played back."""

    @property
    def status(self) -> LinkStatus: ...

    @property
    def counters(self) -> LinkCounters: ...

    @property
    def dropped_chunks(self) -> int: ...

    async def run(self) -> None: ...

    async def stop(self) -> None: ...

    def cue(self, pattern: str) -> None: ...


class LinkFactory:
    """Makes links that share one clock and, where any is BLE, one radio.

    Args:
        ble_over_sockets: take BLE notifications over sockets (AcquireNotify) instead of signals.
    """

    def __init__(self, clock: HubClock, *, ble_over_sockets: bool = False) -> None:
        self._clock = clock
        self._ble_over_sockets = ble_over_sockets
        self._radio: BleRadio | None = None

    @property
    def radio(self) -> "BleRadio":
        """The radio of this process; bleak is imported when it is first wanted."""
        if self._radio is None:
            from sensorhub.transports.ble_radio import BleRadio

            self._radio = BleRadio()
        return self._radio

    def link(
        self,
        uri: SensorUri,
        *,
        name: str,
        family: DeviceFamily,
        sink: Callable[[Record], None],
        on_event: Callable[[DeviceEvent], None],
        on_status: Callable[[LinkStatus], None] | None = None,
        settings: StreamSettings | None = None,
        timing: LinkTiming | None = None,
    ) -> Link:
        """A link to this sensor, not yet running.

        Raises:
            InputError: the family cannot be reached this way, or a record file is unusable.
        """
        if isinstance(uri, ReplayUri):
            from sensorhub.transports.replay import read_records

            recorded = read_records(uri.path)
            if recorded.family != family.name:
                raise InputError(
                    f"{uri.path} was recorded from a sensor of the family {recorded.family}, "
                    f"not {family.name}."
                )
            return ReplayLink(
                name,
                recorded=recorded,
                family=family,
                clock=self._clock,
                sink=sink,
                on_event=on_event,
                on_status=on_status,
            )
        return SensorLink(
            name,
            transport=self._transport(uri, family),
            family=family,
            clock=self._clock,
            sink=sink,
            on_event=on_event,
            on_status=on_status,
            settings=settings,
            timing=timing,
        )

    def _transport(self, uri: BleUri | SerialUri, family: DeviceFamily) -> Transport:
        if isinstance(uri, SerialUri):
            if family.serial is None:
                raise InputError(f"{family.title} cannot be connected by cable.")
            from sensorhub.transports.serial_port import SerialTransport

            baud_rate = uri.baud_rate or family.serial.baud_rates[0]
            return SerialTransport(uri.port, baud_rate=baud_rate, clock=self._clock)
        if family.ble is None:
            raise InputError(f"{family.title} has no Bluetooth.")
        from sensorhub.transports.ble import BleTransport, NotifyPath

        path = NotifyPath.SOCKET if self._ble_over_sockets else NotifyPath.SIGNALS
        return BleTransport(
            uri.target, family.ble, radio=self.radio, clock=self._clock, notify=path
        )
