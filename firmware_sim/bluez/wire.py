"""One client of the private message bus: handshake, framing, and a bounded way out.

Marshalling is dbus-fast's; reached through its internal names, because its public bus class is a
client only. The D-Bus specification's chapters "Authentication Protocol" and "Message Protocol" say
what is done here by hand.
"""

import asyncio
import contextlib
import io
import os
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import Any

from dbus_fast import Message, MessageType
from dbus_fast._private.unmarshaller import Unmarshaller

MAX_MESSAGE_BYTES = 1 << 20
MAX_QUEUED_MESSAGES = 20_000
MAX_HANDSHAKE_BYTES = 4096


class Connection:
    """A connected client; ``on_message`` gets each whole message, ``on_close`` is called once."""

    def __init__(
        self,
        sock: socket.socket,
        name: str,
        guid: str,
        *,
        on_message: Callable[["Connection", Message], None],
        on_close: Callable[["Connection"], None],
    ) -> None:
        self.name = name
        self.greeted = False
        self._sock = sock
        self._guid = guid
        self._on_message = on_message
        self._on_close = on_close
        self._incoming = bytearray()
        self._outgoing: deque[tuple[memoryview, tuple[int, ...]]] = deque()
        self._authenticated = False
        self._passes_fds = False
        self._serial = 0
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), self._readable)

    def send(self, message: Message) -> None:
        """Queue a message; its file descriptors are handed over and closed on this side."""
        if self._closed:
            _close_all(message.unix_fds)
            return
        self._serial += 1
        message.serial = self._serial
        payload = bytes(message._marshall(self._passes_fds))  # noqa: SLF001 - no public marshaller
        self._enqueue(payload, tuple(message.unix_fds))

    def close(self) -> None:
        """Hang up. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._sock.fileno())
        self._loop.remove_writer(self._sock.fileno())
        self._sock.close()
        for _, fds in self._outgoing:
            _close_all(fds)
        self._outgoing.clear()
        self._on_close(self)

    def _enqueue(self, payload: bytes, fds: tuple[int, ...] = ()) -> None:
        idle = not self._outgoing
        self._outgoing.append((memoryview(payload), fds))
        if len(self._outgoing) > MAX_QUEUED_MESSAGES:
            self.close()  # as dbus-daemon does with a client that stopped reading
        elif idle:
            self._writable()

    def _writable(self) -> None:
        while self._outgoing:
            view, fds = self._outgoing[0]
            try:
                if fds:
                    count = socket.send_fds(self._sock, [view], list(fds))
                else:
                    count = self._sock.send(view)
            except BlockingIOError:
                self._loop.add_writer(self._sock.fileno(), self._writable)
                return
            except OSError:
                self.close()
                return
            _close_all(fds)
            if count < len(view):
                self._outgoing[0] = (view[count:], ())
            else:
                self._outgoing.popleft()
        self._loop.remove_writer(self._sock.fileno())

    def _readable(self) -> None:
        try:
            data = self._sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self._incoming += data
        if not self._authenticated:
            self._handshake()
        while self._authenticated and not self._closed:
            message = self._take_message()
            if message is None:
                return
            self._on_message(self, message)

    def _handshake(self) -> None:
        if self._incoming.startswith(b"\0"):
            del self._incoming[0]
        while not self._authenticated and b"\r\n" in self._incoming:
            line, _, rest = bytes(self._incoming).partition(b"\r\n")
            self._incoming[:] = rest
            match line.split(b" "):
                case [b"AUTH", b"EXTERNAL", *_]:
                    self._enqueue(b"OK " + self._guid.encode() + b"\r\n")
                case [b"NEGOTIATE_UNIX_FD"]:
                    self._passes_fds = True
                    self._enqueue(b"AGREE_UNIX_FD\r\n")
                case [b"BEGIN"]:
                    self._authenticated = True
                case [b"AUTH", *_]:
                    self._enqueue(b"REJECTED EXTERNAL\r\n")
                case _:
                    self._enqueue(b"ERROR\r\n")
        if not self._authenticated and len(self._incoming) > MAX_HANDSHAKE_BYTES:
            self.close()

    def _take_message(self) -> Message | None:
        """Cut one whole message off the buffer; hang up on what can be none."""
        if len(self._incoming) < 16:
            return None
        order = {ord("l"): "<", ord("B"): ">"}.get(self._incoming[0])
        if order is None:
            self.close()
            return None
        (body,) = struct.unpack_from(order + "I", self._incoming, 4)
        (fields,) = struct.unpack_from(order + "I", self._incoming, 12)
        total = 16 + (fields + 7) // 8 * 8 + body
        if total > MAX_MESSAGE_BYTES:
            self.close()
            return None
        if len(self._incoming) < total:
            return None
        raw = bytes(self._incoming[:total])
        del self._incoming[:total]
        try:
            stream: Any = io.BytesIO(raw)  # typed as a pair of pipes, used as anything readable
            message: Message | None = Unmarshaller(stream).unmarshall()
        except Exception:  # noqa: BLE001 - dbus-fast raises many kinds on bytes from outside
            message = None
        if message is None or not _is_whole(message):
            self.close()
            return None
        return message


def _is_whole(message: Message) -> bool:
    """Whether a method call says what is called; dbus-fast does not check what it reads."""
    is_call = message.message_type is MessageType.METHOD_CALL
    return not is_call or bool(message.path and message.member)


def _close_all(fds: tuple[int, ...] | list[int]) -> None:
    for fd in fds:
        with contextlib.suppress(OSError):
            os.close(fd)
