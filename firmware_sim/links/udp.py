"""A serial port's bytes as UDP datagrams: the device sends to the hub's port, connected or not."""

import asyncio
from typing import Any, Final

from firmware_sim.links.line import SerialLink
from firmware_sim.links.world import World
from firmware_sim.peer import Peer

_LARGEST_BYTES: Final = 1400  # what a Wi-Fi carries in one piece


class UdpLink(SerialLink):
    """Listens on ``host:port`` (port 0: any free one) and sends to ``host:hub_port``, unasked.

    Unplugged, the device is silent and deaf.
    """

    def __init__(self, peer: Peer, world: World, host: str, port: int, *, hub_port: int) -> None:
        super().__init__(peer, world, baud=None)
        self._host, self._port, self._hub_port = host, port, hub_port
        self._endpoint: asyncio.DatagramTransport | None = None

    @property
    def uri(self) -> str:
        return f"serial:udp://{self._host}:{self._port}?listen={self._hub_port}"

    async def _plug_in(self) -> None:
        loop = asyncio.get_running_loop()
        self._endpoint, _ = await loop.create_datagram_endpoint(
            lambda: _Device(self), local_addr=(self._host, self._port)
        )
        self._port = self._endpoint.get_extra_info("sockname")[1]
        self._host_connected()  # it cannot know better

    async def _unplug(self) -> None:
        if self._endpoint is not None:
            self._endpoint.close()
            self._endpoint = None

    def _write(self, data: bytes) -> int:
        if self._endpoint is None:
            return 0
        for at in range(0, len(data), _LARGEST_BYTES):
            self._endpoint.sendto(data[at : at + _LARGEST_BYTES], (self._host, self._hub_port))
        return len(data)

    def heard(self, data: bytes) -> None:
        self._heard(data)


class _Device(asyncio.DatagramProtocol):
    """What reaches the device's port."""

    def __init__(self, link: UdpLink) -> None:
        self._link = link

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:  # noqa: ARG002
        self._link.heard(data)
