"""A sensor's speed is looked for until samples come, and then kept."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from sensorhub.daemon.links.baud_search import BaudSearch
from sensorhub.model.errors import TransportError
from sensorhub.model.events import BytesRejected, SamplesArrived
from sensorhub.model.link import Chunk
from sensorhub.transports.base import LinkInfo

RATES = (115200, 9600, 230400)
SAMPLES = SamplesArrived(0, 0, 0, None, 0.01, np.zeros((1, 3)), None)


@dataclass
class Port:
    """A serial port that may not be there."""

    there: bool = True
    opened_at: list[int] = field(default_factory=list)


@dataclass
class PortAt:
    """The port at one speed."""

    port: Port
    baud_rate: int
    dropped: int = 0

    async def open(self) -> LinkInfo:
        if not self.port.there:
            raise TransportError("The port is not there.")
        self.port.opened_at.append(self.baud_rate)
        return LinkInfo("port")

    async def write(self, channel: str, data: bytes) -> int:
        self.dropped += 1  # stands for anything that happens on this link
        return 0

    def chunks(self) -> AsyncIterator[Chunk]:
        raise NotImplementedError

    async def close(self) -> None:
        pass


def search(port: Port) -> BaudSearch:
    return BaudSearch(RATES, open_at=lambda baud_rate: PortAt(port, baud_rate))


def test_one_speed_after_the_other_and_round_again() -> None:
    port = Port()

    async def links() -> None:
        looking = search(port)
        for _ in range(5):
            await looking.open()
            looking.heard(BytesRejected(0, 7, "no packet"))
            await looking.close()

    asyncio.run(links())
    assert port.opened_at == [115200, 9600, 230400, 115200, 9600]


def test_a_speed_that_was_right_is_kept_whatever_happens_later() -> None:
    port = Port()

    async def links() -> None:
        looking = search(port)
        await looking.open()
        await looking.open()
        looking.heard(SAMPLES)
        for _ in range(3):
            await looking.close()
            await looking.open()
        assert looking.baud_rate == 9600

    asyncio.run(links())
    assert port.opened_at == [115200, 9600, 9600, 9600, 9600]


def test_a_port_that_is_not_there_says_nothing_about_speeds() -> None:
    port = Port(there=False)

    async def links() -> None:
        looking = search(port)
        for _ in range(3):
            with pytest.raises(TransportError):
                await looking.open()
        port.there = True
        await looking.open()

    asyncio.run(links())
    assert port.opened_at == [115200]


def test_dropped_chunks_are_counted_over_all_speeds() -> None:
    async def links() -> int:
        looking = search(Port())
        for _ in range(3):
            await looking.open()
            await looking.write("serial", b"x")
        return looking.dropped

    assert asyncio.run(links()) == 3
