"""Cells: texts never become formulas, numbers stay numbers, everything comes back."""

import csv
import io
import math
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.exports.tables.table import (
    Cell,
    Column,
    Kind,
    Table,
    cell_text,
    csv_bytes,
    guarded,
    number_text,
)

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
DANGEROUS = st.sampled_from(["=", "+", "-", "@", "\t", "\r", " =", "\n@", "＝"])  # noqa: RUF001


def column(kind: Kind, **more: object) -> Column[Cell]:
    return Column("c", kind, "A column.", lambda cell: cell, **more)  # type: ignore[arg-type]


def parsed(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True))


@given(DANGEROUS, TEXTS)
def test_no_text_begins_like_a_formula(start: str, rest: str) -> None:
    text = cell_text(column(Kind.TEXT), start + rest)
    assert text == "'" + start + rest


@given(TEXTS)
def test_harmless_texts_are_left_alone(text: str) -> None:
    safe = "a" + text
    assert guarded(safe) == safe


@given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(0, 6))
def test_numbers_stay_numbers(number: float, decimals: int) -> None:
    text = cell_text(column(Kind.NUMBER, decimals=decimals), number)
    assert float(text) == pytest.approx(number, abs=0.51 * 10.0**-decimals)
    assert "," not in text
    assert "e" not in text
    assert "'" not in text
    assert text not in ("-0", "-0.0", "-0.00")


def test_a_negative_angle_is_a_negative_number() -> None:
    assert cell_text(column(Kind.NUMBER, decimals=1), -12.34) == "-12.3"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_no_number_is_an_empty_cell(number: float) -> None:
    assert number_text(number, decimals=1) == ""


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2), max_size=6))
def test_rfc_4180_and_back(lines: list[list[str]]) -> None:
    content = csv_bytes(lines)
    assert parsed(content) == lines
    outside, quoted = bytearray(), False
    for byte in content:
        quoted ^= byte == ord('"')
        if not quoted:
            outside.append(byte)
    # Outside of quotes every line ends in CRLF and nothing else does.
    assert outside.count(b"\r\n") == len(lines)
    assert outside.count(b"\n") == outside.count(b"\r") == len(lines)
    assert not content.startswith(b"\xef\xbb\xbf")


@given(st.datetimes(), st.integers(-14 * 60, 14 * 60))
def test_times_are_iso_8601_with_offset(moment: datetime, offset_min: int) -> None:
    moment = moment.replace(tzinfo=timezone(timedelta(minutes=offset_min)))
    text = cell_text(column(Kind.TIME), moment)
    again = datetime.fromisoformat(text)
    assert abs(again - moment) < timedelta(milliseconds=1)
    assert again.utcoffset() == moment.utcoffset()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.NUMBER, "1"),
        (Kind.NUMBER, True),
        (Kind.WHOLE, 1.0),
        (Kind.WHOLE, True),
        (Kind.TEXT, 1),
        (Kind.YES_NO, 1),
        (Kind.TIME, "2026-01-01"),
        (Kind.TIME, datetime(2026, 1, 1)),  # noqa: DTZ001 (that it is refused is the point)
    ],
)
def test_a_value_of_another_type_is_refused(kind: Kind, value: Cell) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        cell_text(column(kind), value)


def test_a_text_outside_of_the_choices_is_refused() -> None:
    with pytest.raises(ValueError, match="choices"):
        cell_text(column(Kind.TEXT, choices=("a", "b")), "c")


def test_missing_is_empty_and_no_is_no() -> None:
    for kind in Kind:
        assert cell_text(column(kind), None) == ""
    assert cell_text(column(Kind.YES_NO), False) == "no"
    assert cell_text(column(Kind.WHOLE), 0) == "0"


def test_half_a_surrogate_and_a_zero_byte_do_not_break_the_file() -> None:
    table = Table("x.csv", "X", "A row.", (column(Kind.TEXT),), ("c",))
    assert parsed(table.write(["a\udcffb\0c"])) == [["c"], ["a?bc"]]


def test_a_table_describes_itself() -> None:
    table = Table(
        "x.csv",
        "X",
        "A row.",
        (column(Kind.WHOLE, minimum=0, required=True, unit="pieces"),),
        ("c",),
    )
    assert table.describe()["fields"] == [
        {
            "name": "c",
            "type": "integer",
            "description": "A column.",
            "unit": "pieces",
            "constraints": {"required": True, "minimum": 0},
        }
    ]
    assert table.write([3, 0]) == b"c\r\n3\r\n0\r\n"
