"""Law *units*: every public number carries its unit in its name, or is listed as dimensionless.

Looked at: annotated fields of classes and annotated parameters of public functions in
``sensorhub`` and ``calibration`` whose type is a float (or an array of them).
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SUFFIXES = (
    "_s",
    "_ns",
    "_us",
    "_ms",
    "_hz",
    "_mhz",
    "_per_s",
    "_per_min",
    "_ppm",
    "_rad",
    "_deg",
    "_radps",
    "_dps",
    "_radps2",
    "_mps2",
    "_mps3",
    "_m",
    "_g",
    "_percent",
    "_celsius",
    "_v",
    "_mv",
    "_bytes",
)
"""Unit suffixes in use."""

DIMENSIONLESS = {
    "share": "part of a whole, 0 to 1",
    "ratio": "quotient of two equal units",
    "factor": "a multiplier",
    "gain": "a multiplier",
    "scale": "a multiplier",
    "confidence": "0 to 1",
    "quality": "0 to 1",
    "speed": "how much faster than the wall clock",
    "cv": "coefficient of variation",
    "correlation": "-1 to 1",
    "cos": "cosine",
    "sin": "sine",
    "sign": "-1 or 1",
    "matrix": "rotation, misalignment or scale",
    "rotation": "rotation matrix or quaternion",
    "quat": "unit quaternion",
    "orientation": "unit quaternion",
    "axis": "unit vector",
    "up": "unit vector",
    "home": "unit vector: the direction of up in the home pose",
    "toward": "unit vector: where up goes",
    "top": "unit vector: where up is at the top of a movement",
    "pose": "unit vector: the direction of up while still",
    "start": "unit vector: the direction of up at the start",
    "score": "a share of what there is to explain",
    "strength": "share of the greatest voluntary effort",
    "forwards": "unit vector: where the front of a segment faces",
    "agreement": "0 to 1: how much of two signals is one",
}
"""Last words of names that carry no unit, each with its reason."""


ANY_UNIT = {
    "offset",
    "value",
    "values",
    "ordered",
    "signal",
    "signals",
    "vectors",
    "height",
    "heights",
    "width",
    "before",
    "after",
    "moments",
    "good",
    "usable",
}
"""Words of helpers that work on whatever they are given, in its own unit."""


def _is_float(annotation: ast.expr | None) -> bool:
    if annotation is None:
        return False
    text = ast.unparse(annotation)
    return text in {"float", "float | None", "FloatArray", "FloatArray | None"}


def _public_numbers(path: Path) -> Iterator[tuple[str, int, str]]:
    tree = ast.parse(path.read_text())
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for item in node.body:
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                    if _is_float(item.annotation) and not item.target.id.startswith("_"):
                        yield f"{node.name}.{item.target.id}", item.lineno, item.target.id
                elif isinstance(item, ast.FunctionDef):
                    yield from _parameters(item, f"{node.name}.{item.name}")
        elif isinstance(node, ast.FunctionDef):
            yield from _parameters(node, node.name)


def _parameters(node: ast.FunctionDef, owner: str) -> Iterator[tuple[str, int, str]]:
    if node.name.startswith("_") and node.name != "__init__":
        return
    for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
        if _is_float(arg.annotation):
            yield f"{owner}({arg.arg})", node.lineno, arg.arg


DRAWN = "sensorhub/web/drawings"
"""Figures of a drawing are in the drawing's own units: nothing there was measured."""


def carries_unit(name: str) -> bool:
    lowered = name.lower()
    return (
        lowered.endswith(SUFFIXES) or lowered.rpartition("_")[2] in DIMENSIONLESS.keys() | ANY_UNIT
    )


@pytest.mark.parametrize("package", ["sensorhub", "calibration"])
def test_every_public_number_carries_its_unit(package: str) -> None:
    seen = 0
    offenders = []
    for path in sorted((ROOT / package).rglob("*.py")):
        if DRAWN in path.as_posix():
            continue
        for label, line, name in _public_numbers(path):
            seen += 1
            if not carries_unit(name):
                offenders.append(f"{path.relative_to(ROOT)}:{line} {label}")
    assert seen > 0
    assert not offenders, "\n".join(offenders)


def test_the_law_would_notice_a_bare_number() -> None:
    assert not carries_unit("angle")
    assert not carries_unit("duration")
    assert carries_unit("angle_rad")
    assert carries_unit("off_axis_share")
