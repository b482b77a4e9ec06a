"""What the sensor did by itself is taken out of the path: moments without data, a strap that slips.

Neither is a movement of the body, and both tear the repetition apart that they happen in.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from sensorhub.exercises.trace.cycles import Cycle
from sensorhub.exercises.trace.path import Path, turning_speed_radps
from sensorhub.exercises.trace.rests import angle_between_rad
from sensorhub.exercises.trace.stretches import stretches_of
from sensorhub.model.events import FloatArray
from sensorhub.motion.orientation import unit

MOMENT_S = 1.0
"""Nobody rocks to the other end and back while less than this is missing: the way between what was
seen before and after is all there was."""

SUDDEN_S, SUDDEN_SHARE = 1.0, 0.5
"""A strap that gives way does so at once: this share of the whole change, at least, within this
time. (The body goes on moving meanwhile, and may make up for some of it.)"""

LEAST_RAD, MOST_RAD = math.radians(8.0), math.radians(50.0)
"""A smaller slip tears nothing apart; what turns further is another posture."""

POSTURE_RAD = math.radians(60.0)
"""Further from the poses before and after a slip the person does something else."""

NEAR_S, LEAST_S = 12.0, 4.0
"""How far it turned is seen by the usual poses so long before and after: a few repetitions; and at
least so much must be seen of either."""

BACK_SHARE = 0.1
"""A strap does not slip back: at most this share of all time is spent on the other side. Somebody
who goes from one pose to another and stays there comes back at last."""

BURST_SHARE = 0.2
"""Slower than this share of its fastest it has not begun yet, or is over."""

EDGE_S = 0.08
"""... but the path has been smoothed by so much."""

HOME_SHARE = 0.5
"""Turned back, the usual pose is that of before, but for this share of what it turned: else it was
the body that went from the one to the other."""

MOST_SLIPS = 4


def mended(path: Path) -> Path:
    """The path as the body went it, by all that is known; the same where nothing happened."""
    return without_slips(joined(path))


def homes_differ(path: Path, cycles: Sequence[Cycle]) -> bool:
    """Whether the home poses up to some repetition are others than after it, or none is known."""
    if not cycles:
        return True
    homes = path.up[[c.start for c in cycles]]
    sums, number = np.cumsum(homes, axis=0), np.arange(1, len(homes))[:, None]
    before = unit(sums[:-1] / number)
    after = unit((sums[-1] - sums[:-1]) / (len(homes) - number))
    return bool((np.einsum("ij,ij->i", before, after) < math.cos(LEAST_RAD)).any())


def joined(path: Path) -> Path:
    """With straight ways where only moments are missing, as one piece; see :data:`MOMENT_S`."""
    if len(path.pieces) < 2:
        return path
    groups: list[list[slice]] = [[path.pieces[0]]]
    for before, after in pairwise(path.pieces):
        if path.time_s[after.start] - path.time_s[before.stop - 1] > MOMENT_S:
            groups.append([])
        groups[-1].append(after)
    times, bounds = [], [0]
    for group in groups:
        times.append(_filled(path, group))
        bounds.append(bounds[-1] + len(times[-1]))
    time_s = np.concatenate(times)

    def at(values: FloatArray) -> FloatArray:
        return np.interp(time_s, path.time_s, values)

    return Path(
        time_s,
        unit(np.stack([at(column) for column in path.up.T], axis=1)),
        at(path.speed_radps),
        at(path.shake_mps2),
        path.tick_s,
        tuple(slice(a, b) for a, b in pairwise(bounds)),
        path.walks,
    )


def _filled(path: Path, group: Sequence[slice]) -> FloatArray:
    """The ticks of some pieces, and evenly those that are missing between them."""
    parts = [path.time_s[group[0]]]
    for piece in group[1:]:
        first_s, last_s = float(parts[-1][-1]), float(path.time_s[piece.start])
        missing = max(0, round((last_s - first_s) / path.tick_s) - 1)
        parts.append(np.linspace(first_s, last_s, missing + 2)[1:-1])
        parts.append(path.time_s[piece])
    return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class _Slip:
    """Between two ticks the strap turned.

    Attributes:
        first: tick before it.
        last: tick after it.
        turn: turns what is seen after it back to what would have been, shape (3, 3).
        speed: of "up" a tick before it and, turned back, after it, shape (2, 3).
        turned_rad: by how much.
    """

    first: int
    last: int
    turn: FloatArray
    speed: FloatArray
    turned_rad: float


def without_slips(path: Path) -> Path:
    """As if the strap had stayed where it was: what came after a slip is turned back."""
    slipped = np.zeros(len(path), bool)
    up = path.up
    for _ in range(MOST_SLIPS):
        slip = _largest_slip(path, up)
        if slip is None:
            break
        up = _turned_back(up, slip)
        slipped[slip.first : slip.last + 1] = True
    if up is path.up:
        return path
    speed = np.where(slipped, turning_speed_radps(up, path.tick_s), path.speed_radps)
    return replace(path, up=up, speed_radps=speed)


def _largest_slip(path: Path, up: FloatArray) -> _Slip | None:
    """The slip that turned furthest, None where there is none."""
    half = round(0.5 * SUDDEN_S / path.tick_s)
    best: _Slip | None = None
    for piece in path.pieces:
        part = up[piece]
        if len(part) * path.tick_s < 2.0 * LEAST_S:
            continue
        change = part[2 * half :] - part[: -2 * half]
        size = np.sqrt((change * change).sum(axis=1))
        fast = size > 2.0 * math.sin(0.5 * SUDDEN_SHARE * LEAST_RAD)
        for a, b in stretches_of(fast):
            middle = a + int(np.argmax(size[a:b])) + half
            slip = _slip_at(path, up, piece, piece.start + middle, half)
            if slip is None:
                continue
            if best is None or slip.turned_rad > best.turned_rad:
                best = slip
    return best


def _slip_at(path: Path, up: FloatArray, piece: slice, middle: int, half: int) -> _Slip | None:
    """What happened about a tick, if it was a slip."""
    near, least = round(NEAR_S / path.tick_s), round(LEAST_S / path.tick_s)
    if middle - piece.start < half + least or piece.stop - middle < half + least:
        return None
    before = _usual(up[max(piece.start, middle - near) : middle - half])
    after = _usual(up[middle + half : min(piece.stop, middle + near)])
    if not LEAST_RAD <= angle_between_rad(before, after) <= MOST_RAD:
        return None
    way = unit((after - before)[None, :])[0]
    along = up @ way
    least_change = SUDDEN_SHARE * float((after - before) @ way)
    if along[middle + half] - along[middle - half] < least_change:
        return None
    between = unit((before + after)[None, :])[0]
    there = up @ between > math.cos(POSTURE_RAD)
    over = along > float(between @ way)
    earlier, later = over[:middle][there[:middle]], over[middle:][there[middle:]]
    if np.mean(earlier) > BACK_SHARE or np.mean(~later) > BACK_SHARE:
        return None
    rate = np.gradient(along[middle - half : middle + half + 1])
    fastest = int(np.argmax(rate))
    slow = np.flatnonzero(rate < BURST_SHARE * rate[fastest])
    first = int(slow[slow < fastest].max(initial=0))
    last = int(slow[slow > fastest].min(initial=2 * half))
    edge = round(EDGE_S / path.tick_s)
    slip = _turned(up, middle - half + first - edge, middle - half + last + edge, before, after)
    off_rad = angle_between_rad(slip.turn @ after, before)
    return slip if off_rad < HOME_SHARE * angle_between_rad(before, after) else None


def _turned(up: FloatArray, first: int, last: int, before: FloatArray, after: FloatArray) -> _Slip:
    """A slip between two ticks.

    How far it turned is the way gone within it, less what a body goes that changes its speed evenly
    from before to after.

    Args:
        before: the usual pose before it: a first guess, as is the next.
        after: the one after it.
    """
    lasts = last - first
    speed = np.gradient(up[first - 1 : last + 2], axis=0)[[1, -2]]
    turn = _turn(after, before)
    for _ in range(2):  # the speed after it has to be turned back as well
        expected = up[first] + 0.5 * lasts * (speed[0] + turn @ speed[1])
        turn = _turn(up[last], unit(expected[None, :])[0])
    speed[1] = turn @ speed[1]
    return _Slip(first, last, turn, speed, angle_between_rad(before, after))


def _usual(up: FloatArray) -> FloatArray:
    """The median pose, of every fourth tick: sorted, as that is several times as fast."""
    ordered = np.sort(up[::4], axis=0)
    usual: FloatArray = unit(ordered[len(ordered) // 2][None, :])[0]
    return usual


def _turned_back(up: FloatArray, slip: _Slip) -> FloatArray:
    """What came after the slip turned back; within it, as the body went on before and after."""
    first, last = slip.first, slip.last
    lasts = last - first
    share = (np.arange(1, lasts) / lasts)[:, None]
    went = share * slip.speed[0] + 0.5 * share * share * (slip.speed[1] - slip.speed[0])
    found = up.copy()
    found[first + 1 : last] = unit(up[first] + lasts * went)
    found[last:] = up[last:] @ slip.turn.T
    return found


def _turn(one_up: FloatArray, other_up: FloatArray) -> FloatArray:
    """The shortest rotation from one direction to another, a matrix."""
    axis = np.cross(one_up, other_up)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.asarray(np.eye(3) + cross + cross @ cross / (1.0 + float(one_up @ other_up)))
