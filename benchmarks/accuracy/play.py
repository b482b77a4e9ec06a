"""One run: a simulated person does an exercise, the sensor records, the product analyses."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks.accuracy.score import GUIDED, FalseAlarm, Score, score_false, score_set
from benchmarks.accuracy.variations import REPETITION, VARIATIONS, Variation
from firmware_sim.render import Rendering, SensorData, render
from firmware_sim.scenario.loader import (
    ACTIVITIES,
    Act,
    Perform,
    Rest,
    Scenario,
    load_scenario,
    scenario_names,
)
from firmware_sim.scenario.truth import TrueSet
from sensorhub.exercises.definition import Exercise, Posture, find_exercise, load_library
from sensorhub.exercises.engine import SetAnalyzer
from sensorhub.model.outcomes import Evidence, SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import Gap, SampleBlock
from sensorhub.sessions.stages.analysis import analyze_blocks

ACTIVITY_S = 30.0
"""How long each activity that is no exercise lasts in the table of false repetitions."""

INTERNAL_HZ = 400.0
"""Bodies are looked at so often here: skin wobbles at 15 Hz, heel strikes ring at 18."""

_LOWERS = ("sit_down_and_stand_up", "pick_up")
"""Whoever does these bends the hip out of standing and back, as in a squat, a lunge or a march: a
thigh sensor is right to see the standing exercise in it."""


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """One cell of the matrix and one seed. ``exercise`` is empty for an activity."""

    exercise: str
    name: str
    seed: int


def exercises() -> list[str]:
    """Every exercise there is; each has a scenario of its own name, which is its evidence."""
    return sorted(load_library())


def without_scenario() -> list[str]:
    """Exercises that nothing speaks for."""
    return sorted(set(load_library()) - set(scenario_names()))


def kind_of(exercise: str) -> str:
    """The kind of movement that its scenario performs."""
    steps = load_scenario(exercise).steps
    return next(step for step in steps if isinstance(step, Perform)).movement.kind


def cases(*, seeds: int) -> list[Case]:
    """The whole matrix, false repetitions included, in order."""
    found = []
    for exercise in exercises():
        kind = kind_of(exercise)
        if kind == GUIDED:
            found += [Case(exercise, "usual", seed) for seed in range(seeds)]
            continue
        found += [
            Case(exercise, v.name, seed)
            for v in VARIATIONS
            if kind in v.kinds
            for seed in range(seeds)
        ]
    found += [Case("", activity, seed) for activity in ACTIVITIES for seed in range(seeds)]
    return found


def play(case: Case) -> list[Score] | list[FalseAlarm]:
    """Runs one case from body to outcome."""
    if not case.exercise:
        return _idle(case)
    exercise = find_exercise(case.exercise)
    variation = _variations()[case.name]
    scenario = variation.change(load_scenario(case.exercise))
    if not exercise.primary:
        return [_guided(case, exercise, scenario)]
    placement = _placement(exercise, scenario)
    rendering = _render(scenario, (placement,), variation, case.seed)
    side = Side(scenario.side) if len(exercise.sides) > 1 else None
    analysis = analyze_blocks(_sensors(rendering), exercise, side=side)
    truth = _as_one(rendering.truth.sets)
    return [score_set(case.exercise, case.name, case.seed, truth, analysis.outcome)]


def blocks_of(placement: Placement, data: SensorData) -> list[SampleBlock]:
    """What was recorded, in blocks between the gaps."""
    steps_s = np.diff(data.time_s)
    period_s = float(steps_s.min())
    cuts = np.flatnonzero(steps_s > 1.5 * period_s) + 1
    blocks: list[SampleBlock] = []
    end_s = 0.0
    for part in np.split(np.arange(data.time_s.size), cuts):
        start_s = float(data.time_s[part[0]])
        gap = Gap(placement, end_s, start_s) if blocks else None
        gyr = None if data.gyr_radps is None else np.ascontiguousarray(data.gyr_radps[part])
        acc = np.ascontiguousarray(data.acc_mps2[part])
        blocks.append(
            SampleBlock(placement, start_s, period_s, acc, gyr, gap, clipped=data.clipped)
        )
        end_s = start_s + len(part) * period_s
    return blocks


@cache
def _variations() -> dict[str, Variation]:
    return {v.name: v for v in VARIATIONS}


def _placement(exercise: Exercise, scenario: Scenario) -> str:
    """Where the sensor is worn: on the moving leg, where legs take turns."""
    segment = exercise.primary[0]
    return f"thigh_{scenario.side}" if segment == "thigh" else segment


def _render(
    scenario: Scenario, placements: Sequence[str], variation: Variation, seed: int
) -> Rendering:
    worn = variation.worn
    return render(
        scenario,
        placements,
        rate_hz=worn.rate_hz,
        seed=seed,
        setup=worn.setup,
        gyroscope=worn.gyroscope,
        loss=worn.loss,
        acc_range_g=worn.acc_range_g,
        gyr_range_dps=worn.gyr_range_dps,
        internal_hz=INTERNAL_HZ,
    )


def _sensors(rendering: Rendering) -> dict[Placement, list[SampleBlock]]:
    return {
        Placement(name): blocks_of(Placement(name), data)
        for name, data in rendering.sensors.items()
    }


def _as_one(sets: Sequence[TrueSet]) -> TrueSet:
    """Parts of a set that something came between are one set."""
    return TrueSet(
        sets[0].exercise,
        sets[0].side,
        sets[0].start_s,
        sets[-1].end_s,
        [x for s in sets for x in s.repetitions],
        [x for s in sets for x in s.holds],
        [x for s in sets for x in s.breaths],
        [x for s in sets for x in s.steps],
        [x for s in sets for x in s.guided],
    )


def _guided(case: Case, exercise: Exercise, scenario: Scenario) -> Score:
    """Paced by the hub: as many holds as were paced, all of them the person's word, none seen."""
    rendering = _render(scenario, ("belly",), VARIATIONS[0], case.seed)
    worn = [Placement.BELLY] if Placement.BELLY in exercise.placements else []
    unpaced = SetAnalyzer(exercise, side=Side.NONE, placements=worn).finish()
    if worn:
        unpaced = analyze_blocks(_sensors(rendering), exercise).outcome
    paced = SetAnalyzer(exercise, side=Side.NONE, placements=worn)
    length_s = exercise.dose.repetitions * 2.0 * exercise.dose.hold_s
    paced.pace(start_s=4.0, now_s=4.0 + length_s)
    outcome = paced.finish()
    kept = [h for h in outcome.holds if h.evidence is Evidence.GUIDED]
    seen = _counted(unpaced) + _counted(outcome) - len(kept)
    return Score(
        exercise=case.exercise,
        variation=case.name,
        seed=case.seed,
        kind=GUIDED,
        wanted=exercise.dose.repetitions,
        got=len(kept),
        false=seen,
        kinds_right=True,
        seconds=rendering.duration_s,
    )


def _idle(case: Case) -> list[FalseAlarm]:
    """One activity, analysed as every exercise that counts: nothing may be found."""
    act = Act(case.name, ACTIVITY_S, "right", stride_hz=0.9, slip_rad=0.0)
    scenario = Scenario(case.name, case.name, "standing", "right", 4.0, 2.0, (act, Rest(1.0)))
    rendering = _render(scenario, ("thigh_right", "pelvis"), VARIATIONS[0], case.seed)
    sensors = _sensors(rendering)
    found = []
    for name, exercise in sorted(load_library().items()):
        if case.name in _LOWERS and _out_of_standing(exercise):
            continue
        if not exercise.primary or exercise.primary[0] == "belly":
            continue  # whoever lies or walks does breathe
        placement = Placement.PELVIS if exercise.primary[0] == "pelvis" else Placement.THIGH_RIGHT
        outcome = analyze_blocks({placement: sensors[placement]}, exercise).outcome
        found.append(score_false(name, case.name, case.seed, outcome, rendering.duration_s))
    return found


def _out_of_standing(exercise: Exercise) -> bool:
    return exercise.id == "sit_to_stand" or (
        exercise.posture is Posture.STANDING and exercise.detector == REPETITION
    )


def _counted(outcome: SetOutcome) -> int:
    return len(outcome.repetitions) + len(outcome.holds) + len(outcome.steps)
