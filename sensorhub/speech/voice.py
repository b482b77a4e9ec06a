"""How the hub sounds: language, speed, loudness. What a person may set, with its bounds."""

from dataclasses import dataclass

from sensorhub.model.errors import InputError

LANGUAGES = {"en": "en-gb", "de": "de"}
"""The hub's languages, and what espeak-ng calls the voice of each."""

SLOWEST_WPM, FASTEST_WPM = 80, 260


@dataclass(frozen=True, slots=True)
class Voice:
    """A way of speaking.

    Attributes:
        language: one of :data:`LANGUAGES`.
        rate_wpm: words per minute. The default is slower than espeak-ng's 175: the listener lies on
            the floor and is busy.
        volume_percent: loudness, 0 (silent) to 100.

    Raises:
        InputError: a value is out of its bounds.
    """

    language: str = "en"
    rate_wpm: int = 150
    volume_percent: int = 80

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise InputError(
                f"There is no voice for {self.language!r}.",
                hint=f"Known: {', '.join(LANGUAGES)}.",
            )
        if not SLOWEST_WPM <= self.rate_wpm <= FASTEST_WPM:
            raise InputError(
                f"The voice's rate must be {SLOWEST_WPM} to {FASTEST_WPM} words a minute."
            )
        if not 0 <= self.volume_percent <= 100:
            raise InputError("The voice's volume must be 0 to 100 percent.")
