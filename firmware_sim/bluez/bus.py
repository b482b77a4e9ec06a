"""A message bus of our own, small enough to live in a test: no dbus-daemon, no system service.

It serves one unix socket. Clients may call the bus itself and the services that live in this
process (``org.bluez``); they receive the signals they asked for. Clients cannot call one another.
"""

import asyncio
import socket
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from dbus_fast import Message, MessageType
from dbus_fast.constants import MessageFlag

from firmware_sim.bluez.matching import MatchRule, parse_rule
from firmware_sim.bluez.wire import Connection

BUS_NAME = "org.freedesktop.DBus"
BUS_PATH = "/org/freedesktop/DBus"
ERROR = "org.freedesktop.DBus.Error."

Handler = Callable[[Message], None]
"""Takes one method call and answers it, now or later, through :meth:`PrivateBus.reply`."""


class BusError(Exception):
    """A D-Bus error to answer with: its name and its text."""

    def __init__(self, name: str, text: str = "") -> None:
        super().__init__(text)
        self.name = name
        self.text = text


class PrivateBus:
    """The bus. ``address`` is what belongs into ``DBUS_SYSTEM_BUS_ADDRESS``."""

    def __init__(self, socket_path: Path) -> None:
        self.address = f"unix:path={socket_path}"
        self._path = socket_path
        self._guid = uuid.uuid4().hex
        self._connections: dict[str, Connection] = {}
        self._rules: dict[str, list[MatchRule]] = {}
        self._services: dict[str, Handler] = {}
        self._owned: dict[str, str] = {}
        self._watchers: list[Callable[[str], None]] = []
        self._counter = 0
        self._methods: Mapping[str, Callable[[Message], tuple[str, list[object]]]] = {
            "Hello": self._hello,
            "AddMatch": self._add_match,
            "RemoveMatch": self._remove_match,
            "GetNameOwner": self._get_name_owner,
            "NameHasOwner": self._name_has_owner,
            "ListNames": self._list_names,
            "RequestName": self._request_name,
            "StartServiceByName": self._start_service,
        }
        self._listener: socket.socket | None = None

    def start(self) -> None:
        """Begin to listen. Raises OSError when the socket cannot be made."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.settimeout(0)
        try:
            self._path.unlink(missing_ok=True)
            listener.bind(str(self._path))
            listener.listen(64)
        except OSError:
            listener.close()
            raise
        self._listener = listener
        asyncio.get_running_loop().add_reader(listener.fileno(), self._accept)

    def stop(self) -> None:
        """Hang up on everybody and remove the socket: to clients, the bus has died."""
        if self._listener is None:
            return
        asyncio.get_running_loop().remove_reader(self._listener.fileno())
        self._listener.close()
        self._listener = None
        for connection in list(self._connections.values()):
            connection.close()
        self._path.unlink(missing_ok=True)

    def own(self, name: str, handler: Handler) -> None:
        """Let a service of this process appear on the bus."""
        self._services[name] = handler
        self._announce(name, "", name)

    def disown(self, name: str) -> None:
        """Let it vanish, as when its process dies."""
        if self._services.pop(name, None) is not None:
            self._announce(name, name, "")

    def on_client_gone(self, watcher: Callable[[str], None]) -> None:
        """Call ``watcher`` with the unique name of every client that leaves."""
        self._watchers.append(watcher)

    def signal(self, message: Message) -> None:
        """Deliver a signal to every client that asked for it, once each."""
        for name, rules in list(self._rules.items()):
            if any(rule.matches(message) for rule in rules):
                self._connections[name].send(message)

    def reply(
        self, call: Message, signature: str = "", body: list[object] | None = None, fd: int = -1
    ) -> None:
        """Answer a method call. ``fd`` is passed on and closed on this side."""
        fds = [fd] if fd >= 0 else []
        self._answer(call, Message.new_method_return(call, signature, body or [], fds))

    def reply_error(self, call: Message, error: BusError) -> None:
        """Answer a method call with an error."""
        self._answer(call, Message.new_error(call, error.name, error.text))

    def _answer(self, call: Message, answer: Message) -> None:
        connection = self._connections.get(call.sender or "")
        if connection is not None and not call.flags & MessageFlag.NO_REPLY_EXPECTED:
            connection.send(answer)

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            sock, _ = self._listener.accept()
        except OSError:
            return
        sock.settimeout(0)
        self._counter += 1
        name = f":1.{self._counter}"
        self._rules[name] = []
        self._connections[name] = Connection(
            sock, name, self._guid, on_message=self._message, on_close=self._gone
        )

    def _gone(self, connection: Connection) -> None:
        self._connections.pop(connection.name, None)
        self._rules.pop(connection.name, None)
        for name in [name for name, owner in self._owned.items() if owner == connection.name]:
            del self._owned[name]
        for watcher in self._watchers:
            watcher(connection.name)

    def _message(self, connection: Connection, message: Message) -> None:
        if message.message_type is not MessageType.METHOD_CALL:
            return  # nobody here calls a client, so no answer of theirs is awaited
        message.sender = connection.name
        if message.destination == BUS_NAME:
            self._call_bus(message)
        elif (handler := self._services.get(message.destination or "")) is not None:
            handler(message)
        else:
            text = f"The name {message.destination} was not provided by any .service files"
            self.reply_error(message, BusError(ERROR + "ServiceUnknown", text))

    def _call_bus(self, call: Message) -> None:
        method = self._methods.get(call.member or "")
        if method is None:
            self.reply_error(call, BusError(ERROR + "UnknownMethod", call.member or ""))
            return
        try:
            signature, body = method(call)
        except BusError as error:
            self.reply_error(call, error)
        except (ValueError, IndexError) as error:
            self.reply_error(call, BusError(ERROR + "InvalidArgs", str(error)))
        else:
            self.reply(call, signature, body)

    def _hello(self, call: Message) -> tuple[str, list[object]]:
        return "s", [call.sender]

    def _add_match(self, call: Message) -> tuple[str, list[object]]:
        self._rules[str(call.sender)].append(parse_rule(str(call.body[0])))
        return "", []

    def _remove_match(self, call: Message) -> tuple[str, list[object]]:
        rules = self._rules[str(call.sender)]
        rule = parse_rule(str(call.body[0]))
        if rule not in rules:
            raise BusError(ERROR + "MatchRuleNotFound", rule.text)
        rules.remove(rule)
        return "", []

    def _owner(self, name: str) -> str | None:
        if name == BUS_NAME or name in self._services or name in self._connections:
            return name
        return self._owned.get(name)

    def _get_name_owner(self, call: Message) -> tuple[str, list[object]]:
        owner = self._owner(str(call.body[0]))
        if owner is None:
            raise BusError(ERROR + "NameHasNoOwner", f"Could not get owner of {call.body[0]}")
        return "s", [owner]

    def _name_has_owner(self, call: Message) -> tuple[str, list[object]]:
        return "b", [self._owner(str(call.body[0])) is not None]

    def _list_names(self, _call: Message) -> tuple[str, list[object]]:
        return "as", [[BUS_NAME, *self._services, *self._connections, *self._owned]]

    def _request_name(self, call: Message) -> tuple[str, list[object]]:
        name = str(call.body[0])
        if self._owner(name) is not None:
            return "u", [3]  # DBUS_REQUEST_NAME_REPLY_EXISTS
        self._owned[name] = str(call.sender)
        self._announce(name, "", str(call.sender))
        return "u", [1]  # DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER

    def _start_service(self, call: Message) -> tuple[str, list[object]]:
        if self._owner(str(call.body[0])) is None:
            raise BusError(ERROR + "ServiceUnknown", f"nobody provides {call.body[0]}")
        return "u", [2]  # DBUS_START_REPLY_ALREADY_RUNNING

    def _announce(self, name: str, old: str, new: str) -> None:
        self.signal(
            Message(
                path=BUS_PATH,
                interface=BUS_NAME,
                member="NameOwnerChanged",
                sender=BUS_NAME,
                message_type=MessageType.SIGNAL,
                signature="sss",
                body=[name, old, new],
            )
        )
