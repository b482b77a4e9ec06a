"""Real sets as plain arrays, to derive others from: what was recorded, and what was done when.

A ``Take`` is one thigh sensor's recording of one set. Where nobody wrote down the times of the
repetitions, those of the usual analysis stand in, if their number is the one that was counted.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from sensorhub.exercises.definition import find_exercise
from sensorhub.model.events import FloatArray
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement
from sensorhub.model.samples import Gap, SampleBlock
from sensorhub.sessions.recordings.recording import read_recording
from sensorhub.sessions.stages.analysis import Span, analyze_blocks

FOLDER = Path(
    os.environ.get(
        "SENSORHUB_RECORDINGS", Path(__file__).resolve().parents[3] / "shared" / "recordings"
    )
)
KINDS = ("uci_", "cmu_", "sts_", "mex_")
WORN = Placement.THIGH_RIGHT
AROUND_S = 1.0
"""So much rest is kept before the first repetition and after the last, if it was recorded."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Samples without a gap: specific force (n, 3), and angular rate (n, 3) or None."""

    start_s: float
    acc: FloatArray
    gyr: FloatArray | None


@dataclass(frozen=True, eq=False)
class Take:
    """One sensor's recording of ``count`` repetitions at ``times_s`` (start and end of each)."""

    name: str
    exercise: str
    period_s: float
    pieces: tuple[Piece, ...]
    times_s: tuple[tuple[float, float], ...]
    count: int

    @property
    def whole(self) -> bool:
        """Whether there is no gap."""
        return len(self.pieces) == 1

    @property
    def end_s(self) -> float:
        """When the last sample is over."""
        last = self.pieces[-1]
        return last.start_s + len(last.acc) * self.period_s

    def between(self, start_s: float, end_s: float) -> "Take":
        """The stretch ``[start_s, end_s)``, with the repetitions that lie in it as a whole."""
        cut = []
        for p in self.pieces:
            low, high = ((edge_s - p.start_s) / self.period_s for edge_s in (start_s, end_s))
            first, last = round(max(0.0, low)), round(min(float(len(p.acc)), high))
            if last > first:
                gyr = None if p.gyr is None else p.gyr[first:last]
                cut.append(Piece(p.start_s + first * self.period_s, p.acc[first:last], gyr))
        # Rests are cut freely; a repetition belongs to the part that has its middle.
        times = tuple((a, b) for a, b in self.times_s if start_s <= 0.5 * (a + b) < end_s)
        return replace(self, pieces=tuple(cut), times_s=times, count=len(times))

    def renamed(self, what: str) -> "Take":
        """The same, saying what was done to it."""
        return replace(self, name=f"{self.name} {what}")


def merged(pieces: Sequence[Piece], period_s: float) -> tuple[Piece, ...]:
    """Joined where nothing is missing between them."""
    runs: list[list[Piece]] = []
    for p in pieces:
        end_s = runs[-1][-1].start_s + len(runs[-1][-1].acc) * period_s if runs else -np.inf
        if abs(p.start_s - end_s) < 0.5 * period_s:
            runs[-1].append(p)
        else:
            runs.append([p])
    return tuple(
        Piece(
            run[0].start_s,
            np.concatenate([p.acc for p in run]),
            None if run[0].gyr is None else np.concatenate([p.gyr for p in run]),  # type: ignore[misc]
        )
        for run in runs
    )


def blocks_of(take: Take) -> list[SampleBlock]:
    """As a sensor would have delivered it."""
    blocks: list[SampleBlock] = []
    end_s = 0.0
    for p in take.pieces:
        gap = Gap(WORN, end_s, p.start_s) if blocks else None
        acc = np.ascontiguousarray(p.acc)
        gyr = None if p.gyr is None else np.ascontiguousarray(p.gyr)
        blocks.append(SampleBlock(WORN, p.start_s, take.period_s, acc, gyr, gap))
        end_s = blocks[-1].end_s
    return blocks


def analyzed(take: Take, *, exercise: str | None = None) -> SetOutcome:
    """What the hub makes of a take."""
    definition = find_exercise(exercise or take.exercise)
    return analyze_blocks({WORN: blocks_of(take)}, definition).outcome


@cache
def takes() -> tuple[Take, ...]:
    """Every set whose number of repetitions is sure and known in time, cut to that set."""
    return tuple(t for folder in _folders() for t in _takes_of(folder))


def _folders() -> Sequence[Path]:
    paths = sorted(FOLDER.glob("*/truth.json")) if FOLDER.is_dir() else []
    return [p.parent for p in paths if p.parent.name.startswith(KINDS)]


def _takes_of(folder: Path) -> list[Take]:
    truth = json.loads((folder / "truth.json").read_text())
    if not truth["reps"] or "ambiguous" in truth.get("confidence", ""):
        return []
    sensors = read_recording([folder]).sensors
    worn = Placement.THIGH_RIGHT if Placement.THIGH_RIGHT in sensors else Placement.THIGH
    blocks = [replace(b, placement=WORN) for b in sensors[worn]]
    sets = truth.get("sets") or [{"start_s": -np.inf, "end_s": np.inf, "reps": truth["reps"]}]
    labelled = [(a, b) for a, b in truth.get("rep_times_s", [])]
    found = []
    for number, one in enumerate(sets, 1):
        span = Span(one["start_s"], one["end_s"])
        times = [t for t in labelled if span.start_s <= t[0] <= span.end_s]
        outcome = analyze_blocks({WORN: blocks}, find_exercise(truth["exercise"]), span=span)
        seen = [(r.start_s, r.end_s) for r in outcome.outcome.repetitions]
        # The labels of the prone sets begin elsewhere; our own times serve where they agree.
        times = seen if len(seen) == one["reps"] else times
        if len(times) != one["reps"]:
            continue
        name = f"{folder.name}#{number}" if len(sets) > 1 else folder.name
        period_s = blocks[0].period_s
        pieces = merged([Piece(b.start_s, b.acc_mps2, b.gyr_radps) for b in blocks], period_s)
        take = Take(name, truth["exercise"], period_s, pieces, tuple(times), len(times))
        first_s = max(span.start_s, times[0][0] - AROUND_S)
        found.append(take.between(first_s, min(span.end_s, times[-1][1] + AROUND_S)))
    return found
