"""What was counted, timed and measured: the values that end up in the therapist's CSV."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import Gap


class Evidence(enum.StrEnum):
    """How we know: seen by a sensor, concluded from one, or the person's own word."""

    MEASURED = "measured"
    INFERRED = "inferred"
    GUIDED = "guided"


class RepetitionKind(enum.StrEnum):
    """A full repetition, or one that went only part of the way."""

    FULL = "full"
    PARTIAL = "partial"


class FlagCode(enum.StrEnum):
    """Every quality flag there is. Flags are never exceptions and always reach the CSV."""

    GAP = "gap"
    CLIPPING = "clipping"
    NO_GYROSCOPE = "no_gyroscope"
    BAD_CALIBRATION = "bad_calibration"
    SENSORS_DISAGREE = "sensors_disagree"
    SLIPPED = "slipped"
    WRONG_SEGMENT = "wrong_segment"
    WRONG_SIDE = "wrong_side"
    WRONG_RATE = "wrong_rate"
    UPSIDE_DOWN = "upside_down"
    NOT_SETTLED = "not_settled"
    UNSURE = "unsure"
    LOCOMOTION = "locomotion"
    SENSOR_IGNORED = "sensor_ignored"
    SENSOR_MISSING = "sensor_missing"
    LOW_BATTERY = "low_battery"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class QualityFlag:
    """Something the reader of a result must know, with a sentence for the person."""

    code: FlagCode
    placement: Placement | None
    start_s: float
    end_s: float
    text: str


Measures = Mapping[str, float]
"""Further measures by name; each name carries its unit and is described in the measures table."""

NO_MEASURES: Measures = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Repetition:
    """One repetition, the region ``[start_s, end_s)``.

    Attributes:
        peak_s: time of the greatest excursion.
        rom_rad: range of motion of the repetition's main movement.
        hold_s: time held near the peak (0 where it was not held).
        sure: False while (or if finally) the detector would not swear to it.
        phase: which half of a compound repetition is missing or what direction it had; empty else.
    """

    start_s: float
    peak_s: float
    end_s: float
    rom_rad: float
    hold_s: float = 0.0
    kind: RepetitionKind = RepetitionKind.FULL
    side: Side = Side.NONE
    evidence: Evidence = Evidence.MEASURED
    sure: bool = True
    phase: str = ""
    flags: tuple[FlagCode, ...] = ()
    measures: Measures = field(default_factory=lambda: NO_MEASURES)


@dataclass(frozen=True, slots=True)
class Hold:
    """A pose held still, the region ``[start_s, end_s)``.

    Attributes:
        held_s: seconds credited: in the pose and still, interruptions not counted.
        angle_rad: mean angle of the held pose against the start pose.
        ended_by: why it ended: ``released``, ``moved``, ``gap``, ``set_ended``.
    """

    start_s: float
    end_s: float
    held_s: float
    angle_rad: float
    ended_by: str = "released"
    side: Side = Side.NONE
    evidence: Evidence = Evidence.MEASURED
    sure: bool = True
    flags: tuple[FlagCode, ...] = ()
    measures: Measures = field(default_factory=lambda: NO_MEASURES)

    @property
    def told_end(self) -> str:
        """Why it ended, as people are told: ``paced`` where the hub's time was over, unmeasured."""
        return "paced" if self.evidence is Evidence.GUIDED else self.ended_by


@dataclass(frozen=True, slots=True)
class Breath:
    """One breath, from the start of an inhalation to the start of the next."""

    start_s: float
    end_s: float
    inhale_s: float
    exhale_s: float
    depth_rad: float
    evidence: Evidence = Evidence.MEASURED
    sure: bool = True
    flags: tuple[FlagCode, ...] = ()
    measures: Measures = field(default_factory=lambda: NO_MEASURES)

    @property
    def period_s(self) -> float:
        """Length of the breath in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Step:
    """One side step; ``direction`` is ``out`` or ``back``."""

    start_s: float
    end_s: float
    direction: str
    evidence: Evidence = Evidence.MEASURED
    sure: bool = True
    flags: tuple[FlagCode, ...] = ()
    measures: Measures = field(default_factory=lambda: NO_MEASURES)


@dataclass(frozen=True, slots=True)
class SetOutcome:
    """Everything one run of one exercise on one side gave.

    Attributes:
        clock_uncertainty_s: by placement, how well the sensor's clock was known against the hub's
            when the session ended. Known of final results only, and no result in itself: outcomes
            that differ in nothing else are equal.
    """

    exercise: str
    side: Side
    start_s: float
    end_s: float
    repetitions: tuple[Repetition, ...] = ()
    holds: tuple[Hold, ...] = ()
    breaths: tuple[Breath, ...] = ()
    steps: tuple[Step, ...] = ()
    gaps: tuple[Gap, ...] = ()
    flags: tuple[QualityFlag, ...] = ()
    measures: Measures = field(default_factory=lambda: NO_MEASURES)
    detector_version: str = ""
    clock_uncertainty_s: Measures = field(default_factory=lambda: NO_MEASURES, compare=False)

    @property
    def full_repetitions(self) -> int:
        """How many repetitions went all the way."""
        return sum(r.kind is RepetitionKind.FULL for r in self.repetitions)
