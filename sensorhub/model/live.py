"""What the person is shown while a set runs: provisional until the set is closed."""

import enum
from dataclasses import dataclass


class LiveKind(enum.StrEnum):
    """What just happened in the running set."""

    REP_STARTED = "rep_started"
    REP_PEAK = "rep_peak"
    REP_COUNTED = "rep_counted"
    REP_PARTIAL = "rep_partial"  # one that went only part of the way: ``count`` does not change
    REP_WITHDRAWN = "rep_withdrawn"  # a provisional one turned out to be something else
    HOLD_ENTERED = "hold_entered"
    HOLD_LEFT = "hold_left"
    BREATH_COUNTED = "breath_counted"
    STEP_COUNTED = "step_counted"


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """A moment worth saying aloud. ``count`` is the total after it; unsure ones say so."""

    kind: LiveKind
    time_s: float
    count: int
    sure: bool = True


@dataclass(frozen=True, slots=True)
class LiveState:
    """The running set at a glance.

    Attributes:
        count: full repetitions (or breaths, or steps) so far, the unsure included.
        unsure: how many of those are not confirmed yet.
        hold_s: seconds credited to the hold under way, None when not holding.
        angle_rad: the main movement's angle against the start pose now, None when not known.
        target_rad: the angle asked for, None where there is none.
    """

    count: int
    partial: int
    unsure: int
    hold_s: float | None
    angle_rad: float | None
    target_rad: float | None
