"""The bounded queue between a link and its reader: what is too old goes, and is counted."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from sensorhub.model.link import Chunk

QUEUE_LENGTH = 2048  # at 100 chunks a second, 20 seconds of a reader that does not read


class ChunkQueue(AsyncIterator[Chunk]):
    """Chunks of one open link. One reader; cancelling a wait loses nothing.

    What arrived before the link was lost is still handed out; then iterating raises the error
    that :meth:`end` was given, or stops where it was given none.
    """

    def __init__(self, *, length: int = QUEUE_LENGTH) -> None:
        self.dropped = 0
        self._chunks: deque[Chunk] = deque()
        self._length = length
        self._ended = False
        self._error: Exception | None = None
        self._changed = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Whether nothing more will come in."""
        return self._ended

    def put(self, chunk: Chunk) -> None:
        """Add a chunk; the oldest makes way when the queue is full. Ignored after the end."""
        if self._ended:
            return
        if len(self._chunks) >= self._length:
            self._chunks.popleft()
            self.dropped += 1
        self._chunks.append(chunk)
        self._changed.set()

    def end(self, error: Exception | None = None) -> None:
        """Nothing more will come, for this reason. The first reason stays."""
        if not self._ended:
            self._ended = True
            self._error = error
            self._changed.set()

    def __aiter__(self) -> "ChunkQueue":
        return self

    async def __anext__(self) -> Chunk:
        while not self._chunks:
            if self._ended:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._chunks.popleft()
