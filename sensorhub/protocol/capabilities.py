"""What a device says it can do: a CBOR map, read without trusting a byte of it."""

import zlib
from dataclasses import dataclass

import cbor2

from sensorhub.protocol.malformed import MalformedPacketError

MAX_CAPABILITIES = 4096
_MAX_TEXT = 64
_MAX_LIST = 64
_FEATURES = ("wallclock", "backfill", "cue", "name", "sleep", "mark", "encryption", "smp")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The map of ``docs/protocol.md``, section 7. Missing entries are empty; unknown are ignored.

    Attributes:
        features: names of the optional abilities that are there.
    """

    model: str = ""
    firmware: str = ""
    hardware: str = ""
    formats: tuple[int, ...] = ()
    rates_hz: tuple[float, ...] = ()
    acc_ranges_g: tuple[int, ...] = ()
    gyr_ranges_dps: tuple[int, ...] = ()
    highest_ble_rate_hz: float | None = None
    ring_bytes: int | None = None
    has_led: bool = False
    has_haptic: bool = False
    features: frozenset[str] = frozenset()
    hash: int = 0

    @classmethod
    def decode(cls, data: bytes) -> "Capabilities":
        """Raises MalformedPacketError on anything that is not a map of at most 4096 bytes."""
        if len(data) > MAX_CAPABILITIES:
            raise MalformedPacketError("capabilities too long")
        try:
            tree = cbor2.loads(data)
        except Exception as error:  # versions of cbor2 differ in what hostile bytes make them raise
            raise MalformedPacketError("capabilities are not CBOR") from error
        if not isinstance(tree, dict):
            raise MalformedPacketError("capabilities are not a map")
        streams = tree.get(5)
        stream = streams[0] if isinstance(streams, list) and streams else {}
        if not isinstance(stream, dict):
            stream = {}
        best = _number(stream.get(5))
        cue = _number(tree.get(7)) or 0
        bits = _number(tree.get(8)) or 0
        return cls(
            model=_text(tree.get(1)),
            firmware=_text(tree.get(2)),
            hardware=_text(tree.get(3)),
            formats=_numbers(stream.get(1)),
            rates_hz=tuple(rate / 1000 for rate in _numbers(stream.get(2))),
            acc_ranges_g=_numbers(stream.get(3)),
            gyr_ranges_dps=_numbers(stream.get(4)),
            highest_ble_rate_hz=None if best is None else best / 1000,
            ring_bytes=_number(tree.get(6)),
            has_led=bool(cue & 1),
            has_haptic=bool(cue & 2),
            features=frozenset(name for bit, name in enumerate(_FEATURES) if bits >> bit & 1),
            hash=zlib.crc32(data),
        )


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    return "".join(c for c in value[:_MAX_TEXT] if c.isprintable())


def _number(value: object) -> int | None:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 32
    return value if good else None  # type: ignore[return-value]  # ``good`` says it is an int


def _numbers(value: object) -> tuple[int, ...]:
    if not isinstance(value, list):
        return ()
    read = (_number(entry) for entry in value[:_MAX_LIST])
    return tuple(entry for entry in read if entry is not None)
