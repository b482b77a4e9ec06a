"""Whose data is it: every list and every object, with two people on one hub."""

import json

import pytest
from web_rig import Rig

from sensorhub.model.outcomes import Repetition, SetOutcome
from sensorhub.model.placement import Side
from sensorhub.sessions.store.values import AnswerKind, SessionInfo
from sensorhub.web.roles import Role

PATHS = ("/api/sessions/{name}", "/api/sessions/{name}/sets/1")


def record(hub: Rig, person: str, *, reps: int = 3) -> str:
    log = hub.store.begin_session(SessionInfo(plan="daily-hip", person=person))
    number = log.begin_set("squat", Side.BOTH, started_ns=1_000_000_000)
    found = tuple(Repetition(1.0 + k, 1.5 + k, 2.0 + k, 1.2) for k in range(reps))
    outcome = SetOutcome("squat", Side.BOTH, 1.0, 9.0, repetitions=found)
    log.end_set(number, ended_ns=9_000_000_000, live=outcome)
    log.answer(AnswerKind.PAIN_BEFORE, "4", answered_ns=1)
    log.close()
    return log.name


@pytest.mark.parametrize("role", [Role.PATIENT, Role.THERAPIST, Role.ADMIN])
def test_sessions_are_their_owners(hub: Rig, role: Role) -> None:
    mine, other = hub.person(0), hub.person(1)
    my_name, other_name = record(hub, mine), record(hub, other, reps=7)
    client = hub.client(role, mine)
    assert [one["name"] for one in client.get("/api/sessions").json()] == [my_name]
    for path in PATHS:
        assert client.get(path.format(name=my_name)).status_code == 200, path
        refused = client.get(path.format(name=other_name))
        unknown = client.get(path.format(name="2020-01-01-1"))
        # Whether it exists is nobody's business either.
        assert (refused.status_code, refused.json()) == (unknown.status_code, unknown.json())
        assert refused.status_code == 404
    counts = [p["count"] for e in client.get("/api/history").json() for p in e["points"]]
    assert counts == [3]


def test_last_is_no_name_of_anybodys_session(hub: Rig) -> None:
    record(hub, hub.person(1))
    assert hub.client(Role.PATIENT).get("/api/sessions/last").status_code == 404


def test_a_therapist_who_switches_sees_the_other_and_a_patient_cannot(hub: Rig) -> None:
    mine, other = hub.person(0), hub.person(1)
    name = record(hub, other)
    patient = hub.client(Role.PATIENT, mine)
    assert patient.post("/api/switch", json={"person": other}).status_code == 404
    therapist = hub.client(Role.THERAPIST, mine)
    assert therapist.post("/api/switch", json={"person": other}).status_code == 200
    assert [one["name"] for one in therapist.get("/api/sessions").json()] == [name]


def test_plans_are_each_persons_own(hub: Rig) -> None:
    mine, other = hub.person(0), hub.person(1)
    edited = {"title": "Mine", "items": [{"exercise": "squat", "sets": 2, "reps": 7}]}
    assert hub.client(Role.THERAPIST, mine).put("/api/plans/daily-hip", json=edited).json()["title"]
    titles = {
        person: {
            p["id"]: p["title"] for p in hub.client(Role.PATIENT, person).get("/api/plans").json()
        }
        for person in (mine, other)
    }
    assert titles[mine]["daily-hip"] == "Mine"
    assert titles[other]["daily-hip"] == "Daily hip programme"


def test_a_running_visit_listens_to_its_person_only(hub: Rig) -> None:
    mine, other = hub.person(0), hub.person(1)
    me, they = hub.client(Role.PATIENT, mine), hub.client(Role.PATIENT, other)
    start = {"plan": "daily-hip", "language": "de"}
    assert me.post("/api/visit/start", json=start).status_code == 200
    assert hub.hub.started == [(mine, "daily-hip", "de")]
    assert they.post("/api/visit/start", json=start).json() == {"error": "busy"}
    for path, body in (
        ("/api/visit/key", {"key": "hurt"}),
        ("/api/visit/answer", {"question": "pain_before", "value": "3"}),
    ):
        assert they.post(path, json=body).status_code == 404
        assert me.post(path, json=body).status_code == 200
    assert [key.value for key in hub.hub.pressed] == ["hurt"]
    assert [value for _, value in hub.hub.answered] == ["3"]
    assert me.get("/api/me").json()["mine"]
    assert not they.get("/api/me").json()["mine"]


@pytest.mark.parametrize("key", ["still", "dose_done", "", "HURT", "stop; drop"])
def test_only_a_persons_own_keys_can_be_pressed(hub: Rig, key: str) -> None:
    client = hub.client(Role.PATIENT)
    client.post("/api/visit/start", json={"plan": "daily-hip"})
    assert client.post("/api/visit/key", json={"key": key}).status_code == 400
    assert hub.hub.pressed == []


CAPS = [
    {"exercise": "squat", "reps": 51},
    {"exercise": "squat", "reps": 10, "sets": 11},
    {"exercise": "piriformis_stretch", "hold_s": 121},
    {"exercise": "tissue_box_breathing", "duration_s": 601},
    {"exercise": "squat", "reps": 10, "rest_s": 601},
    {"exercise": "squat", "reps": True},
    {"exercise": "squat", "reps": 10, "hold_s": 10},
    {"exercise": "squat", "reps": "ten"},
    {"exercise": "nothing", "reps": 10},
    {"exercise": "squat", "reps": 10, "cap": 99},
    {"exercise": "squat", "reps": 10, "a\nversion": 2},
    {"exercise": "squat", "reps": {"a": 1}},
]


@pytest.mark.parametrize("item", CAPS, ids=json.dumps)
def test_what_no_plan_may_ask_for_cannot_be_saved(hub: Rig, item: dict[str, object]) -> None:
    for role in (Role.THERAPIST, Role.ADMIN):
        document = {"title": "More", "items": [item]}
        answer = hub.client(role).put("/api/plans/daily-hip", json=document)
        assert answer.status_code == 422
        assert answer.json()["text"]
    assert not (hub.folder / "plans").exists()


@pytest.mark.parametrize("title", ['"', "a\nb = 1", "\u00e4 \U0001f600", "\\", "'''", "]]"])
def test_a_title_is_only_ever_a_title(hub: Rig, title: str) -> None:
    document = {"title": title, "items": [{"exercise": "squat", "reps": 5}]}
    answer = hub.client(Role.THERAPIST).put("/api/plans/daily-hip", json=document)
    assert answer.status_code == 200, answer.text
    assert answer.json()["title"] == title


def test_a_plan_file_with_a_mistake_says_so_in_its_place(hub: Rig) -> None:
    folder = hub.folder / "plans" / hub.person()
    folder.mkdir(parents=True)
    (folder / "daily-hip.toml").write_text("version = 1\n[[item]]\nexercise = 'sqat'\nreps = 3\n")
    plans = {p["id"]: p for p in hub.client(Role.PATIENT).get("/api/plans").json()}
    assert "sqat" in plans["daily-hip"]["problem"]
    assert plans["daily-back"]["items"]
