"""Tables as data: one description of a column writes it, describes it and documents it.

CSV as RFC 4180: commas, CRLF, quotes where needed, one header row, UTF-8 without BOM, decimal
points, ISO 8601 times with offset, an empty cell where there is no value.
"""

import csv
import enum
import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, SupportsFloat, TypeVar

Row = TypeVar("Row")
Cell = str | int | float | bool | datetime | None

FORMULA_STARTS = tuple("=+-@|%\t\r\n＝＋－＠")  # noqa: RUF001 (spreadsheets take the wide ones too)
"""A text cell that begins with one of these could run as a formula when a spreadsheet opens it."""


class Kind(enum.StrEnum):
    """Type of a column, in the words of Data Package."""

    TEXT = "string"
    WHOLE = "integer"
    NUMBER = "number"
    TIME = "datetime"
    YES_NO = "boolean"


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column.

    Attributes:
        name: as in the header; ends in the unit where there is one.
        meaning: one or two sentences for the therapist.
        value: takes the cell out of a row; None is missing.
        unit: in words; empty where there is none.
        decimals: digits behind the point, for ``NUMBER``.
        choices: all texts that may stand here, where they are a fixed set.
        required: never empty.
        minimum: smallest number that makes sense.
        maximum: largest number that makes sense.
    """

    name: str
    kind: Kind
    meaning: str
    value: Callable[[Row], Cell]
    unit: str = ""
    decimals: int = 3
    choices: tuple[str, ...] = ()
    required: bool = False
    minimum: int | None = None
    maximum: int | None = None

    def describe(self) -> dict[str, Any]:
        """The column as a field of a Data Package table schema."""
        field: dict[str, Any] = {
            "name": self.name,
            "type": self.kind.value,
            "description": self.meaning,
        }
        if self.unit:
            field["unit"] = self.unit
        if self.kind is Kind.YES_NO:
            field |= {"trueValues": ["yes"], "falseValues": ["no"]}
        constraints = {
            "required": self.required or None,
            "enum": list(self.choices) or None,
            "minimum": self.minimum,
            "maximum": self.maximum,
        }
        if found := {key: value for key, value in constraints.items() if value is not None}:
            field["constraints"] = found
        return field


@dataclass(frozen=True, slots=True)
class Table(Generic[Row]):
    """One CSV file: its name, what a row is, its columns, and which of them name a row."""

    file: str
    title: str
    row_meaning: str
    columns: tuple[Column[Row], ...]
    key: tuple[str, ...]

    def write(self, rows: Iterable[Row]) -> bytes:
        """The file's bytes."""
        lines: list[list[str]] = [[column.name for column in self.columns]]
        lines += [[cell_text(c, c.value(row)) for c in self.columns] for row in rows]
        return csv_bytes(lines)

    def describe(self) -> dict[str, Any]:
        """The file's Data Package table schema."""
        return {
            "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
            "fields": [column.describe() for column in self.columns],
            "missingValues": [""],
            "primaryKey": list(self.key),
        }


def csv_bytes(lines: Iterable[Sequence[str]]) -> bytes:
    """Cells to RFC 4180 bytes, exactly as they are: guarding texts is the caller's."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(lines)
    # A text may hold half a surrogate pair (an odd byte typed): a ? is better than no CSV.
    return out.getvalue().encode("utf-8", errors="replace")


def cell_text(column: "Column[Any]", value: Cell) -> str:
    """One cell as text. Raises ValueError where the value is not of the column's type."""
    if value is None:
        return ""
    match column.kind, value:
        case Kind.YES_NO, bool():
            return "yes" if value else "no"
        case Kind.WHOLE, int() if not isinstance(value, bool):
            return str(value)
        case Kind.NUMBER, int() | float() if not isinstance(value, bool):
            return number_text(value, decimals=column.decimals)
        case Kind.TIME, datetime() if value.tzinfo is not None:
            return value.isoformat(timespec="milliseconds")
        case Kind.TEXT, str():
            if column.choices and value and value not in column.choices:
                raise ValueError(f"{value!r} is none of the choices of column {column.name}")
            return guarded(value)
    raise ValueError(f"{value!r} does not fit column {column.name} ({column.kind.value})")


def number_text(value: SupportsFloat, *, decimals: int) -> str:
    """A number with a decimal point; empty where it is not finite; never a negative zero."""
    number = float(value)
    if not math.isfinite(number):
        return ""
    text = f"{number:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before a dangerous beginning.

    For texts only: a number keeps its sign.
    """
    text = text.replace("\0", "")
    # Some programs trim blanks before they look, so the first visible character decides as well.
    if text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS):
        return "'" + text
    return text
