"""Samples to ticks: orientation, rates, gaps, sensors without gyroscope."""

import math
from dataclasses import replace

import numpy as np
import pytest

from sensorhub.model.events import FloatArray
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement
from sensorhub.model.samples import Gap, SampleBlock
from sensorhub.motion.tracker import MotionTracker

THIGH = Placement.THIGH_RIGHT
G = 9.81


def swinging(
    rate_hz: float, seconds: float, *, size_rad: float = 0.8, period_s: float = 4.0
) -> tuple[SampleBlock, FloatArray]:
    """A sensor that turns to and fro about its x axis; its true angle at every sample."""
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    turn = 2.0 * math.pi / period_s
    angle = size_rad * np.sin(turn * time_s)
    zero = np.zeros_like(angle)
    acc = G * np.stack([zero, np.sin(angle), np.cos(angle)], axis=1)
    gyr = np.stack([size_rad * turn * np.cos(turn * time_s), zero, zero], axis=1)
    return SampleBlock(THIGH, 0.0, 1.0 / rate_hz, acc, gyr), angle


def run(*blocks: SampleBlock) -> MotionBlock:
    tracker = MotionTracker(THIGH)
    parts = [*(tracker.push(b) for b in blocks), tracker.flush()]
    ticks = [t for p in parts for t in p.ticks]
    return MotionBlock.from_ticks(THIGH, ticks, gaps=tuple(g for p in parts for g in p.gaps))


def tilt(motion: MotionBlock) -> FloatArray:
    return np.arctan2(motion.up[:, 1], motion.up[:, 2])


@pytest.mark.parametrize("rate_hz", [26.0, 50.0, 100.0, 104.0, 128.0, 208.0, 1000.0])
def test_ticks_come_25_to_50_a_second_and_are_right(rate_hz: float) -> None:
    block, angle = swinging(rate_hz, 12.0)
    motion = run(block)
    assert 24.9 <= 1.0 / float(np.median(np.diff(motion.time_s))) < 50.1
    true = np.interp(motion.time_s, np.arange(len(angle)) / rate_hz, angle)
    assert np.degrees(np.abs(tilt(motion) - true)).max() < 2.5
    assert np.degrees(np.abs(tilt(motion) - true)).mean() < 1.0
    assert motion.rate_radps is not None
    assert motion.orientation is not None


def test_a_slow_sensor_gives_every_sample() -> None:
    block, angle = swinging(10.0, 12.0)
    motion = run(block)
    assert len(motion) == len(angle)


def test_moving_from_the_very_first_sample_is_no_excuse() -> None:
    """The accelerometer's first direction is wrong by what the limb accelerates."""
    block, angle = swinging(100.0, 10.0)
    shaken = block.acc_mps2.copy()
    shaken[:60, 1] += 5.0 * np.cos(np.linspace(0.0, math.pi, 60))  # no velocity remains
    motion = run(replace(block, acc_mps2=shaken))
    true = np.interp(motion.time_s, np.arange(len(angle)) * 0.01, angle)
    assert np.degrees(np.abs(tilt(motion) - true))[:25].max() < 8.0


def test_without_gyroscope_the_inclination_is_centred() -> None:
    block, angle = swinging(100.0, 12.0)
    motion = run(replace(block, gyr_radps=None))
    assert motion.rate_radps is None
    assert motion.orientation is None
    true = np.interp(motion.time_s, np.arange(len(angle)) * 0.01, angle)
    assert np.degrees(np.abs(tilt(motion) - true)).max() < 2.0


def cut(block: SampleBlock, first: int, stop: int) -> tuple[SampleBlock, SampleBlock]:
    assert block.gyr_radps is not None
    at_s = [block.start_s + k * block.period_s for k in (first, stop)]
    left = replace(block, acc_mps2=block.acc_mps2[:first], gyr_radps=block.gyr_radps[:first])
    right = replace(
        block,
        start_s=at_s[1],
        acc_mps2=block.acc_mps2[stop:],
        gyr_radps=block.gyr_radps[stop:],
        gap_before=Gap(THIGH, *at_s),
    )
    return left, right


def test_a_short_gap_is_bridged_and_declared() -> None:
    block, angle = swinging(100.0, 12.0)
    motion = run(*cut(block, 500, 515))
    assert len(motion) == len(run(block))
    assert [round(g.duration_s, 3) for g in motion.gaps] == [0.15]
    true = np.interp(motion.time_s, np.arange(len(angle)) * 0.01, angle)
    assert np.degrees(np.abs(tilt(motion) - true)).max() < 2.0


def test_a_long_gap_is_not_bridged_and_what_follows_is_right() -> None:
    block, angle = swinging(100.0, 16.0)
    motion = run(*cut(block, 500, 800))
    assert not ((motion.time_s > 5.05) & (motion.time_s < 7.95)).any()
    assert [round(g.duration_s, 3) for g in motion.gaps] == [3.0]
    true = np.interp(motion.time_s, np.arange(len(angle)) * 0.01, angle)
    assert np.degrees(np.abs(tilt(motion) - true)).max() < 2.5


def test_nothing_in_nothing_out() -> None:
    tracker = MotionTracker(THIGH)
    none = np.zeros((0, 3))
    assert len(tracker.push(SampleBlock(THIGH, 0.0, 0.01, none, none))) == 0
    assert len(tracker.flush()) == 0
    with pytest.raises(ValueError, match="pelvis"):
        tracker.push(SampleBlock(Placement.PELVIS, 0.0, 0.01, none, none))


def test_ticks_and_columns_say_the_same() -> None:
    block, _ = swinging(50.0, 4.0)
    motion = run(block)
    again = MotionBlock.from_ticks(THIGH, motion.ticks)
    assert np.array_equal(motion.up, again.up)
    assert np.array_equal(motion.acc_mps2, again.acc_mps2)
    tick = motion.ticks[3]
    assert tick.up == tuple(motion.up[3].tolist())
    assert tick.orientation is not None


def cut_up(block: SampleBlock, sizes: list[int]) -> list[SampleBlock]:
    assert block.gyr_radps is not None
    parts, k = [], 0
    for size in sizes:
        rows = slice(k, k + size)
        parts.append(
            replace(
                block,
                start_s=block.start_s + k * block.period_s,
                acc_mps2=block.acc_mps2[rows],
                gyr_radps=block.gyr_radps[rows],
            )
        )
        k += size
    return parts


@pytest.mark.parametrize("rate_hz", [25.0, 60.0, 100.0, 208.0])
@pytest.mark.parametrize("size", [1, 3, 10, 64])
def test_what_is_heard_is_what_the_columns_say(rate_hz: float, size: int) -> None:
    block, _ = swinging(rate_hz, 24.0)
    count = len(block)
    sizes = [size] * (count // size) + [count % size]
    columns = run(block)
    tracker = MotionTracker(THIGH)
    motion = [tracker.push(part) for part in cut_up(block, sizes)]
    heard = [block.heard for block in motion]
    assert [time_s for one in heard for time_s in one.time_s] == columns.time_s.tolist()
    assert [list(up) for one in heard for up in one.up] == columns.up.tolist()
    late = np.concatenate([block.acc_mps2 for block in motion if len(block)])
    assert np.array_equal(late, columns.acc_mps2)


def test_no_tick_waits_for_the_next_packet() -> None:
    block, _ = swinging(100.0, 8.0)
    tracker, ticks = MotionTracker(THIGH), 0
    for number, part in enumerate(cut_up(block, [3] * (len(block) // 3)), start=1):
        ticks += len(tracker.push(part))
        if 3 * number > 200:  # settled
            assert ticks == 3 * number // 4


def test_turning_about_the_vertical_is_heard() -> None:
    n = 800
    acc, gyr = np.tile([0.0, 0.0, G], (n, 1)), np.tile([0.0, 0.0, 0.5], (n, 1))
    gyr[n // 2 :] = 0.0
    tracker = MotionTracker(THIGH)
    parts = cut_up(SampleBlock(THIGH, 0.0, 0.01, acc, gyr), [10] * (n // 10))
    heard = [(b.heard.time_s, b.turning_radps) for b in (tracker.push(p) for p in parts)]
    turning = [
        w for times_s, ws in heard for t, w in zip(times_s, ws, strict=True) if 0.1 < t < 3.9
    ]
    resting = [w for times_s, ws in heard for t, w in zip(times_s, ws, strict=True) if t > 4.1]
    assert min(turning) > 0.4
    assert max(resting) < 0.1
