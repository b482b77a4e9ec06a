"""All checks of a set, and their findings as flags with a sentence for the person."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from calibration.alignment import Alignment
from sensorhub.exercises.checks.agreement import disagreement
from sensorhub.exercises.checks.gravity import gravity_error_share
from sensorhub.exercises.checks.segment import EXERCISES, sinks_like_a_trunk
from sensorhub.exercises.checks.slip import slipped_at_s
from sensorhub.exercises.checks.worn import is_back_to_front, is_upside_down, other_leg_moved
from sensorhub.exercises.definition import Exercise, Posture
from sensorhub.exercises.measures.measuring import has_phases
from sensorhub.exercises.measures.motion import SegmentMotion
from sensorhub.exercises.measures.repetitions import usual_movement
from sensorhub.exercises.spoken import spoken
from sensorhub.exercises.trace.track import Track
from sensorhub.model.outcomes import Evidence, FlagCode, QualityFlag, Repetition
from sensorhub.model.placement import Placement, Side

LEAST_RATE_HZ = 20.0
"""Slower sensors see a repetition of 0.8 s in fewer than 16 values."""

_FLEXING = ("squat", "squat_supported", "standing_hip_flexion")
"""Movements that begin standing and flex the thigh for certain."""

_LYING_STILL = (Posture.SUPINE, Posture.PRONE, Posture.SIDE_LYING)
"""In these one leg moves and the other one rests."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks look at.

    Attributes:
        primary: the placements that can carry the count, the one that counted first.
        tracks: all ticks of the set, of every placement used.
        motions: of those placements that have any ticks.
        alignments: sensor to segment, where known.
    """

    exercise: Exercise
    side: Side
    primary: Sequence[Placement]
    tracks: Mapping[Placement, Track]
    motions: Mapping[Placement, SegmentMotion]
    alignments: Mapping[Placement, Alignment]
    repetitions: Sequence[Repetition]


def check(what: Checked) -> tuple[QualityFlag, ...]:
    """Every flag the checks raise, sensor by sensor, in order of placement."""
    if what.exercise.evidence is Evidence.GUIDED:
        return ()
    found = [
        flag
        for placement, track in sorted(what.tracks.items())
        if len(track) > 1
        for flag in _of_sensor(placement, track)
    ]
    return (*found, *_of_wearing(what))


def _of_sensor(placement: Placement, track: Track) -> Iterator[QualityFlag]:
    """What one sensor's own data tell, whatever was done."""
    name = f"The sensor on {spoken(placement)}"
    rate_hz = 1.0 / track.tick_s
    if rate_hz < LEAST_RATE_HZ:
        yield _flag(
            FlagCode.WRONG_RATE,
            placement,
            track,
            f"{name} gave {rate_hz:.0f} values a second; below {LEAST_RATE_HZ:.0f} quick movements"
            " are measured too small and may be missed.",
        )
    off_share = gravity_error_share(track)
    if off_share is not None:
        yield _flag(
            FlagCode.BAD_CALIBRATION,
            placement,
            track,
            f"{name} reads {abs(off_share):.1%} too {'much' if off_share > 0 else 'little'} at"
            " rest: angles may be off by a degree or more. Calibrate it (sensorhub calibrate).",
        )
    disagree = disagreement(track)
    if disagree is not None:
        yield _flag(
            FlagCode.SENSORS_DISAGREE,
            placement,
            track,
            f"{name}: accelerometer and gyroscope contradict each other ({disagree.reading}); do"
            " not rely on its angles.",
        )


def _of_wearing(what: Checked) -> Iterator[QualityFlag]:
    """Where and how the sensor that counts is worn."""
    counted = [p for p in what.primary if p in what.motions]
    if not counted or counted[0].segment != "thigh":
        return
    thigh, track, motion = counted[0], what.tracks[counted[0]], what.motions[counted[0]]
    name = spoken(thigh)
    if what.exercise.id in EXERCISES and sinks_like_a_trunk(track, motion, what.repetitions):
        yield _flag(
            FlagCode.WRONG_SEGMENT,
            thigh,
            track,
            f"The sensor on {name} goes up and down like a trunk, not like a thigh: is it worn"
            " where it was said to be?",
        )
    others = [p for p in counted[1:] if p.segment == "thigh" and p.side is not thigh.side]
    if what.side in (Side.LEFT, Side.RIGHT) and what.exercise.posture in _LYING_STILL:
        for other in others:
            if thigh.side is what.side and other_leg_moved(track, what.tracks[other]):
                yield _flag(
                    FlagCode.WRONG_SIDE,
                    other,
                    track,
                    f"The {what.side} side was asked for, but {spoken(other)} moved.",
                )
    if not has_phases(what.exercise):
        return
    own = [r for r in what.repetitions if r.side is not other_side(thigh.side)]
    slip_s = slipped_at_s(motion, own)
    if slip_s is not None:
        yield QualityFlag(
            FlagCode.SLIPPED,
            thigh,
            slip_s,
            float(track.time_s[-1]),
            f"The sensor on {name} seems to have slipped before second {slip_s:.0f}; angles before"
            " and after cannot be compared. Tighten the strap.",
        )
    usual = usual_movement(motion, own)
    alignment = what.alignments.get(thigh)
    if usual is None or alignment is None or what.exercise.posture is not Posture.STANDING:
        return
    if is_upside_down(usual, alignment):
        yield _flag(
            FlagCode.UPSIDE_DOWN,
            thigh,
            track,
            f"The sensor on {name} is worn upside down, compared to when it was aligned.",
        )
    elif what.exercise.id in _FLEXING and is_back_to_front(usual, alignment):
        yield _flag(
            FlagCode.WRONG_SIDE,
            thigh,
            track,
            f"The sensor on {name} is on the other leg or turned round, compared to when it was"
            " aligned.",
        )


def other_side(side: Side) -> Side | None:
    """The opposite side; None where there is none."""
    return {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}.get(side)


def _flag(code: FlagCode, placement: Placement, track: Track, text: str) -> QualityFlag:
    return QualityFlag(code, placement, float(track.time_s[0]), float(track.time_s[-1]), text)
