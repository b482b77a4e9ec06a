"""A PIN: six digits, five minutes, one use, five tries, a wait that doubles."""

import json
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.websockets import WebSocketDisconnect
from web_rig import HOST, ORIGIN, FakeClock, Rig

from sensorhub.web.access import ACCESS_NAME
from sensorhub.web.calls import COOKIE
from sensorhub.web.live import CLOSE_NOT_PAIRED
from sensorhub.web.pairing import LIFE_S, TRIES, Pairing, RefusedError
from sensorhub.web.roles import Role


def other_than(pin: str) -> str:
    return f"{(int(pin) + 1) % 1_000_000:06d}"


def test_the_right_pin_pairs_once(hub: Rig) -> None:
    pin = hub.page.pairing.invite(Role.PATIENT, hub.person())
    assert len(pin) == 6
    assert pin.isdecimal()
    client = hub.client()
    answer = client.post("/api/pair", json={"pin": f"{pin[:3]} {pin[3:]}"})
    assert answer.status_code == 200
    assert client.get("/api/me").json()["role"] == "patient"
    again = hub.client().post("/api/pair", json={"pin": pin})
    assert again.status_code == 429
    assert again.json()["error"] == "no_pin"


def test_the_cookie_cannot_be_read_by_scripts_nor_sent_by_other_sites(hub: Rig) -> None:
    pin = hub.page.pairing.invite(Role.PATIENT, hub.person())
    cookie = hub.client().post("/api/pair", json={"pin": pin}).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    token = cookie.partition("=")[2].partition(";")[0]
    assert len(token) >= 43, "256 bits in base64"


def test_only_the_digest_of_a_token_is_kept(hub: Rig) -> None:
    token = hub.page.access.pair(Role.ADMIN, hub.person())
    path = hub.folder / ACCESS_NAME
    kept = path.read_text()
    assert token not in kept
    assert len(json.loads(kept)["grants"][0]["token_sha256"]) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_pin_is_kept_as_a_salted_hash_only(hub: Rig) -> None:
    pin = hub.page.pairing.invite(Role.PATIENT, hub.person())
    kept = (hub.folder / "pairing.json").read_text()
    assert pin not in kept


def test_a_pin_is_good_for_five_minutes(hub: Rig) -> None:
    pin = hub.page.pairing.invite(Role.PATIENT, hub.person())
    hub.clock.now_s += LIFE_S
    assert hub.client().post("/api/pair", json={"pin": pin}).json()["error"] == "no_pin"


def test_five_wrong_pins_and_the_right_one_is_gone(hub: Rig) -> None:
    pin = hub.page.pairing.invite(Role.PATIENT, hub.person())
    client = hub.client()
    for _ in range(TRIES):
        assert client.post("/api/pair", json={"pin": other_than(pin)}).json()["error"] == "wrong"
        hub.clock.now_s += 60.0
    assert client.post("/api/pair", json={"pin": pin}).json()["error"] == "no_pin"


def test_a_storm_of_pins_is_answered_without_being_looked_at(hub: Rig) -> None:
    pin = hub.page.pairing.invite(Role.PATIENT, hub.person())
    client = hub.client()
    client.post("/api/pair", json={"pin": other_than(pin)})
    answers = [client.post("/api/pair", json={"pin": f"{n:06d}"}) for n in range(200)]
    assert {answer.json()["error"] for answer in answers} == {"wait"}
    # Even the right one has to wait, and is then still good: the storm cost one try only.
    assert client.post("/api/pair", json={"pin": pin}).json()["error"] == "wait"
    hub.clock.now_s += 2.0
    assert client.post("/api/pair", json={"pin": pin}).status_code == 200


@settings(deadline=None, max_examples=40)  # scrypt takes its time
@given(gaps_s=st.lists(st.floats(0.0, 30.0), min_size=1, max_size=60))
def test_no_rhythm_of_guessing_gets_more_than_five_looks(
    gaps_s: list[float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    clock = FakeClock()
    pairing = Pairing(tmp_path_factory.mktemp("pin") / "pairing.json", now=clock)
    pin = pairing.invite(Role.PATIENT, "P-AAAAAA")
    looked = 0
    waits_s: list[float] = []
    for gap_s in gaps_s:
        clock.now_s += gap_s
        with pytest.raises(RefusedError) as refusal:
            pairing.use(other_than(pin))
        looked += refusal.value.code == "wrong"
        if refusal.value.code != "wait":
            waits_s.append(refusal.value.wait_s)
    assert looked <= TRIES
    assert waits_s == sorted(waits_s), "each miss makes the next wait longer"


def test_a_device_that_is_revoked_is_out_at_once(hub: Rig) -> None:
    patient = hub.client(Role.PATIENT)
    admin = hub.client(Role.ADMIN)
    [device] = [d for d in admin.get("/api/devices").json() if not d["this"]]
    assert admin.delete(f"/api/devices/{device['id']}").status_code == 200
    assert patient.get("/api/plans").status_code == 401


def test_the_live_line_of_a_device_that_is_revoked_ends_though_nothing_happens(hub: Rig) -> None:
    client = hub.client(Role.PATIENT)
    with client.websocket_connect(f"ws://{HOST}/live", headers=ORIGIN) as line:
        line.receive_text()
        [device] = hub.page.access.grants
        hub.page.access.revoke(device.id)
        # Signs of life of an idle board: two in a second.
        with pytest.raises(WebSocketDisconnect) as ended:
            _ = [line.receive_text() for _ in range(3)]
    assert ended.value.code == CLOSE_NOT_PAIRED


def test_leaving_forgets_the_device(hub: Rig) -> None:
    client = hub.client(Role.PATIENT)
    token = client.cookies[COOKIE]
    assert client.post("/api/leave").status_code == 200
    client.cookies.set(COOKIE, token)
    assert client.get("/api/plans").status_code == 401


def test_a_second_pin_adds_a_person_to_a_device_that_is_shared(hub: Rig) -> None:
    mine, other = hub.person(0), hub.person(1)
    client = hub.client(Role.PATIENT, mine)
    assert client.post("/api/switch", json={"person": other}).status_code == 404
    pin = hub.page.pairing.invite(Role.PATIENT, other)
    assert client.post("/api/pair", json={"pin": pin}).status_code == 200
    assert client.get("/api/me").json()["person"] == other
    assert client.post("/api/switch", json={"person": mine}).status_code == 200


def test_a_token_grows_old(hub: Rig) -> None:
    client = hub.client(Role.PATIENT)
    hub.clock.now_s += 181 * 86400.0
    assert client.get("/api/plans").status_code == 401
