"""Plays many cases on all processors, with a bar that says how long it will take."""

import multiprocessing
import os
import sys
import time
from collections.abc import Sequence

from benchmarks.accuracy.play import Case, play
from benchmarks.accuracy.score import FalseAlarm, Score

_WIDTH = 30
_CHUNK = 8


def run(
    cases: Sequence[Case], *, jobs: int, quiet: bool = False
) -> tuple[list[Score], list[FalseAlarm]]:
    """All results, in an order that does not depend on who finished first."""
    # One thread each: the arrays are small, and jobs are what fills the processors.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    scores: list[Score] = []
    alarms: list[FalseAlarm] = []
    began_s = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for done, results in enumerate(pool.imap_unordered(play, cases, chunksize=_CHUNK), 1):
            for result in results:
                if isinstance(result, Score):
                    scores.append(result)
                else:
                    alarms.append(result)
            if not quiet:
                _bar(done, len(cases), time.monotonic() - began_s)
    if not quiet:
        sys.stderr.write("\n")
    scores.sort(key=lambda s: (s.exercise, s.variation, s.seed))
    alarms.sort(key=lambda a: (a.activity, a.exercise, a.seed))
    return scores, alarms


def _bar(done: int, total: int, took_s: float) -> None:
    if done % 25 and done != total:
        return
    full = _WIDTH * done // total
    left_s = took_s * (total - done) / done
    bar = "#" * full + "." * (_WIDTH - full)
    end = "\r" if sys.stderr.isatty() else "\n"
    sys.stderr.write(f"[{bar}] {done} of {total} runs, {left_s / 60.0:4.1f} min left {end}")
    sys.stderr.flush()
