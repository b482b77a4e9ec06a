"""How figures are written in the page's tables."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from benchmarks.accuracy.score import Score
from benchmarks.accuracy.stats import mean_interval, quantile, wilson
from sensorhub.model.units import DEG_PER_RAD

NONE = "-"

_K = TypeVar("_K")
_T = TypeVar("_T")


def share(hits: int, runs: int) -> str:
    """A share and its 95 % interval, or nothing where there were no runs."""
    if not runs:
        return NONE
    low, high = wilson(hits, runs)
    return f"{percent(hits, runs)} [{100 * low:.1f}, {100 * high:.1f}]"


def percent(hits: int, runs: int) -> str:
    """A share alone."""
    return f"{100.0 * hits / runs:.1f} %" if runs else NONE


def median_p95(values: Sequence[float]) -> str:
    """Median and p95, in seconds."""
    if not values:
        return NONE
    return f"{quantile(values, 0.5):.2f} / {quantile(values, 0.95):.2f} s"


def p95(values: Sequence[float]) -> str:
    """The seconds that 95 % do not exceed."""
    return f"{quantile(values, 0.95):.2f} s"


def range_error(scores: Sequence[Score]) -> str:
    """Error of the range of motion, whichever way."""
    errors = [abs(e) * DEG_PER_RAD for s in scores for e in s.ranges_rad]
    if not errors:
        return NONE
    return f"{mean_interval(errors)[0]:.1f} / {quantile(errors, 0.95):.1f} deg"


def table_or_none(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table, or the word that there are no rows."""
    return table(head, rows) if rows else iter(["None."])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table's lines."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def grouped(items: Iterable[_T], key: Callable[[_T], _K]) -> dict[_K, list[_T]]:
    """Items by what the key says of them, in their order."""
    groups: dict[_K, list[_T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups
