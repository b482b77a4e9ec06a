"""What every serial link does with its device, whatever carries the bytes."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from typing import Final

from firmware_sim.links.world import World
from firmware_sim.peer import Peer

_SLICE_BYTES: Final = 64
_MOST_WAITING_BYTES: Final = 256 * 1024
_SHORTEST_WAIT_S: Final = 0.0005  # wall; finer timers cost more than they show


class _Pipe:
    """Bytes on their way, arriving at the line's speed; bounded."""

    def __init__(self, byte_us: float) -> None:
        self._byte_us = byte_us
        self._slices: deque[tuple[int, bytes]] = deque()
        self._size = 0
        self._free_us = 0.0
        self.dropped_bytes = 0

    def put(self, data: bytes, now_us: int) -> None:
        for at in range(0, len(data), _SLICE_BYTES):
            piece = data[at : at + _SLICE_BYTES]
            if self._size + len(piece) > _MOST_WAITING_BYTES:
                self.dropped_bytes += len(piece)
                continue
            self._free_us = max(self._free_us, now_us) + self._byte_us * len(piece)
            self._slices.append((round(self._free_us), piece))
            self._size += len(piece)

    def due_us(self) -> int | None:
        return self._slices[0][0] if self._slices else None

    def take(self, now_us: int) -> bytes:
        """What has arrived by now."""
        taken = bytearray()
        while self._slices and self._slices[0][0] <= now_us:
            taken += self._slices.popleft()[1]
        self._size -= len(taken)
        return bytes(taken)

    def put_back(self, rest: bytes, now_us: int) -> None:
        """The receiver took less than it was offered."""
        self._slices.appendleft((now_us, rest))
        self._size += len(rest)

    def clear(self) -> None:
        self._slices.clear()
        self._size = 0


class SerialLink(ABC):
    """Drives one peer over bytes: ``await start()``, then ``await run()`` until cancelled.

    Args:
        baud: bytes take their time (10 bits each) both ways; None: they do not.
    """

    def __init__(self, peer: Peer, world: World, *, baud: int | None) -> None:
        byte_us = 0.0 if baud is None else 1e7 / baud
        self._peer = peer
        self._world = world
        self._to_host = _Pipe(byte_us)
        self._to_device = _Pipe(byte_us)
        self._wake = asyncio.Event()
        self._plugged = False
        self._connected = False

    @property
    @abstractmethod
    def uri(self) -> str:
        """How a host finds this link, e.g. ``serial:/tmp/thigh``."""

    @property
    def dropped_bytes(self) -> int:
        """Bytes that found no room because nobody read."""
        return self._to_host.dropped_bytes + self._to_device.dropped_bytes

    async def start(self) -> None:
        """Plug the device in.

        Raises:
            OSError: the path or the port cannot be had.
        """
        await self._plug_in()
        self._plugged = True

    async def run(self) -> None:
        """Carry bytes until cancelled; then unplug."""
        try:
            while True:
                now_us = self._world.now_us()
                self._pump(now_us)
                reachable = self._peer.reachable(now_us)
                if self._plugged and not reachable:
                    self._disconnected()
                    await self._unplug()
                    self._plugged = False
                elif reachable and not self._plugged:
                    await self.start()
                await self._wait()
        finally:
            self._disconnected()
            if self._plugged:
                self._plugged = False
                await self._unplug()

    def _pump(self, now_us: int) -> None:
        if (heard := self._to_device.take(now_us)) and self._connected:
            self._peer.receive("serial", heard, now_us)
        sent = self._peer.poll(now_us)
        if not self._connected:
            return
        for out in sent:
            self._to_host.put(out.data, now_us)
        if offered := self._to_host.take(now_us):
            taken = self._write(offered)
            if taken < len(offered):
                self._to_host.put_back(offered[taken:], now_us)

    async def _wait(self) -> None:
        times = (self._peer.next_poll_us(), self._to_host.due_us(), self._to_device.due_us())
        due = min((time for time in times if time is not None), default=None)
        delay_s = None
        if due is not None:
            delay_s = max(_SHORTEST_WAIT_S, self._world.wall_s(due - self._world.now_us()))
        try:
            async with asyncio.timeout(delay_s):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    # For the links themselves

    def _host_connected(self) -> None:
        self._connected = True
        self._peer.link_up(self._world.now_us(), mtu=None)
        self._wake.set()

    def _disconnected(self) -> None:
        if self._connected:
            self._connected = False
            self._to_host.clear()
            self._to_device.clear()
            self._peer.link_down(self._world.now_us())
            self._wake.set()

    def _heard(self, data: bytes) -> None:
        self._to_device.put(data, self._world.now_us())
        self._wake.set()

    @abstractmethod
    async def _plug_in(self) -> None: ...

    @abstractmethod
    async def _unplug(self) -> None: ...

    @abstractmethod
    def _write(self, data: bytes) -> int:
        """Offer bytes to the host; how many it took."""
