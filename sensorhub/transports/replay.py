"""A file of records: one sensor's raw log by itself, to be played back or looked into.

It begins with one line of text, ``sensorhub-records 1 FAMILY``, and goes on with records, each

    length u32 | crc u32 | kind u8 | time i64 | channel length u8 | channel | data

little-endian; length and CRC-32 (of zlib) cover what follows them. A file may end in the middle of
a record, as after a power cut: what is whole is read. Anything else that is wrong is refused.
"""

import re
import struct
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Self

from sensorhub.model.errors import InputError, StoreError
from sensorhub.model.link import Record, RecordKind
from sensorhub.model.units import NS_PER_S
from sensorhub.transports.hubclock import HubClock

VERSION = 1
_HEADER = re.compile(rb"sensorhub-records (\d{1,4}) ([a-z0-9_]{1,40})\n")
_LONGEST_HEADER = 80
_FRAME = struct.Struct("<II")
_FIXED = struct.Struct("<BqB")
MAX_DATA_BYTES = 1 << 16
_MAX_BODY = _FIXED.size + 255 + MAX_DATA_BYTES
_HINT = "Take a file that sensorhub recorded, or record anew."


@dataclass(frozen=True, slots=True)
class RecordFile:
    """What a file holds. ``complete`` is False when it ends in the middle of a record."""

    family: str
    records: tuple[Record, ...]
    complete: bool


class RecordWriter:
    """Appends records to a new file. Use it as a context manager.

    Raises:
        InputError: the file exists already.
        StoreError: it cannot be written.
    """

    def __init__(self, path: Path, *, family: str) -> None:
        header = f"sensorhub-records {VERSION} {family}\n".encode()
        if _HEADER.fullmatch(header) is None:
            raise InputError(f"“{family}” is no name of a device family.")
        self._path = path
        try:
            self._file: BinaryIO = path.open("xb")
        except FileExistsError as error:
            raise InputError(
                f"The file {path} exists already.", hint="Take another name, or remove it."
            ) from error
        except OSError as error:
            raise self._failed(error) from error
        self._put(header)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def write(self, record: Record) -> None:
        """Append one record."""
        channel = record.channel.encode()
        if len(channel) > 255 or len(record.data) > MAX_DATA_BYTES:
            raise InputError("A record is too long to be kept in a file.")
        fixed = _FIXED.pack(record.kind, record.host_time_ns, len(channel))
        body = fixed + channel + record.data
        self._put(_FRAME.pack(len(body), zlib.crc32(body)) + body)

    def close(self) -> None:
        """Finish the file."""
        try:
            self._file.close()
        except OSError as error:
            raise self._failed(error) from error

    def _put(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> StoreError:
        return StoreError(
            f"The file {self._path} cannot be written: {error.strerror}.",
            hint="Check the directory, its permissions and the space left.",
        )


def write_records(path: Path, records: Iterable[Record], *, family: str) -> None:
    """Write a new file. Raises as :class:`RecordWriter` does."""
    with RecordWriter(path, family=family) as writer:
        for record in records:
            writer.write(record)


def read_records(path: Path) -> RecordFile:
    """Read a whole file; it is checked record by record and never read past its own lengths.

    Raises:
        InputError: it cannot be read, is no such file, of another version, or damaged.
    """
    try:
        with path.open("rb") as file:
            family = _read_header(file, path)
            reader = _Reader(file, path)
            return RecordFile(family, tuple(reader), reader.complete)
    except OSError as error:
        raise InputError(f"The file {path} cannot be read: {error.strerror}.") from error


async def played_back(records: Iterable[Record], clock: HubClock) -> AsyncIterator[Record]:
    """Hand records out as they once came, moved in time so that the first comes now."""
    offset_ns: int | None = None
    for record in records:
        if offset_ns is None:
            offset_ns = clock.now_ns() - record.host_time_ns
        due_ns = record.host_time_ns + offset_ns
        while (rest_ns := due_ns - clock.now_ns()) > 0:
            await clock.sleep(rest_ns / NS_PER_S)
        yield replace(record, host_time_ns=due_ns)


def _read_header(file: BinaryIO, path: Path) -> str:
    match = _HEADER.fullmatch(file.readline(_LONGEST_HEADER))
    if match is None:
        raise InputError(f"{path} is no file of records.", hint=_HINT)
    if int(match[1]) != VERSION:
        raise InputError(
            f"{path} is of version {int(match[1])}; this program reads version {VERSION}.",
            hint="Update sensorhub.",
        )
    return match[2].decode()


class _Reader(Iterator[Record]):
    """Records off an open file, until its end; ``complete`` says what kind of end that was."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.complete = True
        self._file = file
        self._path = path
        self._count = 0

    def __next__(self) -> Record:
        frame = self._file.read(_FRAME.size)
        if not frame:
            raise StopIteration
        if len(frame) < _FRAME.size:
            self.complete = False
            raise StopIteration
        length, crc = _FRAME.unpack(frame)
        if not _FIXED.size <= length <= _MAX_BODY:
            raise self._damaged()
        body = self._file.read(length)
        if len(body) < length:
            self.complete = False
            raise StopIteration
        if zlib.crc32(body) != crc:
            raise self._damaged()
        self._count += 1
        return self._decode(body)

    def _decode(self, body: bytes) -> Record:
        kind, time_ns, channel_length = _FIXED.unpack_from(body)
        data_at = _FIXED.size + channel_length
        try:
            if data_at > len(body):
                raise ValueError("channel longer than the record")
            channel = body[_FIXED.size : data_at].decode()
            return Record(RecordKind(kind), channel, body[data_at:], time_ns)
        except ValueError as error:
            raise self._damaged() from error

    def _damaged(self) -> InputError:
        return InputError(
            f"{self._path} is damaged after its record number {self._count}.", hint=_HINT
        )
