"""Where the page listens: on this computer always, on the network only once somebody is paired."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from sensorhub.daemon.serving.connection import BoundedConnection
from sensorhub.daemon.serving.tls import TlsFiles
from sensorhub.model.errors import EnvironmentProblemError
from sensorhub.web.gate import MAX_BODY_BYTES

LOOPBACK = "127.0.0.1"
LOOK_S = 0.5
"""How often it is looked whether the network may be let in."""

MAX_CONNECTIONS = 128
MAX_WORD_BYTES = 4096
"""Longest message a page may send on the live line, where it has nothing to say."""


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the hub has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bound(host: str, port: int) -> socket.socket:
    """A listening socket. Raises EnvironmentProblemError with what to do."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        sock = socket.socket(family, kind, proto)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
            sock.listen(64)
        except OSError:
            sock.close()
            raise
    except OSError as error:
        # Port 0 asks about the address alone.
        where = f"{host}, port {port}" if port else host
        another = "another port with --port, or " if port else ""
        raise EnvironmentProblemError(
            f"The page cannot listen on {where}: {error.strerror or error}.",
            hint=f"Choose {another}an address of this computer with --host.",
        ) from error
    sock.setblocking(False)  # noqa: FBT003 (its signature)
    return sock


class Listening:
    """Serves the application, first to this computer, then to the network.

    Args:
        app: the application.
        first: listens for this computer.
        host: the address for others; a loopback address: there are no others.
        may_open: whether the network may be let in now.
        on_open: told once when it was.
        tls: certificate and key; None: plain http.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        first: socket.socket,
        host: str,
        may_open: Callable[[], bool],
        on_open: Callable[[], None],
        tls: TlsFiles | None = None,
    ) -> None:
        self._app = app
        self._host = host
        self._may_open = may_open
        self._on_open = on_open
        self._tls = tls
        self._first = first
        self._port: int = first.getsockname()[1]
        self._servers: list[_Server] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Serve until it is stopped.

        Raises:
            EnvironmentProblemError: the network cannot be served; this computer still is.
        """
        first = self._serve(self._first)
        if is_loopback(self._host):
            await asyncio.Event().wait()
        while not self._may_open():  # noqa: ASYNC110 (another program's file may tell)
            await asyncio.sleep(LOOK_S)
        if is_everywhere(self._host):
            # The wider address takes the place of the narrow one, as the system gives no port to
            # both; who is connected stays so.
            while not first.started:  # noqa: ASYNC110 (uvicorn has no event for it)
                await asyncio.sleep(LOOK_S)
            for server in first.servers:
                server.close()
        self._serve(self._wide())
        self._on_open()
        await asyncio.Event().wait()

    def _wide(self) -> socket.socket:
        """Listens for the network; where that is not to be had, this computer is served again."""
        try:
            return bound(self._host, self._port)
        except EnvironmentProblemError:
            if is_everywhere(self._host):
                self._serve(bound(LOOPBACK, self._port))
            raise

    async def stop(self) -> None:
        """Hang up on everybody."""
        for server in self._servers:
            server.should_exit = True
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._first.close()

    def _serve(self, sock: socket.socket) -> _Server:
        server = _Server(
            uvicorn.Config(
                self._app,
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                limit_concurrency=MAX_CONNECTIONS,
                h11_max_incomplete_event_size=MAX_BODY_BYTES // 2,
                http=BoundedConnection,
                ws="websockets-sansio",
                ws_max_size=MAX_WORD_BYTES,
                ws_per_message_deflate=False,
                timeout_keep_alive=15,
                timeout_graceful_shutdown=1,
                ssl_certfile=None if self._tls is None else self._tls.cert,
                ssl_keyfile=None if self._tls is None else self._tls.key,
            )
        )
        self._servers.append(server)
        self._tasks.append(asyncio.create_task(server.serve(sockets=[sock])))
        return server


def is_loopback(host: str) -> bool:
    """Whether nobody but this computer reaches that address."""
    return host in ("localhost", "::1") or host.startswith("127.")


def is_everywhere(host: str) -> bool:
    """Whether that means every address of this computer."""
    return host in ("", "0.0.0.0", "::")  # noqa: S104 (asked for by the person)


def address_for_others(host: str) -> str:
    """The address of this computer that others would use; its own name where none is known."""
    if is_loopback(host):
        return LOOPBACK
    if not is_everywhere(host):
        return f"[{host}]" if ":" in host else host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # no packet is sent: it only picks the interface
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()
