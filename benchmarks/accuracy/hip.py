"""Angles of simulated people against their bodies' own: thigh elevation, and the hip's flexion.

Sensors are aligned by three seconds of standing still before the movement; their heading comes from
the movement itself. Elevation is judged without soft tissue (what the computing is worth), flexion
with it (what a person would get).
"""

import math
import multiprocessing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.accuracy.play import INTERNAL_HZ, blocks_of
from firmware_sim.imu.mounting import RIGID
from firmware_sim.person import SensorSetup
from firmware_sim.render import Rendering, body_angles_at, render
from firmware_sim.scenario.loader import Act, Perform, Rest, Scenario, load_scenario
from firmware_sim.scenario.vary import on_side
from sensorhub.exercises.definition import find_exercise
from sensorhub.model.events import FloatArray
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import SampleBlock
from sensorhub.model.units import DEG_PER_RAD
from sensorhub.motion.hip import HipTrack
from sensorhub.sessions.stages.analysis import Span, analyze_blocks
from sensorhub.sessions.stages.angles import angle_track, finer_motion

MOVEMENTS = (
    ("squat", "squat"),
    ("squat_supported", "squat_supported"),
    ("lunge_forward", "lunge"),
    ("lunge", "lunge"),
    ("step_up", "step_up"),
    ("step_up_and_down", "step_up"),
    ("standing_hip_flexion", "standing_hip_flexion"),
    ("walk", "standing_hip_flexion"),
    ("sit_to_stand", "sit_to_stand"),
    ("straight_leg_raise", "straight_leg_raise"),
    ("bridge", "bridge"),
    ("prone_hip_extension", "prone_hip_extension"),
)
"""What is done (a scenario, or an activity), and the exercise it is analysed as."""

STAND_S = (0.5, 3.3)
LEAD_IN_S = 0.3
WALK_S = 15.0


@dataclass(frozen=True, slots=True)
class AngleScore:
    """One movement of one person, in degrees.

    Attributes:
        elevation_rmse_deg: of the thigh, soft tissue off.
        flawless_rmse_deg: the same with a sensor without errors of its own.
        flexion_rmse_deg: of the hip, soft tissue on.
        flexion_range_deg: error of its range over the movement.
    """

    movement: str
    seed: int
    elevation_rmse_deg: float
    flawless_rmse_deg: float
    flexion_rmse_deg: float
    flexion_range_deg: float


def run_angles(*, seeds: int, jobs: int) -> list[AngleScore]:
    """All movements, both sides in turn."""
    every = [(done, exercise, seed) for done, exercise in MOVEMENTS for seed in range(seeds)]
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        return pool.starmap(angle_score, every, chunksize=1)


def angle_score(movement: str, exercise: str, seed: int) -> AngleScore:
    """One movement, with and without soft tissue."""
    side = Side.RIGHT if seed % 2 == 0 else Side.LEFT
    elevation, flawless = (
        _elevation_rmse_deg(movement, exercise, side, seed=seed, setup=setup)
        for setup in (SensorSetup(tissue=RIGID), SensorSetup("ideal", tissue=RIGID))
    )
    soft, track = _moved(movement, exercise, side, seed=seed, setup=SensorSetup())
    assert track.flexion_rad is not None
    flexion = _error_deg(soft, f"hip_flexion_{side}", track.time_s, track.flexion_rad)
    true = body_angles_at(soft.person, track.time_s)[f"hip_flexion_{side}"]
    known = np.isfinite(track.flexion_rad)
    found_deg = float(np.ptp(track.flexion_rad[known])) * DEG_PER_RAD
    return AngleScore(
        movement,
        seed,
        elevation,
        flawless,
        _rms(flexion),
        found_deg - float(np.ptp(true[known])) * DEG_PER_RAD,
    )


def _elevation_rmse_deg(
    movement: str, exercise: str, side: Side, *, seed: int, setup: SensorSetup
) -> float:
    rendering, track = _moved(movement, exercise, side, seed=seed, setup=setup)
    name = f"thigh_elevation_{side}"
    return _rms(_error_deg(rendering, name, track.time_s, track.elevation_rad))


def _moved(
    movement: str, exercise: str, side: Side, *, seed: int, setup: SensorSetup
) -> tuple[Rendering, HipTrack]:
    rendering = _rendered(movement, side, seed=seed, setup=setup)
    sensors = {
        Placement(name): blocks_of(Placement(name), data)
        for name, data in rendering.sensors.items()
    }
    done = rendering.truth.sets or rendering.truth.activities
    begin_s, end_s = done[0].start_s, done[-1].end_s
    assert end_s is not None
    standing = {p: [_part(b[0], *STAND_S)] for p, b in sensors.items()}
    moving = {p: [_part(b[0], begin_s - LEAD_IN_S, end_s)] for p, b in sensors.items()}
    definition = find_exercise(exercise)
    analysis = analyze_blocks(moving, definition, side=side, span=Span(), standing=standing)
    track = angle_track(
        definition,
        analysis.motion,
        side=side,
        alignments=analysis.alignments,
        finer=finer_motion(moving, analysis.motion),
    )
    assert track is not None
    return rendering, track


def _rendered(movement: str, side: Side, *, seed: int, setup: SensorSetup) -> Rendering:
    if movement == "walk":
        step: Act | Perform = Act("walk", WALK_S, side.value, stride_hz=0.9, slip_rad=0.0)
    else:
        steps = load_scenario(movement).steps
        step = replace(next(s for s in steps if isinstance(s, Perform)), reps=5)
    scenario = Scenario(movement, movement, "standing", "right", 4.0, 2.0, (Rest(1.0), step))
    return render(
        on_side(scenario, side.value),
        (f"thigh_{side}", "pelvis"),
        seed=seed,
        setup=setup,
        internal_hz=INTERNAL_HZ,
    )


def _part(block: SampleBlock, begin_s: float, end_s: float) -> SampleBlock:
    first, last = (max(0, round((t - block.start_s) / block.period_s)) for t in (begin_s, end_s))
    gyr = block.gyr_radps
    return replace(
        block,
        start_s=block.start_s + first * block.period_s,
        acc_mps2=np.ascontiguousarray(block.acc_mps2[first:last]),
        gyr_radps=None if gyr is None else np.ascontiguousarray(gyr[first:last]),
    )


def _error_deg(
    rendering: Rendering, name: str, time_s: FloatArray, found_rad: FloatArray
) -> FloatArray:
    """Found minus true, both relative to standing; only where something was found."""
    true = body_angles_at(rendering.person, time_s)[name]
    neutral = body_angles_at(rendering.person, np.linspace(*STAND_S, 8))[name].mean()
    error = (found_rad - (true - neutral)) * DEG_PER_RAD
    return np.asarray(error[np.isfinite(error)])


def _rms(errors: FloatArray) -> float:
    return math.sqrt(float(np.mean(errors * errors))) if len(errors) else math.nan


def angle_rows(groups: Mapping[str, Sequence[AngleScore]]) -> tuple[list[str], list[list[str]]]:
    """A table's head, and a row a group of runs with their means, in degrees."""
    head = ["movement", "runs", "thigh elevation, RMSE", "with a flawless sensor"]
    head += ["hip flexion, RMSE", "error of its range"]
    rows = []
    for name, part in groups.items():
        means = (
            mean_of([a.elevation_rmse_deg for a in part]),
            mean_of([a.flawless_rmse_deg for a in part]),
            mean_of([a.flexion_rmse_deg for a in part]),
            mean_of([abs(a.flexion_range_deg) for a in part]),
        )
        rows.append([name, str(len(part)), *(f"{mean:.1f}" for mean in means)])
    return head, rows


def mean_of(values: Sequence[float]) -> float:
    """The mean of what is known."""
    known = [v for v in values if math.isfinite(v)]
    return sum(known) / len(known) if known else math.nan
