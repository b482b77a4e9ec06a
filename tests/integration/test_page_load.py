"""Twenty viewers, three sensors, in real time: nothing is lost, little is used, all is quick.

The long run is ``make bench``; this is a short one of the same.
"""

import shutil

import pytest

from benchmarks.page import CPU_BAR, LATENCY_BAR_MS, Load, run

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
    # What other programs can spoil: whoever shares the computer gets a second try.
    if not quick(load):
        load = run(squats=SQUATS)
    assert load.cpu <= CPU_BAR
    assert load.p95_ms <= LATENCY_BAR_MS
    assert load.frames_hz >= 15.0


def quick(load: Load) -> bool:
    return load.cpu <= CPU_BAR and load.p95_ms <= LATENCY_BAR_MS and load.frames_hz >= 15.0
