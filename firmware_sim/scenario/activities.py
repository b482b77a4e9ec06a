"""What a person does besides exercising. Nothing of it may be counted."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from firmware_sim.body.overlays import Gait, Oscillation, heel_strikes
from firmware_sim.body.rotations import Array
from firmware_sim.body.skeleton import CHANNELS, Channel
from firmware_sim.scenario.loader import Act
from firmware_sim.scenario.plan import Plan
from firmware_sim.scenario.sets import cough
from firmware_sim.scenario.truth import Activity

_STEP_M = 1.15  # metres a stride (two steps) at an old person's indoor pace


def act(plan: Plan, step: Act) -> Iterator[None]:
    """Plans one activity; yields whenever something more is planned."""
    start = plan.now_s
    yield from _ACTIVITIES[step.activity](plan, step)
    plan.truth.activities.append(Activity(step.activity, start, plan.now_s))
    yield


def _walk(plan: Plan, step: Act) -> Iterator[None]:
    plan.go("standing", step.side)
    left = step.duration_s
    while left > 0.4:
        leg = min(left, plan.rng.uniform(4.0, 8.0))
        walk(plan, leg, stride_hz=step.stride_hz)
        left -= leg
        yield


def walk(plan: Plan, seconds: float, *, stride_hz: float) -> None:
    """Walks straight on and turns during the last quarter."""
    start = plan.now_s
    gait = Gait(
        start_s=start,
        end_s=start + seconds,
        stride_hz=stride_hz * plan.rng.uniform(0.95, 1.05),
        swing_rad=math.radians(22.0) * plan.rng.uniform(0.85, 1.15),
        phase_rad=plan.rng.choice([0.5, 1.5]) * math.pi,
    )
    plan.main.lay(gait)
    for jolt in heel_strikes(gait, strength_mps2=plan.traits.heel_strike_mps2, rng=plan.rng):
        plan.main.lay(jolt)
    plan.travel(0.75 * seconds * stride_hz * _STEP_M, 0.0, 0.75 * seconds)
    plan.turn(plan.rng.choice([-1.0, 1.0]) * plan.rng.uniform(0.5, math.pi), 0.25 * seconds)
    plan.main.stay_until(start + seconds)


def _fetch_chair(plan: Plan, step: Act) -> Iterator[None]:
    before = plan.posture
    plan.go("standing", step.side)
    third = max(3.0, (step.duration_s - 4.0) / 2.0)
    walk(plan, third, stride_hz=step.stride_hz)
    yield
    _bend(plan, hold_s=0.6)
    yield
    walk(plan, third, stride_hz=0.85 * step.stride_hz)
    yield
    _bend(plan, hold_s=0.4)
    plan.go(before.name, before.side or step.side)
    yield


def _pick_up(plan: Plan, step: Act) -> Iterator[None]:
    plan.go("standing", step.side)
    end = plan.now_s + step.duration_s
    while plan.now_s < end:
        _bend(plan, hold_s=plan.rng.uniform(0.3, 1.5))
        plan.stay(plan.rng.uniform(0.5, 3.0))
        yield


def _bend(plan: Plan, *, hold_s: float) -> None:
    change = np.zeros(CHANNELS)
    change[Channel.TILT] = -math.radians(plan.rng.uniform(30, 50))
    change[Channel.TRUNK_FLEXION] = math.radians(35.0)
    for hip in (Channel.RIGHT_FLEXION, Channel.LEFT_FLEXION):
        change[hip] = math.radians(plan.rng.uniform(50, 85))
    change[Channel.Z] = -0.12
    plan.move(change, plan.rng.uniform(1.1, 1.7))
    plan.stay(hold_s)
    plan.move(np.zeros(CHANNELS), plan.rng.uniform(1.1, 1.7))


def _sit_down_and_stand_up(plan: Plan, step: Act) -> Iterator[None]:
    end = plan.now_s + step.duration_s
    while plan.now_s < end:
        plan.go("sitting", step.side)
        plan.stay(plan.rng.uniform(2.0, 5.0))
        yield
        plan.go("standing", step.side)
        plan.stay(plan.rng.uniform(1.0, 3.0))
        yield


def _roll_over(plan: Plan, step: Act) -> Iterator[None]:
    end = plan.now_s + step.duration_s
    sides = ("right", "left")
    turn = 0
    while True:
        plan.go("side_lying", sides[turn % 2])
        plan.stay(plan.rng.uniform(1.0, 3.0))
        yield
        plan.go("supine", step.side)
        plan.stay(plan.rng.uniform(1.0, 3.0))
        yield
        turn += 1
        if plan.now_s >= end:
            return


def _scratch(plan: Plan, step: Act) -> Iterator[None]:
    change = np.zeros(CHANNELS)
    change[Channel.RIGHT_FLEXION] = math.radians(plan.rng.uniform(8, 18))
    change[Channel.TRUNK_FLEXION] = math.radians(12.0)
    change[Channel.TILT] = -math.radians(5.0)
    plan.move(change, 0.9, side=step.side)
    _rhythm(plan, step.side, step.duration_s, hz=3.6, amplitude_rad=math.radians(1.2))
    placement = f"thigh_{step.side}"
    plan.shake_sensor(placement, step.duration_s, amplitude_rad=math.radians(2.5))
    plan.stay(step.duration_s)
    plan.move(np.zeros(CHANNELS), 0.9, side=step.side)
    yield


def _adjust_strap(plan: Plan, step: Act) -> Iterator[None]:
    placement = f"thigh_{step.side}"
    start = plan.now_s
    plan.shake_sensor(placement, step.duration_s, amplitude_rad=math.radians(12.0))
    _rhythm(plan, step.side, step.duration_s, hz=1.4, amplitude_rad=math.radians(1.5))
    if step.slip_rad:
        track = plan.slip(placement)
        track.stay_until(start + 0.3 * step.duration_s)
        around = track.values + np.array([0.0, step.slip_rad, 0.0])  # round the leg
        track.ramp(around, 0.4 * step.duration_s)
    plan.stay(step.duration_s)
    yield


def _fidget(plan: Plan, step: Act) -> Iterator[None]:
    end = plan.now_s + step.duration_s
    while plan.now_s < end:
        change = np.zeros(CHANNELS)
        joints = slice(Channel.TILT, Channel.LEFT_ROTATION + 1)
        size = math.radians(plan.rng.uniform(2.0, 9.0))
        change[joints] = size * np.clip(plan.rng.standard_normal(9), -1.5, 1.5)
        plan.move(change, plan.rng.uniform(0.4, 1.5), side=step.side)
        plan.stay(plan.rng.uniform(0.2, 2.0))
        if plan.rng.uniform() < 0.5:
            plan.move(np.zeros(CHANNELS), plan.rng.uniform(0.5, 1.5), side=step.side)
            plan.stay(plan.rng.uniform(0.3, 3.0))
        yield
    plan.move(np.zeros(CHANNELS), 0.9, side=step.side)
    yield


def _cough(plan: Plan, step: Act) -> Iterator[None]:
    end = plan.now_s + step.duration_s
    while plan.now_s < end:
        cough(plan)
        plan.stay(plan.rng.uniform(1.0, 4.0))
        yield


def _shift_weight(plan: Plan, step: Act) -> Iterator[None]:
    end = plan.now_s + step.duration_s
    sign = 1.0
    while plan.now_s < end:
        change = np.zeros(CHANNELS)
        tilt = sign * math.radians(plan.rng.uniform(2.0, 5.0))
        change[Channel.LIST], change[Channel.Y] = tilt, -0.5 * tilt
        change[Channel.RIGHT_ADDUCTION] = -tilt
        change[Channel.LEFT_ADDUCTION] = tilt
        plan.move(change, plan.rng.uniform(0.7, 1.4))
        plan.stay(plan.rng.uniform(1.0, 4.0))
        sign = -sign
        yield
    plan.move(np.zeros(CHANNELS), 1.0)
    yield


def _rhythm(plan: Plan, side: str, seconds: float, *, hz: float, amplitude_rad: float) -> None:
    flexion = Channel.LEFT_FLEXION if side == "left" else Channel.RIGHT_FLEXION
    frequencies: Array = hz * np.array([[0.85], [1.0], [1.2]])
    phases = plan.rng.uniform(0.0, 2.0 * math.pi, (3, 1))
    start, size = plan.now_s, np.array([[amplitude_rad]])
    plan.main.lay(Oscillation(start, start + seconds, (flexion,), size, frequencies, phases))


_ACTIVITIES: dict[str, Callable[[Plan, Act], Iterator[None]]] = {
    "walk": _walk,
    "fetch_chair": _fetch_chair,
    "sit_down_and_stand_up": _sit_down_and_stand_up,
    "roll_over": _roll_over,
    "scratch": _scratch,
    "adjust_strap": _adjust_strap,
    "fidget": _fidget,
    "cough": _cough,
    "pick_up": _pick_up,
    "shift_weight": _shift_weight,
}
