"""Reading our own JSON files as if a stranger had written them."""

import json
import math
from typing import Any

from calibration.errors import CalibrationError

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]


def table(document: str, *, format_name: str, version: int) -> dict[str, Any]:
    """The object of a versioned file. Raises CalibrationError for another format or version."""
    try:
        found = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise CalibrationError(f"This is no {format_name}: no valid JSON.") from error
    if not isinstance(found, dict) or found.get("format") != format_name:
        raise CalibrationError(f"This is no {format_name}.")
    if found.get("version") != version:
        raise CalibrationError(
            f"This {format_name} has version {found.get('version')!r}; known is {version}.",
            hint="Update this software, or measure it again.",
        )
    return found


def text(value: object) -> str:
    """A text, or TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def number(value: object) -> float:
    """A finite number, or TypeError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def vector(value: object) -> Vector:
    """Three finite numbers, or TypeError."""
    if not isinstance(value, list) or len(value) != 3:
        raise TypeError(f"{value!r} is no vector")
    x, y, z = (number(v) for v in value)
    return x, y, z


def vectors(value: object) -> Matrix:
    """Three rows of three finite numbers, or TypeError."""
    if not isinstance(value, list) or len(value) != 3:
        raise TypeError(f"{value!r} is no matrix")
    a, b, c = (vector(row) for row in value)
    return a, b, c
