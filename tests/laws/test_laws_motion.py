"""Laws of motion and counting: blocks, mounting, heading, mirror, truth, silence."""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.fields import Fields
from firmware_sim.person import SensorSetup
from firmware_sim.render import render
from firmware_sim.scenario.loader import parse_scenario
from sensorhub.exercises.definition import find_exercise
from sensorhub.exercises.engine import SetAnalyzer
from sensorhub.model.events import FloatArray
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import Gap, SampleBlock
from sensorhub.motion.tracker import MotionTracker

THIGH = Placement.THIGH_RIGHT


@cache
def worn(text: str, seed: int = 0, rate_hz: float = 100.0, part: str = "bmi270") -> SampleBlock:
    """What a thigh sensor records while somebody does ``text`` (a scenario's TOML)."""
    scenario = parse_scenario(Fields(tomllib.loads(text), "law"), "law")
    data = render(
        scenario, rate_hz=rate_hz, seed=seed, setup=SensorSetup(part=part, mount="random")
    ).sensors["thigh_right"]
    assert data.gyr_radps is not None
    period_s = float(np.median(np.diff(data.time_s)))
    return SampleBlock(THIGH, 0.0, period_s, data.acc_mps2, data.gyr_radps)


SET = '[[step]]\nmovement = "{0}"\nreps = {1}\n'


def tracked(blocks: Sequence[SampleBlock]) -> list[MotionBlock]:
    tracker = MotionTracker(blocks[0].placement)
    return [*(tracker.push(b) for b in blocks), tracker.flush()]


def judged(exercise: str, motion: Sequence[MotionBlock], *, side: Side = Side.RIGHT) -> SetOutcome:
    placement = motion[0].placement
    analyzer = SetAnalyzer(find_exercise(exercise), side=side, placements=[placement])
    for block in motion:
        analyzer.push(block)
    return analyzer.finish()


def cuts(block: SampleBlock, sizes: Sequence[int], gap_at: int = 0) -> list[SampleBlock]:
    """The samples in blocks of these sizes, round and round; 12 samples lost at ``gap_at``."""
    assert block.gyr_radps is not None
    parts: list[SampleBlock] = []
    first, k = 0, 0
    while first < len(block):
        stop = min(len(block), first + sizes[k % len(sizes)])
        gap = None
        if gap_at and first < gap_at <= stop:
            stop = gap_at
        start_s = block.start_s + first * block.period_s
        if gap_at and first == gap_at:
            first += 12
            stop = max(stop, first + 1)
            gap = Gap(THIGH, start_s, start_s + 12 * block.period_s)
            start_s += 12 * block.period_s
        parts.append(
            replace(
                block,
                start_s=start_s,
                acc_mps2=block.acc_mps2[first:stop],
                gyr_radps=block.gyr_radps[first:stop],
                gap_before=gap,
            )
        )
        first, k = stop, k + 1
    return parts


def columns(motion: Sequence[MotionBlock]) -> tuple[bytes, ...]:
    def joined(parts: list[FloatArray]) -> bytes:
        return np.concatenate(parts).tobytes()

    return (
        joined([b.time_s for b in motion]),
        joined([b.up for b in motion]),
        joined([b.acc_mps2 for b in motion]),
        joined([b.rate_radps for b in motion if b.rate_radps is not None]),
        joined([b.orientation for b in motion if b.orientation is not None]),
    )


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    sizes=st.lists(st.integers(1, 700), min_size=1, max_size=6),
    gap_at=st.sampled_from([0, 333, 1500]),
    gyroscope=st.booleans(),
)
def test_blocks_any_split_gives_the_same_bits(
    sizes: list[int], gap_at: int, gyroscope: bool
) -> None:
    block = worn(SET.format("squat", 5))
    whole, split = cuts(block, [10**6], gap_at), cuts(block, sizes, gap_at)
    if not gyroscope:
        whole = [replace(b, gyr_radps=None) for b in whole]
        split = [replace(b, gyr_radps=None) for b in split]
    at_once, in_pieces = tracked(whole), tracked(split)
    a = [b for b in at_once if len(b)]
    b = [b for b in in_pieces if len(b)]
    if gyroscope:
        assert columns(a) == columns(b)
    else:
        assert (
            np.concatenate([m.up for m in a]).tobytes()
            == np.concatenate([m.up for m in b]).tobytes()
        )
    assert judged("squat", at_once) == judged("squat", in_pieces)


def rotated(block: SampleBlock, matrix: FloatArray) -> SampleBlock:
    assert block.gyr_radps is not None
    return replace(
        block,
        acc_mps2=np.ascontiguousarray(block.acc_mps2 @ matrix.T),
        gyr_radps=np.ascontiguousarray(block.gyr_radps @ matrix.T * np.linalg.det(matrix)),
    )


def some_rotation(seed: int) -> FloatArray:
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return np.asarray(q * np.linalg.det(q))


def assert_same(one: SetOutcome, other: SetOutcome) -> None:
    assert [r.kind for r in one.repetitions] == [r.kind for r in other.repetitions]
    for a, b in zip(one.repetitions, other.repetitions, strict=True):
        assert a.rom_rad == pytest.approx(b.rom_rad, abs=1e-3)
        assert (a.start_s, a.end_s) == pytest.approx((b.start_s, b.end_s), abs=0.05)
    for h, k in zip(one.holds, other.holds, strict=True):
        assert h.held_s == pytest.approx(k.held_s, abs=0.05)
        assert h.angle_rad == pytest.approx(k.angle_rad, abs=1e-3)


CASES = ["squat", "straight_leg_raise", "donkey_kick_fire_hydrant", "modified_thomas_stretch"]


@settings(max_examples=8, deadline=None, derandomize=True)
@given(exercise=st.sampled_from(CASES), seed=st.integers(0, 1000))
def test_mounting_changes_nothing(exercise: str, seed: int) -> None:
    block = worn(SET.format(exercise, 3))
    turned = rotated(block, some_rotation(seed))
    assert_same(judged(exercise, tracked([block])), judged(exercise, tracked([turned])))


@settings(max_examples=6, deadline=None, derandomize=True)
@given(exercise=st.sampled_from(CASES))
def test_mirror_gives_the_same_numbers(exercise: str) -> None:
    """A left leg is a right leg in the mirror: so is what its sensor feels."""
    block = worn(SET.format(exercise, 3))
    mirrored = replace(rotated(block, np.diag([1.0, 1.0, -1.0])), placement=Placement.THIGH_LEFT)
    assert_same(
        judged(exercise, tracked([block])),
        judged(exercise, tracked([mirrored]), side=Side.LEFT),
    )


@settings(max_examples=6, deadline=None, derandomize=True)
@given(heading_deg=st.floats(-180.0, 180.0))
def test_heading_changes_nothing(heading_deg: float) -> None:
    """Which way the room faces is no business of ours."""
    away = f"[person]\nheading_deg = {heading_deg}\n" + SET.format("squat", 4)
    here = "[person]\nheading_deg = 0.0\n" + SET.format("squat", 4)
    assert_same(judged("squat", tracked([worn(here)])), judged("squat", tracked([worn(away)])))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    exercise=st.sampled_from(["squat", "straight_leg_raise", "quadruped_hip_extension", "clam"]),
    seed=st.integers(0, 10_000),
    reps=st.integers(3, 12),
    tempo_s=st.floats(1.0, 8.0),
    rate_hz=st.sampled_from([26.0, 52.0, 100.0, 200.0]),
    part=st.sampled_from(["bmi270", "lsm6dso", "cheap"]),
)
def test_truth_n_simulated_is_n_counted(
    exercise: str, seed: int, reps: int, tempo_s: float, rate_hz: float, part: str
) -> None:
    text = SET.format(exercise, reps) + f"tempo_s = {tempo_s:.2f}\n"
    outcome = judged(exercise, tracked([worn(text, seed, rate_hz, part)]))
    assert len(outcome.repetitions) == reps


@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    activity=st.sampled_from(["walk", "fetch_chair", "scratch", "cough"]),
    exercise=st.sampled_from(["squat", "straight_leg_raise", "step_up", "bridge"]),
    seed=st.integers(0, 1000),
)
def test_silence_nothing_is_counted(activity: str, exercise: str, seed: int) -> None:
    text = f'posture = "standing"\n[[step]]\nactivity = "{activity}"\nduration_s = 30\n'
    assert not judged(exercise, tracked([worn(text, seed)])).repetitions
