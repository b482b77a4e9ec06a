"""A small lithium cell: charge, open-circuit voltage, and what drains it."""

from bisect import bisect_right
from typing import Final

# Charge in percent -> open-circuit voltage in mV of a resting lithium-polymer cell, rounded.
_CURVE: Final = (
    (0.0, 3000.0),
    (3.0, 3300.0),
    (5.0, 3450.0),
    (10.0, 3680.0),
    (20.0, 3740.0),
    (40.0, 3790.0),
    (60.0, 3870.0),
    (80.0, 3980.0),
    (90.0, 4060.0),
    (100.0, 4200.0),
)
LOW_MV: Final = 3300
_STREAMING_HOURS: Final = 16.0
_IDLE_HOURS: Final = 400.0
_CHARGING_HOURS: Final = 2.0


class Battery:
    """State of charge as it runs down; ``percent`` is kept across reboots."""

    def __init__(self, percent: float) -> None:
        self._percent = min(100.0, max(0.0, percent))
        self._updated_us = 0
        self.charging = False

    def update(self, world_us: int, *, streaming: bool) -> None:
        """Account for the time since the last update, spent ``streaming`` or idle."""
        hours = max(0, world_us - self._updated_us) / 3.6e9
        self._updated_us = max(self._updated_us, world_us)
        drained = hours / (_STREAMING_HOURS if streaming else _IDLE_HOURS)
        gained = hours / _CHARGING_HOURS if self.charging else 0.0
        self.set_percent(self._percent + 100.0 * (gained - drained))

    def set_percent(self, percent: float) -> None:
        self._percent = min(100.0, max(0.0, percent))

    @property
    def percent(self) -> int:
        return round(self._percent)

    @property
    def millivolts(self) -> int:
        at = min(bisect_right(_CURVE, (self._percent, float("inf"))), len(_CURVE) - 1)
        (low_percent, low_mv), (high_percent, high_mv) = _CURVE[at - 1], _CURVE[at]
        share = (self._percent - low_percent) / (high_percent - low_percent)
        return round(low_mv + share * (high_mv - low_mv))

    @property
    def low(self) -> bool:
        """Below 3.3 V: no session may run."""
        return self.millivolts < LOW_MV
