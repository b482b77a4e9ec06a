"""The angle of one stored set over time: what the person saw, for a picture.

The stored log runs through the stages once more, in small pieces, and the live state is read after
each: the same angle as on the screen, whatever the exercise is measured by.
"""

import math
from dataclasses import dataclass, replace
from itertools import takewhile

from sensorhub.exercises.definition import find_exercise
from sensorhub.exercises.engine import SetAnalyzer
from sensorhub.model.placement import Placement
from sensorhub.model.units import NS_PER_S
from sensorhub.sessions.stages.analysis import Span, track, within
from sensorhub.sessions.stages.process import sensor_blocks
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.values import StoredSession, StoredSet

STEP_S = 0.08
"""A picture of a set needs no more."""

AFTERWARDS_S = 10.0
"""The last ticks of a set need some samples after it (inclination is centred); the rest none."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Angles at times.

    Attributes:
        time_s: hub time of each point, rising.
        angle_rad: against the start pose; NaN where it was not known.
    """

    time_s: tuple[float, ...]
    angle_rad: tuple[float, ...]


EMPTY = Trace((), ())


def set_trace(store: StoreReader, session: StoredSession, one: StoredSet) -> Trace:
    """The angle during a set; empty where no sensor of the session tells it.

    Raises:
        StoreError: the store cannot be read.
        InputError: the exercise, a sensor's family or its calibration is not known.
    """
    worn = tuple(sorted(sensor.placement for sensor in session.sensors))
    if not worn:
        return EMPTY
    analyzer = SetAnalyzer(find_exercise(one.exercise), side=one.side, placements=worn)
    if not analyzer.placements:
        return EMPTY
    span = Span(one.started_ns / NS_PER_S)
    if one.ended_ns is not None:
        span = replace(span, end_s=one.ended_ns / NS_PER_S)
    return _run(store, session, analyzer, analyzer.placements[0], span)


def _run(
    store: StoreReader,
    session: StoredSession,
    analyzer: SetAnalyzer,
    placement: Placement,
    span: Span,
) -> Trace:
    [sensor] = [s for s in session.sensors if s.placement is placement]
    needed = takewhile(
        lambda block: block.start_s < span.end_s + AFTERWARDS_S,
        sensor_blocks(store, session, sensor),
    )
    times_s: list[float] = []
    angles_rad: list[float] = []
    for block in track(needed, placement):
        inside = within(block, span)
        first_s = float(inside.time_s[0]) if len(inside) else math.inf
        while len(inside) and first_s <= float(inside.time_s[-1]):
            piece = within(inside, Span(first_s, first_s + STEP_S))
            first_s += STEP_S
            if not len(piece):
                continue
            analyzer.push(replace(piece, gaps=()))
            angle_rad = analyzer.state().angle_rad
            times_s.append(float(piece.time_s[-1]))
            angles_rad.append(math.nan if angle_rad is None else angle_rad)
    return Trace(tuple(times_s), tuple(angles_rad))
