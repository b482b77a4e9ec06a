"""One question at a time: its number, how often it was sent, when the next may be asked.

A sensor that is busy says so: it is asked again a little later, but not for ever.
"""

from dataclasses import dataclass

from sensorhub.model.errors import LinkLostError
from sensorhub.model.units import NS_PER_S
from sensorhub.protocol.control import Op, Request
from sensorhub.protocol.tlv import Tlvs

ANSWER_WITHIN_NS = 2 * NS_PER_S
MAX_SENDS = 3
BUSY_RETRY_NS = 300_000_000
MAX_BUSY = 20


@dataclass(slots=True)
class _Open:
    op: Op
    tid: int
    packet: bytes
    sent_ns: int
    sends: int = 1


class Exchange:
    """The outstanding request, if any. ``patience_factor`` multiplies the wait for its answer."""

    def __init__(self, *, patience_factor: float = 1.0) -> None:
        self._within_ns = round(ANSWER_WITHIN_NS * patience_factor)
        self._open: _Open | None = None
        self._next_tid = 0
        self._lost_times = 0
        self._busy = 0  # answers in a row that were none
        self.not_before_ns = 0
        """When the next question may be asked."""

    @property
    def is_open(self) -> bool:
        """True while an answer is awaited."""
        return self._open is not None

    @property
    def deadline_ns(self) -> int | None:
        """When the answer is overdue."""
        return None if self._open is None else self._open.sent_ns + self._within_ns

    def ask(self, op: Op, tlvs: Tlvs, now_ns: int) -> bytes:
        """Open an exchange; return the packet to send."""
        tid, self._next_tid = self._next_tid, (self._next_tid + 1) % 256
        packet = Request(op, tid, tlvs).encode()
        self._open = _Open(op, tid, packet, now_ns)
        return packet

    def answered(self, op: int, tid: int) -> bool:
        """Close the exchange if this answers it; False for anything else (late, repeated)."""
        if self._open is None or (self._open.op, self._open.tid) != (op, tid):
            return False
        self._open = None
        self._lost_times = 0
        return True

    def put_off(self, now_ns: int) -> bool:
        """The sensor was busy; True when it has been for so long that the link is to be renewed."""
        self._busy += 1
        self.not_before_ns = now_ns + BUSY_RETRY_NS
        if self._busy < MAX_BUSY:
            return False
        self._busy = 0
        return True

    def taken(self) -> None:
        """The sensor was not busy."""
        self._busy = 0

    def overdue(self, now_ns: int) -> bytes | None:
        """Return the packet to send again, if it is time.

        A time request is not repeated (its question would carry two departures): it is given up,
        and three of them in a row count as three sends.

        Raises:
            LinkLostError: sent three times, never answered.
        """
        pending = self._open
        if pending is None or now_ns < pending.sent_ns + self._within_ns:
            return None
        if pending.op is Op.TIME_SYNC:
            self._open = None
            self._lost_times += 1
            self._give_up_after(self._lost_times)
            return None
        self._give_up_after(pending.sends)
        pending.sends += 1
        pending.sent_ns = now_ns
        return pending.packet

    def reset(self) -> None:
        """Forget the outstanding request and all waiting (the link is gone). Numbers go on."""
        self._open = None
        self._lost_times = self._busy = self.not_before_ns = 0

    def _give_up_after(self, sends: int) -> None:
        if sends >= MAX_SENDS:
            self.reset()
            raise LinkLostError(
                "The sensor no longer answers.",
                hint="Check that it is switched on, charged and near; it is asked again by itself.",
            )
