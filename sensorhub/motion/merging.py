"""Late samples put where they belong: between the live blocks of their stream."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sensorhub.model.events import SamplesArrived
from sensorhub.model.placement import Placement
from sensorhub.model.samples import Gap, SampleBlock

LOST = "lost"


@dataclass(frozen=True, slots=True)
class PlacedBlock:
    """A block and where it belongs: ``[first_index, stop_index)`` of ``stream``."""

    stream: int
    first_index: int
    block: SampleBlock

    @property
    def stop_index(self) -> int:
        """Index of the sample after the last."""
        return self.first_index + len(self.block)


def merge_late(
    live: Sequence[PlacedBlock],
    late: Sequence[SamplesArrived],
    placement: Placement,
    *,
    before: SampleBlock | None,
    hub_time_s: Callable[[SamplesArrived], float],
) -> list[SampleBlock]:
    """Return one stream's blocks in order of index, each index at most once.

    Args:
        live: the blocks as they were placed live, ascending.
        late: samples of the same stream that were not, in any order; what is known already is
            dropped.
        before: the last block of the stream before this one.
        hub_time_s: when the first sample of a late packet was taken, for a stream of which nothing
            at all came live.
    """
    pieces = sorted(late, key=lambda one: (one.first_index, one.host_time_ns))
    merged: list[PlacedBlock] = []
    previous: PlacedBlock | None = None
    at = 0
    for right in (*live, None):
        start = -1 if previous is None else previous.stop_index
        while at < len(pieces) and (right is None or pieces[at].first_index < right.first_index):
            piece = pieces[at]
            stop = None if right is None else right.first_index
            skip = max(0, start - piece.first_index)
            count = len(piece.acc_mps2) if stop is None else stop - piece.first_index
            if skip < min(count, len(piece.acc_mps2)):
                first = piece.first_index + skip
                start_s = _time_s(first, previous, right, piece)
                if start_s is None:
                    start_s = hub_time_s(piece) + skip * piece.period_s
                block = _block(piece, placement, skip, count, start_s)
                merged.append(PlacedBlock(piece.stream, first, block))
                start = first + len(block)
            at += 1
        if right is not None:
            merged.append(right)
            previous = right
    return list(_with_gaps(merged, live, before))


def _block(
    piece: SamplesArrived, placement: Placement, skip: int, stop: int, start_s: float
) -> SampleBlock:
    return SampleBlock(
        placement,
        start_s,
        piece.period_s,
        piece.acc_mps2[skip:stop],
        None if piece.gyr_radps is None else piece.gyr_radps[skip:stop],
        clipped=piece.clipped,
        backfilled=True,
    )


def _time_s(
    index: int, left: PlacedBlock | None, right: PlacedBlock | None, piece: SamplesArrived
) -> float | None:
    """Return when sample ``index`` was taken: on the line between its neighbours in time."""
    if left is not None and right is not None:
        hole = right.first_index - left.stop_index
        share = (index - left.stop_index) / hole
        return left.block.end_s + share * (right.block.start_s - left.block.end_s)
    if left is not None:
        return left.block.end_s + (index - left.stop_index) * piece.period_s
    if right is not None:
        return right.block.start_s - (right.first_index - index) * piece.period_s
    return None


def _with_gaps(
    merged: Sequence[PlacedBlock], live: Sequence[PlacedBlock], before: SampleBlock | None
) -> Iterator[SampleBlock]:
    """Yield the blocks with the gaps that remain; where nothing was merged in, the very blocks."""
    told = iter([*(one.block.gap_before for one in live), None])
    next_told = next(told)  # the gap before the next live block, as it was seen live
    last: PlacedBlock | None = None
    for one in merged:
        block = one.block
        undisturbed = not block.backfilled and (last is None or not last.block.backfilled)
        if last is None:
            gap = first_gap(block, next_told, before)
        elif undisturbed:
            gap = block.gap_before
        elif one.first_index == last.stop_index:
            gap = None
        else:
            reason = LOST if next_told is None else next_told.reason
            gap = Gap(block.placement, last.block.end_s, block.start_s, reason)
        yield block if gap == block.gap_before else replace(block, gap_before=gap)
        if not block.backfilled:
            next_told = next(told)
        last = one


def first_gap(block: SampleBlock, told: Gap | None, before: SampleBlock | None) -> Gap | None:
    """Return what is missing before a stream's first block.

    Args:
        told: the gap before it as it was seen live.
        before: the last block of the stream before it.
    """
    if before is not None:
        start_s = before.end_s
    elif told is not None:
        start_s = told.start_s
    else:
        return None
    if block.start_s - start_s < block.period_s / 2:
        return None
    return Gap(block.placement, start_s, block.start_s, LOST if told is None else told.reason)
