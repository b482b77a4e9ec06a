"""Puts the measures into a set's findings: which segment, which alignment, which repetition."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from calibration.alignment import Alignment
from sensorhub.exercises.definition import Exercise, Plane
from sensorhub.exercises.detectors.base import Findings
from sensorhub.exercises.measures.motion import SegmentMotion, angle_rad
from sensorhub.exercises.measures.repetitions import (
    pelvis_share,
    repetition_measures,
    usual_movement,
)
from sensorhub.exercises.measures.sets import difference_share, set_measures
from sensorhub.exercises.measures.stillness import sway_and_tremor
from sensorhub.exercises.thresholds import CycleThresholds
from sensorhub.exercises.trace.track import Track
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import Evidence, Hold, Repetition
from sensorhub.model.placement import Placement, Side
from sensorhub.motion.hip import HipAngles, HipTrack


def measured(
    found: Findings,
    *,
    exercise: Exercise,
    side: Side,
    primary: Sequence[Placement],
    tracks: Mapping[Placement, Track],
    motions: Mapping[Placement, SegmentMotion],
    alignments: Mapping[Placement, Alignment],
) -> Findings:
    """The findings with all measures that the worn sensors allow.

    Args:
        primary: the placements that can carry the count, the one that counted first.
        tracks: all ticks of the set, of every placement used.
        motions: of those placements that have any ticks.
        alignments: sensor to segment, where known.
    """
    counted = [p for p in primary if p in motions]
    if not counted:
        return found
    repetitions = found.repetitions
    if has_phases(exercise):
        hips = {
            place: _hip(place, tracks, alignments, exercise, side)
            for place in {_counted_on(one, counted) for one in repetitions}
        }
        repetitions = _repetitions(repetitions, counted, motions, hips)
    holds = tuple(_hold(one, motions[counted[0]]) for one in found.holds)
    of_set = set_measures(repetitions)
    if side is Side.BOTH and "left_right_difference_share" not in of_set:
        of_set |= _both_thighs(repetitions, motions)
    return replace(
        found,
        repetitions=repetitions,
        holds=holds,
        measures=MappingProxyType({**of_set, **found.measures}),
    )


def has_phases(exercise: Exercise) -> bool:
    """Whether a repetition is one way out and back: circles and compound movements are not."""
    if isinstance(exercise.thresholds, CycleThresholds):
        return not exercise.thresholds.round
    return exercise.detector == "repetition"


def _repetitions(
    repetitions: Sequence[Repetition],
    counted: Sequence[Placement],
    motions: Mapping[Placement, SegmentMotion],
    hips: Mapping[Placement, HipTrack | None],
) -> tuple[Repetition, ...]:
    pelvis = motions.get(Placement.PELVIS)
    if pelvis is not None and Placement.PELVIS in counted:
        pelvis = None  # it carries the count itself
    by_place = [_counted_on(one, counted) for one in repetitions]
    usual = {
        place: usual_movement(
            motions[place], [r for r, p in zip(repetitions, by_place, strict=True) if p is place]
        )
        for place in set(by_place)
    }
    after_s = [*(r.start_s for r in repetitions), None][1:]
    own: list[dict[str, float]] = [{} for _ in repetitions]
    for place in usual:
        chosen = [k for k, p in enumerate(by_place) if p is place]
        found = repetition_measures(
            motions[place],
            [repetitions[k] for k in chosen],
            usual=usual[place],
            next_starts_s=[after_s[k] for k in chosen],
        )
        for k, mine in zip(chosen, found, strict=True):
            own[k] = mine
    done = []
    for one, place, more in zip(repetitions, by_place, own, strict=True):
        if pelvis is not None and (share := pelvis_share(pelvis, one)) is not None:
            more["pelvis_share"] = share
        if (hip := hips[place]) is not None:
            more |= _hip_measures(hip, one)
        done.append(replace(one, measures=MappingProxyType({**more, **one.measures})))
    return tuple(done)


def _counted_on(one: Repetition, counted: Sequence[Placement]) -> Placement:
    """The segment a repetition was counted on: of its own side, where both are worn."""
    return next((p for p in counted if p.side is one.side and p.side is not Side.NONE), counted[0])


def _hold(one: Hold, motion: SegmentMotion) -> Hold:
    if one.evidence is Evidence.GUIDED:
        return one
    more = sway_and_tremor(motion, motion.part(one.start_s, one.end_s))
    return replace(one, measures=MappingProxyType({**more, **one.measures}))


def _both_thighs(
    repetitions: Sequence[Repetition], motions: Mapping[Placement, SegmentMotion]
) -> dict[str, float]:
    """Left against right where both legs move at once and both carry a sensor."""
    left, right = motions.get(Placement.THIGH_LEFT), motions.get(Placement.THIGH_RIGHT)
    if left is None or right is None or not repetitions:
        return {}
    means = [
        float(np.mean([_excursion_rad(thigh, one) for one in repetitions]))
        for thigh in (left, right)
    ]
    return {"left_right_difference_share": difference_share(*means)}


def _excursion_rad(motion: SegmentMotion, one: Repetition) -> float:
    up = motion.path.up
    return angle_rad(up[motion.at(one.start_s)], up[motion.at(one.peak_s)])


def _hip(
    thigh: Placement,
    tracks: Mapping[Placement, Track],
    alignments: Mapping[Placement, Alignment],
    exercise: Exercise,
    side: Side,
) -> HipTrack | None:
    if thigh.segment != "thigh" or thigh not in alignments:
        return None
    angles = HipAngles(
        side=thigh.side if thigh.side is not Side.NONE else side,
        thigh=thigh,
        alignments=alignments,
        posture=exercise.posture.value,
        sagittal=exercise.plane is Plane.SAGITTAL,
        underneath=exercise.underneath,
    )
    for place in (thigh, Placement.PELVIS):
        if place in tracks:
            angles.push(_as_block(tracks[place]))
    return angles.track()


def _hip_measures(hip: HipTrack, one: Repetition) -> dict[str, float]:
    first, last = np.searchsorted(hip.time_s, (one.start_s - 1e-9, one.end_s + 1e-9))
    found: dict[str, float] = {}
    if last - first < 3:
        return found
    for name, time_s in (("start", one.start_s), ("peak", one.peak_s)):
        value = float(hip.elevation_rad[int(np.argmin(np.abs(hip.time_s - time_s)))])
        if np.isfinite(value):
            found[f"{name}_elevation_rad"] = value
    # A learnt heading mixes flexion into it: a squat straight down "abducts" by twice the truth.
    adduction = hip.adduction_rad if hip.heading_told else None
    for name, values in (("flexion", hip.flexion_rad), ("adduction", adduction)):
        if values is not None and np.isfinite(values[first:last]).all():
            found[f"hip_{name}_range_rad"] = float(np.ptp(values[first:last]))
    return found


def _as_block(track: Track) -> MotionBlock:
    return MotionBlock(
        track.placement,
        track.time_s,
        track.up,
        track.rate_radps,
        track.acc_mps2,
        track.orientation,
        track.settled,
    )
