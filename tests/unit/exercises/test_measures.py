"""Measures against movements whose measures are known: minimum jerk, any mounting, either side."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sensorhub.exercises.definition import Exercise, find_exercise, load_library
from sensorhub.exercises.detectors.base import Findings
from sensorhub.exercises.engine import SetAnalyzer
from sensorhub.exercises.measures.measuring import has_phases, measured
from sensorhub.exercises.measures.motion import SegmentMotion
from sensorhub.exercises.measures.sets import set_measures
from sensorhub.exercises.measures.smoothness import ldlj, sparc
from sensorhub.exercises.measures.stillness import sway_and_tremor
from sensorhub.exercises.measures.table import MEASURES, Of, measures_of
from sensorhub.exercises.trace.recorder import TrackRecorder
from sensorhub.exercises.trace.track import Track
from sensorhub.model.events import FloatArray
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import Hold, Repetition, RepetitionKind, SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import SampleBlock
from sensorhub.motion.tracker import MotionTracker

THIGH, PELVIS = Placement.THIGH_RIGHT, Placement.PELVIS
TICK_S = 0.04
REST_S = 1.5
SQUAT = find_exercise("squat")
ROOT = Path(__file__).resolve().parents[3]


def foot(share: float) -> float:
    """When a minimum-jerk movement reaches this share of its greatest rate, part of its time."""
    return 0.5 - math.sqrt(0.25 - math.sqrt(share) / 4.0)


FOOT = foot(0.1)
"""Rest is slower than a tenth of the fastest."""


def raised(progress: FloatArray) -> FloatArray:
    p = np.clip(progress, 0.0, 1.0)
    return p**3 * (10.0 - 15.0 * p + 6.0 * p * p)


def repeated(
    rom_rad: float, up_s: float, hold_s: float, down_s: float, *, count: int = 3
) -> tuple[FloatArray, FloatArray, list[Repetition]]:
    """Times, angles and the repetitions themselves."""
    cycle_s = up_s + hold_s + down_s + REST_S
    time_s = np.arange(0.0, REST_S + count * cycle_s, TICK_S)
    angle = np.zeros_like(time_s)
    repetitions = []
    for k in range(count):
        start_s = REST_S + k * cycle_s
        angle += rom_rad * raised((time_s - start_s) / up_s)
        angle -= rom_rad * raised((time_s - start_s - up_s - hold_s) / down_s)
        repetitions.append(
            Repetition(
                start_s + FOOT * up_s,
                start_s + up_s + 0.5 * hold_s,
                start_s + up_s + hold_s + (1.0 - FOOT) * down_s,
                rom_rad,
            )
        )
    return time_s, angle, repetitions


def worn(
    time_s: FloatArray,
    angle: FloatArray,
    mounting: Rotation,
    placement: Placement = THIGH,
    *,
    mirror: float = 1.0,
    twist_rad: FloatArray | None = None,
    gyroscope: bool = True,
) -> Track:
    """A segment that turns about its Z axis (and its long axis), seen by a sensor on it."""
    twist = np.zeros_like(angle) if twist_rad is None else twist_rad
    pose = Rotation.from_rotvec(mirror * np.outer(angle, [0.0, 0.0, 1.0]))
    pose = pose * Rotation.from_rotvec(mirror * np.outer(twist, [0.0, 1.0, 0.0]))
    sensor = pose * mounting
    up = sensor.inv().apply([0.0, 1.0, 0.0])
    step = (sensor[:-1].inv() * sensor[1:]).as_rotvec() / TICK_S
    rate = np.zeros_like(up)
    rate[1:-1] = 0.5 * (step[1:] + step[:-1])
    n = len(time_s)
    quat = np.zeros((n, 4))
    return Track(
        placement,
        time_s,
        up,
        rate if gyroscope else None,
        9.80665 * up,
        quat if gyroscope else None,
        np.ones(n, bool),
        (),
        clipped=False,
    )


def judged(
    repetitions: list[Repetition],
    *tracks: Track,
    side: Side = Side.BOTH,
    exercise: Exercise = SQUAT,
) -> Findings:
    return measured(
        Findings(repetitions=tuple(repetitions)),
        exercise=exercise,
        side=side,
        primary=[t.placement for t in tracks if t.placement.segment == "thigh"],
        tracks={t.placement: t for t in tracks},
        motions={t.placement: SegmentMotion.of(t) for t in tracks},
        alignments={},
    )


mountings = st.integers(0, 2**32 - 1).map(lambda seed: Rotation.random(rng=seed))
movements = st.tuples(
    st.floats(0.2, 1.8), st.floats(0.8, 4.0), st.sampled_from([0.0, 1.0, 2.5]), st.floats(0.8, 4.0)
)


@settings(max_examples=40, deadline=None)
@given(movements, mountings, st.booleans())
def test_a_minimum_jerk_repetition(
    movement: tuple[float, float, float, float], mounting: Rotation, gyroscope: bool
) -> None:
    rom_rad, up_s, hold_s, down_s = movement
    time_s, angle, repetitions = repeated(*movement)
    found = judged(repetitions, worn(time_s, angle, mounting, gyroscope=gyroscope))
    for one in found.repetitions:
        m = one.measures
        assert m["raising_s"] + m["holding_s"] + m["lowering_s"] == pytest.approx(
            one.end_s - one.start_s
        )
        if hold_s:
            # Or slower than 3 degrees a second: slow, small movements come to rest early.
            up, down = (foot(max(0.1, 0.052 / (1.875 * rom_rad / t))) * t for t in (up_s, down_s))
            assert m["raising_s"] == pytest.approx(up_s - FOOT * up_s - up, abs=0.1)
            assert m["holding_s"] == pytest.approx(hold_s + up + down, abs=0.15)
            assert m["lowering_s"] == pytest.approx(down_s - FOOT * down_s - down, abs=0.1)
        assert m["peak_rate_up_radps"] == pytest.approx(1.875 * rom_rad / up_s, rel=0.03)
        assert m["peak_rate_down_radps"] == pytest.approx(1.875 * rom_rad / down_s, rel=0.03)
        assert m["off_axis_share"] == pytest.approx(0.0, abs=1e-3)
        assert m["start_angle_rad"] == pytest.approx(0.0, abs=0.02 * rom_rad)
        # The path is smoothed over 0.08 s: what is turned round at once loses a little.
        assert m["peak_angle_rad"] == pytest.approx(rom_rad, rel=0.1)
    rests = [one.measures.get("resting_s") for one in found.repetitions]
    between = REST_S + FOOT * (up_s + down_s)
    assert rests == [pytest.approx(between), pytest.approx(between), None]
    assert found.measures["rom_cv"] == pytest.approx(0.0)
    assert found.measures["mean_rom_rad"] == pytest.approx(rom_rad)


@settings(max_examples=15, deadline=None)
@given(movements, mountings, mountings)
def test_mounting_and_mirror_change_nothing(
    movement: tuple[float, float, float, float], one: Rotation, other: Rotation
) -> None:
    time_s, angle, repetitions = repeated(*movement)
    twist = 0.2 * angle
    first = judged(repetitions, worn(time_s, angle, one, twist_rad=twist))
    turned = judged(repetitions, worn(time_s, angle, other, twist_rad=twist))
    mirrored = judged(repetitions, worn(time_s, angle, one, twist_rad=twist, mirror=-1.0))
    for changed in (turned, mirrored):
        for a, b in zip(first.repetitions, changed.repetitions, strict=True):
            assert a.measures.keys() == b.measures.keys()
            for name, value in a.measures.items():
                assert b.measures[name] == pytest.approx(value, rel=1e-6, abs=1e-6), name


@settings(deadline=None)
@given(st.floats(0.1, 3.0), st.floats(0.6, 6.0))
def test_smoothness_of_one_smooth_movement_is_known(rom_rad: float, lasts_s: float) -> None:
    p = np.arange(0.0, 1.0 + 1e-9, TICK_S / lasts_s)
    speed = rom_rad / lasts_s * 30.0 * p**2 * (1.0 - p) ** 2
    assert sparc([speed], tick_s=TICK_S) == [pytest.approx(-1.41, abs=0.03)]
    if lasts_s >= 2.0:  # 3600/5 divided by 1.875 squared; quicker ones lose to the smoothing
        assert ldlj([speed], tick_s=TICK_S) == [pytest.approx(-math.log(720 / 1.875**2), abs=0.35)]


@settings(deadline=None)
@given(st.floats(0.5, 3.0), st.floats(1.0, 4.0), st.integers(2, 5))
def test_a_movement_in_pieces_is_less_smooth(rom_rad: float, lasts_s: float, pieces: int) -> None:
    p = np.arange(0.0, 1.0 + 1e-9, TICK_S / lasts_s)
    smooth = rom_rad * p**2 * (1.0 - p) ** 2
    jerky = smooth * (1.0 - 0.8 * np.cos(math.pi * pieces * p) ** 2)
    for of in (sparc, ldlj):
        whole, broken = of([smooth, jerky], tick_s=TICK_S)
        assert whole is not None
        assert broken is not None
        assert broken < whole


def test_turning_beside_the_main_axis_is_its_share() -> None:
    """Turning about a second axis with half the rate: a fifth of all squared rate."""
    time_s, angle, repetitions = repeated(0.8, 2.0, 0.0, 2.0)
    track = worn(time_s, angle, Rotation.identity())
    assert track.rate_radps is not None
    beside = np.abs(track.rate_radps[:, 2])
    off = replace(track, rate_radps=track.rate_radps + 0.5 * beside[:, None] * [1.0, 0.0, 0.0])
    for one in judged(repetitions, off).repetitions:
        assert one.measures["off_axis_share"] == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.6])
def test_the_pelvis_share_is_what_the_pelvis_did(share: float) -> None:
    time_s, angle, repetitions = repeated(1.2, 2.0, 1.0, 2.0)
    thigh = worn(time_s, angle, Rotation.random(rng=1))
    pelvis = worn(time_s, share * angle, Rotation.random(rng=2), PELVIS)
    found = judged(repetitions, thigh, pelvis)
    for one in found.repetitions:
        assert one.measures["pelvis_share"] == pytest.approx(share, abs=0.01)
    assert found.measures["mean_pelvis_share"] == pytest.approx(share, abs=0.01)
    assert "pelvis_share" not in judged(repetitions, thigh).repetitions[0].measures


def test_left_against_right_in_one_set() -> None:
    time_s, angle, repetitions = repeated(1.0, 2.0, 0.5, 2.0)
    right = worn(time_s, angle, Rotation.random(rng=1))
    left = worn(time_s, 0.8 * angle, Rotation.random(rng=2), Placement.THIGH_LEFT)
    share = judged(repetitions, right, left).measures["left_right_difference_share"]
    assert share == pytest.approx(0.2, abs=0.01)
    sides = [replace(r, side=Side.LEFT, rom_rad=0.9) for r in repetitions]
    both = set_measures([*sides, *(replace(r, side=Side.RIGHT) for r in repetitions)])
    assert both["left_right_difference_share"] == pytest.approx(0.1)


def test_fade_and_consistency() -> None:
    def set_of(*ranges_rad: float) -> dict[str, float]:
        return set_measures([Repetition(k, k + 1.0, k + 2.0, r) for k, r in enumerate(ranges_rad)])

    faded = set_of(1.0, 1.0, 1.0, 0.9, 0.8, 0.8, 0.8)
    assert faded["rom_fade_share"] == pytest.approx(0.2)
    assert faded["tempo_fade_share"] == pytest.approx(0.0)
    assert set_of(1.0, 1.2, 1.4)["rom_cv"] == pytest.approx(0.2 / 1.2)
    assert "rom_fade_share" not in set_of(1.0, 1.0, 1.0, 0.5, 0.5)
    assert set_measures([Repetition(0, 1, 2, 0.3, kind=RepetitionKind.PARTIAL)]) == {}


def test_a_gap_inside_leaves_only_what_is_known() -> None:
    time_s, angle, repetitions = repeated(0.8, 2.0, 0.0, 2.0)
    track = worn(time_s, angle, Rotation.identity())
    assert track.rate_radps is not None
    keep = ~((time_s > repetitions[1].start_s + 0.5) & (time_s < repetitions[1].start_s + 1.5))
    cut = replace(
        track,
        time_s=track.time_s[keep],
        up=track.up[keep],
        rate_radps=track.rate_radps[keep],
        acc_mps2=track.acc_mps2[keep],
        settled=track.settled[keep],
    )
    first, second, third = judged(repetitions, cut).repetitions
    assert set(second.measures) == {"resting_s"}
    assert "raising_sparc" in first.measures
    assert "raising_sparc" in third.measures


@settings(max_examples=25, deadline=None)
@given(st.floats(0.2, 3.0), st.floats(4.0, 9.0), mountings)
def test_sway_and_tremor_of_a_hold(sway_deg: float, tremor_hz: float, mounting: Rotation) -> None:
    time_s = np.arange(0.0, 20.0, TICK_S)
    tremor_rad = 0.002 * np.sin(2.0 * math.pi * tremor_hz * time_s)
    sway_rad = math.radians(sway_deg) * np.sin(2.0 * math.pi * 0.2 * time_s)
    track = worn(time_s, 0.7 + sway_rad + tremor_rad, mounting)
    # Exact rates: differences between ticks would lose part of a quick tremor.
    rate = 0.002 * 2.0 * math.pi * tremor_hz * np.cos(2.0 * math.pi * tremor_hz * time_s)
    exact = replace(track, rate_radps=mounting.inv().apply(np.outer(rate, [0.0, 0.0, 1.0])))
    hold = Hold(0.0, 20.0, 20.0, 0.7)
    found = measured(
        Findings(holds=(hold,)),
        exercise=find_exercise("kneeling_hip_flexor_stretch"),
        side=Side.RIGHT,
        primary=[THIGH],
        tracks={THIGH: exact},
        motions={THIGH: SegmentMotion.of(exact)},
        alignments={},
    )
    m = found.holds[0].measures
    both_rad = math.hypot(math.radians(sway_deg), 0.002)
    assert m["sway_rad"] == pytest.approx(both_rad / math.sqrt(2), rel=0.02)
    assert m["tremor_radps"] == pytest.approx(
        0.002 * 2.0 * math.pi * tremor_hz / math.sqrt(2), rel=0.1
    )
    assert m["tremor_hz"] == pytest.approx(tremor_hz, abs=0.1)


def trembling(hertz: float, rate_hz: float) -> SegmentMotion:
    """A sensor at rest but for a sine of 1 rad/s, from samples to ticks as the product makes them.

    About the vertical: it turns no direction of gravity, which the filter would have to follow.
    """
    time_s = np.arange(0.0, 30.0, 1.0 / rate_hz)
    acc, gyr = np.zeros((2, len(time_s), 3))
    acc[:, 2], gyr[:, 2] = 9.80665, np.sin(2.0 * math.pi * hertz * time_s)
    tracker, recorder = MotionTracker(THIGH), TrackRecorder(THIGH)
    recorder.push(tracker.push(SampleBlock(THIGH, 0.0, 1.0 / rate_hz, acc, gyr)))
    recorder.push(tracker.flush())
    return SegmentMotion.of(recorder.track())


@pytest.mark.parametrize("hertz", [4.0, 6.0, 8.0, 11.5])
@pytest.mark.parametrize("rate_hz", [25.0, 50.0, 52.0, 100.0, 104.0, 200.0])
def test_tremor_is_as_strong_as_it_is_whatever_the_sensors_rate(hertz: float, rate_hz: float):
    motion = trembling(hertz, rate_hz)
    found = sway_and_tremor(motion, motion.part(5.0, 25.0))
    assert found["tremor_radps"] == pytest.approx(math.sqrt(0.5), rel=0.02)
    assert found["tremor_hz"] == pytest.approx(hertz, abs=0.1)


def test_a_sensor_too_slow_for_tremor_says_nothing_of_it():
    motion = trembling(3.7, 10.0)
    found = sway_and_tremor(motion, motion.part(5.0, 25.0))
    assert "sway_rad" in found
    assert not {"tremor_radps", "tremor_hz"} & set(found)


def test_the_table_says_what_each_measure_needs():
    needs = {measure.name: measure.needs for measure in MEASURES}
    # Paced, so nothing is worn; belly or chest; the steps' own detector looks at these two.
    assert needs["strength_percent"] == "no sensor"
    assert needs["movement_sd_mps2"] == "belly or chest sensor"
    assert needs["trunk_turn_rad"] == "pelvis or chest sensor, gyroscope"
    assert "never negative" in next(m.meaning for m in MEASURES if m.name == "pelvis_share")


def test_drift_is_said() -> None:
    time_s = np.arange(0.0, 20.0, TICK_S)
    track = worn(time_s, math.radians(10.0) * time_s / 20.0, Rotation.identity())
    found = measured(
        Findings(holds=(Hold(0.0, 20.0, 20.0, 0.7),)),
        exercise=find_exercise("kneeling_hip_flexor_stretch"),
        side=Side.RIGHT,
        primary=[THIGH],
        tracks={THIGH: track},
        motions={THIGH: SegmentMotion.of(track)},
        alignments={},
    )
    assert found.holds[0].measures["drift_rad"] == pytest.approx(math.radians(7.5), abs=1e-3)


def test_the_engine_measures_and_splits_change_nothing() -> None:
    time_s, angle, _ = repeated(1.2, 1.5, 0.5, 1.5, count=6)
    track = worn(time_s, angle, Rotation.random(rng=5))
    whole, pieces = _analysed(track, 10_000), _analysed(track, 7)
    assert whole == pieces
    assert whole.full_repetitions == 6
    for one in whole.repetitions:
        assert {"raising_sparc", "peak_rate_up_radps", "off_axis_share"} <= set(one.measures)
    assert {"rom_cv", "tempo_cv", "rom_fade_share"} <= set(whole.measures)


def _analysed(track: Track, size: int) -> SetOutcome:
    analyzer = SetAnalyzer(SQUAT, side=Side.BOTH, placements=[THIGH])
    for k in range(0, len(track), size):
        part = slice(k, k + size)
        assert track.rate_radps is not None
        assert track.orientation is not None
        analyzer.push(
            MotionBlock(
                THIGH,
                track.time_s[part],
                track.up[part],
                track.rate_radps[part],
                track.acc_mps2[part],
                track.orientation[part],
                track.settled[part],
            )
        )
    return analyzer.finish()


def test_circles_and_compound_movements_have_no_phases() -> None:
    without = {name for name, exercise in load_library().items() if not has_phases(exercise)}
    assert {"pelvic_circles", "donkey_kick_fire_hydrant"} <= without
    assert not {"squat", "bridge", "straight_leg_raise"} & without


def test_every_measure_that_is_computed_is_in_the_table() -> None:
    """Names are looked up in the source, so that one that is rarely computed is found too."""
    known = {measure.name for measure in MEASURES}
    folder = ROOT / "sensorhub" / "exercises"
    keyed = re.compile(r'(?:found|more|measures|m)\["([a-z_]+)"\]|"([a-z_]+)": ')
    sources = [*folder.glob("measures/*.py"), *folder.glob("detectors/*.py")]
    named = {
        a or b
        for path in sources
        for a, b in keyed.findall(path.read_text())
        if path.stem != "table"
    }
    assert len(named) > 15
    assert named <= known, named - known


def test_the_table_is_in_order() -> None:
    names = [measure.name for measure in MEASURES]
    assert len(set(names)) == len(names)
    for measure in MEASURES:
        assert measure.of
        assert measure.source
        assert measure.meaning.endswith(".")
        dimensionless = measure.name.endswith(("_share", "_cv", "_sparc", "_ldlj", "_ratio"))
        assert (measure.unit == "1") == dimensionless
    assert next(measures_of(Of.HOLD)).name == "sway_rad"
