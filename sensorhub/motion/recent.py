"""What came lately, so that what comes late is put where it belongs while the set still runs."""

from collections import deque

from sensorhub.model.events import SamplesArrived
from sensorhub.model.placement import Placement
from sensorhub.model.samples import Gap, SampleBlock
from sensorhub.model.units import NS_PER_S
from sensorhub.motion.gaps import samples_to_bridge
from sensorhub.motion.merging import PlacedBlock, merge_late


class RecentBlocks:
    """One sensor's live blocks of the last while, and the back-filled samples between them.

    Short gaps are bridged live, and nobody misses what was in them; the long ones are remembered as
    holes, and only what comes for one of those is ``wanted``.
    """

    def __init__(self, placement: Placement) -> None:
        self._placement = placement
        self._live: deque[tuple[tuple[int, int], SampleBlock]] = deque()  # where it ends; it
        self._late: list[SamplesArrived] = []
        self._holes: list[tuple[int, int, int]] = []  # stream, first index, stop index
        self._floor: tuple[int, int] | None = None  # what comes before it is forgotten
        self._wanted_ns: tuple[int, int] | None = None  # arrival of the first and the last

    @property
    def wanted_s(self) -> tuple[float, float] | None:
        """When the first and the latest samples arrived that fill holes and are not merged yet."""
        wanted = self._wanted_ns
        return None if wanted is None else (wanted[0] / NS_PER_S, wanted[1] / NS_PER_S)

    def live(self, position: tuple[int, int], block: SampleBlock) -> None:
        """A block came live; ``position``: its stream, and the index after its last sample."""
        if block.gap_before is not None:
            self._note_hole(position, block, block.gap_before)
        self._live.append((position, block))

    def _note_hole(self, position: tuple[int, int], block: SampleBlock, gap: Gap) -> None:
        if samples_to_bridge(gap, period_s=block.period_s) is not None:
            return
        due = self._live[-1][0] if self._live else self._floor
        first = due[1] if due is not None and due[0] == position[0] else 0
        self._holes.append((position[0], first, position[1] - len(block)))

    def late(self, event: SamplesArrived) -> None:
        """Back-filled samples came."""
        start, stop = event.first_index, _stop(event)
        if self._floor is not None and (event.stream, stop) <= self._floor:
            return
        self._late.append(event)
        if any(event.stream == s and start < end and stop > at for s, at, end in self._holes):
            now_ns = event.host_time_ns
            self._wanted_ns = (self._wanted_ns or (now_ns, now_ns))[0], now_ns

    def forget(self, before_s: float) -> None:
        """What ended before that hub time is not needed any more."""
        live = self._live
        while live and live[0][1].end_s < before_s:
            self._floor = live.popleft()[0]
        floor = self._floor
        if floor is None:
            return
        if self._late:
            self._late = [
                one
                for one in self._late
                if (one.stream, one.first_index + len(one.acc_mps2)) > floor
            ]
        if self._holes:
            self._holes = [hole for hole in self._holes if (hole[0], hole[2]) > floor]

    def merged(self) -> list[SampleBlock]:
        """All of it in order of time, as the final analysis would have it."""
        self._wanted_ns = None
        blocks: list[SampleBlock] = []
        for stream in dict.fromkeys(position[0] for position, _ in self._live):
            live = [
                PlacedBlock(stream, position[1] - len(block), block)
                for position, block in self._live
                if position[0] == stream
            ]
            kept = self._floor is not None and self._floor[0] == stream
            # In front of what was forgotten nothing belongs any more.
            first = live[0].first_index if kept else 0
            blocks += merge_late(
                live,
                [e for e in self._late if e.stream == stream and e.first_index >= first],
                self._placement,
                before=blocks[-1] if blocks else None,
                hub_time_s=lambda event: event.host_time_ns / NS_PER_S,
            )
        return blocks


def _stop(event: SamplesArrived) -> int:
    return event.first_index + len(event.acc_mps2)
