"""``docs/measures.md``: every measure with its unit, definition and source, from their table.

``python -m sensorhub.exports.measures_page > docs/measures.md`` writes it anew; a test notices when
it is stale.
"""

import sys
from collections.abc import Iterator

from sensorhub.exercises.measures.table import MEASURES, Of, measures_of

INTRODUCTION = """\
# Measures

<!-- Written by `python -m sensorhub.exports.measures_page` from \
`sensorhub/exercises/measures/table.py`. -->

What is measured beside the count. All of it is computed when a set is closed, from the same ticks
(25 to 50 a second) that were judged; `sensorhub analyze --json` shows it under `measures`, the
therapist's files in columns of the same names and, one row a measure, in `measures.csv`.

- What cannot be known is absent: an empty cell, never a zero.
- The range of motion itself (`rom_deg`), its minimal detectable change and the seconds held are
  described in [csv.md](csv.md).
- Angles along the way, rates, times and smoothness do not depend on how the sensor is turned in
  its strap. Thigh elevation and hip angles need sensors that are aligned.
- Smoothness can be compared between sets of one exercise and one sensor; how a repetition is cut
  into phases changes it.
"""

TITLES = {
    Of.REPETITION: "Of a repetition",
    Of.HOLD: "Of a hold",
    Of.BREATH: "Of a breath",
    Of.STEP: "Of a side step",
    Of.SET: "Of a set",
}


def measures_page() -> str:
    """The page's text."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield INTRODUCTION.rstrip("\n")
    for of, title in TITLES.items():
        if not any(of in measure.of for measure in MEASURES):
            continue
        yield ""
        yield f"## {title}"
        yield ""
        yield "| measure | unit | definition | needs | source |"
        yield "|---|---|---|---|---|"
        for measure in measures_of(of):
            needs = measure.needs or "any sensor that counts"
            yield (
                f"| `{measure.shown_name}` | {measure.unit} | {measure.meaning} | {needs}"
                f" | {measure.source} |"
            )


if __name__ == "__main__":
    sys.stdout.write(measures_page())
