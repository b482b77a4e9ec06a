"""Each check finds its own fault in a simulated set, and nothing in a healthy one."""

import functools
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from calibration.alignment import Alignment, align_standing
from firmware_sim.person import SensorSetup
from firmware_sim.render import render
from firmware_sim.scenario.loader import load_scenario
from sensorhub.exercises.checks.agreement import disagreement
from sensorhub.exercises.definition import find_exercise
from sensorhub.exercises.engine import SetAnalyzer
from sensorhub.exercises.trace.recorder import TrackRecorder
from sensorhub.exercises.trace.track import Track
from sensorhub.model.events import FloatArray
from sensorhub.model.outcomes import FlagCode, QualityFlag
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import SampleBlock
from sensorhub.sessions.stages.analysis import run_set, track

THIGH = Placement.THIGH_RIGHT
DOUBTS = {
    FlagCode.BAD_CALIBRATION,
    FlagCode.SENSORS_DISAGREE,
    FlagCode.WRONG_SEGMENT,
    FlagCode.WRONG_SIDE,
    FlagCode.WRONG_RATE,
    FlagCode.SLIPPED,
    FlagCode.UPSIDE_DOWN,
    FlagCode.CLIPPING,
}


@functools.cache
def recorded(
    scenario: str,
    worn: str = "thigh_right",
    *,
    rate_hz: float = 50.0,
    seed: int = 3,
    slip_deg: float = 0.0,
) -> SampleBlock:
    """One sensor's samples, its small errors of bias and scale taken out, as if on the thigh."""
    setup = SensorSetup(mount="random", slip_deg=slip_deg, slip_s=30.0 if slip_deg else 0.0)
    found = render(load_scenario(scenario), [worn], rate_hz=rate_hz, seed=seed, setup=setup)
    data = found.sensors[worn]
    assert data.gyr_radps is not None
    length = np.sqrt((data.acc_mps2**2).sum(axis=1))
    acc = data.acc_mps2 * (9.80665 / float(np.median(length)))
    period_s = float(np.median(np.diff(data.time_s)))
    return SampleBlock(THIGH, 0.0, period_s, np.ascontiguousarray(acc), data.gyr_radps.copy())


def flags(
    block: SampleBlock,
    exercise: str,
    *,
    other: SampleBlock | None = None,
    alignment: Alignment | None = None,
) -> dict[FlagCode, QualityFlag]:
    """The doubts that analysing these samples raises."""
    what = find_exercise(exercise)
    side = what.sides[0] if len(what.sides) == 1 else Side.RIGHT
    blocks = {block.placement: block} | ({} if other is None else {other.placement: other})
    analyzer = SetAnalyzer(
        what,
        side=side,
        placements=tuple(blocks),
        alignments={} if alignment is None else {THIGH: alignment},
        live=False,
    )
    motion = {place: track([samples], place) for place, samples in blocks.items()}
    return {f.code: f for f in run_set(analyzer, motion).flags if f.code in DOUBTS}


def turned(block: SampleBlock, matrix: FloatArray) -> SampleBlock:
    assert block.gyr_radps is not None
    return replace(block, acc_mps2=block.acc_mps2 @ matrix.T, gyr_radps=block.gyr_radps @ matrix.T)


def with_rates(block: SampleBlock, change: Callable[[FloatArray], FloatArray]) -> SampleBlock:
    assert block.gyr_radps is not None
    return replace(block, gyr_radps=np.ascontiguousarray(change(block.gyr_radps)))


MOVEMENTS = (
    "squat",
    "sit_to_stand",
    "bridge",
    "straight_leg_raise",
    "prone_hip_extension",
    "side_lying_hip_abduction",
    "clam",
    "lunge",
    "step_up",
    "standing_hip_flexion",
    "kneeling_hip_flexor_stretch",
)


@pytest.mark.parametrize("scenario", MOVEMENTS)
def test_a_healthy_sensor_raises_no_doubt(scenario: str) -> None:
    found = flags(recorded(scenario), scenario)
    found.pop(FlagCode.BAD_CALIBRATION, None)  # the simulated chips have the bias real ones have
    assert found == {}


FAULTS: dict[str, tuple[Callable[[FloatArray], FloatArray], str]] = {
    "one axis turned round": (lambda g: g * [1.0, 1.0, -1.0], "axes"),
    "all axes turned round": (lambda g: -g, "axes"),
    "two axes swapped": (lambda g: g[:, [1, 0, 2]], "axes"),
    "half the range": (lambda g: 2.0 * g, "2 times"),
    "degrees for radians": (np.degrees, "57.3 times"),
    "dead": (np.zeros_like, "not turn"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("scenario", ["squat", "straight_leg_raise"])
def test_a_gyroscope_that_contradicts_is_found(scenario: str, fault: str) -> None:
    spoil, says = FAULTS[fault]
    block = recorded(scenario)
    if fault in ("one axis turned round", "two axes swapped"):
        # The axis that the thigh turns about must be among the wrong ones to be seen at all.
        assert block.gyr_radps is not None
        axis = np.linalg.eigh(block.gyr_radps.T @ block.gyr_radps)[1][:, -1]
        main = [0.1, 0.3, 0.95] if fault == "one axis turned round" else [0.95, 0.1, 0.3]
        block = turned(block, _onto(axis, np.array(main)))
    flag = flags(with_rates(block, spoil), scenario)[FlagCode.SENSORS_DISAGREE]
    assert says in flag.text


def _onto(axis: FloatArray, target: FloatArray) -> FloatArray:
    """A rotation that takes one direction to another."""
    a, b = axis / np.linalg.norm(axis), target / np.linalg.norm(target)
    half = (a + b) / np.linalg.norm(a + b)
    return np.asarray(2.0 * np.outer(half, half) - np.eye(3))


def test_without_turning_or_gyroscope_nothing_is_said() -> None:
    still = recorded("lying_still")
    recorder = TrackRecorder(THIGH)
    for block in track([with_rates(still, lambda g: -g)], THIGH):
        recorder.push(block)
    assert disagreement(recorder.track()) is None
    squat = replace(recorded("squat"), gyr_radps=None)
    assert FlagCode.SENSORS_DISAGREE not in flags(squat, "squat")


@pytest.mark.parametrize("error_share", [-0.06, -0.03, 0.03, 0.06])
def test_gravity_that_is_off_at_rest_is_said(error_share: float) -> None:
    block = recorded("straight_leg_raise")
    spoilt = replace(block, acc_mps2=(1.0 + error_share) * block.acc_mps2)
    text = flags(spoilt, "straight_leg_raise")[FlagCode.BAD_CALIBRATION].text
    assert ("too much" if error_share > 0 else "too little") in text


@pytest.mark.parametrize("worn", ["pelvis", "chest"])
@pytest.mark.parametrize("exercise", ["squat", "squat_supported"])
def test_a_trunk_sensor_given_as_a_thigh(worn: str, exercise: str) -> None:
    assert FlagCode.WRONG_SEGMENT in flags(recorded(exercise, worn), exercise)


@pytest.mark.parametrize("exercise", ["squat", "straight_leg_raise", "bridge"])
@pytest.mark.parametrize("slip_deg", [30.0, 45.0])
def test_a_slip_is_noticed_and_when(exercise: str, slip_deg: float) -> None:
    flag = flags(recorded(exercise, slip_deg=slip_deg), exercise)[FlagCode.SLIPPED]
    assert flag.start_s == pytest.approx(30.0, abs=8.0)


def test_the_other_leg_moved() -> None:
    moving = recorded("straight_leg_raise")
    resting = recorded("straight_leg_raise", "thigh_left")
    as_right = replace(resting, placement=THIGH)
    as_left = replace(moving, placement=Placement.THIGH_LEFT)
    found = flags(as_right, "straight_leg_raise", other=as_left)
    assert found[FlagCode.WRONG_SIDE].placement is Placement.THIGH_LEFT
    right = replace(resting, placement=Placement.THIGH_LEFT)
    assert FlagCode.WRONG_SIDE not in flags(moving, "straight_leg_raise", other=right)


def _aligned(block: SampleBlock) -> Alignment:
    still = slice(0, round(1.5 / block.period_s))
    return align_standing(block.acc_mps2[still], None, period_s=block.period_s)


def test_upside_down_against_the_alignment() -> None:
    block = recorded("squat")
    alignment = _aligned(block)
    axis = np.eye(3)[int(np.argmin(np.abs(alignment.long_axis)))]
    across = np.cross(alignment.long_axis, axis)
    across /= np.linalg.norm(across)
    over = 2.0 * np.outer(across, across) - np.eye(3)  # half a turn about an axis across
    assert FlagCode.UPSIDE_DOWN in flags(turned(block, over), "squat", alignment=alignment)
    assert FlagCode.UPSIDE_DOWN not in flags(block, "squat", alignment=alignment)


def test_a_slow_sensor_is_said() -> None:
    text = flags(recorded("squat", rate_hz=12.5), "squat")[FlagCode.WRONG_RATE].text
    assert "12 values a second" in text or "13 values a second" in text


def test_flags_do_not_depend_on_the_mounting() -> None:
    block = with_rates(recorded("squat"), lambda g: -g)
    angle = math.radians(50.0)
    turn = np.array(
        [
            [math.cos(angle), -math.sin(angle), 0.0],
            [math.sin(angle), math.cos(angle), 0.0],
            [0.0, 0.0, 1.0],
        ]
    )
    assert flags(block, "squat").keys() == flags(turned(block, turn), "squat").keys()


def test_an_empty_track_is_no_reason_to_doubt() -> None:
    empty: Track = TrackRecorder(THIGH).track()
    assert disagreement(empty) is None
