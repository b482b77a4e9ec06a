"""Simulated Polar sensors, from the maker's description of its measurement service.

Verity Sense: acceleration and angular rate, compressed. H10: acceleration alone, as it is.
"""

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_sim.families import DeviceSetup, SimulatedDevice
from firmware_sim.peer import GattCharacteristic, GattService
from firmware_sim.wearable import Batch, Wearable

_UUID: Final = "fb005c8{}-02e7-f387-1cad-8acd2d8df0c8"
_ACC, _GYRO, _SDK = 2, 5, 9
_RATE, _RESOLUTION, _RANGE, _CHANNELS, _FACTOR = 0, 1, 2, 4, 5
_SIZES: Final = {_RATE: 2, _RESOLUTION: 2, _RANGE: 2, 3: 4, _CHANNELS: 1, _FACTOR: 4}
_OK, _NO_OP, _NO_TYPE, _NOT_SUPPORTED, _LENGTH, _PARAMETER, _ALREADY = range(7)
_NO_RATE, _NO_RANGE, _STATE = 8, 9, 12
_SINCE_2000_NS: Final = 599_616_000_000_000_000  # it was set to 2019-01-01 in the factory
_ATT_INDICATION_OFF: Final = 0xFD
_BLOCK: Final = 8  # samples that share a number of bits
Choices = dict[int, tuple[int, ...]]


class _Polar(Wearable):
    """Control point and frames, the same in both."""

    service_uuids = (_UUID.format("0"),)
    model = ""

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup)
        self.sdk_mode = False
        self.running: dict[int, dict[int, int]] = {}
        self._waiting_values: dict[int, list[NDArray[np.float64]]] = {}
        self._last_us: dict[int, float] = {}

    def choices(self, kind: int) -> Choices | None:
        """What a measurement can be set to; None: it does not have it."""
        raise NotImplementedError

    @property
    def services(self) -> tuple[GattService, ...]:
        control = GattCharacteristic(
            "control", _UUID.format("1"), ("read", "write", "indicate"), self.features
        )
        data = GattCharacteristic("data", _UUID.format("2"), ("notify",))
        standard = self.standard_services(model=self.model, battery=True)
        return (GattService(self.service_uuids[0], (control, data)), *standard)

    @property
    def features(self) -> bytes:
        bits = sum(1 << kind for kind in (_ACC, _GYRO) if self.choices(kind) is not None)
        return b"\x0f" + bits.to_bytes(2, "little")

    def boot(self, now_us: int) -> None:  # noqa: ARG002 - at once
        self.sdk_mode = False
        self._stop_all()

    def listening_changed(self, now_us: int) -> None:
        """It goes on without a listener, as the real one does until it is told to stop."""

    def heard(self, lane: str, data: bytes, now_us: int) -> int | None:
        if lane != "control":
            return None
        if "control" not in self.subscribed:
            return _ATT_INDICATION_OFF
        if len(data) < 2:
            self._answer(data[:1] or b"\0", 0, _LENGTH)
            return None
        op, kind = data[0], data[1]
        if op == 1:
            choices = self.choices(kind)
            status = _NOT_SUPPORTED if choices is None else _OK
            self._answer(data[:1], kind, status, _encoded(choices or {}))
        elif op == 2:
            self._start(kind, data[2:], now_us)
        elif op == 3:
            self._stop(kind)
        else:
            self._answer(data[:1], kind, _NO_OP)
        return None

    def _answer(self, op: bytes, kind: int, status: int, parameters: bytes = b"") -> None:
        head = b"\xf0" + op + bytes((kind, status))
        if status != _OK:
            self.say("control", head)
            return
        room = self.mtu - 3 - len(head) - 1
        pieces = [parameters[at : at + room] for at in range(0, len(parameters), room)] or [b""]
        for number, piece in enumerate(pieces):
            more = bytes((number < len(pieces) - 1,))
            self.say("control", head + more + piece)

    def _start(self, kind: int, parameters: bytes, now_us: int) -> None:
        if kind == _SDK and self.choices(_GYRO) is not None:
            status = _STATE if self.running else _ALREADY if self.sdk_mode else _OK
            self.sdk_mode = self.sdk_mode or status == _OK
            self._answer(b"\x02", kind, status)
            return
        choices = self.choices(kind)
        if choices is None:
            self._answer(b"\x02", kind, _NOT_SUPPORTED)
            return
        chosen = _decoded(parameters)
        status = _ALREADY if kind in self.running else _check(choices, chosen)
        if status != _OK or chosen is None:
            self._answer(b"\x02", kind, status)
            return
        self.running[kind] = chosen
        self._waiting_values[kind] = []
        if not self.sampling:
            self.sample(chosen[_RATE], batch=4, now_us=now_us, acc_range_g=8, gyr_range_dps=2000)
        self._answer(b"\x02", kind, _OK, self.start_parameters(kind))

    def start_parameters(self, kind: int) -> bytes:
        raise NotImplementedError

    def _stop(self, kind: int) -> None:
        if kind == _SDK:
            status = _OK if self.sdk_mode else _ALREADY
            self.sdk_mode = False
        else:
            status = _OK if self.running.pop(kind, None) is not None else _ALREADY
        if not self.running:
            self.stop_sampling()
        self._answer(b"\x03", kind, status)

    def _stop_all(self) -> None:
        self.running.clear()
        self.stop_sampling()

    def sampled(self, batch: Batch, now_us: int) -> None:  # noqa: ARG002 - sent when a frame is full
        for kind, values in ((_ACC, batch.acc_g), (_GYRO, batch.gyr_dps)):
            if kind not in self.running:
                continue
            for number, value in enumerate(values):
                self._waiting_values[kind].append(value)
                taken_us = batch.first_us + number * batch.period_us
                if len(self._waiting_values[kind]) >= self.frame_length(kind):
                    self._frame(kind, taken_us)

    def frame_length(self, kind: int) -> int:
        raise NotImplementedError

    def content(self, kind: int, values: NDArray[np.float64]) -> tuple[int, bytes]:
        """Frame type and what follows it."""
        raise NotImplementedError

    def _frame(self, kind: int, last_us: float) -> None:
        values = np.array(self._waiting_values[kind])
        self._waiting_values[kind] = []
        layout, content = self.content(kind, values)
        stamp = _SINCE_2000_NS + 1000 * self.device_us(last_us)
        self.say("data", struct.pack("<BQB", kind, stamp, layout) + content)


class VeritySense(_Polar):
    """Optical sensor with a six-axis IMU."""

    name_prefix = "Polar Sense "
    model = "Polar Verity Sense"

    def choices(self, kind: int) -> Choices | None:
        rates = (26, 52, 104, 208, 416) if self.sdk_mode else (52,)
        common: Choices = {_RATE: rates, _RESOLUTION: (16,)}
        if kind == _ACC:
            ranges = (2, 4, 8, 16) if self.sdk_mode else (8,)
            return common | {_RANGE: ranges, _CHANNELS: (3,)}
        if kind == _GYRO:
            return common | {_RANGE: (245, 500, 1000, 2000), _CHANNELS: (3,)}
        return None

    def start_parameters(self, kind: int) -> bytes:
        return bytes((_FACTOR, 1)) + struct.pack("<f", self._factor(kind))

    def _factor(self, kind: int) -> float:
        return self.running[kind][_RANGE] / 32768.0

    def frame_length(self, kind: int) -> int:
        return 26 if kind == _ACC else 22

    def content(self, kind: int, values: NDArray[np.float64]) -> tuple[int, bytes]:
        raw = np.clip(np.rint(values / self._factor(kind)), -32768, 32767).astype(int)
        return 0x80, _compressed(raw)


class H10(_Polar):
    """Chest strap: acceleration only."""

    name_prefix = "Polar H10 "
    model = "Polar H10"

    def choices(self, kind: int) -> Choices | None:
        if kind != _ACC:
            return None
        return {_RATE: (200, 100, 50, 25), _RESOLUTION: (16,), _RANGE: (8, 4, 2)}

    def start_parameters(self, kind: int) -> bytes:  # noqa: ARG002 - there is but one
        return b"\x01"  # kept for other uses

    def frame_length(self, kind: int) -> int:  # noqa: ARG002 - there is but one
        return min(36, (self.mtu - 3 - 10) // 6)

    def content(self, kind: int, values: NDArray[np.float64]) -> tuple[int, bytes]:  # noqa: ARG002 - there is but one
        raw = np.clip(np.rint(1000.0 * values), -32768, 32767).astype("<i2")
        return 0x01, raw.tobytes()


def _compressed(raw: NDArray[np.int_]) -> bytes:
    """A reference sample, then blocks of differences, each as wide as it needs."""
    out = bytearray(struct.pack("<3h", *raw[0]))
    differences = np.diff(raw, axis=0)
    for start in range(0, len(differences), _BLOCK):
        block = differences[start : start + _BLOCK].ravel().tolist()
        bits = max(1 + (value if value >= 0 else ~value).bit_length() for value in block)
        packed = 0
        for place, value in enumerate(block):
            packed |= (value & ((1 << bits) - 1)) << (place * bits)
        out += bytes((bits, len(block) // 3))
        out += packed.to_bytes(-(-bits * len(block) // 8), "little")
    return bytes(out)


def _encoded(choices: Choices) -> bytes:
    return b"".join(
        bytes((setting, len(values)))
        + b"".join(value.to_bytes(_SIZES[setting], "little") for value in values)
        for setting, values in choices.items()
    )


def _decoded(parameters: bytes) -> dict[int, int] | None:
    chosen: dict[int, int] = {}
    at = 0
    while at < len(parameters):
        if len(parameters) - at < 2 or parameters[at] not in _SIZES or parameters[at + 1] != 1:
            return None
        setting, size = parameters[at], _SIZES[parameters[at]]
        value = parameters[at + 2 : at + 2 + size]
        if len(value) < size:
            return None
        chosen[setting] = int.from_bytes(value, "little")
        at += 2 + size
    return chosen


def _check(choices: Choices, chosen: dict[int, int] | None) -> int:
    if chosen is None:
        return _LENGTH
    if set(chosen) != set(choices):
        return _PARAMETER
    errors = {_RATE: _NO_RATE, _RANGE: _NO_RANGE}
    wrong = [setting for setting, value in chosen.items() if value not in choices[setting]]
    return errors.get(wrong[0], _PARAMETER) if wrong else _OK


def make_verity(setup: DeviceSetup, link: str) -> SimulatedDevice:
    """Switch a Verity Sense on."""
    assert link == "ble"
    peer = VeritySense(setup)
    return SimulatedDevice(peer, peer)


def make_h10(setup: DeviceSetup, link: str) -> SimulatedDevice:
    """Switch an H10 on."""
    assert link == "ble"
    peer = H10(setup)
    return SimulatedDevice(peer, peer)
