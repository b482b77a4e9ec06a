"""A simulated person with sensors, played through the motion stage: what the detectors see."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import numpy as np

from firmware_sim.fields import Fields
from firmware_sim.person import SensorSetup
from firmware_sim.render import SensorData, render
from firmware_sim.scenario.loader import parse_scenario
from firmware_sim.scenario.truth import TrueHold, TrueRepetition, TrueStep, Truth
from sensorhub.exercises.definition import find_exercise
from sensorhub.exercises.engine import SetAnalyzer
from sensorhub.model.live import LiveEvent, LiveState
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import Gap, SampleBlock
from sensorhub.motion.tracker import MotionTracker


@dataclass(frozen=True)
class Seen:
    """One set as judged, as heard live, and as it really was."""

    outcome: SetOutcome
    state: LiveState
    events: tuple[LiveEvent, ...]
    truth: Truth

    @property
    def full(self) -> int:
        return self.outcome.full_repetitions

    @property
    def partial(self) -> int:
        return len(self.outcome.repetitions) - self.full

    @property
    def true_repetitions(self) -> list[TrueRepetition]:
        return [r for done in self.truth.sets for r in done.repetitions]

    @property
    def true_holds(self) -> list[TrueHold]:
        return [h for done in self.truth.sets for h in done.holds]

    @property
    def true_steps(self) -> list[TrueStep]:
        return [s for done in self.truth.sets for s in done.steps]


def watch(
    exercise: str,
    scenario: str,
    *,
    side: Side = Side.RIGHT,
    placements: Sequence[str] = ("thigh_right",),
    rate_hz: float = 100.0,
    seed: int = 0,
    part: str = "bmi270",
    mount: str = "random",
    gyroscope: bool = True,
    loss: float = 0.0,
    slip: tuple[float, float] = (0.0, 0.0),
) -> Seen:
    """Plays ``scenario`` (the text of a TOML) and analyses it as ``exercise``."""
    motion, truth = motion_of(
        scenario, tuple(placements), rate_hz, seed, part, mount, gyroscope, loss, slip
    )
    analyzer = SetAnalyzer(
        find_exercise(exercise), side=side, placements=[Placement(p) for p in placements]
    )
    events = [event for block in motion for event in analyzer.push(block)]
    return Seen(analyzer.finish(), analyzer.state(), tuple(events), truth)


@cache
def motion_of(
    scenario: str,
    placements: tuple[str, ...] = ("thigh_right",),
    rate_hz: float = 100.0,
    seed: int = 0,
    part: str = "bmi270",
    mount: str = "random",
    gyroscope: bool = True,
    loss: float = 0.0,
    slip: tuple[float, float] = (0.0, 0.0),
) -> tuple[tuple[MotionBlock, ...], Truth]:
    """The ticks of every sensor while somebody plays ``scenario``, and what really happened."""
    played = parse_scenario(Fields(tomllib.loads(scenario), "scenario"), "scenario")
    rendering = render(
        played,
        placements,
        rate_hz=rate_hz,
        seed=seed,
        setup=SensorSetup(part=part, mount=mount, slip_s=slip[0], slip_deg=slip[1]),
        gyroscope=gyroscope,
        loss=loss,
    )
    motion: list[MotionBlock] = []
    for name, data in rendering.sensors.items():
        tracker = MotionTracker(Placement(name))
        motion += [tracker.push(block) for block in sample_blocks(Placement(name), data)]
        motion.append(tracker.flush())
    return tuple(motion), rendering.truth


def sample_blocks(placement: Placement, data: SensorData) -> list[SampleBlock]:
    """A rendered sensor's samples as blocks, with its lost blocks as gaps."""
    period_s = float(np.median(np.diff(data.time_s)))
    index = np.round(data.time_s / period_s)
    bounds = [0, *(np.flatnonzero(np.diff(index) > 1) + 1).tolist(), len(index)]
    blocks: list[SampleBlock] = []
    for first, stop in pairwise(bounds):
        start_s = float(data.time_s[first])
        gap = Gap(placement, blocks[-1].end_s, start_s) if blocks else None
        acc = np.ascontiguousarray(data.acc_mps2[first:stop])
        gyr = None if data.gyr_radps is None else np.ascontiguousarray(data.gyr_radps[first:stop])
        blocks.append(SampleBlock(placement, start_s, period_s, acc, gyr, gap))
    return blocks


def split(block: SampleBlock, sizes: Sequence[int]) -> list[SampleBlock]:
    """The same samples in smaller blocks of these sizes, round and round."""
    parts, first, k = [], 0, 0
    while first < len(block):
        stop = min(len(block), first + sizes[k % len(sizes)])
        parts.append(
            replace(
                block,
                start_s=block.start_s + first * block.period_s,
                acc_mps2=block.acc_mps2[first:stop],
                gyr_radps=None if block.gyr_radps is None else block.gyr_radps[first:stop],
                gap_before=block.gap_before if first == 0 else None,
            )
        )
        first, k = stop, k + 1
    return parts


def doing(movement: str, **options: object) -> str:
    """A scenario of one set: the movement and its options as TOML."""
    lines = "\n".join(f"{key} = {_toml(value)}" for key, value in options.items())
    return f'[[step]]\nmovement = "{movement}"\n{lines}\n'


def busy(activity: str, duration_s: float) -> str:
    """A scenario step that is no exercise."""
    return f'[[step]]\nactivity = "{activity}"\nduration_s = {duration_s}\n'


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).replace("'", '"')
