"""People in the store and on the page: pseudonyms, and whose session it is."""

import re
from pathlib import Path

import pytest
from web_rig import Rig

from sensorhub.model.errors import StoreError
from sensorhub.sessions.reader import StoreReader
from sensorhub.sessions.store import STORE_NAME, Store
from sensorhub.sessions.values import SessionInfo
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


@pytest.mark.parametrize(
    "body", [{"role": "root", "person": "x"}, {"role": "admin", "person": "P-NOBODY"}, {}]
)
def test_nobody_is_invited_as_what_there_is_not(hub: Rig, body: dict[str, str]) -> None:
    assert hub.client(Role.ADMIN).post("/api/devices", json=body).status_code == 400
    assert not hub.page.pairing.open
