"""The registers of WitMotion sensors, and the conversation about them: the same by radio and cable.

Nothing has to be started: these sensors stream whenever somebody listens. What has to be said is
read and written one register at a time, because an answer names no question but its register:

1. by radio, read 0x96: in displacement mode the packets look the same and mean something else, so
   that mode is switched off before any sample is believed; by cable, wait for packets that make
   sense, or else give the link up, so that another speed is tried;
2. read version and serial number, for the log;
3. read what is sent and how often; where that is not what is wanted: unlock, write, save, each with
   the time the sensor's flash needs, and read it again;
4. from then on only the battery is read, once a minute: where that begins nothing is changed any
   more, and samples are believed.
"""

import struct
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Final

from sensorhub.devices.base import StreamSettings
from sensorhub.devices.common.script import Answered, Chore, Conversation, Say, Script
from sensorhub.model.errors import DeviceError
from sensorhub.model.events import BatteryReported, DeviceEvent

SAVE, OUTPUT, RATE, VERSION, BATTERY = 0x00, 0x02, 0x03, 0x2E, 0x64
SERIAL_NUMBER, DISPLACEMENT = 0x7F, 0x96
UNLOCK: Final = bytes.fromhex("FFAA6988B5")

RATES_HZ: Final = {0x06: 10.0, 0x07: 20.0, 0x08: 50.0, 0x09: 100.0, 0x0B: 200.0}
"""Register 0x03. 0x0A, nominally 125 Hz, is left out: it was found to give 99."""

ACC_G_PER_LSB: Final = 16.0 / 32768.0
GYR_DPS_PER_LSB: Final = 2000.0 / 32768.0

_LADDER: Final = (
    (396, 100), (393, 90), (387, 75), (382, 60), (379, 50), (377, 40),
    (373, 30), (370, 20), (368, 15), (350, 10), (340, 5), (0, 0),
)  # fmt: skip
"""From so many centivolts on, so many percent: the table of the vendor's protocol documents."""

ALIVE: Final = "packets that make sense"
"""What the decoder answers to nobody's question, once a link, by cable."""

_WRITE_PAUSE_S, _SAVE_PAUSE_S = 0.12, 0.7
_BATTERY_EVERY_S = 60.0
_MOST_WRITES = 2
_SILENT_HINT = (
    "Come closer and check that it is charged; the hub tries again. WT901SDCL and WTVB01 speak in "
    "longer packets, which are not understood here."
)


@dataclass(frozen=True, slots=True)
class WitRegisters:
    """The answer to a register read: ``values`` (u16) from ``register`` on."""

    host_time_ns: int
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
    """Return the charge of the sensor's one lithium cell, as coarsely as the vendor tells it."""
    return next(percent for least, percent in _LADDER if centivolts >= least)


def register_events(answer: WitRegisters) -> list[DeviceEvent]:
    """Return the answer as the conversation takes it, and what it means beyond."""
    data = struct.pack(f"<{len(answer.values)}H", *answer.values)
    about = _about(answer.register)
    events: list[DeviceEvent] = [Answered(answer.host_time_ns, about, data=data)]
    if answer.register == BATTERY and answer.values[0]:  # 0: its flash is busy, ask again
        centivolts = answer.values[0]
        percent = battery_percent(centivolts)
        events.append(BatteryReported(answer.host_time_ns, percent, 10 * centivolts))
    return events


def radio_conversation(lane: str) -> Conversation:
    """What is said to a sensor by radio."""

    def opening(settings: StreamSettings) -> Script:
        mode = yield from _set(lane, DISPLACEMENT, 0, needed=True)
        if mode != 0:
            raise DeviceError(
                "The sensor stays in displacement mode, in which it tells no acceleration.",
                hint="Reset it with the maker's app, then connect again.",
            )
        for register in (VERSION, SERIAL_NUMBER):
            yield _read(lane, register)
        yield from _set(lane, RATE, rate_code(settings.rate_hz), needed=True)

    return replace(_conversation(lane, opening), silent_hint=_SILENT_HINT)


def cable_conversation(lane: str, *, output: int) -> Conversation:
    """What is said to a sensor by cable; ``output``: which packets it is to send.

    Old firmware does not answer, and is taken as it is.
    """

    def opening(settings: StreamSettings) -> Script:
        yield Say(lane, read_command(VERSION), answer=ALIVE, tries=3, wait_s=0.4)
        for register in (VERSION, SERIAL_NUMBER):
            yield _read(lane, register)
        yield from _set(lane, OUTPUT, output, needed=False)
        yield from _set(lane, RATE, rate_code(settings.rate_hz), needed=False)

    return _conversation(lane, opening)


def rate_code(rate_hz: float) -> int:
    """Return what register 0x03 holds for the rate nearest to this one."""
    return min(RATES_HZ, key=lambda code: abs(RATES_HZ[code] - rate_hz))


def _conversation(lane: str, opening: Callable[[StreamSettings], Script]) -> Conversation:
    battery = Chore(_BATTERY_EVERY_S, lambda _now_ns: Say(lane, read_command(BATTERY)))
    return Conversation("The WitMotion sensor", opening, chores=(battery,))


def _about(register: int) -> str:
    return f"register {register:02X}"


def _read(lane: str, register: int, *, needed: bool = False) -> Say:
    about, tries = _about(register), 4 if needed else 2
    return Say(lane, read_command(register), answer=about, needed=needed, tries=tries, wait_s=0.5)


def _set(
    lane: str, register: int, value: int, *, needed: bool
) -> Generator[Say, Answered | None, int | None]:
    """See that a register holds a value; returns what it then holds, None where it does not say."""
    for writes in range(_MOST_WRITES + 1):
        answer = yield _read(lane, register, needed=needed)
        if answer is None or len(answer.data) < 2:
            return None
        held = int.from_bytes(answer.data[:2], "little")
        if held == value or writes == _MOST_WRITES:
            break
        yield Say(lane, UNLOCK, pause_s=_WRITE_PAUSE_S)
        yield Say(lane, write_command(register, value), pause_s=_WRITE_PAUSE_S)
        yield Say(lane, write_command(SAVE, 0), pause_s=_SAVE_PAUSE_S)
    return held
