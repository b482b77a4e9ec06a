"""What the coach is told, and what it wants done: frozen values, in and out."""

from collections.abc import Sequence
from dataclasses import dataclass

from sensorhub.coach.checking import SensorSeen
from sensorhub.coach.plan import PlannedSet
from sensorhub.coach.prompts import Prompt
from sensorhub.coach.questions import Question, QuestionId
from sensorhub.coach.recount import Heard
from sensorhub.coach.states import Trigger
from sensorhub.model.live import LiveState


@dataclass(frozen=True, slots=True)
class Situation:
    """What the coach is told, some times a second.

    Attributes:
        now_s: hub clock.
        sensors_ready: the sensors that this exercise needs are streaming and settled.
        still_s: for how long they have been still.
        live: the running set, None when no set runs.
        lost: the link says that nothing comes from them (sooner than ``sensors_ready`` tells).
        sensors: every sensor that the session needs.
    """

    now_s: float
    sensors_ready: bool
    still_s: float
    live: LiveState | None = None
    lost: bool = False
    sensors: Sequence[SensorSeen] = ()


@dataclass(frozen=True, slots=True)
class Say:
    """Say this to the person now."""

    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Ask:
    """Put this question to the person; it stays open until it is answered or nobody answers."""

    question: Question


@dataclass(frozen=True, slots=True)
class Note:
    """Record what the person said.

    Attributes:
        kind: what it is an answer to.
        answer: as :meth:`Question.read` gives it; ``yes`` of "that hurt".
        of_set: it is about the set begun last.
        planned: it is about this set, which was not begun; None, and ``of_set`` False: about the
            whole session.
    """

    kind: QuestionId
    answer: str
    of_set: bool = False
    planned: PlannedSet | None = None


@dataclass(frozen=True, slots=True)
class BeginSet:
    """A set begins now: mark it, start counting, let the sensor signal it."""

    planned: PlannedSet


@dataclass(frozen=True, slots=True)
class EndSet:
    """The set ends now.

    Attributes:
        complete: the dose was reached, by what was seen live.
        heard: what was said of it aloud; None where the hub paced it.
    """

    planned: PlannedSet
    reason: Trigger
    complete: bool
    heard: Heard | None = None


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """A set that was never begun."""

    planned: PlannedSet
    reason: Trigger


@dataclass(frozen=True, slots=True)
class Finish:
    """The session is over."""


Action = Say | Ask | Note | BeginSet | EndSet | LeaveOut | Finish
