"""A set's flags as people are told them: one sensor's gaps are one, and only what is in the set.

The outcome keeps every gap by itself, whole: one that begins before the set, or that a jump of the
sensor's clock made, can be longer than the set.
"""

from dataclasses import replace

from sensorhub.exercises.spoken import spoken
from sensorhub.model.outcomes import FlagCode, QualityFlag, SetOutcome
from sensorhub.model.placement import Placement
from sensorhub.model.samples import Gap
from sensorhub.model.units import NS_PER_S
from sensorhub.sessions.stages.analysis import WHOLE, Span
from sensorhub.sessions.store.values import StoredSet

SHORTEST_TOLD_S = 0.05
"""Shorter ones would be told as 0.0 s."""


def told_flags(outcome: SetOutcome, *, span: Span = WHOLE) -> tuple[QualityFlag, ...]:
    """The flags of a set that lasted ``span``.

    The gaps of one sensor are one flag, which begins with the first of them and lasts as long as
    they do together.
    """
    told: list[QualityFlag] = []
    merged: set[Placement] = set()
    for flag in outcome.flags:
        if flag.code is not FlagCode.GAP or flag.placement is None:
            told.append(flag)
        elif flag.placement not in merged:
            merged.add(flag.placement)
            own = [gap for gap in outcome.gaps if gap.placement is flag.placement]
            told += _together(flag.placement, own, span) if own else [flag]
    return tuple(told)


def told_of(one: StoredSet) -> tuple[QualityFlag, ...]:
    """The flags of a stored set; none where it has no outcome."""
    if one.outcome is None:
        return ()
    end_s = one.outcome.end_s if one.ended_ns is None else one.ended_ns / NS_PER_S
    return told_flags(one.outcome, span=Span(one.started_ns / NS_PER_S, end_s))


def seconds_told(total_s: float) -> str:
    """So many seconds, to a tenth; never 0.0 for what is something."""
    return f"{total_s:.1f}" if total_s >= SHORTEST_TOLD_S else "Less than 0.1"


def _together(placement: Placement, gaps: list[Gap], span: Span) -> list[QualityFlag]:
    apart = _apart(gaps, span)
    if not apart:
        return []
    total_s = sum(gap.duration_s for gap in apart)
    many = "" if len(apart) == 1 else f", in {len(apart)} gaps"
    text = f"{seconds_told(total_s)} s of data from {spoken(placement)} are missing{many}."
    start_s = apart[0].start_s
    return [QualityFlag(FlagCode.GAP, placement, start_s, start_s + total_s, text)]


def _apart(gaps: list[Gap], span: Span) -> list[Gap]:
    """What of the gaps lies in the span, in order; those that meet are one."""
    apart: list[Gap] = []
    for gap in sorted(gaps, key=lambda one: one.start_s):
        start_s, end_s = max(gap.start_s, span.start_s), min(gap.end_s, span.end_s)
        if end_s <= start_s:
            continue
        if apart and start_s <= apart[-1].end_s:
            apart[-1] = replace(apart[-1], end_s=max(end_s, apart[-1].end_s))
        else:
            apart.append(replace(gap, start_s=start_s, end_s=end_s))
    return apart
