"""Holds: a pose reached by a movement and then kept still. The movement itself is not credited."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from sensorhub.exercises.detectors.base import Detector, DetectorSetup, Findings
from sensorhub.exercises.live.hold import LiveHold
from sensorhub.exercises.thresholds import HoldThresholds
from sensorhub.exercises.trace.path import Path
from sensorhub.exercises.trace.rests import Rest, angle_between_rad, rests_of
from sensorhub.model.events import FloatArray
from sensorhub.model.live import LiveEvent, LiveState
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import Hold

SHORTEST_REST_S = 0.4
"""Stillness shorter than this is a turning point."""

SAME_POSE_SHARE = 0.5
"""A rest belongs to the hold while it is at least this share of the hold's way from the start."""

STOP_S = 1.5
"""Shorter rests may be stops on the way from the start pose to the hold and back."""

LEFT_SHARE = 0.5
"""A hold that did not lead back to the start pose says half as much about what is a hold."""

SHORT_LOSS = 0.25
"""... and one that is over at once says so much less than one that lasts as long as prescribed."""

SAME_POSE_RAD = math.radians(3.0)
SAME_POSE_REACH = 0.15
"""A hold taken up again is in the same pose within 3 degrees or this share of the way there; a stop
on the way is further off."""

EDGE_S = 0.7
"""So near its ends a rest may still belong to the movement before or after it."""

UNLIKE = 0.2
"""A hold whose seconds, as a share of the other holds' usual ones, times the ratio of its angle to
theirs are less than this is somebody settling or standing about, not holding."""

SAGGED_RAD = math.radians(5.0)
"""Within one rest the pose may sag by as much; further off is a slow way into it or out of it."""

HELD_SHARE = 0.25
"""A rest of at least this share of the longest is no stop on the way, whatever its pose."""

ONE_START_RAD = math.radians(45.0)
"""All holds of a set start from about one pose: a strap slips by 40 degrees at most."""


def new_detector(setup: DetectorSetup) -> Detector:
    """See ``detectors/base.py``."""
    return HoldDetector(setup)


@dataclass(frozen=True, slots=True)
class _Held:
    """Rests in one pose with nothing but short interruptions between them.

    ``returned`` says that the next rest was in the start pose again.
    """

    rests: tuple[Rest, ...]
    start_pose: FloatArray
    ended_by: str
    returned: bool

    @property
    def start_s(self) -> float:
        return self.rests[0].start_s

    @property
    def held_s(self) -> float:
        return sum(r.lasts_s for r in self.rests)

    @property
    def pose(self) -> FloatArray:
        return max(self.rests, key=lambda r: r.lasts_s).pose

    @property
    def angle_rad(self) -> float:
        return angle_between_rad(self.start_pose, self.pose)

    def goes_on_from(self, before: "_Held") -> bool:
        """Whether this hold was entered from (about) the pose that the one before ended in."""
        last = before.rests[-1].pose
        return angle_between_rad(self.start_pose, last) < SAME_POSE_SHARE * self.angle_rad

    def follows(self, before: "_Held") -> bool:
        """Whether both can be holds of one set: the same way from about the same start pose.

        Coming back to the start pose goes the other way.
        """
        if self.start_s < before.rests[-1].end_s:
            return False
        way, way_before = self.pose - self.start_pose, before.pose - before.start_pose
        if float(way @ way_before) <= 0.0 or (not before.returned and self.goes_on_from(before)):
            return False
        return angle_between_rad(self.start_pose, before.start_pose) <= ONE_START_RAD


class HoldDetector:
    """Times the holds of one segment's pose, any mounting."""

    def __init__(self, setup: DetectorSetup) -> None:
        thresholds, limits = setup.exercise.thresholds, setup.exercise.range
        if not isinstance(thresholds, HoldThresholds) or limits is None:
            raise ValueError(f"{setup.exercise.id} is not a hold")
        self._setup, self._thresholds, self._range = setup, thresholds, limits
        self._recorder = setup.recorders[setup.primary[0]]
        self._live = LiveHold(
            away_rad=limits.least_rad,
            still_radps=thresholds.still_radps,
            grace_s=thresholds.grace_s,
            shortest_s=thresholds.shortest_s,
        )

    def push(self, block: MotionBlock) -> Sequence[LiveEvent]:
        """See :class:`Detector`."""
        if not self._setup.live or block.placement is not self._setup.primary[0]:
            return ()
        heard = block.heard
        return [
            event
            for time_s, up in zip(heard.time_s, heard.up, strict=True)
            for event in self._live.push(time_s, up)
        ]

    def state(self) -> LiveState:
        """See :class:`Detector`."""
        live = self._live
        return LiveState(live.count, 0, 0, live.hold_s, live.angle_rad, self._range.usual_rad)

    def finish(self) -> Findings:
        """See :class:`Detector`."""
        path = self._recorder.path()
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
            )
        )

    def _held(self, path: Path) -> list[_Held]:
        """The holds of the set: rests that were entered by a movement from the start pose."""
        rests = rests_of(path, still_radps=self._thresholds.still_radps, shortest_s=SHORTEST_REST_S)
        found = []
        for k in range(1, len(rests)):
            start = next((r.pose for r in rests[k - 1 :: -1] if r.lasts_s >= STOP_S), rests[0].pose)
            run = self._run(rests, k, start)
            if not run:
                continue
            reach = max(angle_between_rad(start, r.pose) for r in run)
            after = next((r.pose for r in rests[k + len(run) :] if r.lasts_s >= STOP_S), None)
            back = after is not None and angle_between_rad(start, after) < SAME_POSE_SHARE * reach
            if after is not None and _begins_where_it_returns(run, after):
                continue  # the hold that begins with the next rest is meant
            one = _one_pose(path, run, start)
            held = _Held(tuple(one), start, _ended_by(path, run[-1]), back)
            if held.held_s >= self._thresholds.shortest_s:
                found.append(held)
        return _of_one_exercise(found, usual_s=self._setup.exercise.dose.hold_s)

    def _run(self, rests: Sequence[Rest], k: int, start: FloatArray) -> list[Rest]:
        """Rest ``k`` and those after it that are away from the start pose without a break."""
        reach = angle_between_rad(start, rests[k].pose)
        if not self._range.least_rad <= reach <= self._range.most_rad:
            return []
        run = [rests[k]]
        for after in rests[k + 1 :]:
            away = angle_between_rad(start, after.pose)
            late = after.start_s - run[-1].end_s > self._thresholds.resume_s
            back = float((after.pose - start) @ (run[-1].pose - start)) <= 0.0
            if late or back or away < SAME_POSE_SHARE * reach or away > self._range.most_rad:
                break
            run.append(after)
            reach = max(reach, away)
        return run


def _of_one_exercise(found: Sequence[_Held], *, usual_s: float) -> list[_Held]:
    """The holds that go together: which of two poses is held and which is the start pose?

    Coming back to the start pose and resting there looks like entering a hold. The right choice is
    the one in which most holds begin and end in the start pose: with rests at both ends, the wrong
    one misses a hold. What lasts less than such holds usually do says a little less. Of equals it
    is the one that held first. Holds are compared with the one before, because a strap may creep.
    """
    chains: list[tuple[float, list[_Held]]] = []  # the best one that ends with each hold
    for held in found:
        best, before = 0.0, list[_Held]()
        for score, chain in chains:
            if score > best and held.follows(chain[-1]):
                best, before = score, chain
        chains.append((best + _weight(held, usual_s), [*before, held]))
    best_chain = max(
        (chain for _, chain in chains),
        key=lambda chain: (_evidence(chain, usual_s), -chain[0].start_s),
        default=[],
    )
    return [held for held in best_chain if not _unlike(held, best_chain)]


def _weight(held: _Held, usual_s: float) -> float:
    """How much one rest speaks for being a hold, up to 1."""
    short = 1.0 - min(1.0, held.held_s / usual_s) if usual_s > 0.0 else 0.0
    return (1.0 - SHORT_LOSS * short) * (1.0 if held.returned else LEFT_SHARE)


def _evidence(chain: Sequence[_Held], usual_s: float) -> float:
    """How much all of them speak for being one exercise: those as far from the start as most."""
    usual_rad = median(held.angle_rad for held in chain)
    return sum(
        _weight(held, usual_s) * min(held.angle_rad / usual_rad, usual_rad / held.angle_rad)
        for held in chain
    )


def _unlike(held: _Held, chain: Sequence[_Held]) -> bool:
    """Whether a hold is much shorter than the others, and as unlike them in its angle."""
    others = [other for other in chain if other is not held]
    if len(others) < 2:
        return False
    seconds = held.held_s / median(o.held_s for o in others)
    angle = held.angle_rad / median(o.angle_rad for o in others)
    return seconds * min(angle, 1.0 / angle) < UNLIKE


def _begins_where_it_returns(run: Sequence[Rest], after: FloatArray) -> bool:
    """Whether the first long rest is in the start pose, got at from elsewhere, and no hold."""
    main = max(run, key=lambda r: r.lasts_s)
    first = run[0]
    if first is main or first.lasts_s < STOP_S:
        return False
    return angle_between_rad(first.pose, after) < SAME_POSE_SHARE * angle_between_rad(
        first.pose, main.pose
    )


def _one_pose(path: Path, run: Sequence[Rest], start: FloatArray) -> list[Rest]:
    """Of a run of rests those that are the hold: the others were stops on the way.

    They are in the longest one's pose, or lasted long as well: somebody went deeper into the
    stretch, or the strap slipped.
    """
    main = max(range(len(run)), key=lambda k: run[k].lasts_s)
    far = max(SAME_POSE_RAD, SAME_POSE_REACH * angle_between_rad(start, run[main].pose))
    long_s = HELD_SHARE * run[main].lasts_s
    first = last = main
    while first > 0 and (
        run[first - 1].lasts_s > long_s or _same_pose(path, run[first - 1], run[first], far)
    ):
        first -= 1
    while last + 1 < len(run) and (
        run[last + 1].lasts_s > long_s or _same_pose(path, run[last], run[last + 1], far)
    ):
        last += 1
    kept = list(run[first : last + 1])
    sagged = max(SAGGED_RAD, far)
    kept[0] = _trimmed(path, kept[0], sagged, from_start=True)
    kept[-1] = _trimmed(path, kept[-1], sagged, from_start=False)
    return kept


def _trimmed(path: Path, rest: Rest, far: float, *, from_start: bool) -> Rest:
    """Without its beginning (or end) in another pose: a slow way into the hold looks still."""
    up = path.up[rest.first : rest.last + 1]
    chord = 2.0 * math.sin(0.5 * far)
    near = np.flatnonzero(((up - rest.pose) ** 2).sum(axis=1) < chord * chord)
    if not len(near):
        return rest
    if from_start and near[0] > 0:
        first = rest.first + int(near[0])
        return replace(rest, first=first, start_s=float(path.time_s[first]))
    if not from_start and near[-1] < len(up) - 1:
        last = rest.first + int(near[-1])
        return replace(rest, last=last, end_s=float(path.time_s[last]))
    return rest


def _same_pose(path: Path, before: Rest, after: Rest, far: float) -> bool:
    """Whether one rest goes on where the other left off, the slow ends of movements apart."""
    edge = round(EDGE_S / path.tick_s)
    left = path.up[max(before.last - edge, (before.first + before.last) // 2)]
    taken_up = path.up[min(after.first + edge, (after.first + after.last) // 2)]
    return angle_between_rad(left, taken_up) < far


def _ended_by(path: Path, last: Rest) -> str:
    if last.last >= len(path) - 2:
        return "set_ended"
    if path.piece_of(last.last).stop - 1 <= last.last + 1:
        return "gap"
    return "released"
