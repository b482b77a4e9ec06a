"""Breaths at the belly or chest: counted, timed, and their depth, from an accelerometer alone.

The live count is the judgement over the set so far, made anew twice a second: one path for live and
batch, and a breath may be withdrawn as the yardstick grows. The accelerometer's own direction is
used even where there is a gyroscope: breathing is slower than the rest bias that an orientation
filter learns (3 degrees in 4 s), and slow breaths would be learnt away.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sensorhub.exercises.detectors.base import DetectorSetup, Findings
from sensorhub.exercises.detectors.breath_cycles import (
    Cycle,
    InhaleEvidence,
    cycles,
    first_is_cut,
    inhale_direction,
    rate_per_min,
)
from sensorhub.exercises.detectors.breath_grid import LONGEST_SET_S, Grid, GridRecorder
from sensorhub.exercises.detectors.breathing import (
    BIN_S,
    TurningPoints,
    main_direction,
    smoothed,
    turning_points,
)
from sensorhub.exercises.thresholds import BreathThresholds
from sensorhub.model.events import FloatArray
from sensorhub.model.live import LiveEvent, LiveKind, LiveState
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import Breath, FlagCode, QualityFlag
from sensorhub.model.placement import Placement

JUDGE_EVERY_BINS = 5
"""The set so far is judged twice a second ..."""

LONG_SET_BINS, LONG_SET_EVERY_BINS = 1200, 20
"""... and after two minutes every two seconds: the work grows with the set."""

OWN_DIRECTION_S = 20.0
"""A stretch this long has a main direction of its own: people may lie differently afterwards."""

HAND_S = 2.0
"""A hand that is seen on the sensor so long before a breath may hide its beginning."""

EXPECT_BREATH_S = 25.0
"""Nobody breathes more slowly than this in an exercise."""

COUGH_SHARE = 0.5
"""What is drawn in between coughs is less than this share of the usual breath."""

ONE_LINE_SHARE = 0.6
"""Breathing moves the sensor along one line (0.97-0.99 of all motion), noise along two (0.5)."""


def new_detector(setup: DetectorSetup) -> "BreathDetector":
    """A detector for one set. Raises TypeError for an exercise without breath thresholds."""
    thresholds = setup.exercise.thresholds
    if not isinstance(thresholds, BreathThresholds):
        raise TypeError(f"{setup.exercise.id} has no breath thresholds")
    return BreathDetector(setup.primary[0], thresholds=thresholds, live=setup.live)


@dataclass(frozen=True, slots=True)
class _Judgement:
    """What the set so far amounts to."""

    breaths: tuple[Breath, ...] = ()
    inhale: InhaleEvidence = InhaleEvidence.UNKNOWN
    rate_per_min: float = math.nan
    share: float = math.nan
    cut_until_s: float | None = None
    confirmed: int = 0
    tilt_now_rad: float | None = None


class BreathDetector:
    """Counts breaths in the motion of the sensor at ``placement`` (see the module)."""

    def __init__(
        self, placement: Placement, *, thresholds: BreathThresholds, live: bool = True
    ) -> None:
        self._live = live
        self._thresholds = thresholds
        self._placement = placement
        self._recorder = GridRecorder()
        self._now = _Judgement()

    def push(self, block: MotionBlock) -> Sequence[LiveEvent]:
        """More motion; placements other than the one that counts are passed by."""
        if block.placement is not self._placement or not len(block):
            return ()
        events: list[LiveEvent] = []
        norm = np.sqrt((block.acc_mps2 * block.acc_mps2).sum(axis=1))
        direction = block.acc_mps2 / np.maximum(norm, 1e-9)[:, None]
        for time_s, (x, y, z), norm_mps2 in zip(
            block.time_s.tolist(), direction.tolist(), norm.tolist(), strict=True
        ):
            before = len(self._recorder)
            began = self._recorder.add(time_s, (x, y, z), norm_mps2)
            if self._live and began and self._is_due(before):
                events += self._judge_live(before)
        return events

    def state(self) -> LiveState:
        """Breaths so far; the angle is the tilt since the last turning point."""
        breaths = self._now.breaths
        return LiveState(
            count=len(breaths),
            partial=0,
            unsure=len(breaths) - self._now.confirmed,
            hold_s=None,
            angle_rad=self._now.tilt_now_rad,
            target_rad=None,
        )

    def finish(self) -> Findings:
        """All breaths of the set."""
        found = self._judge(len(self._recorder))
        measures: dict[str, float] = {}
        if found.breaths:
            measures["breath_depth_rad"] = float(np.median([b.depth_rad for b in found.breaths]))
            measures["on_axis_share"] = found.share
            if math.isfinite(found.rate_per_min):
                measures["breath_rate_per_min"] = found.rate_per_min
            if found.inhale is not InhaleEvidence.UNKNOWN:
                ratios = [b.inhale_s / b.exhale_s for b in found.breaths if b.exhale_s > 0.0]
                measures["inhale_to_exhale_ratio"] = float(np.median(ratios))
        return Findings(breaths=found.breaths, flags=tuple(self._flags(found)), measures=measures)

    def _flags(self, found: _Judgement) -> list[QualityFlag]:
        start_s, end_s = self._recorder.start_s, self._recorder.end_s
        said: list[tuple[FlagCode, float, str]] = []
        if found.breaths and found.inhale is not InhaleEvidence.LIFT:
            said.append((FlagCode.UNSURE, end_s, _INHALE_TEXTS[found.inhale]))
        if not found.breaths and len(self._recorder) * BIN_S >= EXPECT_BREATH_S:
            text = "No breathing could be told from rest and other movement."
            said.append((FlagCode.UNSURE, end_s, text))
        if found.cut_until_s is not None:
            text = "The first breath was already under way when it came into view: not counted."
            said.append((FlagCode.UNSURE, found.cut_until_s, text))
        if self._recorder.too_long:
            text = f"The set was not closed; only its first {LONGEST_SET_S / 60:.0f} minutes count."
            said.append((FlagCode.INTERRUPTED, end_s, text))
        return [QualityFlag(code, self._placement, start_s, end, text) for code, end, text in said]

    def _is_due(self, bins: int) -> bool:
        """With ``bins`` complete bins, where there may now be many more after a gap."""
        every = JUDGE_EVERY_BINS if bins < LONG_SET_BINS else LONG_SET_EVERY_BINS
        return bins // every != len(self._recorder) // every

    def _judge_live(self, bins: int) -> list[LiveEvent]:
        before = len(self._now.breaths)
        self._now = self._judge(bins)
        now_s = self._recorder.start_s + bins * BIN_S
        counted = self._now.breaths
        events = [
            LiveEvent(LiveKind.BREATH_COUNTED, now_s, n, sure=n <= self._now.confirmed)
            for n in range(before + 1, len(counted) + 1)
        ]
        if len(counted) < before:
            events.append(LiveEvent(LiveKind.REP_WITHDRAWN, now_s, len(counted), sure=False))
        return events

    def _judge(self, bins: int) -> _Judgement:
        grid = self._recorder.grid(bins)
        if grid is None:
            return _Judgement()
        stretches, norms = _seen_along_one_line(grid)
        limits = self._thresholds
        sign, evidence = inhale_direction(stretches, norms, shortest_s=limits.shortest_s)
        parts = [cycles(found, sign=sign, shortest_s=limits.shortest_s) for found in stretches]
        cut_until_s = None
        if first_is_cut(parts[0]) and grid.was_handled(
            parts[0][0].start_s - HAND_S, parts[0][0].rise_s
        ):
            cut_until_s = parts[0][0].end_s
            del parts[0][0]
        every = _without_coughs([cycle for part in parts for cycle in part], grid)
        weights = [len(found.time_s) for found in stretches]
        share = float(np.average([found.share for found in stretches], weights=weights))
        last = stretches[-1]
        breaths = self._breaths(every, grid, evidence, share)
        return _Judgement(
            breaths=tuple(breaths),
            confirmed=sum(b.sure and c.followed for b, c in zip(breaths, every, strict=True)),
            inhale=evidence,
            rate_per_min=rate_per_min(every),
            share=share,
            cut_until_s=cut_until_s,
            tilt_now_rad=sign * float(last.tilt_rad[-1] - last.tilt_rad[last.points[-2]]),
        )

    def _breaths(
        self, every: list[Cycle], grid: Grid, evidence: InhaleEvidence, share: float
    ) -> list[Breath]:
        if not every:
            return []
        usual_rad = float(np.median([c.depth_rad for c in every]))
        usual_s = float(np.median([c.end_s - c.start_s for c in every]))
        longest_s = min(2.5 * usual_s, self._thresholds.longest_s)
        known = evidence is not InhaleEvidence.UNKNOWN
        breaths = []
        for c in every:
            inside = (grid.time_s >= c.start_s) & (grid.time_s < c.end_s)
            missing = bool(grid.missing[inside].any())
            sure = (
                c.whole
                and share >= ONE_LINE_SHARE
                and not missing
                and not bool(grid.disturbed[inside].any())
                and 0.4 * usual_rad <= c.depth_rad <= 2.5 * usual_rad
                and 0.4 * usual_s <= c.end_s - c.start_s <= longest_s
            )
            breaths.append(
                Breath(
                    start_s=c.start_s,
                    end_s=c.end_s,
                    inhale_s=c.turn_s - c.start_s if known else math.nan,
                    exhale_s=c.end_s - c.turn_s if known else math.nan,
                    depth_rad=c.depth_rad,
                    sure=sure,
                    flags=(FlagCode.GAP,) * missing + (FlagCode.UNSURE,) * (not sure),
                )
            )
        return breaths


def _without_coughs(every: list[Cycle], grid: Grid) -> list[Cycle]:
    """A cough draws in a little air and jerks the belly: a shallow breath with a jerk is none."""
    if not every:
        return every
    usual_rad = float(np.median([c.depth_rad for c in every]))
    return [
        c
        for c in every
        if c.depth_rad >= COUGH_SHARE * usual_rad or not grid.was_jerked(c.start_s, c.end_s)
    ]


_INHALE_TEXTS = {
    InhaleEvidence.SPEED: "The sensor did not show which way is breathing in; it was taken to be "
    "the quicker one.",
    InhaleEvidence.UNKNOWN: "Which way is breathing in could not be told; the times of breathing "
    "in and out are left open.",
}


def _seen_along_one_line(grid: Grid) -> tuple[list[TurningPoints], list[FloatArray]]:
    """Turning points and |a| of every stretch; all main directions point the same way."""
    pieces = [grid.bridged(first, last) for first, last in grid.stretches]
    common, _ = main_direction([smoothed(up, 0.25) for up, _ in pieces])
    stretches: list[TurningPoints] = []
    for (first, last), (up, _) in zip(grid.stretches, pieces, strict=True):
        own = (last - first) * BIN_S >= OWN_DIRECTION_S
        found = turning_points(grid.time_s[first:last], up, axis=None if own else common)
        if float(found.axis @ common) < 0.0:
            found = replace(found, tilt_rad=-found.tilt_rad, axis=-found.axis)
        stretches.append(found)
    return stretches, [norm_mps2 for _, norm_mps2 in pieces]
