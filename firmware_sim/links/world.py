"""The simulated world's clock, shared by everything that lives in it."""

import asyncio
import math
import time


class World:
    """World time in microseconds since the world began; runs ``speed`` times as fast as the wall.

    Raises:
        ValueError: ``speed`` is not a positive finite number.
    """

    def __init__(self, *, speed: float = 1.0) -> None:
        if not (math.isfinite(speed) and speed > 0):
            raise ValueError(f"speed must be a positive number, got {speed}")
        self._speed = speed
        self._began_ns = time.monotonic_ns()

    @property
    def speed(self) -> float:
        return self._speed

    def now_us(self) -> int:
        """World time now; monotonic."""
        return int((time.monotonic_ns() - self._began_ns) * self._speed / 1000)

    def wall_s(self, world_us: float) -> float:
        """How long ``world_us`` microseconds of this world last on the wall clock, in seconds."""
        return world_us / (1e6 * self._speed)

    async def sleep_until(self, world_us: int) -> None:
        """Return once ``now_us()`` has reached ``world_us``; yields at least once."""
        rest_us = world_us - self.now_us()
        await asyncio.sleep(self.wall_s(max(0, rest_us)))
        if self.now_us() < world_us:  # the loop's timer rounds; one more turn is enough
            await asyncio.sleep(self.wall_s(world_us - self.now_us()) + 1e-4)
