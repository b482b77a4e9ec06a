"""``sensorhub demo --web``: a newcomer opens the address that is printed, and sees it count."""

import re
import signal
from pathlib import Path

import pytest
from page_rig import chromium, screen
from test_demo import check_truth
from visits import sensorhub


@pytest.mark.slow
def test_the_page_follows_the_simulated_session(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    program = sensorhub(
        "demo", "--web", "--port", "0", "--speed", "4", "--keep", keep, data=tmp_path / "mine"
    )
    try:
        link = program.wait_for(r"(http://\S+#pin=\d{6})")[1]
        program.wait_for("The session begins when the page is open")
        with chromium() as browser, screen(browser) as shown:
            page = shown.page
            page.goto(link)
            # The PIN leaves the address.
            page.wait_for_function("() => !location.href.includes('pin')")
            # The page goes to the session by itself, and says that it is simulated.
            page.wait_for_selector("body[data-page=do]")
            page.wait_for_function(
                "() => Number(document.querySelector('[data-number]')?.textContent) >= 1"
                " && document.body.dataset.state === 'running'",
            )
            assert "Simulated" in page.locator(".simulated").inner_text()
            page.wait_for_url("**/#/result/**")
            page.wait_for_selector("section.set >> nth=2")
            assert "5 full, 1 partial" in page.locator("section.set").nth(0).inner_text()
            program.wait_for("Still to be seen")
            program.send(signal.SIGINT)
            assert program.wait() == 0, program.output + program.errors
            page.wait_for_selector("text=Connection to the hub lost")
    finally:
        program.end()
    check_truth(keep)
    assert not (tmp_path / "mine").exists(), "a demonstration is not the person's own session"
    assert re.search(r"squat: truth .*, counted ", program.output)
