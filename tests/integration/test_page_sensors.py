"""A newcomer with a phone and no terminal: a sensor is added on the page and counts at once.

The hub serves all the while; the radio is a simulated BlueZ, the browser a real Chromium.
"""

from pathlib import Path

import pytest
from page_rig import Screen, chromium, pair, save_plan, screen, serving
from visits import simulation, squats_on_cue

from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.registry import registered_sensors

SPEED = 8.0
REPS = 3
PLAN = {"title": "Squats", "items": [{"exercise": "squat", "reps": REPS, "rest_s": 1}]}


def call(shown: Screen, path: str, body: dict[str, str]) -> tuple[int, str]:
    """Past the page's own buttons: the status and the code of the refusal."""
    status, error = shown.page.evaluate(
        """([path, body]) => fetch(path, {method: "POST",
            headers: {"content-type": "application/json"}, body: JSON.stringify(body)})
            .then(async (answer) => [answer.status, (await answer.json()).error ?? ""])""",
        [path, body],
    )
    return int(status), str(error)


@pytest.mark.slow
def test_a_sensor_is_added_on_the_page_and_counts_in_the_next_session(tmp_path: Path) -> None:
    bus = f"{tmp_path}/bus"
    with (
        chromium() as browser,
        simulation(
            tmp_path,
            scenario=squats_on_cue(tmp_path, reps=REPS, extra="tempo_s = 4.0\n"),
            sensors=[f"thigh_right@ble:{bus}", f"pelvis@ble:{bus}"],
            speed=SPEED,
        ) as sim,
        serving(tmp_path / "data", f"--speed={SPEED:g}", "--ask=nothing", env=sim.env) as hub,
        screen(browser) as shown,
    ):
        page = shown.page
        pair(shown, hub)
        save_plan(shown, "squats", PLAN)
        # Without a sensor nothing begins, and what to do is said.
        assert call(shown, "/api/visit/start", {"plan": "squats"})[0] == 422
        shown.go("sensors")
        page.wait_for_selector("text=This hub knows no sensor yet.")
        shown.accessible("sensors, none")
        page.get_by_role("button", name="Look for sensors").click()
        page.wait_for_selector("text=Found: 2")
        ours = sim.uris["thigh_right"].removeprefix("ble:")
        card = page.locator("li.offered", has_text=ours)
        shown.accessible("sensors, found")
        card.get_by_label("Name").fill("leg")
        card.get_by_label("Worn on").select_option("thigh_right")
        card.get_by_role("button", name=f"Add this one: {ours}").click()
        page.wait_for_selector("text=leg is added. The next session uses it.")
        page.wait_for_selector(".card:not(.offered) h2 >> text=right thigh")
        [leg] = registered_sensors(hub.data / "sessions.sqlite")
        assert (leg.name, leg.placement, leg.bonded) == ("leg", "thigh_right", True)
        assert leg.device_id
        assert ours not in leg.uri, "pinned by its name, which anybody can take"
        shown.accessible("sensors, added")
        page.emulate_media(color_scheme="dark")
        shown.accessible("sensors, added, dark")
        page.emulate_media(color_scheme="light")
        # What was not found cannot be named: no file of the hub is opened because a page says so.
        for target in ("serial:/etc/passwd", "replay:last", leg.uri):
            add = {"target": target, "name": "x", "placement": ""}
            assert call(shown, "/api/sensors/add", add) == (422, "input"), target
        # The session, with the sensor that was added: no restart between.
        shown.go("plan", wait="details.plan")
        assert call(shown, "/api/visit/start", {"plan": "squats"})[0] == 200
        shown.go("do")
        shown.state("running", timeout_ms=60_000)
        for path in ("look", "place", "forget"):
            body = {"name": "leg", "placement": ""}
            assert call(shown, f"/api/sensors/{path}", body) == (409, "busy_sensors")
        page.wait_for_url("**/#/result/**", timeout=60_000)
        session = StoreReader(hub.data / "sessions.sqlite").session("last")
        assert [one.device_id for one in session.sensors] == [leg.device_id]
        outcome = session.sets[0].outcome
        assert outcome is not None
        assert outcome.full_repetitions == REPS
        # Worn elsewhere, then forgotten.
        shown.go("sensors", wait="li.offered")
        page.get_by_label("Worn on", exact=True).select_option("thigh_left")
        page.get_by_role("button", name="Save: leg").click()
        page.wait_for_selector(".card:not(.offered) h2 >> text=left thigh")
        page.get_by_role("button", name="Forget: leg").click()
        page.wait_for_selector("text=leg is forgotten.")
        assert registered_sensors(hub.data / "sessions.sqlite") == ()
        assert call(shown, "/api/visit/start", {"plan": "squats"})[0] == 422
