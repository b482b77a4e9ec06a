"""What every request passes before any page sees it: host, origin, path, size, and safe headers.

Refusals are logged by their reason and nothing else: no address, no name, no path, as these may
say who was here.
"""

import ipaddress
import logging
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 64 * 1024
MAX_PATH = 512
SAFE_METHODS = ("GET", "HEAD")
CLOSE_REFUSED = 4403  # WebSocket close code of our own: told before the handshake, seen as 403

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; media-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

_LOG = logging.getLogger(__name__)


class Gate:
    """ASGI middleware around the whole application.

    Args:
        app: what is behind it.
        names: host names this hub is called by; addresses and ``localhost`` are always right.
    """

    def __init__(self, app: ASGIApp, *, names: Collection[str] = ()) -> None:
        self._app = app
        self._names = {name.lower() for name in names} | {"localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        reason, status = self._refusal(scope)
        if reason:
            _LOG.warning("refused: %s", reason)
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": CLOSE_REFUSED, "reason": reason})
            else:
                response = JSONResponse({"error": reason}, status_code=status, headers=HEADERS)
                await response(scope, receive, send)
            return
        if scope["type"] == "http":
            await self._app(scope, _Limited(receive).receive, _dressed(send))
        else:
            await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[str, int]:
        headers = Headers(scope=scope)
        if not self._is_ours(headers.get("host", "")):
            return "foreign_host", 421
        if _is_trick(scope["path"], scope.get("raw_path", b"")):
            return "path_trick", 400
        changes = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
        if changes and not _same_origin(headers, secure=scope["scheme"] in ("https", "wss")):
            return "foreign_origin", 403
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:12]) > MAX_BODY_BYTES:
            return "too_large", 413
        return "", 0

    def _is_ours(self, host: str) -> bool:
        """A name that somebody else let point here (DNS rebinding) is not ours."""
        name = _host_name(host)
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _same_origin(headers: Headers, *, secure: bool) -> bool:
    """The page that asks must be our own; a browser always says which page asks.

    Where we serve https ourselves, a page that came by http is none of ours: somebody on the way
    may have written it. Without, a proxy before us may have made https of it.
    """
    origin = headers.get("origin", "")
    ours = {f"https://{headers['host']}"} | (set() if secure else {f"http://{headers['host']}"})
    return origin in ours


def _is_trick(path: str, raw: bytes) -> bool:
    odd = any(ord(letter) < 32 or letter in "\\\x7f%" for letter in path)
    # A path is decoded once by the server; what then still looks encoded was encoded twice.
    climbs = any(part in ("..", ".") for part in path.split("/"))
    return odd or climbs or "//" in path or len(path) > MAX_PATH or b"%2f" in raw.lower()


class TooLargeError(Exception):
    """A body grew beyond what anybody may send."""


class _Limited:
    """Counts what really comes, whatever the header promised."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._taken = 0

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._taken += len(message.get("body", b""))
            if self._taken > MAX_BODY_BYTES:
                raise TooLargeError
        return message


def _dressed(send: Send) -> Send:
    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("cache-control", "no-store")
            message = {**message, "headers": headers.raw}
        await send(message)

    return dressed


def known_names(names: Iterable[str]) -> set[str]:
    """The names of this computer and those with ``.local`` that its neighbours use."""
    plain = {name.lower() for name in names if name}
    return plain | {f"{name}.local" for name in plain if "." not in name}
