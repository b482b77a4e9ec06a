"""A whole simulated session through the page, in a real Chromium."""

import os
import signal
import time
from pathlib import Path

import pytest
from page_rig import Screen, chromium, save_plan, screen, serving
from visits import Simulation, simulation

SPEED = 6.0
REPS = 6
PLAN = {
    "title": "Squats",
    "items": [{"exercise": "squat", "sets": 2, "reps": REPS, "rest_s": 12}],
}
COUNTED = """() => {
    window.counts = [];
    document.addEventListener("counted", ({ detail }) => {
        const { frame } = detail;
        window.counts.push([frame.set.number, detail.count,
            detail.shown_ms - frame.t + frame.counted_age_ms / frame.speed]);
    });
}"""


def two_sets(folder: Path) -> Path:
    path = folder / "two_sets.toml"
    one = f'[[step]]\nmovement = "squat"\nreps = {REPS}\ntempo_s = 4.0\n'
    wait = '[[step]]\nwait = "cue"\ntimeout_s = 6000\n'
    path.write_text(f'title = "Two sets"\n{wait}{one}{wait}{wait}{one}{wait}')
    return path


@pytest.mark.slow
def test_a_whole_session(tmp_path: Path) -> None:
    with (
        chromium() as browser,
        simulation(
            tmp_path,
            scenario=two_sets(tmp_path),
            sensors=[f"thigh_right@pty:{tmp_path}/thigh"],
            speed=SPEED,
        ) as sim,
        serving(
            tmp_path / "data",
            f"--sensor=thigh_right={sim.uris['thigh_right']}",
            f"--speed={SPEED:g}",
        ) as hub,
        screen(browser) as shown,
    ):
        page = shown.page
        pair_by_hand(shown, hub.address, hub.pin)
        save_plan(shown, "squats", PLAN)
        shown.go("history")
        shown.go("plan", wait="details.plan")
        page.locator("details.plan", has_text="Squats").locator("summary").click()
        shown.picture("plan")
        page.get_by_role("button", name="Start: Squats").click()
        answer_everything(shown)
        page.evaluate(COUNTED)
        shown.state("running")
        shown.accessible("running")
        # The first set: the number on the page comes to what was done.
        shown.state("asking", "resting", timeout_ms=60_000)
        counts = page.evaluate("window.counts")
        assert [count for number, count, _ in counts if number == 1][-1] == REPS
        answer_everything(shown, pain="3")
        shown.state("resting", "preparing")
        # The second set: a lost link is told within a second, "that hurt" ends the set.
        shown.state("running", timeout_ms=60_000)
        page.wait_for_function(
            "() => window.counts.some(([number, count]) => number == 2 && count >= 2)"
        )
        lose_the_link(shown, sim)
        page.get_by_role("button", name="That hurt").click()
        shown.state("asking", "resting", "done", "closing", "idle")
        answer_everything(shown, pain="4", until=("done", "closing", "idle"))
        page.wait_for_url("**/#/result/**", timeout=60_000)
        page.wait_for_selector("section.set:has(.chart canvas) >> nth=0")
        truth = sim.truth()
        first, second = [s["full"] for s in truth["sets"]][:1][0], page.locator("section.set")
        assert first == REPS
        assert f"{REPS} full" in second.nth(0).inner_text()
        page.wait_for_selector("text=All repetitions on top of each other")
        shown.accessible("result")
        shown.picture("result")
        page.emulate_media(color_scheme="dark")
        shown.accessible("result, dark")
        shown.picture("result-dark")
        page.emulate_media(color_scheme="light")
        shown.go("history", wait=".chart canvas")
        page.wait_for_selector("main .cards a")
        assert page.locator("main .cards a").count() == 1
        shown.accessible("history")


def pair_by_hand(shown: Screen, address: str, pin: str) -> None:
    """A wrong PIN first: it is said, and the right one is good after the wait."""
    page = shown.page
    page.goto(address)
    page.wait_for_selector("body[data-page=pair] #pin")
    shown.accessible("pair")
    wrong = f"{(int(pin.replace(' ', '')) + 1) % 1_000_000:06d}"
    page.fill("#pin", wrong)
    page.get_by_role("button", name="Connect").click()
    page.wait_for_selector("text=That is not the PIN")
    page.wait_for_timeout(1100)  # the wait that the hub asks for, and says
    page.fill("#pin", pin)
    page.get_by_role("button", name="Connect").click()
    page.wait_for_selector("body[data-page=plan] details.plan")


def answer_everything(
    shown: Screen, *, pain: str = "3", until: tuple[str, ...] = ("preparing", "running", "resting")
) -> None:
    """Answer questions until the session goes on: pain by a number, the guide's by no answer."""
    page = shown.page
    looked = False
    deadline_s = time.monotonic() + 60.0
    while time.monotonic() < deadline_s:
        if shown.state("asking", *until, timeout_ms=60_000) in until:
            return
        ask = page.locator("#ask")
        text = ask.inner_text()
        if page.locator(".question[data-kind=scale]").count():
            if not looked:
                looked = True
                shown.accessible("question")
                shown.picture("question")
            page.locator(".scale").get_by_role("button", name=pain, exact=True).click()
        else:
            page.get_by_role("button", name="Rather not say").click()
        page.wait_for_function(
            """(text) => document.body.dataset.state !== "asking" ||
                document.getElementById("ask")?.innerText !== text""",
            arg=text,
        )
    raise AssertionError("the questions never ended")


def lose_the_link(shown: Screen, sim: Simulation) -> None:
    page = shown.page
    shown.picture("running")
    shown.picture("running-phone", size=(390, 844))
    process = sim.program.process
    page.evaluate(
        """() => { window.lostAt = new Promise((seen) => {
            const look = () => document.querySelector(".focus.blind .alarm strong")
                ? seen(Date.now()) : setTimeout(look, 5);
            look(); }); }"""
    )
    process.send_signal(signal.SIGSTOP)
    stopped_ms = time.time() * 1000.0
    lost_ms = page.evaluate("window.lostAt")
    assert lost_ms - stopped_ms <= 1000.0
    assert "Signal lost" in page.locator(".focus .alarm").inner_text()
    shown.picture("signal-lost")
    process.send_signal(signal.SIGCONT)
    page.wait_for_selector(".focus:not(.blind)")


@pytest.mark.slow
def test_a_hub_that_is_not_heard_is_said_loudly(tmp_path: Path) -> None:
    from page_rig import pair

    with chromium() as browser, serving(tmp_path / "data") as hub, screen(browser) as shown:
        pair(shown, hub)
        shown.page.wait_for_function(
            "() => document.querySelector('#alarm').childElementCount === 0"
        )
        os.kill(hub.program.process.pid, signal.SIGSTOP)
        try:
            stopped_s = time.monotonic()
            shown.page.wait_for_selector("text=Connection to the hub lost", timeout=5000)
            # One second of silence, after a sign of life that may be 0.4 s under way.
            assert time.monotonic() - stopped_s <= 1.6
        finally:
            os.kill(hub.program.process.pid, signal.SIGCONT)
        shown.page.wait_for_function(
            "() => document.querySelector('#alarm').childElementCount === 0"
        )
