"""How fast the person moves: people at home do everything too fast, and are told so, not nagged."""

from dataclasses import dataclass

FAST_SHARE = 0.75
"""Two repetitions in a row that took less than this part of the time asked for are too fast."""

BETWEEN_CUES = 4
"""So many repetitions are left in peace after a cue."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """How fast the person moves, against what is asked.

    Attributes:
        current_s: since the last repetition was counted; None before the first.
        last_s: what the last repetition took, from count to count; None before the second.
        asked_s: what one should at least take.
    """

    current_s: float | None
    last_s: float | None
    asked_s: float

    @property
    def too_fast(self) -> bool:
        """The last repetition took much less than is asked for."""
        return self.last_s is not None and self.last_s < FAST_SHARE * self.asked_s


class PaceWatch:
    """Follows the count of one set; ``asked_s``: what one repetition should at least take."""

    def __init__(self, asked_s: float) -> None:
        self._asked_s = asked_s
        self._count = 0
        self._counted_s: float | None = None
        self._last_s: float | None = None
        self._fast = 0
        self._peace = 0

    def tempo(self, now_s: float) -> Tempo:
        """The tempo at this hub time."""
        current_s = None if self._counted_s is None else max(0.0, now_s - self._counted_s)
        return Tempo(current_s, self._last_s, self._asked_s)

    def skip(self, count: int) -> None:
        """The count is this now, but when the last one was done is not known."""
        self._count, self._counted_s, self._last_s, self._fast = count, None, None, 0

    def count(self, count: int, now_s: float) -> bool:
        """The count is this now; whether the person is to be slowed down."""
        if count == self._count:
            return False
        one_more, before_s = count == self._count + 1, self._counted_s
        self._count, self._counted_s = count, now_s
        if not one_more or before_s is None:
            # Withdrawn, or several at once after a gap: no time of one repetition is known.
            self._last_s, self._fast = None, 0
            return False
        self._last_s = now_s - before_s
        self._fast = self._fast + 1 if self.tempo(now_s).too_fast else 0
        self._peace = max(0, self._peace - 1)
        if self._fast < 2 or self._peace:
            return False
        self._fast, self._peace = 0, BETWEEN_CUES
        return True
