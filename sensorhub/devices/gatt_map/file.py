"""A sensor described by a TOML file: what the file may say, and reading it.

::

    name = "my_sensor"                      # how the family is called: ?family=my_sensor
    title = "My sensor"
    services = ["12345678-..."]             # advertised by it, or:
    name_prefixes = ["MySensor"]
    rates_hz = [50, 100]                    # what can be asked for; leave out where nothing can
    axes = ["x", "y", "z"]                  # which of its axes is our x, y, z; "-x" turns one round
    notes = ["..."]                         # for docs/sensors.md

    [[characteristic]]                      # one that notifies samples
    lane = "motion"                         # any short name
    uuid = "12345679-..."
    values = "<6h"                          # Python's struct, one sample; no padding, "<" or ">"
    offset = 4                              # bytes before the first sample
    repeat = 0                              # samples in a notification; 0: as many as there are
    acc = { fields = [0, 1, 2], scale = 0.000244, unit = "g" }        # also offset = ...
    gyr = { fields = [3, 4, 5], scale = 0.061, unit = "deg/s" }
    timestamp = { offset = 0, type = "u32le", tick_s = 0.001, of = "first" }   # or of = "last"
    sequence = { offset = 4, type = "u8le", counts = "packets" }               # or "samples"

    [[characteristic]]
    lane = "config"
    uuid = "1234567a-..."
    write = true

    [[write]]                               # in this order, when the link opens or the stream ends
    when = "start"                          # or "stop"
    lane = "config"
    values = "<HB"
    fields = ["rate_hz", 1]                 # numbers, or the rate; or: hex = "0102"

    [battery]
    uuid = "00002a19-0000-1000-8000-00805f9b34fb"    # one byte, percent

Acceleration and rate may come in two characteristics; a sample is then one notification of each,
the one that is listed first first, and such a sensor can have neither timestamp nor sequence.
"""

import re
import struct
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from sensorhub.devices.gatt_map.parts import (
    RATE_FIELD,
    GattMap,
    IntegerField,
    SampleLane,
    Timestamp,
    Triple,
    Write,
)
from sensorhub.model.errors import InputError
from sensorhub.model.events import FloatArray
from sensorhub.model.units import RADPS_PER_DPS, STANDARD_GRAVITY_MPS2

ACC_UNITS: Final[Mapping[str, float]] = {
    "g": STANDARD_GRAVITY_MPS2,
    "mg": 1e-3 * STANDARD_GRAVITY_MPS2,
    "m/s2": 1.0,
}
GYR_UNITS: Final[Mapping[str, float]] = {
    "deg/s": RADPS_PER_DPS,
    "mdeg/s": 1e-3 * RADPS_PER_DPS,
    "rad/s": 1.0,
}
_LAYOUT = re.compile(r"[<>](?:\d{0,2}[bBhHiIlLqQfd]){1,32}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_INTEGER = re.compile(r"(u|i)(8|16|24|32|40|48|64)(le|be)")
_MOST_BYTES = 512
_MOST_FILE_BYTES = 64 * 1024


def read_map(path: Path) -> GattMap:
    """Read a file.

    Raises:
        InputError: it cannot be read, or says something that cannot be.
    """
    try:
        data = path.read_bytes()[: _MOST_FILE_BYTES + 1]
        if len(data) > _MOST_FILE_BYTES:
            raise InputError(f"{path} is too long for the description of a sensor.")
        return parse_map(tomllib.loads(data.decode("utf-8")))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no TOML file: {error}.") from error
    except (LookupError, TypeError, ValueError, AttributeError, struct.error) as error:
        if isinstance(error, InputError):
            raise InputError(f"{path}: {error}") from error
        what = f"{error.args[0]} is missing" if isinstance(error, KeyError) else error
        raise InputError(f"{path}: {what}.") from error


def parse_map(table: Mapping[str, Any]) -> GattMap:
    """Check a file's tables. Raises InputError, or what wrong types raise by themselves."""
    _only(table, _TOP)
    if not _NAME.fullmatch(table["name"]):
        raise InputError(f"“{table['name']}” is no name: small letters, digits and _.")
    uuids: dict[str, str] = {}
    writable: dict[str, bool] = {}
    samples: list[SampleLane] = []
    for one in table["characteristic"]:
        _only(one, _CHARACTERISTIC)
        lane = one["lane"]
        if lane in (*uuids, "battery") or not _NAME.fullmatch(lane):
            raise InputError(f"“{lane}” is no lane, or there twice.")
        uuids[lane] = _uuid(one["uuid"])
        if one.get("write"):
            writable[lane] = bool(one.get("response", True))
        if "values" in one:
            samples.append(_sample_lane(one))
    _check_samples(samples)
    rates_hz = tuple(_positive(one) for one in table.get("rates_hz", ()))
    writes = [(one["when"], _write(one, writable)) for one in table.get("write", ())]
    if any(when not in ("start", "stop") for when, _ in writes):
        raise InputError("A write is for “start” or “stop”.")
    for _, write in writes:
        for rate_hz in rates_hz:
            write.at_rate(rate_hz)  # raises what does not fit
    return GattMap(
        name=table["name"],
        title=str(table["title"]),
        services=tuple(_uuid(one) for one in table.get("services", ())),
        name_prefixes=tuple(str(one) for one in table.get("name_prefixes", ()) if one),
        rates_hz=rates_hz,
        rotation=_rotation(table.get("axes", ["x", "y", "z"])),
        uuids=uuids,
        writable=writable,
        samples=tuple(samples),
        starts=tuple(write for when, write in writes if when == "start"),
        stops=tuple(write for when, write in writes if when == "stop"),
        battery_uuid=_uuid(table["battery"]["uuid"]) if "battery" in table else None,
        evidence=str(table.get("evidence", "untested")),
        notes=tuple(str(one) for one in table.get("notes", ())),
    )


_IDENTITY: Final = ("name", "title", "services", "name_prefixes", "notes", "evidence")
_TOP: Final = frozenset((*_IDENTITY, "rates_hz", "axes", "characteristic", "write", "battery"))
_LANE: Final = ("lane", "uuid", "write", "response")
_CHARACTERISTIC: Final = frozenset(
    (*_LANE, "values", "offset", "repeat", "acc", "gyr", "timestamp", "sequence")
)


def _only(table: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise InputError(f"“{unknown[0]}” means nothing here.")


def _sample_lane(table: Mapping[str, Any]) -> SampleLane:
    layout = _layout(table["values"])
    fields = len(layout.unpack(bytes(layout.size)))
    timestamp = table.get("timestamp")
    sequence = table.get("sequence")
    if sequence is not None and sequence.get("counts") not in ("packets", "samples"):
        raise InputError("A sequence counts “packets” or “samples”.")
    if timestamp is not None and timestamp.get("of", "first") not in ("first", "last"):
        raise InputError("A timestamp is of the “first” or the “last” sample.")
    return SampleLane(
        lane=table["lane"],
        layout=layout,
        offset=_count(table.get("offset", 0)),
        repeat=_count(table.get("repeat", 1)),
        acc=_triple(table.get("acc"), ACC_UNITS, fields),
        gyr=_triple(table.get("gyr"), GYR_UNITS, fields),
        timestamp=None
        if timestamp is None
        else Timestamp(
            _integer(timestamp), _positive(timestamp["tick_s"]), timestamp.get("of") == "last"
        ),
        sequence=None if sequence is None else _integer(sequence),
        counts_packets=sequence is not None and sequence["counts"] == "packets",
    )


def _check_samples(samples: list[SampleLane]) -> None:
    with_acc = [one for one in samples if one.acc is not None]
    with_gyr = [one for one in samples if one.gyr is not None]
    if len(with_acc) != 1 or len(with_gyr) > 1 or len(samples) > 2:
        raise InputError("Exactly one characteristic tells acc, and at most one gyr.")
    timed = any(one.timestamp is not None or one.sequence is not None for one in samples)
    if len(samples) == 2 and (timed or samples[0].repeat != 1 or samples[1].repeat != 1):
        raise InputError("Two characteristics for a sample: no timestamp, sequence or repeat then.")


def _write(table: Mapping[str, Any], writable: Mapping[str, bool]) -> Write:
    _only(table, frozenset(("when", "lane", "values", "fields", "hex")))
    lane = table["lane"]
    if lane not in writable:
        raise InputError(f"“{lane}” is no characteristic that is written.")
    if "hex" in table:
        return Write(lane, bytes.fromhex(table["hex"]))
    fields = tuple(table["fields"])
    if any(isinstance(one, str) and one != RATE_FIELD for one in fields):
        raise InputError(f"A field is a number or “{RATE_FIELD}”.")
    write = Write(lane, b"", _layout(table["values"]), fields)
    write.at_rate(1.0)
    return write


def _triple(
    table: Mapping[str, Any] | None, units: Mapping[str, float], most: int
) -> Triple | None:
    if table is None:
        return None
    fields = tuple(_count(one) for one in table["fields"])
    if len(fields) != 3 or max(fields) >= most:
        raise InputError("Three fields are needed, each within the values.")
    if table["unit"] not in units:
        raise InputError(f"“{table['unit']}” is none of the units {', '.join(units)}.")
    unit = units[table["unit"]]
    scale, offset = float(table.get("scale", 1.0)), float(table.get("offset", 0.0))
    return Triple((fields[0], fields[1], fields[2]), scale * unit, offset * unit)


def _integer(table: Mapping[str, Any]) -> IntegerField:
    match = _INTEGER.fullmatch(table["type"])
    if match is None:
        raise InputError(f"“{table['type']}” is no integer: u8le to u64be.")
    size = int(match[2]) // 8
    wrap = _count(table.get("wrap", 1 << (8 * size)))
    if wrap < 2:
        raise InputError("A counter that never counts.")
    order = "little" if match[3] == "le" else "big"
    return IntegerField(_count(table["offset"]), size, order, match[1] == "i", wrap)


def _layout(text: str) -> struct.Struct:
    if not _LAYOUT.fullmatch(text):
        raise InputError(f"“{text}” is no layout: < or >, then b B h H i I l L q Q f d.")
    layout = struct.Struct(text)
    if layout.size > _MOST_BYTES:
        raise InputError("A sample is not so long.")
    return layout


def _rotation(axes: list[str]) -> FloatArray:
    rotation = np.zeros((3, 3))
    for row, axis in enumerate(axes):
        rotation[row, "xyz".index(axis.removeprefix("-"))] = -1.0 if axis[0] == "-" else 1.0
    if len(axes) != 3 or round(np.linalg.det(rotation)) != 1:
        raise InputError("The axes must be a rotation: three different ones, none mirrored.")
    return rotation


def _uuid(text: str) -> str:
    if not _UUID.fullmatch(text):
        raise InputError(f"“{text}” is no UUID of 128 bits.")
    return text.lower()


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InputError(f"“{value}” is no count.")
    return value


def _positive(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1e9:
        raise InputError(f"“{value}” is no positive number.")
    return float(value)
