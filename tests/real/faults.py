"""More that happens to a set: worse sensors, worse clocks, straps that slip, long breaks.

Like ``deriving.py``, each function takes a ``Take`` and gives one whose truth is known from it.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from firmware_sim.body.track import minimum_jerk
from sensorhub.exercises.trace.path import smooth
from sensorhub.model.events import FloatArray
from sensorhub.sessions.recordings.recording import COLUMNS, read_recording
from tests.real.deriving import GRAVITY_MPS2, joined, seen_movement, still
from tests.real.takes import WORN, Piece, Take, merged

CLIP_MPS2 = 2.0 * GRAVITY_MPS2
LSB_MPS2 = GRAVITY_MPS2 / 64.0


def backwards(take: Take) -> Take:
    """Time reversed: accelerations are what they were, angular rates turn round."""
    end_s = take.end_s
    pieces = tuple(
        Piece(
            end_s - (p.start_s + len(p.acc) * take.period_s),
            p.acc[::-1],
            None if p.gyr is None else -p.gyr[::-1],
        )
        for p in reversed(take.pieces)
    )
    times = tuple((end_s - b, end_s - a) for a, b in reversed(take.times_s))
    return replace(take, pieces=pieces, times_s=times).renamed("backwards")


def drifting(take: Take, drift_dps: float, rng: np.random.Generator) -> Take:
    """A gyroscope that says it turns when it rests."""
    axis = rng.normal(size=3)
    drift = np.radians(drift_dps) * axis / np.linalg.norm(axis)
    pieces = tuple(p if p.gyr is None else replace(p, gyr=p.gyr + drift) for p in take.pieces)
    return replace(take, pieces=pieces).renamed(f"gyroscope drifts {drift_dps:g} dps")


def coarse(take: Take) -> Take:
    """Eight bits and 2 g, as the cheapest sensors have."""
    pieces = tuple(
        replace(p, acc=np.clip(np.round(p.acc / LSB_MPS2) * LSB_MPS2, -CLIP_MPS2, CLIP_MPS2))
        for p in take.pieces
    )
    return replace(take, pieces=pieces).renamed("coarse")


def slipping(take: Take, degrees: float, rng: np.random.Generator) -> Take:
    """The strap slips once, in the rest in the middle, and stays so."""
    middle = take.count // 2
    at_s = 0.5 * (take.times_s[middle - 1][1] + take.times_s[middle][0])
    axis = rng.normal(size=3)
    axis /= np.linalg.norm(axis)
    pieces = []
    for p in take.pieces:
        time_s = p.start_s + np.arange(len(p.acc)) * take.period_s
        share = minimum_jerk(np.clip((time_s - at_s) / 0.6 + 0.5, 0.0, 1.0))
        turn = Rotation.from_rotvec(np.radians(degrees) * share[:, None] * axis)
        rate = np.radians(degrees) * np.gradient(share)[:, None] / take.period_s * axis
        gyr = None if p.gyr is None else turn.apply(p.gyr) - rate
        pieces.append(Piece(p.start_s, turn.apply(p.acc), gyr))
    return replace(take, pieces=tuple(pieces)).renamed(f"slips {degrees:g} deg")


def interrupted(take: Take, seconds: float, rng: np.random.Generator, *, away: bool) -> Take:
    """A break after half of the repetitions, in the pose, or in another one meanwhile."""
    middle = take.count // 2
    at_s = 0.5 * (take.times_s[middle - 1][1] + take.times_s[middle][0])
    before, after = take.between(-np.inf, at_s), take.between(at_s, np.inf)
    pose = _last_pose(before)
    if away:
        aside = rng.normal(size=3)
        if (ways := seen_movement(take)) is not None:
            aside -= 2.0 * max(0.0, float(aside @ ways[1])) * ways[1]  # not along the movement
        aside -= pose * float(pose @ aside)
        angle = np.radians(rng.uniform(40.0, 90.0))
        pose = np.cos(angle) * pose + np.sin(angle) * aside / np.linalg.norm(aside)
    parts = [before, still(take, pose, seconds, rng), after]
    return joined(take, parts, f"a break of {seconds:g} s{' elsewhere' if away else ''}", rng)


def fidgeting(take: Take, rng: np.random.Generator) -> Take:
    """Ten seconds of small movements, each another one, before the set and after it.

    None is larger than three tenths of a repetition, or than 8 degrees.
    """
    _, _, size = seen_movement(take)  # type: ignore[misc]
    most = min(np.radians(8.0), 0.3 * size)
    before = _restless(take, _first_pose(take), most, rng)
    after = _restless(take, _last_pose(take), most, rng)
    return joined(take, [before, take, after], "fidgets around it", rng)


def _restless(take: Take, home: FloatArray, most_rad: float, rng: np.random.Generator) -> Piece:
    n = round(10.0 / take.period_s)
    time_s = np.arange(n) * take.period_s
    vector = np.zeros((n, 3))
    at_s = 0.5
    while at_s < 8.0:
        out_s, back_s = rng.uniform(0.4, 1.2, 2)
        size = rng.normal(size=3)
        size *= most_rad * rng.uniform(0.3, 1.0) / np.linalg.norm(size)
        bump = minimum_jerk(np.clip((time_s - at_s) / out_s, 0.0, 1.0))
        bump -= minimum_jerk(np.clip((time_s - at_s - out_s) / back_s, 0.0, 1.0))
        vector += bump[:, None] * size
        at_s += out_s + back_s + rng.exponential(1.0)
    turn = Rotation.from_rotvec(vector)
    rate = (turn[:-1].inv() * turn[1:]).as_rotvec() / take.period_s
    rate = np.concatenate([rate, rate[-1:]])
    acc = GRAVITY_MPS2 * turn.inv().apply(home) + 0.04 * rng.normal(size=(n, 3))
    gyroscope = take.pieces[0].gyr is not None
    return Piece(0.0, acc, rate + 0.006 * rng.normal(size=(n, 3)) if gyroscope else None)


def badly_timed(take: Take, rng: np.random.Generator) -> Take:
    """Time stamps with jitter, some twice, some rows missing; read as a file would be."""
    rows = []
    for p in take.pieces:
        time_s = p.start_s + np.arange(len(p.acc)) * take.period_s
        late = np.minimum(rng.exponential(0.3, len(time_s)), 0.9) * take.period_s
        values = [time_s + late, p.acc] if p.gyr is None else [time_s + late, p.acc, p.gyr]
        rows.append(np.column_stack(values))
    table = np.concatenate(rows)
    again = rng.random(len(table)) < 0.01
    table[1:][again[1:], 0] = table[:-1][again[1:], 0]
    table[:, 0] = np.round(np.maximum.accumulate(table[:, 0]), 3)
    table = table[rng.random(len(table)) > 0.01]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{WORN.value}.csv"
        header = ",".join(COLUMNS[: table.shape[1]])
        np.savetxt(file, table, fmt="%.6g", delimiter=",", header=header, comments="")
        blocks = read_recording([file]).sensors[WORN]
    period_s = blocks[0].period_s
    pieces = merged([Piece(b.start_s, b.acc_mps2, b.gyr_radps) for b in blocks], period_s)
    return replace(take, pieces=pieces, period_s=period_s).renamed("badly timed")


def _first_pose(take: Take) -> FloatArray:
    return _last_pose(backwards(take))


def _last_pose(take: Take) -> FloatArray:
    acc = take.pieces[-1].acc
    mean = smooth(acc, 0.1 / take.period_s)[-max(1, round(0.1 / take.period_s)) :].mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))
