"""Every page in a real Chromium: accessible at every width, in both themes and languages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from page_rig import Screen, chromium, pair, screen, serving
from playwright.sync_api import Browser, Route

from sensorhub.model.outcomes import Hold, Repetition, RepetitionKind, SetOutcome
from sensorhub.model.placement import Side
from sensorhub.sessions.store import store as store_module
from sensorhub.sessions.store.store import STORE_NAME, Store
from sensorhub.sessions.store.values import AnswerKind, Moment, SessionInfo

DAYS = 12


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests here: each opens a window that knows nothing of the others'."""
    with chromium() as one:
        yield one


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve days of made-up sessions: leg raises on both sides, and a stretch."""
    folder = tmp_path / "data"
    day = iter(range(DAYS))

    def moment(_: object) -> Moment:
        when = datetime(2026, 11, 2, 9, 30, tzinfo=UTC) + timedelta(days=next(day))
        return Moment(10**9, when, 10**9, "boot", None)

    monkeypatch.setattr(store_module, "read_clocks", moment)
    with Store(folder / STORE_NAME, now_ns=lambda: 10**9) as store:
        for number in range(DAYS):
            log = store.begin_session(SessionInfo(plan="daily-hip", simulated=True))
            log.answer(AnswerKind.PAIN_BEFORE, str(5 - number // 4), answered_ns=10**9)
            for side, most in ((Side.LEFT, 0.9), (Side.RIGHT, 1.15)):
                one = log.begin_set("straight_leg_raise", side, started_ns=10**9)
                log.end_set(one, ended_ns=40 * 10**9, live=_raises(side, most + 0.02 * number))
            one = log.begin_set("kneeling_hip_flexor_stretch", Side.LEFT, started_ns=50 * 10**9)
            hold = Hold(52.0, 82.0, 28.0 + number / 10, 0.3)
            found = SetOutcome("kneeling_hip_flexor_stretch", Side.LEFT, 50, 90, holds=(hold,))
            log.end_set(one, ended_ns=90 * 10**9, live=found)
            log.close()
            store.save_final(log.name, {})
    return folder


def _raises(side: Side, most_rad: float) -> SetOutcome:
    reps = tuple(
        Repetition(
            *(1.0 + 4 * k, 2.5 + 4 * k, 4.5 + 4 * k, most_rad - 0.02 * abs(5 - k)),
            kind=RepetitionKind.PARTIAL if k == 7 else RepetitionKind.FULL,
            sure=k != 3,
        )
        for k in range(10)
    )
    return SetOutcome("straight_leg_raise", side, 1.0, 40.0, repetitions=reps)


PAGES = (
    ("plan", "details.plan"),
    ("history", ".chart canvas"),
    ("sensors", ".guide"),
    ("people", ".card"),
    ("settings", "fieldset"),
    ("edit/daily-hip", ".editor li"),
    ("result/2026-11-13-1", ".chart canvas"),
    ("do", ".keys a"),
)


@pytest.mark.slow
def test_every_page_is_accessible(data: Path, browser: Browser) -> None:
    sensor = "--sensor=thigh_right=ble:OMP-0000"
    with serving(data, sensor) as hub, screen(browser) as shown:
        pair(shown, hub)
        for where, wait in PAGES:
            shown.go(where, wait=wait)
            for details in shown.page.locator("main details").all()[:3]:
                details.evaluate("(node) => { node.open = true; }")
            shown.accessible(where)
            # A result's picture is of a session that was simulated, not of made-up rows.
            if where.partition("/")[0] not in ("do", "people", "result"):
                shown.picture(where.partition("/")[0])
        shown.page.emulate_media(color_scheme="dark")
        for where, wait in PAGES:
            shown.go(where, wait=wait)
            shown.accessible(f"{where}, dark")
        german(browser, hub.address, shown.page.context.cookies())


def german(browser: Browser, address: str, cookies: list[dict[str, object]]) -> None:
    """The page takes the browser's language, and the whole page is in it."""
    with screen(browser, locale="de-DE") as shown:
        shown.page.context.add_cookies(cookies)
        shown.page.goto(address)
        shown.page.wait_for_selector("h1 >> text=Heute")
        assert shown.page.evaluate("document.documentElement.lang") == "de"
        assert "Brücke" in shown.page.locator("main").inner_text()
        shown.accessible("plan, German", widths=(320,))


@pytest.mark.slow
def test_with_the_keyboard_alone(data: Path, browser: Browser) -> None:
    with serving(data) as hub, screen(browser) as shown:
        pair(shown, hub)
        keys = shown.page.keyboard
        shown.page.evaluate("document.activeElement.blur()")
        keys.press("Tab")
        assert shown.page.evaluate("document.activeElement.id") == "skip"
        for _ in range(2):
            keys.press("Tab")
        keys.press("Enter")
        shown.page.wait_for_selector("body[data-page=history] main a")
        # After a change of page the reader is at its heading.
        shown.page.wait_for_function("() => document.activeElement.tagName === 'H1'")
        outline = shown.page.evaluate(
            """() => { document.querySelector("main a").focus({ focusVisible: true });
                return getComputedStyle(document.activeElement).outlineWidth; }"""
        )
        assert outline == "4px"


@pytest.mark.slow
def test_the_large_targets_are_large(data: Path, browser: Browser) -> None:
    with serving(data) as hub, screen(browser, width=320) as shown:
        pair(shown, hub)
        shown.go("settings", wait=".choice")
        small = shown.page.evaluate(
            """() => [...document.querySelectorAll("main .big, main .choice, main .answer")]
                .map((node) => node.getBoundingClientRect())
                .filter((box) => box.height && (box.height < 64 || box.width < 64)).length"""
        )
        assert small == 0
        shown.go("plan", wait="button.big")
        box = shown.page.locator("button.big").first.bounding_box()
        assert box is not None
        assert box["height"] >= 64


@pytest.mark.slow
def test_who_wants_less_motion_gets_a_bar(data: Path, browser: Browser) -> None:
    with (
        serving(data) as hub,
        screen(browser, reduced_motion="reduce") as shown,
    ):
        pair(shown, hub)
        shown.go("do")
        shown.page.wait_for_selector(".stage .gauge svg", state="attached")
        style = shown.page.evaluate(
            """() => [".gauge svg", ".gauge-bar"].map((name) =>
                getComputedStyle(document.querySelector(name)).display)"""
        )
        assert style == ["none", "block"]


@pytest.mark.slow
def test_the_therapist_edits_and_the_patient_finds_it(data: Path, browser: Browser) -> None:
    with serving(data) as hub, screen(browser) as shown:
        pair(shown, hub)
        shown.go("edit/daily-hip", wait=".editor li")
        page = shown.page
        page.fill("#title", "Mine")
        sets = page.locator(".editor li").first.get_by_label("Sets")
        sets.fill("11")
        page.get_by_role("button", name="Save").click()
        page.wait_for_selector(".complaint >> text=sets must be a whole number from 1 to 10")
        sets.fill("3")
        page.get_by_role("button", name="Save").click()
        page.wait_for_selector("text=Saved.")
        shown.go("plan", wait="details.plan >> text=Mine")
        mine = page.locator("details.plan", has_text="Mine")
        mine.evaluate("(node) => { node.open = true; }")
        assert "3 sets" in mine.inner_text()


@pytest.mark.slow
def test_a_page_that_is_slow_to_come_never_stands_under_the_name_of_another(
    data: Path, browser: Browser
) -> None:
    """What a page needs is slow: the old one stays whole; and once unwanted it does not show."""
    with serving(data) as hub, screen(browser) as shown:
        pair(shown, hub)
        page, held = shown.page, []
        page.wait_for_selector("details.plan")

        def hold(route: Route) -> None:
            held.append(route)

        page.route("**/api/sessions", hold)
        with page.expect_request("**/api/sessions"):
            page.evaluate("location.hash = '#/history'")
        assert looks(shown) == ("plan", True), "the old page under the new one's name"
        shown.go("settings", wait=".choice")
        with page.expect_response("**/api/sessions"):
            for route in held:
                route.continue_()
        page.evaluate("fetch('/api/history').then((answer) => answer.json())")  # as it draws after
        page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
        assert looks(shown) == ("settings", False)
        assert page.locator("main .choice").count(), "another page was put in its place"


def looks(shown: Screen) -> tuple[str, bool]:
    """The name that the page goes by, and whether the plan's content is on it."""
    found = shown.page.evaluate(
        "() => [document.body.dataset.page, !!document.querySelector('details.plan')]"
    )
    return found[0], found[1]
