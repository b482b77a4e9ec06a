"""A small working sensor and a link of known delay, to try the OMP decoder and controller on.

The sensor is written with the host's own codec, so it proves nothing about bytes (golden packets
and the simulator do); it is here to answer, refuse, forget, reboot and lose on command.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from sensorhub.devices.base import ControllerState, StreamSettings
from sensorhub.devices.omp.controller import OmpController
from sensorhub.devices.omp.decoder import OmpDecoder
from sensorhub.model.events import DeviceEvent, SamplesArrived, SamplesLost
from sensorhub.model.link import Record, RecordKind
from sensorhub.protocol import tlv
from sensorhub.protocol.control import Op, Request, Response, Status
from sensorhub.protocol.envelope import Channel, Enveloped, EnvelopeReader, wrap
from sensorhub.protocol.packets import (
    IMU6,
    NO_INDEX,
    EventCode,
    EventPacket,
    SampleFlag,
    SamplesPacket,
    StatusPacket,
    TimePacket,
)
from sensorhub.protocol.tlv import IndexRange, Tlvs

MS = 1_000_000
PERIOD_US = 10_000
BATCH = 4
LANES = {Channel.CONTROL: "control", Channel.DATA: "data", Channel.BULK: "bulk"}
CAPS = bytes.fromhex("a2016542656e6368026131")  # {1: "Bench", 2: "1"}


def sample_bytes(first: int, count: int) -> bytes:
    """Samples that tell their own index in ax, ay."""
    rows = np.zeros((count, 6), "<i2")
    index = np.arange(first, first + count)
    rows[:, 0] = index & 0x7FFF
    rows[:, 1] = index >> 15
    rows[:, 2] = 4096
    return rows.tobytes()


@dataclass
class BenchSensor:
    """The device side, as far as the tests need it. Times are its own microseconds."""

    mtu: int | None = None  # None: serial
    ring: int = 6000
    boot: int = 0x0B0B0B0B
    session: int = 0
    streaming: bool = False
    ready: bool = False
    born_us: int = 0
    start_us: int = 0
    latest: int = -1
    sent_to: int = 0
    lose: set[int] = field(default_factory=set)  # live packets that never arrive, by first index
    refuse: dict[Op, list[Status]] = field(default_factory=dict)
    mute: dict[Op, int] = field(default_factory=dict)  # so many requests go unanswered
    heard: list[Request] = field(default_factory=list)
    minor: int = 0
    major: int = 1
    with_caps: bool = True
    chunked: bool = False
    skip_bulk: list[int] = field(default_factory=list)  # each entry: lost once
    out: deque[tuple[Channel, bytes]] = field(default_factory=deque)
    bulk: deque[tuple[Channel, bytes]] = field(default_factory=deque)
    next_status_us: int = 0

    @property
    def oldest(self) -> int:
        return max(0, self.latest + 1 - self.ring)

    def tick(self, now_us: int) -> None:
        """Sample, send what is due."""
        if self.streaming:
            self.latest = (now_us - self.start_us) // PERIOD_US
            while self.sent_to + BATCH <= self.latest + 1:
                if self.ready:
                    self.send_samples(Channel.DATA, self.sent_to, BATCH)
                self.sent_to += BATCH
        if self.ready and now_us >= self.next_status_us:
            self.next_status_us = now_us + 1_000_000
            self.send_status(now_us)
        if self.ready and self.bulk:
            self.out.append(self.bulk.popleft())

    def send_status(self, now_us: int) -> None:
        latest = self.latest if self.latest >= 0 else NO_INDEX
        bits = 1 if self.streaming else 0
        self.out.append((Channel.DATA, StatusPacket(now_us, latest, 3900, 80, bits).encode()))

    def send_samples(self, channel: Channel, first: int, count: int) -> None:
        flags = SampleFlag.BACKFILL if channel is Channel.BULK else 0
        t0_us = (self.start_us + first * PERIOD_US) & 0xFFFFFFFF
        packet = SamplesPacket(IMU6, flags, first & 0xFFFF, t0_us, sample_bytes(first, count))
        if channel is Channel.BULK:
            if first in self.skip_bulk:
                self.skip_bulk.remove(first)
            else:
                self.bulk.append((channel, packet.encode()))
        elif first not in self.lose:
            self.out.append((channel, packet.encode()))

    def link_changed(self) -> None:
        self.ready = False
        self.out.clear()
        self.bulk.clear()
        if self.streaming:
            self.sent_to = self.latest + 1

    def reboot(self, now_us: int) -> None:
        self.boot += 1
        self.streaming = False
        self.latest = -1
        self.born_us = now_us
        self.link_changed()

    def request(self, packet: bytes, now_us: int) -> None:
        request = Request.decode(packet)
        self.heard.append(request)
        op = Op(request.op)
        if self.mute.get(op, 0):
            self.mute[op] -= 1
            return
        if self.refuse.get(op):
            self.answer(request, self.refuse[op].pop(0))
            return
        if not self.ready and op is not Op.HELLO:
            self.answer(request, Status.WRONG_STATE)
            return
        handler: Callable[[Request, int], None] = getattr(self, f"on_{op.name.lower()}")
        handler(request, now_us)

    def answer(self, request: Request, status: Status, *items: tlv.Item) -> None:
        if not self.chunked or len(items) < 2:
            packet = Response(request.op, request.tid, status, Tlvs(items)).encode()
            self.out.append((Channel.CONTROL, packet))
            return
        for number, item in enumerate(items):
            more = number < len(items) - 1
            part = Response(request.op, request.tid, status, Tlvs((item,)), more)
            self.out.append((Channel.CONTROL, part.encode()))

    def on_hello(self, request: Request, now_us: int) -> None:
        version = tlv.VERSION.item(tlv.Version(self.major, self.minor))
        if self.major != 1:
            self.answer(request, Status.VERSION, version)
            return
        items = [version, tlv.DEVICE_ID.item(b"thigh-01"), tlv.BOOT.item(self.boot)]
        if self.streaming:
            items.append(tlv.RUNNING_SESSION.item(self.session))
        if self.with_caps:
            items.append(tlv.CAPS_HASH.item(0xB5D4898B))
        self.ready = True
        self.next_status_us = now_us
        self.answer(request, Status.OK, *items)

    def on_get_caps(self, request: Request, now_us: int) -> None:
        offset = request.tlvs.get(tlv.CAPS_OFFSET) or 0
        piece = CAPS[offset : offset + 7]
        self.answer(request, Status.OK, tlv.CAPS_TOTAL.item(len(CAPS)), tlv.CAPS_BYTES.item(piece))

    def on_set_config(self, request: Request, now_us: int) -> None:
        self.answer(request, Status.OK, *request.tlvs.items)

    def on_start(self, request: Request, now_us: int) -> None:
        status = Status.ALREADY if self.streaming else Status.OK
        if not self.streaming:
            self.streaming = True
            self.session += 1
            self.start_us = now_us + 5_000
            self.latest, self.sent_to = -1, 0
        self.answer(
            request,
            status,
            tlv.PERIOD_NS.item(PERIOD_US * 1000),
            tlv.ACC_SCALE_G.item(2**-12),
            tlv.GYR_SCALE_DPS.item(2**-5),
            tlv.FIRST_INDEX.item(0),
            tlv.SESSION.item(self.session),
            tlv.FIRST_US.item(self.start_us),
        )

    def on_stop(self, request: Request, now_us: int) -> None:
        if not self.streaming:
            self.answer(request, Status.ALREADY)
            return
        if self.sent_to <= self.latest:
            self.send_samples(Channel.DATA, self.sent_to, self.latest + 1 - self.sent_to)
        self.streaming = False
        self.answer(request, Status.OK, tlv.LATEST_INDEX.item(self.latest))

    def on_time_sync(self, request: Request, now_us: int) -> None:
        self.out.append((Channel.DATA, TimePacket(request.tid, now_us, 100).encode()))

    def on_cue(self, request: Request, now_us: int) -> None:
        self.answer(request, Status.OK, tlv.CUE_START_US.item(now_us))

    def on_backfill(self, request: Request, now_us: int) -> None:
        span = request.tlvs.need(tlv.SPAN)
        first = max(span.first, self.oldest)
        stop = min(span.first + span.length, self.latest + 1)
        if self.bulk:
            self.answer(request, Status.BUSY)
            return
        if first >= stop:
            self.answer(request, Status.EVICTED)
            return
        self.answer(request, Status.OK, tlv.GRANTED.item(IndexRange(first, stop - 1)))
        for at in range(first, stop, BATCH):
            self.send_samples(Channel.BULK, at, min(BATCH, stop - at))
        end = EventPacket(EventCode.BACKFILL_ENDED, 0, stop - 1, now_us)
        self.bulk.append((Channel.BULK, end.encode()))


class Bench:
    """Controller, decoder and sensor on one simulated clock, a fixed delay between them."""

    def __init__(
        self,
        sensor: BenchSensor | None = None,
        *,
        delay_ms: int = 10,
        settings: StreamSettings | None = None,
    ) -> None:
        self.sensor = sensor or BenchSensor()
        self.decoder = OmpDecoder()
        self.controller = OmpController(settings or StreamSettings())
        self.now_ns = 1_000_000 * MS
        self.delay_ns = delay_ms * MS
        self.records: list[Record] = []
        self.events: list[DeviceEvent] = []
        self.up = False
        self._inward: deque[tuple[int, str, bytes]] = deque()
        self._outward: deque[tuple[int, bytes]] = deque()
        self._device_reader = EnvelopeReader()

    @property
    def state(self) -> ControllerState:
        return self.controller.state

    @property
    def device_us(self) -> int:
        return self.now_ns // 1000 - self.sensor.born_us + 7_000_000

    def link_up(self) -> "Bench":
        self.up = True
        self.controller.link_up(
            self.now_ns, None if self.sensor.mtu is None else self.sensor.mtu - 3
        )
        self.record(RecordKind.LINK_UP, "", b"")
        return self

    def link_down(self) -> "Bench":
        self.up = False
        self._inward.clear()
        self._outward.clear()
        self.sensor.link_changed()
        self.record(RecordKind.LINK_DOWN, "", b"out of range")
        self.controller.link_down(self.now_ns)
        return self

    def run(self, seconds: float) -> "Bench":
        until_ns = self.now_ns + round(seconds * 1e9)
        while self.now_ns < until_ns:
            self.step()
        return self

    def run_until(self, state: ControllerState, *, within_s: float = 20.0) -> "Bench":
        until_ns = self.now_ns + round(within_s * 1e9)
        while self.state is not state:
            assert self.now_ns < until_ns, f"still {self.controller.phase} after {within_s} s"
            self.step()
        return self

    def step(self) -> None:
        self.now_ns += 5 * MS
        self.sensor.tick(self.device_us)
        if not self.up:
            return
        while self._outward and self._outward[0][0] <= self.now_ns:
            self.sensor.request(self._outward.popleft()[1], self.device_us)
        while self.sensor.out:
            channel, packet = self.sensor.out.popleft()
            lane, data = LANES.get(channel, ""), packet
            if self.sensor.mtu is None:
                lane, data = "serial", wrap(channel, packet)
            else:
                assert len(packet) <= self.sensor.mtu - 3, "the sensor broke the MTU"
            self._inward.append((self.now_ns + self.delay_ns, lane, data))
        while self._inward and self._inward[0][0] <= self.now_ns:
            _, lane, data = self._inward.popleft()
            self.record(RecordKind.RECEIVED, lane, data)
        for outgoing in self.controller.poll(self.now_ns):
            self.write(outgoing.channel, outgoing.data)

    def write(self, lane: str, data: bytes) -> None:
        if self.sensor.mtu is None:
            assert lane == "serial"
            packets = [
                item.packet
                for item in self._device_reader.push(data)
                if isinstance(item, Enveloped)
            ]
        else:
            assert lane == "control"
            assert len(data) <= self.sensor.mtu - 3, "the host broke the MTU"
            packets = [data]
        self._outward.extend((self.now_ns + self.delay_ns, packet) for packet in packets)
        self.record(RecordKind.SENT, lane, data)

    def record(self, kind: RecordKind, lane: str, data: bytes) -> None:
        record = Record(kind, lane, data, self.now_ns)
        self.records.append(record)
        for event in self.decoder.feed(record):
            self.events.append(event)
            self.controller.handle(event, self.now_ns)

    def of(self, kind: type[DeviceEvent]) -> list[DeviceEvent]:
        return [event for event in self.events if type(event) is kind]

    def received(self) -> list[int]:
        """Every index that was handed out, in the order of arrival."""
        return [index for event in self.of(SamplesArrived) for index in indices(event)]

    def lost(self) -> list[SamplesLost]:
        return [event for event in self.events if isinstance(event, SamplesLost)]

    def ops(self) -> list[str]:
        return [Op(request.op).name for request in self.sensor.heard]


def indices(event: DeviceEvent) -> Iterable[int]:
    """The indices the bench sensor wrote into its samples, checked against what the event says."""
    assert isinstance(event, SamplesArrived)
    raw = np.rint(event.acc_mps2 / (9.80665 * 2**-12)).astype(int)
    told = raw[:, 0] + (raw[:, 1] << 15)
    first = event.first_index
    assert told.tolist() == list(range(first, first + len(told)))
    return told.tolist()
