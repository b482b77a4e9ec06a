"""The thresholds an exercise may set, one frozen table a detector; the defaults suit most bodies.

In a TOML file the same names are written with ``_deg`` in place of ``_rad``.
"""

import math
from dataclasses import dataclass

_DEG = math.pi / 180.0


@dataclass(frozen=True, slots=True)
class RepetitionThresholds:
    """Out and back again, counted.

    Attributes:
        partial_share: a repetition below this share of the set's usual range is partial.
        ignore_share: below this share it is not a repetition at all.
        shortest_s: nobody does this movement faster; quicker excursions are something else.
        longest_s: a repetition that takes longer was given up.
        hip_rests: the leg moves about a hip that stays where it is.
        rises: the sensor rises on the way out.
        toward_upright: the thigh comes nearer to upright on the way out; all others, but those
            that rise go away from it.
    """

    partial_share: float = 0.6
    ignore_share: float = 0.25
    shortest_s: float = 0.5
    longest_s: float = 25.0
    hip_rests: bool = False
    rises: bool = False
    toward_upright: bool = False


@dataclass(frozen=True, slots=True)
class HoldThresholds:
    """A pose, reached by a movement and then held still.

    Attributes:
        still_radps: faster than this is not still.
        grace_s: live, shorter movements do not end the hold; they are not credited.
        resume_s: a hold taken up again within this time is one hold with an interruption.
        shortest_s: shorter than this is not a hold.
    """

    still_radps: float = 5.0 * _DEG
    grace_s: float = 0.7
    resume_s: float = 3.0
    shortest_s: float = 5.0


@dataclass(frozen=True, slots=True)
class CompoundThresholds:
    """Two movements in different directions from one start pose make one repetition.

    Attributes:
        partial_share: as in :class:`RepetitionThresholds`, for each half.
        ignore_share: likewise.
        shortest_s: for each half.
        longest_s: for each half.
        apart_rad: the two directions differ by at least this much on the sphere of directions.
        together_s: the second half follows within this time, else each stands alone (partial).
    """

    partial_share: float = 0.6
    ignore_share: float = 0.25
    shortest_s: float = 0.4
    longest_s: float = 15.0
    apart_rad: float = 35.0 * _DEG
    together_s: float = 4.0


@dataclass(frozen=True, slots=True)
class CycleThresholds:
    """Rhythmic pelvis movements: to and fro, or round and round.

    Attributes:
        round: circles (counted by full turns of the tilt's direction) rather than to and fro.
        partial_share: as in :class:`RepetitionThresholds`.
        ignore_share: likewise.
        shortest_s: of one cycle.
        longest_s: of one cycle.
    """

    round: bool = False
    partial_share: float = 0.6
    ignore_share: float = 0.25
    shortest_s: float = 0.6
    longest_s: float = 20.0


@dataclass(frozen=True, slots=True)
class StepsThresholds:
    """Side steps away from an anchor and back.

    Attributes:
        shortest_s: of one step.
        longest_s: of one step.
    """

    shortest_s: float = 0.4
    longest_s: float = 6.0


@dataclass(frozen=True, slots=True)
class BreathThresholds:
    """Breaths at the belly or chest.

    Attributes:
        shortest_s: of one breath.
        longest_s: of one breath.
        blowing: long exhalations are asked for, in to out ratio matters.
    """

    shortest_s: float = 1.4
    longest_s: float = 25.0
    blowing: bool = False


@dataclass(frozen=True, slots=True)
class GuidedThresholds:
    """Paced by the hub; the person's word is what is recorded.

    Attributes:
        hold_s: how long each squeeze or draw is to be held.
        rest_s: between two.
        strengths: percent, one after the other, round and round; empty where it does not matter.
    """

    hold_s: float = 5.0
    rest_s: float = 5.0
    strengths: tuple[int, ...] = ()


Thresholds = (
    RepetitionThresholds
    | HoldThresholds
    | CompoundThresholds
    | CycleThresholds
    | StepsThresholds
    | BreathThresholds
    | GuidedThresholds
)

BY_DETECTOR: dict[str, type[Thresholds]] = {
    "repetition": RepetitionThresholds,
    "hold": HoldThresholds,
    "compound": CompoundThresholds,
    "cycle": CycleThresholds,
    "steps": StepsThresholds,
    "breath": BreathThresholds,
    "guided": GuidedThresholds,
}
