"""Every endpoint with every role, from the table that makes them: nobody may more than it says."""

import json

import pytest
from web_rig import Rig

from sensorhub.web.app import ENDPOINTS
from sensorhub.web.calls import Endpoint
from sensorhub.web.roles import Role

ROLES: tuple[Role | None, ...] = (None, *Role)


@pytest.mark.parametrize("role", ROLES, ids=str)
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: f"{e.method} {e.path}")
def test_an_endpoint_is_for_its_role_and_above(
    hub: Rig, endpoint: Endpoint, role: Role | None
) -> None:
    path = endpoint.path.format(id="daily-hip", name="2026-01-01-1", number="1", person="P-X")
    body = None if endpoint.method in ("GET", "DELETE") else json.dumps({})
    headers = {"content-type": "application/json"}
    answer = hub.client(role).request(endpoint.method, path, content=body, headers=headers)
    allowed = endpoint.least is None or (role is not None and role.may_act_as(endpoint.least))
    if allowed:
        assert answer.status_code not in (401, 403), answer.text
    else:
        assert answer.status_code == (401 if role is None else 403)
        assert answer.json()["error"] in ("not_paired", "not_allowed")


def test_only_pairing_and_the_question_who_one_is_are_for_everybody() -> None:
    assert {e.path for e in ENDPOINTS if e.least is None} == {"/api/pair", "/api/me"}


def test_files_of_the_page_are_for_everybody_and_hold_nothing_of_anybody(hub: Rig) -> None:
    client = hub.client()
    for path in ("/", "/static/js/main.js", "/drawings/squat.svg"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert hub.person() not in answer.text


@pytest.mark.parametrize("role", list(Role))
def test_a_patient_sees_their_own_people_and_those_who_look_after_them_everybody(
    hub: Rig, role: Role
) -> None:
    mine, other = hub.person(0), hub.person(1)
    people = hub.client(role, mine).get("/api/me").json()["people"]
    assert people == ([mine] if role is Role.PATIENT else [mine, other])
