"""Bytes that are no packet: counted in runs, so that how they were split says nothing."""

from sensorhub.model.events import BytesRejected, DeviceEvent

LONGEST_RUN = 256
"""A run is told at the latest when it is so long: a line that only hums must be seen, too."""


class Rejects:
    """The run of rejected bytes since the last whole packet."""

    def __init__(self) -> None:
        self._count = 0
        self._reason = ""
        self.total = 0
        """Bytes told of so far."""

    def add(self, count: int, reason: str, now_ns: int) -> list[DeviceEvent]:
        """Note rejected bytes; returns what is complete by that."""
        told = [] if reason == self._reason else self.tell(now_ns)
        self._reason = reason
        self._count += count
        while self._count >= LONGEST_RUN:
            told.append(self._say(LONGEST_RUN, now_ns))
        return told

    def tell(self, now_ns: int) -> list[DeviceEvent]:
        """The run is over: a packet was found, or the link has changed."""
        return [self._say(self._count, now_ns)] if self._count else []

    def _say(self, count: int, now_ns: int) -> BytesRejected:
        self._count -= count
        self.total += count
        return BytesRejected(now_ns, count, self._reason)
