"""How each kind of movement is done, a repetition at a time."""

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from firmware_sim.body.overlays import Jolt, Oscillation, cycles, tremor
from firmware_sim.body.rotations import Array
from firmware_sim.body.skeleton import ANGLES, CHANNELS, Channel
from firmware_sim.scenario.loader import Perform
from firmware_sim.scenario.measure import set_side, true_hold, true_repetition
from firmware_sim.scenario.plan import Plan
from firmware_sim.scenario.truth import Guided, TrueBreath, TrueSet, TrueStep

_HIPS = ((Channel.RIGHT_FLEXION, 0), (Channel.LEFT_FLEXION, 1))


def perform(plan: Plan, step: Perform) -> Iterator[None]:
    """Plans one set, a repetition at a time: yields whenever something more is planned."""
    plan.go(step.movement.posture, step.side)
    if step.movement.kind == "breath":
        # the exercise begins with a whole breath, after the quiet one under way
        plan.breathe_until(plan.now_s)
        plan.main.stay_until(plan.breath.end_s)
    record = TrueSet(step.movement.exercise, set_side(step), plan.now_s)
    plan.truth.sets.append(record)
    if step.movement.kind != "breath":
        plan.stay(step.settle_s)
    yield from _KINDS[step.movement.kind](plan, step, record)
    if step.movement.kind != "breath":
        plan.stay(step.settle_s)
    record.end_s = plan.now_s
    yield


def _repetitions(plan: Plan, step: Perform, record: TrueSet) -> Iterator[None]:
    for number in range(1, step.reps + 1):
        side = _rep_side(step, number)
        partial = number in step.partial
        scale = _around(plan, step.amplitude, plan.traits.amplitude_cv)
        tempo = _around(plan, step.tempo_s, plan.traits.tempo_cv)
        if partial:
            scale, tempo = scale * step.partial_amplitude, tempo * 0.85
        start = plan.now_s
        _shake(plan, step, side)
        ways = _through_the_ways(plan, step, number, scale=scale, tempo_s=tempo, side=side)
        end = plan.now_s
        _roughen(plan, step, (start, end), side=side, size=scale)
        omitted = number in step.omit
        record.repetitions.append(
            true_repetition(
                plan,
                step,
                (start, end),
                ways=ways,
                side=side,
                kind="partial" if partial or omitted else "full",
                phase=step.omit_way if omitted else "",
            )
        )
        if step.bounce_bottom:
            change = step.movement.ways[0].change * (scale * step.bounce_bottom)
            plan.move(change, 0.2 * tempo, side=side)
            plan.move(np.zeros(CHANNELS), 0.2 * tempo, side=side)
        if number in step.cough_at:
            cough(plan)
        if number < step.reps:
            plan.stay(plan.rng.uniform(*step.rest_s))
        yield


def _through_the_ways(
    plan: Plan, step: Perform, number: int, *, scale: float, tempo_s: float, side: str
) -> list[tuple[float, float]]:
    """Plans one repetition; returns when each of its ways began and ended, the way back too."""
    move = step.movement
    bounds: list[tuple[float, float]] = []
    peak = max(range(len(move.ways)), key=lambda i: _size(move.ways[i].change))
    for index, point in enumerate(move.ways):
        if number in step.omit and point.name == step.omit_way:
            continue
        change = _with_leaks(plan, point.change * scale)
        seconds = tempo_s * point.share
        begin = plan.now_s
        if index == 0 and number in step.pause_at:
            plan.move(0.5 * change, 0.6 * seconds, side=side)
            plan.stay(step.pause_s)
            seconds *= 0.6
        plan.move(change, seconds, side=side)
        bounds.append((begin, plan.now_s))
        if index == peak:
            if step.bounce_top:
                plan.move((1.0 - step.bounce_top) * change, 0.2 * tempo_s, side=side)
                plan.move(change, 0.2 * tempo_s, side=side)
            plan.stay(step.top_pause_s)
        _land(plan, side, point.landing, share=0.6)
    scatter = plan.traits.return_scatter_rad * plan.rng.standard_normal()
    direction = move.ways[0].change
    # the pose one comes back to is never quite the one one left
    plan.offset = plan.turned(direction * (scatter / max(_size(direction), 1e-6)), side=side)
    plan.offset[Channel.X : Channel.HEADING] = 0.0
    begin = plan.now_s
    plan.move(np.zeros(CHANNELS), tempo_s * move.back_share, side=side)
    bounds.append((begin, plan.now_s))
    _land(plan, side, move.back_landing, share=0.6)
    return bounds


def _holds(plan: Plan, step: Perform, record: TrueSet) -> Iterator[None]:
    for number in range(1, step.reps + 1):
        side = _rep_side(step, number)
        scale = _around(plan, step.amplitude, plan.traits.amplitude_cv)
        begin = plan.now_s
        final = np.zeros(CHANNELS)
        for point in step.movement.ways:
            final = _with_leaks(plan, point.change * scale)
            plan.move(final, step.ramp_s * point.share, side=side)
        pose_start = plan.now_s
        _shake(plan, step, side, seconds=step.hold_s)
        _hold_pose(plan, step, final, side=side)
        pose_end = plan.now_s
        for point in reversed(step.movement.ways[:-1]):
            plan.move(point.change * scale, step.ramp_s * point.share * 0.8, side=side)
        plan.move(np.zeros(CHANNELS), step.ramp_s * step.movement.ways[-1].share, side=side)
        record.holds.append(
            true_hold(plan, step, (begin, plan.now_s), side=side, pose=(pose_start, pose_end))
        )
        if number < step.reps:
            plan.stay(plan.rng.uniform(*step.rest_s))
        yield


def _hold_pose(plan: Plan, step: Perform, pose: Array, *, side: str) -> None:
    """Holds ``pose`` for ``hold_s`` with its sag and dips."""
    start, end = plan.now_s, plan.now_s + step.hold_s
    size = max(_size(pose), 1e-6)

    def sagged(time_s: float) -> Array:
        lost = min(step.sag_radps * (time_s - start) / size, 0.9)
        return np.asarray(pose * (1.0 - lost))

    def keep(until_s: float) -> None:
        seconds = until_s - plan.now_s
        if step.sag_radps and seconds > 0.05:
            plan.move(sagged(until_s), seconds, side=side)
        else:
            plan.main.stay_until(until_s)

    for dip in sorted(step.dips, key=lambda d: d.at_s):
        if not plan.now_s <= start + dip.at_s < end - dip.duration_s:
            continue
        keep(start + dip.at_s)
        back = sagged(plan.now_s)
        plan.move(back * (1.0 - dip.fraction), 0.4 * dip.duration_s, side=side)
        plan.stay(0.2 * dip.duration_s)
        plan.move(back, 0.4 * dip.duration_s, side=side)
    keep(end)


def _cycles(plan: Plan, step: Perform, record: TrueSet) -> Iterator[None]:
    fade = 0.8
    turns = [_around(plan, step.tempo_s, plan.traits.tempo_cv) for _ in range(step.reps)]
    bounds = plan.now_s + fade + np.concatenate(([0.0], np.cumsum(turns)))
    sign = -1.0 if step.direction in ("ccw", "back") else 1.0
    scale = _around(plan, step.amplitude, plan.traits.amplitude_cv)
    overlay = cycles(
        bounds,
        cosine=plan.turned(step.movement.cosine * scale, side=step.side),
        sine=plan.turned(step.movement.sine * (scale * sign), side=step.side),
        fade_s=fade,
    )
    plan.main.lay(overlay)
    plan.main.stay_until(overlay.end_s)
    for start, end in pairwise(bounds):
        region = (float(start), float(end))
        repetition = true_repetition(
            plan, step, region, side="none", kind="full", phase=step.direction
        )
        record.repetitions.append(repetition)
    yield


def _breaths(plan: Plan, step: Perform, record: TrueSet) -> Iterator[None]:
    move = step.movement
    for number in range(1, step.reps + 1):
        period = _around(plan, step.tempo_s, plan.traits.tempo_cv * 0.6)
        depth = move.depth_rad * _around(plan, step.amplitude, plan.traits.amplitude_cv)
        inhale = (period - step.pause_s) * move.inhale_share
        exhale = period - step.pause_s - inhale
        start = plan.breath.end_s
        plan.one_breath(inhale, exhale, step.pause_s, depth)
        record.breaths.append(TrueBreath(start, plan.breath.end_s, inhale, exhale, depth))
        plan.main.stay_until(plan.breath.end_s)
        if number in step.cough_at:
            cough(plan)
            plan.breathe_until(plan.now_s)
            plan.main.stay_until(plan.breath.end_s)
        yield


def _steps(plan: Plan, step: Perform, record: TrueSet) -> Iterator[None]:
    move = step.movement
    sign = 1.0 if step.side == "right" else -1.0
    mirrored = {"right": "left", "left": "right"}
    for number in range(1, step.reps + 1):
        begin = plan.now_s
        for direction in ["out"] * step.steps_out + ["back"] * step.steps_out:
            out = direction == "out"
            leading = step.side if out else mirrored[step.side]
            start = plan.now_s
            tempo = _around(plan, step.tempo_s, plan.traits.tempo_cv)
            stride = sign * move.stride_m * step.amplitude * (1.0 if out else -1.0)
            opening = _with_leaks(plan, move.opening * step.amplitude)
            plan.step_aside(0.5 * stride)
            plan.move(opening, 0.5 * tempo, side=leading)
            _land(plan, leading, "own", share=0.35)
            plan.step_aside(0.5 * stride)
            plan.move(np.zeros(CHANNELS), 0.5 * tempo, side=leading)
            _land(plan, leading, "other", share=0.35)
            record.steps.append(TrueStep(start, plan.now_s, direction))
            plan.stay(plan.rng.uniform(0.2, 0.7))
        end = record.steps[-1].end_s
        region = (begin, end)
        record.repetitions.append(
            true_repetition(plan, step, region, side=step.side, kind="full", phase="")
        )
        if number < step.reps:
            plan.stay(plan.rng.uniform(*step.rest_s))
        yield


def _guided(plan: Plan, step: Perform, record: TrueSet) -> Iterator[None]:
    for number in range(1, step.reps + 1):
        start = plan.now_s
        plan.move(step.movement.ways[-1].change * step.amplitude, step.ramp_s)
        plan.stay(step.hold_s)
        plan.move(np.zeros(CHANNELS), step.ramp_s)
        record.guided.append(Guided(start, plan.now_s))
        if number < step.reps:
            plan.stay(plan.rng.uniform(*step.rest_s))
        yield


_KINDS = {
    "repetition": _repetitions,
    "hold": _holds,
    "cycle": _cycles,
    "breath": _breaths,
    "steps": _steps,
    "guided": _guided,
}


def cough(plan: Plan) -> None:
    """Two or three coughs: the belly jerks, the pelvis a little."""
    start = plan.now_s + 0.2
    for _ in range(int(plan.rng.integers(2, 4))):
        size = math.radians(plan.rng.uniform(1.5, 4.0))
        plan.main.lay(Jolt(start, Channel.BELLY, -size, frequency_hz=3.0, decay_s=0.12))
        plan.main.lay(Jolt(start, Channel.TILT, 0.2 * size, frequency_hz=3.0, decay_s=0.12))
        start += plan.rng.uniform(0.35, 0.6)
    plan.main.stay_until(start + 0.6)


def _with_leaks(plan: Plan, change: Array) -> Array:
    """The movement as a person does it: a share of it leaks into the hip's other planes."""
    out = change.copy()
    for first, leg in _HIPS:
        hip = change[first : first + 3]
        size = float(np.abs(hip).max())
        if size:
            jitter = 0.3 * plan.rng.standard_normal(3)
            leak = plan.traits.coupling * size * (plan.leak[leg] + jitter)
            leak[np.abs(hip) == size] = 0.0
            out[first : first + 3] += leak
    return out


def _size(change: Array) -> float:
    """The largest angle of a change of pose, rad."""
    return float(np.abs(change[ANGLES]).max())


def _around(plan: Plan, mean: float, cv: float) -> float:
    return mean * float(np.clip(1.0 + cv * plan.rng.standard_normal(), 0.55, 1.6))


def _shake(plan: Plan, step: Perform, side: str, *, seconds: float | None = None) -> None:
    if not step.tremor_rad:
        return
    length = seconds if seconds is not None else step.tempo_s * 1.5 + step.top_pause_s
    right = (Channel.RIGHT_FLEXION, Channel.RIGHT_ADDUCTION)
    left = (Channel.LEFT_FLEXION, Channel.LEFT_ADDUCTION)
    plan.main.lay(
        tremor(
            plan.now_s,
            plan.now_s + max(length, 0.2),
            amplitude_rad=step.tremor_rad,
            frequency_hz=step.tremor_hz,
            channels=left if side == "left" else right,
            rng=plan.rng,
        )
    )


def _roughen(
    plan: Plan, step: Perform, region: tuple[float, float], *, side: str, size: float
) -> None:
    """Muscles pull unevenly: a moving body shakes a little, the more the larger the movement."""
    furthest = max(step.movement.ways, key=lambda w: _size(w.change)).change
    joints = slice(Channel.TILT, Channel.TRUNK_FLEXION + 1)
    reach = np.abs(plan.turned(furthest, side=side)[joints] * size)
    if not plan.traits.roughness or not reach.any():
        return
    channels = tuple(Channel(joints.start + int(i)) for i in np.flatnonzero(reach))
    amplitudes = plan.traits.roughness * math.sqrt(2.0) * reach[reach > 0.0].reshape(-1, 1)
    hz = plan.rng.uniform(2.0, 8.0, (4, 1))
    phases = plan.rng.uniform(0.0, 2.0 * math.pi, (4, 1))
    fade = 0.25 * (region[1] - region[0])
    plan.main.lay(Oscillation(*region, channels, amplitudes, hz, phases, fade))


def _land(plan: Plan, side: str, foot: str, *, share: float) -> None:
    """A foot comes down, with ``share`` of a walking heel strike."""
    if not foot:
        return
    channel = Channel.JOLT_LEFT if (side == "left") == (foot == "own") else Channel.JOLT_RIGHT
    strength = share * plan.traits.heel_strike_mps2 * plan.rng.uniform(0.7, 1.3)
    plan.main.lay(Jolt(plan.now_s, channel, strength))


def _rep_side(step: Perform, number: int) -> str:
    if step.alternate and number % 2 == 0:
        return "left" if step.side == "right" else "right"
    return step.side
