"""MbientLab MetaMotion S (BMI270) and R (BMI160), from the documented registers.

A message is ``module register data``; reading is register | 0x80, and the answer has the same two
bytes. Acceleration and rate come in notifications of their own, three samples in each, with neither
time nor number. They are paired in their order: a packet of rates belongs to the packet of
accelerations before it; where one of a pair is missing the other is dropped and declared lost. So a
pair is at most one packet apart, and one lost packet disturbs no other. (Rates that are lost with
the accelerations after them cannot be told: one pair is wrong then, the next is right again.)

What an earlier host had set up outlives its link and even a restart of ours: everything is torn
down first. Commands go out unacknowledged, so that settings are read back before the start.

Module 0xFE can reset the sensor or leave it in its bootloader. Nothing here can name it: see
:func:`command`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from sensorhub.devices.base import (
    BleChannel,
    BleProfile,
    ClockKind,
    DeviceFamily,
    LinkCounters,
    LossKind,
    StreamSettings,
)
from sensorhub.devices.common.counted_stream import CountedStream
from sensorhub.devices.common.information import CHANNELS, Information
from sensorhub.devices.common.lane_decoder import LaneDecoder
from sensorhub.devices.common.script import (
    Answered,
    Chore,
    Conversation,
    Say,
    Script,
    ScriptedController,
)
from sensorhub.model.errors import DeviceError
from sensorhub.model.events import BatteryReported, DeviceEvent, FloatArray
from sensorhub.model.units import RADPS_PER_DPS, STANDARD_GRAVITY_MPS2

ACC, HAPTIC, PROCESSOR, SETTINGS, GYRO, COMPASS, FUSION = 0x03, 0x08, 0x09, 0x11, 0x13, 0x15, 0x19
MODULES: Final = frozenset((ACC, HAPTIC, PROCESSOR, SETTINGS, GYRO, COMPASS, FUSION))
"""All modules that are ever spoken to. Never 0xFE: its register 02 ends in the bootloader."""

_POWER, _ENABLE, _CONFIG, _SAMPLE, _READ = 0x01, 0x02, 0x03, 0x04, 0x80
_REMOVE_ALL = 0x08
_FUSION_OUTPUTS, _ALL_OUTPUTS = 0x03, 0x7F
_BATTERY_READ, _BATTERY = 0xCC, 0x8C
_KIND: Final = 0x80  # register 0, read
_SETTLE_S: Final = 0.03

RATES_HZ: Final = {25.0: 0x6, 50.0: 0x7, 100.0: 0x8, 200.0: 0x9}
"""Rates and their codes, the same in both chips and for both sensors."""

_GYR_RANGES_DPS: Final = (2000, 1000, 500, 250, 125)


@dataclass(frozen=True, slots=True)
class Chip:
    """What tells the two boards apart.

    Attributes:
        acc_conf: the accelerometer's settings byte without the rate.
        acc_ranges: code by range in g.
        acc_packed, gyr_packed: registers with three samples a packet.
    """

    name: str
    acc_conf: int
    acc_ranges: Mapping[int, int]
    acc_packed: int
    gyr_packed: int


_BMI160: Final = Chip("BMI160", 0x20, {2: 0x03, 4: 0x05, 8: 0x08, 16: 0x0C}, 0x1C, 0x07)
_BMI270: Final = Chip("BMI270", 0xA0, {2: 0, 4: 1, 8: 2, 16: 3}, 0x05, 0x05)
CHIPS: Final[Mapping[int, Chip]] = {1: _BMI160, 4: _BMI270}
"""By the accelerometer's kind, as the board tells it."""

_MODELS: Final = {"5": "MetaMotion R", "6": "MetaMotion C", "8": "MetaMotion S"}

_ABOUT: Final[Mapping[tuple[int, int], str]] = {
    (ACC, 0x00): "kind of accelerometer",
    (GYRO, 0x00): "kind of gyroscope",
    (ACC, _CONFIG): "accelerometer settings",
    (GYRO, _CONFIG): "gyroscope settings",
}
_XYZ_BYTES = 6
_RAIL = 32767


def command(module: int, register: int, *data: int) -> bytes:
    """Return one message to the board.

    Raises:
        ValueError: to a module that must never be spoken to.
    """
    if module not in MODULES:
        raise ValueError(f"module {module:#04x} is not to be spoken to")
    return bytes((module, register, *data))


class MetaMotionDecoder(LaneDecoder):
    """Notifications to events."""

    def __init__(self) -> None:
        super().__init__()
        self._stream = CountedStream(usual_hz=tuple(RATES_HZ))
        self._information = Information(_MODELS)
        self._rate_hz: float | None = None
        self._acc_lsb_per_g = 8192.0
        self._gyr_lsb_per_dps = 16.4
        self._waiting: FloatArray | None = None  # accelerations without their rates yet
        self._waiting_clipped = False
        self._pairs_come = False  # since the start, and not stopped: one alone is a loss

    @property
    def samples(self) -> LinkCounters:
        """Samples received and lost."""
        return self._stream.counters

    def sent(self, lane: str, data: bytes, now_ns: int) -> list[DeviceEvent]:
        """What was set, and when it was started."""
        if lane != "command" or len(data) < 3:
            return []
        if data[1] == _CONFIG and len(data) == 4:
            self._configured(data[0], data[2:])
        elif data[1] == _POWER and data[0] in (ACC, GYRO):
            self._waiting = None
            self._pairs_come = False
            if data == command(GYRO, _POWER, 1) and self._rate_hz is not None:
                return self._stream.nominal(self._rate_hz, now_ns)
        return []

    def received(self, lane: str, data: bytes, now_ns: int) -> list[DeviceEvent]:
        """One notification, or who it is."""
        identity = self._information.take(lane, data, now_ns)
        if identity is not None:
            return identity
        if lane != "data" or len(data) < 2:
            return self.rejects.add(len(data), "no message of this protocol", now_ns)
        module, register, payload = data[0], data[1], data[2:]
        samples, rest = divmod(len(payload), _XYZ_BYTES)
        if register & _READ:
            return [*self.rejects.tell(now_ns), *self._answer(module, register, payload, now_ns)]
        if not rest and (module, register, samples) in _SAMPLE_MESSAGES:
            values = np.frombuffer(payload, "<i2").astype(np.float64).reshape(samples, 3)
            clipped = bool((abs(values) >= _RAIL).any())
            take = self._accelerations if module == ACC else self._rates
            return [*self.rejects.tell(now_ns), *take(values, now_ns, clipped=clipped)]
        return self.rejects.add(len(data), "no message that was asked for", now_ns)

    def unlinked(self, now_ns: int) -> list[DeviceEvent]:
        """Half a pair is none."""
        self._waiting = None
        self._pairs_come = False
        return self._stream.link_down(now_ns)

    def _answer(self, module: int, register: int, payload: bytes, now_ns: int) -> list[DeviceEvent]:
        if (module, register) == (SETTINGS, _BATTERY) and len(payload) == 3:
            percent, millivolts = payload[0], int.from_bytes(payload[1:], "little")
            return [BatteryReported(now_ns, min(percent, 100), millivolts)]
        about = _ABOUT.get((module, register & ~_READ))
        if about is None:
            return []
        if register & ~_READ == _CONFIG and len(payload) == 2:
            self._configured(module, payload)
        return [Answered(now_ns, about, data=payload)]

    def _configured(self, module: int, settings: bytes) -> None:
        """Rate and range, as they were written or read back."""
        conf, code = settings[0], settings[1]
        if module == ACC:
            chip = _BMI270 if conf & 0x80 else _BMI160
            range_g = next((g for g, known in chip.acc_ranges.items() if known == code), None)
            if range_g is not None:
                self._acc_lsb_per_g = 32768.0 / range_g
        elif module == GYRO and code < len(_GYR_RANGES_DPS):
            self._gyr_lsb_per_dps = 16.4 * _GYR_RANGES_DPS[0] / _GYR_RANGES_DPS[code]
            rate_hz = next((hz for hz, known in RATES_HZ.items() if known == conf & 0xF), None)
            if rate_hz is not None and rate_hz != self._rate_hz:
                if self._rate_hz is not None:
                    self._stream.restart()
                self._rate_hz = rate_hz

    def _accelerations(
        self, values: FloatArray, now_ns: int, *, clipped: bool
    ) -> list[DeviceEvent]:
        alone, self._waiting = self._waiting, values
        self._waiting_clipped = clipped
        return [] if alone is None else self._alone(len(alone), now_ns)

    def _rates(self, values: FloatArray, now_ns: int, *, clipped: bool) -> list[DeviceEvent]:
        acc, self._waiting = self._waiting, None
        if acc is None or len(acc) != len(values):
            return self._alone(len(values), now_ns)
        self._pairs_come = True
        return self._stream.push(
            acc / self._acc_lsb_per_g * STANDARD_GRAVITY_MPS2,
            values / self._gyr_lsb_per_dps * RADPS_PER_DPS,
            now_ns,
            clipped=clipped or self._waiting_clipped,
        )

    def _alone(self, count: int, now_ns: int) -> list[DeviceEvent]:
        """Half a pair. While one sensor runs and the other does not yet, that is no loss."""
        return self._stream.lost(count, now_ns) if self._pairs_come else []


_SAMPLE_MESSAGES: Final = frozenset(
    (
        (ACC, _SAMPLE, 1), (ACC, _BMI270.acc_packed, 3), (ACC, _BMI160.acc_packed, 3),
        (GYRO, _SAMPLE, 1), (GYRO, 0x05, 1),
        (GYRO, _BMI270.gyr_packed, 3), (GYRO, _BMI160.gyr_packed, 3),
    )
)  # fmt: skip
"""Module, register and number of samples. Register 05 of the gyroscope is the packed one of the
BMI270 and the single one of the BMI160."""


def _tell(module: int, register: int, *data: int) -> Say:
    return Say("command", command(module, register, *data), pause_s=_SETTLE_S)


def _ask(module: int, register: int) -> Say:
    return Say("command", command(module, register | _READ), _ABOUT[module, register])


def _quiet() -> Script:
    """Nothing runs, nothing is enabled, nobody is subscribed, on either board."""
    for module in (ACC, GYRO):
        yield _tell(module, _POWER, 0)
        yield _tell(module, _ENABLE, 0, 1)
    for chip in (_BMI160, _BMI270):
        yield _tell(ACC, chip.acc_packed, 0)
        yield _tell(GYRO, chip.gyr_packed, 0)
    for module in (ACC, GYRO):
        yield _tell(module, _SAMPLE, 0)


def _configure(module: int, conf: int, code: int) -> Script:
    """Write a sensor's settings and read them back, since writes are not acknowledged."""
    for _ in range(3):
        yield _tell(module, _CONFIG, conf, code)
        answer = yield _ask(module, _CONFIG)
        if answer is not None and answer.data == bytes((conf, code)):
            return
    raise DeviceError(
        f"The MetaMotion sensor does not take its {_ABOUT[module, _CONFIG]}.",
        hint="Switch the sensor off and on again, then try once more.",
    )


def _opening(settings: StreamSettings) -> Script:
    answer = yield _ask(ACC, 0)
    chip = CHIPS.get(answer.data[0]) if answer is not None and answer.data else None
    if chip is None:
        raise DeviceError(
            "The MetaMotion board has an accelerometer that is not known here.",
            hint="MetaMotion S and MetaMotion R can be used.",
        )
    # Fusion has settings of its own for both sensors, and the compass takes room on the link.
    yield _tell(FUSION, _POWER, 0)
    yield _tell(FUSION, _FUSION_OUTPUTS, 0, _ALL_OUTPUTS)
    yield _tell(COMPASS, _POWER, 0)
    yield _tell(COMPASS, _ENABLE, 0, 1)
    yield from _quiet()
    yield _tell(PROCESSOR, _REMOVE_ALL)
    rate_hz = min(RATES_HZ, key=lambda hz: abs(hz - settings.rate_hz))
    code = RATES_HZ[rate_hz]
    range_g = min(chip.acc_ranges, key=lambda g: abs(g - settings.acc_range_g))
    range_dps = min(_GYR_RANGES_DPS, key=lambda dps: abs(dps - settings.gyr_range_dps))
    yield from _configure(ACC, chip.acc_conf | code, chip.acc_ranges[range_g])
    yield from _configure(GYRO, 0x20 | code, _GYR_RANGES_DPS.index(range_dps))
    yield _tell(ACC, chip.acc_packed, 1)
    yield _tell(GYRO, chip.gyr_packed, 1)
    for module in (ACC, GYRO):
        yield _tell(module, _ENABLE, 1, 0)
    for module in (ACC, GYRO):
        yield _tell(module, _POWER, 1)


def _closing(_settings: StreamSettings) -> Script:
    yield from _quiet()


def _ask_battery(_now_ns: int) -> Say:
    return Say("command", command(SETTINGS, _BATTERY_READ))


def _cue(pattern: str) -> Say:
    lasts_ms = 600 if pattern == "attention" else 200
    duty = 0xF8  # the documented full strength
    return Say("command", command(HAPTIC, 0x01, duty, *lasts_ms.to_bytes(2, "little"), 0))


CONVERSATION: Final = Conversation(
    "The MetaMotion sensor", _opening, _closing, chores=(Chore(60.0, _ask_battery),), cues=_cue
)


def _uuid(short: str) -> str:
    return f"326a{short}-85cb-9195-d9dd-464cfbbae75a"


FAMILY = DeviceFamily(
    name="metamotion",
    title="MbientLab MetaMotion S and R",
    new_decoder=MetaMotionDecoder,
    new_controller=partial(ScriptedController, CONVERSATION),
    ble=BleProfile(
        service_uuids=(_uuid("9000"),),
        channels=(
            *CHANNELS,
            BleChannel("data", _uuid("9006"), notify=True),
            BleChannel("command", _uuid("9001"), write=True, write_with_response=False),
        ),
    ),
    rates_hz=tuple(RATES_HZ),
    clock="none: samples are counted, and timed by their arrival",
    loss_detection="pairs of packets; silences over half a second",
    clock_kind=ClockKind.COUNTED,
    loss_kind=LossKind.SILENCES,
    battery=True,
    evidence="vector-tested",
    notes=(
        "Acceleration and rate are paired as they arrive: up to a packet (30 ms at 100 Hz) apart.",
        "The bootloader command cannot be sent.",
    ),
)
