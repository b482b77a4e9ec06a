"""What every device family provides. One module a family in this package, found by itself.

A family is a :class:`DeviceFamily` constant named ``FAMILY``. Its two halves are sans-I/O:

* the **decoder** turns raw-log records into typed events and is all that replay needs;
* the **controller** decides what to write (greet, configure, start, synchronise, back-fill, stop)
  and when, from those events and the time it is told. It never decodes, and replay never runs it.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from sensorhub.model.events import DeviceEvent
from sensorhub.model.link import Record
from sensorhub.model.profile import BleChannel, BleProfile, SerialProfile

__all__ = [
    "BleChannel",
    "BleProfile",
    "ClockKind",
    "Controller",
    "ControllerState",
    "Decoder",
    "DeviceFamily",
    "LinkCounters",
    "LossKind",
    "Outgoing",
    "SerialProfile",
    "StreamSettings",
]


@dataclass(frozen=True, slots=True)
class LinkCounters:
    """What the decoder counted, samples unless said otherwise: received + lost = promised."""

    received: int = 0
    lost: int = 0
    duplicate: int = 0
    backfilled: int = 0
    rejected_bytes: int = 0


class Decoder(Protocol):
    """Bytes to events: a pure function of the records fed so far; no record ever makes it raise."""

    @property
    def counters(self) -> LinkCounters: ...

    def feed(self, record: Record) -> list[DeviceEvent]: ...


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Bytes to write now on one channel."""

    channel: str
    data: bytes


class ControllerState(enum.StrEnum):
    """How far the conversation with the device is."""

    DOWN = "down"
    GREETING = "greeting"
    STARTING = "starting"
    STREAMING = "streaming"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"  # ``failure`` says why; reconnecting will not help


class Controller(Protocol):
    """Decides what to say to the device. Owns no clock: every call tells it the time."""

    @property
    def state(self) -> ControllerState: ...

    @property
    def failure(self) -> Exception | None: ...

    def link_up(self, now_ns: int, max_payload: int | None) -> None: ...

    def link_down(self, now_ns: int) -> None: ...

    def handle(self, event: DeviceEvent, now_ns: int) -> None: ...

    def request_stop(self, now_ns: int) -> None:
        """Stop the stream politely; ``state`` becomes STOPPED when the device confirmed."""

    def cue(self, now_ns: int, pattern: str) -> None:
        """Let the sensor itself signal the person, where it can; else nothing."""

    def poll(self, now_ns: int) -> list[Outgoing]:
        """What is to be written now. May raise LinkLostError when the device no longer answers."""

    def next_poll_ns(self) -> int | None:
        """When ``poll`` wants to be called next if nothing arrives; None: not by time."""


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What the hub asks a sensor for; the device grants the nearest it has.

    ``patience_factor`` multiplies how long an answer is waited for: 1 for a real sensor, more where
    the hub's clock is accelerated but the machine is not.
    """

    rate_hz: float = 100.0
    acc_range_g: int = 8
    gyr_range_dps: int = 1000
    patience_factor: float = 1.0

    def at_speed(self, speed: float) -> "StreamSettings":
        """The same for an accelerated clock: half a second of the wall for an answer, at least."""
        return replace(self, patience_factor=max(self.patience_factor, speed / 4.0))


class ClockKind(enum.StrEnum):
    """Where the times of samples come from. What is declared is tested (tests/contracts)."""

    EXCHANGED = "exchanged"  # the device's clock, compared with ours both ways
    STAMPED = "stamped"  # the device's clock, known from arrivals only
    COUNTED = "counted"  # samples are counted, their rate estimated from when they arrive


class LossKind(enum.StrEnum):
    """Which missing samples are declared lost. What is declared is tested (tests/contracts)."""

    NUMBERED = "numbered"  # every one, exactly
    TIMED = "timed"  # every one, as many as the time between packets says
    SILENCES = "silences"  # those of silences over half a second; shorter losses go unseen


@dataclass(frozen=True, slots=True)
class DeviceFamily:
    """One family of sensors, all that the rest of the hub needs to know about it.

    Attributes:
        clock_kind, loss_kind: what the hub relies on; ``clock`` and ``loss_detection`` are the same
            for people, in the family's own words.
        backfills: samples may come late, from the device's memory. Where they never do, a stored
            log is assembled block by block, and nothing of it is kept.
    """

    name: str
    title: str
    new_decoder: Callable[[], Decoder]
    new_controller: Callable[[StreamSettings], Controller]
    ble: BleProfile | None = None
    serial: SerialProfile | None = None
    rates_hz: tuple[float, ...] = ()
    clock: str = "none"
    loss_detection: str = "none"
    clock_kind: ClockKind = ClockKind.COUNTED
    loss_kind: LossKind = LossKind.SILENCES
    backfills: bool = False
    battery: bool = False
    evidence: str = "simulated"  # vector-tested | simulated | hardware-tested
    notes: tuple[str, ...] = field(default=())
