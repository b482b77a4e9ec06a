"""Microseconds a sample, side by side in one run: the bare filter, our live path, re-scoring.

Ratios, not times, are what can be compared between machines. Every round runs all paths one after
the other on the same samples, several times each; what counts is the best of all rounds, in
processor time, because whatever else the machine does can only make it slower.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vqf import VQF

from benchmarks.squats import PACKET, Squats, squats
from sensorhub.devices.registry import family
from sensorhub.exercises.definition import find_exercise
from sensorhub.exercises.engine import SetAnalyzer
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.motion.assembler import BlockAssembler, assemble_all
from sensorhub.motion.tracker import MotionTracker
from sensorhub.sessions.stages.analysis import run_set, track

THIGH = Placement.THIGH_RIGHT
ROUNDS = 10
TIMES_A_ROUND = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """What a path may cost at most, as a multiple of the bare filter."""

    name: str
    ratio: float


FIRST, GOAL, AIM = Bar("first bar", 6.0), Bar("goal", 4.0), Bar("aim", 2.0)


def bare_blocks(data: Squats) -> None:
    """The filter alone, fed ten samples at a time."""
    vqf = VQF(data.period_s)
    for k in range(0, len(data.acc_mps2), PACKET):
        vqf.updateBatch(data.gyr_radps[k : k + PACKET], data.acc_mps2[k : k + PACKET])


def bare_whole(data: Squats) -> None:
    """The filter alone, fed everything at once."""
    VQF(data.period_s).updateBatch(data.gyr_radps, data.acc_mps2)


def live(data: Squats) -> SetOutcome:
    """Bytes to outcome as they arrive, ten samples a packet, with everything the person hears."""
    decoder = family("omp").new_decoder()
    assembler, tracker, analyzer = BlockAssembler(THIGH), MotionTracker(THIGH), _analyzer(live=True)
    for record in data.records:
        for event in decoder.feed(record):
            for block in assembler.push(event):
                motion = tracker.push(block)
                if len(motion):
                    analyzer.push(motion)
    analyzer.push(tracker.flush())
    return analyzer.finish()


def rescored(data: Squats) -> SetOutcome:
    """The samples again, whole, nobody listening: as sessions and recordings are analysed."""
    return run_set(_analyzer(live=False), {THIGH: track(data.blocks, THIGH)})


def rescored_from_bytes(data: Squats) -> SetOutcome:
    """The same from the raw log, with its decoding and its time stamps."""
    decoder = family("omp").new_decoder()
    blocks = assemble_all((e for r in data.records for e in decoder.feed(r)), THIGH)
    return run_set(_analyzer(live=False), {THIGH: track(blocks, THIGH)})


def _analyzer(*, live: bool) -> SetAnalyzer:
    return SetAnalyzer(find_exercise("squat"), side=Side.BOTH, placements=[THIGH], live=live)


Path = Callable[[Squats], object]
PATHS: tuple[Path, ...] = (bare_blocks, live, bare_whole, rescored, rescored_from_bytes)


def loaded() -> Squats:
    """What is measured, after a look at whether every path counts it right."""
    data = squats()
    decoder = family("omp").new_decoder()
    data.blocks = assemble_all((e for r in data.records for e in decoder.feed(r)), THIGH)
    outcomes = live(data), rescored(data), rescored_from_bytes(data)
    if len(outcomes[0].repetitions) != data.repetitions or len({*map(repr, outcomes)}) != 1:
        counted = [len(outcome.repetitions) for outcome in outcomes]
        raise SystemExit(f"counted {counted} of {data.repetitions}, or outcomes differ")
    return data


def measured_us(
    data: Squats, paths: Sequence[Path] = PATHS, *, rounds: int = ROUNDS
) -> dict[Path, float]:
    """Processor time of each path, microseconds a sample, best of all rounds."""
    best_s = dict.fromkeys(paths, float("inf"))
    for _ in range(rounds):
        for path in paths:
            for _ in range(TIMES_A_ROUND):
                began_s = time.process_time()
                path(data)
                best_s[path] = min(best_s[path], time.process_time() - began_s)
    return {path: 1e6 * lasted_s / len(data.acc_mps2) for path, lasted_s in best_s.items()}


def main() -> None:
    """Measure and print the table. To miss a bar is said, and is no failure: nothing is a gate."""
    data = loaded()
    us = measured_us(data)
    minutes = len(data.acc_mps2) * data.period_s / 60.0
    print(f"{data.repetitions} squats, {minutes:.0f} min at 100 Hz; best of {ROUNDS} rounds")
    print(f"{'path':44}{'us a sample':>12}{'ratio':>8}   bars")
    for name, path, bare, bars in (
        ("bare VQF, blocks of 10", bare_blocks, bare_blocks, ()),
        ("live: bytes to outcome, packets of 10", live, bare_blocks, (FIRST, GOAL, AIM)),
        ("bare VQF, everything at once", bare_whole, bare_whole, ()),
        ("re-scoring: samples to outcome", rescored, bare_whole, (GOAL, AIM)),
        ("re-scoring: bytes to outcome (no bar)", rescored_from_bytes, bare_whole, ()),
    ):
        ratio = us[path] / us[bare]
        said = [
            f"{bar.name} {bar.ratio:.0f}: {'pass' if ratio <= bar.ratio else 'miss'}"
            for bar in bars
        ]
        print(f"{name:44}{us[path]:12.3f}{ratio:8.2f}   {', '.join(said)}".rstrip())


if __name__ == "__main__":
    main()
