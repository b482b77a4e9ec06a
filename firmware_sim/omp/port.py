"""One way in and out of the device, above framing: link state, outgoing line, replay cache."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from firmware_sim.omp.tables import LinkState

_LIVE_WAITING: Final = 32  # live packets a slow line may hold before the oldest is given up
_MOST_WAITING: Final = 256  # packets of any kind
_BULK_WAITING: Final = 2


@dataclass(frozen=True, slots=True)
class LineModel:
    """What the hardware below can carry.

    Attributes:
        byte_us: time on the line a byte; 0 where packets cost and bytes do not.
        packet_us: time on the line a packet, beyond its bytes.
        confirm_us: from a response's leaving until the host has it for certain.
        bulk_us: shortest time between two backfill packets while nothing is live.
    """

    byte_us: float
    packet_us: float
    confirm_us: int
    bulk_us: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One packet waiting for the line; ``settles``: with it the request in work is answered."""

    lane: str
    packet: bytes
    ready_us: int
    live: bool = False
    settles: bool = False
    left: Callable[[int], None] | None = None  # called with the time at which it left


class Port:
    """Packets in order, at the line's pace. ``name`` says which port this is to a reader."""

    def __init__(self, name: str, line: LineModel, *, subscribes: bool) -> None:
        self.name = name
        self.line = line
        self._subscribes = subscribes  # the host enables lanes one by one; else READY enables all
        self.max_packet = 0
        self.state = LinkState.DOWN
        self.enabled: set[str] = set()  # lanes whose notifications the host has enabled
        self.heard_us = 0  # world time of the last valid word from the host
        self.in_work: tuple[int, int] | None = None  # op and tid
        self.last_response: tuple[tuple[int, int], list[bytes]] | None = None
        self.after: Callable[[int], None] | None = None  # what the last response's leaving sets off
        self.live_dropped = 0
        self.overflowed = 0
        self._waiting: deque[Outgoing] = deque()
        self._free_us = 0.0

    def open(self, now_us: int, *, max_packet: int) -> None:
        """The link came up: nothing is remembered from the one before."""
        self.forget()
        self.state = LinkState.UP
        self.max_packet = max_packet
        self.heard_us = now_us

    @property
    def silence_is_loss(self) -> bool:
        """A serial line cannot tell that nobody listens; only silence does."""
        return not self._subscribes

    def notifies(self, lane: str) -> bool:
        """The host has enabled what the device sends on ``lane``."""
        if self._subscribes:
            return lane in self.enabled
        return self.state is LinkState.READY

    def close(self) -> None:
        self.forget()
        self.enabled.clear()
        self.state = LinkState.DOWN

    def forget(self) -> None:
        """Drop what waits, the request in work and the replay cache."""
        self._waiting.clear()
        self.in_work = self.last_response = self.after = None

    def drop(self, lane: str) -> None:
        """What waits on ``lane`` is not wanted any more; its request may be repeated."""
        if any(out.settles for out in self._waiting if out.lane == lane):
            self.in_work = None
        self._waiting = deque(out for out in self._waiting if out.lane != lane)

    def queue(self, out: Outgoing) -> None:
        if self.state is LinkState.DOWN:
            return
        if out.live and sum(waiting.live for waiting in self._waiting) >= _LIVE_WAITING:
            oldest = next(waiting for waiting in self._waiting if waiting.live)
            self._waiting.remove(oldest)
            self.live_dropped += 1
        if len(self._waiting) >= _MOST_WAITING and not out.settles:
            self.overflowed += 1
            return
        self._waiting.append(out)

    @property
    def has_room_for_bulk(self) -> bool:
        return len(self._waiting) < _BULK_WAITING

    def next_us(self) -> int | None:
        """World time at which the first waiting packet leaves."""
        if not self._waiting:
            return None
        return max(self._waiting[0].ready_us, -int(-self._free_us // 1))

    def leave(self, now_us: int) -> Outgoing | None:
        """The packet that leaves at ``now_us``, if one does; the line is then busy with it."""
        due = self.next_us()
        if due is None or due > now_us:
            return None
        out = self._waiting.popleft()
        cost_us = self.line.packet_us + self.line.byte_us * len(out.packet)
        self._free_us = max(self._free_us, float(now_us)) + cost_us
        if out.settles:
            self.in_work = None
        if out.left is not None:
            out.left(now_us)
        return out
