"""What really happened: repetitions, holds, breaths, steps, in world seconds."""

import math
from dataclasses import dataclass, field

_NEGATIVES = {"walk": "walking"}  # what recordings of it are called


@dataclass(frozen=True, slots=True)
class TrueRepetition:
    """One repetition ``[start_s, end_s)``: from leaving the start pose to being back in it.

    ``peak_s`` is the middle of the time at the furthest point; ``rom_rad`` the greatest change of
    the moving segment's angle to gravity; ``hold_s`` the time spent still near the furthest point.
    ``phase`` is the direction of a cycle or the missing part of a compound movement.
    """

    start_s: float
    peak_s: float
    end_s: float
    rom_rad: float
    hold_s: float
    kind: str
    side: str
    phase: str = ""


@dataclass(frozen=True, slots=True)
class TrueHold:
    """One hold ``[start_s, end_s)``: from stillness in the pose to leaving it for good.

    Still means that the planned movement (sway and tremor apart) is slower than 5 deg/s. ``held_s``
    leaves interruptions out. The ramps end and begin at ``pose_start_s`` and ``pose_end_s``.
    """

    start_s: float
    end_s: float
    held_s: float
    angle_rad: float
    side: str
    pose_start_s: float
    pose_end_s: float


@dataclass(frozen=True, slots=True)
class TrueBreath:
    """One breath: inhalation, exhalation, pause."""

    start_s: float
    end_s: float
    inhale_s: float
    exhale_s: float
    depth_rad: float


@dataclass(frozen=True, slots=True)
class TrueStep:
    """One side step (opening and closing): ``out`` or ``back``."""

    start_s: float
    end_s: float
    direction: str


@dataclass(frozen=True, slots=True)
class Guided:
    """Something done that no motion sensor sees (or hardly)."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Activity:
    """Something else the person did: nothing of it may be counted."""

    name: str
    start_s: float
    end_s: float


@dataclass(slots=True)
class TrueSet:
    """One exercise on one side; ``end_s`` is None while it runs."""

    exercise: str
    side: str
    start_s: float
    end_s: float | None = None
    repetitions: list[TrueRepetition] = field(default_factory=list)
    holds: list[TrueHold] = field(default_factory=list)
    breaths: list[TrueBreath] = field(default_factory=list)
    steps: list[TrueStep] = field(default_factory=list)
    guided: list[Guided] = field(default_factory=list)

    def until(self, time_s: float) -> "TrueSet":
        """What of it is over at ``time_s``."""
        return TrueSet(
            self.exercise,
            self.side,
            self.start_s,
            self.end_s if self.end_s is not None and self.end_s <= time_s else None,
            [x for x in self.repetitions if x.end_s <= time_s],
            [x for x in self.holds if x.end_s <= time_s],
            [x for x in self.breaths if x.end_s <= time_s],
            [x for x in self.steps if x.end_s <= time_s],
            [x for x in self.guided if x.end_s <= time_s],
        )

    def to_json(self) -> dict[str, object]:
        """Plain values; angles in degrees, times in world seconds."""
        count = len(self.breaths) + len(self.repetitions)
        full = sum(r.kind == "full" for r in self.repetitions)
        return {
            "exercise": self.exercise,
            "side": self.side,
            "start_s": _ms(self.start_s),
            "end_s": None if self.end_s is None else _ms(self.end_s),
            "reps": count,
            "full": full,
            "partial": len(self.repetitions) - full,
            "rep_times_s": [[_ms(r.start_s), _ms(r.end_s)] for r in self.repetitions],
            "repetitions": [
                {
                    "start_s": _ms(r.start_s),
                    "peak_s": _ms(r.peak_s),
                    "end_s": _ms(r.end_s),
                    "rom_deg": _deg(r.rom_rad),
                    "hold_s": _ms(r.hold_s),
                    "kind": r.kind,
                    "side": r.side,
                    "phase": r.phase,
                }
                for r in self.repetitions
            ],
            "holds": [
                {
                    "start_s": _ms(h.start_s),
                    "end_s": _ms(h.end_s),
                    "held_s": _ms(h.held_s),
                    "angle_deg": _deg(h.angle_rad),
                    "side": h.side,
                    "pose_start_s": _ms(h.pose_start_s),
                    "pose_end_s": _ms(h.pose_end_s),
                }
                for h in self.holds
            ],
            "breaths": [
                {
                    "start_s": _ms(b.start_s),
                    "end_s": _ms(b.end_s),
                    "period_s": _ms(b.end_s - b.start_s),
                    "inhale_s": _ms(b.inhale_s),
                    "exhale_s": _ms(b.exhale_s),
                    "depth_deg": _deg(b.depth_rad),
                }
                for b in self.breaths
            ],
            "steps": [
                {"start_s": _ms(s.start_s), "end_s": _ms(s.end_s), "direction": s.direction}
                for s in self.steps
            ],
            "guided": [{"start_s": _ms(g.start_s), "end_s": _ms(g.end_s)} for g in self.guided],
        }


@dataclass(slots=True)
class Truth:
    """Everything up to ``until_s`` of one person's scenario."""

    scenario: str
    seed: int
    until_s: float = 0.0
    sets: list[TrueSet] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)

    def until(self, time_s: float) -> "Truth":
        """What has happened by ``time_s``: nothing that is still under way."""
        return Truth(
            self.scenario,
            self.seed,
            time_s,
            [s.until(time_s) for s in self.sets if s.start_s <= time_s],
            [a for a in self.activities if a.end_s <= time_s],
        )

    def to_json(self) -> dict[str, object]:
        """Plain values; at the top all sets as if they were one, and each under ``sets``.

        The exercise at the top is ``mixed`` (the side ``both``) where the sets differ; without any
        set it names what the person did instead.
        """
        top = _merged(self.sets).to_json()
        if not self.sets:
            names = {_NEGATIVES.get(a.name, a.name) for a in self.activities} or {"standing_still"}
            top["exercise"] = names.pop() if len(names) == 1 else "transitions"
        top |= {"scenario": self.scenario, "seed": self.seed, "until_s": _ms(self.until_s)}
        top["sets"] = [s.to_json() for s in self.sets]
        top["activities"] = [
            {"name": a.name, "start_s": _ms(a.start_s), "end_s": _ms(a.end_s)}
            for a in self.activities
        ]
        return top


def _merged(sets: list[TrueSet]) -> TrueSet:
    if not sets:
        return TrueSet("", "none", 0.0, None)
    exercises, sides = {s.exercise for s in sets}, {s.side for s in sets}
    return TrueSet(
        exercises.pop() if len(exercises) == 1 else "mixed",
        sides.pop() if len(sides) == 1 else "both",
        sets[0].start_s,
        sets[-1].end_s,
        [x for s in sets for x in s.repetitions],
        [x for s in sets for x in s.holds],
        [x for s in sets for x in s.breaths],
        [x for s in sets for x in s.steps],
        [x for s in sets for x in s.guided],
    )


def sample_index(time_s: float, *, first_sample_s: float, period_s: float) -> int:
    """The sample of a sensor nearest to world time ``time_s``."""
    return round((time_s - first_sample_s) / period_s)


def _ms(seconds: float) -> float:
    return round(seconds, 4)


def _deg(angle_rad: float) -> float:
    return round(math.degrees(angle_rad), 3)
