"""Back-filled samples complete the sets they belong to, while these run: without a word."""

from collections.abc import Iterable, Sequence

from sensorhub.daemon.visit.pipeline import SensorPipeline
from sensorhub.daemon.visit.running_set import RunningSet
from sensorhub.model.live import LiveState

LEAD_S = 10.0
"""So much from before a set is kept: from there on its motion is found anew."""


def catch_up(
    pipelines: Iterable[SensorPipeline],
    ending: Sequence[RunningSet],
    running: RunningSet | None,
    *,
    now_s: float,
) -> list[LiveState]:
    """Go once more through sets of which samples came late.

    Returns what is known now to have been seen of the running set, moment by moment; empty where
    nothing has changed.
    """
    sets = [*ending, *([] if running is None else [running])]
    since_s = min((one.start_s for one in sets), default=now_s) - LEAD_S
    seen: list[LiveState] = []
    for pipeline in pipelines:
        pipeline.forget(since_s)
        motion = pipeline.caught_up(now_s)
        if motion is None:
            continue
        for one in sets:
            found = one.complete(motion, now_s)
            if one is running:
                seen = found or seen
    return seen
