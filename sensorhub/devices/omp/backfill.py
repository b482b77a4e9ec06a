"""What to ask from the device's memory, and when to stop asking."""

from sensorhub.devices.omp.ranges import IndexRanges
from sensorhub.model.events import SamplesArrived, SamplesLost
from sensorhub.model.units import NS_PER_S
from sensorhub.protocol.control import Status
from sensorhub.protocol.tlv import IndexRange, IndexSpan

MAX_PIECE = 3000
"""Samples asked for at once: half a minute at 100 Hz, so that a new break costs little."""

SETTLE_NS = 300_000_000
"""Wait so long after a loss: losses come in bursts, and one request for all is better."""

STALL_NS = 2 * NS_PER_S
"""A round that brings nothing for so long is over, even if nobody said so."""

BRIDGE = 50
"""Ask for holes so near to each other in one go: what lies between them costs less than asking."""

_FINISH_NS = 300_000_000
_POSTPONE_NS = 1 * NS_PER_S
_MAX_REFUSALS = 10
_MAX_EMPTY_ROUNDS = 3


class BackfillPlanner:
    """Keeps the book of what is missing of one stream.

    A round of asking that brings nothing is repeated twice, then what it asked for is given up; so
    it ends. ``patience_factor`` multiplies the waits.
    """

    def __init__(self, *, patience_factor: float = 1.0) -> None:
        self._patience_factor = patience_factor
        self._missing = IndexRanges()
        self._active: tuple[int, int] | None = None
        self._brought = 0
        self._not_before_ns = 0
        self._last_ns = 0
        self._refusals = 0
        self._empty_rounds = 0
        self._able = True

    @property
    def missing(self) -> int:
        """Number of samples that may still be fetched."""
        return self._missing.total if self._able else 0

    @property
    def idle(self) -> bool:
        """True when nothing is left to ask."""
        return not self.missing

    def due_ns(self) -> int | None:
        """When to ask (or to see that a round has stalled); None: nothing to do."""
        if self._active is not None:
            # All there: only the device's word that it is done is outstanding, and may be lost.
            rest = self._missing.within(*self._active)
            return self._last_ns + round((STALL_NS if rest else _FINISH_NS) * self._patience_factor)
        return self._not_before_ns if self.missing else None

    def lost(self, event: SamplesLost, now_ns: int) -> None:
        """Samples did not arrive."""
        if not event.for_good:
            self._missing.add(event.first_index, event.first_index + event.count)
            self._not_before_ns = max(self._not_before_ns, now_ns + SETTLE_NS)

    def arrived(self, event: SamplesArrived, now_ns: int) -> None:
        """Samples came, from memory or late."""
        if not self._missing:
            return
        stop = event.first_index + len(event.acc_mps2)
        taken = self._missing.take(event.first_index, stop)
        if taken and event.backfilled:
            self._brought += 1
            self._last_ns = now_ns

    def next_span(self, now_ns: int) -> IndexSpan | None:
        """Return what to ask for now, None where there is nothing; a stalled round ends here."""
        due_ns = self.due_ns()
        if due_ns is None or now_ns < due_ns:
            return None
        if self._active is not None:
            self.ended()
            return self.next_span(now_ns)
        holes = iter(self._missing)
        first, stop = next(holes)
        for start, end in holes:
            if start - stop > BRIDGE:
                break
            stop = end
        return IndexSpan(first, min(stop - first, MAX_PIECE))

    def asked(self, span: IndexSpan, now_ns: int) -> None:
        """The request for ``span`` was sent."""
        self._active = (span.first, span.first + span.length)
        self._brought = 0
        self._last_ns = now_ns

    def granted(self, granted: IndexRange, now_ns: int) -> None:
        """The device will send this part; what it has no longer is given up."""
        self._refusals = 0
        self._last_ns = now_ns
        if self._active is not None:
            first, stop = self._active
            self._missing.take(first, min(stop, granted.first))
            self._active = (max(first, granted.first), min(stop, granted.last + 1))

    def refused(self, status: Status, now_ns: int) -> None:
        """The device will not send."""
        active, self._active = self._active, None
        if active is None:
            return
        if status is Status.EVICTED:
            # The memory keeps the newest: with this, everything older is gone as well.
            self._missing.take(0, active[1])
        elif status in (Status.BUSY, Status.WRONG_STATE) and self._refusals < _MAX_REFUSALS:
            self._refusals += 1
            self._not_before_ns = now_ns + _POSTPONE_NS
        elif status is Status.UNSUPPORTED:
            self._able = False
        else:
            self._missing.take(*active)

    def ended(self) -> None:
        """The device has sent what it granted, or does not go on."""
        active, self._active = self._active, None
        if active is None or not self._missing.within(*active):
            self._empty_rounds = 0
            return
        self._empty_rounds = 0 if self._brought else self._empty_rounds + 1
        if self._empty_rounds >= _MAX_EMPTY_ROUNDS:
            self._empty_rounds = 0
            self._missing.take(*active)

    def link_down(self) -> None:
        """The link is gone, and with it the round under way; what is missing stays missing."""
        self._active = None

    def give_up(self) -> None:
        """Another stream begins, or time is up: nothing is asked any more."""
        self._missing.clear()
        self._active = None
