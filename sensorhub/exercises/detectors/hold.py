"""Holds: a pose reached by a movement and then kept still. The movement itself is not credited."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sensorhub.exercises.detectors.base import Detector, DetectorSetup, Findings
from sensorhub.exercises.live_hold import LiveHold
from sensorhub.exercises.path import Path, path_of
from sensorhub.exercises.rests import Rest, angle_between_rad, rests_of
from sensorhub.exercises.thresholds import HoldThresholds
from sensorhub.exercises.track import TrackRecorder
from sensorhub.model.events import FloatArray
from sensorhub.model.live import LiveEvent, LiveState
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import Hold

SHORTEST_REST_S = 0.4
"""Stillness shorter than this is a turning point."""

SAME_POSE_SHARE = 0.5
"""A rest belongs to the hold while it is at least this share of the hold's way from the start."""


SAME_POSE_RAD = math.radians(5.0)
SAME_POSE_REACH = 0.25
"""A hold taken up again is in the same pose within 5 degrees or a quarter of the way there."""


def new_detector(setup: DetectorSetup) -> Detector:
    """See ``detectors/base.py``."""
    return HoldDetector(setup)


@dataclass(frozen=True, slots=True)
class _Held:
    """Rests in one pose with nothing but short interruptions between them."""

    rests: tuple[Rest, ...]
    start_pose: FloatArray
    ended_by: str

    @property
    def held_s(self) -> float:
        return sum(r.lasts_s for r in self.rests)

    def starts_from(self, pose: FloatArray) -> bool:
        """Whether this hold was entered from (about) that pose: being back there is no hold."""
        return angle_between_rad(self.start_pose, pose) < SAME_POSE_SHARE * self.angle_rad

    @property
    def angle_rad(self) -> float:
        longest = max(self.rests, key=lambda r: r.lasts_s)
        return angle_between_rad(self.start_pose, longest.pose)


class HoldDetector:
    """Times the holds of one segment's pose, any mounting."""

    def __init__(self, setup: DetectorSetup) -> None:
        thresholds, limits = setup.exercise.thresholds, setup.exercise.range
        if not isinstance(thresholds, HoldThresholds) or limits is None:
            raise ValueError(f"{setup.exercise.id} is not a hold")
        self._setup, self._thresholds, self._range = setup, thresholds, limits
        self._recorder = TrackRecorder(setup.primary[0])
        self._live = LiveHold(
            away_rad=limits.least_rad,
            still_radps=thresholds.still_radps,
            grace_s=thresholds.grace_s,
            shortest_s=thresholds.shortest_s,
        )

    def push(self, block: MotionBlock) -> Sequence[LiveEvent]:
        """See :class:`Detector`."""
        if block.placement is not self._setup.primary[0]:
            return ()
        self._recorder.push(block)
        if not self._setup.live:
            return ()
        return [
            event
            for time_s, up in zip(block.time_s.tolist(), block.up.tolist(), strict=True)
            for event in self._live.push(time_s, up)
        ]

    def state(self) -> LiveState:
        """See :class:`Detector`."""
        live = self._live
        return LiveState(live.count, 0, 0, live.hold_s, live.angle_rad, self._range.usual_rad)

    def finish(self) -> Findings:
        """See :class:`Detector`."""
        path = path_of(self._recorder.track())
        held = self._held(path)
        return Findings(
            holds=tuple(
                Hold(
                    start_s=h.rests[0].start_s,
                    end_s=h.rests[-1].end_s,
                    held_s=h.held_s,
                    angle_rad=h.angle_rad,
                    ended_by=h.ended_by,
                    side=self._setup.side,
                )
                for h in held
                if h.held_s >= self._thresholds.shortest_s
            )
        )

    def _held(self, path: Path) -> list[_Held]:
        """Runs of rests away from the pose that the hold was entered from."""
        rests = rests_of(path, still_radps=self._thresholds.still_radps, shortest_s=SHORTEST_REST_S)
        found: list[_Held] = []
        k = 1
        while k < len(rests):
            start = rests[k - 1].pose
            run = self._run(rests, k, start)
            returned = any(held.starts_from(rests[k].pose) for held in found)
            if run and not returned:
                found.append(
                    _Held(tuple(_one_pose(path, run, start)), start, _ended_by(path, run[-1]))
                )
            k += max(1, len(run))
        return found

    def _run(self, rests: Sequence[Rest], k: int, start: FloatArray) -> list[Rest]:
        """Rest ``k`` and those after it that are away from the start pose without a break."""
        reach = angle_between_rad(start, rests[k].pose)
        if not self._range.least_rad <= reach <= self._range.most_rad:
            return []
        run = [rests[k]]
        for after in rests[k + 1 :]:
            away = angle_between_rad(start, after.pose)
            late = after.start_s - run[-1].end_s > self._thresholds.resume_s
            if late or away < SAME_POSE_SHARE * reach or away > self._range.most_rad:
                break
            run.append(after)
            reach = max(reach, away)
        return run


def _one_pose(path: Path, run: Sequence[Rest], start: FloatArray) -> list[Rest]:
    """Of a run of rests those in one pose, the longest's: the others were stops on the way."""
    main = max(range(len(run)), key=lambda k: run[k].lasts_s)
    far = max(SAME_POSE_RAD, SAME_POSE_REACH * angle_between_rad(start, run[main].pose))
    first = last = main
    while first > 0 and _same_pose(path, run[first - 1], run[first], far):
        first -= 1
    while last + 1 < len(run) and _same_pose(path, run[last], run[last + 1], far):
        last += 1
    return list(run[first : last + 1])


def _same_pose(path: Path, before: Rest, after: Rest, far: float) -> bool:
    """Whether one rest goes on where the other left off."""
    return angle_between_rad(path.up[before.last], path.up[after.first]) < far


def _ended_by(path: Path, last: Rest) -> str:
    if last.last >= len(path) - 2:
        return "set_ended"
    if path.piece_of(last.last).stop - 1 <= last.last + 1:
        return "gap"
    return "released"
