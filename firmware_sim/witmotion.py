"""Simulated WitMotion sensors, from the vendor's protocol notes: one by radio, one by cable."""

import math
import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from firmware_sim.families import DeviceSetup, SimulatedDevice
from firmware_sim.peer import GattCharacteristic, GattService
from firmware_sim.wearable import Batch, Wearable

_BASE: Final = "0000{}-0000-1000-8000-00805f9a34fb"
_RATES_HZ: Final = {0x06: 10.0, 0x07: 20.0, 0x08: 50.0, 0x09: 100.0, 0x0A: 100.0, 0x0B: 200.0}
_BAUDS: Final = {2: 9600, 6: 115200, 7: 230400, 8: 460800, 9: 921600}
_SAVE, _OUTPUT, _RATE, _BAUD = 0x00, 0x02, 0x03, 0x04
_VERSION, _BATTERY, _SERIAL_NUMBER, _DISPLACEMENT = 0x2E, 0x64, 0x7F, 0x96
_UNLOCK: Final = bytes.fromhex("FFAA6988B5")
_UNLOCKED_US: Final = 10_000_000
_BUSY_US: Final = 300_000
_ANSWER_US: Final = 15_000
_LONGEST_COMMAND: Final = 256
_SWITCHED_ON: Final = datetime(2000, 1, 1, tzinfo=UTC)  # its clock has no battery of its own


class _Wit(Wearable):
    """Registers, flash and commands, the same in both."""

    answers = 8  # registers in an answer

    def __init__(self, setup: DeviceSetup, *, serial: bool) -> None:
        super().__init__(setup, serial=serial)
        baud = next((code for code, baud in _BAUDS.items() if baud == setup.baud), 6)
        self.flash = {_OUTPUT: 0x1E, _RATE: 0x06, _BAUD: baud, _DISPLACEMENT: 0, _VERSION: 0x2812}
        number = self.serial_text[:12]
        for k in range(6):
            self.flash[_SERIAL_NUMBER + k] = int.from_bytes(number[2 * k : 2 * k + 2], "little")
        self.registers = dict(self.flash)
        self._unlocked_until_us = setup.now_us
        self._busy_until_us = setup.now_us
        self._command = bytearray()
        self._said: list[bytes] = []
        self.saves = 0

    def boot(self, now_us: int) -> None:
        self.registers = dict(self.flash)
        self.listening_changed(now_us)

    def heard(self, lane: str, data: bytes, now_us: int) -> int | None:  # noqa: ARG002 - one lane
        """Commands of five bytes, wherever they begin."""
        self._command += data
        while len(self._command) >= 5:
            if self._command[:2] != b"\xff\xaa":
                del self._command[0]
                continue
            command = bytes(self._command[:5])
            del self._command[:5]
            self._obey(command, now_us)
        del self._command[:-_LONGEST_COMMAND]
        return None

    def register(self, number: int, now_us: int) -> int:
        """What a register reads as."""
        if number == _BATTERY:
            # the flash is busy for a while after a save
            busy = now_us < self._busy_until_us
            return 0 if busy else round(340 + 0.56 * self.percent(now_us))
        return self.registers.get(number, 0)

    def _obey(self, command: bytes, now_us: int) -> None:
        number, value = command[2], int.from_bytes(command[3:], "little")
        if command == _UNLOCK:
            self._unlocked_until_us = now_us + _UNLOCKED_US
        elif number == 0x27:
            self.later(now_us + _ANSWER_US, lambda at_us: self._answer(command[3], at_us))
        elif now_us >= self._unlocked_until_us:
            return
        elif number == _SAVE:
            self.flash = dict(self.registers)
            self._busy_until_us = now_us + _BUSY_US
            self.saves += 1
        else:
            self.registers[number] = value
            if number == _RATE:
                self.stop_sampling()
                self.listening_changed(now_us)

    def _answer(self, number: int, now_us: int) -> None:
        values = [self.register(number + k, now_us) for k in range(self.answers)]
        self.answer(number, values)

    def answer(self, number: int, values: list[int]) -> None:
        raise NotImplementedError

    @property
    def rate_hz(self) -> float:
        return _RATES_HZ.get(self.registers[_RATE], 10.0)

    def run(self, batch: int, now_us: int) -> None:
        self.sample(self.rate_hz, batch=batch, now_us=now_us, acc_range_g=16, gyr_range_dps=2000)


class WitBle(_Wit):
    """Streams frames of 20 bytes while somebody listens; several share one notification."""

    name_prefix = "WT901BLE"
    service_uuids = (_BASE.format("ffe5"),)

    def __init__(self, setup: DeviceSetup, *, serial: bool = False) -> None:
        super().__init__(setup, serial=serial)
        self._bytes = bytearray()

    @property
    def services(self) -> tuple[GattService, ...]:
        data = GattCharacteristic("data", _BASE.format("ffe4"), ("notify",))
        writes = ("write", "write-without-response")
        command = GattCharacteristic("command", _BASE.format("ffe9"), writes)
        return (GattService(self.service_uuids[0], (data, command)),)

    def listening_changed(self, now_us: int) -> None:
        if not (self.linked if self.serial else "data" in self.subscribed):
            self.stop_sampling()
            self._bytes.clear()
        elif not self.sampling:
            self.run(max(1, round(self.rate_hz / 25.0)), now_us)

    def sampled(self, batch: Batch, now_us: int) -> None:  # noqa: ARG002 - sent at once
        for acc, gyr in zip(batch.acc_g, batch.gyr_dps, strict=True):
            roll = math.degrees(math.atan2(acc[1], acc[2]))
            pitch = math.degrees(math.atan2(-acc[0], math.hypot(acc[1], acc[2])))
            values = [*(acc / 16), *(gyr / 2000), roll / 180, pitch / 180, 0.0]
            if self.registers[_DISPLACEMENT]:
                values = [0.0] * 6 + values[6:]
            self._bytes += b"\x55\x61" + struct.pack("<9h", *map(_i16, values))
        most = len(self._bytes) if self.serial else self.mtu - 3
        while self._bytes:
            piece = bytes(self._bytes[:most])
            del self._bytes[: len(piece)]
            self.say("data", piece)

    def answer(self, number: int, values: list[int]) -> None:
        self.say("data", b"\x55\x71" + struct.pack("<9H", number, *values))


class WitSerial(_Wit):
    """Cycles of packets of 11 bytes with a sum; slows down where the line is too slow for them."""

    answers = 4
    name_prefix = "WT901"

    @property
    def services(self) -> tuple[GattService, ...]:
        return ()

    def listening_changed(self, now_us: int) -> None:
        if not self.linked:
            self.stop_sampling()
        elif not self.sampling:
            self.run(1, now_us)

    @property
    def rate_hz(self) -> float:
        wanted_hz = super().rate_hz
        packets = (self.registers[_OUTPUT] & 0x7FF).bit_count()
        line_hz = (self.setup.baud or 921600) / 10 / (11 * max(1, packets))
        return max((hz for hz in _RATES_HZ.values() if hz <= min(wanted_hz, line_hz)), default=10.0)

    def sampled(self, batch: Batch, now_us: int) -> None:  # noqa: ARG002 - sent at once
        for k in range(len(batch)):
            taken_us = batch.first_us + k * batch.period_us
            acc, gyr = batch.acc_g[k] / 16, batch.gyr_dps[k] / 2000
            mask = self.registers[_OUTPUT]
            if mask & 0x01:
                self._packet(0x50, _clock(self.device_us(taken_us)))
            if mask & 0x02:
                self._packet(0x51, _four(acc, 2500))
            if mask & 0x04:
                self._packet(0x52, _four(gyr, 2500))
            if mask & 0x08:
                self._packet(0x53, _four([0.0, 0.0, 0.0], 0x2812))
            if mask & 0x10:
                self._packet(0x54, _four([0.0, 0.0, 0.0], 2500))

    def answer(self, number: int, values: list[int]) -> None:  # noqa: ARG002 - it is not told
        self._packet(0x5F, struct.pack("<4H", *values))

    def _packet(self, kind: int, data: bytes) -> None:
        packet = bytes((0x55, kind)) + data
        self.say("serial", packet + bytes((sum(packet) & 0xFF,)))


def _i16(share: float) -> int:
    return max(-32768, min(32767, round(share * 32768)))


def _four(values: Iterable[float], last: int) -> bytes:
    return struct.pack("<3hH", *map(_i16, values), last)


def _clock(device_us: int) -> bytes:
    now = _SWITCHED_ON + timedelta(microseconds=device_us)
    fields = (now.year - 2000, now.month, now.day, now.hour, now.minute, now.second)
    return struct.pack("<6BH", *fields, now.microsecond // 1000)


def make_ble(setup: DeviceSetup, link: str) -> SimulatedDevice:
    """Switch one with a radio on."""
    assert link == "ble"
    peer = WitBle(setup)
    return SimulatedDevice(peer, peer)


def make_usb(setup: DeviceSetup, link: str) -> SimulatedDevice:
    """Plug one with a radio into its USB cable."""
    assert link == "serial"
    peer = WitBle(setup, serial=True)
    return SimulatedDevice(peer, peer)


def make_serial(setup: DeviceSetup, link: str) -> SimulatedDevice:
    """Switch one with a cable on."""
    assert link == "serial"
    peer = WitSerial(setup, serial=True)
    return SimulatedDevice(peer, peer)
