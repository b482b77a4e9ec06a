"""``docs/csv.md``: the columns for people, from the same tables as the files.

``python -m sensorhub.exports.page > docs/csv.md`` writes it anew; a test notices when it is stale.
"""

import sys
from collections.abc import Iterator
from typing import Any

from sensorhub.exports.tables import TABLES
from sensorhub.exports.tables.flags import FLAG_MEANINGS
from sensorhub.exports.tables.table import Column

INTRODUCTION = """\
# The therapist's CSV

<!-- Written by `python -m sensorhub.exports.page` from `sensorhub/exports/tables/`. -->

`sensorhub export SESSION --to FOLDER` writes these files, `README.txt`, which says how to open and
read them, and `datapackage.json`, which says the same in a form for programs (Data Package v2).

- UTF-8, commas, decimal points, CRLF (RFC 4180); one header row; units in the column names.
- Times of day are ISO 8601 with the offset of local time. Seconds count from the start of the set.
- An empty cell means that there is no value. Zero means zero.
- A text that a spreadsheet could take for a formula begins with an apostrophe. Numbers are left
  alone.
- The same session always gives the same bytes. New columns come at the end.
- The person appears under a pseudonym only.
"""


def csv_page() -> str:
    """The page's text."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield INTRODUCTION
    for number, table in enumerate(TABLES):
        if number:
            yield ""
        yield f"## {table.file}"
        yield ""
        key = ", ".join(f"`{name}`" for name in table.key)
        yield f"{table.row_meaning} A row is named by {key}."
        yield ""
        yield "| column | type | unit | meaning |"
        yield "|---|---|---|---|"
        for column in table.columns:
            yield f"| `{column.name}` | {column.kind.value} | {column.unit} | {_meaning(column)} |"
    yield from _flags()


def _flags() -> Iterator[str]:
    yield ""
    yield "## Quality flags"
    yield ""
    yield "The codes in the columns `flags`. With sensor and seconds: `flag_texts` in `sets.csv`."
    yield ""
    yield "| code | meaning |"
    yield "|---|---|"
    for code, meaning in FLAG_MEANINGS.items():
        yield f"| `{code.value}` | {meaning} |"


def _meaning(column: Column[Any]) -> str:
    if not column.choices:
        return column.meaning
    return f"{column.meaning} One of: {', '.join(f'`{choice}`' for choice in column.choices)}."


if __name__ == "__main__":
    sys.stdout.write(csv_page())
