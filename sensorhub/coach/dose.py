"""How much one set asks for."""

from dataclasses import dataclass

from sensorhub.exercises.definition import Exercise
from sensorhub.model.words import many


def counted(exercise: Exercise) -> str:
    """What is counted in this exercise: ``breath`` or ``repetition``."""
    return "breath" if exercise.detector == "breath" else "repetition"


@dataclass(frozen=True, slots=True)
class Dose:
    """How much of an exercise one set asks for: exactly one of the three is given."""

    reps: int | None = None
    hold_s: float | None = None
    duration_s: float | None = None

    def __str__(self) -> str:
        return self.words()

    def words(self, counted: str = "repetition") -> str:
        """In English, short; ``counted``: what is counted, as one of it is called."""
        if self.reps is not None:
            return many(self.reps, counted)
        if self.hold_s is not None:
            return f"hold {self.hold_s:g} s"
        return f"{self.duration_s:g} s"
