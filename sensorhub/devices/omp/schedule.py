"""When to ask for the time, and how long a cue is worth sending."""

from sensorhub.model.units import NS_PER_S

SYNC_BURST, SYNC_BURST_ON_RESUME = 16, 4
SYNC_EVERY_NS = 5 * NS_PER_S
SYNC_AT_FIRST, SYNC_AT_FIRST_EVERY_NS = 8, 1 * NS_PER_S
CUE_STALE_NS = 1 * NS_PER_S


class SyncSchedule:
    """A burst, then every second until the clocks are known well, then every five."""

    def __init__(self) -> None:
        self._burst = 0
        self._settling = 0
        self._due_ns = 0

    @property
    def burst(self) -> int:
        """Number of exchanges that are to follow each other at once."""
        return self._burst

    @property
    def due_ns(self) -> int:
        """When the next exchange is wanted; in a burst: long ago."""
        return 0 if self._burst else self._due_ns

    def begin_burst(self, exchanges: int) -> None:
        """Ask so many times in a row."""
        self._burst = exchanges

    def begin_settling(self, now_ns: int) -> None:
        """The stream begins or goes on."""
        self._settling = SYNC_AT_FIRST
        self._space(now_ns)

    def asked(self, now_ns: int) -> None:
        """An exchange was begun."""
        self._burst = max(0, self._burst - 1)
        self._space(now_ns)

    def _space(self, now_ns: int) -> None:
        spacing_ns = SYNC_AT_FIRST_EVERY_NS if self._settling else SYNC_EVERY_NS
        self._settling = max(0, self._settling - 1)
        self._due_ns = now_ns + spacing_ns


class PendingCue:
    """The one cue not sent yet: a newer one replaces it, and after a second it comes too late."""

    def __init__(self) -> None:
        self._pattern: str | None = None
        self._said_ns = 0
        self._able = True

    def say(self, pattern: str, now_ns: int) -> None:
        """Ask for a cue."""
        if self._able:
            self._pattern, self._said_ns = pattern, now_ns

    def fresh(self, now_ns: int) -> str | None:
        """Return the pattern to send, None where there is none or it is too late."""
        return self._pattern if now_ns - self._said_ns <= CUE_STALE_NS else None

    def drop(self) -> None:
        """It was sent, or cannot be any more."""
        self._pattern = None

    def unable(self) -> None:
        """The device has neither light nor vibration: do not ask again."""
        self._able = False
        self.drop()
