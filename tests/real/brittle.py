"""How brittle is each constant of counting? ``python -m tests.real.brittle``

Every number that a decision of counting hangs on is changed by a fifth, either way, and a sample
of the derived sets is counted again. A constant that turns more than 2 % of the counts is
a decision on a knife edge: it wants a better statistic, not a better value.
"""

import argparse
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType

from sensorhub.exercises import definition
from sensorhub.exercises.definition import load_library
from sensorhub.exercises.thresholds import RepetitionThresholds
from tests.real.attacks import ATTACKS, attacks_of, counted
from tests.real.takes import Take, takes

MODULES = (
    "arrivals",
    "coherence",
    "cycles",
    "edges",
    "judge",
    "selection",
    "strides",
    "upright",
    "walking",
    "path",
)
LIMITS = ("partial_share", "ignore_share", "shortest_s", "longest_s")
RANGES = ("least_rad", "usual_rad", "most_rad")
BUDGET = 0.02


def constants() -> list[tuple[str, str]]:
    """Module and name of every floating-point constant, and the thresholds of the library."""
    found = []
    for module in MODULES:
        own = vars(importlib.import_module(f"sensorhub.exercises.{module}"))
        file = importlib.import_module(f"sensorhub.exercises.{module}").__file__
        lines = Path(file or "").read_text(encoding="utf-8")
        found += [
            (module, name)
            for name, value in own.items()
            if name.isupper()
            and isinstance(value, float)
            and f"\n{name}" in lines.replace(", ", "\n")
        ]
    return [*found, *(("thresholds", n) for n in LIMITS), *(("range", n) for n in RANGES)]


@contextmanager
def changed(module: str, name: str, factor: float) -> Iterator[None]:
    """The constant multiplied, wherever it was imported to."""
    if module in ("thresholds", "range"):
        library = load_library()
        changed_library = {e.id: _with(e, module, name, factor) for e in library.values()}
        usual = definition._library
        definition._library = lambda: changed_library  # type: ignore[assignment]
        try:
            yield
        finally:
            definition._library = usual
        return
    home = importlib.import_module(f"sensorhub.exercises.{module}")
    value = getattr(home, name)
    places: list[ModuleType] = [
        m
        for m in list(sys.modules.values())
        if getattr(m, "__name__", "").startswith("sensorhub.exercises")
        and vars(m).get(name) is value
    ]
    other = value * factor
    if name.endswith("SHARE") and value < 1.0:
        other = min(other, 0.5 + 0.5 * value)  # a part of something stays less than the whole
    for place in places:
        setattr(place, name, other)
    try:
        yield
    finally:
        for place in places:
            setattr(place, name, value)


def _with(exercise, module: str, name: str, factor: float):  # type: ignore[no-untyped-def]
    if module == "range":
        if exercise.range is None:
            return exercise
        return replace(
            exercise,
            range=replace(exercise.range, **{name: getattr(exercise.range, name) * factor}),
        )
    if not isinstance(exercise.thresholds, RepetitionThresholds):
        return exercise
    limits = exercise.thresholds
    return replace(exercise, thresholds=replace(limits, **{name: getattr(limits, name) * factor}))


@cache
def sample(every: int) -> tuple[tuple[Take, ...], tuple[int, ...]]:
    """Some derived sets, and what is counted in them as things are."""
    derived = [a for kind in ATTACKS for t in takes() for a in attacks_of(kind, t)][::every]
    return tuple(derived), tuple(counted(t) for t in derived)


def _try(task: tuple[str, str, float, int]) -> tuple[str, str, float, int, int]:
    module, name, factor, every = task
    derived, usual = sample(every)
    with changed(module, name, factor):
        now = [counted(t) for t in derived]
    different = sum(a != b for a, b in zip(usual, now, strict=True))
    worse = sum(
        (b != t.count) - (a != t.count) for t, a, b in zip(derived, usual, now, strict=True)
    )
    return module, name, factor, different, worse


def main() -> None:
    """Prints how many counts each change turns, the worst first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=[], help="only these; all if none is named")
    parser.add_argument("--every", type=int, default=10, help="take every so many derived sets")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    tasks = [
        (m, n, f, options.every)
        for m, n in constants()
        for f in (0.8, 1.2)
        if m in options.modules or not options.modules
    ]
    with get_context("spawn").Pool(options.jobs) as pool:
        rows = pool.map(_try, tasks, chunksize=4)
    total = len(sample(options.every)[0])
    for module, name, factor, different, worse in sorted(rows, key=lambda r: -r[3]):
        over = "  over budget" if different > BUDGET * total else ""
        sys.stdout.write(
            f"{module + '.' + name:34} x{factor:g} {different:4} of {total} changed, "
            f"{worse:+d} wrong{over}\n"
        )


if __name__ == "__main__":
    main()
