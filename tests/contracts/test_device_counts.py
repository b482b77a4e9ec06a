"""The same ten squats through every family: same count, honest times, losses as declared."""

import itertools
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from device_bench import FIRST_NS, Bench, driver_of

from firmware_sim.families import FAMILIES
from sensorhub.exercises.definition import find_exercise
from sensorhub.exercises.engine import SetAnalyzer
from sensorhub.model.events import DeviceEvent, SamplesLost
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import SampleBlock
from sensorhub.motion.assembler import BlockAssembler
from sensorhub.motion.tracker import MotionTracker

WORN = Placement.THIGH_RIGHT
WHOLE_SET_S = 47.0
LATEST_S = 0.15
"""One way, nobody knows how long a packet was under way; bursts of 60 ms."""
BEGUN_S, ENDS_S = 3.0, 1.0
"""Settings may change while a stream begins, and half a sample may be left over when it ends."""


@dataclass(frozen=True)
class Counted:
    blocks: list[SampleBlock]
    outcome: SetOutcome
    truth: dict[str, object]
    events: list[DeviceEvent]


def counted(bench: Bench) -> Counted:
    assembler, tracker = BlockAssembler(WORN), MotionTracker(WORN)
    analyzer = SetAnalyzer(find_exercise("squat"), side=Side.BOTH, placements=(WORN,))
    blocks = [block for event in bench.events for block in assembler.push(event)]
    for block in blocks:
        analyzer.push(tracker.push(block))
    analyzer.push(tracker.flush())
    world_us = round(bench.seconds * 1e6)
    return Counted(blocks, analyzer.finish(), bench.person.truth(world_us).to_json(), bench.events)


@cache
def squats(family: str) -> Counted:
    return counted(Bench(family, jitter_ms=60.0).run(WHOLE_SET_S).stop())


@pytest.mark.parametrize("family", FAMILIES)
def test_ten_squats_are_ten_squats(family: str) -> None:
    got = squats(family)
    assert got.truth["full"] == 10
    assert got.outcome.full_repetitions == 10


@pytest.mark.parametrize("family", FAMILIES)
def test_each_squat_when_it_was(family: str) -> None:
    got = squats(family)
    true_peaks = [one["peak_s"] for one in got.truth["repetitions"]]  # type: ignore[attr-defined]
    peaks = [one.peak_s - FIRST_NS / 1e9 for one in got.outcome.repetitions]
    late = np.array(peaks) - np.array(true_peaks)
    # a squat's lowest point is flat: half a second of it lies within a degree
    assert np.abs(late).max() < 0.45
    assert abs(np.median(late)) < LATEST_S + 0.1


@pytest.mark.parametrize("family", FAMILIES)
def test_time_goes_forward_evenly_and_nothing_is_missing(family: str) -> None:
    got = squats(family)
    since_s, until_s = FIRST_NS / 1e9 + BEGUN_S, FIRST_NS / 1e9 + WHOLE_SET_S - ENDS_S
    lost = [event for event in got.events if isinstance(event, SamplesLost)]
    assert not any(since_s < event.host_time_ns / 1e9 < until_s for event in lost)
    blocks = [block for block in got.blocks if block.start_s > since_s]
    assert blocks[-1].end_s > until_s
    for before, after in itertools.pairwise(blocks):
        assert after.gap_before is None
        assert abs(after.start_s - before.end_s) <= before.period_s + 1e-9


@pytest.mark.parametrize("family", FAMILIES)
def test_an_outage_is_a_gap_and_the_rest_counts(family: str) -> None:
    """Ten seconds out of reach while standing and squatting: a gap of that length, then on."""
    bench = Bench(family, jitter_ms=30.0, outages_s=((14.0, 20.0),)).run(WHOLE_SET_S).stop()
    got = counted(bench)
    memory = "memory" in driver_of(family).loss_detection
    gaps = [block.gap_before for block in got.blocks if block.gap_before is not None]
    assert len(gaps) >= 1
    longest = max(gaps, key=lambda gap: gap.duration_s)
    assert longest.start_s - FIRST_NS / 1e9 == pytest.approx(14.0, abs=1.0)
    # families that are set up anew on each link need their time for that
    assert 5.0 < longest.duration_s < 9.0
    assert 6 <= got.outcome.full_repetitions <= 9 or memory
