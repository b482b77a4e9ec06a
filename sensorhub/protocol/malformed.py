"""What becomes of bytes that are not what they should be: raised or counted, never guessed at."""

from dataclasses import dataclass

from sensorhub.model.errors import DeviceError


class MalformedPacketError(DeviceError):
    """These bytes are not the packet they should be; the message says in a few words why."""


@dataclass(frozen=True, slots=True)
class RejectedBytes:
    """``count`` bytes were dropped; ``reason`` is one of a handful of fixed phrases."""

    count: int
    reason: str
