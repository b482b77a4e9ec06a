"""What a visit needs to know before it begins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sensorhub.coach.plan import Plan
from sensorhub.coach.settings import CoachSettings
from sensorhub.model.placement import Placement
from sensorhub.sessions.registry import RegisteredSensor
from sensorhub.transports.uri import SensorUri


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What is to be done, with which sensors.

    Attributes:
        registered: those of ``sensors`` that are registered: they must be who they were.
        speed: hub seconds in a second of the wall; other than 1 for simulated sensors only.
        simulated: nobody exercises; said wherever the session is shown.
    """

    plan: Plan
    sensors: Mapping[Placement, SensorUri]
    data_dir: Path
    speed: float = 1.0
    simulated: bool = False
    registered: Mapping[Placement, RegisteredSensor] = field(default_factory=dict)
    coach: CoachSettings = field(default_factory=CoachSettings)
