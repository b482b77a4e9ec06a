"""A simulated MetaMotion board, from the maker's published register tables."""

import struct
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_sim.families import DeviceSetup, SimulatedDevice
from firmware_sim.peer import GattCharacteristic, GattService
from firmware_sim.wearable import Batch, Wearable

_UUID: Final = "326a{}-85cb-9195-d9dd-464cfbbae75a"
_ACC, _HAPTIC, _PROCESSOR, _SETTINGS, _GYRO, _DEBUG = 0x03, 0x08, 0x09, 0x11, 0x13, 0xFE
_THINKS_US: Final = 6_000
_CODES_HZ: Final = {0x6: 25.0, 0x7: 50.0, 0x8: 100.0, 0x9: 200.0}
_GYR_DPS: Final = (2000, 1000, 500, 250, 125)


@dataclass(frozen=True, slots=True)
class Board:
    """One of the two kinds: what it says of itself, and its registers."""

    model: str
    acc_kind: int
    gyr_kind: int
    acc_g: dict[int, int]
    acc_packed: int
    gyr_sample: int
    gyr_packed: int


MMR: Final = Board("5", 1, 0, {0x3: 2, 0x5: 4, 0x8: 8, 0xC: 16}, 0x1C, 0x05, 0x07)
MMS: Final = Board("8", 4, 1, {0: 2, 1: 4, 2: 8, 3: 16}, 0x05, 0x04, 0x05)


@dataclass(slots=True)
class _Sensor:
    """One of the chip's two halves, as the host has set it up."""

    conf: bytes
    powered: bool = False
    enabled: bool = False
    subscribed: set[int] = field(default_factory=set)
    ready: list[NDArray[np.int16]] = field(default_factory=list)


class MetaMotion(Wearable):
    """Obeys registers. What was set up outlives every link."""

    name_prefix = "MetaWear "
    service_uuids = (_UUID.format("9000"),)

    def __init__(self, setup: DeviceSetup, board: Board = MMS) -> None:
        super().__init__(setup)
        self.board = board
        self.in_bootloader = False
        self.processors = 1  # somebody left one behind
        self._sensors: dict[int, _Sensor] = {}
        self.boot(setup.now_us)

    @property
    def services(self) -> tuple[GattService, ...]:
        write = GattCharacteristic(
            "command", _UUID.format("9001"), ("write", "write-without-response")
        )
        notify = GattCharacteristic("data", _UUID.format("9006"), ("notify",))
        own = GattService(self.service_uuids[0], (write, notify))
        return (own, *self.standard_services(model=self.board.model, battery=False))

    def boot(self, now_us: int) -> None:  # noqa: ARG002 - everything is forgotten
        widest = {g: code for code, g in self.board.acc_g.items()}[4]
        self._sensors = {
            _ACC: _Sensor(bytes((0x28, widest))),
            _GYRO: _Sensor(bytes((0x28, 0))),
        }

    def heard(self, lane: str, data: bytes, now_us: int) -> int | None:  # noqa: ARG002 - one lane
        if len(data) < 2 or self.in_bootloader:
            return None
        module, register, rest = data[0], data[1], data[2:]
        if register & 0x80:
            self.later(now_us + _THINKS_US, lambda at_us: self._read(module, register, at_us))
        elif module in self._sensors:
            self._set(module, register, rest, now_us)
        elif (module, register) == (_PROCESSOR, 0x08):
            self.processors = 0
        elif (module, register) == (_HAPTIC, 0x01) and len(rest) == 4:
            self.setup.on_cue(now_us)
        elif (module, register) == (_DEBUG, 0x02):
            self.in_bootloader = True
            self.stop_sampling()
        elif (module, register) == (_DEBUG, 0x01):
            self.reboot(now_us)
        return None

    def sampled(self, batch: Batch, now_us: int) -> None:  # noqa: ARG002 - sent at once
        board = self.board
        acc_lsb, gyr_lsb = 32768.0 / self._acc_range_g, 32800.0 / self._gyr_range_dps
        for module, values, lsb, single, packed in (
            (_ACC, batch.acc_g, acc_lsb, 0x04, board.acc_packed),
            (_GYRO, batch.gyr_dps, gyr_lsb, board.gyr_sample, board.gyr_packed),
        ):
            sensor = self._sensors[module]
            if not (sensor.powered and sensor.enabled):
                continue
            for row in np.rint(values * lsb).clip(-32768, 32767).astype("<i2"):
                if single in sensor.subscribed:
                    self.say("data", bytes((module, single)) + row.tobytes())
                sensor.ready.append(row)
                if len(sensor.ready) == 3:
                    rows = b"".join(one.tobytes() for one in sensor.ready)
                    sensor.ready.clear()
                    if packed in sensor.subscribed:
                        self.say("data", bytes((module, packed)) + rows)

    @property
    def _acc_range_g(self) -> int:
        return self.board.acc_g[self._sensors[_ACC].conf[1]]

    @property
    def _gyr_range_dps(self) -> int:
        return _GYR_DPS[self._sensors[_GYRO].conf[1]]

    def _read(self, module: int, register: int, now_us: int) -> None:
        board = self.board
        kinds = {_ACC: board.acc_kind, _GYRO: board.gyr_kind}
        told: bytes | None = None
        if register == 0x80:
            told = bytes((kinds[module], 1)) if module in kinds else b""
        elif module in self._sensors and register == 0x83:
            told = self._sensors[module].conf
        elif (module, register) == (_SETTINGS, 0xCC):
            percent = self.percent(now_us)
            register, told = 0x8C, struct.pack("<BH", percent, 3300 + 9 * percent)
        if told is not None:
            self.say("data", bytes((module, register)) + told)

    def _set(self, module: int, register: int, rest: bytes, now_us: int) -> None:
        sensor = self._sensors[module]
        packed = self.board.acc_packed if module == _ACC else self.board.gyr_packed
        single = 0x04 if module == _ACC else self.board.gyr_sample
        if register == 0x01 and len(rest) == 1:
            sensor.powered = bool(rest[0])
            sensor.ready.clear()
            self._run(now_us)
        elif register == 0x02 and len(rest) == 2:
            sensor.enabled = (sensor.enabled or bool(rest[0] & 1)) and not rest[1] & 1
        elif register == 0x03 and len(rest) == 2:
            known = self.board.acc_g if module == _ACC else range(len(_GYR_DPS))
            if rest[0] & 0xF in _CODES_HZ and rest[1] in known:
                sensor.conf = rest
        elif register in (single, packed) and len(rest) == 1:
            (sensor.subscribed.add if rest[0] else sensor.subscribed.discard)(register)

    def _run(self, now_us: int) -> None:
        """One chip, one rate: that of the accelerometer."""
        if not any(sensor.powered for sensor in self._sensors.values()):
            self.stop_sampling()
        elif not self.sampling:
            rate_hz = _CODES_HZ[self._sensors[_ACC].conf[0] & 0xF]
            dps = self._gyr_range_dps
            self.sample(
                rate_hz, batch=1, now_us=now_us, acc_range_g=self._acc_range_g, gyr_range_dps=dps
            )


def make_s(setup: DeviceSetup, link: str) -> SimulatedDevice:
    """Switch a MetaMotion S on."""
    assert link == "ble"
    peer = MetaMotion(setup, MMS)
    return SimulatedDevice(peer, peer)


def make_r(setup: DeviceSetup, link: str) -> SimulatedDevice:
    """Switch a MetaMotion R on."""
    assert link == "ble"
    peer = MetaMotion(setup, MMR)
    return SimulatedDevice(peer, peer)
