"""``measures.csv``: whatever else was measured, one row a measure."""

from sensorhub.exports.tables.columns import about_set, number, text, whole
from sensorhub.exports.tables.rows import ITEM_NAMES, MeasureRow
from sensorhub.exports.tables.table import Table

MEASURES: Table[MeasureRow] = Table(
    file="measures.csv",
    title="Further measures",
    row_meaning="One row a measure of a repetition, hold, breath or step, or of a whole set.",
    key=("session", "set_number", "item", "number", "measure"),
    columns=(
        *about_set(),
        text(
            "item",
            "What the measure is about.",
            lambda row: "set" if row.item is None else ITEM_NAMES[type(row.item)],
            choices=("set", *ITEM_NAMES.values()),
            required=True,
        ),
        whole(
            "number",
            "Number of that repetition, hold, breath or step as in repetitions.csv; 0 for the set.",
            lambda row: row.number or 0,
            required=True,
            minimum=0,
        ),
        text(
            "measure",
            "Name of the measure, with its unit at the end (_s seconds, _deg degrees, _dps degrees"
            " a second, _share part of the whole, 0 to 1 ...).",
            lambda row: row.measure,
            required=True,
        ),
        number(
            "value",
            "The measure's value, in the unit of its name.",
            lambda row: row.cell,
            decimals=4,
        ),
    ),
)
