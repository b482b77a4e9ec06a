"""Device events to sample blocks on the hub's clock: one smooth timeline per stream, gaps kept.

Within a block samples follow the device's own period; that is the same for a whole stream. From
block to block the start follows the device's clock through the :class:`ClockModel`, which slews
what it learns; besides, a contiguous block is never moved by more than nine tenths of a sample
against the one before, nor by more than 8 % of the time between them. So neighbouring samples
stay evenly spaced to a fraction of a period, time never runs back, and a device whose rate is off
by a few percent is still followed. Where samples are missing there is nothing to keep even, and
the timeline takes the clock's word.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from sensorhub.model.events import (
    ClockObserved,
    DeviceEvent,
    DeviceIdentified,
    LinkChanged,
    SamplesArrived,
    StreamStarted,
)
from sensorhub.model.placement import Placement
from sensorhub.model.samples import Gap, SampleBlock
from sensorhub.model.units import NS_PER_S
from sensorhub.motion.clock import ClockModel
from sensorhub.motion.merging import LOST, PlacedBlock, first_gap, merge_late

REASON_LINK = "link lost"
REASON_RESTARTED = "sensor restarted"
REASON_CLOCK = "clock jumped"

_MOST_SHIFT_PERIODS = 0.9
_MOST_SHIFT_SHARE = 0.08
_LONG_GAP_S = 1.0
_CLOCK_JUMP_S = 1.0


class BlockAssembler:
    """One sensor's events in, its live sample blocks out. Deterministic and causal.

    Back-filled samples are passed by: they are merged in by :class:`RecentBlocks` while a set runs,
    and when a session closes by :func:`assemble_all`. Devices without a clock have their samples
    counted instead, and the arrivals taken as observations of that count.
    """

    def __init__(self, placement: Placement) -> None:
        self._placement = placement
        self._clock = ClockModel()
        self._device: tuple[str, int | None] | None = None
        self._stream: int | None = None
        self._first_index = 0
        self._next_index: int | None = None
        self._due_s: float | None = None
        self._elapsed_s = 0.0
        self._link_lost = False

    @property
    def clock(self) -> ClockModel:
        """The device's clock as known so far."""
        return self._clock

    @property
    def position(self) -> tuple[int, int]:
        """The stream, and the index after the last sample given out."""
        return self._stream or 0, self._next_index or 0

    def push(self, event: DeviceEvent) -> list[SampleBlock]:
        """Take one event; return the blocks it completes (none or one)."""
        if isinstance(event, SamplesArrived):
            block = None if event.backfilled else self._samples(event)
            return [] if block is None else [block]
        self._other(event)
        return []

    def place(self, event: DeviceEvent) -> list[PlacedBlock]:
        """The same, with the index range of each block."""
        return [
            PlacedBlock(self._stream or 0, (self._next_index or 0) - len(block), block)
            for block in self.push(event)
        ]

    def _other(self, event: DeviceEvent) -> None:
        if isinstance(event, ClockObserved):
            self._clock.observe(event)
        elif isinstance(event, StreamStarted):
            self._started(event.stream, event.first_index)
        elif isinstance(event, DeviceIdentified):
            self._identified((event.device_id, event.boot))
        elif isinstance(event, LinkChanged) and not event.up:
            self._link_lost = True

    def _identified(self, device: tuple[str, int | None]) -> None:
        if self._device is not None and self._device != device:
            self._clock.reset()
        self._device = device

    def _started(self, stream: int, first_index: int) -> None:
        if stream != self._stream:
            self._stream = stream
            self._first_index = first_index
            self._next_index = None

    def _samples(self, event: SamplesArrived) -> SampleBlock | None:
        if event.stream != self._stream:
            self._started(event.stream, event.first_index)
        index, period_s = event.first_index, event.period_s
        acc, gyr = event.acc_mps2, event.gyr_radps
        count, skip = len(acc), 0
        if self._next_index is not None and self._next_index > index:
            skip = self._next_index - index
            count -= skip
        if count <= 0:
            return None
        target_s = self._target_s(event)
        if skip:
            index += skip
            target_s += skip * period_s
            acc, gyr = acc[skip:], None if gyr is None else gyr[skip:]
        if index == self._next_index:
            start_s, gap = self._go_on(target_s, period_s)
        else:
            start_s, gap = self._fit_in(index, target_s, period_s)
        self._next_index = index + count
        self._elapsed_s = elapsed_s = count * period_s
        self._due_s = start_s + elapsed_s
        self._link_lost = False
        return SampleBlock(self._placement, start_s, period_s, acc, gyr, gap, event.clipped)

    def _target_s(self, event: SamplesArrived) -> float:
        """Where the clock would have the first sample of the packet."""
        clock, period_s = self._clock, event.period_s
        arrival_s = event.host_time_ns / NS_PER_S
        device_s = event.device_time_s
        clock.counted = device_s is None
        if device_s is None:
            if self._next_index is None:
                clock.reset()  # what is counted instead of a clock begins anew
            device_s = (event.first_index - self._first_index) * period_s
        clock.arrived(device_s + (len(event.acc_mps2) - 1) * period_s, arrival_s)
        hub_s = clock.hub_time_s(device_s)
        return arrival_s if hub_s is None else hub_s

    def _go_on(self, target_s: float, period_s: float) -> tuple[float, Gap | None]:
        """Return when a block starts before which nothing is missing, and a gap if it jumped."""
        due_s = self._due_s
        assert due_s is not None  # a stream that goes on has a due time
        off_s = target_s - due_s
        if off_s > _CLOCK_JUMP_S:
            return target_s, self._gap(due_s, target_s, REASON_CLOCK)
        most_s, at_most_s = _MOST_SHIFT_SHARE * self._elapsed_s, _MOST_SHIFT_PERIODS * period_s
        if most_s > at_most_s:
            most_s = at_most_s
        if -most_s <= off_s <= most_s:
            return due_s + off_s, None
        return due_s + (most_s if off_s > 0.0 else -most_s), None

    def _fit_in(self, index: int, target_s: float, period_s: float) -> tuple[float, Gap | None]:
        """Return when the block starts, and what is missing before it, which is something."""
        due_s, next_index = self._due_s, self._next_index
        if next_index is None:
            # The first block of a stream. What a stream lost before its first packet is a gap, too.
            missing_s = (index - self._first_index) * period_s
            if due_s is not None:
                start_s = max(target_s, due_s)
                return start_s, self._gap(due_s, start_s, REASON_RESTARTED)
            gap = self._gap(target_s - missing_s, target_s, self._reason()) if missing_s else None
            return target_s, gap
        assert due_s is not None  # a stream that has a next index has a due time
        missing_s = (index - next_index) * period_s
        regular_s = due_s + missing_s
        off_s = target_s - regular_s
        most_s = _MOST_SHIFT_SHARE * (missing_s + self._elapsed_s)
        if missing_s > _LONG_GAP_S:
            start_s = max(target_s, due_s)
        else:
            start_s = max(regular_s + min(max(off_s, -most_s), most_s), due_s)
        return start_s, self._gap(due_s, start_s, self._reason())

    def _reason(self) -> str:
        return REASON_LINK if self._link_lost else LOST

    def _gap(self, start_s: float, end_s: float, reason: str) -> Gap:
        return Gap(self._placement, start_s, end_s, reason)


def assemble_all(
    events: Iterable[DeviceEvent],
    placement: Placement,
    *,
    on_clock: Callable[[ClockModel], None] | None = None,
) -> list[SampleBlock]:
    """Assemble a closed session: live blocks as they were, what came late put where it belongs.

    Ordered by stream and index, duplicates removed. A live block is the very block
    :class:`BlockAssembler` gave, except that ``gap_before`` tells what is *still* missing; back-
    filled samples lie on the straight line between their neighbours. With nothing lost the result
    equals the live blocks bit for bit. ``on_clock`` gets the device's clock as it is known in the
    end.
    """
    assembler = BlockAssembler(placement)
    live: dict[int, list[PlacedBlock]] = {}
    late: dict[int, list[SamplesArrived]] = {}
    for event in events:
        for placed in assembler.place(event):
            live.setdefault(placed.stream, []).append(placed)
        if isinstance(event, SamplesArrived) and event.backfilled:
            late.setdefault(event.stream, []).append(event)

    if on_clock is not None:
        on_clock(assembler.clock)

    def hub_time_s(event: SamplesArrived) -> float:
        known = assembler.clock.estimate
        if known is None or event.device_time_s is None:
            return event.host_time_ns / NS_PER_S
        return known.hub_time_s(event.device_time_s)

    blocks: list[SampleBlock] = []
    for stream in dict.fromkeys([*live, *late]):
        blocks += merge_late(
            live.get(stream, []),
            late.get(stream, []),
            placement,
            before=blocks[-1] if blocks else None,
            hub_time_s=hub_time_s,
        )
    return blocks


def assemble_each(
    events: Iterable[DeviceEvent],
    placement: Placement,
    *,
    on_clock: Callable[[ClockModel], None] | None = None,
) -> Iterator[SampleBlock]:
    """The blocks of :func:`assemble_all` one by one, for a device that never back-fills.

    Where nothing can come late no block has to wait for the end of the session, so none is kept.
    Raises ValueError should samples come late all the same.
    """
    assembler = BlockAssembler(placement)
    before: SampleBlock | None = None
    stream: int | None = None
    for event in events:
        for placed in assembler.place(event):
            block = placed.block
            if placed.stream != stream:
                stream = placed.stream
                gap = first_gap(block, block.gap_before, before)
                block = block if gap == block.gap_before else replace(block, gap_before=gap)
            yield block
            before = block
        if isinstance(event, SamplesArrived) and event.backfilled:
            raise ValueError("a family back-fills that does not declare it")
    if on_clock is not None:
        on_clock(assembler.clock)
