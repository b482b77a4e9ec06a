"""The angles that ``analyze --angles`` writes: against ideal movements in a known plane."""

import csv
import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from calibration.alignment import Alignment, align_standing
from sensorhub.exercises.definition import find_exercise
from sensorhub.model.events import FloatArray
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import SampleBlock
from sensorhub.sessions.stages.analysis import Span, track
from sensorhub.sessions.stages.angles import angle_track, finer_motion, thigh_of, write_angles

RIGHT = Placement.THIGH_RIGHT
TIME_S = np.arange(0.0, 12.0, 0.04)
TOLERANCE_DEG = 0.15
"""Rows stand between ticks of 40 ms: a straight line misses the curve by up to 0.06 degrees."""


def wave(start_deg: float, peak_deg: float, time_s: FloatArray = TIME_S) -> FloatArray:
    """Still for two seconds, then repetitions from one angle to another, radians."""
    share = 0.5 - 0.5 * np.cos(2.0 * math.pi * np.maximum(time_s - 2.0, 0.0) / 3.0)
    return np.radians(start_deg + (peak_deg - start_deg) * share)


def thigh(
    elevation_rad: FloatArray, mounting: Rotation, placement: Placement = RIGHT
) -> MotionBlock:
    """A thigh that moves in its sagittal plane, seen by a sensor mounted anyhow."""
    up = np.stack(
        [np.sin(elevation_rad), np.cos(elevation_rad), np.zeros_like(elevation_rad)], axis=1
    )
    up = mounting.apply(up)
    settled = np.ones(len(up), dtype=bool)
    return MotionBlock(placement, TIME_S, up, None, 9.81 * up, None, settled)


mountings = st.integers(0, 10_000).map(lambda seed: Rotation.random(random_state=seed))


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(
        [
            ("squat", 0.0, 100.0),
            ("straight_leg_raise", 90.0, 150.0),
            ("prone_hip_extension", -90.0, -110.0),
            ("quadruped_hip_extension", 0.0, -95.0),
            ("sit_to_stand", 90.0, 0.0),
        ]
    ),
    mountings,
)
def test_elevation_without_alignment_is_known_from_posture_and_movement(
    case: tuple[str, float, float], mounting: Rotation
) -> None:
    name, start_deg, peak_deg = case
    seen = thigh(wave(start_deg, peak_deg), mounting)
    track = angle_track(find_exercise(name), {RIGHT: [seen]}, side=Side.RIGHT, alignments={})
    assert track is not None
    truth = wave(start_deg, peak_deg, track.time_s)
    assert np.degrees(track.elevation_rad) == pytest.approx(np.degrees(truth), abs=TOLERANCE_DEG)


@settings(max_examples=10, deadline=None)
@given(mountings)
def test_elevation_with_a_standing_recording(mounting: Rotation) -> None:
    standing = mounting.apply(np.tile([0.0, 9.81, 0.0], (200, 1)))
    alignments: dict[Placement, Alignment] = {RIGHT: align_standing(standing, None, period_s=0.01)}
    track = angle_track(
        find_exercise("squat"),
        {RIGHT: [thigh(wave(8.0, 80.0), mounting)]},
        side=Side.BOTH,
        alignments=alignments,
    )
    assert track is not None
    truth = wave(8.0, 80.0, track.time_s)
    assert np.degrees(track.elevation_rad) == pytest.approx(np.degrees(truth), abs=TOLERANCE_DEG)


def test_what_cannot_be_known_is_absent(tmp_path: Path) -> None:
    block = thigh(wave(0.0, 40.0), Rotation.identity())
    still = thigh(wave(0.0, 0.0), Rotation.identity())
    for name, motion in (
        ("clam", {RIGHT: [block]}),
        ("bridge", {RIGHT: [block]}),
        ("squat", {RIGHT: [still]}),
        ("squat", {}),
    ):
        track = angle_track(find_exercise(name), motion, side=Side.RIGHT, alignments={})
        assert track is None
    write_angles(None, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().strip() == "time_s"


def test_the_file_has_degrees_and_only_known_columns(tmp_path: Path) -> None:
    motion = {RIGHT: [thigh(wave(0.0, 90.0), Rotation.identity())]}
    track = angle_track(find_exercise("squat"), motion, side=Side.RIGHT, alignments={})
    write_angles(track, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["time_s", "thigh_elevation_deg"]
    time_s = np.array([float(row["time_s"]) for row in rows])
    assert (time_s[0], time_s[-1]) == pytest.approx((TIME_S[0], TIME_S[-1]), abs=1e-4)
    assert np.diff(time_s).max() < 0.0101
    found = [float(row["thigh_elevation_deg"]) for row in rows]
    truth = wave(0.0, 90.0, time_s)
    assert found == pytest.approx(np.degrees(truth), abs=TOLERANCE_DEG)


def test_the_thigh_of_the_side_is_meant() -> None:
    both = (Placement.THIGH_LEFT, RIGHT, Placement.PELVIS)
    assert thigh_of(both, Side.LEFT) is Placement.THIGH_LEFT
    assert thigh_of(both, Side.BOTH) is RIGHT
    assert thigh_of((Placement.THIGH,), Side.LEFT) is Placement.THIGH
    assert thigh_of((Placement.PELVIS,), Side.LEFT) is None


def cut_repetition(mounting: Rotation, *, count: int, period_s: float = 0.01) -> SampleBlock:
    """Up to 100 degrees and back, as cut out of a faster movement: it begins and ends at 20."""
    phase = np.arange(-1, count) / (count - 1)
    elevation = np.radians(20.0 + 80.0 * np.sin(math.pi * phase))
    # A gyroscope's sample is its mean since the one before.
    turning, elevation = np.diff(elevation) / period_s, elevation[1:]
    none = np.zeros_like(elevation)
    up = np.stack([np.sin(elevation), np.cos(elevation), none], axis=1)
    gyr = np.stack([none, none, turning], axis=1)
    acc, gyr = (np.ascontiguousarray(mounting.apply(v)) for v in (9.81 * up, gyr))
    return SampleBlock(RIGHT, 0.0, period_s, acc, gyr)


@settings(max_examples=10, deadline=None)
@given(mountings, st.integers(120, 135))
def test_what_begins_and_ends_in_mid_movement_keeps_its_range(
    mounting: Rotation, count: int
) -> None:
    block = cut_repetition(mounting, count=count)
    sensors, squat = {RIGHT: [block]}, find_exercise("squat")
    standing = mounting.apply(np.tile([0.0, 9.81, 0.0], (200, 1)))
    alignments = {RIGHT: align_standing(standing, None, period_s=0.01)}
    motion = {RIGHT: track([block], RIGHT)}
    coarse, fine = (
        angle_track(squat, motion, side=Side.RIGHT, alignments=alignments, finer=finer)
        for finer in (None, finer_motion(sensors, motion))
    )
    assert coarse is not None
    assert fine is not None
    assert (fine.time_s[0], fine.time_s[-1]) == pytest.approx((0.0, (count - 1) * 0.01))
    assert math.degrees(np.ptp(fine.elevation_rad)) == pytest.approx(80.0, abs=0.5)
    # This is what it is for: ticks for detectors begin and end inside the movement.
    assert math.degrees(np.ptp(coarse.elevation_rad)) < 78.5


def test_finer_motion_keeps_to_the_stretch_and_to_slow_sensors() -> None:
    block = cut_repetition(Rotation.identity(), count=130)
    inside = finer_motion({RIGHT: [block]}, [RIGHT], span=Span(0.5, 1.0))[RIGHT]
    times = np.concatenate([part.time_s for part in inside])
    assert times == pytest.approx(np.arange(50, 100) * 0.01)
    slow = cut_repetition(Rotation.identity(), count=26, period_s=0.05)
    assert sum(len(part) for part in finer_motion({RIGHT: [slow]}, [RIGHT])[RIGHT]) == 26


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 129), max_size=6))
def test_finer_motion_is_the_same_however_the_samples_came(edges: list[int]) -> None:
    whole = cut_repetition(Rotation.identity(), count=130)
    assert whole.gyr_radps is not None
    parts = [
        SampleBlock(RIGHT, a * 0.01, 0.01, whole.acc_mps2[a:b], whole.gyr_radps[a:b])
        for a, b in itertools.pairwise([0, *sorted(set(edges)), 130])
    ]
    one, many = (finer_motion({RIGHT: blocks}, [RIGHT])[RIGHT] for blocks in ([whole], parts))
    for name in ("time_s", "up"):
        assert np.array_equal(
            np.concatenate([getattr(b, name) for b in one]),
            np.concatenate([getattr(b, name) for b in many]),
        )
