"""People in the store and on the page: pseudonyms, and whose session it is."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from web_rig import Rig

from sensorhub.model.errors import StoreError
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import STORE_NAME, Store
from sensorhub.sessions.store.values import SessionInfo
from sensorhub.web.roles import Role


def test_a_session_is_the_persons_it_was_begun_for(tmp_path: Path) -> None:
    with Store(tmp_path / STORE_NAME, now_ns=lambda: 1) as store:
        first, second = store.add_person(), store.add_person()
        assert first != second
        assert re.fullmatch(r"P-[2-9A-Z]{6}", first)
        names = [
            (store.begin_session(SessionInfo(person=who)).name, who)
            for who in (second, "", first, second)
        ]
        reader = StoreReader(tmp_path / STORE_NAME)
        assert reader.people() == (first, second)
        for person in (first, second):
            mine = [name for name, who in names if (who or first) == person]
            assert [s.name for s in reader.sessions_of(person, latest=9)] == mine
            assert [s.name for s in reader.sessions_of(person, latest=1)] == mine[-1:]
        assert reader.sessions_of("P-NOBODY", latest=9) == ()
        with pytest.raises(StoreError, match="no person"):
            store.begin_session(SessionInfo(person="P-NOBODY"))


def test_an_administrator_adds_a_person_and_hands_over_a_pin(hub: Rig) -> None:
    admin = hub.client(Role.ADMIN)
    made = admin.post("/api/people").json()
    assert made["person"] in hub.page.store.people()
    device = hub.client()
    assert device.post("/api/pair", json={"pin": made["pin"]}).status_code == 200
    me = device.get("/api/me").json()
    assert (me["role"], me["person"], me["people"]) == ("patient", made["person"], [made["person"]])


def shared(hub: Rig) -> tuple[TestClient, str, str]:
    """A device of two people, showing the first."""
    mine, other = hub.person(0), hub.person(1)
    client = hub.client(Role.PATIENT, mine)
    pin = hub.page.pairing.invite(Role.PATIENT, other)
    assert client.post("/api/pair", json={"pin": pin}).status_code == 200
    return client, mine, other


def test_on_a_shared_device_a_code_keeps_one_persons_from_the_other(hub: Rig) -> None:
    client, mine, other = shared(hub)  # it shows the other now
    assert client.post("/api/code", json={"code": "7431"}).json() == {"locked": True}
    assert "7431" not in (hub.folder / "codes.json").read_text()
    assert client.post("/api/switch", json={"person": mine}).status_code == 200
    assert client.get("/api/me").json()["locked"] == [other]
    for code in ("", "7430"):
        refused = client.post("/api/switch", json={"person": other, "code": code})
        assert (refused.status_code, refused.json()["error"]) == (429, "wrong_code")
        assert client.get("/api/me").json()["person"] == mine
        # The right one, too soon, is not looked at.
        soon = client.post("/api/switch", json={"person": other, "code": "7431"})
        assert soon.json()["error"] == "wait"
        hub.clock.now_s += 10.0
    assert client.post("/api/switch", json={"person": other, "code": "7431"}).status_code == 200
    assert client.post("/api/code", json={"code": ""}).json() == {"locked": False}


@pytest.mark.parametrize("code", ["1", "123", "x" * 65])
def test_a_code_is_neither_too_short_nor_too_long(hub: Rig, code: str) -> None:
    assert hub.client(Role.PATIENT).post("/api/code", json={"code": code}).status_code == 400


def test_a_forgotten_code_is_taken_away_by_an_administrator(hub: Rig) -> None:
    client, mine, other = shared(hub)
    client.post("/api/code", json={"code": "7431"})
    client.post("/api/switch", json={"person": mine})
    admin = hub.client(Role.ADMIN)
    assert admin.delete(f"/api/people/{other}/code").status_code == 200
    assert client.post("/api/switch", json={"person": other}).status_code == 200


@pytest.mark.parametrize(
    "body", [{"role": "root", "person": "x"}, {"role": "admin", "person": "P-NOBODY"}, {}]
)
def test_nobody_is_invited_as_what_there_is_not(hub: Rig, body: dict[str, str]) -> None:
    assert hub.client(Role.ADMIN).post("/api/devices", json=body).status_code == 400
    assert not hub.page.pairing.open
