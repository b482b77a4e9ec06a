"""What the sensor did by itself is taken out of the path, and nothing that the body did."""

from itertools import pairwise

import numpy as np
import pytest
from counting_person import doing, watch
from scipy.spatial.transform import Rotation

from sensorhub.exercises.trace.cycles import Cycle
from sensorhub.exercises.trace.mending import homes_differ, joined, mended, without_slips
from sensorhub.exercises.trace.path import Path, turning_speed_radps
from sensorhub.model.events import FloatArray
from sensorhub.model.placement import Side

TICK_S = 0.04
CYCLE_S = 4.0


def path_of(up: FloatArray, time_s: FloatArray | None = None) -> Path:
    time_s = TICK_S * np.arange(len(up)) if time_s is None else time_s
    bounds = np.flatnonzero(np.diff(time_s) > 1.5 * TICK_S) + 1
    pieces = tuple(slice(a, b) for a, b in pairwise([0, *bounds.tolist(), len(up)]))
    speed = turning_speed_radps(up, TICK_S)
    return Path(time_s, up, speed, np.zeros(len(up)), TICK_S, pieces)


def leaning(degrees: FloatArray) -> FloatArray:
    """Where "up" is while the segment leans so far to one side."""
    angle = np.radians(degrees)
    return np.stack([np.sin(angle), np.zeros(len(angle)), np.cos(angle)], axis=1)


def rocking(cycles: int = 10, size_deg: float = 8.0) -> FloatArray:
    phase = 2.0 * np.pi * np.arange(0.0, cycles * CYCLE_S, TICK_S) / CYCLE_S
    return leaning(size_deg * np.sin(phase))


def slipped(up: FloatArray, at_s: float, degrees: float, about: str) -> FloatArray:
    axis = {
        "along": np.array([0.0, 1.0, 0.0]),
        "across": np.array([1.0, 0.0, 0.0]),
        "upright thigh": leaning(np.array([70.0]))[0],
    }[about]
    share = np.clip((TICK_S * np.arange(len(up)) - at_s) / 0.5, 0.0, 1.0)
    return np.asarray(Rotation.from_rotvec(np.radians(degrees) * share[:, None] * axis).apply(up))


def off_deg(one: FloatArray, other: FloatArray) -> FloatArray:
    return np.asarray(np.degrees(np.arccos(np.clip((one * other).sum(axis=1), -1.0, 1.0))))


@pytest.mark.parametrize("first_s", [10.1, 11.0, 12.3])
def test_a_moment_without_data_tears_nothing_apart(first_s: float) -> None:
    up, time_s = rocking(), TICK_S * np.arange(1000)
    seen = (time_s < first_s) | (time_s > first_s + 0.7)
    found = joined(path_of(up[seen], time_s[seen]))
    assert found.pieces == (slice(0, 1000),)
    assert found.time_s == pytest.approx(time_s)
    assert float(off_deg(found.up, up).max()) < 1.5
    assert len(found.speed_radps) == len(found.shake_mps2) == 1000


def test_a_longer_gap_stays_one() -> None:
    up, time_s = rocking(), TICK_S * np.arange(1000)
    seen = ((time_s < 10.0) | (time_s > 12.0)) & ((time_s < 20.0) | (time_s > 20.5))
    found = joined(path_of(up[seen], time_s[seen]))
    gap_s = found.time_s[found.pieces[1].start] - found.time_s[found.pieces[0].stop - 1]
    assert len(found.pieces) == 2
    assert gap_s > 2.0


@pytest.mark.parametrize("about", ["along", "across"])
@pytest.mark.parametrize("degrees", [-25.0, 20.0, 40.0])
@pytest.mark.parametrize("at_s", [17.2, 18.0, 19.5, 20.0])
def test_a_strap_that_slips_is_turned_back(about: str, degrees: float, at_s: float) -> None:
    up = rocking()
    found = without_slips(path_of(slipped(up, at_s, degrees, about)))
    assert float(off_deg(found.up, up).max()) < 3.0
    assert float(np.degrees(found.speed_radps).max()) < 25.0


def test_two_slips_are_two() -> None:
    up = rocking()
    twice = slipped(slipped(up, 13.2, 20.0, "across"), 26.5, 20.0, "along")
    assert float(off_deg(without_slips(path_of(twice)).up, up).max()) < 5.0


def held(*poses: tuple[float, float], way_s: float = 0.6) -> FloatArray:
    """Poses (degrees, seconds), each reached quickly."""
    degrees, parts = poses[0][0], []
    for pose, seconds in poses:
        parts.append(np.linspace(degrees, pose, round(way_s / TICK_S)))
        parts.append(np.full(round(seconds / TICK_S), pose))
        degrees = pose
    return leaning(np.concatenate(parts))


def test_poses_held_in_turns_are_no_slips() -> None:
    path = path_of(held(*[(0.0, 10.0), (20.0, 10.0)] * 4))
    assert mended(path) is path


def test_who_goes_slowly_to_another_pose_and_stays_does_not_slip() -> None:
    path = path_of(held((0.0, 20.0), (25.0, 20.0), way_s=3.0))
    assert mended(path) is path


def test_lying_down_is_no_slip() -> None:
    path = path_of(held((0.0, 20.0), (85.0, 20.0), way_s=1.2))
    assert mended(path) is path


@pytest.mark.parametrize("at_s", [17.0, 17.6, 18.4, 19.0, 21.0])
def test_of_a_large_movement_only_the_slip_is_turned_back(at_s: float) -> None:
    up = held(*[(0.0, 3.0), (85.0, 1.0)] * 8, way_s=1.2)
    found = without_slips(path_of(slipped(up, at_s, 25.0, "upright thigh"))).up
    assert float(off_deg(found, up).max()) < 35.0


@pytest.mark.parametrize("exercise", ["pelvic_tilt", "pelvic_tilt_side", "pelvic_circles"])
@pytest.mark.parametrize("at_s", [15.0, 17.0])
def test_a_slip_costs_no_cycle(exercise: str, at_s: float) -> None:
    seen = watch(
        exercise,
        doing(exercise, reps=7),
        side=Side.NONE,
        placements=("pelvis",),
        slip=(at_s, 25.0),
    )
    assert seen.full == len(seen.outcome.repetitions) == 7


@pytest.mark.parametrize("exercise", ["pelvic_tilt", "pelvic_bicycle"])
def test_lost_packets_cost_no_cycle(exercise: str) -> None:
    for seed in (5, 7):
        seen = watch(
            exercise,
            doing(exercise, reps=10),
            side=Side.NONE,
            placements=("pelvis",),
            seed=seed,
            loss=0.1,
        )
        assert any(gap.duration_s > 0.2 for gap in seen.outcome.gaps)
        assert seen.full == len(seen.outcome.repetitions) == 10


def starts(*ticks: int) -> list[Cycle]:
    return [Cycle(k, k + 20, k + 40, 1.0, 1.0, 1.0, k, k + 40) for k in ticks]


def test_homes_that_a_slip_parts_differ_and_others_do_not() -> None:
    up, still = rocking(), starts(0, 200, 400, 600, 800)
    assert not homes_differ(path_of(up), still)
    for degrees, differ in ((4.0, False), (15.0, True)):
        after = slipped(up, 19.0, degrees, "across")
        assert homes_differ(path_of(after), still) is differ
    assert not homes_differ(path_of(up), still[:1])
    assert homes_differ(path_of(up), []), "nothing is known of a home"
