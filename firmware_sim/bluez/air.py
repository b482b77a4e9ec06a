"""One simulated sensor on the air: whether it can be heard, its connection, what it sends and when.

Knows no D-Bus. All times are the simulated world's, so that an accelerated world keeps its
proportions: a connection event stays 15 ms of a day in the sensor's life.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from firmware_sim.links.world import World
from firmware_sim.peer import GattCharacteristic, Peer

_LONGEST_WAIT_US = 250_000  # a peer that becomes unreachable need not announce when


@dataclass(frozen=True, slots=True)
class AirTiming:
    """How long things take, world seconds; measured on a real BlueZ with a virtual radio."""

    advertise_s: float = 0.1
    connect_s: float = 0.2
    resolve_s: float = 0.2
    disconnect_s: float = 0.05
    give_up_s: float = 20.0
    interval_s: float = 0.015


class AirLink:
    """Drives one :class:`Peer`. ``on_value`` gets what it sends, ``on_lost`` that it went away."""

    def __init__(
        self,
        peer: Peer,
        world: World,
        timing: AirTiming,
        *,
        mtu: int,
        on_value: Callable[[str, bytes], None],
        on_lost: Callable[[], None],
    ) -> None:
        self.peer = peer
        self.mtu = mtu
        self.connected = False
        self.in_range = True  # the test's or scenario's hand: the peer may be there and unheard
        self.muted: frozenset[str] = frozenset()  # lanes on which what it sends is lost
        self._world = world
        self._timing = timing
        self._on_value = on_value
        self._on_lost = on_lost
        self._wake = asyncio.Event()
        self._lanes: set[str] = set()
        self._task = asyncio.create_task(self._live())

    def reachable(self) -> bool:
        """Whether it can be heard now."""
        return self.in_range and self.peer.reachable(self._world.now_us())

    def characteristics(self) -> dict[str, GattCharacteristic]:
        """Its characteristics by lane, with the values a read would give now."""
        return {
            characteristic.lane: characteristic
            for service in self.peer.services
            for characteristic in service.characteristics
        }

    def connect(self) -> None:
        """The link is up."""
        self.connected = True
        self.peer.link_up(self._world.now_us(), mtu=self.mtu)
        self._wake.set()

    def disconnect(self) -> None:
        """The link is down, whoever ended it. Without effect when it is."""
        if self.connected:
            self.connected = False
            self._lanes.clear()
            self.peer.link_down(self._world.now_us())

    async def subscribe(self, lane: str, *, enabled: bool) -> None:
        """Write the lane's client configuration descriptor, when that changes anything."""
        if (lane in self._lanes) is enabled:
            return
        (self._lanes.add if enabled else self._lanes.discard)(lane)
        await self.connection_event()
        if self.connected:
            self.peer.subscribe(lane, self._world.now_us(), enabled=enabled)
            self._wake.set()

    async def write(self, lane: str, data: bytes, *, response: bool) -> int | None:
        """Write a value; returns the ATT error code, None when all is well.

        Raises:
            ConnectionError: the link went down before the write was through.
        """
        await self.connection_event()
        if not self.connected:
            raise ConnectionError("Not connected")
        error = self.peer.receive(lane, data, self._world.now_us())
        self._wake.set()
        if not response:
            return None
        await self.connection_event()
        if not self.connected:
            raise ConnectionError("Not connected")
        return error

    async def connection_event(self) -> None:
        """Wait for the next moment at which the two radios meet."""
        await self._world.sleep_until(self._next_event_us(self._world.now_us() + 1))

    async def stop(self) -> None:
        """Take the sensor out of the world."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self.disconnect()

    def _next_event_us(self, at_us: int) -> int:
        interval_us = max(1, round(self._timing.interval_s * 1e6))
        return -(-at_us // interval_us) * interval_us

    async def _live(self) -> None:
        while True:
            now_us = self._world.now_us()
            self._wake.clear()
            for sent in self.peer.poll(now_us):
                if self.connected and sent.lane in self._lanes - self.muted:
                    # a notification longer than the MTU allows is cut by the stack
                    self._on_value(sent.lane, sent.data[: self.mtu - 3])
            if self.connected and not self.reachable():
                self.disconnect()
                self._on_lost()
            due_us = self.peer.next_poll_us()
            latest_us = now_us + _LONGEST_WAIT_US
            until_us = latest_us if due_us is None else min(max(due_us, now_us + 1), latest_us)
            await self._wait(self._next_event_us(until_us))

    async def _wait(self, until_us: int) -> None:
        """Sleep to ``until_us``; a write or a new link wakes earlier, at the next event."""
        rest_s = self._world.wall_s(until_us - self._world.now_us())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(rest_s, 0.0)):
                await self._wake.wait()
            await self.connection_event()
        await asyncio.sleep(0)
