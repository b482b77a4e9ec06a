"""One session's sampling, and cutting what is sampled into live and backfill packets."""

import math
from dataclasses import dataclass

import numpy as np

from firmware_sim.omp.clock import DeviceClock
from firmware_sim.omp.config import StreamConfig
from firmware_sim.omp.ring import Run, SampleRing
from firmware_sim.omp.tables import NO_INDEX, SAMPLE_BYTES, SAMPLE_COLUMNS
from firmware_sim.omp.wire import (
    FLAG_BACKFILL,
    FLAG_CLIPPED,
    FLAG_LOST,
    FLAG_TIME_JUMP,
    fits,
    samples_packet,
)
from firmware_sim.signals import ImuStream


@dataclass(frozen=True, slots=True)
class Acquired:
    """What happened while samples were taken."""

    clipped: bool = False
    overrun: bool = False


@dataclass(frozen=True, slots=True)
class SamplePacket:
    packet: bytes
    first_index: int
    count: int


class Recorder:
    """Takes samples into the ring; sample ``i`` exists from ``sample_us(i)`` on."""

    def __init__(
        self,
        stream: ImuStream,
        config: StreamConfig,
        clock: DeviceClock,
        *,
        session_id: int,
        first_us: int,
        ring_bytes: int,
    ) -> None:
        self.config = config
        self.session_id = session_id
        self.latest = -1
        self.overran = False
        self._stream = stream
        self._clock = clock
        self._first_us = first_us
        self._to_lose = 0
        capacity = ring_bytes // SAMPLE_BYTES[config.sample_format]
        self.ring = SampleRing(capacity, columns=SAMPLE_COLUMNS[config.sample_format])

    @property
    def latest_index(self) -> int:
        """As the protocol says it."""
        return NO_INDEX if self.latest < 0 else self.latest

    @property
    def first_device_us(self) -> int:
        return self._clock.device_us(self._first_us)

    def sample_us(self, index: int) -> int:
        """World time from which sample ``index`` is there."""
        return math.ceil(self._first_us + index * self._stream.true_period_us)

    def lose(self, count: int) -> None:
        """The next ``count`` samples never reach the ring (a sensor FIFO that ran over)."""
        self._to_lose += count

    def acquire(self, now_us: int) -> Acquired:
        """Take every sample that exists by now."""
        period_us = self._stream.true_period_us
        newest = math.floor((now_us - self._first_us) / period_us)
        # Division may round across a sample's instant; ``sample_us`` decides.
        newest += self.sample_us(newest + 1) <= now_us
        newest -= self.sample_us(newest) > now_us
        due = newest - self.latest
        if due <= 0:
            return Acquired()
        values, clipped = self._stream.read(due)
        first = self.latest + 1
        lost = min(self._to_lose, due)
        self._to_lose -= lost
        self.latest = newest
        overrun = bool(lost) and self.ring.skip(first + lost - 1)
        if lost < due:
            instants = self._first_us + np.arange(first + lost, newest + 1) * period_us
            times = np.array([self._clock.device_us(t) for t in instants.tolist()], np.int64)
            overrun |= self.ring.put(first + lost, values[lost:], clipped[lost:], times)
        self.overran |= overrun
        return Acquired(clipped=bool(np.any(clipped[lost:])), overrun=overrun)


class LiveCutter:
    """Cuts live packets: when ``batch_max`` wait, no more fit, or the oldest is max_latency old."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._per_packet = 1
        self._next = 0
        self._from_us: int | None = None
        self._hole = False  # samples before the next packet are lost for good
        self._promise: tuple[int, int] | None = None  # index and device time of the last packet

    def begin(self, *, max_packet: int, from_us: int) -> None:
        """Live packets may leave from ``from_us`` on, each at most ``max_packet`` bytes."""
        self._per_packet = self._recorder.config.samples_per_packet(max_packet)
        self._from_us = from_us

    def pause(self) -> None:
        """No live packets; what waited stays in the ring only."""
        self._from_us = None

    def skip_to_next(self) -> None:
        """Go on with the next sample that will be taken."""
        self._next = self._recorder.latest + 1

    def due_us(self) -> int | None:
        """World time of the next live packet."""
        if self._from_us is None:
            return None
        full_us = self._recorder.sample_us(self._next + self._per_packet - 1)
        waited_us = self._recorder.sample_us(self._next)
        waited_us += self._recorder.config.max_latency_ms * 1000
        return max(self._from_us, min(full_us, waited_us))

    def cut(self, now_us: int, *, flush: bool = False) -> list[SamplePacket]:
        """The packets that are due, or with ``flush`` all that waits."""
        recorder, packets = self._recorder, []
        while self._next <= recorder.latest:
            due = self.due_us()
            if not flush and (due is None or due > now_us):
                break
            run = recorder.ring.run(self._next, at_most=self._per_packet)
            if run.count == 0:
                held = recorder.ring.first_held(self._next, recorder.latest)
                self._next = recorder.latest + 1 if held is None else held
                self._hole = True
                continue
            packets.append(self._packet(run))
            self._next += run.count
        return packets

    def _packet(self, run: Run) -> SamplePacket:
        config = self._recorder.config
        flags = FLAG_CLIPPED if run.clipped else 0
        if self._hole:
            flags |= FLAG_LOST
            self._hole = False
        if self._promise is not None:
            index, t0_us = self._promise
            expected_us = t0_us + (run.first_index - index) * config.period_ns / 1000
            if abs(run.t0_us - expected_us) > config.period_ns / 1000:
                flags |= FLAG_TIME_JUMP
        self._promise = (run.first_index, run.t0_us)
        return _packed(config, run, flags)


class Backfill:
    """The granted range ``first..last``, sent again in ascending order."""

    def __init__(self, recorder: Recorder, first: int, last: int, *, max_packet: int) -> None:
        self._recorder = recorder
        self._next = first
        self._last = last
        size = SAMPLE_BYTES[recorder.config.sample_format]
        self._per_packet = max(1, fits(size, max_packet))
        self.last_sent = NO_INDEX

    @property
    def exhausted(self) -> bool:
        return self._recorder.ring.first_held(self._next, self._last) is None

    def next_packet(self) -> SamplePacket | None:
        """The next full packet, or None when the range is through."""
        ring = self._recorder.ring
        first = ring.first_held(self._next, self._last)
        if first is None:
            return None
        run = ring.run(first, at_most=min(self._per_packet, self._last - first + 1))
        flags = FLAG_BACKFILL | (FLAG_CLIPPED if run.clipped else 0)
        if first > self._next:
            flags |= FLAG_LOST
        self._next = first + run.count
        self.last_sent = self._next - 1
        return _packed(self._recorder.config, run, flags)


def _packed(config: StreamConfig, run: Run, flags: int) -> SamplePacket:
    packet = samples_packet(
        config.sample_format,
        run.values,
        first_index=run.first_index,
        t0_us=run.t0_us,
        flags=flags,
    )
    return SamplePacket(packet, run.first_index, run.count)
