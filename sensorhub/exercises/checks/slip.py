"""Did the sensor slip? The pose every repetition starts from has turned, in the sensor's own frame.

People start each repetition a little differently (median 8 degrees), so only a step counts that is
much larger than their own scatter before and after it, and that stays. A slip turns the whole
sensor: the axis that the repetitions turn about must have turned as well, by the same turn, which
tells a slipped strap from a person who has moved to another start pose.
"""

import math
from collections.abc import Sequence

import numpy as np

from sensorhub.exercises.measures.motion import SegmentMotion, angle_rad
from sensorhub.model.events import FloatArray
from sensorhub.model.outcomes import Repetition, RepetitionKind

LEAST_EACH = 3
STEP_RAD = math.radians(18.0)
"""The sensor's turn, of pose and axis together."""
SCATTERS = 3.0
"""The step is this many times the scatter around the poses before and after it."""
SAME_TURN_RAD = math.radians(15.0)
"""Pose and axis keep their angle to each other when both are turned alike."""
HINGE = 0.8
"""An axis means something where this share of all turning is about it."""


def slipped_at_s(motion: SegmentMotion, repetitions: Sequence[Repetition]) -> float | None:
    """When the sensor slipped: before the repetition that begins then; None: it did not."""
    full = [one for one in repetitions if one.kind is RepetitionKind.FULL]
    if len(full) < 2 * LEAST_EACH:
        return None
    starts_s, frames = _frames(motion, full)
    if len(frames) < 2 * LEAST_EACH:
        return None
    if _within_half_a_step(frames):
        return None
    sums = np.cumsum(frames, axis=0)  # as good as means: only directions matter
    best: tuple[float, float] | None = None
    for k in range(LEAST_EACH, len(frames) - LEAST_EACH + 1):
        poses = sums[k - 1], sums[-1] - sums[k - 1]
        step_rad = _step_rad(frames[:k], frames[k:], poses)
        if step_rad is not None and (best is None or step_rad > best[0]):
            best = step_rad, starts_s[k]
    return None if best is None else best[1]


def _within_half_a_step(frames: FloatArray) -> bool:
    """Whether no two groups of frames, shape (k, 2, 3), can be a step apart."""
    middle = frames.sum(axis=0)
    middle /= np.sqrt((middle * middle).sum(axis=1))[:, None]
    return bool(((frames * middle).sum(axis=2) > math.cos(0.5 * STEP_RAD)).all())


def _frames(
    motion: SegmentMotion, repetitions: Sequence[Repetition]
) -> tuple[list[float], FloatArray]:
    """When repetitions began; start pose and axis of turning, sensor frame, shape (m, 2, 3).

    Those are left out that turn about no one axis.
    """
    every = motion.parts([r.start_s for r in repetitions], [r.end_s for r in repetitions])
    parts = [
        (one, p)
        for one, p in zip(repetitions, every, strict=True)
        if p.stop - p.start >= 5 and motion.is_whole(p)
    ]
    values, vectors = np.linalg.eigh(motion.moments([part for _, part in parts]))
    hinged = values[:, 2] >= HINGE * values.sum(axis=1)
    chosen = [one for (one, _), is_hinged in zip(parts, hinged.tolist(), strict=True) if is_hinged]
    starts_s, axes = [one.start_s for one in chosen], vectors[hinged, :, 2]
    starts, peaks = (
        motion.at_each(np.array(times_s)) for times_s in (starts_s, [one.peak_s for one in chosen])
    )
    # Raising turns about the axis in the right way.
    turned = np.concatenate([np.zeros((1, 3)), np.cumsum(motion.rate_radps, axis=0)])
    raised = turned[peaks + 1] - turned[starts]
    axes[(raised * axes).sum(axis=1) < 0.0] *= -1.0
    return starts_s, np.stack([motion.path.up[starts], axes], axis=1)


def _step_rad(
    before: FloatArray, after: FloatArray, poses: tuple[FloatArray, FloatArray]
) -> float | None:
    """The turn between two groups of frames, shape (k, 2, 3), where it is a step; else None.

    Args:
        poses: the direction of each group's mean, shape (2, 3).
    """
    step_rad = max(angle_rad(poses[0][row], poses[1][row]) for row in (0, 1))
    if step_rad < STEP_RAD:
        return None
    between = [angle_rad(pose[0], pose[1]) for pose in poses]
    if abs(between[0] - between[1]) > SAME_TURN_RAD:
        return None
    scatter_rad = max(
        float(np.median([angle_rad(frame[row], pose[row]) for frame in group]))
        for group, pose in zip((before, after), poses, strict=True)
        for row in (0, 1)
    )
    return step_rad if step_rad > SCATTERS * scatter_rad else None
