"""Match rules: which signals a client of the bus asked for (D-Bus specification, "Match Rules")."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dbus_fast import Message

_PAIR = re.compile(r"\s*([a-z0-9_]+)=(?:'([^']*)'|([^,']*))\s*(?:,|$)")  # quotes may be left out


def _first_argument(message: Message) -> str:
    return message.body[0] if message.body and isinstance(message.body[0], str) else ""


def _within(path: str, namespace: str) -> bool:
    return namespace == "/" or path == namespace or path.startswith(namespace + "/")


def _path_argument(argument: str, wanted: str) -> bool:
    """``arg0path``: equal, or one ends in a slash and is a prefix of the other."""
    return (
        argument == wanted
        or (wanted.endswith("/") and argument.startswith(wanted))
        or (argument.endswith("/") and wanted.startswith(argument))
    )


_TESTS: Mapping[str, Callable[[Message, str], bool]] = {
    "type": lambda message, wanted: message.message_type.name.lower() == wanted,
    "sender": lambda message, wanted: message.sender == wanted,
    "interface": lambda message, wanted: message.interface == wanted,
    "member": lambda message, wanted: message.member == wanted,
    "path": lambda message, wanted: message.path == wanted,
    "path_namespace": lambda message, wanted: _within(message.path or "", wanted),
    "arg0": lambda message, wanted: _first_argument(message) == wanted,
    "arg0path": lambda message, wanted: _path_argument(_first_argument(message), wanted),
}


@dataclass(frozen=True, slots=True)
class MatchRule:
    """One parsed rule; compares equal to another of the same text, as RemoveMatch needs."""

    text: str
    conditions: tuple[tuple[str, str], ...]

    def matches(self, message: Message) -> bool:
        """Whether every condition holds for this signal."""
        return all(_TESTS[key](message, wanted) for key, wanted in self.conditions)


def parse_rule(text: str) -> MatchRule:
    """Read a rule. Raises ValueError on anything this bus cannot test."""
    conditions = []
    position = 0
    while position < len(text):
        pair = _PAIR.match(text, position)
        if pair is None or pair[1] not in _TESTS:
            raise ValueError(f"cannot test this match rule: {text}")
        conditions.append((pair[1], pair[3] if pair[2] is None else pair[2]))
        position = pair.end()
    return MatchRule(text, tuple(conditions))
