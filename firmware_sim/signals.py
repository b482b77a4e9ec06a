"""The seam between body and device: raw IMU samples, as registers would hold them."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ImuSettings:
    """What the device's firmware asked of its IMU."""

    rate_mhz: int  # millihertz, one of ``ImuPart.rates_mhz``
    acc_range_g: int
    gyr_range_dps: int


class ImuPart(Protocol):
    """One mounted IMU chip on the simulated body."""

    @property
    def rates_mhz(self) -> tuple[int, ...]: ...

    @property
    def acc_ranges_g(self) -> tuple[int, ...]: ...

    @property
    def gyr_ranges_dps(self) -> tuple[int, ...]: ...

    def acc_lsb_g(self, range_g: int) -> float:
        """The register's unit at one of ``acc_ranges_g``: g per LSB (not always range / 32768)."""

    def gyr_lsb_dps(self, range_dps: int) -> float:
        """The register's unit at one of ``gyr_ranges_dps``: deg/s per LSB."""

    def start(self, settings: ImuSettings, world_us: int) -> "ImuStream": ...


class ImuStream(Protocol):
    """A running IMU. The true period may differ from the nominal one (oscillator tolerance)."""

    @property
    def true_period_us(self) -> float:
        """World microseconds between samples."""

    def read(self, count: int) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        """The next samples: int16 (count, 6) acc xyz gyr xyz in LSB, and clipped (count,)."""


class Wearer(Protocol):
    """The simulated person."""

    def imu(self, placement: str) -> ImuPart: ...

    def cue(self, world_us: int) -> None:
        """The person felt a cue (vibration, light): a scenario that waits for one goes on."""
