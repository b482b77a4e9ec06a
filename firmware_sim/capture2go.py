"""A simulated Capture2Go sensor, from the protocol document of the maker's SDK."""

import struct
import zlib
from typing import Final

import numpy as np

from firmware_sim.families import DeviceSetup, SimulatedDevice
from firmware_sim.peer import GattCharacteristic, GattService
from firmware_sim.wearable import Batch, Wearable

_UUID: Final = "8003{}-e629-4c98-9324-aa7fc0c66de7"
_RATES_HZ: Final = {1: 200.0, 2: 100.0, 3: 50.0, 4: 25.0}
_IDLE, _STREAMING = 1, 2
_BLE_CONNECTED, _USB_CONNECTED = 2, 3
_WRONG_STATE, _PACKAGE_ERROR, _UNKNOWN_COMMAND = 0xFB, 0xFC, 0xFD
_STATUS_EVERY_US: Final = 1_000_000
_THINKS_US: Final = 8_000
_LONGEST: Final = 244
_ORIENTATION: Final = struct.pack("<Qh", 0, 0)  # not estimated here


class Capture2Go(Wearable):
    """Packages over a notification lane or a cable; keeps streaming when a link is lost."""

    name_prefix = "IMU_"
    service_uuids = (_UUID.format("0001"),)

    def __init__(self, setup: DeviceSetup, *, serial: bool) -> None:
        super().__init__(setup, serial=serial)
        self._heard = bytearray()
        self._state = _IDLE
        self._mode = 0
        self._with_field = False
        self._status_due = False
        self._cables_awake = False

    @property
    def services(self) -> tuple[GattService, ...]:
        write = GattCharacteristic(
            "command", _UUID.format("0002"), ("write", "write-without-response")
        )
        notify = GattCharacteristic("data", _UUID.format("0003"), ("notify",))
        return (GattService(self.service_uuids[0], (write, notify)),)

    def boot(self, now_us: int) -> None:
        self._heard.clear()
        self._state = _IDLE
        self._mode = 0
        self._status_due = self._cables_awake = False
        self.listening_changed(now_us)

    def listening_changed(self, now_us: int) -> None:
        self._heard.clear()
        self._cables_awake = False
        if "data" in self.subscribed and not self._status_due:
            self._status(now_us)

    def heard(self, lane: str, data: bytes, now_us: int) -> int | None:  # noqa: ARG002 - one lane
        if self.serial and not self._cables_awake:
            self._cables_awake = True
            if not self._status_due:
                self._status(now_us)
        self._heard += data
        while len(self._heard) >= 8:
            start, checksum, length, header = struct.unpack_from("<BIBH", self._heard)
            if start != 2 or 8 + length > _LONGEST:
                del self._heard[0]
                continue
            if len(self._heard) < 8 + length:
                break
            if zlib.crc32(self._heard[6 : 8 + length]) != checksum:
                del self._heard[0]
                continue
            payload = bytes(self._heard[8 : 8 + length])
            del self._heard[: 8 + length]
            if header == 0x0172 and length == 32:
                self._round_trip(payload, now_us)
            else:
                self._later(header, payload, now_us)
        return None

    def sampled(self, batch: Batch, now_us: int) -> None:  # noqa: ARG002 - sent at once
        device_ns = 1000 * self.device_us(batch.first_us)
        counts = [
            np.rint(values * 32768.0 / scale).clip(-32768, 32767).astype("<i2")
            for values, scale in ((batch.gyr_dps, 2000.0), (batch.acc_g * 9.80665, 16 * 9.81))
        ]
        clipped = [bool((abs(values.astype(int)) >= 32767).any()) for values in counts]
        flags = 0x02 * clipped[0] + 0x04 * clipped[1]
        field = bytes(48) if self._with_field else b""
        payload = struct.pack("<q", device_ns) + counts[0].tobytes() + counts[1].tobytes()
        header = (0x0220 if self._with_field else 0x0230) + self._mode
        self._package(header, payload + field + _ORIENTATION + bytes((flags,)))

    def _later(self, header: int, payload: bytes, now_us: int) -> None:
        self.later(now_us + _THINKS_US, lambda at_us: self._obey(header, payload, at_us))

    def _obey(self, header: int, payload: bytes, now_us: int) -> None:
        match header, len(payload):
            case 0x0070, 0:
                texts = [b"c2gsim", b"C2G-2", b"1", b"1.4.0", b"2025-01-01"]
                texts[0] = self.serial_text[-6:].lower()
                self._package(0x0071, struct.pack("<H6s8s8s12s11s", 1, *texts))
            case 0x0120, 30:
                self._set_mode(payload, now_us)
            case 0x0150, 0:
                self._start(now_us)
            case 0x0152 | 0x0158, 0:
                self._state = _IDLE
                self.stop_sampling()
                if header == 0x0158:
                    self._waiting.clear()
                self._package(header + 1)
            case 0x0183, 17:
                self._light(payload, now_us)
            case ((0x0070 | 0x0120 | 0x0150 | 0x0152 | 0x0158 | 0x0183), _):
                self._error(_PACKAGE_ERROR, header)
            case _:
                self._error(_UNKNOWN_COMMAND, header)

    def _set_mode(self, payload: bytes, now_us: int) -> None:  # noqa: ARG002 - applied at once
        packed_mode = payload[10]
        if self._state == _STREAMING:
            self._error(_WRONG_STATE, 0x0120)
        elif packed_mode not in _RATES_HZ:
            self._error(_PACKAGE_ERROR, 0x0120)
        else:
            self._mode = packed_mode
            self._with_field = not payload[29]
            self._package(0x0122, payload)

    def _start(self, now_us: int) -> None:
        if self._mode == 0:
            self._error(_WRONG_STATE, 0x0150)
            return
        if self._state != _STREAMING:
            self._state = _STREAMING
            rate_hz = _RATES_HZ[self._mode]
            self.sample(rate_hz, batch=8, now_us=now_us, acc_range_g=16, gyr_range_dps=2000)
        self._package(0x0151)

    def _light(self, payload: bytes, now_us: int) -> None:
        start_ns, end_ns, relative = struct.unpack("<qqB", payload)
        now_ns = 1000 * self.device_us(now_us)
        start_ns = start_ns or now_ns
        if end_ns:
            self.setup.on_cue(now_us)
        self._package(0x0185, struct.pack("<qqB", start_ns, start_ns * bool(relative) + end_ns, 0))

    def _round_trip(self, payload: bytes, now_us: int) -> None:
        now_ns = 1000 * self.device_us(now_us)
        answer = payload[:8] + struct.pack("<qqq", now_ns, now_ns, 0)
        urgent = b"\xfe" + _frame(0x0172, answer)
        if self.serial or len(urgent) > self.mtu - 3:
            self._package(0x0172, answer)
        else:
            self.say("data", urgent)

    def _status(self, now_us: int) -> None:
        listening = self._cables_awake if self.serial else "data" in self.subscribed
        self._status_due = listening and self.linked
        if not self._status_due:
            return
        battery = self.percent(now_us) + (128 if self.charging else 0)
        link = _USB_CONNECTED if self.serial else _BLE_CONNECTED
        device_ns = 1000 * self.device_us(now_us)
        fields = (device_ns, self._state, link, 0, 0, 0, 0, battery, 93)
        self._package(0x0201, struct.pack("<qBB3hBBB", *fields))
        self.later(now_us + _STATUS_EVERY_US, self._status)

    def _error(self, code: int, command: int) -> None:
        self._package(0xFFFF, struct.pack("<BH", code, command))

    def _package(self, header: int, payload: bytes = b"") -> None:
        """Into the stream; by radio each notification tells its number of real-time packages."""
        data = _frame(header, payload)
        if self.serial:
            self.say("serial", data)
            return
        room = self.mtu - 4
        for cut in range(0, len(data), room):
            self.say("data", b"\xff" + data[cut : cut + room])


def _frame(header: int, payload: bytes) -> bytes:
    body = header.to_bytes(2, "little") + payload
    head = b"\x02" + zlib.crc32(body).to_bytes(4, "little") + bytes((len(payload),))
    return head + body


def make(setup: DeviceSetup, link: str) -> SimulatedDevice:
    """Switch one on, at the end of a ``ble`` or ``serial`` link."""
    peer = Capture2Go(setup, serial=link == "serial")
    return SimulatedDevice(peer, peer)
