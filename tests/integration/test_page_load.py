"""Twenty viewers, three sensors, in real time: nothing is lost, little is used, all is quick.

The long run is ``make bench``; this is a short one of the same.
"""

import os
import shutil
import statistics

import pytest

from benchmarks.page import CPU_BAR, LATENCY_BAR_MS, run

SQUATS = 6


@pytest.mark.slow
def test_twenty_viewers_and_three_sensors() -> None:
    if shutil.which("chromium") is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    load = run(squats=SQUATS)
    # What may never happen, however busy the computer is.
    assert load.counted == load.done == SQUATS
    assert load.missing_s == 0.0
    assert len(load.latency_ms) >= SQUATS
    assert load.cpu <= CPU_BAR
    # How long a number takes is also a matter of who else computes here: with more programs waiting
    # than there are processors the middle must hold, else 95 % (the bar of `make bench`).
    print(f"median {statistics.median(load.latency_ms):.0f} ms, 95 % within {load.p95_ms:.0f} ms")
    shared = os.getloadavg()[0] > (os.cpu_count() or 1)
    assert statistics.median(load.latency_ms) <= LATENCY_BAR_MS
    assert shared or load.p95_ms <= LATENCY_BAR_MS
    assert load.frames_hz >= 10.0
