"""A whole simulated session through the page, in a real Chromium."""

import signal
import subprocess
import time
from pathlib import Path

import pytest
from page_rig import Screen, chromium, save_plan, screen, serving
from visits import PATIENCE_S, Simulation, simulation

SPEED = 6.0
REPS = 6
LONG_SET = 50
"""Repetitions of the second set, which a key ends: it does not end by itself before that."""
LOST_MS = 1000.0
ATTEMPTS = 5
"""Of several losses one has to be told in time: a busy computer wakes programs late, now and then.

A hub or a page that needs longer needs it every time."""
UNHEARD_S = 1.6
"""One second of silence, after a sign of life that may be 0.4 s under way."""
PLAN = {
    "title": "Squats",
    "items": [
        {"exercise": "squat", "reps": REPS, "rest_s": 12},
        {"exercise": "squat", "reps": LONG_SET},
    ],
}
COUNTED = """() => {
    window.counts = [];
    document.addEventListener("counted", ({ detail }) => {
        const { frame } = detail;
        window.counts.push([frame.set.reps, detail.count,
            detail.shown_ms - frame.t + frame.counted_age_ms / frame.speed]);
    });
}"""


def two_sets(folder: Path) -> Path:
    path = folder / "two_sets.toml"
    one, other = (
        f'[[step]]\nmovement = "squat"\nreps = {reps}\ntempo_s = 4.0\n' for reps in (REPS, LONG_SET)
    )
    wait = '[[step]]\nwait = "cue"\ntimeout_s = 6000\n'
    path.write_text(f'title = "Two sets"\n{wait}{one}{wait}{wait}{other}{wait}')
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
        page.evaluate(COUNTED)
        page.get_by_role("button", name="Start: Squats").click()
        answer_everything(shown)
        shown.state("running")
        shown.accessible("running")
        # The first set: the number on the page comes to what was done.
        shown.state("asking", "resting")
        counts = page.evaluate("window.counts")
        assert [count for reps, count, _ in counts if reps == REPS][-1] == REPS
        answer_everything(shown, pain="3")
        shown.state("resting", "preparing")
        # The second set: a lost link is told within a second, "that hurt" ends the set.
        shown.state("running")
        page.wait_for_function(
            "(long) => window.counts.some(([reps, count]) => reps == long && count >= 2)",
            arg=LONG_SET,
        )
        lose_the_link(shown, sim)
        page.get_by_role("button", name="That hurt").click()
        shown.state("asking", "resting", "done", "closing", "idle")
        answer_everything(shown, pain="4", until=("done", "closing", "idle"))
        page.wait_for_url("**/#/result/**")
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
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        if shown.state("asking", *until) in until:
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
    for _ in range(ATTEMPTS):
        page.wait_for_selector("body[data-state=running] .focus:not(.blind)")
        lost_ms = told_after_ms(shown, process)
        if lost_ms <= LOST_MS:
            break
    assert lost_ms <= LOST_MS


def told_after_ms(shown: Screen, process: subprocess.Popen[bytes]) -> float:
    """Stop the sensors; milliseconds until the page says so. Then let them go on."""
    page = shown.page
    page.evaluate(
        """() => { window.lostAt = new Promise((seen) => {
            const look = () => document.querySelector(".focus.blind .alarm strong")
                ? seen(Date.now()) : setTimeout(look, 5);
            look(); }); }"""
    )
    process.send_signal(signal.SIGSTOP)
    stopped_ms = time.time() * 1000.0
    try:
        lost_ms = float(page.evaluate("window.lostAt"))
        assert "Signal lost" in page.locator(".focus .alarm").inner_text()
        shown.picture("signal-lost")
    finally:
        process.send_signal(signal.SIGCONT)
    page.wait_for_selector(".focus:not(.blind)")
    return lost_ms - stopped_ms


@pytest.mark.slow
@pytest.mark.alone
def test_a_hub_that_is_not_heard_is_said_loudly(tmp_path: Path) -> None:
    from page_rig import pair

    with chromium() as browser, serving(tmp_path / "data") as hub, screen(browser) as shown:
        pair(shown, hub)
        shown.page.wait_for_function(
            "() => document.querySelector('#alarm').childElementCount === 0"
        )
        for _ in range(ATTEMPTS):
            told_s = silenced(shown, hub.program.process)
            if told_s <= UNHEARD_S:
                break
        assert told_s <= UNHEARD_S


def silenced(shown: Screen, process: subprocess.Popen[bytes]) -> float:
    """Stop the hub; seconds until the page says that it is not heard. Then let it go on."""
    process.send_signal(signal.SIGSTOP)
    try:
        stopped_s = time.monotonic()
        shown.page.wait_for_selector("text=Connection to the hub lost")
        told_s = time.monotonic() - stopped_s
    finally:
        process.send_signal(signal.SIGCONT)
    shown.page.wait_for_function("() => document.querySelector('#alarm').childElementCount === 0")
    return told_s
