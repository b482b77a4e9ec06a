"""Two sensors on one rigid body, on one clock: their own are wrong, and the radio is late.

Sample ``k`` of each is known to have been taken at one instant, so nothing is measured against an
estimate. No link, no thread and no waiting: bytes go from the simulated device to driver, clock
model and assembler in simulated time. ``SENSORHUB_CLOCK_S=3600`` makes it the hour it stands for.
"""

import os
import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from link_rig import LARGE_RING_BYTES, IndexImu, IndexStream

from firmware_sim.omp.core import DeviceOptions
from firmware_sim.omp.device import OmpDevice, identity_of
from firmware_sim.signals import ImuSettings
from sensorhub.devices.base import ControllerState, StreamSettings
from sensorhub.devices.omp.family import FAMILY
from sensorhub.model.events import DeviceEvent, SamplesArrived
from sensorhub.model.link import Record, RecordKind
from sensorhub.model.placement import Placement
from sensorhub.model.samples import SampleBlock
from sensorhub.motion.assembler import BlockAssembler, assemble_all

CLOCK_S = float(os.environ.get("SENSORHUB_CLOCK_S", "150"))
AGREE_S = 0.010
SETTLED_S = 10.0
SHORTEST_US, LONGEST_US = 7_500, 60_000
HUB_NS = 7_000_000_000_000
MTU = 247
LANES = ("control", "data", "bulk", "battery")


@dataclass
class ToldImu(IndexImu):
    """Remembers when it began to sample."""

    began_us: int = 0
    period_us: float = 0.0

    def start(self, settings: ImuSettings, world_us: int) -> IndexStream:
        stream = super().start(settings, world_us)
        self.began_us, self.period_us = world_us, stream.true_period_us
        return stream


@dataclass
class Wired:
    """One device and one driver, with a radio that is late both ways.

    Attributes:
        outages_s: spans without a link.
    """

    placement: Placement
    ppm: float
    seed: int
    outages_s: Sequence[tuple[float, float]] = ()
    events: list[DeviceEvent] = field(default_factory=list)
    blocks: list[tuple[int, SampleBlock]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.imu = ToldImu()
        options = DeviceOptions(ppm=self.ppm, seed=self.seed, ring_bytes=LARGE_RING_BYTES)
        device = OmpDevice(identity_of(self.placement.value), self.imu, options=options)
        self.peer = device.ble
        self.decoder = FAMILY.new_decoder()
        self.controller = FAMILY.new_controller(StreamSettings())
        self.assembler = BlockAssembler(self.placement)
        self.now_us = 0
        self._rng = random.Random(self.seed)
        self._linked = False
        self._in: deque[tuple[int, str, bytes]] = deque()
        self._out: deque[tuple[int, str, bytes]] = deque()

    def run(self, until_s: float) -> "Wired":
        while self.now_us < until_s * 1e6:
            self._step()
        return self

    def _step(self) -> None:
        out = any(a <= self.now_us / 1e6 < b for a, b in self.outages_s)
        if out is self._linked:
            self._hang_up() if out else self._dial()
        self._carry()
        self.now_us = max(self.now_us + 500, min(self._due_us(), self.now_us + 20_000))

    def _due_us(self) -> int:
        times = [self.peer.next_poll_us(), *(q[0][0] for q in (self._in, self._out) if q)]
        if (poll_ns := self.controller.next_poll_ns()) is not None:
            times.append((poll_ns - HUB_NS) // 1000)
        return min((one for one in times if one is not None), default=self.now_us + 20_000)

    def _carry(self) -> None:
        for sent in self.peer.poll(self.now_us):
            if self._linked:
                self._late(self._in, sent.lane, sent.data)
        if not self._linked:
            return
        while self._in and self._in[0][0] <= self.now_us:
            _, lane, data = self._in.popleft()
            self._record(RecordKind.RECEIVED, lane, data)
        while self._out and self._out[0][0] <= self.now_us:
            _, lane, data = self._out.popleft()
            self.peer.receive(lane, data, self.now_us)
        for outgoing in self.controller.poll(self._now_ns):
            self._record(RecordKind.SENT, outgoing.channel, outgoing.data)
            self._late(self._out, outgoing.channel, outgoing.data)

    def _late(self, queue: deque[tuple[int, str, bytes]], lane: str, data: bytes) -> None:
        """Packets keep their order."""
        due_us = self.now_us + self._rng.randint(SHORTEST_US, LONGEST_US)
        queue.append((max(due_us, queue[-1][0] if queue else 0), lane, data))

    def _dial(self) -> None:
        self._linked = True
        self.peer.link_up(self.now_us, mtu=MTU)
        for lane in LANES:
            self.peer.subscribe(lane, self.now_us, enabled=True)
        self.controller.link_up(self._now_ns, MTU - 3)
        self._record(RecordKind.LINK_UP, "", (MTU - 3).to_bytes(2, "little"))

    def _hang_up(self) -> None:
        self._linked = False
        self._in.clear()
        self._out.clear()
        self.peer.link_down(self.now_us)
        self._record(RecordKind.LINK_DOWN, "", b"out of range")
        self.controller.link_down(self._now_ns)

    @property
    def _now_ns(self) -> int:
        return HUB_NS + self.now_us * 1000

    def _record(self, kind: RecordKind, lane: str, data: bytes) -> None:
        for event in self.decoder.feed(Record(kind, lane, data, self._now_ns)):
            self.controller.handle(event, self._now_ns)
            self.events.append(event)
            for block in self.assembler.push(event):
                assert isinstance(event, SamplesArrived)
                assert not event.backfilled  # what came late is never seen live
                self.blocks.append((event.first_index, block))

    def true_s(self, index: int) -> float:
        """When a sample really was taken, on the hub's clock."""
        return (HUB_NS / 1e3 + self.imu.began_us + index * self.imu.period_us) / 1e6

    def errors_s(self) -> Iterator[tuple[float, float]]:
        """(true time, error of the stamp) of each live block's first sample."""
        for index, block in self.blocks:
            true_s = self.true_s(index)
            yield true_s - HUB_NS / 1e9, block.start_s - true_s


def pair(seed: int, ppm: tuple[float, float]) -> list[Wired]:
    rng = random.Random(seed)
    worn = (Placement.THIGH_RIGHT, Placement.PELVIS)
    seeds = (rng.randrange(1000), rng.randrange(1000))
    return [Wired(*three) for three in zip(worn, ppm, seeds, strict=True)]


@pytest.mark.parametrize("ppm", [(100.0, -100.0), (-100.0, 100.0), (100.0, 100.0)])
def test_two_sensors_agree_within_ten_milliseconds(ppm: tuple[float, float], record_property):
    both = [one.run(CLOCK_S) for one in pair(round(ppm[0]) + 7, ppm)]
    at_s = np.arange(both[0].imu.began_us / 1e6 + SETTLED_S + 1.0, CLOCK_S - 1.0, 0.25)
    off_s = []
    for one in both:
        assert one.controller.state is ControllerState.STREAMING
        assert one.decoder.counters.lost == 0
        times_s, errors_s = np.array(list(one.errors_s())).T
        off_s.append(np.interp(at_s, times_s, errors_s))
        known = one.assembler.clock.estimate
        assert known is not None
        assert np.abs(off_s[-1][-40:]).max() <= known.uncertainty_s + 0.002  # it is honest
        assert known.uncertainty_s < 0.03  # and says something
    apart_s = np.abs(off_s[0] - off_s[1]).max()
    record_property("apart_ms", round(1000 * float(apart_s), 2))
    print(f"{CLOCK_S:.0f} s, {ppm} ppm: {1000 * apart_s:.2f} ms apart at most")
    assert apart_s <= AGREE_S


def test_what_was_back_filled_lies_where_it_belongs() -> None:
    """Two outages: every sample is there in the end, on the clock, and none of them came live."""
    one = Wired(Placement.PELVIS, 100.0, 5, outages_s=((40.0, 46.0), (60.0, 79.0))).run(130.0)
    assert one.decoder.counters.lost == 0
    assert one.decoder.counters.backfilled > 2000
    assert not any(block.backfilled for _, block in one.blocks)
    blocks = assemble_all(one.events, Placement.PELVIS)
    times_s = np.concatenate([b.start_s + b.period_s * np.arange(len(b)) for b in blocks])
    true_s = np.array([one.true_s(k) for k in range(len(times_s))])
    assert (np.diff(times_s) > 0).all()
    settled = true_s - one.true_s(0) > SETTLED_S
    assert np.abs(times_s - true_s)[settled].max() <= AGREE_S
    said = np.concatenate([block.acc_mps2[:, 0] for block in blocks])
    assert (np.rint(said / said[1]).astype(int) == np.arange(len(said)) % 32768).all()
    assert all(block.gap_before is None for block in blocks)
