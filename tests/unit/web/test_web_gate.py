"""What never reaches a page: foreign hosts and origins, path tricks, bodies that are too large."""

import logging

import pytest
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect
from web_rig import HOST, ORIGIN, Rig, snapshot_of

from sensorhub.web.gate import CLOSE_REFUSED, MAX_BODY_BYTES
from sensorhub.web.live import CLOSE_NOT_PAIRED
from sensorhub.web.roles import Role

LIVE = f"ws://{HOST}/live"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("host", ["evil.example", "hub.local.evil.example", "", "[::1", "a@b@c"])
def test_a_foreign_host_is_refused(hub: Rig, host: str) -> None:
    assert hub.client(Role.ADMIN).get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8765", "[::1]:8765", "192.168.1.7", HOST])
def test_the_hubs_own_names_and_addresses_are_right(hub: Rig, host: str) -> None:
    assert hub.client().get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", f"http://{HOST}.evil", "x"])
def test_a_foreign_origin_cannot_change_anything(hub: Rig, origin: str) -> None:
    client = hub.client(Role.ADMIN)
    headers = {"origin": origin, **JSON}
    answer = client.post("/api/visit/start", content='{"plan":"daily-hip"}', headers=headers)
    assert answer.status_code == 403
    assert hub.hub.started == []


@pytest.mark.parametrize("origin", ["http://evil.example", "null", ""])
def test_a_foreign_origin_cannot_look(hub: Rig, origin: str) -> None:
    assert refused(hub.client(Role.ADMIN), {"origin": origin}) == CLOSE_REFUSED


def test_who_is_not_paired_cannot_look(hub: Rig) -> None:
    assert refused(hub.client(), ORIGIN) == CLOSE_NOT_PAIRED


def test_who_is_paired_can_look(hub: Rig) -> None:
    with hub.client(Role.PATIENT).websocket_connect(LIVE, headers=ORIGIN) as socket:
        assert socket.receive_json()["kind"] == "idle"


def refused(client: TestClient, headers: dict[str, str]) -> int:
    with (
        pytest.raises(WebSocketDisconnect) as gone,
        client.websocket_connect(LIVE, headers=headers),
    ):
        pass
    return gone.value.code


@pytest.mark.parametrize(
    "path",
    [
        "/static/../access.json",
        "/static/%2e%2e/access.json",
        "/static/..%2f..%2faccess.json",
        "/static/%252e%252e/access.json",
        "/static//etc/passwd",
        "/static/..\\access.json",
        "/static/js%00.js",
        "/drawings/..%2fposes.toml",
        "/" + "a" * 2000,
    ],
)
def test_path_tricks_find_nothing(hub: Rig, path: str) -> None:
    answer = hub.client(Role.ADMIN).get(path)
    assert answer.status_code in (400, 404)
    assert "grants" not in answer.text


@pytest.mark.parametrize("person", ["..", "../..", "P-X/..", "p-lower", ""])
def test_a_pseudonym_is_never_a_path(hub: Rig, person: str) -> None:
    client = hub.client(Role.ADMIN, person or "x")
    assert client.get("/api/plans").status_code == 422
    saved = client.put("/api/plans/mine", json={"title": "x", "items": []})
    assert saved.status_code == 422
    assert not (hub.folder / "plans").exists()


@pytest.mark.parametrize("plan", ["..", "UPPER", "a.b", "%2e%2e", "a" * 41])
def test_a_plans_name_is_never_a_path(hub: Rig, plan: str) -> None:
    items = [{"exercise": "squat", "reps": 5}]
    answer = hub.client(Role.THERAPIST).put(
        f"/api/plans/{plan}", json={"title": "x", "items": items}
    )
    assert answer.status_code in (400, 404, 405, 422)
    assert not (hub.folder / "plans").exists()


def test_a_body_that_is_too_large_is_refused_whatever_its_header_says(hub: Rig) -> None:
    client = hub.client(Role.ADMIN)
    large = b'{"plan": "' + b"x" * MAX_BODY_BYTES + b'"}'
    assert client.post("/api/visit/start", content=large, headers=JSON).status_code == 413

    def pieces():
        for _ in range(100):
            yield b"x" * 1024

    assert client.post("/api/visit/start", content=pieces(), headers=JSON).status_code == 413
    lying = {**JSON, "content-length": "-5"}
    assert client.post("/api/visit/start", content=b"{}", headers=lying).status_code == 413


@pytest.mark.parametrize("body", ["", "[]", "{", "null", '"x"', "[" * 5000])
def test_what_is_no_json_object_is_refused(hub: Rig, body: str) -> None:
    answer = hub.client(Role.ADMIN).post("/api/visit/start", content=body, headers=JSON)
    assert answer.status_code == 400


def test_a_form_of_another_site_is_no_json(hub: Rig) -> None:
    client = hub.client(Role.ADMIN)
    answer = client.post("/api/visit/start", data={"plan": "daily-hip"})
    assert answer.status_code == 415


@pytest.mark.parametrize("path", ["/", "/static/js/main.js", "/api/me", "/nothing", "/api/plans"])
def test_every_answer_carries_the_safe_headers(hub: Rig, path: str) -> None:
    headers = hub.client().get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers


def test_answers_about_people_are_not_kept_by_anything_between(hub: Rig) -> None:
    assert hub.client(Role.PATIENT).get("/api/plans").headers["cache-control"] == "no-store"


def test_the_page_has_no_code_in_it() -> None:
    from web_rig import STATIC

    index = STATIC["index.html"].body.decode()
    assert index.count("<script") == index.count('<script type="module" src=')
    assert "style=" not in index
    for name, file in STATIC.items():
        if name.endswith((".html", ".svg")):
            assert " on" not in file.body.decode().replace(" one", "").replace(" only", ""), name


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PATCH", "CONNECT"])
def test_methods_that_nothing_needs_do_nothing(hub: Rig, method: str) -> None:
    assert hub.client(Role.ADMIN).request(method, "/api/plans").status_code == 405


def test_refusals_are_logged_without_anything_of_anybody(
    hub: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="sensorhub")
    person = hub.person()
    client = hub.client(Role.PATIENT, person)
    client.get("/", headers={"host": "evil.example"})
    client.post("/api/visit/start", headers={"origin": "http://evil.example"})
    client.get("/static/../x%00")
    client.get("/api/devices")
    pin = hub.page.pairing.invite(Role.PATIENT, person)
    hub.client().post("/api/pair", json={"pin": f"{(int(pin) + 1) % 10**6:06d}"})
    said = [record.getMessage() for record in caplog.records if record.name.startswith("sensorhub")]
    for reason in ("foreign_host", "foreign_origin", "path_trick", "not_allowed", "wrong"):
        assert f"refused: {reason}" in said
    everything = " ".join(said)
    for secret in (person, pin, "evil", "testclient", client.cookies["sensorhub"]):
        assert secret not in everything


def test_somebody_who_goes_on_talking_is_hung_up_on(hub: Rig) -> None:
    client = hub.client(Role.PATIENT)
    with client.websocket_connect(LIVE, headers=ORIGIN) as socket:
        for _ in range(20):
            socket.send_text("hello")
        with pytest.raises(WebSocketDisconnect) as gone:
            read_on(socket)
    assert gone.value.code == 1008


def read_on(socket: WebSocketTestSession) -> None:
    while True:
        socket.receive_text()


def test_a_picture_is_for_its_person_only(hub: Rig) -> None:
    mine, other = hub.person(0), hub.person(1)
    hub.page.board.publish(snapshot_of(3), person=mine, plan="daily-hip")
    frame = hub.page.board.frame_for(other, fresh=True)
    assert "squat" not in frame
    assert '"kind":"busy"' in frame
