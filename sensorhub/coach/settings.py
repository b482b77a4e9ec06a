"""The coach's times. What protects the person is a constant here and not a setting."""

from dataclasses import dataclass, fields

from sensorhub.model.errors import InputError

SET_LIMIT_S = 900.0  # no set goes on for longer, whatever is asked
SESSION_LIMIT_S = 2 * 3600.0
PAUSE_LIMIT_S = 900.0  # nobody comes back after so long: the session ends

MAX_REPEATS = 2
"""So many times one set may be done once more."""

PAIN_RISE = 2
"""Pain that rises by so much against the beginning stops the programme ..."""

PAIN_SEVERE = 7
"""... and so does pain of this much, at any time."""

MAX_HURTS = 3
"""After "that hurt" so many times the programme stops, whatever is answered."""

_LONGEST_S = {
    "still_s": 10.0,
    "prepare_s": 60.0,
    "how_s": 60.0,
    "prepare_limit_s": 600.0,
    "idle_s": 120.0,
    "answer_s": 300.0,
    "check_limit_s": 600.0,
}


@dataclass(frozen=True, slots=True)
class CoachSettings:
    """Times that fit the coach to a person; each is capped, and the caps cannot be raised.

    Attributes:
        still_s: how long the person must be still before a set begins by itself.
        prepare_s: shortest time to take the start position.
        how_s: so much longer when an exercise comes for the first time and is explained.
        prepare_limit_s: after waiting this long for stillness or a signal the set is left out.
        idle_s: a running set ends after this long without any movement.
        answer_s: how long a question stays open; three times as long for own words.
        check_limit_s: how long to wait for every sensor before the first set.

    Raises:
        InputError: a time is not positive or longer than its cap.
    """

    still_s: float = 2.0
    prepare_s: float = 5.0
    how_s: float = 20.0
    prepare_limit_s: float = 300.0
    idle_s: float = 45.0
    answer_s: float = 60.0
    check_limit_s: float = 60.0

    def __post_init__(self) -> None:
        for item in fields(self):
            value_s: float = getattr(self, item.name)
            longest_s = _LONGEST_S[item.name]
            if not 0.0 < value_s <= longest_s:
                raise InputError(f"{item.name} must be above 0 and at most {longest_s:g} seconds.")
