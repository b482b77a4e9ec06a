"""What a person can do: the movement library (``movements.toml``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from firmware_sim.body.postures import coordinates, posture_names
from firmware_sim.body.rotations import Array
from firmware_sim.fields import Fields, InputError, nearest, read_toml

KINDS = ("repetition", "hold", "cycle", "breath", "steps", "guided")
SIGNALS = ("thigh", "pelvis", "belly", "none")
SIDES = ("each", "both", "none")


@dataclass(frozen=True, slots=True)
class WayPoint:
    """A pose on the way of a movement, as changes from the posture (right leg moving)."""

    name: str
    share: float
    change: Array
    landing: str  # own, other or empty: the foot that lands on arriving here


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry of the library; which fields matter depends on ``kind``."""

    name: str
    exercise: str
    kind: str
    posture: str
    signal: str
    sides: str
    reps: int
    tempo_s: float
    top_pause_s: float
    hold_s: float
    ramp_s: float
    rest_s: float
    back_share: float
    ways: tuple[WayPoint, ...]
    cosine: Array
    sine: Array
    direction: str
    steps_out: int
    stride_m: float
    opening: Array
    back_landing: str
    inhale_share: float
    pause_s: float
    depth_rad: float


def movement(name: str, *, own: Mapping[str, Movement] = MappingProxyType({})) -> Movement:
    """The movement called ``name``: of ``own`` (what a scenario brings along), else the library's.

    Raises:
        InputError: no such movement, with the nearest name.
    """
    library = {**movements(), **own}
    if name not in library:
        raise InputError(f"no movement {name!r}{nearest(name, library)}")
    return library[name]


@cache
def movements() -> dict[str, Movement]:
    """The whole library by name."""
    file = Path(__file__).with_name("movements.toml")
    root = Fields(read_toml(file), file.name)
    return read_movements(root)


def read_movements(root: Fields) -> dict[str, Movement]:
    """The movements of a table of tables, by name. Raises InputError naming what is wrong."""
    return {name: _read(name, root.table(name)) for name in root.names()}


def _read(name: str, fields: Fields) -> Movement:
    ways = []
    for entry in fields.tables("way"):
        point = WayPoint(
            name=entry.word("name", ""),
            share=entry.number("share", 1.0, low=0.01, high=1.0),
            change=coordinates(entry.table("to")),
            landing=entry.word("landing", "", ("", "own", "other")),
        )
        entry.close()
        ways.append(point)
    if "to" in fields:
        ways.append(WayPoint("to", 1.0, coordinates(fields.table("to")), ""))
    read = Movement(
        name=name,
        exercise=fields.word("exercise", name),
        kind=fields.word("kind", "", KINDS),
        posture=fields.word("posture", "", posture_names()),
        signal=fields.word("signal", "thigh", SIGNALS),
        sides=fields.word("sides", "each", SIDES),
        reps=fields.integer("reps", 10, low=1),
        tempo_s=fields.number("tempo_s", 3.0, low=0.2, high=60.0),
        top_pause_s=fields.number("top_pause_s", 0.0, low=0.0, high=60.0),
        hold_s=fields.number("hold_s", 0.0, low=0.0, high=600.0),
        ramp_s=fields.number("ramp_s", 1.0, low=0.2, high=30.0),
        rest_s=fields.number("rest_s", 0.8, low=0.0, high=600.0),
        back_share=fields.number("back_share", 0.5, low=0.01, high=1.0),
        ways=tuple(ways),
        cosine=coordinates(fields.table("cosine")),
        sine=coordinates(fields.table("sine")),
        direction=fields.word("direction", ""),
        steps_out=fields.integer("steps_out", 1, low=1, high=10),
        stride_m=fields.number("stride_m", 0.0, low=0.0, high=1.0),
        opening=coordinates(fields.table("open")),
        back_landing=fields.word("back_landing", "", ("", "own", "other")),
        inhale_share=fields.number("inhale_share", 0.4, low=0.05, high=0.95),
        pause_s=fields.number("pause_s", 0.0, low=0.0, high=10.0),
        depth_rad=float(np.deg2rad(fields.number("depth", 0.0, low=0.0, high=30.0))),
    )
    fields.close()
    if read.kind in ("repetition", "hold", "guided") and not ways:
        raise InputError(f"{fields.where}: a {read.kind} needs a way point")
    return read
