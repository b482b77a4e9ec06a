"""Outcomes as text, and back, exactly: what the store keeps of a finished set.

The fields are read off the frozen dataclasses themselves, so a field added there is stored here.
Text written before a field existed reads back with that field's default. Equal outcomes give equal
text: "nothing changed" is a comparison of strings.
"""

import dataclasses
import enum
import json
import math
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any

from sensorhub.model.outcomes import SetOutcome

FORMAT = 1


def encode_outcome(outcome: SetOutcome) -> str:
    """One line of JSON: SI units and radians, floats in their shortest exact form.

    What is not known (NaN: the angle of a hold that no sensor saw) is null.

    Raises:
        ValueError: a number is infinite; an outcome has none such.
    """
    return json.dumps(
        {"format": FORMAT, **_plain(outcome)},
        allow_nan=False,
        ensure_ascii=False,
        separators=(",", ":"),
    )


def decode_outcome(text: str) -> SetOutcome:
    """The outcome that :func:`encode_outcome` was given.

    Raises:
        ValueError: the text is not such an outcome, or of a newer format.
    """
    content = json.loads(text)
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise ValueError("this is not a stored outcome of a known format")
    outcome = _typed(SetOutcome, content)
    assert isinstance(outcome, SetOutcome)
    return outcome


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in sorted(value.items())}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def _typed(kind: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        return _typed(next(a for a in arguments if a is not type(None)), value)
    if origin is tuple:
        return tuple(_typed(arguments[0], item) for item in _expect(list, value))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        items = _expect(dict, value).items()
        return types.MappingProxyType({key: _typed(arguments[1], item) for key, item in items})
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = _field_types(kind)
        known = {k: v for k, v in _expect(dict, value).items() if k in hints}
        try:
            return kind(**{name: _typed(hints[name], item) for name, item in known.items()})
        except TypeError as error:
            raise ValueError(str(error)) from None
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(value)
    if kind is float:
        if value is None:
            return math.nan
        return float(_expect((int, float), value))
    return _expect(kind, value)


def _expect(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"{value!r:.40} is not a {kind}")
    return value


@cache
def _field_types(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)
