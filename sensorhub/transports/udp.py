"""The bytes of a serial line as UDP datagrams: a sensor in the Wi-Fi sends them unasked.

UDP knows no connection: nobody says that a sensor has gone, silence alone tells. Datagrams from
other addresses than the sensor's are nobody's and passed by; what a network loses or doubles is
for the decoder to find.
"""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator
from typing import Any

from sensorhub.model.errors import LinkLostError, TransportError
from sensorhub.model.link import Chunk
from sensorhub.transports.base import LinkInfo
from sensorhub.transports.chunk_queue import ChunkQueue
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.symptoms import Remedy

CHANNEL = "serial"
LARGEST_BYTES = 4096
"""Longer datagrams than any sensor sends are none of ours."""


class UdpTransport:
    """One sensor that sends to a port of ours and listens on one of its own.

    Args:
        host: the sensor's name or address.
        port: where it listens.
        listen_port: the port here to which it sends; each sensor has its own.
    """

    def __init__(
        self, host: str, port: int, *, listen_port: int, clock: HubClock | None = None
    ) -> None:
        self._host, self._port, self._listen_port = host, port, listen_port
        self._clock = clock or HubClock()
        self._endpoint: asyncio.DatagramTransport | None = None
        self._peer: Any = None  # as the socket module has addresses
        self._queue = ChunkQueue()
        self._dropped_before = 0

    @property
    def dropped(self) -> int:
        """Datagrams lost to a slow reader since this object was made."""
        return self._dropped_before + self._queue.dropped

    async def open(self) -> LinkInfo:
        """Find the address and take the port. Raises TransportError, with what to do."""
        await self.close()
        loop = asyncio.get_running_loop()
        name = f"udp://{self._host}:{self._port}"
        try:
            found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            raise TransportError(
                f"The address {self._host} is not known.", hint="Check the network and the address."
            ) from error
        family, _, _, _, self._peer = found[0]
        here = "::" if family == socket.AF_INET6 else "0.0.0.0"  # noqa: S104 - a sensor is not here
        self._dropped_before += self._queue.dropped
        self._queue = queue = ChunkQueue()
        try:
            self._endpoint, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(queue, self._peer[0], self._clock),
                local_addr=(here, self._listen_port),
                family=family,
            )
        except OSError as error:
            raise self._refused(error) from error
        return LinkInfo(name=name)

    async def write(self, channel: str, data: bytes) -> int:
        """Send ``data`` as one datagram; returns the time at which it left, nanoseconds.

        Raises LinkLostError when the link is closed.
        """
        if channel != CHANNEL:
            raise TransportError(f"A network sensor has no channel {channel}.")
        if self._endpoint is None:
            raise LinkLostError(
                f"The link to {self._host} is not open.", hint="The hub reconnects by itself."
            )
        sent_ns = self._clock.now_ns()
        self._endpoint.sendto(data, self._peer)
        return sent_ns

    def chunks(self) -> AsyncIterator[Chunk]:
        """What arrives, until the link is closed."""
        return self._queue

    async def close(self) -> None:
        """Give the port back. Safe at any time."""
        endpoint, self._endpoint = self._endpoint, None
        if endpoint is not None:
            endpoint.abort()
        self._queue.end(None)

    async def mend(self, remedy: Remedy) -> None:
        """Opening it anew is all that can be done."""

    def _refused(self, error: OSError) -> TransportError:
        port = f"The UDP port {self._listen_port}"
        if error.errno == errno.EADDRINUSE:
            return TransportError(
                f"{port} is in use by another program, or another sensor.",
                hint="Let each sensor send to a port of its own, and name it: listen=8001.",
            )
        if error.errno == errno.EACCES:
            return TransportError(
                f"{port} may not be used by you.", hint="Use one above 1023: listen=8000."
            )
        return TransportError(f"{port} cannot be used.", hint=f"The system says: {error}.")


class _Datagrams(asyncio.DatagramProtocol):
    """Stamps what comes from one address and puts it into the queue."""

    def __init__(self, queue: ChunkQueue, address: str, clock: HubClock) -> None:
        self._queue, self._address, self._clock = queue, address, clock

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if addr[0] == self._address and 0 < len(data) <= LARGEST_BYTES:
            self._queue.put(Chunk(CHANNEL, data, self._clock.now_ns()))
