"""Twenty viewers, three sensors, in real time: nothing is lost, little is used, all is quick.

The long run is ``make bench``; this is a short one of the same.
"""

import os
import shutil
import statistics

import pytest

from benchmarks.page import CPU_BAR, LATENCY_BAR_MS, Load, run

SQUATS = 6
ATTEMPTS = 3
"""How quick it is is also a matter of who else computes here: one attempt of several must be.

What is slow by itself is slow in each."""


@pytest.mark.slow
@pytest.mark.alone
def test_twenty_viewers_and_three_sensors() -> None:
    if shutil.which("chromium") is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    for attempt in range(1, ATTEMPTS + 1):
        load = run(squats=SQUATS)
        middle_ms = statistics.median(load.latency_ms)
        told = f"attempt {attempt}: {load.cpu:.3f} of a core, median {middle_ms:.0f} ms"
        told += f", 95 % within {load.p95_ms:.0f} ms"
        print(f"{told}, {load.frames_hz:.1f} frames a second")
        # What may never happen, however busy the computer is.
        assert load.counted == load.done == SQUATS
        assert load.missing_s == 0.0
        assert len(load.latency_ms) >= SQUATS
        if kept(load):
            return
    pytest.fail(told)


def kept(load: Load) -> bool:
    """Whether it was as quick as is promised, and as idle.

    With more programs waiting than there are processors the middle of the latencies is judged, else
    95 % (the bar of ``make bench``).
    """
    shared = os.getloadavg()[0] > (os.cpu_count() or 1)
    judged_ms = statistics.median(load.latency_ms) if shared else load.p95_ms
    return judged_ms <= LATENCY_BAR_MS and load.frames_hz >= 10.0 and load.cpu <= CPU_BAR
