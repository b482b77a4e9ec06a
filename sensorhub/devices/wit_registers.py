"""The registers of WitMotion sensors, and the conversation about them: the same by radio and cable.

Nothing has to be started: these sensors stream whenever somebody listens. What has to be said is
read and written one register at a time, because an answer names no question but its register:

1. read 0x96: in displacement mode the packets look the same and mean something else, so that mode
   is switched off before any sample is believed;
2. read version and serial number, for the log;
3. read the rate; where it is not the wanted one: unlock, write, save, each with the time the
   sensor's flash needs, and read it again;
4. from then on only the battery is read, once a minute: where that begins nothing is changed any
   more, and samples are believed.
"""

import itertools
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sensorhub.devices.base import ControllerState, Outgoing, StreamSettings
from sensorhub.model.errors import DeviceError, LinkLostError
from sensorhub.model.events import BatteryReported, DeviceEvent
from sensorhub.model.units import NS_PER_S

SAVE, OUTPUT, RATE, VERSION, BATTERY = 0x00, 0x02, 0x03, 0x2E, 0x64
SERIAL_NUMBER, DISPLACEMENT = 0x7F, 0x96
UNLOCK: Final = bytes.fromhex("FFAA6988B5")

RATES_HZ: Final = {0x06: 10.0, 0x07: 20.0, 0x08: 50.0, 0x09: 100.0, 0x0B: 200.0}
"""Register 0x03. 0x0A, nominally 125 Hz, is left out: it was found to give 99."""

ACC_G_PER_LSB: Final = 16.0 / 32768.0
GYR_DPS_PER_LSB: Final = 2000.0 / 32768.0

_LADDER: Final = (
    (340, 0), (350, 5), (368, 10), (370, 15), (373, 20), (377, 30),
    (379, 40), (382, 50), (387, 60), (393, 75), (396, 100),
)  # fmt: skip
"""Centivolts and percent: the vendor's table, with straight lines between its points."""

_ASK_AGAIN_NS, _TRIES = 500_000_000, 4
_WRITE_WAIT_NS, _SAVE_WAIT_NS = 120_000_000, 700_000_000
_MOST_CHANGES = 2
_SILENT = (ControllerState.DOWN, ControllerState.STOPPED, ControllerState.FAILED)
_BATTERY_EVERY_NS = 60 * NS_PER_S


@dataclass(frozen=True, slots=True)
class WitRegisters(DeviceEvent):
    """The answer to a register read: ``values`` (u16) from ``register`` on."""

    register: int
    values: tuple[int, ...]


def read_command(register: int) -> bytes:
    """Return the command that reads ``register`` and those behind it."""
    return bytes((0xFF, 0xAA, 0x27, register, 0x00))


def write_command(register: int, value: int) -> bytes:
    """Return the command that writes a 16-bit register."""
    return bytes((0xFF, 0xAA, register)) + value.to_bytes(2, "little")


def written(command: bytes) -> tuple[int, int] | None:
    """Return register and value where ``command`` is a write, else None."""
    if len(command) != 5 or command[:2] != b"\xff\xaa" or command[2] in (0x27, 0x69):
        return None
    return command[2], int.from_bytes(command[3:], "little")


def serial_number(answer: WitRegisters) -> str:
    """Return the printable part of a serial number's registers; empty where they are unset."""
    values = answer.values[:6]
    text = struct.pack(f"<{len(values)}H", *values)
    return "".join(chr(byte) for byte in text if 0x20 < byte < 0x7F)


def asked_register(command: bytes) -> int | None:
    """Return the register that a read command asks for; None: it is none."""
    return command[3] if command[:3] == b"\xff\xaa\x27" and len(command) == 5 else None


def battery_percent(centivolts: int) -> int:
    """Return the charge of the sensor's one lithium cell."""
    for (low, low_percent), (high, high_percent) in itertools.pairwise(_LADDER):
        if centivolts < high:
            share = max(0, centivolts - low) / (high - low)
            return round(low_percent + share * (high_percent - low_percent))
    return _LADDER[-1][1]


def register_events(answer: WitRegisters) -> list[DeviceEvent]:
    """Return the answer itself, and what it means beyond the registers."""
    events: list[DeviceEvent] = [answer]
    if answer.register == BATTERY and answer.values[0]:  # 0: its flash is busy, ask again
        centivolts = answer.values[0]
        percent = battery_percent(centivolts)
        events.append(BatteryReported(answer.host_time_ns, percent, 10 * centivolts))
    return events


@dataclass(frozen=True, slots=True)
class WitAlive(DeviceEvent):
    """Several packets in a row made sense: the line's speed is right."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One thing to say; a read (``register``) is repeated until it is answered."""

    command: bytes
    register: int | None = None
    wait_ns: int = 0


class WitController:
    """See :class:`sensorhub.devices.base.Controller`.

    Args:
        lane: the channel to write to.
        output: what register 0x02 is to hold (serial: which packets are sent), None: leave it.
        displaces: it has a displacement mode, which must be off; else unanswered questions are
            let be (serial: old firmware does not answer).
        silence_ns: a link on which nothing makes sense for so long is at the wrong speed.
    """

    def __init__(
        self,
        settings: StreamSettings,
        *,
        lane: str,
        output: int | None = None,
        displaces: bool = False,
        silence_ns: int | None = None,
    ) -> None:
        self._lane = lane
        self._output = output
        self._displaces = displaces
        self._failure: DeviceError | None = None
        self._changes: dict[int, int] = {}
        self._patience_factor = settings.patience_factor
        self._silence_ns = silence_ns
        self._rate_code = min(RATES_HZ, key=lambda code: abs(RATES_HZ[code] - settings.rate_hz))
        self._state = ControllerState.DOWN
        self._steps: deque[_Step] = deque()
        self._due_ns = 0
        self._tries = 0
        self._heard = False
        self._up_ns = 0
        self._on_answer: dict[int, Callable[[int], None]] = {
            DISPLACEMENT: self._displacement,
            RATE: self._rate,
            OUTPUT: self._outputs,
        }

    @property
    def state(self) -> ControllerState:
        """How far the conversation is."""
        return self._state

    @property
    def failure(self) -> Exception | None:
        """Why the state is FAILED."""
        return self._failure

    def link_up(self, now_ns: int, max_payload: int | None) -> None:  # noqa: ARG002 - commands are short
        """Begin the conversation."""
        if self._state in (ControllerState.STOPPED, ControllerState.FAILED):
            return
        self._state = ControllerState.GREETING
        reads = [VERSION, SERIAL_NUMBER, RATE]
        if self._displaces:
            reads.insert(0, DISPLACEMENT)
        if self._output is not None:
            reads.insert(-1, OUTPUT)
        self._steps = deque(_read(register) for register in reads)
        self._changes.clear()
        self._due_ns = self._up_ns = now_ns
        self._tries = 0
        self._heard = False

    def link_down(self, now_ns: int) -> None:  # noqa: ARG002 - nothing is timed
        """Forget the conversation."""
        self._steps.clear()
        if self._state not in (ControllerState.STOPPED, ControllerState.FAILED):
            self._state = ControllerState.DOWN

    def handle(self, event: DeviceEvent, now_ns: int) -> None:
        """Take an answer."""
        self._heard |= isinstance(event, WitRegisters | WitAlive)
        if not isinstance(event, WitRegisters) or not self._steps:
            return
        if self._steps[0].register != event.register:
            return  # an answer to a question asked twice
        self._steps.popleft()
        self._tries = 0
        self._due_ns = now_ns
        answered = self._on_answer.get(event.register)
        if answered is not None and self._state is not ControllerState.STREAMING:
            answered(event.values[0])
        self._settle(now_ns)

    def request_stop(self, now_ns: int) -> None:  # noqa: ARG002 - there is nothing to stop
        """These sensors stop when nobody listens."""
        if self._state is not ControllerState.FAILED:
            self._state = ControllerState.STOPPED
        self._steps.clear()

    def cue(self, now_ns: int, pattern: str) -> None:
        """They have nothing to signal with."""

    def poll(self, now_ns: int) -> list[Outgoing]:
        """Return what is due; LinkLostError where a question stays unanswered."""
        if self._state in _SILENT or now_ns < self._due_ns:
            return []
        self._mind_silence(now_ns)
        if not self._steps:
            self._steps.append(_read(BATTERY))
            self._tries = 0
        step = self._steps[0]
        if step.register is None:
            self._steps.popleft()
            self._due_ns = now_ns + step.wait_ns
            return [Outgoing(self._lane, step.command)]
        if self._tries >= _TRIES:
            if not self._displaces or step.register not in (DISPLACEMENT, RATE):
                self._steps.popleft()  # not every firmware has every register
                self._tries = 0
                self._settle(now_ns)
                return []
            raise LinkLostError(
                "The sensor does not answer.", hint="Switch it off and on again; charge it."
            )
        self._tries += 1
        self._due_ns = now_ns + round(_ASK_AGAIN_NS * self._patience_factor)
        return [Outgoing(self._lane, step.command)]

    def next_poll_ns(self) -> int | None:
        """When the next thing is due."""
        if self._state in _SILENT:
            return None
        return self._due_ns

    def _settle(self, now_ns: int) -> None:
        if self._steps or self._state is not ControllerState.GREETING:
            if not self._steps:
                self._due_ns = now_ns + _BATTERY_EVERY_NS
            return
        self._state = ControllerState.STREAMING
        self._due_ns = now_ns

    def _mind_silence(self, now_ns: int) -> None:
        if self._heard or self._silence_ns is None:
            return
        if now_ns - self._up_ns >= self._silence_ns * self._patience_factor:
            raise LinkLostError(
                "Nothing comes from the sensor that makes sense at this speed.",
                hint="The hub tries the other speeds.",
            )

    def _displacement(self, mode: int) -> None:
        if mode:
            self._change(DISPLACEMENT, 0)

    def _rate(self, code: int) -> None:
        if code & 0xFF != self._rate_code:
            self._change(RATE, self._rate_code)

    def _outputs(self, mask: int) -> None:
        if self._output is not None and mask != self._output:
            self._change(OUTPUT, self._output)

    def _change(self, register: int, value: int) -> None:
        """Write a register to flash and read it back, before anything else; twice at most."""
        self._changes[register] = self._changes.get(register, 0) + 1
        if self._changes[register] > _MOST_CHANGES:
            if register == DISPLACEMENT:
                self._state = ControllerState.FAILED
                self._failure = DeviceError(
                    "The sensor stays in displacement mode, in which it tells no acceleration.",
                    hint="Reset it with the maker's app, then connect again.",
                )
            return  # any other is taken as it is: the decoder reads what it says
        self._steps.extendleft(
            reversed(
                (
                    _Step(UNLOCK, wait_ns=_WRITE_WAIT_NS),
                    _Step(write_command(register, value), wait_ns=_WRITE_WAIT_NS),
                    _Step(write_command(SAVE, 0), wait_ns=_SAVE_WAIT_NS),
                    _read(register),
                )
            )
        )


def _read(register: int) -> _Step:
    return _Step(read_command(register), register)
