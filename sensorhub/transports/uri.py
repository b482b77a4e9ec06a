"""How a person names a link: ``ble:NAME``, ``serial:/dev/ttyACM0``, ``replay:FILE`` ...

Importing this imports no radio and no serial library.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sensorhub.model.errors import InputError

HINT = (
    "Use ble:NAME, ble:AA:BB:CC:DD:EE:FF, serial:/dev/ttyACM0, serial:socket://HOST:PORT, "
    "serial:udp://HOST or replay:FILE."
)
_ADDRESS = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}", re.IGNORECASE)
_NETWORK = re.compile(
    r"(?P<how>socket|udp)://(?P<host>\[[0-9A-Fa-f:.]+\]|[^:/\[\]\s]+)(?::(?P<port>\d{1,5}))?/?"
)
UDP_SENSOR_PORT, UDP_LISTEN_PORT = 9000, 8000
"""Where a sensor listens for datagrams, and where it sends its own, unless told otherwise."""

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
    """A serial port, or a network address that carries the same bytes.

    Attributes:
        port: a path; ``socket://HOST:PORT``: a TCP server; ``udp://HOST:PORT``: a sensor that
            sends datagrams, and where it listens.
        listen_port: the UDP port here to which it sends.
    """

    port: str
    baud_rate: int | None = None
    family: str | None = None
    listen_port: int | None = None

    @property
    def is_network(self) -> bool:
        """Whether the bytes come over TCP or UDP, which have no speed to be set."""
        return "://" in self.port

    @property
    def udp(self) -> tuple[str, int] | None:
        """The sensor's host and port where it sends datagrams, else None."""
        if not self.port.startswith("udp://"):
            return None
        host, _, port = self.port.removeprefix("udp://").rpartition(":")
        return host.strip("[]"), int(port)

    def __str__(self) -> str:
        baud, listen = (None if n is None else str(n) for n in (self.baud_rate, self.listen_port))
        return f"serial:{self.port}{_options(baud=baud, listen=listen, family=self.family)}"


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

    After a ``?`` may follow ``family=NAME``, for serial ports ``baud=NUMBER``, and for UDP
    ``listen=PORT``.

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
        known = name in ("family", "baud", "listen")
        if not known or not equals or not value or name in options:
            raise InputError(
                f"“{part}” is no option of a sensor.",
                hint="Known are family=NAME, baud=NUMBER and, for udp://, listen=PORT.",
            )
        options[name] = value
    return target.strip(), options


def _options(**given: str | None) -> str:
    text = "&".join(f"{name}={value}" for name, value in given.items() if value is not None)
    return f"?{text}" if text else ""


def _ble(target: str, options: Mapping[str, str]) -> SensorUri:
    _refuse(options, "baud", "listen")
    if _ADDRESS.fullmatch(target):
        target = target.upper()
    return BleUri(target, options.get("family"))


def _serial(target: str, options: Mapping[str, str]) -> SensorUri:
    if target.startswith(("socket://", "udp://")):
        return _network(target, options)
    if "://" in target or not target.startswith("/"):
        raise InputError(
            f"“{target}” is no serial port.",
            hint="Use the whole path, such as serial:/dev/ttyACM0; sensorhub scan lists the ports.",
        )
    _refuse(options, "listen")
    return SerialUri(target, _baud_rate(options), options.get("family"))


def _replay(target: str, options: Mapping[str, str]) -> SensorUri:
    _refuse(options, "baud", "listen")
    return ReplayUri(Path(target).expanduser(), options.get("family"))


def _network(target: str, options: Mapping[str, str]) -> SerialUri:
    match = _NETWORK.fullmatch(target)
    datagrams = match is not None and match["how"] == "udp"
    port = match and (match["port"] or (str(UDP_SENSOR_PORT) if datagrams else None))
    if match is None or port is None or not 0 < int(port) < 65536:
        raise InputError(
            f"“{target}” is no network address.",
            hint="Use socket://HOST:PORT or udp://HOST:PORT, port 1 to 65535.",
        )
    listen = None
    if datagrams:
        text = options.get("listen", str(UDP_LISTEN_PORT))
        if not re.fullmatch(r"\d{1,5}", text) or not 0 < int(text) < 65536:
            raise InputError(f"“{text}” is no port.", hint="Use a number from 1 to 65535.")
        listen = int(text)
        _refuse(options, "baud")
    else:
        _refuse(options, "listen")
    where = f"{match['how']}://{match['host']}:{int(port)}"
    return SerialUri(where, _baud_rate(options), options.get("family"), listen)


def _baud_rate(options: Mapping[str, str]) -> int | None:
    text = options.get("baud")
    if text is None:
        return None
    if not re.fullmatch(r"[1-9]\d{0,7}", text):
        raise InputError(f"“{text}” is no baud rate.", hint="Use a number such as 115200.")
    return int(text)


def _refuse(options: Mapping[str, str], *names: str) -> None:
    if "baud" in names and "baud" in options:
        raise InputError("Only a serial port has a baud rate.", hint="Leave baud= out.")
    if "listen" in names and "listen" in options:
        raise InputError("Only a udp:// sensor sends to a port here.", hint="Leave listen= out.")


_PARSERS: Mapping[str, Callable[[str, Mapping[str, str]], SensorUri]] = {
    "ble": _ble,
    "serial": _serial,
    "replay": _replay,
}

SCHEMES = frozenset(_PARSERS)
"""What a URI begins with: what does not is a registered sensor's name, where there are any."""
