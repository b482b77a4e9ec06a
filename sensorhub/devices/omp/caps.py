"""Collects the capability map from its pieces."""

import zlib

from sensorhub.protocol.capabilities import MAX_CAPABILITIES, Capabilities
from sensorhub.protocol.malformed import MalformedPacketError


class CapabilityReader:
    """Pieces come in order from offset 0; at most 4096 bytes are held."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._offsets: dict[int, int] = {}
        self.expected_hash: int | None = None
        self.known: Capabilities | None = None

    def reset(self) -> None:
        """Begin anew on a new link; what is known of the device stays."""
        self._bytes.clear()
        self._offsets.clear()

    def asked(self, tid: int, offset: int) -> None:
        """The host asks for the bytes from ``offset``."""
        self._offsets = {tid: offset}

    def piece(self, tid: int, total: int, data: bytes) -> Capabilities | None:
        """Take a piece; return the map when it is complete.

        Raises:
            MalformedPacketError: pieces do not join, are too many, or are no capability map.
        """
        offset = self._offsets.pop(tid, len(self._bytes))
        if offset == 0:
            self._bytes.clear()
        if offset != len(self._bytes) or offset + len(data) > min(total, MAX_CAPABILITIES):
            self._bytes.clear()
            raise MalformedPacketError("capability pieces do not join")
        self._bytes += data
        if len(self._bytes) < total:
            return None
        whole = bytes(self._bytes)
        self._bytes.clear()
        if self.expected_hash is not None and zlib.crc32(whole) != self.expected_hash:
            raise MalformedPacketError("capabilities differ from their checksum")
        self.known = Capabilities.decode(whole)
        return self.known
