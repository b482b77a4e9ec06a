"""How far up its ladder of remedies each symptom of one sensor's link is."""

from collections import Counter
from dataclasses import dataclass

from sensorhub.model.errors import TransportError
from sensorhub.transports.symptoms import (
    RESET_HINT,
    TROUBLES,
    Remedy,
    Symptom,
    TroubleError,
    symptom_of,
)


@dataclass(frozen=True, slots=True)
class Rung:
    """What to do now, and what the person is told."""

    remedy: Remedy
    error: TransportError


class Ladder:
    """One rung higher with each failure of the same kind, until samples come again."""

    def __init__(self) -> None:
        self._failures: Counter[Symptom] = Counter()

    def climb(self, error: TransportError) -> Rung:
        """Note a failure; what to do about it."""
        symptom = symptom_of(error)
        ladder = TROUBLES[symptom].ladder
        remedy = ladder[min(self._failures[symptom], len(ladder) - 1)]
        self._failures[symptom] += 1
        if remedy is Remedy.ASK_RESET:
            message = str(error.args[0]) if error.args else ""
            error = TroubleError(symptom, message, hint=RESET_HINT)
        return Rung(remedy, error)

    def well_again(self) -> None:
        """Samples came: whatever was tried has helped."""
        self._failures.clear()
