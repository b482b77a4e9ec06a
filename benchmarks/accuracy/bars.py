"""The bars for timing, and which cells of the matrix miss one."""

from collections.abc import Sequence

from benchmarks.accuracy.score import Score
from benchmarks.accuracy.stats import mean_interval, quantile

HELD_MEAN_S = 0.3
TURN_P95_S = 0.4
"""Of entering a hold, and of leaving it."""

EDGE_MEDIAN_S, EDGE_P95_S = 0.25, 0.6


def missed(runs: Sequence[Score]) -> list[str]:
    """What of these runs misses its bar for timing, each with its figure."""
    found = []
    credited = [e for s in runs for e in s.credited_s]
    if credited and (mean := mean_interval(credited)[0]) > HELD_MEAN_S:
        found.append(f"held, mean error {mean:.2f} s")
    for name, values, bar_s in (
        ("entering", [e for s in runs for e in s.entering_s], TURN_P95_S),
        ("leaving", [e for s in runs for e in s.leaving_s], TURN_P95_S),
        ("edges", [e for s in runs for e in s.edges_s], EDGE_P95_S),
    ):
        if values and (p95 := quantile(values, 0.95)) > bar_s:
            found.append(f"{name}, p95 {p95:.2f} s")
    return found
