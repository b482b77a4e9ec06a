"""A real Chromium in front of a real ``sensorhub serve``: for tests of whole sessions."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from visits import Program, sensorhub

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
WIDTHS = (320, 768, 1920)
PATIENCE_MS = 120_000


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium; without one the test is skipped, and says why."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        # A root user (a container) has no sandbox to offer.
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=options)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Hub:
    """A serving hub."""

    program: Program
    address: str
    pin: str
    data: Path


@contextlib.contextmanager
def serving(data: Path, *arguments: str, env: dict[str, str] | None = None) -> Iterator[Hub]:
    """``sensorhub serve`` on a free port."""
    program = sensorhub("serve", "--port", "0", *arguments, data=data, env=env)
    try:
        address = program.wait_for(r"^The page: (\S+)")[1]
        pin = program.wait_for(r"five minutes: (\d+ \d+)")[1]
        yield Hub(program, address, pin, data)
    finally:
        program.end()


@dataclass
class Screen:
    """One page of the browser, and everything it complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def go(self, where: str, *, wait: str = "h1") -> None:
        """Go to another page and wait until this is on it: its name comes with its content."""
        self.page.evaluate(f"location.hash = '#/{where}'")
        self.page.wait_for_selector(f"body[data-page={where.partition('/')[0]}] {wait}")

    def state(self, *states: str, timeout_ms: float = PATIENCE_MS) -> str:
        """Wait until the live page is in one of these states."""
        wanted = ", ".join(f"body[data-state={state}]" for state in states)
        self.page.wait_for_selector(wanted, timeout=timeout_ms)
        return str(self.page.evaluate("document.body.dataset.state"))

    def picture(self, name: str, *, size: tuple[int, int] | None = None) -> None:
        """Keep a picture for the documentation, where that is asked for ($SENSORHUB_PICTURES)."""
        if not os.environ.get("SENSORHUB_PICTURES"):
            return
        before = self.page.viewport_size
        if size is not None:
            self.page.set_viewport_size({"width": size[0], "height": size[1]})
        PICTURES.mkdir(exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png")
        if before is not None:
            self.page.set_viewport_size(before)

    def accessible(self, what: str, *, widths: tuple[int, ...] = WIDTHS) -> None:
        """No rule of axe-core is broken at any width, and nothing has to be scrolled sideways."""
        from axe_playwright_python.sync_playwright import Axe

        before = self.page.viewport_size
        for width in widths:
            self.page.set_viewport_size({"width": width, "height": 900})
            violations: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
            found = [
                (v["id"], v["help"], [node["html"][:200] for node in v["nodes"]])
                for v in violations
            ]
            assert not found, f"{what} at {width} px: {found}"
            over = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert over <= 0, f"{what} at {width} px is {over} px too wide"
        if before is not None:
            self.page.set_viewport_size(before)


@contextlib.contextmanager
def screen(
    browser: Browser, *, width: int = 1280, height: int = 800, **more: Any
) -> Iterator[Screen]:
    """A browser window of its own. Whatever it complains of fails the test."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, **{"locale": "en-GB", **more}
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    made = Screen(page)
    page.on("pageerror", lambda error: made.complaints.append(str(error)))
    page.on(
        "console",
        lambda line: made.complaints.append(line.text) if "Content Security" in line.text else None,
    )
    try:
        yield made
        assert made.complaints == []
    finally:
        context.close()


def pair(shown: Screen, hub: Hub) -> None:
    """Open the address with the PIN in it, as the QR code does."""
    shown.page.goto(f"{hub.address}#pin={hub.pin.replace(' ', '')}")
    shown.page.wait_for_selector("html[data-ready]")
    shown.page.wait_for_selector("body[data-page=plan] h1")


def save_plan(shown: Screen, plan_id: str, document: dict[str, Any]) -> None:
    """Keep a plan through the page's own door."""
    status = shown.page.evaluate(
        """([id, body]) => fetch(`/api/plans/${id}`, {method: "PUT",
            headers: {"content-type": "application/json"}, body: JSON.stringify(body)})
            .then((answer) => answer.status)""",
        [plan_id, document],
    )
    assert status == 200
