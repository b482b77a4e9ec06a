"""A simulated x-IMU3 on a serial line or TCP, from the maker's user manual."""

import json
import struct
from collections.abc import Iterable
from typing import Final

from firmware_sim.families import DeviceSetup, SimulatedDevice
from firmware_sim.peer import GattService
from firmware_sim.wearable import Batch, Wearable

_BASE_HZ: Final = 400.0
_LONGEST_COMMAND: Final = 1024
_APPLIES_AFTER_US: Final = 2_000_000
_BATTERY_EVERY_US: Final = 1_000_000
_READ_ONLY: Final = ("serialnumber", "firmwareversion")
_CHARGING, _NOT_CONNECTED = 1.0, 0.0


class Ximu3(Wearable):
    """Streams to whoever listens; commands are JSON objects of one key, lines end in LF."""

    name_prefix = "x-IMU3-"

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup, serial=True)
        self.settings: dict[str, object] = {
            "devicename": "x-IMU3",
            "serialnumber": self.serial_text.decode(),
            "firmwareversion": "v1.2.3",
            "binarymodeenabled": True,
            "usbdatamessagesenabled": True,
            "inertialmessageratedivisor": 8,
            "ahrsmessageratedivisor": 8,
            "magnetometermessageratedivisor": 1,
            "highgmessageratedivisor": 32,
            "temperaturemessageratedivisor": 5,
            "batterymessageratedivisor": 5,
        }
        self._applied = dict(self.settings)
        self._changes = 0
        self._line = bytearray()
        self._battery_due = False

    @property
    def services(self) -> tuple[GattService, ...]:
        return ()

    def boot(self, now_us: int) -> None:
        self._line.clear()
        self._battery_due = False
        self.listening_changed(now_us)

    def listening_changed(self, now_us: int) -> None:
        if not self.linked:
            self.stop_sampling()
            return
        if not self.sampling:
            self._run(now_us)
        if not self._battery_due:
            self._battery_due = True
            self.later(now_us + _BATTERY_EVERY_US, self._battery)

    def heard(self, lane: str, data: bytes, now_us: int) -> int | None:  # noqa: ARG002 - one lane
        self._line += data
        while b"\n" in self._line:
            line, _, rest = bytes(self._line).partition(b"\n")
            self._line = bytearray(rest)
            self._command(line, now_us)
        if len(self._line) > _LONGEST_COMMAND:
            self._line.clear()
        return None

    def sampled(self, batch: Batch, now_us: int) -> None:  # noqa: ARG002 - sent at once
        taken_us = self.device_us(batch.last_us)
        self._message("I", taken_us, (*batch.gyr_dps.mean(axis=0), *batch.acc_g.mean(axis=0)))
        if self._applied["ahrsmessageratedivisor"]:
            self._message("Q", taken_us, (1.0, 0.0, 0.0, 0.0))

    def press_button(self, now_us: int) -> None:
        super().press_button(now_us)
        self._bytes("N", self.device_us(now_us), b"Button pressed.")

    def _run(self, now_us: int) -> None:
        divisor = self._applied["inertialmessageratedivisor"]
        self.stop_sampling()
        if isinstance(divisor, int) and divisor > 0:
            self.sample(_BASE_HZ, batch=divisor, now_us=now_us, acc_range_g=16, gyr_range_dps=2000)

    def _command(self, line: bytes, now_us: int) -> None:
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(said, dict) or len(said) != 1:
            return
        key, value = next(iter(said.items()))
        name = "".join(letter for letter in key.lower() if letter.isalnum())
        answer: object = value
        if name == "ping":
            own = {"interface": "USB", "name": self.settings["devicename"]}
            answer = own | {"sn": self.settings["serialnumber"]}
        elif name == "apply":
            self._apply(now_us)
        elif name in ("blink", "strobe"):
            self.setup.on_cue(now_us)
        elif name in _READ_ONLY and value is not None:
            answer = {"error": "Unable to write read-only setting"}
        elif name in self.settings and value is None:
            answer = self.settings[name]
        elif name in self.settings:
            self.settings[name] = value
            self._changes += 1
            changes = self._changes
            self.later(now_us + _APPLIES_AFTER_US, lambda at_us: self._apply_if(changes, at_us))
        else:
            answer = {"error": "Unknown command"}
        self.say("serial", json.dumps({key: answer}, separators=(",", ":")).encode() + b"\n")

    def _apply_if(self, changes: int, now_us: int) -> None:
        if changes == self._changes:
            self._apply(now_us)

    def _apply(self, now_us: int) -> None:
        if self._applied != self.settings:
            self._applied = dict(self.settings)
            if self.linked:
                self._run(now_us)

    def _battery(self, now_us: int) -> None:
        percent = float(self.percent(now_us))
        status = _CHARGING if self.charging else _NOT_CONNECTED
        self._message("B", self.device_us(now_us), (percent, 3.3 + 0.009 * percent, status))
        self._battery_due = self.linked
        if self.linked:
            self.later(now_us + _BATTERY_EVERY_US, self._battery)

    def _message(self, letter: str, device_us: int, values: Iterable[float]) -> None:
        numbers = [float(value) for value in values]
        if self._applied["binarymodeenabled"]:
            self._bytes(letter, device_us, struct.pack(f"<{len(numbers)}f", *numbers))
        else:
            self._bytes(letter, device_us, ",".join(f"{one:.4f}" for one in numbers).encode())

    def _bytes(self, letter: str, device_us: int, argument: bytes) -> None:
        if not self._applied["binarymodeenabled"]:
            self.say("serial", f"{letter},{device_us},".encode() + argument + b"\r\n")
            return
        plain = bytes((0x80 + ord(letter),)) + struct.pack("<Q", device_us) + argument
        stuffed = plain.replace(b"\xdb", b"\xdb\xdd").replace(b"\n", b"\xdb\xdc")
        self.say("serial", stuffed + b"\n")


def make(setup: DeviceSetup, link: str) -> SimulatedDevice:
    """Switch one on."""
    assert link == "serial"
    peer = Ximu3(setup)
    return SimulatedDevice(peer, peer)
