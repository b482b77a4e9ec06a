"""The hub's voice in a real Chromium: a sound is fetched, decoded and played when it is said."""

import shutil
from pathlib import Path

import pytest
from page_rig import chromium, pair, save_plan, screen, serving
from visits import simulation, squats_on_cue

from sensorhub.speech.cache import name_of
from sensorhub.speech.voice import Voice

SPEED = 4.0
PLAN = {"title": "Squats", "items": [{"exercise": "squat", "sets": 1, "reps": 3, "rest_s": 0}]}
PLAYED = """() => {
    window.played = [];
    const start = AudioBufferSourceNode.prototype.start;
    AudioBufferSourceNode.prototype.start = function (...when) {
        window.played.push(this.buffer.duration);
        return start.apply(this, when);
    };
}"""


@pytest.mark.slow
def test_what_is_said_is_heard(tmp_path: Path) -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed (apt install espeak-ng)")
    with (
        chromium() as browser,
        simulation(
            tmp_path,
            scenario=squats_on_cue(tmp_path, reps=3),
            sensors=[f"thigh_right@pty:{tmp_path}/thigh"],
            speed=SPEED,
        ) as sim,
        serving(
            tmp_path / "data",
            f"--sensor=thigh_right={sim.uris['thigh_right']}",
            f"--speed={SPEED:g}",
            "--ask=nothing",
        ) as hub,
        screen(browser) as shown,
    ):
        pair(shown, hub)
        save_plan(shown, "squats", PLAN)
        shown.page.evaluate(PLAYED)
        shown.go("settings")
        shown.page.locator(
            "input[name=sound][value=voice]"
        ).click()  # the touch that lets a page sound
        shown.go("plan", wait="details.plan")
        shown.page.locator("details.plan", has_text="Squats").locator("summary").click()
        begin = name_of("Begin.", Voice())
        with shown.page.expect_response(f"**/sound/{begin}") as fetched:
            shown.page.get_by_role("button", name="Start: Squats").click()
        assert fetched.value.status == 200
        shown.page.wait_for_function("() => window.played.length > 0")
        durations_s = shown.page.evaluate("window.played")
        assert all(0.1 < duration_s < 15.0 for duration_s in durations_s)
