"""What travels on a link, before anyone interprets it: chunks, and the records of the raw log."""

import enum
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes that arrived together.

    Attributes:
        channel: the byte lane by name. BLE: the name the family's profile gives the characteristic
            (``control``, ``data``, ``bulk`` ...). Serial: always ``serial``.
        data: the bytes, verbatim.
        host_time_ns: hub monotonic clock at arrival, stamped once by the transport.
    """

    channel: str
    data: bytes
    host_time_ns: int


class RecordKind(enum.IntEnum):
    """What a raw log record says. The numbers are stored: never renumber."""

    RECEIVED = 0
    SENT = 1
    LINK_UP = 2  # data: largest packet the link can carry, u16 little-endian, or empty
    LINK_DOWN = 3  # data: reason, UTF-8


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of a sensor's raw log. The log alone is enough to decode everything again.

    ``SENT`` records are there because decoding needs them (a time-sync answer means nothing without
    the moment its question left).
    """

    kind: RecordKind
    channel: str
    data: bytes
    host_time_ns: int
