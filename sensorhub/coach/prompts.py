"""What the coach says, as data: a key and its blanks. The sentences stand in ``texts/``."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from sensorhub.coach.dose import Dose
from sensorhub.model.placement import Placement, Side


class PromptKey(enum.StrEnum):
    """Everything the coach can say."""

    CHECKING = "checking"
    SENSOR_MISSING = "sensor_missing"
    BATTERY_LOW = "battery_low"
    UPSIDE_DOWN = "upside_down"
    WRONG_LEG = "wrong_leg"
    SLIPPED = "slipped"
    MISPLACED = "misplaced"
    SENSORS_READY = "sensors_ready"
    GET_READY = "get_ready"
    OTHER_SIDE = "other_side"
    SWITCH_SIDE = "switch_side"
    HOW = "how"
    KEEP_STILL = "keep_still"
    BEGIN = "begin"
    COUNT = "count"
    HALF_WAY = "half_way"
    LAST_ONE = "last_one"
    HOLD = "hold"
    SECONDS_LEFT = "seconds_left"
    HOLD_AGAIN = "hold_again"
    RELEASE = "release"
    SLOWER = "slower"
    SIGNAL_LOST = "signal_lost"
    SIGNAL_LOST_HOLD = "signal_lost_hold"
    SIGNAL_BACK = "signal_back"
    PACED_HOLD = "paced_hold"
    PACED_HOLD_AT = "paced_hold_at"
    PACED_REST = "paced_rest"
    SET_DONE = "set_done"
    SET_SHORT = "set_short"
    RECOUNT = "recount"
    RECOUNT_PARTIAL = "recount_partial"
    RECOUNT_PARTIAL_REST = "recount_partial_rest"
    RECOUNT_NONE = "recount_none"
    RECOUNT_MORE = "recount_more"
    CHECK_LEG = "check_leg"
    CHECK_SENSOR = "check_sensor"
    CHECK_SIGNAL = "check_signal"
    SKIPPED = "skipped"
    NO_SENSOR = "no_sensor"
    REST = "rest"
    PAUSED = "paused"
    GO_ON = "go_on"
    HURT = "hurt"
    PAIN_ROSE = "pain_rose"
    PAIN_SEVERE = "pain_severe"
    KEEPS_HURTING = "keeps_hurting"
    DOCTOR_NOW = "doctor_now"
    DOCTOR_SOON = "doctor_soon"
    ALL_DONE = "all_done"
    STOPPED = "stopped"


URGENT = frozenset(
    {
        PromptKey.BEGIN,
        PromptKey.COUNT,
        PromptKey.SECONDS_LEFT,
        PromptKey.RELEASE,
        PromptKey.SIGNAL_LOST,
        PromptKey.SIGNAL_LOST_HOLD,
        PromptKey.SIGNAL_BACK,
        PromptKey.PAUSED,
        PromptKey.HURT,
        PromptKey.PAIN_ROSE,
        PromptKey.PAIN_SEVERE,
        PromptKey.KEEPS_HURTING,
        PromptKey.DOCTOR_NOW,
        PromptKey.DOCTOR_SOON,
        PromptKey.STOPPED,
    }
)
"""What may interrupt whatever is being spoken: late, it would be wrong or of no use."""

Blank = str | int | Dose | Side | Placement
"""``exercise`` is an exercise's id and brings its title, start and movement; numbers are whole."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Something to say now; :meth:`~sensorhub.coach.texts.Texts.prompt` gives the words."""

    key: PromptKey
    blanks: Mapping[str, Blank] = field(default_factory=dict)

    @property
    def urgent(self) -> bool:
        """It may interrupt what is being spoken."""
        return self.key in URGENT
