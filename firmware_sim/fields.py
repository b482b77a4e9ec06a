"""Reading tables written by people: every field is checked, unknown ones are refused."""

import difflib
import math
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

Table = Mapping[str, object]


class InputError(ValueError):
    """What a person wrote cannot be used; the message is one sentence that says where and why."""


def nearest(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` or the list of what there is."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (there are: {', '.join(names)})" if names else ""


def read_toml(path: Path) -> Table:
    """The file's tables.

    Raises:
        InputError: the file is missing, unreadable or not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a TOML file ({error})") from error


class Fields:
    """One table being read; :meth:`close` refuses whatever nobody asked for."""

    def __init__(self, table: object, where: str) -> None:
        if not isinstance(table, Mapping):
            raise InputError(f"{where}: a table is expected")
        self._table = {str(key): value for key, value in table.items()}
        self._asked: set[str] = set()
        self.where = where

    def __contains__(self, name: str) -> bool:
        return name in self._table

    def names(self) -> list[str]:
        """The fields that are there, in the file's order."""
        return list(self._table)

    def number(
        self, name: str, default: float, *, low: float = -math.inf, high: float = math.inf
    ) -> float:
        """A finite number within ``low..high``."""
        self._asked.add(name)
        return self._number(name, self._table.get(name, default), low, high)

    def integer(self, name: str, default: int, *, low: int, high: int = 100_000) -> int:
        """A whole number within ``low..high``."""
        self._asked.add(name)
        value = self._table.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise InputError(f"{self.where}: {name} must be a whole number, {low} to {high}")
        return value

    def numbers(self, name: str, default: tuple[float, ...] = ()) -> tuple[float, ...]:
        """A list of numbers; one number alone is a list of one."""
        self._asked.add(name)
        value = self._table.get(name, list(default))
        items = value if isinstance(value, list) else [value]
        return tuple(self._number(name, item, -math.inf, math.inf) for item in items)

    def word(self, name: str, default: str, known: Iterable[str] | None = None) -> str:
        """A text, one of ``known`` where that is given."""
        self._asked.add(name)
        value = self._table.get(name, default)
        if not isinstance(value, str):
            raise InputError(f"{self.where}: {name} must be text")
        if known is not None:
            names = list(known)
            if value not in names:
                raise InputError(f"{self.where}: no {name} {value!r}{nearest(value, names)}")
        return value

    def words(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty where absent."""
        self._asked.add(name)
        value = self._table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise InputError(f"{self.where}: {name} must be a list of texts")
        return tuple(value)

    def flag(self, name: str) -> bool:
        """true or false; false where absent."""
        self._asked.add(name)
        value = self._table.get(name, False)
        if not isinstance(value, bool):
            raise InputError(f"{self.where}: {name} must be true or false")
        return value

    def table(self, name: str) -> "Fields":
        """A table within; empty where absent."""
        self._asked.add(name)
        return Fields(self._table.get(name, {}), f"{self.where}, {name}")

    def tables(self, name: str) -> list["Fields"]:
        """A list of tables; empty where absent."""
        self._asked.add(name)
        value = self._table.get(name, [])
        if not isinstance(value, list):
            raise InputError(f"{self.where}: {name} must be a list of tables")
        return [Fields(v, f"{self.where}, {name} {i}") for i, v in enumerate(value, 1)]

    def close(self) -> None:
        """Refuses fields that nobody read."""
        for name in self._table:
            if name not in self._asked:
                raise InputError(
                    f"{self.where}: unknown field {name!r}{nearest(name, self._asked)}"
                )

    def _number(self, name: str, value: object, low: float, high: float) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"{self.where}: {name} must be a number")
        if not math.isfinite(value) or not low <= value <= high:
            raise InputError(f"{self.where}: {name} must be {low:g} to {high:g}, not {value:g}")
        return float(value)
