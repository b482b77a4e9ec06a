"""How a person names a link: ``ble:NAME``, ``serial:/dev/ttyACM0``, ``replay:FILE`` ...

Importing this imports no radio and no serial library.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sensorhub.model.errors import InputError

HINT = (
    "Use ble:NAME, ble:AA:BB:CC:DD:EE:FF, serial:/dev/ttyACM0, serial:socket://HOST:PORT "
    "or replay:FILE."
)
_ADDRESS = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}", re.IGNORECASE)
_SOCKET = re.compile(r"socket://(?P<host>\[[0-9A-Fa-f:.]+\]|[^:/\[\]\s]+):(?P<port>\d{1,5})/?")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class BleUri:
    """A Bluetooth sensor by its advertised name or its address (upper case)."""

    target: str
    family: str | None = None

    @property
    def is_address(self) -> bool:
        """Whether ``target`` is an address rather than a name."""
        return _ADDRESS.fullmatch(self.target) is not None

    def __str__(self) -> str:
        return f"ble:{self.target}{_options(family=self.family)}"


@dataclass(frozen=True, slots=True)
class SerialUri:
    """A serial port, or a TCP server that carries the same bytes (``socket://HOST:PORT``)."""

    port: str
    baud_rate: int | None = None
    family: str | None = None

    @property
    def is_socket(self) -> bool:
        """Whether the bytes come over TCP."""
        return self.port.startswith("socket://")

    def __str__(self) -> str:
        baud = None if self.baud_rate is None else str(self.baud_rate)
        return f"serial:{self.port}{_options(baud=baud, family=self.family)}"


@dataclass(frozen=True, slots=True)
class ReplayUri:
    """A file of records, played back as if it came from the sensor now."""

    path: Path
    family: str | None = field(default=None)

    def __str__(self) -> str:
        return f"replay:{self.path}{_options(family=self.family)}"


SensorUri = BleUri | SerialUri | ReplayUri


def parse_uri(text: str) -> SensorUri:
    """Read a sensor's URI.

    After a ``?`` may follow ``family=NAME`` and, for serial ports, ``baud=NUMBER``.

    Raises:
        InputError: it is none, and what it should look like.
    """
    if len(text) > _LONGEST or _UNPRINTABLE.search(text):
        raise InputError(
            "That is no sensor: it is too long or holds control characters.", hint=HINT
        )
    scheme, colon, rest = text.strip().partition(":")
    parser = _PARSERS.get(scheme.lower())
    if not colon or parser is None:
        raise InputError(f"“{text}” does not say how to reach a sensor.", hint=HINT)
    target, options = _split_options(rest)
    if not target:
        raise InputError(f"“{text}” names no sensor after “{scheme}:”.", hint=HINT)
    return parser(target, options)


def _split_options(rest: str) -> tuple[str, dict[str, str]]:
    target, question, tail = rest.partition("?")
    options: dict[str, str] = {}
    for part in tail.split("&") if question else ():
        name, equals, value = part.partition("=")
        if name not in ("family", "baud") or not equals or not value or name in options:
            raise InputError(
                f"“{part}” is no option of a sensor.", hint="Known are family=NAME and baud=NUMBER."
            )
        options[name] = value
    return target.strip(), options


def _options(**given: str | None) -> str:
    text = "&".join(f"{name}={value}" for name, value in given.items() if value is not None)
    return f"?{text}" if text else ""


def _ble(target: str, options: Mapping[str, str]) -> SensorUri:
    _refuse_baud(options)
    if _ADDRESS.fullmatch(target):
        target = target.upper()
    return BleUri(target, options.get("family"))


def _serial(target: str, options: Mapping[str, str]) -> SensorUri:
    if target.startswith("socket://"):
        match = _SOCKET.fullmatch(target)
        if match is None or not 0 < int(match["port"]) < 65536:
            raise InputError(
                f"“{target}” is no network address.",
                hint="Use socket://HOST:PORT, port 1 to 65535.",
            )
        target = f"socket://{match['host']}:{int(match['port'])}"
    elif "://" in target or not target.startswith("/"):
        raise InputError(
            f"“{target}” is no serial port.",
            hint="Use the whole path, such as serial:/dev/ttyACM0; sensorhub scan lists the ports.",
        )
    baud_text = options.get("baud")
    if baud_text is None:
        return SerialUri(target, None, options.get("family"))
    if not re.fullmatch(r"[1-9]\d{0,7}", baud_text):
        raise InputError(f"“{baud_text}” is no baud rate.", hint="Use a number such as 115200.")
    return SerialUri(target, int(baud_text), options.get("family"))


def _replay(target: str, options: Mapping[str, str]) -> SensorUri:
    _refuse_baud(options)
    return ReplayUri(Path(target).expanduser(), options.get("family"))


def _refuse_baud(options: Mapping[str, str]) -> None:
    if "baud" in options:
        raise InputError("Only a serial port has a baud rate.", hint="Leave baud= out.")


_PARSERS: Mapping[str, Callable[[str, Mapping[str, str]], SensorUri]] = {
    "ble": _ble,
    "serial": _serial,
    "replay": _replay,
}

SCHEMES = frozenset(_PARSERS)
"""What a URI begins with: what does not is a registered sensor's name, where there are any."""
