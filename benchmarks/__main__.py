"""Microseconds a sample, side by side in one run: the bare filter, our live path, re-scoring.

Ratios, not times, are what can be compared between machines: every round measures all of them one
after the other on the same samples, and the medians over the rounds are divided.
"""

import statistics
import time
from collections.abc import Callable

from vqf import VQF

from benchmarks.squats import Squats, squats
from sensorhub.devices.registry import family
from sensorhub.exercises.definition import find_exercise
from sensorhub.exercises.engine import SetAnalyzer
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.motion.assembler import BlockAssembler, assemble_all
from sensorhub.motion.tracker import MotionTracker

THIGH = Placement.THIGH_RIGHT
ROUNDS = 7
LIVE_BAR = 4.0
RESCORE_BAR = 4.0


def bare_blocks(data: Squats) -> None:
    """The filter alone, fed ten samples at a time."""
    vqf = VQF(data.period_s)
    for k in range(0, len(data.acc_mps2), 10):
        vqf.updateBatch(data.gyr_radps[k : k + 10], data.acc_mps2[k : k + 10])


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
    """The same bytes again, whole, nobody listening: decoding is not part of what is timed."""
    tracker, analyzer = MotionTracker(THIGH, work_s=60.0), _analyzer(live=False)
    for block in data.blocks:
        analyzer.push(tracker.push(block))
    analyzer.push(tracker.flush())
    return analyzer.finish()


def _analyzer(*, live: bool) -> SetAnalyzer:
    return SetAnalyzer(find_exercise("squat"), side=Side.BOTH, placements=[THIGH], live=live)


def _timed(what: Callable[[Squats], object], data: Squats) -> float:
    began = time.perf_counter()
    what(data)
    return 1e6 * (time.perf_counter() - began) / len(data.acc_mps2)


def main() -> None:
    """Measure and print the table; the last column is the ratio that matters."""
    data = squats()
    decoder = family("omp").new_decoder()
    data.blocks = assemble_all((e for r in data.records for e in decoder.feed(r)), THIGH)
    outcomes = live(data), rescored(data)
    if [len(o.repetitions) for o in outcomes] != [data.repetitions] * 2:
        raise SystemExit(f"counted {[len(o.repetitions) for o in outcomes]} of {data.repetitions}")
    paths = (bare_blocks, live, bare_whole, rescored)
    rounds = [[_timed(path, data) for path in paths] for _ in range(ROUNDS)]
    blocks, ours, whole, again = (statistics.median(column) for column in zip(*rounds, strict=True))
    minutes = len(data.acc_mps2) * data.period_s / 60.0
    row = "{:42}{:12.3f}{:8.2f}{:>9}".format
    print(f"{data.repetitions} squats, {minutes:.0f} min at 100 Hz; median of {ROUNDS} rounds")
    print(f"{'path':42}{'us a sample':>12}{'ratio':>8}{'at most':>9}")
    print(row("bare VQF, blocks of 10", blocks, 1.0, ""))
    print(row("live: bytes to outcome, packets of 10", ours, ours / blocks, LIVE_BAR))
    print(row("bare VQF, everything at once", whole, 1.0, ""))
    print(row("re-scoring: samples to outcome", again, again / whole, RESCORE_BAR))


if __name__ == "__main__":
    main()
