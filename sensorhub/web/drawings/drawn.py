"""From poses to SVG: every picture by its name, made once."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from sensorhub.model.placement import Placement
from sensorhub.web.drawings.placements import placement_svg
from sensorhub.web.drawings.skeleton import Pose
from sensorhub.web.drawings.svg import exercise_svg
from sensorhub.web.files import PageFile, page_file

PLACES = tuple(place for place in Placement if place is not Placement.THIGH)


def all_drawings() -> dict[str, PageFile]:
    """``<exercise>.svg`` with its start and end, ``worn-<placement>.svg``."""
    found = {f"{name}.svg": exercise_svg(poses) for name, poses in exercise_poses().items()}
    found |= {f"worn-{place.value}.svg": placement_svg(place) for place in PLACES}
    return {name: page_file(text.encode(), name) for name, text in found.items()}


@cache
def exercise_poses() -> Mapping[str, tuple[Pose, ...]]:
    """Start, end, and where there is one a third pose of every exercise."""
    text = (files("sensorhub.web.drawings") / "poses.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    named = table["pose"]
    return {
        name: tuple(_pose(row[key], named) for key in ("start", "end", "more") if key in row)
        for name, row in table["exercise"].items()
    }


def _pose(row: Mapping[str, Any], named: Mapping[str, Any]) -> Pose:
    base = named[row["pose"]] if "pose" in row else {}
    return Pose(**{**base, **{key: value for key, value in row.items() if key != "pose"}})
