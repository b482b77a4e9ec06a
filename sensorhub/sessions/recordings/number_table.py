"""Named columns of numbers out of a CSV file that nobody vouches for.

The file is first walked in small blocks, so that a line without end, a binary file or a device
node costs no memory; then numpy's C reader takes it in one go. Only when that reader, or a look at
its numbers, finds something wrong is the file read again slowly, to say which row and which column
it is.
"""

import csv
import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from sensorhub.model.errors import InputError
from sensorhub.model.events import FloatArray

MAX_LINE_BYTES = 8192
MAX_FILE_BYTES = 1 << 30
WALK_BYTES = MAX_LINE_BYTES // 2


def read_columns(
    path: Path, *, required: Sequence[str], optional: Iterable[Sequence[str]] = ()
) -> dict[str, FloatArray]:
    """Read columns by name; other columns are ignored, order does not matter.

    Args:
        path: a CSV file: one header row, commas, decimal points; UTF-8 with or without BOM.
        required: columns that must be there.
        optional: groups of columns; a group is read when all of it is there and left out when none
            of it is.

    Returns:
        One array a column, all of the same length (0 where there is only a header), finite.

    Raises:
        InputError: the file is missing, unreadable, not text, too large; a column is missing or
            twice there; a cell is empty, not a number or not finite (row and column are named).
    """
    _walk(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            header = _header(path, lines)
            names = _choose(path, header, required, optional)
            indices = [header.index(name) for name in names]
            table = _read_fast(lines, indices)
        if table is None or not np.isfinite(table).all():
            table = _read_slowly(path, names, indices)
    except UnicodeDecodeError:
        raise _not_text(path) from None
    except OSError as error:
        raise _unreadable(path, error) from None
    return {name: np.ascontiguousarray(table[:, k]) for k, name in enumerate(names)}


def _walk(path: Path) -> None:
    """Refuse what could not be read in bounded memory."""
    try:
        if not path.exists():
            raise InputError(f"There is no file {path}.", hint="Check the name.")
        if not path.is_file():
            raise InputError(f"{path} is not a file.", hint="Name a folder or a CSV file.")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InputError(
                f"{path.name} is larger than {MAX_FILE_BYTES >> 20} MiB.",
                hint="Cut the recording into shorter ones.",
            )
        with path.open("rb") as file:
            newlines_expected = False
            while block := file.read(WALK_BYTES):
                if b"\0" in block:
                    raise _not_text(path)
                has_newline = b"\n" in block
                if newlines_expected and not has_newline:
                    raise InputError(
                        f"{path.name} has a line of more than {WALK_BYTES} characters.",
                        hint="It is not a recording, or its line ends are missing.",
                    )
                newlines_expected = not has_newline
    except OSError as error:
        raise _unreadable(path, error) from None


def _not_text(path: Path) -> InputError:
    return InputError(f"{path.name} is not a text file.", hint="A CSV file in UTF-8 is needed.")


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path} cannot be read: {error.strerror or error}.", hint="Check its permissions."
    )


def _header(path: Path, lines: Iterable[str]) -> list[str]:
    try:
        header = [name.strip() for name in next(csv.reader(lines), [])]
    except csv.Error as error:
        raise InputError(
            f"{path.name}: its header row cannot be read: {error}.",
            hint="A quotation mark that is opened must be closed.",
        ) from None
    if not any(header):
        raise InputError(f"{path.name} is empty.", hint="A header row and samples are needed.")
    return header


def _choose(
    path: Path, header: Sequence[str], required: Sequence[str], optional: Iterable[Sequence[str]]
) -> list[str]:
    names = list(required)
    for group in optional:
        if any(name in header for name in group):
            names.extend(group)
    for name in names:
        if name not in header:
            raise InputError(f"{path.name} has no column {name}.", hint=_column_hint(header))
        if header.count(name) > 1:
            raise InputError(f"{path.name} has the column {name} twice.", hint="Remove one.")
    return names


def _column_hint(header: Sequence[str]) -> str:
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        return "Columns must be separated by commas."
    return f"Its columns are {', '.join(name[:40] for name in header[:10])}."


def _read_fast(lines: Iterable[str], indices: Sequence[int]) -> FloatArray | None:
    """All rows at once, or None where the file needs a closer look."""
    try:
        with warnings.catch_warnings():
            # A file without rows is no surprise here; the caller says what it means.
            warnings.simplefilter("ignore", UserWarning)
            table = np.loadtxt(
                lines, delimiter=",", usecols=indices, comments=None, quotechar='"', ndmin=2
            )
    except UnicodeDecodeError:
        raise
    except ValueError:
        return None
    return np.asarray(table, dtype=np.float64).reshape(-1, len(indices))


def _read_slowly(path: Path, names: Sequence[str], indices: Sequence[int]) -> FloatArray:
    """The same rows one by one, to name the first cell that is wrong."""
    values: list[list[float]] = []
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines)
        try:
            next(reader)
            for row in reader:
                if row and any(cell.strip() for cell in row):
                    cells = dict(zip(names, _cells(row, indices), strict=True))
                    values.append(_numbers(path, reader.line_num, cells))
        except csv.Error as error:
            raise InputError(
                f"{path.name}, row {reader.line_num}: {error}.", hint="Correct or remove the row."
            ) from None
    return np.array(values, dtype=np.float64).reshape(-1, len(names))


def _cells(row: Sequence[str], indices: Sequence[int]) -> list[str]:
    return [row[k] if k < len(row) else "" for k in indices]


def _numbers(path: Path, line: int, cells: Mapping[str, str]) -> list[float]:
    numbers = []
    for name, cell in cells.items():
        text = cell.strip()
        try:
            number = math.nan if "_" in text else float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            shown = repr(text[:30]) if text else "empty"
            raise InputError(
                f"{path.name}, row {line}, column {name} is {shown}, not a number.",
                hint="Correct or remove the row.",
            )
        numbers.append(number)
    return numbers
