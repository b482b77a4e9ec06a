"""Values of which many are made a second, frozen for the type checker only."""

import dataclasses
from typing import TypeVar

T = TypeVar("T", bound=type)


def made_often(value: T) -> T:
    """Make a frozen dataclass as quick to make as one that is not frozen.

    A frozen dataclass guards its fields against everybody, its own constructor included, which goes
    round the guard field by field and takes ten times as long. Here the guard is left to the type
    checker, which stops whoever would assign. To be written above ``@dataclass(frozen=True, ...)``.
    """
    spelled = [
        (one.name, one.type, dataclasses.field(default=one.default))
        for one in dataclasses.fields(value)
    ]
    plain = dataclasses.make_dataclass(f"Plain{value.__name__}", spelled)
    value.__init__ = plain.__init__  # type: ignore[misc]
    # Both, as the interpreter keeps them in one place: either guard alone would cost as much.
    value.__setattr__ = object.__setattr__  # type: ignore[assignment]
    value.__delattr__ = object.__delattr__  # type: ignore[assignment]
    return value
