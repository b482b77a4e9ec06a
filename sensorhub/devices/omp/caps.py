"""The capability map, asked for and collected in pieces."""

import zlib

from sensorhub.protocol import tlv
from sensorhub.protocol.capabilities import MAX_CAPABILITIES, Capabilities
from sensorhub.protocol.control import Response, Status
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


class CapabilityAsking:
    """How far the host has asked; a map whose hash was read once is not asked for again."""

    def __init__(self) -> None:
        self._hash: int | None = None
        self._known: int | None = None
        self._offset = 0

    @property
    def offset(self) -> int:
        """The first byte to ask for."""
        return self._offset

    def greeted(self, hash_: int | None) -> None:
        """HELLO was answered, with the hash of the device's map where it has one."""
        self._hash = hash_

    def begin(self) -> bool:
        """Ask from the start; False when there is no need."""
        self._offset = 0
        return self._hash is None or self._hash != self._known

    def answered(self, answer: Response) -> bool:
        """A piece came, or a refusal; True when nothing more is to be asked."""
        piece = answer.tlvs.get(tlv.CAPS_BYTES) or b""
        self._offset += len(piece)
        if answer.status is Status.OK and piece:
            if self._offset < (answer.tlvs.get(tlv.CAPS_TOTAL) or 0):
                return False
            self._known = self._hash
        # A device that does not tell what it can is used as it is.
        return True
