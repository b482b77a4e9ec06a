"""What goes wrong: with the link (:class:`FaultyPeer`) and with the device (:class:`Incidents`)."""

import heapq
import itertools
import random
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

from firmware_sim.fault_script import KINDS, Fault, Kind
from firmware_sim.peer import Advertisement, GattService, Peer, Sent

_STALL_S: Final = 1.0
_DISCONNECT_S: Final = (1.0, 20.0)


class Incidents(Protocol):
    """What can happen to a device, as opposed to its link."""

    def reboot(self, now_us: int) -> None: ...
    def press_button(self, now_us: int) -> None: ...
    def set_charging(self, now_us: int, *, charging: bool) -> None: ...
    def set_battery(self, now_us: int, percent: float) -> None: ...
    def break_sensor(self, now_us: int) -> None: ...
    def lose_samples(self, now_us: int, count: int) -> None: ...


class FaultyPeer:
    """A peer behind a bad link. The same seed and the same calls give the same faults.

    Packets keep their order: a late one holds up those behind it. What is held is bounded; when
    it overflows the oldest packets are lost.
    """

    MOST_HELD: Final = 4096

    def __init__(
        self, inner: Peer, faults: Sequence[Fault], *, incidents: Incidents, seed: int = 0
    ) -> None:
        self._inner = inner
        self._incidents = incidents
        self._random = random.Random(seed)
        self._by_packet = [fault for fault in faults if KINDS[fault.kind].by_packet]
        self._order = itertools.count()
        self._agenda: list[tuple[int, int, Fault]] = []
        for fault in faults:
            if not KINDS[fault.kind].by_packet:
                self._plan(fault, 0)
        self._up = False
        self._gone = False  # the link was cut and has not noticed yet
        self._away_until_us = 0
        self._stalled_until_us = 0
        self._out: deque[tuple[int, Sent]] = deque()
        self._in: deque[tuple[int, str, bytes]] = deque()
        self.happened: dict[Kind, int] = dict.fromkeys(Kind, 0)

    # Peer

    @property
    def advertisement(self) -> Advertisement:
        return self._inner.advertisement

    @property
    def services(self) -> tuple[GattService, ...]:
        return self._inner.services

    def link_up(self, now_us: int, *, mtu: int | None) -> None:
        self._advance(now_us)
        self._up = True
        self._inner.link_up(now_us, mtu=mtu)

    def link_down(self, now_us: int) -> None:
        self._advance(now_us)
        self._up = self._gone = False
        self._cut(now_us)

    def subscribe(self, lane: str, now_us: int, *, enabled: bool) -> None:
        self._advance(now_us)
        if not self._gone:
            self._inner.subscribe(lane, now_us, enabled=enabled)

    def receive(self, lane: str, data: bytes, now_us: int) -> int | None:
        self._advance(now_us)
        if self._gone or self._away_until_us:
            return None
        pieces = self._through(data, "in", now_us, serial=lane == "serial")
        refused = None
        for due_us, piece in pieces:
            if due_us > now_us or self._in:
                if len(self._in) < self.MOST_HELD:
                    self._in.append((max(due_us, self._in[-1][0] if self._in else 0), lane, piece))
            else:
                answer = self._inner.receive(lane, piece, now_us)
                refused = answer if refused is None else refused
        return refused

    def poll(self, now_us: int) -> list[Sent]:
        self._advance(now_us)
        left = []
        while self._out and self._out[0][0] <= now_us:
            left.append(self._out.popleft()[1])
        return left

    def next_poll_us(self) -> int | None:
        times = [self._inner.next_poll_us()]
        times += [held[0] for held in itertools.islice(self._out, 1)]
        times += [held[0] for held in itertools.islice(self._in, 1)]
        times += [planned[0] for planned in self._agenda[:1]]
        if not self._up:
            times.append(self._away_until_us or None)
        return min((time for time in times if time is not None), default=None)

    def reachable(self, now_us: int) -> bool:
        self._advance(now_us)
        return self._away_until_us == 0 and not self._gone and self._inner.reachable(now_us)

    # Faults

    def _advance(self, now_us: int) -> None:
        """Everything that was to happen until now happens, in order."""
        while True:
            planned = self._agenda[0][0] if self._agenda else None
            heard = self._in[0][0] if self._in else None
            due = min((time for time in (planned, heard) if time is not None), default=None)
            if due is None or due > now_us:
                break
            self._collect(due)
            if due == heard:
                _, lane, piece = self._in.popleft()
                self._inner.receive(lane, piece, due)
            else:
                _, _, fault = heapq.heappop(self._agenda)
                self._happen(fault, due)
        self._collect(now_us)
        if now_us >= self._away_until_us:
            self._away_until_us = 0

    def _collect(self, now_us: int) -> None:
        for sent in self._inner.poll(now_us):
            serial = sent.lane == "serial"
            for due_us, piece in self._through(sent.data, sent.lane, now_us, serial=serial):
                last_us = self._out[-1][0] if self._out else 0
                self._out.append(
                    (max(due_us, last_us, self._stalled_until_us), Sent(sent.lane, piece))
                )
        while len(self._out) > self.MOST_HELD:
            self._out.popleft()

    def _through(
        self, data: bytes, lane: str, now_us: int, *, serial: bool
    ) -> list[tuple[int, bytes]]:
        """What becomes of one packet: pieces with the times at which they arrive."""
        pieces = [data]
        late_us = 0
        gap_us = 0
        for fault in self._by_packet:
            if not self._strikes(fault, lane, now_us, serial=serial):
                continue
            self.happened[fault.kind] += 1
            match fault.kind:
                case Kind.DROP:
                    pieces = [_without_run(data, self._random)] if serial else []
                case Kind.DUPLICATE:
                    pieces = [_with_run_twice(data, self._random)] if serial else pieces * 2
                case Kind.CORRUPT:
                    pieces = [_with_flipped_bits(piece, self._random) for piece in pieces]
                case Kind.DELAY:
                    late_us += round(self._random.expovariate(1.0) * fault.strength * 1e6)
                case _:
                    cut = _cut_up(b"".join(pieces), self._random)
                    pieces, gap_us = cut, round(fault.strength * 1e6 / len(cut))
            data = b"".join(pieces) if serial else data
        return [
            (now_us + late_us + number * gap_us, piece)
            for number, piece in enumerate(pieces)
            if piece or not serial
        ]

    def _strikes(self, fault: Fault, lane: str, now_us: int, *, serial: bool) -> bool:
        if not fault.active(now_us) or (fault.kind is Kind.SPLIT and not serial):
            return False
        if fault.lane != lane if fault.lane is not None else lane == "in":
            return False
        return self._random.random() < (1.0 if fault.rate is None else fault.rate)

    def _plan(self, fault: Fault, now_us: int) -> None:
        """Put the next time of a fault on the agenda."""
        if fault.at_s is not None:
            due_us = round(fault.at_s * 1e6)
        elif fault.rate:
            due_us = now_us + 1 + round(self._random.expovariate(fault.rate / 60e6))
        else:
            return
        heapq.heappush(self._agenda, (due_us, next(self._order), fault))

    def _happen(self, fault: Fault, now_us: int) -> None:
        self.happened[fault.kind] += 1
        match fault.kind:
            case Kind.STALL:
                lasts_s = _STALL_S if fault.duration_s is None else fault.duration_s
                self._stalled_until_us = max(self._stalled_until_us, now_us + round(lasts_s * 1e6))
            case Kind.DISCONNECT:
                lasts_s = (
                    self._random.uniform(*_DISCONNECT_S)
                    if fault.duration_s is None
                    else fault.duration_s
                )
                self._away_until_us = max(self._away_until_us, now_us + round(lasts_s * 1e6))
                self._gone = self._up
                self._cut(now_us)
            case Kind.REBOOT:
                self._incidents.reboot(now_us)
            case Kind.BUTTON:
                self._incidents.press_button(now_us)
            case Kind.CHARGER:
                self._incidents.set_charging(now_us, charging=fault.strength > 0)
            case Kind.BATTERY:
                self._incidents.set_battery(now_us, fault.strength)
            case Kind.SENSOR:
                self._incidents.break_sensor(now_us)
            case _:
                self._incidents.lose_samples(now_us, round(fault.strength))
        if fault.at_s is None:
            self._plan(fault, now_us)

    def _cut(self, now_us: int) -> None:
        self._out.clear()
        self._in.clear()
        self._stalled_until_us = 0
        self._inner.link_down(now_us)


def _run(data: bytes, source: random.Random) -> tuple[int, int]:
    start = source.randrange(len(data)) if data else 0
    return start, start + source.randint(1, 16)


def _without_run(data: bytes, source: random.Random) -> bytes:
    start, end = _run(data, source)
    return data[:start] + data[end:]


def _with_run_twice(data: bytes, source: random.Random) -> bytes:
    start, end = _run(data, source)
    return data[:end] + data[start:end] + data[end:]


def _with_flipped_bits(data: bytes, source: random.Random) -> bytes:
    flipped = bytearray(data)
    for _ in range(source.randint(1, 3) if data else 0):
        flipped[source.randrange(len(flipped))] ^= 1 << source.randrange(8)
    return bytes(flipped)


def _cut_up(data: bytes, source: random.Random) -> list[bytes]:
    cuts = sorted(source.randrange(len(data) + 1) for _ in range(source.randint(1, 3)))
    return [data[a:b] for a, b in itertools.pairwise((0, *cuts, len(data)))]
