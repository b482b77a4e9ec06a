"""WitMotion's "standard protocol" over a serial line or USB (WT901, JY901 and their sisters).

Packets of 11 bytes, ``55 id data[8] sum``; a sample is what one cycle of packets tells, and cycles
that lack a part are dropped. From WITMOTION/WitStandardProtocol_JY901 and
ElettraSciComp/witmotion_IMU_QT.
"""

import itertools
import struct
from datetime import UTC, datetime
from typing import Final

import numpy as np

from sensorhub.devices.base import (
    ClockKind,
    Controller,
    DeviceFamily,
    LinkCounters,
    LossKind,
    SerialProfile,
    StreamSettings,
)
from sensorhub.devices.common.counted_stream import CountedStream
from sensorhub.devices.common.script import Answered, ScriptedController
from sensorhub.devices.common.timed_stream import TimedStream
from sensorhub.devices.witmotion.decoder import WitDecoder
from sensorhub.devices.witmotion.registers import (
    ACC_G_PER_LSB,
    ALIVE,
    GYR_DPS_PER_LSB,
    RATES_HZ,
    WitRegisters,
    asked_register,
    cable_conversation,
)
from sensorhub.model.events import DeviceEvent
from sensorhub.model.units import RADPS_PER_DPS, STANDARD_GRAVITY_MPS2

PACKET_BYTES = 11
TIME, ACC, GYR, REGISTERS = 0x50, 0x51, 0x52, 0x5F
_LANE = "serial"
_OUTPUT_TIME_ACC_GYR = 0x07
_ALIVE_AFTER = 3
_MPS2_PER_LSB = ACC_G_PER_LSB * STANDARD_GRAVITY_MPS2
_RADPS_PER_LSB = GYR_DPS_PER_LSB * RADPS_PER_DPS
_XYZ: Final = struct.Struct("<2x3h3x")
_FOUR: Final = struct.Struct("<2x4Hx")
_CLOCK: Final = struct.Struct("<2x6BHx")
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


class PacketCutter:
    """Bytes in, packets out whose sum is right; what is none is counted in ``rejected``.

    A stray header passes an eight-bit sum once in 256 times. So after anything went wrong a packet
    counts only when another right one follows it.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._in_step = True
        self._rejected = 0

    def push(self, data: bytes) -> list[bytes]:
        """Return the packets that are certain now."""
        self._rest += data
        packets: list[bytes] = []
        at = 0
        rest = self._rest
        while len(rest) - at >= PACKET_BYTES * (1 if self._in_step else 2):
            right = _right(rest, at) and (self._in_step or _right(rest, at + PACKET_BYTES))
            if right:
                packets.append(bytes(rest[at : at + PACKET_BYTES]))
                at += PACKET_BYTES
            else:
                at += 1
                self._rejected += 1
            self._in_step = right
        del rest[:at]
        return packets

    def end(self) -> None:
        """The stream ends."""
        self._rejected += len(self._rest)
        self._rest.clear()
        self._in_step = True

    def take_rejected(self) -> int:
        """Return how many bytes were dropped since this was asked last."""
        rejected, self._rejected = self._rejected, 0
        return rejected


def packet_time_s(packet: bytes) -> float | None:
    """Return the seconds since 2000 that a time packet tells; None: no such time exists."""
    fields: tuple[int, ...] = _CLOCK.unpack(packet)
    year, month, day, hour, minute, second, millisecond = fields
    if millisecond > 999:
        return None
    try:
        when = datetime(2000 + year, max(1, month), max(1, day), hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return (when - _EPOCH).total_seconds() + millisecond / 1000


class WitSerialDecoder(WitDecoder):
    """Serial bytes to samples: timed by the sensor's clock where it sends it, else counted."""

    def __init__(self) -> None:
        super().__init__(lane=_LANE)
        streams = itertools.count()
        self._packets = PacketCutter()
        self._counted = CountedStream(usual_hz=tuple(RATES_HZ.values()), streams=streams)
        self._timed = TimedStream(0.01, streams=streams)
        self._tells_time = False
        self._time_s: float | None = None
        self._acc: tuple[int, ...] | None = None
        self._good = 0
        self._asked: int | None = None

    @property
    def counters(self) -> LinkCounters:
        """Totals over everything fed so far."""
        timed, counted = self._timed.counters, self._counted.counters
        return LinkCounters(
            timed.received + counted.received,
            timed.lost + counted.lost,
            timed.duplicate,
            rejected_bytes=self._rejected,
        )

    def _received(self, data: bytes, now_ns: int, out: list[DeviceEvent]) -> None:
        packets = self._packets.push(data)
        rejected = self._packets.take_rejected()
        if rejected and self._good < _ALIVE_AFTER:
            self._good = 0
        self._reject(rejected, "no packet", now_ns, out)
        for packet in packets:
            self._good += 1
            if self._good == _ALIVE_AFTER:
                out.append(Answered(now_ns, ALIVE))
            self._packet(packet, now_ns, out)

    def _ended(self, now_ns: int, out: list[DeviceEvent]) -> None:
        self._packets.end()
        self._reject(self._packets.take_rejected(), "cut off by a lost link", now_ns, out)
        out.extend(self._counted.link_down(now_ns))
        self._tells_time = False
        self._time_s = self._acc = self._asked = None
        self._good = 0

    def _sent(self, command: bytes) -> None:
        self._asked = asked_register(command)

    def _distrust(self) -> None:
        self._counted.restart()
        self._timed.stop()
        self._tells_time = False

    def _rate_known(self, rate_hz: float, now_ns: int, out: list[DeviceEvent]) -> None:
        if not self._timed.running:
            self._timed.restart(1.0 / rate_hz)
        if not self._tells_time:
            out.extend(self._counted.nominal(rate_hz, now_ns))

    def _packet(self, packet: bytes, now_ns: int, out: list[DeviceEvent]) -> None:
        kind = packet[1]
        if kind == TIME:
            self._acc = None
            self._time_s = packet_time_s(packet)
            self._tells_time = True
        elif kind == ACC:
            if self._acc is not None:
                self._time_s = None  # a cycle without its end: whose time it was is not known
            self._acc = _XYZ.unpack(packet)
        elif kind == GYR:
            self._sample(_XYZ.unpack(packet), now_ns, out)
            self._time_s = self._acc = None
        elif kind == REGISTERS:
            self._answer(packet, now_ns, out)

    def _answer(self, packet: bytes, now_ns: int, out: list[DeviceEvent]) -> None:
        """A register answer does not say which register: the question does, asked one at a time."""
        if self._asked is not None:
            values = _FOUR.unpack(packet)
            register, self._asked = self._asked, None
            self._register(WitRegisters(now_ns, register, values), out)

    def _sample(self, gyr: tuple[int, ...], now_ns: int, out: list[DeviceEvent]) -> None:
        incomplete = self._acc is None or (self._tells_time and self._time_s is None)
        if self._acc is None or incomplete or not self._believed:
            return
        raw = np.array((self._acc + gyr,), dtype=np.float64)
        acc, turn = raw[:, :3] * _MPS2_PER_LSB, raw[:, 3:] * _RADPS_PER_LSB
        clipped = bool((np.abs(raw) >= 32767).any())
        if self._time_s is None:
            out.extend(self._counted.push(acc, turn, now_ns, clipped=clipped))
        else:
            out.extend(self._timed.push(self._time_s, acc, turn, now_ns, clipped=clipped))


def _right(data: bytearray, at: int) -> bool:
    return (
        data[at] == 0x55
        and 0x50 <= data[at + 1] <= 0x5F
        and sum(data[at : at + PACKET_BYTES - 1]) & 0xFF == data[at + PACKET_BYTES - 1]
    )


def _controller(settings: StreamSettings) -> Controller:
    conversation = cable_conversation(_LANE, output=_OUTPUT_TIME_ACC_GYR)
    return ScriptedController(conversation, settings)


FAMILY = DeviceFamily(
    name="witmotion_serial",
    title="WitMotion serial sensor (WT901, JY901)",
    new_decoder=WitSerialDecoder,
    new_controller=_controller,
    serial=SerialProfile(baud_rates=(115200, 9600, 230400, 460800, 921600)),
    rates_hz=tuple(RATES_HZ.values()),
    clock="milliseconds of its own clock, one way",
    loss_detection="by timestamps",
    clock_kind=ClockKind.STAMPED,
    loss_kind=LossKind.TIMED,
    battery=False,
    evidence="vector-tested",
    notes=(
        "The speed of the line is found by trying.",
        "At 9600 baud the sensor silently slows down: 100 Hz need 115200.",
        "Setting rate and output writes the sensor's flash, once.",
    ),
)
