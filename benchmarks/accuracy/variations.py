"""What can be different about a person, a sensor or a set: the columns of the accuracy matrix.

Every variation changes one thing against the usual run: a healthy adult of ordinary irregularity,
a BMI270 at 100 samples a second strapped on in a random mounting, soft tissue under it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from firmware_sim.person import SensorSetup
from firmware_sim.scenario.loader import Act, Dip, Perform, Rest, Scenario, Step
from firmware_sim.scenario.vary import each_set, on_side, with_break

REPETITION, HOLD, CYCLE, BREATH, STEPS = "repetition", "hold", "cycle", "breath", "steps"
ALL = frozenset((REPETITION, HOLD, CYCLE, BREATH, STEPS))
MOVED = frozenset((REPETITION, HOLD, CYCLE, STEPS))

Change = Callable[[Scenario], Scenario]


@dataclass(frozen=True, slots=True)
class Worn:
    """The sensor of a run and its link.

    Attributes:
        loss: share of packets of ten samples that never arrive.
    """

    setup: SensorSetup = field(default_factory=SensorSetup)
    rate_hz: float = 100.0
    gyroscope: bool = True
    loss: float = 0.0
    acc_range_g: int = 16
    gyr_range_dps: int = 2000


@dataclass(frozen=True, slots=True)
class Variation:
    """One column.

    Attributes:
        group: whose fault it is: the person, the sensor, or what happens between the sets.
        kinds: the kinds of movement it makes sense for.
    """

    name: str
    title: str
    group: str
    change: Change = lambda scenario: scenario
    worn: Worn = field(default_factory=Worn)
    kinds: frozenset[str] = ALL


def _scaled_tempo(factor: float) -> Change:
    def change(step: Perform) -> Perform:
        low, high = step.rest_s
        return replace(
            step,
            tempo_s=step.tempo_s * factor,
            ramp_s=step.ramp_s * factor,
            rest_s=(low * min(1.0, factor), high * min(1.0, factor)),
        )

    return lambda scenario: each_set(scenario, change)


def _sets(**changes: object) -> Change:
    return lambda scenario: each_set(scenario, lambda s: replace(s, **changes))  # type: ignore[arg-type]


def _person(**changes: float) -> Change:
    return lambda scenario: replace(scenario, traits=replace(scenario.traits, **changes))


def _between(activity: str, seconds: float) -> Change:
    return lambda scenario: with_break(scenario, activity, duration_s=seconds)


def _around(activity: str, seconds: float) -> Change:
    """The activity before the set and after it, in one recording."""

    def change(scenario: Scenario) -> Scenario:
        def other() -> Step:
            return Act(activity, seconds, scenario.side, stride_hz=0.9, slip_rad=0.0)

        return replace(scenario, steps=(other(), Rest(3.0), *scenario.steps, Rest(1.0), other()))

    return change


def _strap_turned(degrees: float) -> Change:
    """Half way through the set the strap is adjusted and sits turned from then on."""

    def change(scenario: Scenario) -> Scenario:
        broken = with_break(scenario, "adjust_strap", duration_s=5.0)
        slip_rad = float(np.deg2rad(degrees))
        steps = tuple(
            replace(s, slip_rad=slip_rad) if isinstance(s, Act) else s for s in broken.steps
        )
        return replace(broken, steps=steps)

    return change


_DEG = float(np.pi / 180.0)

PERSON, SENSOR, BETWEEN = "the person", "the sensor and its link", "besides the exercise"

VARIATIONS: tuple[Variation, ...] = (
    Variation("usual", "the usual run", PERSON),
    Variation("quick", "half the usual time a movement", PERSON, _scaled_tempo(0.5)),
    Variation("slow", "2.5 times the usual time", PERSON, _scaled_tempo(2.5)),
    Variation(
        "breathless",
        "no rest between",
        PERSON,
        _sets(rest_s=(0.0, 0.1)),
        kinds=frozenset((REPETITION,)),
    ),
    Variation("small", "half the usual amplitude", PERSON, _sets(amplitude=0.5)),
    Variation("large", "1.2 times the usual amplitude", PERSON, _sets(amplitude=1.2)),
    Variation(
        "irregular",
        "amplitude varies by 18 %, tempo by 25 %, start pose by 3 degrees, other planes by 15 %",
        PERSON,
        _person(amplitude_cv=0.18, tempo_cv=0.25, coupling=0.15, return_scatter_rad=3.0 * _DEG),
    ),
    Variation(
        "partial",
        "every third repetition goes 40 % of the way",
        PERSON,
        _sets(partial=frozenset((3, 6, 9)), partial_amplitude=0.4),
        kinds=frozenset((REPETITION,)),
    ),
    Variation(
        "paused",
        "stops half way up for 2 s in every third repetition",
        PERSON,
        _sets(pause_at=frozenset((2, 5, 8)), pause_s=2.0),
        kinds=frozenset((REPETITION,)),
    ),
    Variation(
        "bounce_top",
        "bounces by 30 % at the top",
        PERSON,
        _sets(bounce_top=0.3),
        kinds=frozenset((REPETITION,)),
    ),
    Variation(
        "bounce_bottom",
        "bounces by 20 % after the return",
        PERSON,
        _sets(bounce_bottom=0.2),
        kinds=frozenset((REPETITION,)),
    ),
    Variation(
        "tremor",
        "tremor of 2 degrees at 6 Hz",
        PERSON,
        _sets(tremor_rad=2.0 * _DEG, tremor_hz=6.0),
        kinds=frozenset((REPETITION, HOLD)),
    ),
    Variation(
        "strong_tremor",
        "tremor of 4 degrees at 5 Hz",
        PERSON,
        _sets(tremor_rad=4.0 * _DEG, tremor_hz=5.0),
        kinds=frozenset((REPETITION, HOLD)),
    ),
    Variation(
        "sag",
        "the pose sags by 0.4 degrees a second",
        PERSON,
        _sets(sag_radps=0.4 * _DEG),
        kinds=frozenset((HOLD,)),
    ),
    Variation(
        "dip",
        "leaves the pose by 60 % for 1.5 s, half way",
        PERSON,
        _sets(dips=(Dip(9.0, 1.5, 0.6),)),
        kinds=frozenset((HOLD,)),
    ),
    Variation(
        "cough",
        "coughs twice",
        PERSON,
        _sets(cough_at=frozenset((3, 6))),
        kinds=frozenset((REPETITION, BREATH)),
    ),
    Variation(
        "other_side",
        "the other leg, or mirrored",
        PERSON,
        lambda s: on_side(s, "left"),
        kinds=MOVED,
    ),
    Variation(
        "drift",
        "the strap creeps by 15 degrees a minute",
        SENSOR,
        worn=Worn(SensorSetup(drift_deg_per_min=15.0)),
    ),
    Variation(
        "slip",
        "the strap slips by 25 degrees in the set",
        SENSOR,
        worn=Worn(SensorSetup(slip_deg=25.0, slip_s=21.0)),
        kinds=MOVED,
    ),
    Variation(
        "cheap",
        "never calibrated: 45 mg, 2 %, 2 degrees/s (one sigma)",
        SENSOR,
        worn=Worn(SensorSetup(part="cheap")),
    ),
    Variation("loss_2", "2 % of packets lost", SENSOR, worn=Worn(loss=0.02)),
    Variation("loss_10", "10 % of packets lost", SENSOR, worn=Worn(loss=0.10)),
    Variation("rate_25", "25 samples a second", SENSOR, worn=Worn(rate_hz=25.0)),
    Variation(
        "rate_50",
        "50 samples a second, LSM6DSO",
        SENSOR,
        worn=Worn(SensorSetup(part="lsm6dso"), rate_hz=52.0),
    ),
    Variation(
        "rate_200",
        "200 samples a second, ICM-42688-P",
        SENSOR,
        worn=Worn(SensorSetup(part="icm42688p"), rate_hz=200.0),
    ),
    Variation("no_gyroscope", "no gyroscope", SENSOR, worn=Worn(gyroscope=False)),
    Variation(
        "no_gyroscope_25",
        "no gyroscope, 25 samples a second, never calibrated",
        SENSOR,
        worn=Worn(SensorSetup(part="cheap"), rate_hz=25.0, gyroscope=False),
    ),
    Variation(
        "narrow",
        "range of 2 g and 250 degrees/s: fast movements clip",
        SENSOR,
        worn=Worn(acc_range_g=2, gyr_range_dps=250),
    ),
    Variation(
        "walk",
        "walks about for 20 s half way through the set",
        BETWEEN,
        _between("walk", 20.0),
        kinds=MOVED,
    ),
    Variation(
        "fetch_chair",
        "fetches a chair half way through the set",
        BETWEEN,
        _between("fetch_chair", 20.0),
        kinds=MOVED,
    ),
    Variation(
        "strap",
        "adjusts the strap half way; it sits turned by 30 degrees after",
        BETWEEN,
        _strap_turned(30.0),
        kinds=MOVED,
    ),
    Variation(
        "walk_around",
        "walks before the set and after it",
        BETWEEN,
        _around("walk", 15.0),
        kinds=MOVED,
    ),
    Variation(
        "fidget_around",
        "fidgets before the set and after it",
        BETWEEN,
        _around("fidget", 12.0),
        kinds=MOVED,
    ),
)
