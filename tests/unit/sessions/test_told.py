"""How missing data is told: the truth, in one sentence a sensor, and the same seconds as gap_s."""

from sensorhub.coach.texts import load_texts
from sensorhub.exercises.definition import load_library
from sensorhub.exports.tables.rows import gap_s
from sensorhub.model.outcomes import FlagCode, QualityFlag, SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import Gap
from sensorhub.sessions.stages.analysis import Span
from sensorhub.sessions.stages.told import told_flags

THIGH, PELVIS = Placement.THIGH_RIGHT, Placement.PELVIS
SET = Span(100.0, 130.0)


def an_outcome(*gaps: Gap) -> SetOutcome:
    """As the engine makes it: a flag a gap, with the length of that gap."""
    flags = tuple(
        QualityFlag(FlagCode.GAP, g.placement, g.start_s, g.end_s, f"{g.duration_s:.1f} s missing")
        for g in gaps
    )
    clipping = QualityFlag(FlagCode.CLIPPING, THIGH, 100.0, 130.0, "Clipped.")
    return SetOutcome("squat", Side.BOTH, 100.5, 129.5, gaps=gaps, flags=(*flags, clipping))


def test_a_gap_longer_than_the_set_is_told_as_long_as_it_is_in_the_set() -> None:
    # The sensor's time stamps jumped by an hour; the set lasted half a minute.
    outcome = an_outcome(Gap(THIGH, 120.0, 3720.0))
    gap, clipping = told_flags(outcome, span=SET)
    assert gap.text == "10.0 s of data from the right thigh are missing."
    assert (gap.start_s, gap.end_s) == (120.0, 130.0)
    assert clipping.text == "Clipped."


def test_a_lost_sample_is_not_nothing() -> None:
    outcome = an_outcome(Gap(THIGH, 110.0, 110.01))
    [gap, _] = told_flags(outcome, span=SET)
    assert gap.text == "Less than 0.1 s of data from the right thigh are missing."
    german = load_texts("de", library=load_library()).flag(gap)
    assert "< 0.1 s" in german


def test_many_gaps_of_a_sensor_are_one_sentence_with_the_seconds_of_the_column() -> None:
    gaps = (
        Gap(THIGH, 90.0, 101.0),
        Gap(THIGH, 110.0, 111.0),
        Gap(THIGH, 110.5, 112.0),
        Gap(PELVIS, 105.0, 105.5),
        Gap(THIGH, 131.0, 140.0),
    )
    told = told_flags(an_outcome(*gaps), span=SET)
    assert [flag.text for flag in told[:2]] == [
        "3.0 s of data from the right thigh are missing, in 2 gaps.",
        "0.5 s of data from the pelvis are missing.",
    ]
    thigh = [gap for gap in gaps if gap.placement is THIGH]
    assert gap_s(thigh, SET.start_s, SET.end_s) == told[0].end_s - told[0].start_s


def test_what_was_missing_beside_the_set_is_not_told_of_it() -> None:
    assert [f.code for f in told_flags(an_outcome(Gap(THIGH, 131.0, 140.0)), span=SET)] == [
        FlagCode.CLIPPING
    ]
