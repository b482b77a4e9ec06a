"""A set while it runs, and the moment after: its last samples are still on their way at its end."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sensorhub.coach.plan import PlannedSet
from sensorhub.exercises.definition import Exercise
from sensorhub.exercises.engine import SetAnalyzer
from sensorhub.model.live import LiveEvent, LiveState
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import Evidence, SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.sessions.stages.analysis import Span, in_turns, within
from sensorhub.sessions.stages.wearing import Wearing

LATE_S = 2.0
"""How long after its end a set waits for samples from before its end. What comes later is found
by the final analysis of the raw log."""

LOOK_S = 0.2
"""A set that is gone through once more is looked at so often, in its own time."""


def can_be_done(exercise: Exercise, side: Side, worn: tuple[Placement, ...]) -> bool:
    """Whether a sensor is worn that can carry the exercise on that side (guided ones need none)."""
    if exercise.evidence is Evidence.GUIDED:
        return True
    matching = (side, Side.NONE) if side in (Side.LEFT, Side.RIGHT) else tuple(Side)
    return any(p.segment in exercise.primary and p.side in matching for p in worn)


class RunningSet:
    """Drives the analyzer of one set with the ticks of its own time, live.

    Args:
        number: of the set within the session, as in the store.
        start_s: hub time of its beginning.
    """

    def __init__(
        self,
        planned: PlannedSet,
        exercise: Exercise,
        *,
        worn: tuple[Placement, ...],
        number: int,
        start_s: float,
    ) -> None:
        self.planned = planned
        self.number = number
        self._span = Span(start_s)
        self._deadline_s: float | None = None
        self._exercise = exercise
        self._motion: dict[Placement, list[MotionBlock]] = {}
        self._worn = worn
        self._analyzer = self._new_analyzer()

    @property
    def placements(self) -> tuple[Placement, ...]:
        """The sensors this set looks at, the one that counts first."""
        return self._analyzer.placements

    @property
    def start_s(self) -> float:
        """Hub time of its beginning."""
        return self._span.start_s

    @property
    def end_s(self) -> float:
        """Hub time of its end, infinity while it runs."""
        return self._span.end_s

    def push(self, block: MotionBlock) -> Sequence[LiveEvent]:
        """Take in motion; only ticks within the set are looked at."""
        inside = within(block, self._span)
        if (len(inside) or inside.gaps) and block.placement in self.placements:
            self._motion.setdefault(block.placement, []).append(inside)
        return self._analyzer.push(inside) if len(inside) or inside.gaps else []

    def complete(self, motion: MotionBlock, now_s: float) -> list[LiveState]:
        """One sensor's motion of the set so far, complete now: the set is gone through once more.

        Silently: what happened in it is no news. Returns what would have been seen, moment by
        moment; empty where there is nothing to see.
        """
        if motion.placement not in self.placements:
            return []
        self._motion[motion.placement] = [within(motion, self._span)]
        self._analyzer = self._new_analyzer()
        seen = []
        # In the order of the placements, as they took turns live.
        worn = {p: self._motion[p] for p in self.placements if p in self._motion}
        for block in in_turns(worn, span=self._span, piece_s=LOOK_S):
            self._analyzer.push(block)
            seen.append(self._analyzer.state())
        return [*seen[:-1], self.state(now_s)] if seen else []

    def state(self, now_s: float) -> LiveState:
        """The running set at a glance; what the hub itself paces goes by the clock."""
        self._analyzer.pace(start_s=self._span.start_s, now_s=min(now_s, self._span.end_s))
        return self._analyzer.state()

    def end(self, end_s: float) -> None:
        """The set ends at this hub time; ticks from before may still come."""
        self._analyzer.pace(start_s=self._span.start_s, now_s=end_s)
        self._span = replace(self._span, end_s=end_s)
        self._deadline_s = end_s + LATE_S

    def is_complete(self, now_s: float, latest_s: Mapping[Placement, float]) -> bool:
        """Every tick of the set has come, or waiting for more is not worth it."""
        if self._deadline_s is None:
            return False
        here = all(latest_s[p] >= self._span.end_s for p in self.placements if p in latest_s)
        return here or now_s >= self._deadline_s

    def _new_analyzer(self) -> SetAnalyzer:
        return SetAnalyzer(self._exercise, side=self.planned.side, placements=self._worn)

    def finish(self, wearing: Wearing) -> SetOutcome:
        """What the person is shown of the set; ``wearing`` learns from it. Once, sets in order."""
        self._analyzer.align(wearing.of_set(self._exercise, self._motion))
        return self._analyzer.finish()
