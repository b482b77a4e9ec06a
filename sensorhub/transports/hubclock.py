"""The hub's one clock. Everything that arrives is stamped with it, once, at arrival."""

import asyncio
import math
import time

from sensorhub.model.errors import InputError
from sensorhub.model.units import NS_PER_S


def _boot_ns() -> int:
    """Nanoseconds since the machine booted, suspended time included; never steps."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class HubClock:
    """Monotonic time in nanoseconds since boot, suspended time included.

    Args:
        speed: how many seconds pass on this clock in a second of the wall's. Other than 1 only for
            a simulated world that runs just as fast; the clock then still starts at the true time.

    Raises:
        InputError: ``speed`` is not a positive, finite number.
    """

    def __init__(self, *, speed: float = 1.0) -> None:
        if not (math.isfinite(speed) and speed > 0):
            raise InputError(
                f"The clock cannot run at speed {speed}.",
                hint="Use a positive number; 1 is real time.",
            )
        self.speed = speed
        self._origin_ns = _boot_ns()

    def now_ns(self) -> int:
        """The time now."""
        wall_ns = _boot_ns()
        if self.speed == 1.0:
            return wall_ns
        return self._origin_ns + int((wall_ns - self._origin_ns) * self.speed)

    def now_s(self) -> float:
        """The time now, in seconds."""
        return self.now_ns() / NS_PER_S

    async def sleep(self, duration_s: float) -> None:
        """Return when so many seconds have passed on this clock."""
        await asyncio.sleep(self.wall_s(duration_s))

    def wall_s(self, duration_s: float) -> float:
        """What a stretch of this clock's time lasts on the wall, for timeouts of asyncio."""
        return max(0.0, duration_s) / self.speed
