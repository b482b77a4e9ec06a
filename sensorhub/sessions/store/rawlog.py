"""Raw log chunks: consecutive records of one sensor as one compressed, checked blob.

Layout before compression (zlib level 6), all integers unsigned LEB128 unless said otherwise::

    channel names   count, then each as length + UTF-8
    first time      hub nanoseconds (zig-zag: a test clock may start below zero)
    records         count, then in columns, so that equal things lie side by side:
      kinds         one byte a record
      channels      one byte a record, index into the names
      times         nanoseconds since the record before (zig-zag)
      lengths       bytes
      data          all bytes, one after the other

The CRC-32 of the compressed blob lies beside it in the store. Decoding checks everything: a blob
that does not keep to this raises :class:`DamagedChunkError` and is never blown up beyond
``MAX_PLAIN_BYTES``.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from sensorhub.model.link import Record, RecordKind

CODEC_VERSION = 1
MAX_PLAIN_BYTES = 64 << 20
MAX_CHANNELS = 255


class DamagedChunkError(ValueError):
    """A stored chunk is not what was written."""


@dataclass(frozen=True, slots=True)
class Chunked:
    """A chunk ready to be stored."""

    records: int
    first_ns: int
    last_ns: int
    crc32: int
    blob: bytes


def pack(records: Sequence[Record]) -> Chunked:
    """Compress at least one record; order is kept."""
    names = sorted({record.channel for record in records})
    if len(names) > MAX_CHANNELS:
        raise ValueError(f"{len(names)} channels in one chunk")
    index = {name: k for k, name in enumerate(names)}
    plain = bytearray()
    _put(plain, len(names))
    for name in names:
        text = name.encode()
        _put(plain, len(text))
        plain += text
    before_ns = records[0].host_time_ns
    _put(plain, _zigzag(before_ns))
    _put(plain, len(records))
    plain += bytes(record.kind for record in records)
    plain += bytes(index[record.channel] for record in records)
    for record in records:
        _put(plain, _zigzag(record.host_time_ns - before_ns))
        before_ns = record.host_time_ns
    for record in records:
        _put(plain, len(record.data))
    plain += b"".join(record.data for record in records)
    blob = zlib.compress(plain, 6)
    times_ns = [record.host_time_ns for record in records]
    return Chunked(len(records), min(times_ns), max(times_ns), zlib.crc32(blob), blob)


def unpack(blob: bytes, *, crc32: int) -> list[Record]:
    """The records of a chunk, exactly as they were packed.

    Raises:
        DamagedChunkError: anything about the blob is not as :func:`pack` leaves it.
    """
    if zlib.crc32(blob) != crc32:
        raise DamagedChunkError("its checksum is wrong")
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(blob, MAX_PLAIN_BYTES)
    except zlib.error as error:
        raise DamagedChunkError(str(error)) from None
    if not inflater.eof or inflater.unused_data:
        raise DamagedChunkError("it does not end where it should")
    try:
        return _parse(plain)
    except (IndexError, UnicodeDecodeError, ValueError) as error:
        raise DamagedChunkError(str(error)) from None


def _parse(plain: bytes) -> list[Record]:
    reader = _Reader(plain)
    names = [reader.take(reader.number()).decode() for _ in range(reader.number())]
    time_ns = _unzigzag(reader.number())
    count = reader.number()
    kinds = [RecordKind(kind) for kind in reader.take(count)]
    channels = [names[k] for k in reader.take(count)]
    times_ns = []
    for _ in range(count):
        time_ns += _unzigzag(reader.number())
        times_ns.append(time_ns)
    lengths = [reader.number() for _ in range(count)]
    data = [reader.take(length) for length in lengths]
    if reader.at != len(plain):
        raise ValueError("bytes are left over")
    return [Record(*fields) for fields in zip(kinds, channels, data, times_ns, strict=True)]


class _Reader:
    def __init__(self, plain: bytes) -> None:
        self._plain = plain
        self.at = 0

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self._plain[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 70:
                raise ValueError("a number is too long")

    def take(self, length: int) -> bytes:
        if length > len(self._plain) - self.at:
            raise ValueError("bytes are missing")
        self.at += length
        return self._plain[self.at - length : self.at]


def _put(plain: bytearray, value: int) -> None:
    while value > 0x7F:
        plain.append(value & 0x7F | 0x80)
        value >>= 7
    plain.append(value)


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def _unzigzag(value: int) -> int:
    return value >> 1 if not value & 1 else -((value + 1) >> 1)
