"""When the person begins: with the world, or when a host first listens."""

from firmware_sim.person import Person, SensorSetup, WornImu
from firmware_sim.signals import ImuPart, ImuSettings, ImuStream


class Stage:
    """One person for all sensors, in world time.

    With ``waits`` the scenario's first second is the one in which a sensor is first asked to
    stream: whoever connects late has missed nothing.
    """

    def __init__(self, person: Person, *, waits: bool) -> None:
        self._person = person
        self._began_us: int | None = None if waits else 0

    def wear(self, placement: str, setup: SensorSetup) -> ImuPart:
        """Strap a sensor on.

        Raises:
            InputError: no such placement, part or mounting.
        """
        return _StagedImu(self, self._person.wear(placement, setup))

    def begin(self, world_us: int) -> int:
        """World time at which the person begins, by now at the latest."""
        if self._began_us is None:
            self._began_us = world_us
        return self._began_us

    def cue(self, world_us: int) -> None:
        """The person notices a cue; who has not begun is not there to notice."""
        if self._began_us is not None:
            self._person.cue(world_us - self._began_us)

    def truth(self, world_us: int) -> dict[str, object]:
        """What has happened by now, in seconds since the person began (``began_s``, world)."""
        since_us = 0 if self._began_us is None else world_us - self._began_us
        # Also where nobody looks the person goes on.
        self._person.performer.advance(1e-6 * since_us)
        began_s = None if self._began_us is None else round(1e-6 * self._began_us, 3)
        return self._person.truth(since_us).to_json() | {"began_s": began_s}


class _StagedImu:
    """A worn chip whose first sample may begin the play."""

    def __init__(self, stage: Stage, worn: WornImu) -> None:
        self._stage = stage
        self._worn = worn

    @property
    def rates_mhz(self) -> tuple[int, ...]:
        return self._worn.rates_mhz

    @property
    def acc_ranges_g(self) -> tuple[int, ...]:
        return self._worn.acc_ranges_g

    @property
    def gyr_ranges_dps(self) -> tuple[int, ...]:
        return self._worn.gyr_ranges_dps

    def acc_lsb_g(self, range_g: int) -> float:
        return self._worn.acc_lsb_g(range_g)

    def gyr_lsb_dps(self, range_dps: int) -> float:
        return self._worn.gyr_lsb_dps(range_dps)

    def start(self, settings: ImuSettings, world_us: int) -> ImuStream:
        return self._worn.start(settings, world_us - self._stage.begin(world_us))
