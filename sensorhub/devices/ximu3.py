"""x-io x-IMU3 over a byte stream: USB, UART, TCP, UDP, Bluetooth serial port. Lines end in LF.

Source: x-IMU3 User Manual, "Communication protocol". Commands and their answers are JSON objects
of one key. Data messages are text (``I,microseconds,...``) or binary: 0x80 + letter, u64
microseconds, f32 arguments, with SLIP's byte stuffing and LF as its END. The rate is 400 Hz divided
by an integer; a message is the average of so many samples and its time that of the last of them.
"""

import json
import re
import struct
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import numpy as np

from sensorhub.devices.base import ClockKind, DeviceFamily, LinkCounters, LossKind, SerialProfile
from sensorhub.devices.base import StreamSettings as Settings
from sensorhub.devices.common.lane_decoder import LaneDecoder
from sensorhub.devices.common.script import Answered, Conversation, Say, Script, ScriptedController
from sensorhub.devices.common.timed_stream import TimedStream
from sensorhub.model.events import (
    BatteryReported,
    DeviceEvent,
    DeviceIdentified,
    DeviceNotice,
    DeviceNoticeKind,
)
from sensorhub.model.units import RADPS_PER_DPS, STANDARD_GRAVITY_MPS2

BASE_HZ: Final = 400.0
LONGEST_LINE: Final = 1024
_LANE = "serial"
_END, _ESC = b"\n", b"\xdb"
_ESCAPED: Final = {0xDC: b"\n", 0xDD: b"\xdb"}
_NUMBER: Final = re.compile(rb"-?\d{1,20}(\.\d{1,20})?([eE][-+]?\d{1,3})?")
_MICROSECONDS: Final = re.compile(rb"\d{1,20}")
_BINARY: Final = 0x80
_MOST_G, _MOST_DPS = 100.0, 1e4
_CLIP_G, _CLIP_DPS = 15.99, 1999.0

_ARGUMENTS: Final[Mapping[str, int | None]] = {
    "I": 6, "M": 3, "H": 3, "Q": 4, "R": 9, "A": 3, "L": 7, "E": 7, "U": 4, "T": 1, "B": 3, "W": 2,
    "Y": 1, "O": 1, "C": None, "S": None, "N": None, "F": None,
}  # fmt: skip
"""Messages by letter: how many numbers, None for bytes as they are. Y, O (sync, button) and C (time
code) come from newer firmware."""

_FIRMWARE_KEY, _APPLY = "firmware_version", "apply"
_DIVISOR_KEY = "inertial_message_rate_divisor"
_OTHERS_OFF: Final = tuple(
    f"{name}_message_rate_divisor" for name in ("magnetometer", "ahrs", "high_g", "temperature")
)
_ATTENTION = "attention"


class Ximu3Decoder(LaneDecoder):
    """The byte stream to events."""

    def __init__(self) -> None:
        super().__init__()
        self._stream = TimedStream(8 / BASE_HZ)
        self._line = bytearray()
        self._overlong = False
        self._charging: bool | None = None
        self._firmware = ""
        self._divisor: int | None = None  # as last answered, applied or not
        self._period_s: float | None = None
        self._said: dict[str, Callable[[float, tuple[float, ...], int], list[DeviceEvent]]] = {
            "I": self._inertial,
            "B": self._battery,
            "O": _button,
        }

    @property
    def samples(self) -> LinkCounters:
        """Samples received, lost and duplicate."""
        return self._stream.counters

    def received(self, lane: str, data: bytes, now_ns: int) -> list[DeviceEvent]:
        """Bytes, cut anywhere."""
        if lane != _LANE:
            return self.rejects.add(len(data), "unknown lane", now_ns)
        events: list[DeviceEvent] = []
        *ended, rest = data.split(_END)
        for piece in ended:
            events += self._collect(piece, now_ns)
            events += self._line_ended(now_ns)
        return events + self._collect(rest, now_ns)

    def unlinked(self, now_ns: int) -> list[DeviceEvent]:
        """Half a line is no line."""
        cut = len(self._line)
        self._line.clear()
        self._overlong = False
        return self.rejects.add(cut, "cut off by a lost link", now_ns) if cut else []

    def _collect(self, piece: bytes, now_ns: int) -> list[DeviceEvent]:
        room = LONGEST_LINE - len(self._line)
        if self._overlong or len(piece) > room:
            cut, self._overlong = len(self._line) + len(piece), True
            self._line.clear()
            return self.rejects.add(cut, "a line without end", now_ns)
        self._line += piece
        return []

    def _line_ended(self, now_ns: int) -> list[DeviceEvent]:
        line = bytes(self._line)
        self._line.clear()
        if self._overlong:
            self._overlong = False
            return self.rejects.add(1, "a line without end", now_ns)
        events = self._message(line, now_ns)
        if events is None:
            return self.rejects.add(len(line) + 1, "no message of this protocol", now_ns)
        return [*self.rejects.tell(now_ns), *events]

    def _message(self, line: bytes, now_ns: int) -> list[DeviceEvent] | None:
        """What a whole line says; None where it is none."""
        if line.startswith(b"{"):
            command = _command(line)
            return None if command is None else self._answer(*command, line, now_ns)
        parsed = _binary(line) if line and line[0] >= _BINARY else _text(line)
        if parsed is None:
            return None
        letter, microseconds, values, raw = parsed
        if letter in self._said:
            return self._said[letter](microseconds / 1e6, values, now_ns)
        if letter == "N" and b"button pressed" in raw.lower():
            return [DeviceNotice(now_ns, DeviceNoticeKind.BUTTON)]
        return []

    def _answer(self, key: str, value: object, line: bytes, now_ns: int) -> list[DeviceEvent]:
        """A command comes back: with what holds now, or with why it does not."""
        events: list[DeviceEvent] = []
        refusal = ""
        if isinstance(value, dict):
            refusal = _text_of(value.get("error"))
            told = {_folded(name): _text_of(item) for name, item in value.items()}
            serial_number = told.get("sn") or told.get("serialnumber")
            if key == "ping" and serial_number:
                model = told.get("name") or told.get("devicename") or "x-IMU3"
                identity = DeviceIdentified(now_ns, serial_number, model, self._firmware)
                events.append(identity)
        elif key == _folded(_FIRMWARE_KEY):
            self._firmware = _text_of(value)
        elif key == _folded(_DIVISOR_KEY) and isinstance(value, int) and 0 < value <= BASE_HZ:
            self._divisor = value
        elif key == _APPLY:
            self._applied()
        return [*events, Answered(now_ns, key, refusal, line)]

    def _applied(self) -> None:
        """From here on the rate is the one last set."""
        if self._divisor is not None and self._period_s != self._divisor / BASE_HZ:
            self._period_s = self._divisor / BASE_HZ
            self._stream.restart(self._period_s)

    def _inertial(self, time_s: float, values: tuple[float, ...], now_ns: int) -> list[DeviceEvent]:
        gyr_dps, acc_g = values[:3], values[3:]
        return self._stream.push(
            time_s,
            np.array([acc_g]) * STANDARD_GRAVITY_MPS2,
            np.array([gyr_dps]) * RADPS_PER_DPS,
            now_ns,
            clipped=max(map(abs, acc_g)) >= _CLIP_G or max(map(abs, gyr_dps)) >= _CLIP_DPS,
        )

    def _battery(self, _time_s: float, values: tuple[float, ...], now_ns: int) -> list[DeviceEvent]:
        percent, volts, status = values
        if not (0.0 <= percent <= 100.0 and 0.0 <= volts < 60.0):
            return []
        events: list[DeviceEvent] = [BatteryReported(now_ns, round(percent), round(1e3 * volts))]
        charging = status != 0.0
        if self._charging is not None and charging != self._charging:
            kind = DeviceNoticeKind.CHARGER_ON if charging else DeviceNoticeKind.CHARGER_OFF
            events.append(DeviceNotice(now_ns, kind))
        self._charging = charging
        return events


def _button(_time_s: float, values: tuple[float, ...], now_ns: int) -> list[DeviceEvent]:
    """Told when it is pressed and when it is let go."""
    return [DeviceNotice(now_ns, DeviceNoticeKind.BUTTON)] if values[0] > 0.0 else []


_Message = tuple[str, int, tuple[float, ...], bytes]


def unstuffed(line: bytes) -> bytes | None:
    """Return the message of a stuffed line without its END; None where an escape is broken."""
    first, *rest = line.split(_ESC)
    out = bytearray(first)
    for piece in rest:
        if not piece or piece[0] not in _ESCAPED:
            return None
        out += _ESCAPED[piece[0]] + piece[1:]
    return bytes(out)


def _binary(line: bytes) -> _Message | None:
    message = unstuffed(line)
    # The first byte may have been stuffed, and then be any.
    if message is None or len(message) < 9 or message[0] < _BINARY:
        return None
    letter, raw = chr(message[0] - _BINARY), message[9:]
    count = _ARGUMENTS.get(letter, -1)
    if count == -1 or (count is not None and len(raw) != 4 * count):
        return None
    values = () if count is None else struct.unpack(f"<{count}f", raw)
    return _checked(letter, int.from_bytes(message[1:9], "little"), values, raw)


def _text(line: bytes) -> _Message | None:
    letter, _, rest = line.removesuffix(b"\r").partition(b",")
    time, _, raw = rest.partition(b",")
    count = _ARGUMENTS.get(letter.decode("ascii", "replace"), -1)
    if count == -1 or not _MICROSECONDS.fullmatch(time) or int(time) >= 1 << 64:
        return None
    numbers = raw.split(b",") if count is not None else []
    if count is not None and (
        len(numbers) != count or not all(_NUMBER.fullmatch(number) for number in numbers)
    ):
        return None
    return _checked(letter.decode("ascii"), int(time), tuple(map(float, numbers)), raw)


def _checked(
    letter: str, microseconds: int, values: tuple[float, ...], raw: bytes
) -> _Message | None:
    """None for samples that no sensor could measure; a comparison with nan is False."""
    if letter == "I" and not (
        all(abs(dps) < _MOST_DPS for dps in values[:3])
        and all(abs(g) < _MOST_G for g in values[3:])
    ):
        return None
    return letter, microseconds, values, raw


def _folded(key: str) -> str:
    """Keys ignore case and punctuation."""
    return "".join(character for character in key.lower() if character.isalnum())


def _command(line: bytes) -> tuple[str, object] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or len(value) != 1:
        return None
    key, argument = next(iter(value.items()))
    return _folded(key), argument


def _text_of(value: object) -> str:
    """What a device says of itself, fit to be shown; empty where it is no text."""
    if not isinstance(value, str):
        return ""
    return "".join(letter if letter.isprintable() else "?" for letter in value[:120])


def _say(key: str, value: object = None, *, needed: bool = True) -> Say:
    line = json.dumps({key: value}, separators=(",", ":")).encode() + _END
    return Say(_LANE, line, _folded(key), needed=needed)


def _opening(settings: Settings) -> Script:
    yield _say(_FIRMWARE_KEY, needed=False)
    interface = _interface((yield _say("ping")))
    divisor = max(1, round(BASE_HZ / settings.rate_hz)) if settings.rate_hz > 0 else 4
    if interface:  # somebody may have silenced it
        yield _say(f"{interface}_data_messages_enabled", value=True, needed=False)
    yield _say("binary_mode_enabled", value=True, needed=False)  # text is understood as well
    for key in _OTHERS_OFF:  # at 115200 baud there is no room to spare
        yield _say(key, 0, needed=False)
    yield _say(_DIVISOR_KEY, divisor)
    yield _say(_APPLY, needed=False)


def _interface(ping: Answered | None) -> str:
    """By what it is connected, in its own word; empty where it does not say."""
    _, told = (ping and _command(ping.data)) or ("", None)
    return _folded(_text_of(told.get("interface"))) if isinstance(told, dict) else ""


def _cue(pattern: str) -> Say:
    return _say("strobe" if pattern == _ATTENTION else "blink")  # white for 5 s, or for 0.1 s


CONVERSATION: Final = Conversation("The x-IMU3", _opening, cues=_cue)
"""It has no stop: it streams to whoever listens."""

FAMILY = DeviceFamily(
    name="ximu3",
    title="x-io x-IMU3",
    new_decoder=Ximu3Decoder,
    new_controller=partial(ScriptedController, CONVERSATION),
    serial=SerialProfile(baud_rates=(115200,)),
    rates_hz=(25.0, 50.0, 100.0, 200.0, 400.0),
    clock="microseconds since boot, of each message",
    loss_detection="timestamps",
    clock_kind=ClockKind.STAMPED,
    loss_kind=LossKind.TIMED,
    battery=True,
    evidence="vector-tested",
    notes=(
        "USB, UART, TCP (`serial:socket://ADDRESS:7000`), UDP or Bluetooth serial port; not BLE.",
        "UDP: with the maker's app let it send to this computer, each sensor to a port of its own.",
        "Then: `serial:udp://ADDRESS:9000?listen=8000&family=ximu3`.",
        "At 115200 baud 200 Hz is the most; USB and TCP carry 400 Hz.",
    ),
)
