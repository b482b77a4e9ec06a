"""``README.txt``: how to open and read the files beside it, for who has nothing but the folder."""

import textwrap
from collections.abc import Iterator

from sensorhub.exports.tables import TABLES
from sensorhub.exports.tables.flags import FLAG_MEANINGS
from sensorhub.sessions.store.values import StoredSession

READ_ME = "README.txt"
WIDTH = 96

OPENING = (
    "Import them as text (not by a double click): encoding UTF-8, separated by commas, decimal"
    " point. A spreadsheet that is set to decimal commas otherwise puts a row into one cell, or"
    " takes numbers for dates."
)
READING = (
    "An empty cell: there is no value. 0: the value is zero.",
    (
        "Names of columns end in their unit: _s seconds, _deg degrees, _dps degrees per second; _cv"
        " and _share are parts of 1 (0.15 is 15 percent)."
    ),
    (
        "kind partial: a repetition that went only part of the way. It has its row and its number,"
        " and is not among full_repetitions."
    ),
    (
        "said_count: what the person heard counted. Where it is more than is recorded, the set as a"
        " whole did not confirm it."
    ),
    (
        "hold_s, held_s: the seconds that were really held, as measured; where evidence is guided,"
        " the seconds the hub paced."
    ),
    (
        "rom_deg with one sensor on the thigh is the thigh's movement, not the hip's. A difference"
        " smaller than mdc_deg may be measurement error."
    ),
    "evidence: measured, inferred, or guided (the hub paced it, nothing was measured).",
)


def read_me(session: StoredSession) -> bytes:
    """The text, lines ended as in the tables; the same for every session but for its name."""
    return "".join(f"{line}\r\n" for line in _lines(session)).encode()


def _lines(session: StoredSession) -> Iterator[str]:
    yield f"Exercise session {session.name}"
    yield ""
    yield from _wrapped(
        "An exercise log made with motion sensors; not a medical record, and no diagnosis."
    )
    if session.info.simulated:
        yield ""
        yield "SIMULATED: the sensors were simulated, nobody exercised."
    yield ""
    for table in TABLES:
        yield from _wrapped(table.row_meaning, first=f"{table.file:18}", indent=18)
    yield from _wrapped(
        "Every column in a form for programs.", first="datapackage.json  ", indent=18
    )
    yield ""
    yield "Begin with sets.csv: what was asked for beside what was done."
    yield ""
    yield "To open them in a spreadsheet"
    yield from _wrapped(OPENING)
    yield ""
    yield "How to read them"
    for item in READING:
        yield from _wrapped(item, first="- ", indent=2)
    yield ""
    yield "Quality flags (columns flags; with sensor and seconds in flag_texts of sets.csv)"
    for code, meaning in FLAG_MEANINGS.items():
        yield from _wrapped(meaning, first=f"{code.value:18}", indent=18)


def _wrapped(text: str, *, first: str = "", indent: int = 0) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    )
