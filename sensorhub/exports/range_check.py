"""The range-of-motion check: best of each movement and side, compared with what was before.

With a sensor on the thigh alone this is the thigh's range to gravity, named so; it is called the
hip's only where a pelvis sensor and an alignment gave the hip's own angle.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sensorhub.exercises.measures.sets import difference_share
from sensorhub.exports.tables.detectable import TESTED, detectable_change_deg
from sensorhub.model.outcomes import Repetition, RepetitionKind, SetOutcome
from sensorhub.model.placement import Side
from sensorhub.model.units import DEG_PER_RAD
from sensorhub.sessions.store.values import StoredSession

_ROTATING = ("seated_hip_internal_rotation", "seated_hip_external_rotation")
MOVEMENTS = (*TESTED, "hip_adduction", *_ROTATING)
"""Movements that the hip's range is tested with, in the order of a check."""

REPETITIONS = 3
"""Of each movement and side; the best one counts."""

THIGH, HIP, ROTATION = "thigh elevation", "hip angle", "thigh rotation (trend only)"
"""Rotation is a trend: skin and muscle under a strap take up to 20 degrees of it, so
what change of it means something is not known."""

_HIP_RANGE = "hip_flexion_range_rad"
_FLEXING = ("straight_leg_raise", "standing_hip_flexion", "prone_hip_extension")


@dataclass(frozen=True, slots=True)
class Range:
    """The best of one movement on one side.

    Attributes:
        what: ``thigh elevation``, ``hip angle`` or ``thigh rotation (trend only)``.
        mdc_deg: minimal detectable change; None where it is not known.
        repetitions: of how many it is the best.
        flags: quality flags of these sets, by code.
        earlier_deg: the best in each earlier session of the same kind, the oldest first.
    """

    exercise: str
    side: Side
    what: str
    best_deg: float
    mdc_deg: float | None
    repetitions: int
    evidence: str
    flags: tuple[str, ...] = ()
    earlier_deg: tuple[float, ...] = ()

    @property
    def change_deg(self) -> float | None:
        """Against the session before; None where there is none."""
        return self.best_deg - self.earlier_deg[-1] if self.earlier_deg else None

    @property
    def is_change(self) -> bool | None:
        """Whether that is more than measurement error may be; None: not to be told."""
        if self.change_deg is None or self.mdc_deg is None:
            return None
        return abs(self.change_deg) > self.mdc_deg


def ranges_of(
    outcomes: Sequence[SetOutcome], *, earlier: Sequence[StoredSession] = ()
) -> tuple[Range, ...]:
    """The best of every movement and side among these sets, in the order of the check.

    Args:
        earlier: sessions before these sets, the oldest first.
    """
    history = [tuple(_best(_outcomes(session))) for session in earlier]
    return tuple(
        Range(
            one.exercise,
            one.side,
            one.what,
            one.best_deg,
            one.mdc_deg,
            one.repetitions,
            one.evidence,
            one.flags,
            tuple(
                before.best_deg
                for past in history
                for before in past
                if (before.exercise, before.side, before.what) == (one.exercise, one.side, one.what)
            ),
        )
        for one in _best(outcomes)
    )


def side_difference_share(ranges: Sequence[Range], exercise: str) -> float | None:
    """Left against right of one movement, as in ``left_right_difference_share``; None: one side."""
    by_side = {one.side: one for one in ranges if one.exercise == exercise}
    left, right = by_side.get(Side.LEFT), by_side.get(Side.RIGHT)
    if left is None or right is None or left.what != right.what:
        return None
    return difference_share(left.best_deg, right.best_deg)


def _best(outcomes: Sequence[SetOutcome]) -> Iterator[Range]:
    for exercise in MOVEMENTS:
        for side in Side:
            sets = [o for o in outcomes if o.exercise == exercise and o.side is side]
            every = [r for o in sets for r in o.repetitions]
            full = [r for r in every if r.kind is RepetitionKind.FULL and r.sure]
            if not full:
                continue
            hip = exercise in _FLEXING and all(_HIP_RANGE in r.measures for r in full)
            best = max(full, key=lambda r: _range_rad(r, hip=hip))
            yield Range(
                exercise,
                side,
                HIP if hip else ROTATION if exercise in _ROTATING else THIGH,
                _range_rad(best, hip=hip) * DEG_PER_RAD,
                detectable_change_deg(exercise),
                len(full),
                best.evidence.value,
                tuple(sorted({flag.code.value for o in sets for flag in o.flags})),
            )


def _range_rad(one: Repetition, *, hip: bool) -> float:
    return one.measures[_HIP_RANGE] if hip else one.rom_rad


def _outcomes(session: StoredSession) -> list[SetOutcome]:
    return [one.outcome for one in session.sets if one.outcome is not None]
