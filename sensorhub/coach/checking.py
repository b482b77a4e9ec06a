"""The placement check before the first set, and what is said of a sensor at a quiet moment."""

from collections.abc import Sequence
from dataclasses import dataclass

from sensorhub.coach.prompts import Prompt, PromptKey
from sensorhub.model.placement import Placement

PATIENCE_S = 5.0
"""Nothing may come from a sensor for so long before that is said."""

AGAIN_S = 30.0
"""How often a missing sensor is named."""

LOW_BATTERY_PERCENT = 15


@dataclass(frozen=True, slots=True)
class SensorSeen:
    """One sensor as it is now.

    Attributes:
        ready: its samples arrive.
        hopeless: its link gave up; waiting for it would be in vain.
        battery_percent: None where not told.
    """

    placement: Placement
    ready: bool
    hopeless: bool = False
    battery_percent: int | None = None


class PlacementCheck:
    """Looks at every sensor some times a second; says each thing once, a missing one now and then.

    Which way up a sensor is worn, and on which leg, cannot be known from a person who stands still
    (any mounting is allowed): what a set shows of that is said after the set.
    """

    def __init__(self) -> None:
        self._missing_since_s: dict[Placement, float] = {}
        self._missing_said_s: dict[Placement, float] = {}
        self._low_said: set[Placement] = set()

    def prompts(self, sensors: Sequence[SensorSeen], *, now_s: float) -> list[Prompt]:
        """What is to be said of them now (hub seconds)."""
        due = []
        for sensor in sensors:
            where = sensor.placement
            if sensor.ready:
                self._missing_since_s.pop(where, None)
            elif self._name_missing(sensor, now_s):
                due.append(Prompt(PromptKey.SENSOR_MISSING, {"placement": where}))
            percent = sensor.battery_percent
            if (
                percent is not None
                and percent <= LOW_BATTERY_PERCENT
                and where not in self._low_said
            ):
                self._low_said.add(where)
                due.append(Prompt(PromptKey.BATTERY_LOW, {"placement": where}))
        return due

    def passed(self, sensors: Sequence[SensorSeen]) -> bool:
        """Nothing is left to wait for."""
        return all(sensor.ready or sensor.hopeless for sensor in sensors)

    def _name_missing(self, sensor: SensorSeen, now_s: float) -> bool:
        where = sensor.placement
        since_s = self._missing_since_s.setdefault(where, now_s)
        said_s = self._missing_said_s.get(where)
        if said_s is not None and (sensor.hopeless or now_s - said_s < AGAIN_S):
            return False
        if now_s - since_s < PATIENCE_S:
            return False
        self._missing_said_s[where] = now_s
        return True
