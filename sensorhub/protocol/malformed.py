"""The one thing every decoder of this package raises, and the driver catches."""

from sensorhub.model.errors import DeviceError


class MalformedPacketError(DeviceError):
    """These bytes are not the packet they should be; the message says in a few words why."""
