"""A stick figure's joints from the directions of its parts: plain geometry, no drawing."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Point = tuple[float, float]
"""x to the right, y downwards, as SVG has it; one unit is about 2 cm."""

TRUNK, NECK, HEAD_RADIUS = 46.0, 8.0, 10.0
LEG = (38.0, 38.0, 11.0)
ARM = (24.0, 24.0)
HIPS, SHOULDERS = 9.0, 14.0
"""Half the width of hips and shoulders, seen from the front."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Directions of the parts, degrees: 0 is up, 90 the way the person faces.

    Attributes:
        short: how much of its length is left of what points towards the viewer, by limb.
        mark: a movement to be shown beside the figure, empty: none.
    """

    trunk: float
    near: Sequence[float]
    far: Sequence[float]
    arm: Sequence[float]
    arm2: Sequence[float] = ()
    head: float | None = None
    view: str = "side"
    trunk_length: float = 1.0
    short: Mapping[str, Sequence[float]] | None = None
    mark: str = ""
    props: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """Joints of a pose, the lowest on the floor (y = 0)."""

    hip: Point
    neck: Point
    head: Point
    near: tuple[Point, ...]
    far: tuple[Point, ...]
    arm: tuple[Point, ...]
    arm2: tuple[Point, ...]

    @property
    def points(self) -> tuple[Point, ...]:
        """Every joint."""
        return (self.hip, self.neck, self.head, *self.near, *self.far, *self.arm, *self.arm2)


def stand(pose: Pose) -> Figure:
    """The figure of a pose, put on the floor."""
    front = pose.view == "front"
    hip: Point = (0.0, 0.0)
    neck = step(hip, pose.trunk, TRUNK * pose.trunk_length)
    towards = pose.trunk if pose.head is None else pose.head
    head = step(neck, towards, NECK + HEAD_RADIUS)
    hips, shoulders = (HIPS, SHOULDERS) if front else (0.0, 0.0)
    figure = Figure(
        hip,
        neck,
        head,
        _leg(pose, "near", (hip[0] + hips, hip[1])),
        _leg(pose, "far", (hip[0] - hips, hip[1])),
        _limb(pose, "arm", (neck[0] + shoulders, neck[1] + 3.0), ARM),
        _limb(pose, "arm2", (neck[0] - shoulders, neck[1] + 3.0), ARM) if pose.arm2 else (),
    )
    lowest = max(y for _, y in figure.points)
    lowest = max(lowest, figure.head[1] + HEAD_RADIUS)
    return moved(figure, 0.0, -lowest)


def step(start: Point, direction_deg: float, length: float) -> Point:
    """The point so far in that direction."""
    angle = math.radians(direction_deg)
    return (start[0] + length * math.sin(angle), start[1] - length * math.cos(angle))


def moved(figure: Figure, dx: float, dy: float) -> Figure:
    """The figure somewhere else."""

    def all_of(points: Sequence[Point]) -> tuple[Point, ...]:
        return tuple((x + dx, y + dy) for x, y in points)

    [hip, neck, head] = all_of((figure.hip, figure.neck, figure.head))
    return Figure(
        hip,
        neck,
        head,
        all_of(figure.near),
        all_of(figure.far),
        all_of(figure.arm),
        all_of(figure.arm2),
    )


def _leg(pose: Pose, name: str, hip: Point) -> tuple[Point, ...]:
    directions = list(pose.near if name == "near" else pose.far)
    points = _limb(pose, name, hip, LEG[:2], directions[:2])
    foot = directions[2] if len(directions) > 2 else directions[1] - 90.0
    if pose.view == "front":
        foot = 100.0 if name == "near" else 260.0
        return (*points, step(points[-1], foot, 6.0))
    return (*points, step(points[-1], foot, LEG[2]))


def _limb(
    pose: Pose,
    name: str,
    start: Point,
    lengths: Sequence[float],
    directions: Sequence[float] | None = None,
) -> tuple[Point, ...]:
    if directions is None:
        directions = pose.arm if name == "arm" else pose.arm2
    left = (pose.short or {}).get(name, (1.0,) * len(lengths))
    points = [start]
    for direction, length, share in zip(directions, lengths, left, strict=False):
        points.append(step(points[-1], direction, length * share))
    return tuple(points)
