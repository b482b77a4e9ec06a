"""Events to blocks: one smooth timeline, gaps kept, late samples merged where they belong."""

import random
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorhub.model.events import (
    BatteryReported,
    ClockObserved,
    DeviceEvent,
    DeviceIdentified,
    LinkChanged,
    SamplesArrived,
    StreamStarted,
)
from sensorhub.model.placement import Placement
from sensorhub.model.samples import SampleBlock
from sensorhub.motion.assembler import BlockAssembler, assemble_all, assemble_each

PERIOD_S = 0.01
THIGH = Placement.THIGH_RIGHT


def rows(first: int, count: int) -> np.ndarray:
    return np.arange(first, first + count, dtype=float)[:, None] + np.array([0.0, 0.25, 0.5])


def packet(
    first: int,
    count: int = 4,
    *,
    stream: int = 1,
    device_s: float | None = -1.0,
    arrival_s: float | None = None,
    backfilled: bool = False,
    gyro: bool = True,
    period_s: float = PERIOD_S,
) -> SamplesArrived:
    """Samples of a device that booted at hub time 50 s and started the stream at its 2 s."""
    if device_s == -1.0:
        device_s = 2.0 + first * period_s
    if arrival_s is None:
        arrival_s = 52.0 + (first + count) * period_s + 0.02
    return SamplesArrived(
        round(arrival_s * 1e9),
        stream,
        first,
        device_s,
        period_s,
        rows(first, count),
        rows(first, count) * 0.1 if gyro else None,
        backfilled,
    )


def synced(device_s: float = 1.0, boot_s: float = 50.0) -> ClockObserved:
    return ClockObserved(0, device_s, device_s + boot_s, 0.001)


def start(stream: int = 1, first_index: int = 0) -> StreamStarted:
    return StreamStarted(0, stream, PERIOD_S, first_index, 2.0)


def fed(events: Sequence[DeviceEvent]) -> list[SampleBlock]:
    assembler = BlockAssembler(THIGH)
    return [block for event in events for block in assembler.push(event)]


def same(one: SampleBlock, other: SampleBlock) -> bool:
    """Bit for bit."""
    return (
        (one.start_s, one.period_s, one.gap_before, one.backfilled, one.clipped)
        == (other.start_s, other.period_s, other.gap_before, other.backfilled, other.clipped)
        and one.acc_mps2.tobytes() == other.acc_mps2.tobytes()
        and (one.gyr_radps is None) == (other.gyr_radps is None)
        and (
            one.gyr_radps is None
            or other.gyr_radps is None
            or one.gyr_radps.tobytes() == other.gyr_radps.tobytes()
        )
    )


def test_blocks_carry_samples_on_hub_time() -> None:
    first, second = fed([synced(), start(), packet(0), packet(4)])
    assert first.start_s == pytest.approx(52.0)
    assert second.start_s == pytest.approx(52.04)
    assert first.placement is THIGH
    assert first.gap_before is None
    assert second.gap_before is None
    assert first.acc_mps2.flags.c_contiguous
    assert first.acc_mps2.tolist() == rows(0, 4).tolist()


def test_other_events_give_nothing() -> None:
    assert fed([BatteryReported(0, 50), LinkChanged(0, up=True), start()]) == []


def test_lost_samples_are_a_gap() -> None:
    _, block = fed([synced(), start(), packet(0), packet(10)])
    assert block.gap_before is not None
    assert block.gap_before.start_s == pytest.approx(52.04)
    assert block.gap_before.end_s == pytest.approx(52.10)
    assert block.gap_before.reason == "lost"
    assert block.start_s == block.gap_before.end_s


def test_a_gap_of_a_lost_link_says_so() -> None:
    events = [synced(), start(), packet(0), LinkChanged(0, up=False), packet(1000), packet(1010)]
    blocks = fed(events)
    assert [block.gap_before and block.gap_before.reason for block in blocks] == [
        None,
        "link lost",
        "lost",
    ]


def test_samples_lost_before_the_first_packet_are_a_gap() -> None:
    (block,) = fed([synced(), start(), packet(10)])
    assert block.gap_before is not None
    assert block.gap_before.duration_s == pytest.approx(0.1)


def test_another_stream_is_a_gap() -> None:
    events = [
        synced(),
        start(),
        packet(0),
        start(stream=2),
        packet(0, stream=2, device_s=9.0),
    ]
    block = fed(events)[-1]
    assert block.gap_before is not None
    assert block.gap_before.reason == "sensor restarted"
    assert block.gap_before.start_s == pytest.approx(52.04)
    assert block.start_s == pytest.approx(59.0)


def test_a_rebooted_device_is_placed_by_its_new_clock() -> None:
    events = [
        DeviceIdentified(0, "a", boot=1),
        synced(),
        start(),
        packet(0),
        DeviceIdentified(0, "a", boot=2),
        synced(1.0, boot_s=70.0),
        start(stream=2),
        packet(0, stream=2, device_s=1.5, arrival_s=71.6),
    ]
    assert fed(events)[-1].start_s == pytest.approx(71.5)


def test_late_samples_are_not_given_out_live() -> None:
    blocks = fed([synced(), start(), packet(0), packet(8), packet(4, backfilled=True), packet(12)])
    assert [len(block) for block in blocks] == [4, 4, 4]
    assert all(not block.backfilled for block in blocks)


def test_repeated_samples_are_dropped() -> None:
    blocks = fed([synced(), start(), packet(0), packet(0), packet(2), packet(6)])
    assert [block.acc_mps2[0, 0] for block in blocks] == [0.0, 4.0, 6.0]
    assert [len(block) for block in blocks] == [4, 2, 4]
    assert all(block.gap_before is None for block in blocks)


def test_without_any_clock_the_arrivals_place_the_samples() -> None:
    """Index counted, real rate 0.7 % off, arrivals late by 2 to 40 ms in bursts."""
    rng = random.Random(3)
    events: list[DeviceEvent] = [StreamStarted(0, 1, PERIOD_S, period_is_nominal=True)]
    real_s = PERIOD_S * 1.007
    arrival_s = 0.0
    for first in range(0, 20_000, 4):
        arrival_s = max(arrival_s, 10.0 + (first + 3) * real_s + rng.uniform(0.002, 0.040))
        events.append(packet(first, device_s=None, arrival_s=arrival_s))
    blocks = fed(events)
    error_s = [block.start_s - (10.0 + 4 * n * real_s) for n, block in enumerate(blocks)]
    assert max(abs(error - 0.002) for error in error_s[1500:]) < 0.010
    for one, other in pairwise(blocks):
        assert abs(other.start_s - one.end_s) <= 0.9 * PERIOD_S


def test_decoders_may_observe_a_counted_clock_themselves() -> None:
    events: list[DeviceEvent] = [StreamStarted(0, 1, PERIOD_S)]
    for first in range(0, 4000, 4):
        counted_s = (first + 3) * PERIOD_S
        arrival_s = 10.0 + counted_s + 0.003
        observed = ClockObserved(round(arrival_s * 1e9), counted_s, arrival_s, 0.01, one_way=True)
        events += [observed, packet(first, device_s=first * PERIOD_S, arrival_s=arrival_s)]
    assert fed(events)[-1].start_s == pytest.approx(10.0 + 3996 * PERIOD_S + 0.003, abs=1e-6)


@pytest.mark.parametrize("ppm", [-20_000, -100, 100, 20_000])
def test_a_sampling_rate_off_by_percents_is_followed(ppm: int) -> None:
    """The device stamps each packet with its clock; its samples come faster or slower than told."""
    real_s = PERIOD_S * (1 + ppm * 1e-6)
    events: list[DeviceEvent] = [synced(), start()]
    events += [
        packet(first, 20, device_s=2.0 + first * real_s, arrival_s=52.0 + (first + 20) * real_s)
        for first in range(0, 10_000, 20)
    ]
    blocks = fed(events)
    assert blocks[-1].start_s == pytest.approx(52.0 + 9980 * real_s, abs=0.002)
    assert all(block.gap_before is None for block in blocks)


def test_a_clock_that_jumps_ahead_between_two_samples_is_a_gap() -> None:
    events = [synced(), start(), packet(0), packet(4, device_s=8.0, arrival_s=58.1)]
    block = fed(events)[-1]
    assert block.gap_before is not None
    assert block.gap_before.reason == "clock jumped"


def test_what_came_late_is_merged_where_it_belongs() -> None:
    events = [
        synced(),
        start(),
        packet(0),
        LinkChanged(0, up=False),
        packet(40),
        packet(44),
        packet(20, 20, backfilled=True, arrival_s=60.0),
        packet(4, 16, backfilled=True, arrival_s=60.1),
        packet(48),
    ]
    blocks = assemble_all(events, THIGH)
    assert [block.backfilled for block in blocks] == [False, True, True, False, False, False]
    assert np.concatenate([block.acc_mps2 for block in blocks])[:, 0].tolist() == list(range(52))
    assert all(block.gap_before is None for block in blocks)
    for one, other in pairwise(blocks):
        assert other.start_s == pytest.approx(one.end_s, abs=1e-9)


def test_what_never_came_stays_a_gap_with_its_reason() -> None:
    events = [
        synced(),
        start(),
        packet(0),
        LinkChanged(0, up=False),
        packet(40),
        packet(10, 10, backfilled=True),
        packet(12, 4, backfilled=True),  # known by then
    ]
    first, middle, last = assemble_all(events, THIGH)
    assert first.gap_before is None
    assert middle.gap_before is not None
    assert (middle.gap_before.start_s, middle.gap_before.end_s) == pytest.approx((52.04, 52.10))
    assert last.gap_before is not None
    assert (last.gap_before.start_s, last.gap_before.end_s) == pytest.approx((52.20, 52.40))
    assert {middle.gap_before.reason, last.gap_before.reason} == {"link lost"}


def test_what_came_after_the_end_goes_to_the_end() -> None:
    events = [synced(), start(), packet(0), packet(4, 6, backfilled=True), start(stream=2)]
    events.append(packet(0, stream=2, device_s=9.0, arrival_s=59.1))
    blocks = assemble_all(events, THIGH)
    assert [len(block) for block in blocks] == [4, 6, 4]
    assert blocks[1].start_s == pytest.approx(52.04)
    gap = blocks[2].gap_before
    assert gap is not None
    assert gap.start_s == pytest.approx(52.10)
    assert gap.reason == "sensor restarted"


def test_what_was_lost_at_the_start_goes_to_the_start() -> None:
    events = [synced(), start(), packet(10), packet(4, 6, backfilled=True)]
    first, second = assemble_all(events, THIGH)
    assert first.start_s == pytest.approx(52.04)
    assert first.gap_before is not None
    assert first.gap_before.duration_s == pytest.approx(0.04)
    assert second.gap_before is None


def test_a_stream_that_only_came_late_is_placed_by_the_clock() -> None:
    events = [synced(), start(), packet(4, backfilled=True), packet(0, backfilled=True)]
    blocks = assemble_all(events, THIGH)
    assert [block.start_s for block in blocks] == pytest.approx([52.0, 52.04])


@st.composite
def sessions(draw: st.DrawFn) -> list[DeviceEvent]:
    """One stream cut into packets; each is live, lost, or lost and back-filled."""
    sizes = draw(st.lists(st.integers(1, 12), min_size=1, max_size=30))
    fates = draw(st.lists(st.sampled_from("llllbbx"), min_size=len(sizes), max_size=len(sizes)))
    jitter = draw(st.lists(st.floats(-0.002, 0.002), min_size=len(sizes), max_size=len(sizes)))
    live: list[DeviceEvent] = [synced(), start()]
    late: list[DeviceEvent] = []
    first = 0
    for size, fate, off_s in zip(sizes, fates, jitter, strict=True):
        one = packet(first, size, device_s=2.0 + first * PERIOD_S + off_s, backfilled=fate == "b")
        if fate == "l":
            live.append(one)
        elif fate == "b":
            late.append(one)
        first += size
    return live + draw(st.permutations(late))


@settings(max_examples=150, deadline=None)
@given(sessions())
def test_every_sample_once_in_order_and_time_moves_on(events: list[DeviceEvent]) -> None:
    came = [one for one in events if isinstance(one, SamplesArrived)]
    expected = sorted(
        index
        for one in came
        for index in range(one.first_index, one.first_index + len(one.acc_mps2))
    )
    blocks = assemble_all(events, THIGH)
    if blocks:
        found = np.concatenate([block.acc_mps2 for block in blocks])[:, 0]
        assert found.tolist() == [float(index) for index in expected]
    for one, other in pairwise(blocks):
        assert other.start_s > one.end_s - PERIOD_S
        contiguous = bool(other.acc_mps2[0, 0] == one.acc_mps2[-1, 0] + 1)
        assert (other.gap_before is None) is contiguous
        if other.gap_before is not None:
            assert other.gap_before.start_s == one.end_s
            assert other.gap_before.end_s == other.start_s


@settings(max_examples=60, deadline=None)
@given(sessions())
def test_with_nothing_late_the_batch_is_the_live_blocks(events: list[DeviceEvent]) -> None:
    events = [e for e in events if not (isinstance(e, SamplesArrived) and e.backfilled)]
    live, batch = fed(events), assemble_all(events, THIGH)
    one_by_one = list(assemble_each(events, THIGH))
    assert len(live) == len(batch) == len(one_by_one)
    assert all(same(one, other) for one, other in zip(live, batch, strict=True))
    assert all(same(one, other) for one, other in zip(one_by_one, batch, strict=True))


@pytest.mark.parametrize("pause_s", [0.0, 0.004, 3.0])
def test_block_by_block_a_restart_is_the_same_gap(pause_s: float) -> None:
    again = packet(0, stream=2, device_s=2.04 + pause_s)
    events = [synced(), start(), packet(4), packet(8), start(stream=2), again]
    batch, one_by_one = assemble_all(events, THIGH), list(assemble_each(events, THIGH))
    assert len(batch) == 3
    assert all(same(one, other) for one, other in zip(one_by_one, batch, strict=True))


def test_block_by_block_nothing_may_come_late() -> None:
    events = [synced(), start(), packet(4), packet(0, backfilled=True)]
    with pytest.raises(ValueError, match="does not declare it"):
        list(assemble_each(events, THIGH))


@settings(max_examples=60, deadline=None)
@given(sessions())
def test_live_blocks_are_never_moved_by_what_comes_late(events: list[DeviceEvent]) -> None:
    live = {block.acc_mps2[0, 0]: block for block in fed(events)}
    for block in assemble_all(events, THIGH):
        if not block.backfilled:
            was = live[block.acc_mps2[0, 0]]
            assert block.start_s == was.start_s
            assert block.acc_mps2 is was.acc_mps2
