"""One cue at a time: light and vibration in pulses, within the firmware's cap."""

from dataclasses import dataclass
from typing import Final

LONGEST_MS: Final = 5_000
HORIZON_US: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Cue:
    red: int  # percent, as all four strengths
    green: int
    blue: int
    haptic: int
    on_ms: int
    off_ms: int
    repeats: int

    @property
    def length_us(self) -> int:
        return (self.on_ms + self.off_ms) * self.repeats * 1000


@dataclass(frozen=True, slots=True)
class Output:
    """What LED and motor do, percent."""

    red: int = 0
    green: int = 0
    blue: int = 0
    haptic: int = 0


class CuePlayer:
    """Plays cues in world time; a new cue replaces the old."""

    def __init__(self) -> None:
        self._cue: Cue | None = None
        self._start_us = 0
        self._announced = False
        self._haptic_off = False

    def play(self, cue: Cue, start_us: int) -> None:
        self._cue, self._start_us = cue, start_us
        self._announced = self._haptic_off = False

    def cancel(self) -> None:
        self._cue = None

    def stop_haptic(self) -> None:
        """The motor stays off for the rest of this cue; the light goes on."""
        self._haptic_off = True

    def next_us(self) -> int | None:
        """World time of the start or the end of the cue, whichever comes next."""
        if self._cue is None:
            return None
        return self._start_us + (self._cue.length_us if self._announced else 0)

    def started(self, now_us: int) -> bool:
        """True once, when the cue has begun and a person could notice it."""
        if self._cue is None or self._announced or now_us < self._start_us:
            return False
        self._announced = True
        cue = self._cue
        return any((cue.red, cue.green, cue.blue, cue.haptic and not self._haptic_off))

    def finished(self, now_us: int) -> bool:
        """True once, when the last pulse is over."""
        if self._cue is None or now_us < self._start_us + self._cue.length_us:
            return False
        self._cue = None
        return True

    def output(self, now_us: int) -> Output:
        cue = self._cue
        if cue is None or not 0 <= now_us - self._start_us < cue.length_us:
            return Output()
        phase_us = (now_us - self._start_us) % ((cue.on_ms + cue.off_ms) * 1000)
        if phase_us >= cue.on_ms * 1000:
            return Output()
        return Output(cue.red, cue.green, cue.blue, 0 if self._haptic_off else cue.haptic)
