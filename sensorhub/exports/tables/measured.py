"""Columns of the measures, from their own table: whatever is added there appears here."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from sensorhub.exercises.measures.table import MEASURES, Measure, Of, for_people
from sensorhub.exports.tables.table import Column, Kind
from sensorhub.model.outcomes import Measures

Row = TypeVar("Row")


def measure_columns(
    kinds: Sequence[Of], measures: Callable[[Row], Measures]
) -> Iterator[Column[Row]]:
    """One column for each measure of these kinds that has one, in the table's order."""
    for measure in MEASURES:
        if measure.column and any(kind in measure.of for kind in kinds):
            yield _column(measure, kinds, measures)


def _column(
    measure: Measure, kinds: Sequence[Of], measures: Callable[[Row], Measures]
) -> Column[Row]:
    name, factor = for_people(measure.name)

    def value(row: Row) -> float | None:
        found = measures(row).get(measure.name)
        return None if found is None else factor * found

    about = " or ".join(kind.value for kind in kinds if kind in measure.of)
    needs = f" Needs: {measure.needs}." if measure.needs else ""
    return Column(
        name,
        Kind.NUMBER,
        f"Of a {about}: {measure.meaning}{needs}",
        value,
        unit="" if measure.unit == "1" else measure.unit,
        decimals=measure.decimals,
    )
