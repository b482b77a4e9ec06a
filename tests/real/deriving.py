"""Other people's sets, made of the few there are: slower, smaller, cut, surrounded, spoiled.

Each function takes a ``Take`` and gives one whose truth is known from the first one's. What is
changed is the body's motion, and the samples follow from it: a sensor's specific force is gravity
along "up" plus what the hip's travel and the swing add, which grows with amplitude and with the
square of tempo. All of it happens in the sensor's own frame, where "up" moves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import vqf

from sensorhub.exercises.definition import find_exercise
from sensorhub.exercises.sets.judge import Rules, explain
from sensorhub.exercises.trace.movement import through
from sensorhub.exercises.trace.path import Path, path_of, smooth
from sensorhub.exercises.trace.recorder import TrackRecorder
from sensorhub.model.events import FloatArray
from sensorhub.sessions.stages.analysis import track
from tests.real.takes import WORN, Piece, Take, blocks_of, merged

GRAVITY_MPS2 = 9.80665
TREMBLE_MPS2, TREMBLE_RADPS = 0.04, 0.006
"""Noise of a sensor on a living body at rest."""


@dataclass(frozen=True)
class _Motion:
    """One piece taken apart: "up" (n, 3), what remains of the force, and the rate or None."""

    up: FloatArray
    rest_mps2: FloatArray
    rate: FloatArray | None
    pose: FloatArray | None


def _taken_apart(piece: Piece, period_s: float) -> _Motion:
    if piece.gyr is None:
        slow = smooth(piece.acc, 0.1 / period_s)
        up = slow / np.linalg.norm(slow, axis=1)[:, None]
        return _Motion(up, piece.acc - GRAVITY_MPS2 * up, None, None)
    acc, gyr = np.ascontiguousarray(piece.acc), np.ascontiguousarray(piece.gyr)
    pose = np.asarray(vqf.offlineVQF(gyr, acc, None, period_s)["quat6D"])
    up = _up_of(pose)
    return _Motion(up, acc - GRAVITY_MPS2 * up, gyr, pose)


def stretched(take: Take, factor: float) -> Take:
    """The same movement, ``factor`` times as slow, at the same sampling rate."""
    pieces, origin_s = [], take.pieces[0].start_s
    for p in take.pieces:
        m = _taken_apart(p, take.period_s)
        at = np.arange(0.0, len(p.acc) - 1, 1.0 / factor)
        up = _between(m.up, at)
        up = up / np.linalg.norm(up, axis=1)[:, None]
        acc = GRAVITY_MPS2 * up + _between(m.rest_mps2, at) / factor**2
        gyr = None if m.rate is None else _between(m.rate, at) / factor
        pieces.append(Piece(origin_s + (p.start_s - origin_s) * factor, acc, gyr))
    times = tuple(
        (origin_s + (a - origin_s) * factor, origin_s + (b - origin_s) * factor)
        for a, b in take.times_s
    )
    return replace(take, pieces=tuple(pieces), times_s=times).renamed(f"x{factor:g} slow")


def scaled(take: Take, factor: float) -> Take:
    """The same movement from the same pose, ``factor`` times as large."""
    first_s = take.times_s[0][0]
    pieces = []
    for p in take.pieces:
        m = _taken_apart(p, take.period_s)
        home = max(0, min(len(p.acc) - 1, round((first_s - p.start_s) / take.period_s)))
        if m.pose is None:
            up = _up_scaled(m.up, m.up[home], factor)
            pieces.append(replace(p, acc=GRAVITY_MPS2 * up + factor * m.rest_mps2))
            continue
        turn = _times(_inverse(m.pose[home]), m.pose)
        small = _power(turn, factor)
        pose = _times(m.pose[home], small)
        step = _vector(_times(_inverse(pose[:-1]), pose[1:])) / take.period_s
        gyr = np.concatenate([step, step[-1:]])
        noise = m.rate - smooth(m.rate, 0.05 / take.period_s)  # type: ignore[operator]
        pieces.append(
            Piece(p.start_s, GRAVITY_MPS2 * _up_of(pose) + factor * m.rest_mps2, gyr + noise)
        )
    return replace(take, pieces=tuple(pieces)).renamed(f"x{factor:g} large")


def turned(take: Take, matrix: FloatArray, what: str = "turned") -> Take:
    """The sensor sits otherwise; an improper matrix makes it the other leg, mirrored."""
    sign = float(np.linalg.det(matrix))
    return replace(
        take,
        pieces=tuple(
            Piece(p.start_s, p.acc @ matrix.T, None if p.gyr is None else sign * p.gyr @ matrix.T)
            for p in take.pieces
        ),
    ).renamed(what)


def at_rate(take: Take, rate_hz: float) -> Take:
    """Another sampling rate, averaged as a sensor's filter would."""
    pieces = []
    for p in take.pieces:
        at = np.arange(0.0, len(p.acc) - 1, 1.0 / (rate_hz * take.period_s))
        width = 0.35 / (rate_hz * take.period_s)
        acc = _between(smooth(p.acc, width) if width > 0.4 else p.acc, at)
        gyr = p.gyr
        if gyr is not None:
            gyr = _between(smooth(gyr, width) if width > 0.4 else gyr, at)
        pieces.append(Piece(p.start_s, acc, gyr))
    return replace(take, pieces=tuple(pieces), period_s=1.0 / rate_hz).renamed(f"{rate_hz:g} Hz")


def without_gyroscope(take: Take) -> Take:
    """A cheaper sensor."""
    pieces = tuple(replace(p, gyr=None) for p in take.pieces)
    return replace(take, pieces=pieces).renamed("no gyroscope")


def spoiled(take: Take, rng: np.random.Generator) -> Take:
    """A sensor that was never calibrated: 40 mg, 3 %, 2 degrees a second, and noise."""
    bias, scale = rng.uniform(-0.4, 0.4, 3), 1.0 + rng.uniform(-0.03, 0.03, 3)
    drift = np.radians(rng.uniform(-2.0, 2.0, 3))
    return replace(
        take,
        pieces=tuple(
            Piece(
                p.start_s,
                p.acc * scale + bias + 0.08 * rng.normal(size=p.acc.shape),
                None
                if p.gyr is None
                else p.gyr * scale + drift + 0.01 * rng.normal(size=p.gyr.shape),
            )
            for p in take.pieces
        ),
    ).renamed("spoiled")


def lossy(take: Take, share: float, rng: np.random.Generator, *, block: int = 10) -> Take:
    """Blocks of ten samples that never arrived."""
    pieces = []
    for p in take.pieces:
        starts = range(0, len(p.acc), block)
        kept = [start for start in starts if rng.random() >= share]
        runs: list[list[int]] = []
        for start in kept:
            if runs and start == runs[-1][1]:
                runs[-1][1] = start + block
            else:
                runs.append([start, start + block])
        for first, last in runs:
            gyr = None if p.gyr is None else p.gyr[first:last]
            pieces.append(Piece(p.start_s + first * take.period_s, p.acc[first:last], gyr))
    return replace(take, pieces=tuple(pieces)).renamed(f"{share:.0%} lost")


def with_gap(take: Take, seconds: float, *, after: int) -> Take:
    """A gap in the rest after repetition number ``after``; None of a repetition is lost if the
    rest is long enough, otherwise the recording goes on later."""
    middle_s = 0.5 * (take.times_s[after][1] + take.times_s[after + 1][0])
    before, behind = take.between(-np.inf, middle_s), take.between(middle_s, np.inf)
    pieces = (*before.pieces, *(replace(p, start_s=p.start_s + seconds) for p in behind.pieces))
    times = (*before.times_s, *((a + seconds, b + seconds) for a, b in behind.times_s))
    return replace(take, pieces=pieces, times_s=times).renamed(f"{seconds:g} s gap")


def few(take: Take, first: int, count: int) -> Take:
    """Some repetitions of the set, from the middle of a rest to the middle of another one."""
    last = first + count - 1
    start_s = take.pieces[0].start_s
    if first:
        start_s = max(
            take.times_s[first][0] - 3.0,
            0.5 * (take.times_s[first - 1][1] + take.times_s[first][0]),
        )
    end_s = take.end_s
    if last + 1 < take.count:
        end_s = min(
            take.times_s[last][1] + 3.0, 0.5 * (take.times_s[last][1] + take.times_s[last + 1][0])
        )
    return take.between(start_s, end_s).renamed(f"only {first + 1} to {last + 1}")


def close(take: Take, margin_s: float) -> Take:
    """The recording begins and ends this long before the first and after the last repetition."""
    return take.between(take.times_s[0][0] - margin_s, take.times_s[-1][1] + margin_s).renamed(
        f"cut {margin_s:g} s around"
    )


def still(take: Take, up: FloatArray, seconds: float, rng: np.random.Generator) -> Piece:
    """Rest in a pose."""
    n = max(2, round(seconds / take.period_s))
    sway = smooth(rng.normal(size=(n, 3)), 0.5 / take.period_s) * 0.03
    ups = up + sway
    ups /= np.linalg.norm(ups, axis=1)[:, None]
    gyr = None if take.pieces[0].gyr is None else TREMBLE_RADPS * rng.normal(size=(n, 3))
    return Piece(0.0, GRAVITY_MPS2 * ups + TREMBLE_MPS2 * rng.normal(size=(n, 3)), gyr)


def way(
    take: Take, one: FloatArray, other: FloatArray, seconds: float, rng: np.random.Generator
) -> Piece:
    """From one pose to another on the shortest way, hesitating a little, as people do."""
    n = max(3, round(seconds / take.period_s))
    s = np.linspace(0.0, 1.0, n)
    s = s + 0.06 * np.sin(2.0 * np.pi * (s + rng.random())) * np.sin(np.pi * s) ** 2
    s = s**3 * (10.0 - 15.0 * s + 6.0 * s * s)
    axis = np.cross(one, other)
    length = float(np.linalg.norm(axis))
    angle = float(np.arctan2(length, one @ other))
    axis = axis / length if length > 1e-9 else np.array([1.0, 0.0, 0.0])
    aside = np.cross(axis, one)
    ups = np.cos(angle * s)[:, None] * one + np.sin(angle * s)[:, None] * aside
    # In the sensor, up turns about the axis: the sensor turns the other way.
    rate = -np.gradient(angle * s)[:, None] / take.period_s * axis
    jolt = 0.6 * smooth(rng.normal(size=(n, 3)), 0.08 / take.period_s) * np.sin(np.pi * s)[:, None]
    acc = GRAVITY_MPS2 * ups + 3.0 * jolt + TREMBLE_MPS2 * rng.normal(size=(n, 3))
    gyr = None if take.pieces[0].gyr is None else rate + TREMBLE_RADPS * rng.normal(size=(n, 3))
    return Piece(0.0, acc, gyr)


def joined(take: Take, parts: Sequence[Piece | Take], what: str, rng: np.random.Generator) -> Take:
    """Parts one after the other, a way between the poses at their ends."""
    pieces: list[Piece] = []
    times: list[tuple[float, float]] = []
    now_s = 0.0
    before: FloatArray | None = None
    for part in parts:
        own = part.pieces if isinstance(part, Take) else (part,)
        first_up, last_up = (
            _pose(own[0].acc, take.period_s),
            _pose(own[-1].acc[::-1], take.period_s),
        )
        if before is not None and float(before @ first_up) < np.cos(np.radians(1.0)):
            apart = float(np.degrees(np.arccos(np.clip(before @ first_up, -1.0, 1.0))))
            move = way(
                take, before, first_up, float(rng.uniform(0.8, 1.3)) * (0.8 + apart / 60.0), rng
            )
            pieces.append(replace(move, start_s=now_s))
            now_s += len(move.acc) * take.period_s
        shift_s = now_s - own[0].start_s
        pieces += [replace(p, start_s=p.start_s + shift_s) for p in own]
        if isinstance(part, Take):
            times += [(a + shift_s, b + shift_s) for a, b in part.times_s]
        now_s = pieces[-1].start_s + len(pieces[-1].acc) * take.period_s
        before = last_up
    return replace(
        take, pieces=merged(pieces, take.period_s), times_s=tuple(times), count=len(times)
    ).renamed(what)


def from_elsewhere(take: Take, rng: np.random.Generator, *, along: bool) -> Take:
    """Another pose and the way into the set's before it, and out of it again after."""
    home = _pose(take.pieces[0].acc, take.period_s)
    ways = seen_movement(take)
    parts: list[Piece | Take] = []
    while len(parts) < 4:
        angle = np.radians(rng.uniform(50.0, 110.0))
        aside = rng.normal(size=3)
        if along and ways is not None:
            sign = rng.choice([-1.0, 1.0])
            aside = sign * ways[1] + 0.2 * aside
        aside -= home * float(aside @ home)
        aside /= np.linalg.norm(aside)
        pose = np.cos(angle) * home + np.sin(angle) * aside
        if ways is not None and _near_top(pose, ways):
            continue
        parts += [
            still(take, pose, rng.uniform(1.5, 5.0), rng),
            still(take, home, rng.uniform(0.8, 3.0), rng),
        ]
    whole = [parts[0], parts[1], take, parts[3], parts[2]]
    return joined(take, whole, f"from elsewhere{' along' if along else ''}", rng)


def _near_top(pose: FloatArray, ways: tuple[FloatArray, FloatArray, float]) -> bool:
    """Whoever begins or ends where the repetitions have their top may have done one more."""
    home, toward, size = ways
    top = np.cos(size) * home + np.sin(size) * toward
    return float(pose @ top) > np.cos(max(np.radians(25.0), 0.6 * size))


def seen_movement(take: Take) -> tuple[FloatArray, FloatArray, float] | None:
    """Home, direction and size of the movement a take repeats, in the sensor's frame."""
    path = path_seen(take)
    limits = find_exercise(take.exercise).range
    assert limits is not None
    found = explain(path, Rules(limits, 0.5, 25.0, 0.25))
    if found is None:
        return None
    home = path.mean_up([c.start for c in found.cycles])
    way = through(home, path.mean_up([c.peak for c in found.cycles])) or found.movement
    return way.home, way.toward, found.size_rad


def path_seen(take: Take) -> Path:
    """The path a detector sees."""
    recorder = TrackRecorder(WORN)
    for block in track(blocks_of(take), WORN):
        recorder.push(block)
    return path_of(recorder.track())


def worn_like(take: Take, other: Take) -> Take | None:
    """The take as if it had been recorded with the other's mounting and start pose."""
    mine, theirs = seen_movement(take), seen_movement(other)
    if mine is None or theirs is None:
        return None
    basis = [np.stack([h, d, np.cross(h, d)], axis=1) for h, d, _ in (mine, theirs)]
    return turned(take, basis[1] @ basis[0].T, "")


def _pose(acc: FloatArray, period_s: float) -> FloatArray:
    mean = acc[: max(2, round(0.3 / period_s))].mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def _between(values: FloatArray, at: FloatArray) -> FloatArray:
    index = np.arange(len(values))
    return np.stack([np.interp(at, index, column) for column in values.T], axis=1)


def _up_scaled(up: FloatArray, home: FloatArray, factor: float) -> FloatArray:
    along = up @ home
    aside = up - along[:, None] * home
    length = np.linalg.norm(aside, axis=1)
    angle = np.arctan2(length, along) * factor
    return (
        np.cos(angle)[:, None] * home
        + np.sin(angle)[:, None] * aside / np.maximum(length, 1e-9)[:, None]
    )


def _times(a: FloatArray, b: FloatArray) -> FloatArray:
    a, b = np.broadcast_arrays(a, b)
    w, v, x, u = a[..., :1], a[..., 1:], b[..., :1], b[..., 1:]
    scalar = w * x - (v * u).sum(axis=-1, keepdims=True)
    return np.concatenate([scalar, w * u + x * v + np.cross(v, u)], axis=-1)


def _inverse(q: FloatArray) -> FloatArray:
    return q * np.array([1.0, -1.0, -1.0, -1.0])


def _vector(q: FloatArray) -> FloatArray:
    q = q * np.where(q[..., :1] < 0.0, -1.0, 1.0)
    length = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    return np.asarray(2.0 * np.arctan2(length, q[..., :1]) * q[..., 1:] / np.maximum(length, 1e-12))


def _power(q: FloatArray, factor: float) -> FloatArray:
    vector = _vector(q) * factor
    angle = np.linalg.norm(vector, axis=-1, keepdims=True)
    axis = vector / np.maximum(angle, 1e-12)
    return np.concatenate([np.cos(0.5 * angle), np.sin(0.5 * angle) * axis], axis=-1)


def _up_of(pose: FloatArray) -> FloatArray:
    """ "Up" in the sensor's frame."""
    w, x, y, z = pose.T
    return np.stack(
        [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z], axis=1
    )
