"""What shall go wrong, as a person writes it.

A fault is written ``KIND[=RATE][@AT[:DURATION]][,amount=X][,lane=L]``, times in seconds of the
simulated world, or as a table ``[[fault]]`` of a TOML file with the same words.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from firmware_sim.fields import Fields, InputError, nearest, read_toml


class Kind(StrEnum):
    DROP = "drop"
    DUPLICATE = "duplicate"
    CORRUPT = "corrupt"
    DELAY = "delay"
    SPLIT = "split"
    STALL = "stall"
    DISCONNECT = "disconnect"
    REBOOT = "reboot"
    BUTTON = "button"
    CHARGER = "charger"
    BATTERY = "battery"
    SENSOR = "sensor"
    LOSE = "lose"


@dataclass(frozen=True, slots=True)
class KindRule:
    """How a kind is read; ``amount`` is its default."""

    text: str
    amount: float = 0.0
    by_packet: bool = False  # else it happens at instants


KINDS: Final[dict[Kind, KindRule]] = {
    Kind.DROP: KindRule("a packet is lost (on a serial line a run of its bytes)", by_packet=True),
    Kind.DUPLICATE: KindRule("a packet arrives twice (serial: a run of bytes)", by_packet=True),
    Kind.CORRUPT: KindRule("one to three bits of a packet flip", by_packet=True),
    Kind.DELAY: KindRule("a packet is late by AMOUNT s on average", 0.05, by_packet=True),
    Kind.SPLIT: KindRule("a packet arrives in pieces over AMOUNT s (serial)", 0.01, by_packet=True),
    Kind.STALL: KindRule("nothing arrives for DURATION s, then all at once"),
    Kind.DISCONNECT: KindRule("out of reach for DURATION s (without one: 1 to 20)"),
    Kind.REBOOT: KindRule("the device restarts"),
    Kind.BUTTON: KindRule("its button is pressed"),
    Kind.CHARGER: KindRule("a charger is connected (AMOUNT 1) or taken away (0)", 1.0),
    Kind.BATTERY: KindRule("the battery is at AMOUNT percent", 1.0),
    Kind.SENSOR: KindRule("the motion sensor stops answering"),
    Kind.LOSE: KindRule("the device itself loses AMOUNT samples", 20.0),
}
_LANES: Final = ("control", "data", "bulk", "battery", "serial", "in")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        rate: a packet's probability, or for what happens at instants how often a minute.
        at_s: when it happens or begins; None: at any time, by ``rate``.
        duration_s: how long it lasts.
        lane: only there; ``in`` is everything from the host; None: everything to the host.
    """

    kind: Kind
    rate: float | None = None
    at_s: float | None = None
    duration_s: float | None = None
    amount: float | None = None
    lane: str | None = None

    @property
    def strength(self) -> float:
        return KINDS[self.kind].amount if self.amount is None else self.amount

    def active(self, now_us: int) -> bool:
        """A fault by packets applies now."""
        if self.at_s is None:
            return True
        end_s = float("inf") if self.duration_s is None else self.at_s + self.duration_s
        return self.at_s * 1e6 <= now_us < end_s * 1e6


def parse_fault(text: str) -> Fault:
    """A fault as written on a command line.

    Raises:
        InputError: it cannot be read; says what is expected.
    """
    where = f"fault {text!r}"
    head, *pairs = text.split(",")
    head, _, when = head.partition("@")
    kind, _, rate = head.partition("=")
    at, _, duration = when.partition(":")
    fields: dict[str, object] = {"kind": kind.strip()}
    for name, value in (("rate", rate), ("at_s", at), ("duration_s", duration)):
        if value:
            fields[name] = _number(value, where)
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise InputError(f"{where}: {pair!r} is not NAME=VALUE")
        fields[name.strip()] = value.strip() if name.strip() == "lane" else _number(value, where)
    return _fault(Fields(fields, where))


def read_faults(path: Path) -> tuple[Fault, ...]:
    """The ``[[fault]]`` tables of a TOML file.

    Raises:
        InputError: the file cannot be read, or a table in it.
    """
    fields = Fields(read_toml(path), str(path))
    faults = tuple(_fault(table) for table in fields.tables("fault"))
    fields.close()
    return faults


def _number(text: str, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{where}: {text!r} is not a number") from None


def _fault(fields: Fields) -> Fault:
    word = fields.word("kind", "")
    if word not in tuple(Kind):
        hint = nearest(word, [kind.value for kind in Kind])
        raise InputError(f"{fields.where}: no fault {word!r}{hint}")
    kind = Kind(word)
    rule = KINDS[kind]
    most = 1.0 if rule.by_packet else 600.0
    fault = Fault(
        kind,
        rate=fields.number("rate", 0.0, low=0.0, high=most) if "rate" in fields else None,
        at_s=fields.number("at_s", 0.0, low=0.0) if "at_s" in fields else None,
        duration_s=fields.number("duration_s", 0.0, low=0.0) if "duration_s" in fields else None,
        amount=fields.number("amount", 0.0, low=0.0) if "amount" in fields else None,
        lane=fields.word("lane", "", _LANES) if "lane" in fields else None,
    )
    fields.close()
    if fault.rate is None and fault.at_s is None:
        raise InputError(f"{fields.where}: say how often ({kind}=0.01) or when ({kind}@12)")
    if fault.lane is not None and not rule.by_packet:
        raise InputError(f"{fields.where}: {kind} has no lane")
    return fault


def explain_faults() -> Iterable[str]:
    """One line a kind, for a help page."""
    for kind, rule in KINDS.items():
        yield f"{kind:<11}{rule.text}"
