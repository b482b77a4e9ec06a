"""Polar's wearables by their measurement data service: Verity Sense, H10 and their sisters.

Verity Sense (OH1, ...) measures acceleration and angular rate at 52 Hz; in the mode meant for
developers up to 416 Hz, without heart rate. H10 measures acceleration only, on the chest. From
Polar's public SDK. The sensor's clock is taken as monotonic with an unknown offset: setting it
takes effect only after a power cycle.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
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
    StreamSettings,
)
from sensorhub.devices.common.information import CHANNELS, Information
from sensorhub.devices.common.lane_decoder import LaneDecoder
from sensorhub.devices.common.pairing import Paired, Pairing
from sensorhub.devices.common.plausible import plausible
from sensorhub.devices.common.script import Answered, Conversation, Say, Script, ScriptedController
from sensorhub.devices.common.timed_stream import TimedStream
from sensorhub.devices.polar.frames import (
    Answer,
    Frame,
    Kind,
    Op,
    Setting,
    Settings,
    factor_of,
    kind_of,
    read_answer,
    read_frame,
    read_settings,
    write_settings,
)
from sensorhub.model.errors import DeviceError
from sensorhub.model.events import (
    BatteryReported,
    DeviceEvent,
    DeviceNotice,
    DeviceNoticeKind,
    FloatArray,
)
from sensorhub.model.units import NS_PER_S, RADPS_PER_DPS, STANDARD_GRAVITY_MPS2
from sensorhub.protocol.malformed import MalformedPacketError

_CONTROL, _DATA, _BATTERY = "control", "data", "battery"
_USUAL_HZ = 52
_BATTERY_LEVEL = "00002a19-0000-1000-8000-00805f9b34fb"
_MOST_PARAMETERS = 1024
_SDK_MODE_FROM = 1.25
"""The developers' mode costs battery: only for rates clearly above what there is without."""

_SILENT_HINT = (
    "Come closer and check that it is charged. An H10 answers only a computer that it is paired "
    "with: `sensorhub sensors add` does it, once, while it is worn."
)
_STATUS: Final[Mapping[int, str]] = {
    1: "it does not know the request",
    2: "it does not know the measurement",
    3: "it does not have that measurement",
    4: "the request has a wrong length",
    5: "a parameter is wrong",
    6: "it is doing that already",
    7: "it does not have that resolution",
    8: "it does not have that rate",
    9: "it does not have that range",
    10: "the Bluetooth packets are too small",
    11: "it does not have so many channels",
    12: "it cannot do that in its present state",
    13: "it is in the charger: take it out",
    14: "its memory is full",
}


_OPS: Final[Mapping[int, str]] = {Op.GET_SETTINGS: "choices", Op.START: "start", Op.STOP: "stop"}
_KINDS: Final[Mapping[int, str]] = {
    Kind.ACC: "acceleration",
    Kind.GYRO: "rotation",
    Kind.SDK_MODE: "the developers' mode",
}


def _about(op: int, kind: int) -> str:
    return f"{_OPS.get(op, f'request {op}')} of {_KINDS.get(kind, f'measurement {kind}')}"


class PolarDecoder(LaneDecoder):
    """Notifications to samples: paired where both are streamed, else acceleration alone."""

    def __init__(self) -> None:
        super().__init__()
        streams = itertools.count()
        period_s = 1.0 / _USUAL_HZ
        self._both = TimedStream(period_s, streams=streams)
        self._acc_only = TimedStream(period_s, has_gyroscope=False, streams=streams)
        self._pairing = Pairing()
        self._gyro_runs = False
        self._factors: dict[int, float] = {}
        self._period_s: dict[int, float] = {}
        self._last_s: dict[int, float] = {}
        self._information = Information()
        self._half = Answer(0, 0, 0)
        self._lanes: dict[str, Callable[[bytes, int], list[DeviceEvent]]] = {
            _DATA: self._frame,
            _CONTROL: self._control,
            _BATTERY: _battery,
        }

    @property
    def samples(self) -> LinkCounters:
        """Samples received, lost and duplicate."""
        one, other = self._both.counters, self._acc_only.counters
        return LinkCounters(
            one.received + other.received, one.lost + other.lost, one.duplicate + other.duplicate
        )

    def received(self, lane: str, data: bytes, now_ns: int) -> list[DeviceEvent]:
        """What the sensor sent."""
        identity = self._information.take(lane, data, now_ns)
        if identity is not None:
            return identity
        handler = self._lanes.get(lane)
        try:
            if handler is None:
                raise MalformedPacketError("unknown lane")
            events = handler(data, now_ns)
        except MalformedPacketError as error:
            return self.rejects.add(len(data), str(error), now_ns)
        return [*self.rejects.tell(now_ns), *events]

    def sent(self, lane: str, data: bytes, now_ns: int) -> list[DeviceEvent]:  # noqa: ARG002 - not timed
        """A start request says at which rate."""
        if lane == _CONTROL and len(data) > 2 and data[0] == Op.START:
            try:
                rates = read_settings(data[2:]).get(Setting.RATE_HZ, ())
            except MalformedPacketError:
                return []
            if rates and rates[0]:
                self._period_s[data[1]] = 1.0 / rates[0]
        return []

    def unlinked(self, now_ns: int) -> list[DeviceEvent]:  # noqa: ARG002 - the contract's signature
        """What waited for its other half stays alone."""
        self._pairing.clear()
        self._last_s.clear()
        self._gyro_runs = False
        self._half = Answer(0, 0, 0)
        return []

    def _control(self, data: bytes, now_ns: int) -> list[DeviceEvent]:
        match data[:1]:
            case b"\x0f":  # what it can measure: the choices say it better
                return []
            case b"\x01":
                return self._stopped_by_itself(data[1:], now_ns)
        part, half = read_answer(data), self._half
        if (half.op, half.kind) == (part.op, part.kind):
            part = replace(part, parameters=half.parameters + part.parameters)
        self._half = part if part.more and part.status == 0 else Answer(0, 0, 0)
        if len(part.parameters) > _MOST_PARAMETERS:
            self._half = Answer(0, 0, 0)
            raise MalformedPacketError("an answer without end")
        return [] if self._half.more else self._answered(part, now_ns)

    def _stopped_by_itself(self, kinds: bytes, now_ns: int) -> list[DeviceEvent]:
        """It went into the charger, or another app has told it to."""
        if not kinds or Kind.GYRO in kinds:
            self._gyro_runs = False
        return [DeviceNotice(now_ns, DeviceNoticeKind.STREAM_STOPPED)]

    def _answered(self, answer: Answer, now_ns: int) -> list[DeviceEvent]:
        if answer.status == 0 and answer.op == Op.START:
            self._started(answer.kind, answer.parameters)
        elif answer.status == 0 and answer.op == Op.STOP and answer.kind == Kind.GYRO:
            self._gyro_runs = False
        refusal = _STATUS.get(answer.status, f"status {answer.status}") if answer.status else ""
        about = _about(answer.op, answer.kind)
        return [Answered(now_ns, about, refusal, answer.parameters)]

    def _started(self, kind: int, parameters: bytes) -> None:
        self._factors[kind] = factor_of(read_settings(parameters)) if parameters else 1.0
        self._last_s.pop(kind, None)
        period_s = self._period_s.get(kind)
        if kind == Kind.GYRO:
            self._gyro_runs = True
        elif kind == Kind.ACC and period_s is not None:
            self._pairing.clear()
            for stream in (self._both, self._acc_only):
                if not stream.running:
                    stream.restart(period_s)

    def _frame(self, data: bytes, now_ns: int) -> list[DeviceEvent]:
        frame = read_frame(data, factor=self._factors.get(kind_of(data), 1.0))
        if frame.kind == Kind.GYRO:
            gyr = frame.values * RADPS_PER_DPS
            if not plausible(None, gyr):
                raise MalformedPacketError("no numbers a sensor could say")
            self._gyro_runs = True
            return self._pairs(self._pairing.add_gyr(self._times(frame), gyr), now_ns)
        acc = frame.values * (1e-3 * STANDARD_GRAVITY_MPS2)
        if not plausible(acc, None):
            raise MalformedPacketError("no numbers a sensor could say")
        last_s = frame.last_ns / NS_PER_S
        if not self._gyro_runs:
            return self._acc_only.push(last_s, acc, None, now_ns)
        times_s = self._times(frame)
        period_s = self._period_s.get(Kind.ACC, 1.0 / _USUAL_HZ)
        return self._pairs(self._pairing.add_acc(times_s, acc, period_s), now_ns)

    def _times(self, frame: Frame) -> FloatArray:
        """When each sample of a frame was taken: evenly from the frame before, if it follows it."""
        count, last_s = len(frame.values), frame.last_ns / NS_PER_S
        period_s = self._period_s.get(frame.kind, 1.0 / _USUAL_HZ)
        before_s = self._last_s.get(frame.kind)
        self._last_s[frame.kind] = last_s
        if before_s is not None and 0.75 < (last_s - before_s) / (count * period_s) < 1.25:
            period_s = (last_s - before_s) / count
        times_s: FloatArray = last_s - period_s * np.arange(count - 1, -1, -1, dtype=float)
        return times_s

    def _pairs(self, pairs: list[Paired], now_ns: int) -> list[DeviceEvent]:
        return [
            event
            for pair in pairs
            for event in self._both.push(pair.last_s, pair.acc_mps2, pair.gyr_radps, now_ns)
        ]


def _battery(data: bytes, now_ns: int) -> list[DeviceEvent]:
    if len(data) != 1 or data[0] > 100:
        raise MalformedPacketError("no battery level")
    return [BatteryReported(now_ns, data[0])]


def _ask(op: Op, kind: Kind, parameters: bytes = b"", *, needed: bool = True) -> Say:
    return Say(
        _CONTROL, bytes((op, kind)) + parameters, answer=_about(op, kind), needed=needed, tries=3
    )


def _opening(settings: StreamSettings) -> Script:
    """Stop what another host left running, see what there is, start the nearest to the wish."""
    for kind in (Kind.GYRO, Kind.ACC):  # it streams until it is told to stop
        yield _ask(Op.STOP, kind, needed=False)
    acc = _choices((yield _ask(Op.GET_SETTINGS, Kind.ACC)))
    gyr = _choices((yield _ask(Op.GET_SETTINGS, Kind.GYRO, needed=False)))
    if gyr and settings.rate_hz > _SDK_MODE_FROM * max(acc.get(Setting.RATE_HZ, (0,))):
        answer = yield _ask(Op.START, Kind.SDK_MODE, needed=False)
        if answer is not None and not answer.refusal:
            acc = _choices((yield _ask(Op.GET_SETTINGS, Kind.ACC)))
            gyr = _choices((yield _ask(Op.GET_SETTINGS, Kind.GYRO)))
    offered = acc.get(Setting.RATE_HZ, ())
    rates = set(offered) & set(gyr.get(Setting.RATE_HZ, ()) or offered)
    if not rates:
        raise DeviceError(
            "The Polar sensor has no rate that acceleration and rotation share.",
            hint="Update its firmware with the maker's app.",
        )
    rate_hz = min(rates, key=lambda rate: (abs(rate - settings.rate_hz), rate))
    yield from _start(Kind.ACC, _chosen(acc, rate_hz, settings.acc_range_g))
    if gyr:
        yield from _start(Kind.GYRO, _chosen(gyr, rate_hz, settings.gyr_range_dps))


def _start(kind: Kind, parameters: bytes) -> Script:
    """Start; if it will not, it may run already, its answer lost: stop it, and once more."""
    answer = yield _ask(Op.START, kind, parameters, needed=False)
    if answer is None or answer.refusal:
        yield _ask(Op.STOP, kind, needed=False)
        yield _ask(Op.START, kind, parameters)


def _closing(_settings: StreamSettings) -> Script:
    for kind in (Kind.GYRO, Kind.ACC, Kind.SDK_MODE):
        yield _ask(Op.STOP, kind, needed=False)


def _choices(answer: Answered | None) -> Settings:
    """What may be set; nothing where the sensor does not have the measurement."""
    if answer is None or answer.refusal:
        return {}
    try:
        return read_settings(answer.data)
    except MalformedPacketError as error:
        raise DeviceError(
            "The Polar sensor's answer makes no sense, or was cut off.",
            hint="Switch it off and on again; an old Bluetooth adapter may cut packets short.",
        ) from error


def _chosen(choices: Settings, rate_hz: int, range_wanted: int) -> bytes:
    chosen: dict[Setting, int] = {Setting.RATE_HZ: rate_hz}
    for setting in (Setting.RESOLUTION_BITS, Setting.RANGE, Setting.CHANNELS):
        offered = sorted(choices.get(setting, ()))
        if not offered:
            continue
        enough = [value for value in offered if value >= range_wanted]
        wide = setting is Setting.RANGE and enough
        chosen[setting] = enough[0] if wide else offered[-1]
    return write_settings(chosen)


def _controller(settings: StreamSettings) -> Controller:
    conversation = Conversation("The Polar sensor", _opening, _closing, silent_hint=_SILENT_HINT)
    return ScriptedController(conversation, settings)


def _uuid(short: str) -> str:
    return f"fb005c8{short}-02e7-f387-1cad-8acd2d8df0c8"


FAMILY = DeviceFamily(
    name="polar",
    title="Polar sensor (Verity Sense, H10)",
    new_decoder=PolarDecoder,
    new_controller=_controller,
    ble=BleProfile(
        service_uuids=(_uuid("0"),),
        channels=(
            *CHANNELS,
            BleChannel(_BATTERY, _BATTERY_LEVEL, notify=True, read=True, optional=True),
            BleChannel(_CONTROL, _uuid("1"), notify=True, write=True),
            BleChannel(_DATA, _uuid("2"), notify=True),
        ),
        name_prefixes=("Polar ",),
    ),
    rates_hz=(25.0, 26.0, 50.0, 52.0, 100.0, 104.0, 200.0, 208.0, 416.0),
    clock="nanoseconds, of the last sample in a packet, one way",
    loss_detection="by timestamps",
    clock_kind=ClockKind.STAMPED,
    loss_kind=LossKind.TIMED,
    battery=True,
    evidence="vector-tested",
    notes=(
        "H10: acceleration only, 25 to 200 Hz, worn on the chest.",
        "Verity Sense: 52 Hz; 26 to 416 Hz without heart rate.",
        "H10 answers only a computer that it is paired with: `sensorhub sensors add` does it.",
    ),
)
