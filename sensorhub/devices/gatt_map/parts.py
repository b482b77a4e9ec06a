"""What the description of a sensor consists of, once it was read and checked."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sensorhub.model.events import FloatArray

RATE_FIELD = "rate_hz"
"""In a write's fields: the rate that is asked for."""


@dataclass(frozen=True, slots=True)
class IntegerField:
    """An integer somewhere in a notification.

    Attributes:
        size: bytes.
        wrap: the counter begins anew at this value.
    """

    offset: int
    size: int
    byte_order: str
    signed: bool
    wrap: int

    def read(self, data: bytes) -> int:
        """Return its value; ``data`` is long enough."""
        piece = data[self.offset : self.offset + self.size]
        order: Any = self.byte_order
        return int.from_bytes(piece, order, signed=self.signed) % self.wrap


@dataclass(frozen=True, slots=True)
class Timestamp:
    """When the first or last sample of a notification was taken, in ticks."""

    field: IntegerField
    tick_s: float
    of_last: bool


@dataclass(frozen=True, slots=True)
class Triple:
    """Three fields of a sample and what turns them into m/s2 or rad/s: ``raw * scale + offset``."""

    fields: tuple[int, int, int]
    scale: float
    offset: float


@dataclass(frozen=True, slots=True)
class SampleLane:
    """A characteristic that notifies samples. ``repeat`` 0: as many as there are."""

    lane: str
    layout: struct.Struct
    offset: int
    repeat: int
    acc: Triple | None
    gyr: Triple | None
    timestamp: Timestamp | None
    sequence: IntegerField | None
    counts_packets: bool


@dataclass(frozen=True, slots=True)
class Write:
    """Something to write. ``fields`` with RATE_FIELD in place of the rate; else ``data``."""

    lane: str
    data: bytes
    layout: struct.Struct | None = None
    fields: tuple[float | str, ...] = ()

    def at_rate(self, rate_hz: float) -> bytes:
        """Return the bytes for this rate."""
        if self.layout is None:
            return self.data
        try:
            return self._packed(self.layout, rate_hz)
        except struct.error:  # an integer field
            return self._packed(self.layout, round(rate_hz))

    def _packed(self, layout: struct.Struct, rate_hz: float) -> bytes:
        return layout.pack(*(rate_hz if one == RATE_FIELD else one for one in self.fields))

    def rate_in(self, data: bytes) -> float | None:
        """Return the rate that was written; None where these bytes are not this write."""
        if self.layout is None or RATE_FIELD not in self.fields or len(data) != self.layout.size:
            return None
        return float(self.layout.unpack(data)[self.fields.index(RATE_FIELD)])


@dataclass(frozen=True, slots=True)
class GattMap:
    """A whole file. ``rotation``: device axes to sensor frame, shape (3, 3)."""

    name: str
    title: str
    services: tuple[str, ...]
    name_prefixes: tuple[str, ...]
    rates_hz: tuple[float, ...]
    rotation: FloatArray
    uuids: Mapping[str, str]
    writable: Mapping[str, bool]
    samples: tuple[SampleLane, ...]
    starts: tuple[Write, ...]
    stops: tuple[Write, ...]
    battery_uuid: str | None
    evidence: str
    notes: tuple[str, ...]
