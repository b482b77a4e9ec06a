"""What a session is made of, as the store keeps it and exports read it."""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from sensorhub.coach.questions import QuestionId
from sensorhub.coach.recount import recorded_count
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.units import NS_PER_S


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on every clock there is.

    Attributes:
        hub_ns: the hub's monotonic clock: all times of a session are told on it.
        utc: wall clock, with the offset of local time.
        boottime_ns: time since this computer started, sleep included (CLOCK_BOOTTIME).
        boot_id: which start of this computer; empty where the system does not say.
        synchronised: whether the wall clock was set from the network; None where not known.
    """

    hub_ns: int
    utc: datetime
    boottime_ns: int
    boot_id: str
    synchronised: bool | None


@dataclass(frozen=True, slots=True)
class Prescription:
    """The dose asked for in one set; None: not asked for."""

    repetitions: int | None = None
    hold_s: float | None = None
    duration_s: float | None = None


NO_PRESCRIPTION = Prescription()


AnswerKind = QuestionId
"""What an answer is about: everything the coach can ask, and what a person says unasked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person said.

    Attributes:
        set_number: the set it is about; 0: about the whole session, or a set that was not begun.
        exercise: of a set that was not begun; empty where ``set_number`` tells, or it is about the
            whole session.
        side: of that set.
    """

    kind: AnswerKind
    text: str
    answered_ns: int
    set_number: int = 0
    exercise: str = ""
    side: Side = Side.NONE

    @property
    def of_session(self) -> bool:
        """Whether it is about the whole session."""
        return self.set_number == 0 and not self.exercise


class NoticeCode(enum.StrEnum):
    """What happened to the log itself. Notices are part of the session and reach the CSV."""

    INTERRUPTED = "interrupted"  # the session was closed by the next start
    RECORDS_LOST = "records_lost"  # the disk was full or too slow
    RECORDS_DAMAGED = "records_damaged"  # stored, but unreadable now
    NOT_ANALYSED = "not_analysed"  # the final results could not be computed


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing the reader of a session must know about its log, with a sentence for people.

    Attributes:
        count: of records lost or damaged, how many.
    """

    code: NoticeCode
    text: str
    noticed_ns: int
    count: int = 1


@dataclass(frozen=True, slots=True)
class SensorInfo:
    """A sensor of a session.

    Attributes:
        uri: how it was reached (``ble:OMP-1A2B``, ``serial:/dev/ttyACM0`` ...).
        family: name of the device family that decodes its bytes.
        device_id: what it calls itself; empty until it has said so.
        calibration: the sensor calibration in force, as JSON; empty where there is none.
        alignment: the sensor-to-segment alignment in force, as JSON; empty where there is none.
    """

    placement: Placement
    uri: str
    family: str
    device_id: str = ""
    calibration: str = ""
    alignment: str = ""


class ResultKind(enum.StrEnum):
    """Live: what the person saw. Final: the complete raw log through the same stages."""

    LIVE = "live"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class StoredSet:
    """One set: what was asked for, and what came of it.

    ``ended_ns`` is None while the set runs, or where nobody saw its end. ``live`` and ``final`` are
    None as long as there is none. ``said_count`` is the highest count said aloud; None where
    nothing was counted aloud, or that was not kept yet.
    """

    number: int
    exercise: str
    side: Side
    prescribed: Prescription
    started_ns: int
    ended_ns: int | None = None
    live: SetOutcome | None = None
    final: SetOutcome | None = None
    said_count: int | None = None

    @property
    def outcome(self) -> SetOutcome | None:
        """The best there is: final before live."""
        return self.final if self.final is not None else self.live

    @property
    def said_too_much(self) -> bool:
        """Whether more was counted aloud than stands in the outcome."""
        if self.said_count is None or self.outcome is None:
            return False
        return self.said_count > recorded_count(self.outcome)


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """What is known of a session when it begins.

    Attributes:
        plan: name of the plan; empty for a single exercise.
        software: version of this program.
        simulated: the sensors are simulated: nobody exercised.
        person: pseudonym of who exercises, one the store knows; empty: the first in the store.
    """

    plan: str = ""
    software: str = ""
    simulated: bool = False
    person: str = ""


@dataclass(frozen=True, slots=True)
class StoredSession:
    """One visit, as far as it is stored."""

    name: str
    person: str
    info: SessionInfo
    started: Moment
    ended_ns: int | None
    sensors: tuple[SensorInfo, ...] = ()
    sets: tuple[StoredSet, ...] = ()
    answers: tuple[Answer, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it has not been closed yet: it is running now, or was cut off."""
        return self.ended_ns is None

    @property
    def interrupted(self) -> bool:
        """Whether it was cut off and closed by a later start."""
        return any(notice.code is NoticeCode.INTERRUPTED for notice in self.notices)

    def wall_clock(self, hub_s: float) -> datetime:
        """The wall clock at a hub time, from the one reading at the start of the session.

        Later readings are not used: a wall clock that was set during the session must not turn
        times between sets around.
        """
        since_start_s = hub_s - self.started.hub_ns / NS_PER_S
        return self.started.utc + timedelta(seconds=since_start_s)

    def answer(self, kind: AnswerKind) -> str:
        """The latest answer of that kind about the whole session; empty where there is none."""
        texts = [a.text for a in self.answers if a.kind is kind and a.of_session]
        return texts[-1] if texts else ""
