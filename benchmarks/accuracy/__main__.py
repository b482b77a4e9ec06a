"""``python -m benchmarks.accuracy``: the accuracy page, or single cells of it."""

import argparse
import os
import sys
from collections import defaultdict
from pathlib import Path

from benchmarks.accuracy.hip import run_angles
from benchmarks.accuracy.page import write_page
from benchmarks.accuracy.play import cases
from benchmarks.accuracy.real import find_recordings, score_recordings
from benchmarks.accuracy.run import run
from benchmarks.accuracy.score import FalseAlarm, Score

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "accuracy.md"
SEEDS = 20


def main(argv: list[str] | None = None) -> int:
    """Runs the matrix; writes the page, or with ``--list`` prints what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument(
        "--seeds",
        type=int,
        default=SEEDS,
        help=f"of every cell ({SEEDS}); a seed takes two processors about 40 s",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--exercise", default="", help="only exercises whose name holds this")
    parser.add_argument("--variation", default="", help="only columns whose name holds this")
    parser.add_argument("--page", type=Path, default=PAGE, help="where to write the page")
    parser.add_argument("--list", action="store_true", help="print runs gone wrong, write nothing")
    args = parser.parse_args(argv)
    wanted = [
        case
        for case in cases(seeds=args.seeds)
        if args.exercise in case.exercise and args.variation in case.name
    ]
    scores, alarms = run(wanted, jobs=args.jobs)
    if args.list:
        _list(scores, alarms)
        return 0
    angles = run_angles(seeds=args.seeds, jobs=args.jobs)
    recordings = find_recordings(ROOT)
    real = None if recordings is None else score_recordings(recordings)
    write_page(args.page, scores, alarms, real, angles=angles)
    print(args.page)
    return 0


def _list(scores: list[Score], alarms: list[FalseAlarm]) -> None:
    cells: dict[tuple[str, str], list[Score]] = defaultdict(list)
    for score in scores:
        cells[score.exercise, score.variation].append(score)
    for (exercise, variation), runs in sorted(cells.items()):
        bad = [s for s in runs if not s.exact or not s.kinds_right]
        errors = [e for s in runs for e in s.credited_s]
        held = f" held {sum(errors) / len(errors):.2f}" if errors else ""
        if bad or (errors and sum(errors) / len(errors) > 0.15):
            text = " ".join(
                f"{s.seed}:{s.got}/{s.wanted}{f' F{s.false}' if s.false else ''}"
                f"{'' if s.kinds_right else 'k'}"
                for s in bad
            )
            print(f"{exercise:30} {variation:16} {len(bad):2} of {len(runs)}{held}  {text}")
    for alarm in alarms:
        if alarm.counted:
            print(f"{alarm.activity:24} as {alarm.exercise:30} {alarm.seed}: {alarm.counted}")
    exact = sum(s.exact for s in scores)
    near = sum(s.within_one for s in scores)
    print(f"{len(scores)} runs: exact {exact}, within one {near}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
