"""Finds a serial sensor's speed: tries one after the other until samples come."""

from collections.abc import AsyncIterator, Callable, Sequence

from sensorhub.model.events import DeviceEvent, SamplesArrived
from sensorhub.model.link import Chunk
from sensorhub.transports.base import LinkInfo, Transport
from sensorhub.transports.symptoms import Remedy


class BaudSearch:
    """A transport that opens its port at the next speed each time, until one was right.

    A speed was wrong when the link was opened with it and ended without a sample; a port that does
    not open at all says nothing about speeds. Once right, a speed is kept for good.

    Args:
        baud_rates: the likeliest first.
        open_at: gives a transport for one speed.
    """

    def __init__(self, baud_rates: Sequence[int], *, open_at: Callable[[int], Transport]) -> None:
        self._baud_rates = tuple(baud_rates)
        self._open_at = open_at
        self._at = 0
        self._tried = False
        self._found = False
        self._dropped_before = 0
        self._inner = open_at(self._baud_rates[0])

    @property
    def baud_rate(self) -> int:
        """The speed of the present link, or of the next."""
        return self._baud_rates[self._at]

    @property
    def dropped(self) -> int:
        """Chunks lost to a slow reader since this object was made."""
        return self._dropped_before + self._inner.dropped

    def heard(self, event: DeviceEvent) -> None:
        """Note what the decoder made of the bytes at this speed."""
        self._found = self._found or isinstance(event, SamplesArrived)

    async def open(self) -> LinkInfo:
        """Open the port. Raises TransportError."""
        if self._tried and not self._found:
            self._at = (self._at + 1) % len(self._baud_rates)
            await self._inner.close()
            self._dropped_before += self._inner.dropped
            self._inner = self._open_at(self.baud_rate)
            self._tried = False
        info = await self._inner.open()
        self._tried = True
        return info

    async def write(self, channel: str, data: bytes) -> int:
        """Write and return the hub time in nanoseconds at which the bytes left."""
        return await self._inner.write(channel, data)

    def chunks(self) -> AsyncIterator[Chunk]:
        """What arrives on the present link."""
        return self._inner.chunks()

    async def close(self) -> None:
        """Give the port back."""
        await self._inner.close()

    async def mend(self, remedy: Remedy) -> None:
        """As the port does."""
        await self._inner.mend(remedy)
