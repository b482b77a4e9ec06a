"""From sample blocks to the outcome of one set: the one way, for recordings and for sessions.

The trackers run over everything there is, so that the orientation has settled before the set
begins; the set itself sees only the ticks of its own span of time.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge

import numpy as np

from calibration.alignment import Alignment
from sensorhub.exercises.definition import Exercise
from sensorhub.exercises.engine import SetAnalyzer
from sensorhub.model.errors import InputError
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import SampleBlock
from sensorhub.motion.tracker import TICK_RATE_HZ, MotionTracker
from sensorhub.sessions.recordings.standing import standing_alignments

PIECE_S = 1.0
"""Sensors take turns in pieces of this length. Outcomes do not depend on it."""


WORK_S = 60.0
"""Nobody waits for the ticks of what is over: the filter runs over so much of it at a time."""


@dataclass(frozen=True, slots=True)
class Span:
    """The part ``[start_s, end_s)`` of a recording or session that a set lasts."""

    start_s: float = -math.inf
    end_s: float = math.inf


WHOLE = Span()


def track(
    blocks: Iterable[SampleBlock], placement: Placement, *, tick_rate_hz: float = TICK_RATE_HZ
) -> list[MotionBlock]:
    """The motion of one placement over all its samples, from its first to its last."""
    tracker = MotionTracker(placement, work_s=WORK_S, tick_rate_hz=tick_rate_hz)
    # Most of it is nothing, which is quickly seen: the filter runs once a minute.
    some = [one for one in map(tracker.push, blocks) if one is not tracker.nothing]
    some.append(tracker.flush())
    return [one for one in some if len(one) or one.gaps or one.clipped]


def within(block: MotionBlock, span: Span) -> MotionBlock:
    """The ticks of ``block`` inside the span, with the gaps that touch it."""
    touching = tuple(
        gap for gap in block.gaps if gap.end_s > span.start_s and gap.start_s < span.end_s
    )
    inside = not len(block) or (block.first_s >= span.start_s and block.last_s < span.end_s)
    if inside and touching == block.gaps:
        return block
    first, last = np.searchsorted(block.time_s, (span.start_s, span.end_s)).tolist()
    return block.part(first, last, gaps=touching)


def run_set(
    analyzer: SetAnalyzer,
    motion: Mapping[Placement, Sequence[MotionBlock]],
    *,
    span: Span = WHOLE,
) -> SetOutcome:
    """Feed a set its motion, the sensors interleaved by time, and finish it."""
    worn = [placement for placement in analyzer.placements if placement in motion]
    if len(worn) == 1:  # nobody to take turns with
        for whole in motion[worn[0]]:
            analyzer.push(within(whole, span))
        return analyzer.finish()
    for block in in_turns({placement: motion[placement] for placement in worn}, span=span):
        analyzer.push(block)
    return analyzer.finish()


def in_turns(
    motion: Mapping[Placement, Sequence[MotionBlock]],
    *,
    span: Span = WHOLE,
    piece_s: float = PIECE_S,
) -> Iterator[MotionBlock]:
    """The ticks inside the span, the sensors interleaved by time in pieces of that length."""
    streams = [
        _pieces(blocks, order, span, piece_s) for order, blocks in enumerate(motion.values())
    ]
    for _, _, block in merge(*streams, key=lambda piece: piece[:2]):
        yield block


def default_side(exercise: Exercise, placements: Sequence[Placement]) -> Side:
    """The side a run was done on if nobody says: the only one possible, or the one that is worn."""
    if len(exercise.sides) == 1:
        return exercise.sides[0]
    worn = {p.side for p in placements if p.segment in exercise.primary} - {Side.NONE}
    return worn.pop() if len(worn) == 1 else Side.NONE


@dataclass(frozen=True, slots=True)
class Analysis:
    """One exercise found in recorded samples.

    Attributes:
        motion: the ticks of the set, of the sensors it looks at.
        alignments: how these sensors sit, where that was recorded.
    """

    outcome: SetOutcome
    motion: Mapping[Placement, Sequence[MotionBlock]]
    alignments: Mapping[Placement, Alignment]


def analyze_blocks(
    sensors: Mapping[Placement, Sequence[SampleBlock]],
    exercise: Exercise,
    *,
    side: Side | None = None,
    span: Span = WHOLE,
    standing: Mapping[Placement, Sequence[SampleBlock]] | None = None,
) -> Analysis:
    """One exercise in recorded samples.

    Args:
        side: as asked for; None: concluded from what is worn.
        standing: the same sensors while the person stood still, to align them by.

    Raises:
        InputError: no sensor can carry the exercise, or nothing was recorded in the stretch.
    """
    _check_stretch(sensors, span)
    placements = tuple(sorted(sensors))
    side = default_side(exercise, placements) if side is None else side
    used = SetAnalyzer(exercise, side=side, placements=placements, live=False).placements
    alignments = {} if standing is None else standing_alignments(standing, wanted=used)
    analyzer = SetAnalyzer(
        exercise, side=side, placements=placements, alignments=alignments, live=False
    )
    motion = {
        placement: [within(block, span) for block in track(sensors[placement], placement)]
        for placement in used
    }
    return Analysis(run_set(analyzer, motion, span=span), motion, alignments)


def _pieces(
    blocks: Sequence[MotionBlock], order: int, span: Span, piece_s: float
) -> Iterator[tuple[float, int, MotionBlock]]:
    for block in blocks:
        inside = within(block, span)
        if not len(inside):
            if inside.gaps:
                yield inside.gaps[0].end_s, order, inside
            continue
        gaps = inside.gaps
        first = 0
        while first < len(inside):
            begin_s = float(inside.time_s[first])
            last = int(np.searchsorted(inside.time_s, begin_s + piece_s))
            # Gaps are told once, with the first piece, as the tracker told them.
            yield begin_s, order, inside.part(first, last, gaps=gaps)
            first = last
            gaps = ()


def _check_stretch(sensors: Mapping[Placement, Sequence[SampleBlock]], span: Span) -> None:
    if not span.start_s < span.end_s:
        raise InputError(
            f"The stretch begins at {span.start_s:g} s and ends at {span.end_s:g} s.",
            hint="--from must be before --to.",
        )
    starts_s = [blocks[0].start_s for blocks in sensors.values() if blocks]
    ends_s = [blocks[-1].end_s for blocks in sensors.values() if blocks]
    if not starts_s:
        raise InputError("There are no samples to analyse.")
    if span.start_s >= max(ends_s) or span.end_s <= min(starts_s):
        raise InputError(
            "Nothing was recorded in that stretch.",
            hint=f"The recording goes from {min(starts_s):.1f} s to {max(ends_s):.1f} s.",
        )
