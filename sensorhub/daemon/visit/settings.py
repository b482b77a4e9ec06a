"""What a visit needs to know before it begins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sensorhub.coach.plan import Plan
from sensorhub.coach.questions import Asking, QuestionId
from sensorhub.coach.settings import CoachSettings
from sensorhub.coach.texts import DEFAULT_LANGUAGE
from sensorhub.model.placement import Placement
from sensorhub.sessions.store.registry import RegisteredSensor
from sensorhub.speech.voice import Voice
from sensorhub.transports.uri import SensorUri


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What is to be done, with which sensors.

    Attributes:
        registered: those of ``sensors`` that are registered: they must be who they were.
        speed: hub seconds in a second of the wall; other than 1 for simulated sensors only.
        asking: what the person is asked, where somebody is there to answer.
        answers: what a simulated person answers at once (nothing to what is not in it); None:
            somebody is asked.
        language: that the person is spoken to in.
        voice: how the hub speaks on its own loudspeaker; None: it is silent.
        simulated: nobody exercises; said wherever the session is shown.
        person: pseudonym of who exercises; empty: the first person of the store.
    """

    plan: Plan
    sensors: Mapping[Placement, SensorUri]
    data_dir: Path
    speed: float = 1.0
    simulated: bool = False
    registered: Mapping[Placement, RegisteredSensor] = field(default_factory=dict)
    coach: CoachSettings = field(default_factory=CoachSettings)
    language: str = DEFAULT_LANGUAGE
    asking: Asking = Asking.NOTHING
    person: str = ""
    answers: Mapping[QuestionId, str] | None = None
    voice: Voice | None = None
