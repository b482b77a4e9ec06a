"""The coach's states, what makes it leave them, and where that leads: one table."""

import enum
from collections.abc import Mapping
from types import MappingProxyType


class CoachState(enum.StrEnum):
    """Where in the session the person is."""

    ASKING = "asking"  # a question is open, and nothing else happens
    CHECKING = "checking"  # do all sensors send, are they charged
    PREPARING = "preparing"  # taking the start position; a set begins when they are still
    RUNNING = "running"
    RESTING = "resting"
    PAUSED = "paused"
    DONE = "done"


class Trigger(enum.StrEnum):
    """Why a state is left: the person, what the sensors see, or time."""

    KEY_NEXT = "next"
    KEY_SKIP = "skip"
    KEY_REPEAT = "repeat"
    KEY_PAUSE = "pause"  # pressed again: go on
    KEY_QUESTIONS = "questions"  # ask me the guide's questions
    KEY_STOP = "stop"
    HURT = "hurt"  # "that hurt": ends a running set at once, and is recorded
    ANSWERED = "answered"  # the last open question, or nobody answered it
    CHECKED = "checked"
    STILL = "still"
    DOSE_DONE = "dose_done"
    IDLE = "idle"
    TOO_LONG = "too_long"
    RESTED = "rested"
    PAIN = "pain"  # it rose or is severe: the programme stops
    ADVICE = "advice"  # the guide sends this answer to a doctor: the programme pauses
    OVER = "over"  # the session's time is up, or the program ends: at once, no more questions


KEYS = frozenset(
    {
        Trigger.KEY_NEXT,
        Trigger.KEY_SKIP,
        Trigger.KEY_REPEAT,
        Trigger.KEY_PAUSE,
        Trigger.KEY_QUESTIONS,
        Trigger.KEY_STOP,
        Trigger.HURT,
    }
)
"""What a person can do at any time: on the page, by a key, on the sensor."""

_S, _T = CoachState, Trigger

BACK = None
"""To what was to come: after the questions, or where the pause began (a set that was running is
prepared again, with what is left of its dose)."""

TRANSITIONS: Mapping[tuple[CoachState, Trigger], CoachState | None] = MappingProxyType(
    {
        (_S.ASKING, _T.ANSWERED): BACK,
        (_S.ASKING, _T.KEY_NEXT): _S.ASKING,  # this question is left unanswered
        (_S.ASKING, _T.KEY_SKIP): _S.ASKING,
        (_S.ASKING, _T.KEY_REPEAT): _S.ASKING,  # the same question again
        (_S.ASKING, _T.HURT): _S.ASKING,
        (_S.ASKING, _T.ADVICE): _S.PAUSED,
        (_S.ASKING, _T.PAIN): _S.DONE,
        (_S.CHECKING, _T.CHECKED): _S.PREPARING,
        (_S.CHECKING, _T.TOO_LONG): _S.PREPARING,
        (_S.CHECKING, _T.KEY_NEXT): _S.PREPARING,
        (_S.CHECKING, _T.KEY_SKIP): _S.PREPARING,
        (_S.CHECKING, _T.KEY_QUESTIONS): _S.CHECKING,
        (_S.CHECKING, _T.KEY_PAUSE): _S.PAUSED,
        (_S.CHECKING, _T.HURT): _S.CHECKING,
        (_S.PREPARING, _T.STILL): _S.RUNNING,
        (_S.PREPARING, _T.KEY_NEXT): _S.RUNNING,
        (_S.PREPARING, _T.KEY_SKIP): _S.PREPARING,  # of the next set
        (_S.PREPARING, _T.TOO_LONG): _S.PREPARING,
        (_S.PREPARING, _T.KEY_REPEAT): _S.PREPARING,  # of the same set: said once more
        (_S.PREPARING, _T.KEY_QUESTIONS): _S.PREPARING,
        (_S.PREPARING, _T.KEY_PAUSE): _S.PAUSED,
        (_S.PREPARING, _T.HURT): _S.RESTING,
        (_S.RUNNING, _T.DOSE_DONE): _S.RESTING,
        (_S.RUNNING, _T.KEY_NEXT): _S.RESTING,
        (_S.RUNNING, _T.KEY_SKIP): _S.RESTING,
        (_S.RUNNING, _T.IDLE): _S.RESTING,
        (_S.RUNNING, _T.TOO_LONG): _S.RESTING,
        (_S.RUNNING, _T.KEY_REPEAT): _S.PREPARING,
        (_S.RUNNING, _T.KEY_PAUSE): _S.PAUSED,
        (_S.RUNNING, _T.HURT): _S.RESTING,
        (_S.RESTING, _T.RESTED): _S.PREPARING,
        (_S.RESTING, _T.KEY_NEXT): _S.PREPARING,
        (_S.RESTING, _T.KEY_SKIP): _S.PREPARING,
        (_S.RESTING, _T.KEY_REPEAT): _S.PREPARING,  # of the set just done
        (_S.RESTING, _T.KEY_QUESTIONS): _S.RESTING,
        (_S.RESTING, _T.KEY_PAUSE): _S.PAUSED,
        (_S.RESTING, _T.HURT): _S.RESTING,
        (_S.PAUSED, _T.KEY_PAUSE): BACK,
        (_S.PAUSED, _T.KEY_NEXT): BACK,
        (_S.PAUSED, _T.KEY_SKIP): BACK,
        (_S.PAUSED, _T.HURT): _S.PAUSED,
        (_S.PAUSED, _T.TOO_LONG): _S.DONE,
        **{(state, _T.KEY_STOP): _S.DONE for state in _S if state is not _S.DONE},
        **{(state, _T.OVER): _S.DONE for state in _S if state is not _S.DONE},
    }
)
"""Where each trigger leads; what is not listed changes nothing. A question that is due comes first
(ASKING, and then what stands here); without a set left it is DONE."""
