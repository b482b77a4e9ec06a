"""Capture2Go sensors, over Bluetooth LE or USB: framed packages with a checksum.

Source: the protocol document of the vendor's open SDK (``capture2go``, MIT). Both ways the bytes
are a stream of ``02 | CRC-32 u32 | length u8 | header u16 | payload``, the checksum over header and
payload. By radio each notification begins with 0xFF - n, and n real-time packages come before the
stream's bytes. The sensor takes 8 samples a package, dates the first in nanoseconds, and answers
clock round trips.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from sensorhub.devices.base import (
    BleChannel,
    BleProfile,
    ClockKind,
    DeviceFamily,
    LinkCounters,
    LossKind,
    SerialProfile,
    StreamSettings,
)
from sensorhub.devices.capture2go.frames import FRAME_HEAD, FrameCutter, frame, whole_frame
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
from sensorhub.model.events import (
    BatteryReported,
    ClockObserved,
    DeviceEvent,
    DeviceIdentified,
    DeviceNotice,
    DeviceNoticeKind,
)
from sensorhub.model.units import NS_PER_S, RADPS_PER_DPS

GET_INFO, INFO = 0x0070, 0x0071
SET_MODE, MODE = 0x0120, 0x0122
START, STARTED, STOP, STOPPED, CLEAR, CLEARED = 0x150, 0x151, 0x152, 0x153, 0x158, 0x159
ROUND_TRIP, SET_LED, LED, STATUS, ERROR = 0x0172, 0x0183, 0x0185, 0x0201, 0xFFFF

RATES_HZ: Final = {1: 200.0, 2: 100.0, 3: 50.0, 4: 25.0, 5: 10.0, 6: 1.0}
"""Sampling modes, also the last digit of a data header."""

ACC_MPS2_PER_LSB: Final = 16.0 / 32768.0 * 9.81  # the document's g, not the standard one
GYR_RADPS_PER_LSB: Final = 2000.0 / 32768.0 * RADPS_PER_DPS
_CLIPPED: Final = 0x02 | 0x04

_KINDS: Final[Mapping[int, tuple[int, int]]] = {
    0x22: (8, 163),
    0x23: (8, 115),
    0x24: (1, 37),
    0x25: (1, 31),
}
"""Data headers without their last digit: samples in the payload, and its length. All begin with
the time, then all rates, then all accelerations; what follows (field, orientation) is not used."""

_STATUS: Final = struct.Struct("<qBB3hBBB")
_TRIP: Final = struct.Struct("<4q")
_MODE_FIELDS: Final = struct.Struct("<qBBBBBBBBHBQBBB")
_LED_FIELDS: Final = struct.Struct("<qqB")

_ERRORS: Final = {
    0xF8: "it cannot do that", 0xFA: "its calibration cannot be stored",
    0xFB: "it is in a state that does not allow that, such as recording",
    0xFC: "it could not read the command", 0xFD: "it does not know the command",
    0xFE: "its send buffer is full",
}  # fmt: skip
_ABOUT: Final = {
    INFO: "info", MODE: "mode", STARTED: "start", STOPPED: "stop", CLEARED: "clear", LED: "led",
    GET_INFO: "info", SET_MODE: "mode", START: "start", STOP: "stop", CLEAR: "clear",
    SET_LED: "led",
}  # fmt: skip
_ANSWERS: Final = (INFO, MODE, STARTED, STOPPED, CLEARED, LED)
_REMEMBERED_TRIPS = 8
_CUE_NS: Final = 300_000_000


class Capture2GoDecoder(LaneDecoder):
    """Notifications, or the bytes of a cable, to events."""

    def __init__(self) -> None:
        super().__init__()
        self._stream = TimedStream(1.0 / RATES_HZ[2], absolute=True)
        self._rate_hz = RATES_HZ[2]
        self._inward = FrameCutter()
        self._outward = FrameCutter()
        self._sent_ns: dict[int, int] = {}  # round trips under way: what they carry, when they left
        self._charging: bool | None = None
        self._understands: dict[int, Callable[[bytes, int], list[DeviceEvent] | None]] = {
            INFO: _identity,
            STATUS: self._status,
            ROUND_TRIP: self._round_trip,
            ERROR: _refusal,
        }

    @property
    def samples(self) -> LinkCounters:
        """Samples received, lost and duplicate."""
        return self._stream.counters

    def received(self, lane: str, data: bytes, now_ns: int) -> list[DeviceEvent]:
        """One notification, or bytes of the cable."""
        if lane == "serial":
            return self._stream_bytes(data, now_ns)
        if lane != "data" or not data:
            return self.rejects.add(len(data), "unknown lane", now_ns)
        events: list[DeviceEvent] = []
        at = 0
        if data[0] >= 0xFC:  # one of them at the head of every notification: 0 to 3 packages
            packages, at = 0xFF - data[0], 1
            for _ in range(packages):
                package = whole_frame(data, at)
                if package is None:
                    lost = self.rejects.add(len(data) - at, "a broken real-time package", now_ns)
                    return events + lost
                events += self._package(*package, now_ns)
                at += FRAME_HEAD + len(package[1])
        return events + self._stream_bytes(data[at:], now_ns)

    def sent(self, lane: str, data: bytes, now_ns: int) -> list[DeviceEvent]:
        """When a round trip left: a time that only the log knows."""
        if lane in ("serial", "command"):
            for item in self._outward.push(data):
                if not isinstance(item, int) and item[0] == ROUND_TRIP and len(item[1]) == 32:
                    self._sent_ns[_TRIP.unpack(item[1])[0]] = now_ns
                    while len(self._sent_ns) > _REMEMBERED_TRIPS:
                        del self._sent_ns[next(iter(self._sent_ns))]
        return []

    def unlinked(self, now_ns: int) -> list[DeviceEvent]:
        """Packages do not go on across links."""
        self._outward.reset()
        self._sent_ns.clear()
        cut = self._inward.reset()
        return self.rejects.add(cut, "cut off by a lost link", now_ns) if cut else []

    def _stream_bytes(self, data: bytes, now_ns: int) -> list[DeviceEvent]:
        events: list[DeviceEvent] = []
        for item in self._inward.push(data):
            if isinstance(item, int):
                events += self.rejects.add(item, "no package", now_ns)
            else:
                events += self._package(*item, now_ns)
        return events

    def _package(self, header: int, payload: bytes, now_ns: int) -> list[DeviceEvent]:
        kind = _KINDS.get(header >> 4)
        if kind is not None and header & 0xF in RATES_HZ and len(payload) == kind[1]:
            events = self._samples(RATES_HZ[header & 0xF], kind[0], payload, now_ns)
            return [*self.rejects.tell(now_ns), *events]
        understand = self._understands.get(header)
        told = [] if understand is None else understand(payload, now_ns)
        if told is None:
            size = FRAME_HEAD + len(payload)
            return self.rejects.add(size, "a package of the wrong length", now_ns)
        if header in _ANSWERS:
            told = [*told, Answered(now_ns, _ABOUT[header], data=payload)]
        if header == LED:
            told = [*told, DeviceNotice(now_ns, DeviceNoticeKind.CUE_PLAYED)]
        return [*self.rejects.tell(now_ns), *told]

    def _samples(
        self, rate_hz: float, count: int, payload: bytes, now_ns: int
    ) -> list[DeviceEvent]:
        if rate_hz != self._rate_hz:
            self._rate_hz = rate_hz
            self._stream.restart(1.0 / rate_hz)
        raw = np.frombuffer(payload, "<i2", count=6 * count, offset=8)
        gyr, acc = raw.astype(np.float64).reshape(2, count, 3)
        nanoseconds = int.from_bytes(payload[:8], "little", signed=True)
        return self._stream.push(
            nanoseconds / NS_PER_S + (count - 1) / rate_hz,
            acc * ACC_MPS2_PER_LSB,
            gyr * GYR_RADPS_PER_LSB,
            now_ns,
            clipped=bool(payload[-1] & _CLIPPED),
        )

    def _status(self, payload: bytes, now_ns: int) -> list[DeviceEvent] | None:
        if len(payload) != _STATUS.size:
            return None
        battery = _STATUS.unpack(payload)[7]
        charging, percent = battery >= 128, battery & 0x7F
        events: list[DeviceEvent] = [BatteryReported(now_ns, min(percent, 100))]
        if self._charging is not None and charging != self._charging:
            kind = DeviceNoticeKind.CHARGER_ON if charging else DeviceNoticeKind.CHARGER_OFF
            events.append(DeviceNotice(now_ns, kind))
        self._charging = charging
        return events

    def _round_trip(self, payload: bytes, now_ns: int) -> list[DeviceEvent] | None:
        if len(payload) != _TRIP.size:
            return None
        host_sent, sensor_received, sensor_sent, _ = _TRIP.unpack(payload)
        left_ns = self._sent_ns.pop(host_sent, None)
        inside_ns = sensor_sent - sensor_received
        if left_ns is None or not 0 <= inside_ns <= now_ns - left_ns:
            return []
        # Halves first: sums of two such times would not fit the width a float has for them.
        device_s = (sensor_received + inside_ns / 2) / NS_PER_S
        away_ns = now_ns - left_ns
        hub_s = (left_ns + away_ns / 2) / NS_PER_S
        return [ClockObserved(now_ns, device_s, hub_s, (away_ns - inside_ns) / 2 / NS_PER_S)]


def _identity(payload: bytes, now_ns: int) -> list[DeviceEvent] | None:
    if len(payload) != 47:
        return None
    serial_number, hardware, _, firmware, _ = (
        text.partition(b"\0")[0].decode("utf-8", "replace").strip()
        for text in struct.unpack("<2x6s8s8s12s11s", payload)
    )
    return [DeviceIdentified(now_ns, serial_number, model=hardware, firmware=firmware)]


def _refusal(payload: bytes, now_ns: int) -> list[DeviceEvent] | None:
    if len(payload) != 3:
        return None
    code, command = struct.unpack("<BH", payload)
    reason = _ERRORS.get(code, f"error {code:#04x}")
    return [Answered(now_ns, _ABOUT.get(command, f"command {command:#06x}"), reason)]


def measurement_mode(rate_mode: int) -> bytes:
    """Return the payload of SET_MODE: packed samples without field, and a status each second.

    Its own estimate of the gyroscope's bias stays on; no synchronisation between sensors.
    """
    return _MODE_FIELDS.pack(0, 0, 0, rate_mode, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1)


def _conversation(lane: str) -> Conversation:
    def say(header: int, payload: bytes = b"", *, needed: bool = True) -> Say:
        return Say(lane, frame(header, payload), _ABOUT.get(header), needed=needed)

    def opening(settings: StreamSettings) -> Script:
        offered = [mode for mode in RATES_HZ if RATES_HZ[mode] >= 25.0]
        mode = min(offered, key=lambda one: abs(RATES_HZ[one] - settings.rate_hz))
        yield say(GET_INFO)
        # It may still be streaming for a link that was lost, and then refuses another mode.
        yield say(CLEAR, needed=False)
        yield say(SET_MODE, measurement_mode(mode))
        yield say(START)

    def closing(_settings: StreamSettings) -> Script:
        yield say(STOP, needed=False)

    def round_trip(now_ns: int) -> Say:
        return Say(lane, frame(ROUND_TRIP, _TRIP.pack(now_ns, 0, 0, 0)))

    def cue(pattern: str) -> Say:
        lasts_ns = 3 * _CUE_NS if pattern == "attention" else _CUE_NS
        return Say(lane, frame(SET_LED, _LED_FIELDS.pack(0, lasts_ns, 1)))

    return Conversation(
        "The Capture2Go sensor", opening, closing, chores=(Chore(2.0, round_trip),), cues=cue
    )


class Capture2GoController(ScriptedController):
    """The same words on either lane; which it is shows when the link opens."""

    def __init__(self, settings: StreamSettings) -> None:
        super().__init__(_conversation("command"), settings)

    def link_up(self, now_ns: int, max_payload: int | None) -> None:
        """The link is open; ``max_payload`` None: a cable."""
        self.speak(_conversation("serial" if max_payload is None else "command"))
        super().link_up(now_ns, max_payload)


def _uuid(short: str) -> str:
    return f"8003{short}-e629-4c98-9324-aa7fc0c66de7"


FAMILY = DeviceFamily(
    name="capture2go",
    title="Capture2Go",
    new_decoder=Capture2GoDecoder,
    new_controller=Capture2GoController,
    ble=BleProfile(
        service_uuids=(_uuid("0001"),),
        channels=(
            BleChannel("data", _uuid("0003"), notify=True),
            BleChannel("command", _uuid("0002"), write=True),
        ),
    ),
    serial=SerialProfile(baud_rates=(115200,)),
    rates_hz=(25.0, 50.0, 100.0, 200.0),
    clock="nanoseconds, two-way exchange",
    loss_detection="timestamps, checksum",
    clock_kind=ClockKind.EXCHANGED,
    loss_kind=LossKind.TIMED,
    battery=True,
    evidence="vector-tested",
    notes=(
        "Decoded exactly as by the vendor's own package.",
        "Its gyroscope samples have the sensor's own bias estimate removed.",
    ),
)
