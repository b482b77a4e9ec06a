"""A session in the dark: what is seen while somebody exercises, accessible at every width."""

from pathlib import Path

import pytest
from page_rig import chromium, pair, save_plan, screen, serving
from visits import simulation, squats_on_cue

SPEED = 2.0
REPS = 4
PLAN = {
    "title": "Squats",
    "items": [{"exercise": "squat", "sets": 2, "reps": REPS, "rest_s": 120}],
}
IN_SIGHT = """(name) => {
    const box = document.querySelector(name).getBoundingClientRect();
    const keys = document.querySelector(".stage-keys").getBoundingClientRect();
    return box.height > 0 && box.top >= 0 && box.bottom <= keys.top + 1;
}"""


@pytest.mark.slow
def test_every_state_of_a_session_is_accessible_in_the_dark(tmp_path: Path) -> None:
    with (
        chromium() as browser,
        simulation(
            tmp_path,
            scenario=squats_on_cue(tmp_path, reps=REPS, extra="tempo_s = 6.0\n"),
            sensors=[f"thigh_right@pty:{tmp_path}/thigh"],
            speed=SPEED,
        ) as sim,
        serving(
            tmp_path / "data",
            f"--sensor=thigh_right={sim.uris['thigh_right']}",
            f"--speed={SPEED:g}",
        ) as hub,
        screen(browser, color_scheme="dark") as shown,
    ):
        page = shown.page
        page.goto(hub.address)
        page.wait_for_selector("body[data-page=pair] #pin")
        shown.accessible("pair, dark")
        pair(shown, hub)
        save_plan(shown, "squats", PLAN)
        shown.go("history")
        shown.go("plan", wait="details.plan")
        page.locator("details.plan", has_text="Squats").locator("summary").click()
        page.get_by_role("button", name="Start: Squats").click()
        while shown.state("asking", "preparing", timeout_ms=60_000) == "asking":
            if page.locator(".question[data-kind=scale]").count():
                break
            before = page.locator("#ask").inner_text()
            page.get_by_role("button", name="Rather not say").click()
            page.wait_for_function(
                "(text) => document.getElementById('ask')?.innerText !== text", arg=before
            )
        shown.accessible("question, dark")
        page.locator(".scale").get_by_role("button", name="3", exact=True).click()
        shown.state("preparing")
        shown.accessible("preparing, dark", widths=(320,))
        shown.state("running", timeout_ms=60_000)
        shown.accessible("running, dark")
        # On the smallest phone what is counted and how far it goes are seen without scrolling.
        page.set_viewport_size({"width": 320, "height": 640})
        page.wait_for_selector(".gauge", state="visible")
        for name in (".number", ".gauge"):
            assert page.evaluate(IN_SIGHT, name), f"{name} is not in sight at 320 x 640 px"
        page.set_viewport_size({"width": 1280, "height": 800})
        page.get_by_role("button", name="Pause", exact=True).click()
        shown.state("paused")
        shown.accessible("paused, dark")
        page.get_by_role("button", name="That hurt").click()
        shown.state("asking", "paused")
        shown.accessible("after that hurt, dark")
