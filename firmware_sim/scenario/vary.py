"""The same scenario done differently: slower, shakier, with partial repetitions or breaks."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from firmware_sim.scenario.loader import Act, Perform, PersonTraits, Rest, Scenario, Step, Take


def each_set(scenario: Scenario, change: Callable[[Perform], Perform]) -> Scenario:
    """The scenario with every set changed, e.g. ``lambda s: replace(s, tempo_s=6.0)``."""
    steps = tuple(change(s) if isinstance(s, Perform) else s for s in scenario.steps)
    return replace(scenario, steps=steps)


def on_side(scenario: Scenario, side: str) -> Scenario:
    """The scenario with ``left`` or ``right`` as the moving side throughout."""

    def turned(step: Step) -> Step:
        if isinstance(step, Perform | Take | Act):
            return replace(step, side=side)
        return step

    return replace(scenario, side=side, steps=tuple(turned(s) for s in scenario.steps))


def with_tempo(scenario: Scenario, tempo_s: float, *, rest_s: tuple[float, float]) -> Scenario:
    """Every repetition takes about ``tempo_s``, with a rest drawn from ``rest_s`` between."""
    return each_set(scenario, lambda s: replace(s, tempo_s=tempo_s, rest_s=rest_s))


def with_amplitude(scenario: Scenario, amplitude: float) -> Scenario:
    """Every movement is ``amplitude`` times as large as the library's."""
    return each_set(scenario, lambda s: replace(s, amplitude=amplitude))


def with_partial(scenario: Scenario, numbers: frozenset[int], *, amplitude: float) -> Scenario:
    """The repetitions ``numbers`` (from 1) go only ``amplitude`` of the way."""
    return each_set(scenario, lambda s: replace(s, partial=numbers, partial_amplitude=amplitude))


def with_tremor(scenario: Scenario, *, degrees: float, frequency_hz: float) -> Scenario:
    """The moving leg shakes."""
    size = float(np.deg2rad(degrees))
    return each_set(scenario, lambda s: replace(s, tremor_rad=size, tremor_hz=frequency_hz))


def with_pauses(scenario: Scenario, numbers: frozenset[int], *, pause_s: float) -> Scenario:
    """The repetitions ``numbers`` stop half way up for ``pause_s``."""
    return each_set(scenario, lambda s: replace(s, pause_at=numbers, pause_s=pause_s))


def with_bounces(scenario: Scenario, *, top: float, bottom: float) -> Scenario:
    """Every repetition bounces: these shares of its size, at the top and after its return."""
    return each_set(scenario, lambda s: replace(s, bounce_top=top, bounce_bottom=bottom))


def with_traits(scenario: Scenario, traits: PersonTraits) -> Scenario:
    """Another person."""
    return replace(scenario, traits=traits)


def facing(scenario: Scenario, heading_rad: float) -> Scenario:
    """The same in a room turned about the vertical."""
    return replace(scenario, traits=replace(scenario.traits, heading_rad=heading_rad))


def with_break(scenario: Scenario, activity: str, *, duration_s: float) -> Scenario:
    """Between the two halves of every set the person does something else."""
    steps: list[Step] = []
    for step in scenario.steps:
        if not isinstance(step, Perform) or step.reps < 2:
            steps.append(step)
            continue
        half = step.reps // 2
        first = replace(step, reps=half)
        rest = replace(
            step,
            reps=step.reps - half,
            partial=frozenset(n - half for n in step.partial if n > half),
            pause_at=frozenset(n - half for n in step.pause_at if n > half),
            omit=frozenset(n - half for n in step.omit if n > half),
        )
        other = Act(activity, duration_s, step.side, stride_hz=0.9, slip_rad=0.0)
        steps += [first, other, Rest(3.0), rest]
    return replace(scenario, steps=tuple(steps))
