"""How much one set asks for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dose:
    """How much of an exercise one set asks for: exactly one of the three is given."""

    reps: int | None = None
    hold_s: float | None = None
    duration_s: float | None = None

    def __str__(self) -> str:
        if self.reps is not None:
            return f"{self.reps} repetitions"
        if self.hold_s is not None:
            return f"hold {self.hold_s:g} s"
        return f"{self.duration_s:g} s"
