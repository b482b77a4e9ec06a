"""A serial port over TCP, for ``socket://host:port``: one host at a time."""

import asyncio
from typing import Final

from firmware_sim.links.line import SerialLink
from firmware_sim.links.world import World
from firmware_sim.peer import Peer

_MOST_UNREAD_BYTES: Final = 64 * 1024


class TcpLink(SerialLink):
    """Listens on ``host:port`` (port 0: any free one); a second host is turned away.

    Unplugged, the connection is closed and nothing listens any more.
    """

    def __init__(
        self, peer: Peer, world: World, host: str, port: int, *, baud: int | None = None
    ) -> None:
        super().__init__(peer, world, baud=baud)
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self._client: asyncio.Transport | None = None

    @property
    def uri(self) -> str:
        return f"serial:socket://{self._host}:{self._port}"

    async def _plug_in(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Client(self), self._host, self._port, reuse_address=True
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def _unplug(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._client is not None:
            self._client.abort()
            self._client = None

    def _write(self, data: bytes) -> int:
        if self._client is None or self._client.get_write_buffer_size() > _MOST_UNREAD_BYTES:
            return 0
        self._client.write(data)
        return len(data)

    def connected(self, client: asyncio.Transport) -> None:
        if self._client is not None or self._server is None:
            client.abort()
        else:
            self._client = client
            self._host_connected()

    def heard(self, client: asyncio.Transport, data: bytes) -> None:
        if client is self._client:
            self._heard(data)

    def lost(self, client: asyncio.Transport) -> None:
        if client is self._client:
            self._client = None
            self._disconnected()


class _Client(asyncio.Protocol):
    """One TCP connection; tells the link what happens to it."""

    def __init__(self, link: TcpLink) -> None:
        self._link = link
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._link.connected(transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._link.heard(self._transport, data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        assert self._transport is not None
        self._link.lost(self._transport)
