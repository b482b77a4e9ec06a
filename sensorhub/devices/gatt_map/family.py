"""Sensors that are described by a file: every TOML file in ``maps/`` becomes a family.

What such a file may say is described in :mod:`sensorhub.devices.gatt_map.file`.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
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
from sensorhub.devices.common.counted_stream import CountedStream
from sensorhub.devices.common.lane_decoder import LaneDecoder
from sensorhub.devices.common.plausible import plausible
from sensorhub.devices.common.script import Conversation, Say, Script, ScriptedController
from sensorhub.devices.common.timed_stream import TimedStream
from sensorhub.devices.gatt_map.file import read_map
from sensorhub.devices.gatt_map.parts import GattMap, SampleLane, Triple, Write
from sensorhub.model.events import BatteryReported, DeviceEvent, FloatArray
from sensorhub.model.units import NS_PER_S
from sensorhub.protocol.malformed import MalformedPacketError

_BATTERY = "battery"
_WRITE_PAUSE_S = 0.1
_MAPS: Final = Path(__file__).parent / "maps"
_RAILS: Final = {"b": 127, "h": 32767, "B": 255, "H": 65535}


class GattMapDecoder(LaneDecoder):
    """Notifications to samples, as a map says."""

    def __init__(self, described: GattMap) -> None:
        super().__init__()
        self._map = described
        self._lanes = {one.lane: one for one in described.samples}
        self._has_gyr = any(one.gyr is not None for one in described.samples)
        main = next(one for one in described.samples if one.acc is not None)
        self._rate_hz = 0.0
        self._timed: TimedStream | None = None
        self._counted: CountedStream | None = None
        if main.timestamp is not None:
            usual_hz = described.rates_hz[0] if described.rates_hz else 50.0
            self._timed = TimedStream(1.0 / usual_hz, has_gyroscope=self._has_gyr)
        else:
            self._counted = CountedStream(
                usual_hz=described.rates_hz,
                has_gyroscope=self._has_gyr,
                numbered=main.sequence is not None,
            )
        self._ticks: tuple[int, float, int] | None = None  # raw, unwrapped seconds, host time
        self._number: int | None = None  # the next one
        self._waiting: tuple[str, FloatArray, bool] | None = None  # the other half of a sample

    @property
    def samples(self) -> LinkCounters:
        """Samples received, lost and duplicate."""
        stream = self._timed or self._counted
        assert stream is not None  # it is one of the two
        return stream.counters

    def received(self, lane: str, data: bytes, now_ns: int) -> list[DeviceEvent]:
        """What the sensor sent."""
        try:
            if lane == _BATTERY:
                events = _battery(data, now_ns)
            elif lane in self._lanes:
                events = self._samples(self._lanes[lane], data, now_ns)
            else:
                raise MalformedPacketError("unknown lane")
        except MalformedPacketError as error:
            return self.rejects.add(len(data), str(error), now_ns)
        return [*self.rejects.tell(now_ns), *events]

    def sent(self, lane: str, data: bytes, now_ns: int) -> list[DeviceEvent]:
        """A start write may say at which rate."""
        for write in self._map.starts:
            rate_hz = write.rate_in(data) if write.lane == lane else None
            if not rate_hz or rate_hz == self._rate_hz:
                continue
            self._rate_hz = rate_hz
            if self._timed is not None:
                self._timed.restart(1.0 / rate_hz)
            elif self._counted is not None:
                self._counted.restart()
                return self._counted.nominal(rate_hz, now_ns)
        return []

    def unlinked(self, now_ns: int) -> list[DeviceEvent]:
        """Half a sample stays half."""
        self._waiting = None
        self._number = None
        return [] if self._counted is None else self._counted.link_down(now_ns)

    def _samples(self, lane: SampleLane, data: bytes, now_ns: int) -> list[DeviceEvent]:
        rows, clipped = _rows(lane, data)
        acc = None if lane.acc is None else self._turned(rows, lane.acc)
        gyr = None if lane.gyr is None else self._turned(rows, lane.gyr)
        if not plausible(acc, gyr):
            raise MalformedPacketError("no numbers a sensor could say")
        if acc is not None and (gyr is not None or not self._has_gyr):
            return self._whole(lane, data, acc, gyr, now_ns, clipped=clipped)
        half = acc if acc is not None else gyr
        assert half is not None  # a lane of samples tells one of the two
        return self._half(lane.lane, half, now_ns, clipped=clipped)

    def _turned(self, rows: FloatArray, triple: Triple) -> FloatArray:
        values = rows[:, triple.fields] * triple.scale + triple.offset
        turned: FloatArray = values @ self._map.rotation.T
        return turned

    def _whole(
        self,
        lane: SampleLane,
        data: bytes,
        acc: FloatArray,
        gyr: FloatArray | None,
        now_ns: int,
        *,
        clipped: bool,
    ) -> list[DeviceEvent]:
        if self._timed is not None:
            last_s = self._last_s(lane, data, len(acc), now_ns)
            return self._timed.push(last_s, acc, gyr, now_ns, clipped=clipped)
        assert self._counted is not None  # it is one of the two
        events: list[DeviceEvent] = []
        if lane.sequence is not None:
            ahead = self._ahead(lane, data, len(acc))
            if ahead < 0:
                self._counted.seen_before(len(acc))
                return []
            events += self._counted.lost(ahead, now_ns)
        return [*events, *self._counted.push(acc, gyr, now_ns, clipped=clipped)]

    def _half(
        self, lane: str, values: FloatArray, now_ns: int, *, clipped: bool
    ) -> list[DeviceEvent]:
        """One half of a sample, the lane listed first first; half without half is dropped."""
        if lane == self._map.samples[0].lane:
            self._waiting = (lane, values, clipped)
            return []
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return []
        halves = {lane: values, waiting[0]: waiting[1]}
        acc = next(halves[one.lane] for one in self._map.samples if one.acc is not None)
        gyr = next(halves[one.lane] for one in self._map.samples if one.gyr is not None)
        assert self._counted is not None  # such a map has no timestamps
        return self._counted.push(acc, gyr, now_ns, clipped=clipped or waiting[2])

    def _last_s(self, lane: SampleLane, data: bytes, count: int, now_ns: int) -> float:
        """The device time of the last sample, unwrapped: whole turns by the hub's clock."""
        assert lane.timestamp is not None  # else the samples are counted
        field, tick_s = lane.timestamp.field, lane.timestamp.tick_s
        raw = field.read(data)
        time_s = raw * tick_s
        if self._ticks is not None:
            before, before_s, before_ns = self._ticks
            ahead = (raw - before + field.wrap // 2) % field.wrap - field.wrap // 2
            turns = round(((now_ns - before_ns) / NS_PER_S / tick_s - ahead) / field.wrap)
            time_s = before_s + (ahead + turns * field.wrap) * tick_s
        self._ticks = (raw, time_s, now_ns)
        if lane.timestamp.of_last or self._timed is None:
            return time_s
        return time_s + (count - 1) * self._timed.period_s

    def _ahead(self, lane: SampleLane, data: bytes, count: int) -> int:
        """How many samples are missing before this packet; negative: it was seen before."""
        assert lane.sequence is not None  # it has one
        wrap = lane.sequence.wrap
        number = lane.sequence.read(data)
        ahead = 0
        if self._number is not None:
            ahead = (number - self._number + wrap // 4) % wrap - wrap // 4
        if ahead >= 0:
            self._number = (number + (1 if lane.counts_packets else count)) % wrap
        return ahead * (count if lane.counts_packets else 1)


def _rows(lane: SampleLane, data: bytes) -> tuple[FloatArray, bool]:
    """The samples of a notification, shape (n, fields); and whether one sits at its rail."""
    ends = [lane.offset + lane.layout.size * max(1, lane.repeat)]
    counters = (lane.timestamp.field if lane.timestamp else None, lane.sequence)
    ends += [one.offset + one.size for one in counters if one is not None]
    if len(data) < max(ends):
        raise MalformedPacketError("a notification that is too short")
    body = data[lane.offset :]
    fit = len(body) // lane.layout.size
    count = lane.repeat or fit
    if not lane.repeat and len(body) % lane.layout.size:
        raise MalformedPacketError("a sample cut off")
    rows = np.array(
        list(lane.layout.iter_unpack(body[: count * lane.layout.size])), dtype=np.float64
    )
    rail = _RAILS.get(lane.layout.format[-1], np.inf)
    used = [triple.fields for triple in (lane.acc, lane.gyr) if triple is not None]
    return rows, bool((np.abs(rows[:, [k for fields in used for k in fields]]) >= rail).any())


def _battery(data: bytes, now_ns: int) -> list[DeviceEvent]:
    if len(data) != 1 or data[0] > 100:
        raise MalformedPacketError("no battery level")
    return [BatteryReported(now_ns, data[0])]


def _script(writes: Sequence[Write], rates_hz: Sequence[float], settings: StreamSettings) -> Script:
    rate_hz = min(rates_hz, key=lambda hz: abs(hz - settings.rate_hz), default=settings.rate_hz)
    for write in writes:
        yield Say(write.lane, write.at_rate(rate_hz), pause_s=_WRITE_PAUSE_S)


def _new_controller(described: GattMap, settings: StreamSettings) -> Controller:
    conversation = Conversation(
        f"The {described.title}",
        partial(_script, described.starts, described.rates_hz),
        partial(_script, described.stops, described.rates_hz),
    )
    return ScriptedController(conversation, settings)


def family_of_map(described: GattMap) -> DeviceFamily:
    """Return the family that a map describes."""
    sampled = {one.lane for one in described.samples}
    channels = [
        BleChannel(
            lane,
            uuid,
            notify=lane in sampled,
            write=lane in described.writable,
            write_with_response=described.writable.get(lane, True),
        )
        for lane, uuid in described.uuids.items()
    ]
    if described.battery_uuid is not None:
        uuid = described.battery_uuid
        channels.insert(0, BleChannel(_BATTERY, uuid, notify=True, read=True, optional=True))
    main = next(one for one in described.samples if one.acc is not None)
    has_gyr = any(one.gyr is not None for one in described.samples)
    clock, loss = _declared(main)
    new_decoder: Callable[[], GattMapDecoder] = partial(GattMapDecoder, described)
    return DeviceFamily(
        name=described.name,
        title=described.title,
        new_decoder=new_decoder,
        new_controller=partial(_new_controller, described),
        ble=BleProfile(described.services, tuple(channels), described.name_prefixes),
        rates_hz=described.rates_hz,
        clock=clock,
        loss_detection=loss,
        clock_kind=ClockKind.COUNTED if main.timestamp is None else ClockKind.STAMPED,
        loss_kind=_loss_kind(main),
        battery=described.battery_uuid is not None,
        evidence=described.evidence,
        notes=described.notes if has_gyr else ("Acceleration only.", *described.notes),
    )


def _declared(main: SampleLane) -> tuple[str, str]:
    if main.timestamp is not None:
        return f"ticks of {main.timestamp.tick_s:g} s, one way", "by timestamps"
    counted = "none: samples are counted, their rate is estimated from when they arrive"
    if main.sequence is not None:
        return counted, "sequence number"
    return counted, "none below half a second; longer losses from the clock"


def _loss_kind(main: SampleLane) -> LossKind:
    if main.timestamp is not None:
        return LossKind.TIMED
    return LossKind.SILENCES if main.sequence is None else LossKind.NUMBERED


FAMILIES: Final = tuple(family_of_map(read_map(path)) for path in sorted(_MAPS.glob("*.toml")))
