"""One browser's connection, bounded: silent ones, and many from one address, shut out nobody else.

uvicorn waits for ever for a first request, and counts who waits against everybody's limit.
"""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_S = 10.0
"""Seconds within which a request must be there whole: the first from the connection on, each later
one from its first byte. Between two, uvicorn's own limit holds."""

MAX_PER_ADDRESS = 40
"""Connections from one address, live lines included; a browser opens six and its live line."""


class BoundedConnection(H11Protocol):
    """uvicorn's connection, closed where no whole request comes within :data:`REQUEST_S`."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it, or hang up at once on an address that has too many already."""
        super().connection_made(transport)
        if self._from_here() > MAX_PER_ADDRESS:
            self.logger.warning("refused: too_many_connections")
            transport.abort()
            return
        self._mind()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A part of a request, or several of them."""
        super().data_received(data)
        self._mind()

    def on_response_complete(self) -> None:
        """Answered; what has begun to come behind it must get there too."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self._mind()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """The live line has rules of its own."""
        self._forget()
        super().handle_websocket_upgrade(event)

    def _mind(self) -> None:
        """Time runs until the request is whole."""
        if self.transport.get_protocol() is not self or self.transport.is_closing():
            return
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._forget()
        elif self._late is None:
            self._late = self.loop.call_later(REQUEST_S, self.transport.abort)

    def _forget(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _from_here(self) -> int:
        if self.client is None:
            return 0
        address, _ = self.client
        clients = (getattr(one, "client", None) for one in self.connections)
        return sum(client is not None and client[0] == address for client in clients)
