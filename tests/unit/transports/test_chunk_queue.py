"""The bounded queue: order, what goes when it is full, how it ends; waits can be cancelled."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.model.errors import LinkLostError
from sensorhub.model.link import Chunk
from sensorhub.transports.chunk_queue import ChunkQueue


def chunk(number: int) -> Chunk:
    return Chunk("data", number.to_bytes(4, "big"), number)


@given(st.integers(1, 8), st.lists(st.integers(0, 5), max_size=30))
def test_the_newest_are_kept_in_order_and_the_rest_is_counted(length, bursts):
    """Bursts of arrivals with one read after each, against a plain list as the model."""

    async def play():
        queue, model, dropped, number = ChunkQueue(length=length), [], 0, 0
        for burst in bursts:
            for _ in range(burst):
                queue.put(chunk(number))
                model.append(chunk(number))
                number += 1
                if len(model) > length:
                    model.pop(0)
                    dropped += 1
            if model:
                assert await anext(queue) == model.pop(0)
        queue.end()
        assert [one async for one in queue] == model
        assert queue.dropped == dropped

    asyncio.run(play())


def test_what_came_before_the_loss_is_still_read():
    async def play():
        queue = ChunkQueue()
        queue.put(chunk(1))
        queue.end(LinkLostError("gone"))
        queue.put(chunk(2))  # a straggler of a link that is no more
        queue.end()  # the first reason stays
        assert await anext(queue) == chunk(1)
        for _ in range(2):
            with pytest.raises(LinkLostError):
                await anext(queue)

    asyncio.run(play())


def test_cancelling_a_wait_loses_nothing():
    async def play():
        queue = ChunkQueue()
        for number in range(50):
            waiting = asyncio.create_task(anext(queue))
            await asyncio.sleep(0)
            queue.put(chunk(number))
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert await anext(queue) == chunk(number)

    asyncio.run(play())


def test_a_waiting_reader_is_woken_by_the_end():
    async def play():
        queue = ChunkQueue()
        waiting = asyncio.create_task(anext(queue))
        await asyncio.sleep(0)
        queue.end()
        with pytest.raises(StopAsyncIteration):
            await waiting

    asyncio.run(play())
