"""Measuring what was planned: range of motion, peaks and holds of the body itself."""

import math
from collections.abc import Sequence

import numpy as np

from firmware_sim.body.rotations import Array
from firmware_sim.scenario.loader import Perform
from firmware_sim.scenario.plan import STILL_RADPS, Plan, angles_between
from firmware_sim.scenario.truth import TrueHold, TrueRepetition

REST_POSE_SHARE = 0.1
"""A segment that has turned by less than this share of its range has not left its rest pose."""


def true_repetition(
    plan: Plan,
    step: Perform,
    region: tuple[float, float],
    *,
    side: str,
    kind: str,
    phase: str,
    ways: Sequence[tuple[float, float]] = (),
) -> TrueRepetition:
    """What is true about a repetition planned in ``region``, seen by the moving segment.

    Args:
        ways: when each way of it begins and ends, in order, in world seconds. Ways at either end
            that the moving segment hardly takes part in, as the trunk's leaning forward on the
            chair, are no part of the repetition.
    """
    leg = side if side in ("right", "left") else step.side
    times, up = _up_path(plan, step, region, leg)
    away = angles_between(up, up[:, 0])
    rom = float(away.max())
    if step.movement.signal == "pelvis":
        # it swings to both sides of the start: the whole range counts
        coarse = up[:, ::8]
        rom = max(float(angles_between(up, column).max()) for column in coarse.T)
    top = _around_peak(away, 0.97)
    dt = float(times[1] - times[0])
    still = _speed(up, dt) < STILL_RADPS
    paused = step.top_pause_s > 0.0
    near = _around_peak(away, 0.85)
    start_s, end_s = _out_of_rest(times, up, region, ways)
    return TrueRepetition(
        start_s=start_s,
        peak_s=float(0.5 * (times[top.start] + times[top.stop - 1])),
        end_s=end_s,
        rom_rad=rom,
        hold_s=float(still[near].sum() * dt) if paused else 0.0,
        kind=kind,
        side=set_side(step) if step.movement.sides != "each" else side,
        phase=phase,
    )


def true_hold(
    plan: Plan,
    step: Perform,
    region: tuple[float, float],
    *,
    side: str,
    pose: tuple[float, float],
) -> TrueHold:
    """What is true about a hold planned in ``region`` whose pose stands during ``pose``."""
    times, up = _up_path(plan, step, region, side)
    dt = float(times[1] - times[0])
    away = angles_between(up, up[:, 0])
    held = away[int((0.5 * (pose[0] + pose[1]) - region[0]) / dt)] if step.hold_s else away.max()
    inside = np.searchsorted(times, pose)
    final = up[:, min(int(inside[0]), up.shape[1] - 1)]
    # a sagging hold moves away from where it began: still counts, an interruption does not
    sagged = step.sag_radps * np.clip(times - pose[0], 0.0, step.hold_s)
    limit = max(math.radians(5.0), 0.25 * float(away.max())) + sagged
    good = (_speed(up, dt) < STILL_RADPS) & (angles_between(up, final) < limit)
    # a stop at a way point is on the way, however near the pose it is
    before, after = np.flatnonzero(~good[: inside[0]]), np.flatnonzero(~good[inside[1] :])
    good[: before[-1] if before.size else 0] = False
    good[inside[1] + after[0] if after.size else good.size :] = False
    marks = np.flatnonzero(good)
    return TrueHold(
        start_s=float(times[marks[0]]),
        end_s=float(times[marks[-1]]) + dt,
        held_s=float(good.sum() * dt),
        angle_rad=float(held),
        side=side if step.movement.sides == "each" else set_side(step),
        pose_start_s=pose[0],
        pose_end_s=pose[1],
    )


def _out_of_rest(
    times: Array, up: Array, region: tuple[float, float], ways: Sequence[tuple[float, float]]
) -> tuple[float, float]:
    """``region`` without the ways at its ends during which the segment stays in its rest pose."""
    start_s, end_s = region
    gone, left = angles_between(up, up[:, 0]), angles_between(up, up[:, -1])
    for _, way_end_s in ways:
        part = gone[times <= way_end_s]
        if part.size and part.max() >= REST_POSE_SHARE * gone.max():
            break
        start_s = way_end_s
    for way_start_s, _ in reversed(ways):
        part = left[times >= way_start_s]
        if part.size and part.max() >= REST_POSE_SHARE * left.max():
            break
        end_s = way_start_s
    # nothing but rest: a repetition of which the segment sees nothing keeps its planned times
    return (start_s, end_s) if start_s < end_s else region


def _up_path(
    plan: Plan, step: Perform, region: tuple[float, float], side: str
) -> tuple[Array, Array]:
    signal = step.movement.signal
    placement = f"thigh_{side}" if signal == "thigh" else signal
    # tremor is laid over the plan and no part of it; a cycle consists of nothing else
    return plan.up_path(*region, placement=placement, overlays=step.movement.kind == "cycle")


def _speed(up: Array, dt: float) -> Array:
    """How fast the vertical moves through the segment, rad/s, shape (n,)."""
    return np.asarray(np.linalg.norm(np.gradient(up, dt, axis=1), axis=0))


def _around_peak(away: Array, share: float) -> slice:
    peak = int(away.argmax())
    below = np.flatnonzero(away < share * away[peak])
    low = below[below < peak]
    high = below[below > peak]
    return slice(int(low[-1]) + 1 if low.size else 0, int(high[0]) if high.size else away.size)


def set_side(step: Perform) -> str:
    """The side a set is done on: left, right, both or none."""
    if step.movement.sides == "each":
        return "both" if step.alternate else step.side
    return step.movement.sides
