"""Events only the OMP controller understands: answers, and what steers back-fill."""

from dataclasses import dataclass

from sensorhub.model.events import DeviceEvent
from sensorhub.protocol.capabilities import Capabilities
from sensorhub.protocol.control import Response
from sensorhub.protocol.packets import StatusPacket


@dataclass(frozen=True, slots=True)
class OmpResponse(DeviceEvent):
    """The device answered a request (all parts of the answer joined)."""

    response: Response


@dataclass(frozen=True, slots=True)
class OmpTime(DeviceEvent):
    """The device answered the time request ``tid``."""

    tid: int


@dataclass(frozen=True, slots=True)
class OmpStatus(DeviceEvent):
    """The status packet that comes once a second."""

    status: StatusPacket


@dataclass(frozen=True, slots=True)
class OmpBackfillEnded(DeviceEvent):
    """The device sent all it had granted (``complete``), or was told to stop."""

    complete: bool


@dataclass(frozen=True, slots=True)
class OmpCapabilities(DeviceEvent):
    """What the device can do, complete."""

    capabilities: Capabilities


@dataclass(frozen=True, slots=True)
class OmpLogText(DeviceEvent):
    """A line the firmware wrote for its developers; printable characters only."""

    text: str
