"""The one table of measures: name, unit, definition and source of each.

``docs/measures.md``, the columns of ``repetitions.csv`` and ``sets.csv`` and their data package
come from here. Names are those of the inside (radians); :func:`for_people` turns them to
degrees. A measure that cannot be known is absent: never a zero, never a guess.
"""

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from sensorhub.model.units import DEG_PER_RAD


class Of(enum.StrEnum):
    """What a measure is about."""

    REPETITION = "repetition"
    HOLD = "hold"
    BREATH = "breath"
    STEP = "step"
    SET = "set"


OURS = "own definition"
BALASUBRAMANIAN = "Balasubramanian et al. 2015, J NeuroEng Rehabil 12:112"


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table.

    Attributes:
        name: as stored; its last word is its unit.
        of: what it is measured of; one name means the same wherever it stands.
        meaning: one or two sentences for the therapist.
        source: where the definition comes from.
        needs: what must be worn or known for it, empty where any primary sensor will do.
        column: whether it has a column of its own in the CSV (all are in ``measures.csv``).
        decimals: digits behind the point in that column.
    """

    name: str
    of: tuple[Of, ...]
    meaning: str
    source: str = OURS
    needs: str = ""
    column: bool = True
    decimals: int = 3

    @property
    def shown_name(self) -> str:
        """The name at the human edge: degrees instead of radians."""
        return for_people(self.name)[0]

    @property
    def unit(self) -> str:
        """The unit at the human edge, in words; ``1`` where it has none."""
        return next((word for end, word in _UNITS if self.shown_name.endswith(end)), "1")


_UNITS = (
    ("_deg", "degrees"),
    ("_dps", "degrees per second"),
    ("_per_min", "per minute"),
    ("_percent", "percent"),
    ("_hz", "hertz"),
    ("_mps2", "metres per second squared"),
    ("_s", "seconds"),
)

_REP, _HOLD, _SET = (Of.REPETITION,), (Of.HOLD,), (Of.SET,)
_GYROSCOPE, _PELVIS = "gyroscope", "pelvis sensor"
_ALIGNED = "sensors aligned (a standing pose)"

MEASURES: tuple[Measure, ...] = (
    Measure(
        "start_angle_rad",
        _REP,
        "Where it began: angle along the repetition's way from the set's usual start pose.",
        decimals=1,
    ),
    Measure(
        "peak_angle_rad",
        _REP,
        "How far it went: angle along the repetition's way from the set's usual start pose at the"
        " greatest excursion.",
        decimals=1,
    ),
    Measure(
        "raising_s",
        _REP,
        "From the start until the segment comes to rest at the top, or turns round there. Rest:"
        " slower than a tenth of the fastest, or 3 degrees per second.",
    ),
    Measure("holding_s", _REP, "At rest at the top; 0 where it was turned round at once."),
    Measure("lowering_s", _REP, "From leaving the top until the end."),
    Measure("resting_s", _REP, "From the end until the next repetition begins."),
    Measure("peak_rate_up_radps", _REP, "Fastest turning along the way while raising.", decimals=1),
    Measure("mean_rate_up_radps", _REP, "Mean turning along the way while raising.", decimals=1),
    Measure(
        "peak_rate_down_radps", _REP, "Fastest turning along the way while lowering.", decimals=1
    ),
    Measure("mean_rate_down_radps", _REP, "Mean turning along the way while lowering.", decimals=1),
    Measure(
        "raising_sparc",
        _REP,
        "Smoothness while raising: spectral arc length of the angular speed (up to 10 Hz, amplitude"
        " threshold 0.05). About -1.4 for one smooth movement; more negative is less smooth.",
        BALASUBRAMANIAN,
    ),
    Measure("lowering_sparc", _REP, "The same while lowering.", BALASUBRAMANIAN),
    Measure(
        "raising_ldlj",
        _REP,
        "Smoothness while raising: log dimensionless jerk of the angular speed, peak-normalised."
        " About -5 for one smooth movement; more negative is less smooth.",
        BALASUBRAMANIAN,
    ),
    Measure("lowering_ldlj", _REP, "The same while lowering.", BALASUBRAMANIAN),
    Measure(
        "off_axis_share",
        _REP,
        "Part of all turning (squared angular rate) that was not about the repetition's own main"
        " axis; 0 is a hinge. Without gyroscope turning about the vertical is not in it.",
    ),
    Measure(
        "pelvis_share",
        _REP,
        "How far the pelvis tilted between start and greatest excursion, whichever way (with the"
        " thigh or against it), as a share of the repetition's range: never negative.",
        "after Murray et al. 2002, Clin Biomech 17:147 (18 % in standing hip flexion)",
        _PELVIS,
    ),
    Measure(
        "start_elevation_rad",
        _REP,
        "Thigh elevation at the start: the thigh's angle to gravity, flexion positive, 0 in the"
        " standing pose. Empty lying on the side, and where the thigh's front is not known.",
        needs=_ALIGNED,
        decimals=1,
    ),
    Measure(
        "peak_elevation_rad",
        _REP,
        "Thigh elevation at the greatest excursion; empty as at the start.",
        needs=_ALIGNED,
        decimals=1,
    ),
    Measure(
        "hip_flexion_range_rad",
        _REP,
        "Range of the hip's flexion angle within the repetition.",
        "Wu et al. 2002, J Biomech 35:543 (ISB); Grood and Suntay 1983",
        f"{_PELVIS}, {_ALIGNED}",
        decimals=1,
    ),
    Measure(
        "hip_adduction_range_rad",
        _REP,
        "Range of the hip's ab/adduction angle within the repetition. Empty where the front of"
        " thigh and pelvis is told by the movement alone, not by swings, poses or lying.",
        "Wu et al. 2002, J Biomech 35:543 (ISB); Grood and Suntay 1983",
        f"{_PELVIS}, {_GYROSCOPE}, {_ALIGNED}",
        decimals=1,
    ),
    Measure(
        "sway_rad",
        (Of.HOLD, Of.REPETITION),
        "How far the held pose moved: root mean square angle from its mean. Of a repetition: of its"
        " hold, where that lasts a second.",
        "as postural sway: Prieto et al. 1996, IEEE Trans Biomed Eng 43:956 (RMS distance)",
        decimals=2,
    ),
    Measure(
        "drift_rad",
        _HOLD,
        "Angle between the mean poses of the first and the last quarter of the hold.",
        decimals=2,
    ),
    Measure(
        "tremor_radps",
        (Of.HOLD, Of.REPETITION),
        "Shaking while held: root mean square angular rate between 3.5 and 12 Hz. Empty below 24"
        " ticks a second. Shaking above 12.5 Hz shows weakened, at a lower frequency.",
        needs=_GYROSCOPE,
        decimals=2,
    ),
    Measure(
        "tremor_hz",
        _HOLD,
        "Strongest frequency of that shaking; empty where no frequency stands out, and where that"
        " is empty.",
        needs=_GYROSCOPE,
        decimals=1,
    ),
    Measure(
        "strength_percent",
        _HOLD,
        "Of a guided squeeze: how strong it was asked to be. Not measured.",
        needs="no sensor",
        decimals=0,
    ),
    Measure("mean_rom_rad", _SET, "Mean range of motion of the full repetitions.", decimals=1),
    Measure(
        "rom_cv",
        _SET,
        "Consistency: standard deviation of the range over its mean; at least 3 full repetitions.",
        "coefficient of variation, n - 1",
    ),
    Measure("mean_tempo_s", _SET, "Mean time from start to end of the full repetitions."),
    Measure(
        "tempo_cv",
        _SET,
        "Consistency: standard deviation of that time over its mean (at least 3).",
        "coefficient of variation, n - 1",
    ),
    Measure(
        "rom_fade_share",
        _SET,
        "Fade: how much smaller the mean range of the last three full repetitions is than that of"
        " the first three (at least 6 repetitions); negative: it grew.",
    ),
    Measure(
        "tempo_fade_share",
        _SET,
        "How much longer the last three full repetitions took than the first three, as a share.",
    ),
    Measure("mean_off_axis_share", _SET, "Mean of the full repetitions' off-axis share."),
    Measure(
        "mean_pelvis_share", _SET, "Mean of the full repetitions' pelvis share.", needs=_PELVIS
    ),
    Measure("mean_raising_sparc", _SET, "Mean smoothness while raising.", BALASUBRAMANIAN),
    Measure(
        "left_right_difference_share",
        _SET,
        "Left against right: the smaller range is short of the larger one by this share. Positive:"
        " the left is smaller. More than 0.15 is worth a look.",
        needs="both thighs",
    ),
    Measure(
        "kick_rom_rad",
        _REP,
        "Of a kick and hydrant: range of the kick (extension).",
        column=False,
    ),
    Measure(
        "hydrant_rom_rad",
        _REP,
        "Of a kick and hydrant: range of the hydrant (abduction).",
        column=False,
    ),
    Measure(
        "trunk_turn_rad",
        (Of.STEP, Of.REPETITION),
        "Largest turn of the trunk about the vertical during side steps.",
        needs=f"pelvis or chest sensor, {_GYROSCOPE}",
        column=False,
    ),
    Measure("thigh_swing_rad", (Of.STEP,), "How far the thigh swung in a side step.", column=False),
    Measure("breath_rate_per_min", _SET, "Breaths in a minute, from whole breaths.", column=False),
    Measure(
        "breath_depth_rad",
        _SET,
        "Median tilt of the sensor in a breath; no volume.",
        column=False,
    ),
    Measure(
        "on_axis_share",
        _SET,
        "Part of the sensor's slow movement that follows the direction breaths were counted in.",
        column=False,
    ),
    Measure(
        "inhale_to_exhale_ratio",
        _SET,
        "Median of breathing in over breathing out; below 1 the exhalations are longer.",
        column=False,
    ),
    Measure(
        "movement_sd_mps2",
        _SET,
        "Stillness of a paced exercise: standard deviation of the length of acceleration.",
        needs="belly or chest sensor",
        column=False,
    ),
)


def measures_of(of: Of) -> Iterator[Measure]:
    """The measures of one kind of thing, in the table's order."""
    return (measure for measure in MEASURES if of in measure.of)


def for_people(name: str) -> tuple[str, float]:
    """A measure's name at the human edge (degrees for radians), and what to multiply it by."""
    for inside, outside in (("_rad", "_deg"), ("_radps", "_dps"), ("_radps2", "_dps2")):
        if name.endswith(inside):
            return name.removesuffix(inside) + outside, DEG_PER_RAD
    return name, 1.0
