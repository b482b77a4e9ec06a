"""The device's own clock: microseconds since boot, by a crystal that is a little off."""

import math


class DeviceClock:
    """Monotonic, never set; ``ppm`` parts per million fast (negative: slow)."""

    def __init__(self, boot_world_us: int, *, ppm: float) -> None:
        self._boot_world_us = boot_world_us
        self._rate = 1.0 + ppm * 1e-6

    def device_us(self, world_us: float) -> int:
        """Device time at a world time, 0 before the boot."""
        return max(0, math.floor((world_us - self._boot_world_us) * self._rate))

    def world_us(self, device_us: int) -> int:
        """World time at which the device's clock has reached ``device_us``."""
        return self._boot_world_us + math.ceil(device_us / self._rate)
