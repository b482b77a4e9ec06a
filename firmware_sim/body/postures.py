"""Poses a person rests in and the ways between them (``postures.toml``)."""

import heapq
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from firmware_sim.body.rotations import Array, about, multiply
from firmware_sim.body.skeleton import CHANNELS, Channel, mirror, mirror_base
from firmware_sim.fields import Fields, InputError, nearest, read_toml

# How the tables name the body's coordinates: word -> (channels, scale to SI).
_DEG = math.pi / 180.0
_JOINTS = {
    "hip_flexion": (Channel.RIGHT_FLEXION, Channel.LEFT_FLEXION),
    "hip_adduction": (Channel.RIGHT_ADDUCTION, Channel.LEFT_ADDUCTION),
    "hip_rotation": (Channel.RIGHT_ROTATION, Channel.LEFT_ROTATION),
}
_WORDS: dict[str, tuple[tuple[Channel, ...], float]] = {
    "tilt": ((Channel.TILT,), _DEG),
    "list": ((Channel.LIST,), _DEG),
    "axial": ((Channel.AXIAL,), _DEG),
    "trunk_flexion": ((Channel.TRUNK_FLEXION,), _DEG),
    "trunk_side": ((Channel.TRUNK_SIDE,), _DEG),
    "trunk_axial": ((Channel.TRUNK_AXIAL,), _DEG),
    "belly": ((Channel.BELLY,), _DEG),
    "forward_m": ((Channel.X,), 1.0),
    "right_m": ((Channel.Y,), -1.0),
    "up_m": ((Channel.Z,), 1.0),
}
for _joint, (_right, _left) in _JOINTS.items():
    _WORDS[f"own_{_joint}"] = ((_right,), _DEG)
    _WORDS[f"other_{_joint}"] = ((_left,), _DEG)
    _WORDS[f"both_{_joint}"] = ((_right, _left), _DEG)


@dataclass(frozen=True, slots=True)
class Posture:
    """One resting pose, for one moving side.

    Attributes:
        values: coordinates (channels,), with the pelvis' height in ``Channel.Z``.
        base: pelvis base orientation relative to standing, (4, 1).
        side: the moving side, empty where the pose is the same for both.
    """

    name: str
    side: str
    values: Array
    base: Array


def coordinates(fields: Fields) -> Array:
    """Changes of coordinates (channels,) from a table of named angles (deg) and lengths (m).

    Raises:
        InputError: a name that the body does not have.
    """
    out = np.zeros(CHANNELS)
    for name in fields.names():
        if name not in _WORDS:
            raise InputError(f"{fields.where}: unknown coordinate {name!r}{nearest(name, _WORDS)}")
        channels, scale = _WORDS[name]
        for channel in channels:
            out[channel] += scale * fields.number(name, 0.0)
    return out


def posture(name: str, side: str) -> Posture:
    """The posture for ``side`` (``left`` or ``right``) as the moving leg.

    Raises:
        InputError: no such posture.
    """
    table = _library()[0]
    if name not in table:
        raise InputError(f"no posture {name!r}{nearest(name, table)}")
    found, sided = table[name]
    if not sided:
        return found
    if side == "left":
        return Posture(name, side, mirror(found.values), mirror_base(found.base))
    return Posture(name, "right", found.values, found.base)


def posture_names() -> list[str]:
    """Every posture there is."""
    return sorted(_library()[0])


def way(start: Posture, goal: Posture) -> list[tuple[Posture, float]]:
    """The poses one goes through to get from ``start`` to ``goal``, each with its seconds."""
    if (start.name, start.side) == (goal.name, goal.side):
        return []
    _, roads = _library()
    # the quickest way over (posture, side); sides change only where the pose has none
    queue: list[tuple[float, int, Posture, list[tuple[Posture, float]]]] = [(0.0, 0, start, [])]
    done: set[tuple[str, str]] = set()
    pushed = 0
    while queue:
        cost, _, here, path = heapq.heappop(queue)
        if (here.name, here.side) == (goal.name, goal.side):
            return path
        if (here.name, here.side) in done:
            continue
        done.add((here.name, here.side))
        for name, seconds in roads.get(here.name, ()):
            for side in (here.side,) if here.side else ("right", "left"):
                pushed += 1
                there = posture(name, side)
                heapq.heappush(queue, (cost + seconds, pushed, there, [*path, (there, seconds)]))
    raise InputError(f"nobody knows a way from {start.name} to {goal.name}")


@cache
def _library() -> tuple[dict[str, tuple[Posture, bool]], dict[str, list[tuple[str, float]]]]:
    file = Path(__file__).with_name("postures.toml")
    root = Fields(read_toml(file), file.name)
    roads: dict[str, list[tuple[str, float]]] = {}
    for entry in root.tables("way"):
        seconds = entry.number("seconds", 2.0, low=0.3, high=10.0)
        a, b = _pair(entry)
        roads.setdefault(a, []).append((b, seconds))
        roads.setdefault(b, []).append((a, seconds))
    table: dict[str, tuple[Posture, bool]] = {}
    for name in root.names():
        if name == "way":
            continue
        fields = root.table(name)
        sided = fields.flag("sided")
        lean = fields.number("lean", 0.0) * _DEG
        roll = fields.number("roll", 0.0) * _DEG
        height = fields.number("height_m", 0.0)
        sway = fields.number("sway", 1.0)
        rest = {key: fields.number(key, 0.0) for key in fields.names() if key in _WORDS}
        fields.close()
        values = coordinates(Fields(rest, fields.where))
        values[Channel.Z] = height
        values[Channel.SWAY] = sway
        base = multiply(about(2, np.array([lean])), about(0, np.array([roll])))
        table[name] = (Posture(name, "", values, base), sided)
    return table, roads


def _pair(entry: Fields) -> tuple[str, str]:
    names = entry.words("between")
    entry.close()
    if len(names) != 2:
        raise InputError(f"{entry.where}: between takes two postures")
    return names[0], names[1]
