"""The transport contract: a link that carries bytes and knows nothing of packets."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from sensorhub.model.link import Chunk
from sensorhub.transports.symptoms import Remedy


@dataclass(frozen=True, slots=True)
class LinkInfo:
    """What is known of an open link.

    Attributes:
        name: how to call this link to a person: the device's name or the port.
        max_payload: largest packet the link carries in one piece, None where it is a byte stream.
    """

    name: str
    max_payload: int | None = None


class Transport(Protocol):
    """One link to one device.

    ``open`` raises :class:`~sensorhub.model.errors.TransportError`; iterating ``chunks`` raises
    :class:`~sensorhub.model.errors.LinkLostError` when the link is gone, and ends quietly after
    ``close``. After either, ``open`` may be called again on the same object. The queue behind
    ``chunks`` is bounded: a reader that is too slow costs the oldest chunks, counted in
    ``dropped``.
    """

    @property
    def dropped(self) -> int: ...

    async def open(self) -> LinkInfo: ...

    async def write(self, channel: str, data: bytes) -> int:
        """Write and return the hub time in nanoseconds at which the bytes left."""

    def chunks(self) -> AsyncIterator[Chunk]: ...

    async def close(self) -> None: ...

    async def mend(self, remedy: Remedy) -> None:
        """Do this before it is opened again, as far as such a link can. Called while closed."""
