"""A simulated Movesense sensor, from the maker's GATT SensorData Protocol specification."""

import struct
from typing import Final

import numpy as np

from firmware_sim.families import DeviceSetup, SimulatedDevice
from firmware_sim.peer import GattCharacteristic, GattService
from firmware_sim.wearable import Batch, Wearable

_UUID: Final = "3480{}-7185-4d5d-b431-630e7050e8f0"
_HELLO, _SUBSCRIBE, _UNSUBSCRIBE, _GET = 0, 1, 2, 4
_RESPONSE, _DATA, _DATA_PART_2 = 1, 2, 3
_OK, _NOT_FOUND, _CONFLICT, _NOT_IMPLEMENTED = 200, 404, 409, 501
_RATES: Final = {b"13": 1, b"26": 2, b"52": 4, b"104": 8, b"208": 16}  # samples a packet
_OWN_MTU: Final = 161  # whatever the host would take
_THINKS_US: Final = 12_000
_G_MPS2: Final = 9.80665


class Movesense(Wearable):
    """Commands in, notifications out; at most one IMU subscription."""

    name_prefix = "Movesense "
    service_uuids = (_UUID.format("2252"),)

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup)
        self._reference: int | None = None

    @property
    def services(self) -> tuple[GattService, ...]:
        write = GattCharacteristic("command", _UUID.format("0001"), ("write",))
        notify = GattCharacteristic("data", _UUID.format("0002"), ("notify",))
        own = GattService(self.service_uuids[0], (write, notify))
        return (own, *self.standard_services(model="Movesense", battery=False))

    def boot(self, now_us: int) -> None:  # noqa: ARG002 - everything is forgotten
        self._reference = None

    def listening_changed(self, now_us: int) -> None:  # noqa: ARG002 - whatever the time
        if not self.linked:
            self._unsubscribe()

    def heard(self, lane: str, data: bytes, now_us: int) -> int | None:  # noqa: ARG002 - one lane
        if len(data) >= 2:
            self.later(now_us + _THINKS_US, lambda at_us: self._obey(data, at_us))
        return None

    def sampled(self, batch: Batch, now_us: int) -> None:  # noqa: ARG002 - sent at once
        milliseconds = self.device_us(batch.first_us) // 1000 % (1 << 32)
        values = np.concatenate((batch.acc_g * _G_MPS2, batch.gyr_dps)).astype("<f4")
        payload = struct.pack("<I", milliseconds) + values.tobytes()
        room = min(self.mtu, _OWN_MTU) - 5
        for at in range(0, len(payload), room):
            kind = _DATA_PART_2 if at else _DATA
            self.say("data", bytes((kind, self._reference or 0)) + payload[at : at + room])

    def _obey(self, data: bytes, now_us: int) -> None:
        op, reference, rest = data[0], data[1], data[2:]
        if op == _HELLO:
            texts = (self.serial_text, b"Movesense", self._address.encode(), b"GSP", b"2.1.0")
            told = b"\x01" + b"".join(text + b"\0" for text in texts)
            self.say("data", bytes((_RESPONSE, reference)) + told)
        elif op == _SUBSCRIBE:
            self._answer(reference, self._subscribe(reference, rest, now_us))
        elif op == _UNSUBSCRIBE:
            running = reference == self._reference
            if running:
                self._unsubscribe()
            self._answer(reference, _OK if running else _NOT_FOUND)
        elif op == _GET and rest == b"/System/Energy/Level":
            self._answer(reference, _OK, bytes((self.percent(now_us),)))
        else:
            self._answer(reference, _NOT_FOUND if op == _GET else _NOT_IMPLEMENTED)

    def _answer(self, reference: int, status: int, told: bytes = b"") -> None:
        self.say("data", struct.pack("<BBH", _RESPONSE, reference, status) + told)

    def _subscribe(self, reference: int, path: bytes, now_us: int) -> int:
        rate = path.removeprefix(b"/Meas/IMU6/")
        if rate not in _RATES or rate == path:
            return _NOT_FOUND
        if self._reference is not None:
            return _CONFLICT
        self._reference = reference
        batch = _RATES[rate]
        self.sample(float(rate), batch=batch, now_us=now_us, acc_range_g=8, gyr_range_dps=1000)
        return _OK

    def _unsubscribe(self) -> None:
        self._reference = None
        self.stop_sampling()


def make(setup: DeviceSetup, link: str) -> SimulatedDevice:
    """Switch one on."""
    assert link == "ble"
    peer = Movesense(setup)
    return SimulatedDevice(peer, peer)
