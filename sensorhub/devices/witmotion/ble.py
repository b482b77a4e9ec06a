"""WitMotion's Bluetooth LE sensors (WT901BLE, WT9011DCL-BT50, BWT901BLE 5.0), by radio or USB.

On their USB socket they say the same as by radio. Cheap, and the worst case for a clock: no time,
no number, no checksum. From the vendor's examples and RGu0/WT901, which was checked on hardware.
Older units with the service FFE0 are not supported: thousands of other gadgets have it.
"""

import struct
from dataclasses import replace
from functools import partial
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
    SerialProfile,
    StreamSettings,
)
from sensorhub.devices.common.counted_stream import CountedStream
from sensorhub.devices.common.script import ScriptedController
from sensorhub.devices.witmotion.decoder import WitDecoder
from sensorhub.devices.witmotion.frames import IMU, FrameCutter
from sensorhub.devices.witmotion.registers import (
    ACC_G_PER_LSB,
    GYR_DPS_PER_LSB,
    RATES_HZ,
    WitRegisters,
    radio_conversation,
)
from sensorhub.model.events import DeviceEvent
from sensorhub.model.units import RADPS_PER_DPS, STANDARD_GRAVITY_MPS2

_DATA, _COMMAND, _CABLE = "data", "command", "serial"
_IMU_FRAME: Final = struct.Struct("<2x9h")
_REGISTER_FRAME: Final = struct.Struct("<2xH8H")
_MPS2_PER_LSB = ACC_G_PER_LSB * STANDARD_GRAVITY_MPS2
_RADPS_PER_LSB = GYR_DPS_PER_LSB * RADPS_PER_DPS
_RAIL = 32767


def _uuid(short: str) -> str:
    return f"0000{short}-0000-1000-8000-00805f9a34fb"  # 9a34fb: not the Bluetooth SIG's 9b34fb


class WitBleDecoder(WitDecoder):
    """Bytes to samples. Frames may straddle notifications; several may share one."""

    def __init__(self, *, lane: str = _DATA) -> None:
        super().__init__(lane=lane)
        self._frames = FrameCutter()
        self._stream = CountedStream(usual_hz=tuple(RATES_HZ.values()))

    @property
    def counters(self) -> LinkCounters:
        """Totals over everything fed so far."""
        samples = self._stream.counters
        return LinkCounters(samples.received, samples.lost, rejected_bytes=self._rejected)

    def _received(self, data: bytes, now_ns: int, out: list[DeviceEvent]) -> None:
        self._cut(self._frames.push(data), now_ns, out)

    def _ended(self, now_ns: int, out: list[DeviceEvent]) -> None:
        self._cut(self._frames.end(), now_ns, out)
        out.extend(self._stream.link_down(now_ns))

    def _distrust(self) -> None:
        self._stream.restart()

    def _rate_known(self, rate_hz: float, now_ns: int, out: list[DeviceEvent]) -> None:
        out.extend(self._stream.nominal(rate_hz, now_ns))

    def _cut(self, frames: list[bytes], now_ns: int, out: list[DeviceEvent]) -> None:
        self._reject(self._frames.take_rejected(), "no frame", now_ns, out)
        rows: list[tuple[int, ...]] = []
        for frame in frames:
            if frame[1] == IMU:
                rows.append(_IMU_FRAME.unpack(frame))
                continue
            self._samples(rows, now_ns, out)
            rows = []
            register, *values = _REGISTER_FRAME.unpack(frame)
            if register < 0x100:
                self._register(WitRegisters(now_ns, register, tuple(values)), out)
        self._samples(rows, now_ns, out)

    def _samples(self, rows: list[tuple[int, ...]], now_ns: int, out: list[DeviceEvent]) -> None:
        if not rows or not self._believed:
            return
        raw = np.array(rows, dtype=np.float64)[:, :6]
        acc = raw[:, :3] * _MPS2_PER_LSB
        gyr = raw[:, 3:] * _RADPS_PER_LSB
        clipped = bool((np.abs(raw) >= _RAIL).any())
        out.extend(self._stream.push(acc, gyr, now_ns, clipped=clipped))


def _controller(settings: StreamSettings, *, lane: str) -> Controller:
    return ScriptedController(radio_conversation(lane), settings)


FAMILY = DeviceFamily(
    name="witmotion_ble",
    title="WitMotion Bluetooth sensor (WT901BLE, WT9011DCL)",
    new_decoder=WitBleDecoder,
    new_controller=partial(_controller, lane=_COMMAND),
    ble=BleProfile(
        service_uuids=(_uuid("ffe5"),),
        channels=(
            BleChannel(_DATA, _uuid("ffe4"), notify=True, stream=True),
            BleChannel(_COMMAND, _uuid("ffe9"), write=True, write_with_response=False),
        ),
        name_prefixes=("WT901BLE", "WT9011", "BWT901BLE"),
    ),
    rates_hz=tuple(RATES_HZ.values()),
    clock="none: samples are counted, their rate is estimated from when they arrive",
    loss_detection="none below half a second; longer losses from the clock",
    clock_kind=ClockKind.COUNTED,
    loss_kind=LossKind.SILENCES,
    battery=True,
    evidence="vector-tested",
    notes=(
        "Rates are nominal: units were found to give 49.5, 99.3 and 198.4 Hz.",
        "Setting the rate writes the sensor's flash, once.",
        "Older units with the service FFE0 are not recognised.",
        "WT901SDCL and WTVB01, whose packets have 28 bytes, are not supported.",
    ),
)

USB_FAMILY = replace(
    FAMILY,
    name="witmotion_usb",
    title="WitMotion Bluetooth sensor on its USB cable",
    new_decoder=partial(WitBleDecoder, lane=_CABLE),
    new_controller=partial(_controller, lane=_CABLE),
    ble=None,
    serial=SerialProfile(baud_rates=(115200,)),
    notes=(*FAMILY.notes[:2], "One unit was found to need a factory reset before it spoke."),
)
