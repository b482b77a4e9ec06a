"""One segment followed through a set: all its ticks for the judgement, and a live count."""

from dataclasses import replace

from sensorhub.exercises.definition import Range
from sensorhub.exercises.live.counter import LiveCounter
from sensorhub.exercises.locomotion.walking import walks_of
from sensorhub.exercises.trace.path import Path
from sensorhub.exercises.trace.recorder import TrackRecorder
from sensorhub.exercises.trace.track import Track
from sensorhub.model.live import LiveEvent, LiveKind, LiveState
from sensorhub.model.motion import MotionBlock

LIVE_EVERY = 2
"""The live count looks at every second tick: 12 a second or more are plenty for the ear."""


class CountedSegment:
    """What every counting detector does alike.

    Args:
        recorder: of the placement that is followed; somebody else fills it.
        range: what bodies do in this exercise.
        ignore_share: live, excursions below this share of the usual size are nothing.
        excursions: how many excursions make one of what is counted.
        live: False leaves the live count out.
    """

    def __init__(
        self,
        recorder: TrackRecorder,
        range: Range,  # noqa: A002 (the field's own word)
        *,
        ignore_share: float,
        excursions: int = 1,
        live: bool = True,
    ) -> None:
        self.placement = recorder.placement
        self._recorder = recorder
        self._counter = _counter(range, ignore_share, excursions) if live else None
        self._excursions = excursions
        self._ticks = 0

    def push(self, block: MotionBlock) -> list[LiveEvent]:
        """One more block, of any placement: what it means, live."""
        if self._counter is None or block.placement is not self.placement:
            return []
        first, self._ticks = -self._ticks % LIVE_EVERY, self._ticks + len(block)
        push, each = self._counter.push, self._excursions
        events: list[LiveEvent] = []
        for time_s, up in block.heard_every(LIVE_EVERY, first=first):
            said = push(time_s, up)
            if said:  # seldom
                events += said
        if each == 1 or not events:
            return events
        return [
            LiveEvent(event.kind, event.time_s, event.count // each, event.sure)
            for event in events
            if event.kind is not LiveKind.REP_COUNTED or event.count % each == 0
        ]

    def state(self) -> LiveState:
        """The running set at a glance."""
        live = self._counter
        if live is None:
            return LiveState(0, 0, 0, None, None, None)
        each = self._excursions
        return LiveState(
            live.count // each,
            live.partial // each,
            -(-live.unsure // each),
            None,
            live.angle_rad,
            live.target_rad,
        )

    def track(self) -> Track:
        """All ticks so far."""
        return self._recorder.track()

    def path(self) -> Path:
        """All ticks so far, smoothed for judging."""
        path = self._recorder.path()
        return replace(path, walks=walks_of(path, self._recorder.track()))


def _counter(limits: Range, ignore_share: float, excursions: int) -> LiveCounter:
    """Where several excursions make one, they differ in size and none of them is partial."""
    if excursions == 1:
        return LiveCounter(limits, ignore_share=ignore_share)
    smaller = replace(limits, least_rad=0.4 * limits.least_rad)
    return LiveCounter(
        smaller, ignore_share=ignore_share, full_share=ignore_share, strides_count=True
    )
