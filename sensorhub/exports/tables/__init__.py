"""The therapist's tables: the one place that says what is in them.

The CSV files, the data package and ``docs/csv.md`` all come from here. Columns are only ever added,
at the end of a table: spreadsheets refer to them by place.
"""

from typing import Any

from sensorhub.exports.tables.answers import ANSWERS
from sensorhub.exports.tables.measures import MEASURES
from sensorhub.exports.tables.repetitions import REPETITIONS
from sensorhub.exports.tables.session import SESSION
from sensorhub.exports.tables.sets import SETS
from sensorhub.exports.tables.table import Table

TABLES: tuple[Table[Any], ...] = (REPETITIONS, SETS, SESSION, ANSWERS, MEASURES)
"""In the order in which a therapist would read them."""

__all__ = ["ANSWERS", "MEASURES", "REPETITIONS", "SESSION", "SETS", "TABLES", "Table"]
