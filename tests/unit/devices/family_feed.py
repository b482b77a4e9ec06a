"""Bytes into a family's decoder, as a log would hold them."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from sensorhub.devices.base import Decoder
from sensorhub.devices.registry import family
from sensorhub.model.events import DeviceEvent, SamplesArrived
from sensorhub.model.link import Record, RecordKind

T0_NS = 5_000_000_000_000


class Feed:
    """One decoder, and what came of it."""

    def __init__(self, name: str, lane: str = "data") -> None:
        self.decoder: Decoder = family(name).new_decoder()
        self.lane = lane
        self.now_ns = T0_NS
        self.events: list[DeviceEvent] = []

    def got(self, data: bytes | str, *, lane: str | None = None) -> list[DeviceEvent]:
        """Received: bytes, or the same in hexadecimal."""
        return self._feed(RecordKind.RECEIVED, lane or self.lane, data)

    def said(self, data: bytes | str, *, lane: str = "command") -> list[DeviceEvent]:
        """Sent by the hub."""
        return self._feed(RecordKind.SENT, lane, data)

    def link(self, *, up: bool) -> list[DeviceEvent]:
        return self._feed(RecordKind.LINK_UP if up else RecordKind.LINK_DOWN, "", b"")

    def later(self, seconds: float) -> "Feed":
        self.now_ns += round(seconds * 1e9)
        return self

    @property
    def samples(self) -> list[SamplesArrived]:
        return [event for event in self.events if isinstance(event, SamplesArrived)]

    def _feed(self, kind: RecordKind, lane: str, data: bytes | str) -> list[DeviceEvent]:
        if isinstance(data, str):
            data = bytes.fromhex(data)
        events = self.decoder.feed(Record(kind, lane, data, self.now_ns))
        self.events += events
        return events


def told(name: str, pieces: Iterable[bytes], *, lane: str = "serial") -> list[str]:
    """All events of bytes that arrive in these pieces at one instant, and the counters, as text."""
    feed = Feed(name, lane)
    for piece in pieces:
        feed.got(piece)
    return [*map(repr, feed.events), repr(feed.decoder.counters)]


def cut(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    """The same bytes in pieces."""
    edges = sorted({0, len(data), *(at % (len(data) + 1) for at in cuts)})
    return [data[a:b] for a, b in pairwise(edges)]
