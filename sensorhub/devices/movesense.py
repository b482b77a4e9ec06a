"""Movesense sensors by their GATT SensorData Protocol (GSP): acceleration and rate as f32.

Source: Movesense Ltd., "GATT SensorData Protocol specification". A command is ``op reference
data``, an answer ``01 reference status u16 data`` (that to HELLO has no status, and some firmware
sends it as if it were samples), samples are ``02 reference payload``, and ``03 reference`` carries
on where a payload did not fit, as often as it takes: with the maker's packets of 161 bytes every
IMU6 payload from 104 Hz on. Answers are notifications: they may be lost, so that every command is
repeated until something shows that it was heard. A stream that runs shows that SUBSCRIBE was.

Sensors with the maker's older "GATT SensorData" example understand HELLO, SUBSCRIBE and UNSUBSCRIBE
as well, and send the same samples. They do not say that they have subscribed, only that they
cannot; and what asks for the battery here erases their logbook there: they are never asked.

IMU6 payload: u32 milliseconds of the first sample (it wraps after 49.7 days), n times acceleration
x y z in m/s2, then n times rate x y z in degrees per second.
"""

import enum
from typing import Final

import numpy as np

from sensorhub.devices.base import (
    BleChannel,
    BleProfile,
    ClockKind,
    Controller,
    DeviceFamily,
    LinkCounters,
    LossKind,
)
from sensorhub.devices.base import StreamSettings as Settings
from sensorhub.devices.common.lane_decoder import LaneDecoder
from sensorhub.devices.common.script import (
    Answered,
    Chore,
    Conversation,
    Say,
    Script,
    ScriptedController,
)
from sensorhub.devices.common.timed_stream import TimedStream
from sensorhub.model.events import BatteryReported, DeviceEvent, DeviceIdentified
from sensorhub.model.units import RADPS_PER_DPS

RATES_HZ: Final = (13.0, 26.0, 52.0, 104.0, 208.0)
IMU, GREETING, BATTERY = 0x63, 0x64, 0x65
"""References: what ties an answer to its question."""

_IMU_PATH, _BATTERY_PATH = "/Meas/IMU6/", "/System/Energy/Level"
_OK: Final = range(200, 300)
_STATUS: Final = {
    400: "it does not understand the request",
    404: "it does not have that measurement at that rate",
    409: "that measurement is in use already",
    501: "it cannot do that",
    503: "it is not ready for that",
    507: "it cannot hold so many subscriptions",
}
_BYTES_A_SAMPLE = 24
_LONGEST_PAYLOAD = 1024
_PAYLOADS_HZ: Final = 13.0
"""Payloads a second, up to 208 Hz: so many samples are in each."""

_MOST_MPS2, _MOST_DPS = 1e3, 1e4
"""More than any such sensor can say: no numbers of ours."""


class Op(enum.IntEnum):
    """The commands that are used here."""

    HELLO = 0
    SUBSCRIBE = 1
    UNSUBSCRIBE = 2
    GET = 4


class _Kind(enum.IntEnum):
    ANSWER = 1
    DATA = 2
    MORE_DATA = 3
    STILL_MORE_DATA = 4


_CONTINUED = (_Kind.MORE_DATA, _Kind.STILL_MORE_DATA)


def command(op: Op, reference: int, text: str = "") -> bytes:
    """Return one command."""
    return bytes((op, reference)) + text.encode()


class MovesenseDecoder(LaneDecoder):
    """Notifications to events."""

    def __init__(self) -> None:
        super().__init__()
        self._stream = TimedStream(1.0 / RATES_HZ[2])
        self._period_s: float | None = None  # of the subscription, None: not seen
        self._asked: dict[int, int] = {}  # the latest command of each reference
        self._subscribing: int | None = None  # the reference of a SUBSCRIBE nothing came of yet
        self._milliseconds: int | None = None  # of the newest packet, unwrapped
        self._unfinished = b""
        self._usual_count = 0  # samples of a whole payload, as far as known

    @property
    def samples(self) -> LinkCounters:
        """Samples received, lost and duplicate."""
        return self._stream.counters

    def sent(self, lane: str, data: bytes, now_ns: int) -> list[DeviceEvent]:  # noqa: ARG002 - says only what was asked
        """Remember what was asked: an answer names nothing but its reference."""
        if lane == "command" and len(data) >= 2:
            self._asked[data[1]] = data[0]
            if data[0] == Op.SUBSCRIBE:
                self._subscribing = data[1]
                self._subscribed(data[2:].decode("ascii", "replace"))
        return []

    def received(self, lane: str, data: bytes, now_ns: int) -> list[DeviceEvent]:
        """One notification."""
        if lane != "data" or len(data) < 2:
            return self.rejects.add(len(data), "no notification of this protocol", now_ns)
        kind, reference, payload = data[0], data[1], data[2:]
        if kind == _Kind.ANSWER:
            return self._answer(reference, payload, now_ns)
        if kind == _Kind.DATA and self._asked.get(reference) == Op.HELLO:
            return self._answer(reference, payload, now_ns)
        if kind == _Kind.DATA:
            return [
                *self._unfinished_end(reference, now_ns),
                *self._data(reference, payload, now_ns),
            ]
        if kind in _CONTINUED and self._unfinished:
            payload, self._unfinished = self._unfinished + payload, b""
            return self._data(reference, payload, now_ns)
        if kind in _CONTINUED and self._period_s is not None:
            self._usual_count = round(1.0 / (self._period_s * _PAYLOADS_HZ))
        return self.rejects.add(len(data), "no notification of this protocol", now_ns)

    def unlinked(self, now_ns: int) -> list[DeviceEvent]:
        """A payload whose second part never came is no payload."""
        cut, self._unfinished = self._unfinished, b""
        if not cut:
            return []
        return self.rejects.add(len(cut) + 2, "a packet without its second part", now_ns)

    def _unfinished_end(self, reference: int, now_ns: int) -> list[DeviceEvent]:
        """Nothing carries it on: it was whole, shorter than usual, or its other part is lost."""
        count, rest = divmod(len(self._unfinished) - 4, _BYTES_A_SAMPLE)
        if rest or count <= 0 or self._stream.running:
            return self.unlinked(now_ns)
        payload, self._unfinished = self._unfinished, b""
        self._usual_count = count
        return self._data(reference, payload, now_ns)

    def _subscribed(self, path: str) -> None:
        rate = path.removeprefix(_IMU_PATH)
        if rate == path or not rate.isdecimal() or not 0 < int(rate) < 10_000:
            return
        self._usual_count = round(int(rate) / _PAYLOADS_HZ)
        if self._period_s != 1.0 / int(rate):
            self._period_s = 1.0 / int(rate)
            self._stream.restart(self._period_s)

    def _answer(self, reference: int, payload: bytes, now_ns: int) -> list[DeviceEvent]:
        asked = self._asked.get(reference)
        if asked == Op.HELLO:
            version = payload[:1] if _has_version(payload) else b""
            return [*_identity(payload, now_ns), Answered(now_ns, _about(Op.HELLO), data=version)]
        if len(payload) < 2:
            return self.rejects.add(len(payload) + 2, "an answer without status", now_ns)
        if asked is None:
            return []
        status, told = int.from_bytes(payload[:2], "little"), payload[2:]
        if status > 999:  # the older example turns it round
            status = int.from_bytes(payload[:2], "big")
        words = _STATUS.get(status, "it will not")
        refusal = "" if status in _OK else f"{words} (status {status})"
        events: list[DeviceEvent] = [Answered(now_ns, _about(asked), refusal, told)]
        if asked == Op.GET and reference == BATTERY and not refusal and told and told[0] <= 100:
            events.append(BatteryReported(now_ns, percent=told[0]))
        return events

    def _data(self, reference: int, payload: bytes, now_ns: int) -> list[DeviceEvent]:
        count, rest = divmod(len(payload) - 4, _BYTES_A_SAMPLE)
        if count < 0 or len(payload) > _LONGEST_PAYLOAD:
            return self.rejects.add(len(payload) + 2, "no IMU6 packet", now_ns)
        if rest or count < max(1, self._usual_count):
            self._unfinished = payload
            return []
        with np.errstate(invalid="ignore"):  # any bits may come, signalling nan among them
            values = np.frombuffer(payload, "<f4", offset=4).astype(np.float64)
            acc_mps2, gyr_dps = values.reshape(2, count, 3)
            # A comparison with nan is False.
            believable = (abs(acc_mps2) < _MOST_MPS2).all() and (abs(gyr_dps) < _MOST_DPS).all()
        if not believable:
            return self.rejects.add(len(payload) + 2, "no numbers a sensor could say", now_ns)
        events = self.rejects.tell(now_ns)
        if self._subscribing == reference:
            self._subscribing = None
            events.append(Answered(now_ns, _about(Op.SUBSCRIBE)))
        if self._period_s is None:
            # A log without our command: 4 samples a packet at 52 Hz, 8 at 104 Hz.
            self._period_s = 1.0 / (_PAYLOADS_HZ * count)
            self._stream.restart(self._period_s)
        first_s = self._unwrapped(int.from_bytes(payload[:4], "little")) / 1e3
        last_s = first_s + (count - 1) * self._period_s
        return [*events, *self._stream.push(last_s, acc_mps2, gyr_dps * RADPS_PER_DPS, now_ns)]

    def _unwrapped(self, milliseconds: int) -> int:
        if self._milliseconds is None:
            self._milliseconds = milliseconds
        half = 1 << 31
        self._milliseconds += (milliseconds - self._milliseconds + half) % (2 * half) - half
        return self._milliseconds


def _identity(payload: bytes, now_ns: int) -> list[DeviceEvent]:
    """Protocol version, then texts that end in zero: serial number, product, MAC, app, version."""
    if not _has_version(payload):
        return []
    texts = [text.decode("utf-8", "replace") for text in payload[1:].split(b"\0")]
    serial_number, product, _, _, version = [*texts, "", "", "", "", ""][:5]
    if not serial_number:
        return []
    return [DeviceIdentified(now_ns, serial_number, model=product, firmware=version)]


def _has_version(payload: bytes) -> bool:
    """True for an answer to HELLO in this protocol; the older example says "Hello"."""
    return bool(payload) and payload[0] < ord(" ")


def _about(op: int) -> str:
    return Op(op).name.lower() if op in Op.__members__.values() else f"command {op}"


class _Talk:
    """What is said to one sensor; some of it depends on what it is."""

    def __init__(self) -> None:
        self._knows_get = False

    def opening(self, settings: Settings) -> Script:
        """Greet it, and subscribe to the nearest rate."""
        rate_hz = min(RATES_HZ, key=lambda hz: abs(hz - settings.rate_hz))
        self._knows_get = False
        hello = yield _say(Op.HELLO, GREETING)
        self._knows_get = hello is not None and bool(hello.data)
        # A subscription of ours may have outlived the last link.
        yield _say(Op.UNSUBSCRIBE, IMU, needed=False)
        yield _say(Op.SUBSCRIBE, IMU, f"{_IMU_PATH}{rate_hz:.0f}", tries=6)

    def ask_battery(self, _now_ns: int) -> Say | None:
        """Only where the command means that."""
        return Say("command", command(Op.GET, BATTERY, _BATTERY_PATH)) if self._knows_get else None


def _closing(_settings: Settings) -> Script:
    yield _say(Op.UNSUBSCRIBE, IMU, needed=False)


def _say(op: Op, reference: int, text: str = "", *, needed: bool = True, tries: int = 4) -> Say:
    data = command(op, reference, text)
    return Say("command", data, _about(op), needed=needed, tries=tries)


def _controller(settings: Settings) -> Controller:
    talk = _Talk()
    conversation = Conversation(
        "The Movesense sensor", talk.opening, _closing, chores=(Chore(60.0, talk.ask_battery),)
    )
    return ScriptedController(conversation, settings)


def _uuid(short: str) -> str:
    return f"3480{short}-7185-4d5d-b431-630e7050e8f0"


FAMILY = DeviceFamily(
    name="movesense",
    title="Movesense (GATT SensorData Protocol)",
    new_decoder=MovesenseDecoder,
    new_controller=_controller,
    ble=BleProfile(
        service_uuids=(_uuid("2252"),),
        channels=(
            BleChannel("data", _uuid("0002"), notify=True),
            BleChannel("command", _uuid("0001"), write=True),
        ),
    ),
    rates_hz=RATES_HZ,
    clock="milliseconds since boot, of each packet's first sample",
    loss_detection="timestamps",
    clock_kind=ClockKind.STAMPED,
    loss_kind=LossKind.TIMED,
    battery=True,
    evidence="vector-tested",
    notes=(
        "The sensor's firmware must have the GATT SensorData Protocol.",
        "With the maker's older example of it: neither who it is nor its battery is told.",
        "It does not tell its ranges, so that clipping is not seen.",
    ),
)
