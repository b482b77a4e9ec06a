"""The simulated person with sensors strapped on: what a simulated device is built around."""

from dataclasses import dataclass

import numpy as np

from firmware_sim.body.skeleton import PLACEMENTS
from firmware_sim.fields import InputError, nearest
from firmware_sim.imu.mounting import Mounting, SoftTissue, mounting
from firmware_sim.imu.parts import PartSpec, Specimen, part, specimen
from firmware_sim.imu.stream import CHUNK_S, INTERNAL_HZ, Scales, Stream, scales
from firmware_sim.scenario.loader import Scenario
from firmware_sim.scenario.performer import Performer
from firmware_sim.scenario.truth import Truth
from firmware_sim.signals import ImuSettings


@dataclass(frozen=True, slots=True)
class SensorSetup:
    """What is worn and how. ``clock_ppm`` None leaves the rate error to the chip's tolerance."""

    part: str = "bmi270"
    mount: str = "random"
    clock_ppm: float | None = None
    tissue: SoftTissue | None = None
    drift_deg_per_min: float = 0.0
    slip_deg: float = 0.0
    slip_s: float = 0.0


class WornImu:
    """One chip on one segment of one person: an :class:`~firmware_sim.signals.ImuPart`."""

    def __init__(self, mover: Performer, placement: str, setup: SensorSetup, *, seed: int) -> None:
        where = PLACEMENTS.index(placement)
        rng = np.random.default_rng([seed, 0x1350, where])
        self.placement = placement
        self.spec: PartSpec = part(setup.part)
        self.specimen: Specimen = specimen(self.spec, rng)
        self.mounting: Mounting = mounting(
            placement,
            setup.mount,
            rng,
            tissue=setup.tissue,
            drift_deg_per_min=setup.drift_deg_per_min,
            slip_deg=setup.slip_deg,
            slip_s=setup.slip_s,
        )
        self._clock = (
            self.specimen.clock_error if setup.clock_ppm is None else 1e-6 * setup.clock_ppm
        )
        self._mover, self._seed, self._where, self._starts = mover, seed, where, 0

    @property
    def rates_mhz(self) -> tuple[int, ...]:
        """Nominal output data rates."""
        return self.spec.rates_mhz

    @property
    def acc_ranges_g(self) -> tuple[int, ...]:
        """Accelerometer ranges."""
        return tuple(self.spec.acc_lsb_g)

    @property
    def gyr_ranges_dps(self) -> tuple[int, ...]:
        """Gyroscope ranges."""
        return tuple(self.spec.gyr_lsb_dps)

    def acc_lsb_g(self, range_g: int) -> float:
        """g per LSB at a range."""
        return self.spec.acc_lsb_g[range_g]

    def gyr_lsb_dps(self, range_dps: int) -> float:
        """deg/s per LSB at a range."""
        return self.spec.gyr_lsb_dps[range_dps]

    def start(self, settings: ImuSettings, world_us: int) -> Stream:
        """Starts sampling; the first sample is taken at ``world_us``."""
        if settings.rate_mhz not in self.rates_mhz:
            raise ValueError(f"{self.spec.name} does not run at {settings.rate_mhz} mHz")
        units = scales(
            self.spec, acc_range_g=settings.acc_range_g, gyr_range_dps=settings.gyr_range_dps
        )
        return self.stream(1e-3 * settings.rate_mhz, first_s=1e-6 * world_us, units=units)

    def stream(
        self,
        rate_hz: float,
        *,
        first_s: float,
        units: Scales,
        chunk_s: float = CHUNK_S,
        internal_hz: float = INTERNAL_HZ,
    ) -> Stream:
        """Samples at any nominal rate, the chip's own or not; see :class:`Stream`."""
        self._starts += 1
        return Stream(
            self._mover,
            self.placement,
            mounting=self.mounting,
            spec=self.spec,
            specimen=self.specimen,
            scales=units,
            first_s=first_s,
            period_s=1.0 / (rate_hz * (1.0 + self._clock)),
            rng=np.random.default_rng([self._seed, 0x4015E, self._where, self._starts]),
            chunk_s=chunk_s,
            internal_hz=internal_hz,
        )


class Person:
    """A person doing a scenario with sensors on: a :class:`~firmware_sim.signals.Wearer`."""

    def __init__(self, scenario: Scenario, *, seed: int = 0) -> None:
        self.performer = Performer(scenario, seed=seed)
        self._seed = seed
        self._worn: dict[str, WornImu] = {}

    def wear(self, placement: str, setup: SensorSetup) -> WornImu:
        """Straps a sensor on.

        Raises:
            InputError: no such placement, part or mounting.
        """
        if placement not in PLACEMENTS:
            raise InputError(f"no placement {placement!r}{nearest(placement, PLACEMENTS)}")
        self._worn[placement] = WornImu(self.performer, placement, setup, seed=self._seed)
        return self._worn[placement]

    def imu(self, placement: str) -> WornImu:
        """The sensor worn there; a usual one is strapped on where there is none."""
        if placement not in self._worn:
            self.wear(placement, SensorSetup())
        return self._worn[placement]

    def cue(self, world_us: int) -> None:
        """The person felt a vibration or saw a light."""
        self.performer.cue(1e-6 * world_us)

    def truth(self, until_us: int | None = None) -> Truth:
        """What has happened by then (by the latest moment a sensor saw)."""
        return self.performer.truth(None if until_us is None else 1e-6 * until_us)
